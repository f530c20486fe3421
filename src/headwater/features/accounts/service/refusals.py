"""Counts refused requests in memory, and writes them to the audit log: a flood of them becomes a few entries.

Of each person, address and route, the first refusal of a minute is written at once, the others as one entry with their
number when the minute is over. Wrong credentials are counted by address alone. A server that is killed loses the counts
of its last minute.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.accounts.service.audit import Event
from headwater.kit.settings import Settings
from headwater.store.context import Context

MINUTE = 60.0
# Different refusals of a minute that are told apart; those beyond are counted together.
MAX_DIFFERENT = 200
# The same for those of strangers with wrong credentials, who need nothing but an address.
MAX_STRANGERS = 20
UNAUTHENTICATED = 401
STRANGER = Actor("user", None, "")


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that was refused: by whom, with which status, of which route, and in which organization if known."""

    actor: Actor
    status: int
    method: str
    route: str
    code: str = ""
    organization_id: uuid.UUID | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What refusals that are counted together have in common."""
        actor = self.actor
        if self.is_of_stranger:  # who tries every route
            return (actor.ip, self.status)
        return (actor.user_id, actor.ip, self.status, self.method, self.route, self.organization_id)

    @property
    def is_of_stranger(self) -> bool:
        """Whether somebody with a wrong credential was refused."""
        return self.status == UNAUTHENTICATED

    def event(self, count: int) -> Event:
        """Return this as an event that happened so often."""
        details = {"status": self.status, "method": self.method, "route": self.route, "code": self.code, "count": count}
        return Event(
            "request.refused",
            "request",
            organization_id=self.organization_id,
            outcome="refused",
            details=details,
        )


@dataclass(slots=True)
class _Counted:
    refusal: RefusedRequest
    since: float
    count: int = 0


class RefusalLog:
    """The refusals of this server process that are not written yet."""

    def __init__(self, _: Settings) -> None:
        self._new: deque[RefusedRequest] = deque()
        self._counted: dict[tuple[object, ...], _Counted] = {}

    def add(self, refusal: RefusedRequest) -> None:
        """Count a refusal; nothing is written here."""
        known = self._counted.get(refusal.key)
        if known is not None:
            known.count += 1
        elif len(self._counted) < MAX_DIFFERENT and self._has_room(refusal):
            self._counted[refusal.key] = _Counted(refusal, time.monotonic())
            self._new.append(refusal)
        else:
            rest = RefusedRequest(STRANGER, refusal.status, "", "")
            self._counted.setdefault(rest.key, _Counted(rest, time.monotonic())).count += 1

    def _has_room(self, refusal: RefusedRequest) -> bool:
        strangers = sum(each.refusal.is_of_stranger for each in self._counted.values()) if refusal.is_of_stranger else 0
        return strangers < MAX_STRANGERS

    async def write(self, context: Context, *, is_last: bool = False) -> None:
        """Write new refusals, and the counts of minutes that are over; with `is_last`, all counts."""
        due = [key for key, each in self._counted.items() if is_last or time.monotonic() - each.since >= MINUTE]
        if not due and not self._new:
            return
        new, counts = list(self._new), [self._counted[key] for key in due]
        async with context.store.transaction() as db:
            for refusal, count in _entries(new, counts):
                audit.record_event(db, refusal.actor, refusal.event(count))
        for _ in new:
            self._new.popleft()
        for key in due:
            del self._counted[key]

    async def close(self) -> None:
        """There is nothing to release."""


def _entries(new: Sequence[RefusedRequest], counts: Sequence[_Counted]) -> list[tuple[RefusedRequest, int]]:
    return [(refusal, 1) for refusal in new] + [(each.refusal, each.count) for each in counts if each.count]
