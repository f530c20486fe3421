"""What a tile shows: its query, run read-only with the rights of whoever looks, kept for a minute.

Rights are checked at each look; only then may an answer that another viewer's look has fetched be given. That is
right because all viewers reach a database by the same connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from headwater.catalog.results import Finished, Limits, QueryCancelled, QueryError, ResultColumn, Row, Rows, Started
from headwater.features.accounts.rights import Actor
from headwater.features.dashboards.service import dashboards
from headwater.features.query.service import access as doors
from headwater.features.query.service import runs
from headwater.kit.clock import now
from headwater.kit.errors import Invalid
from headwater.kit.settings import Settings
from headwater.store.context import Context

KEPT_SECONDS = 60.0
# Each is at most LIMITS.bytes long: 128 MB at worst.
KEPT_ANSWERS = 64
LIMITS = Limits(rows=5000, bytes=2 * 2**20, seconds=30, cell=1000, read_only=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of the last statement that gives some, or why there are none."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[Row, ...]
    truncated: bool
    error: QueryError | QueryCancelled | None
    milliseconds: float
    ran_at: datetime


@dataclass(slots=True)
class _Kept:
    answer: Answer
    at: float


class Answers:
    """The newest answers of this server process, by database and text; one run at a time for each."""

    def __init__(self, _: Settings) -> None:
        self._kept: OrderedDict[tuple[uuid.UUID, str], _Kept] = OrderedDict()
        self._locks: dict[tuple[uuid.UUID, str], asyncio.Lock] = {}

    async def close(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def get(self, key: tuple[uuid.UUID, str]) -> Answer | None:
        """Return an answer that is young enough."""
        kept = self._kept.get(key)
        return kept.answer if kept and time.monotonic() - kept.at < KEPT_SECONDS else None

    def put(self, key: tuple[uuid.UUID, str], answer: Answer) -> None:
        """Keep an answer; the oldest goes when there are too many."""
        self._kept[key] = _Kept(answer, time.monotonic())
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)

    @contextlib.asynccontextmanager
    async def turn(self, key: tuple[uuid.UUID, str]) -> AsyncIterator[None]:
        """Wait until nobody else runs the same: who waited finds the other's answer."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._locks.pop(key, None)


async def look(
    context: Context,
    actor: Actor,
    dashboard_id: uuid.UUID,
    tile_id: uuid.UUID,
    *,
    fresh: bool,
) -> tuple[Answer, bool]:
    """Return what a tile shows, and whether it was fetched for an earlier look; with `fresh`, it is run anew."""
    async with context.store.transaction() as db:
        query = await dashboards.tile_of(db, actor, dashboard_id, tile_id)
    if query.database_id is None:
        raise Invalid({"query_id": f"The database of {query.name} was deleted."}, hint="Choose another query.")
    access = await doors.authorize_query(context, actor, query.database_id)
    key, asked = (query.database_id, query.text), now()
    answers = context.service(Answers)
    async with answers.turn(key):
        kept = answers.get(key)
        if kept is not None and (not fresh or kept.ran_at > asked):
            return kept, True
        answer = await _run(context, access, query.text)
        if answer.error is None:
            answers.put(key, answer)
        return answer, False


async def _run(context: Context, access: doors.Access, text: str) -> Answer:
    columns: tuple[ResultColumn, ...] = ()
    rows: list[Row] = []
    truncated, error, began = False, None, time.perf_counter()
    given = runs.frames(context, access, runs.QueryRequest(text, limits=LIMITS), uuid.uuid4())
    try:
        async with contextlib.aclosing(given) as frames:
            async for frame in frames:
                match frame:
                    case Started(columns=tuple() as found):
                        columns, rows, truncated = found, [], False
                    case Rows():
                        rows.extend(frame.rows)
                    case Finished():
                        truncated = truncated or frame.truncated
    except (QueryError, QueryCancelled) as failure:
        error, columns, rows = failure, (), []
    return Answer(columns, tuple(rows), truncated, error, (time.perf_counter() - began) * 1000, now())
