"""Texts run on databases: with limits, to be cancelled by id, kept in the history of whoever ran them."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.results import Finished, Frame, Limits, QueryCancelled, QueryError, Row, Rows, Started
from headwater.engines import Parameters, Session
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.databases.service import databases, schema_cache
from headwater.features.query import repository
from headwater.features.query.models import QueryRun
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import ConfirmationNeeded
from headwater.kit.errors import NotFound
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context

KEPT_TEXT = 100_000
CHANGES_SCHEMA = ("CREATE", "ALTER", "DROP", "COMMENT", "RENAME", "TRUNCATE", "ANALYZE", "DO", "CALL")
# CREATE TABLE AS and SELECT INTO are tagged as the SELECT in them.
_MAKES = re.compile(r"\b(?:create\s+(?:\w+\s+)*(?:table|view)|select\b[^;]*\binto)\b", re.IGNORECASE)
# What servers say when a read-only transaction refuses a write.
READ_ONLY_STATES = frozenset({"25006", "1792"})


class RunningQueries:
    """The runs of this server process, by the id that their users know them by."""

    def __init__(self, _: Settings) -> None:
        self._runs: dict[tuple[uuid.UUID, uuid.UUID], Session] = {}

    @contextlib.contextmanager
    def cancellable(self, user_id: uuid.UUID, run_id: uuid.UUID, session: Session) -> Iterator[None]:
        """Let the user cancel by its id what runs inside of the `with` block."""
        self._runs[user_id, run_id] = session
        try:
            yield
        finally:
            self._runs.pop((user_id, run_id), None)

    async def cancel(self, user_id: uuid.UUID, run_id: uuid.UUID) -> None:
        """End a run of a user, or raise NotFound when it is over already."""
        session = self._runs.get((user_id, run_id))
        if session is None:
            raise NotFound("No such query is running.", hint="It may be over already.")
        await session.cancel()

    async def close(self) -> None:
        """End everything that runs."""
        for session in list(self._runs.values()):
            await session.cancel()


@dataclass(slots=True)
class Result:
    """What one statement gave."""

    started: Started
    rows: list[Row] = field(default_factory=list)
    finished: Finished | None = None


@dataclass(slots=True)
class QueryOutcome:
    """What a run gave up to its end or its first error."""

    run_id: uuid.UUID
    results: list[Result] = field(default_factory=list)
    error: QueryError | QueryCancelled | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A text to run and what it may take."""

    text: str
    parameters: Parameters = None
    limits: Limits = Limits()
    run_id: uuid.UUID | None = None
    session: str = ""
    confirmed: bool = False


async def run(context: Context, actor: Actor, database_id: uuid.UUID, request: QueryRequest) -> QueryOutcome:
    """Run a text and return its results; an error of the database is part of the outcome.

    Raises:
        ConfirmationNeeded: the database is protected, the text writes, and nobody said that this is meant.
    """
    access = await doors.authorize_query(context, actor, database_id, confirmed=request.confirmed)
    outcome = QueryOutcome(request.run_id or uuid.uuid4())
    began = time.perf_counter()
    try:
        async with contextlib.aclosing(frames(context, access, request, outcome.run_id)) as given:
            async for frame in given:
                collect(outcome, frame)
    except (QueryError, QueryCancelled) as error:
        outcome.error = error
    outcome.milliseconds = (time.perf_counter() - began) * 1000
    _check_confirmation(access, outcome)
    await _remember(context, access, database_id, request.text, outcome)
    return outcome


async def frames(
    context: Context, access: doors.Access, request: QueryRequest, run_id: uuid.UUID
) -> AsyncGenerator[Frame, None]:
    """Give the frames of a run as they come."""
    limits = request.limits
    if access.read_only and not limits.read_only:
        limits = Limits(limits.rows, limits.bytes, limits.seconds, limits.cell, read_only=True)
    async with doors.open_session(context, access, request.session) as session:
        with context.service(RunningQueries).cancellable(access.user_id, run_id, session):
            async with contextlib.aclosing(session.run(request.text, request.parameters, limits)) as running_frames:
                async for frame in running_frames:
                    yield frame


def collect(outcome: QueryOutcome, frame: Frame) -> None:
    """Add a frame to what a run gave."""
    match frame:
        case Started():
            outcome.results.append(Result(frame))
        case Rows():
            outcome.results[-1].rows.extend(frame.rows)
        case Finished():
            outcome.results[-1].finished = frame


def _check_confirmation(access: doors.Access, outcome: QueryOutcome) -> None:
    """A write that only the missing confirmation refused is answered by asking for it."""
    refused = isinstance(outcome.error, QueryError) and outcome.error.sqlstate in READ_ONLY_STATES
    if refused and access.needs_confirmation:
        raise ConfirmationNeeded(f"{access.reached.name} is protected.", hint="Confirm the write.")


async def _remember(
    context: Context, access: doors.Access, database_id: uuid.UUID, text: str, outcome: QueryOutcome
) -> None:
    cancelled = isinstance(outcome.error, QueryCancelled)
    state: Literal["ok", "failed", "cancelled"] = "cancelled" if cancelled else "failed" if outcome.error else "ok"
    finished = [result.finished for result in outcome.results if result.finished]
    async with context.store.transaction() as db:
        db.add(
            QueryRun(
                database_id=database_id,
                user_id=access.user_id,
                text=text[:KEPT_TEXT].replace("\0", ""),
                state=state,
                error=outcome.error.message.replace("\0", "") if outcome.error else None,
                rows=sum(one.rows or one.affected or 0 for one in finished),
                milliseconds=outcome.milliseconds,
            )
        )
        if any(one.command.startswith(CHANGES_SCHEMA) for one in finished) or _MAKES.search(text):
            await schema_cache.forget(db, database_id)
        await db.flush()
        await repository.forget_old_runs(db, database_id, access.user_id)


async def history(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, search: str, cursor: str | None, limit: int
) -> Page[QueryRun]:
    """Return what the actor ran on a database, newest first."""
    await databases.find(db, actor, database_id)
    assert actor.user_id
    rows = await repository.runs(
        db, database_id, actor.user_id, search=search, before=audit.before_id(cursor), limit=limit
    )
    return cut(rows, limit, lambda row: (str(row.id),))


async def cancel(context: Context, actor: Actor, database_id: uuid.UUID, run_id: uuid.UUID) -> None:
    """End a run of the actor."""
    async with context.store.transaction() as db:
        await databases.find(db, actor, database_id)
    assert actor.user_id
    await context.service(RunningQueries).cancel(actor.user_id, run_id)
