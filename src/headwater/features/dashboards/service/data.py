"""The data of tiles: runs their queries read-only with the rights of the viewer, and caches the results for a minute.

Rights are checked at each request, before a result that was fetched for another viewer is returned. Sharing results is
right because all viewers use the same connection to a database.
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

CACHE_SECONDS = 60.0
# Each answer has at most LIMITS.bytes: 128 MB in all.
CACHE_SIZE = 64
LIMITS = Limits(rows=5000, bytes=2 * 2**20, seconds=30, cell=1000, read_only=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of the last statement that returns rows, or the error."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[Row, ...]
    truncated: bool
    error: QueryError | QueryCancelled | None
    milliseconds: float
    ran_at: datetime


@dataclass(slots=True)
class _CacheEntry:
    answer: Answer
    at: float


class Answers:
    """Caches the latest answers in this process, by database and text; one run at a time for each."""

    def __init__(self, _: Settings) -> None:
        self._entries: OrderedDict[tuple[uuid.UUID, str], _CacheEntry] = OrderedDict()
        self._locks: dict[tuple[uuid.UUID, str], asyncio.Lock] = {}

    async def close(self) -> None:
        """Empty the cache."""
        self._entries.clear()

    def get(self, key: tuple[uuid.UUID, str]) -> Answer | None:
        """Return a cached answer that has not expired, or None."""
        entry = self._entries.get(key)
        return entry.answer if entry and time.monotonic() - entry.at < CACHE_SECONDS else None

    def put(self, key: tuple[uuid.UUID, str], answer: Answer) -> None:
        """Cache an answer; the oldest one is removed if there are too many."""
        self._entries[key] = _CacheEntry(answer, time.monotonic())
        self._entries.move_to_end(key)
        while len(self._entries) > CACHE_SIZE:
            self._entries.popitem(last=False)

    @contextlib.asynccontextmanager
    async def turn(self, key: tuple[uuid.UUID, str]) -> AsyncIterator[None]:
        """Wait while another request runs the same query; its answer is then in the cache."""
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
    """Return the data of a tile and whether it is cached; with `fresh`, the query is run again."""
    async with context.store.transaction() as db:
        query = await dashboards.tile_of(db, actor, dashboard_id, tile_id)
    if query.database_id is None:
        raise Invalid({"query_id": f"The database of {query.name} was deleted."}, hint="Choose another query.")
    access = await doors.authorize_query(context, actor, query.database_id)
    key, requested_at = (query.database_id, query.text), now()
    answers = context.service(Answers)
    async with answers.turn(key):
        cached = answers.get(key)
        if cached is not None and (not fresh or cached.ran_at > requested_at):
            return cached, True
        answer = await _run(context, access, query.text)
        if answer.error is None:
            answers.put(key, answer)
        return answer, False


async def _run(context: Context, access: doors.Access, text: str) -> Answer:
    columns: tuple[ResultColumn, ...] = ()
    rows: list[Row] = []
    truncated, error, began = False, None, time.perf_counter()
    stream = runs.frames(context, access, runs.QueryRequest(text, limits=LIMITS), runs.QueryOutcome(uuid.uuid4()))
    try:
        async with contextlib.aclosing(stream) as frames:
            async for frame in frames:
                match frame:
                    case Started(columns=tuple() as result_columns):
                        columns, rows, truncated = result_columns, [], False
                    case Rows():
                        rows.extend(frame.rows)
                    case Finished():
                        truncated = truncated or frame.truncated
    except (QueryError, QueryCancelled) as failure:
        error, columns, rows = failure, (), []
    return Answer(columns, tuple(rows), truncated, error, (time.perf_counter() - began) * 1000, now())
