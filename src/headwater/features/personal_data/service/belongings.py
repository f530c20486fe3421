"""What a user owns alone, which is asked about before the account is deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.personal_data import repository


@dataclass(frozen=True, slots=True)
class Successor:
    """A member who can become the owner of an organization."""

    user_id: uuid.UUID
    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class OwnedOrganization:
    """An organization whose only owner is the user: it is handed over, or deleted with the account."""

    id: uuid.UUID
    name: str
    is_personal: bool
    counts: Mapping[str, int]
    successors: tuple[Successor, ...]

    @property
    def needs_confirmation(self) -> bool:
        """Whether its deletion is confirmed by its name: databases or snapshots are lost."""
        return bool(self.counts["databases"] or self.counts["snapshots"])


@dataclass(frozen=True, slots=True)
class Belongings:
    """The organizations that a user owns alone, and the names of those that the user only leaves."""

    owned: tuple[OwnedOrganization, ...]
    left: tuple[str, ...]


async def belongings(db: AsyncSession, actor: Actor) -> Belongings:
    """Return what the actor owns alone, and what the actor leaves."""
    allow_scope(actor, "account:admin")
    assert actor.user_id
    owned, left = [], []
    for row in await repository.organizations(db, actor.user_id):
        others = [each for each in await repository.active_members(db, row[0].id) if each[0].id != actor.user_id]
        is_alone = row[1] == "owner" and not any(each[1] == "owner" for each in others)
        if not is_alone and row[0].personal_of != actor.user_id:
            left.append(row[0].name)
            continue
        counts = await repository.counts(db, row[0].id)
        is_personal = row[0].personal_of == actor.user_id
        owned.append(OwnedOrganization(row[0].id, row[0].name, is_personal, counts, _successors(others)))
    return Belongings(tuple(owned), tuple(left))


def _successors(rows: Sequence[object]) -> tuple[Successor, ...]:
    return tuple(Successor(row[0].id, row[0].email, row[0].name, row[1]) for row in rows)  # type: ignore[index]
