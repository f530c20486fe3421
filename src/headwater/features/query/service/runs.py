"""Runs statements on databases with limits, lets users cancel them by id, and records them in the user's history."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.effects import Effect, Effects
from headwater.catalog.results import Finished, Frame, Limits, QueryCancelled, QueryError, Row, Rows, Started
from headwater.catalog.statements import split
from headwater.engines import Parameters, Session
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.databases.service import databases, schema_cache
from headwater.features.databases.service.pool import SessionPool
from headwater.features.query import metrics, repository
from headwater.features.query.models import QueryRun
from headwater.features.query.service import access as doors
from headwater.features.query.service import statement_audit
from headwater.features.query.service.access import ConfirmationNeeded
from headwater.features.query.service.statement_audit import AuditedStatement, ends_transaction
from headwater.kit.errors import NotFound
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.context import Context

KEPT_TEXT = 100_000
CHANGES_SCHEMA = ("CREATE", "ALTER", "DROP", "COMMENT", "RENAME", "TRUNCATE", "ANALYZE", "DO", "CALL")
# The command of CREATE TABLE AS and SELECT INTO is reported as SELECT.
_MAKES = re.compile(r"\b(?:create\s+(?:\w+\s+)*(?:table|view)|select\b[^;]*\binto)\b", re.IGNORECASE)
# Of a text that is no statement: nothing was tried.
SYNTAX_STATES = frozenset({"42601", "1064"})
# SQLSTATEs and error numbers of a write that a read-only transaction refuses.
READ_ONLY_STATES = frozenset({"25006", "1792"})


class RunningQueries:
    """The current runs of this server process, by user and run id."""

    def __init__(self, _: Settings) -> None:
        self._runs: dict[tuple[uuid.UUID, uuid.UUID], Session] = {}

    @contextlib.contextmanager
    def cancellable(self, user_id: uuid.UUID, run_id: uuid.UUID, session: Session) -> Iterator[None]:
        """Let the user cancel by its id what runs inside the `with` block."""
        self._runs[user_id, run_id] = session
        try:
            yield
        finally:
            self._runs.pop((user_id, run_id), None)

    async def cancel(self, user_id: uuid.UUID, run_id: uuid.UUID) -> None:
        """Cancel a run of a user, or raise NotFound if it has ended."""
        session = self._runs.get((user_id, run_id))
        if session is None:
            raise NotFound("No such query is running.", hint="It may have ended already.")
        await session.cancel()

    async def close(self) -> None:
        """Cancel all runs."""
        for session in list(self._runs.values()):
            await session.cancel()


@dataclass(slots=True)
class Result:
    """The result of one statement."""

    started: Started
    rows: list[Row] = field(default_factory=list)
    finished: Finished | None = None
    effect: Effect = "committed"


@dataclass(slots=True)
class QueryOutcome:
    """The results of a run up to its end or its first error.

    Args:
        run_id: the id of the run.
        running: the text of the last statement that was started.
        results: the result of each statement.
        error: why it ended early.
        milliseconds: how long it took.
        in_transaction: whether its named session has an open transaction now.
        effects: what became of each statement.
        rolled_back: whether its transaction was rolled back: it left one open without a named session, or the error
            ended it.
        interrupted: what ended the run besides an error of the database, such as a lost connection.
    """

    run_id: uuid.UUID
    running: str = ""
    results: list[Result] = field(default_factory=list)
    error: QueryError | QueryCancelled | None = None
    milliseconds: float = 0.0
    in_transaction: bool = False
    rolled_back: bool = False
    effects: Effects = field(default_factory=Effects)
    interrupted: BaseException | None = None


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A text to run, and its limits."""

    text: str
    parameters: Parameters = None
    limits: Limits = Limits()
    run_id: uuid.UUID | None = None
    session: str = ""
    confirmed: bool = False


async def run(context: Context, actor: Actor, database_id: uuid.UUID, request: QueryRequest) -> QueryOutcome:
    """Run a text and return its results; an error of the database is part of the outcome.

    Raises:
        ConfirmationNeeded: the database is protected, the text writes, and the write was not confirmed.
    """
    access = await doors.authorize_query(context, actor, database_id, confirmed=request.confirmed)
    outcome = QueryOutcome(request.run_id or uuid.uuid4())
    began = time.perf_counter()
    try:
        async with contextlib.aclosing(frames(context, access, request, outcome)) as stream:
            async for frame in stream:
                collect(outcome, frame)
    except (QueryError, QueryCancelled):
        pass  # part of the outcome
    except BaseException as error:
        outcome.interrupted = error
        raise
    finally:
        _measure(access, outcome, time.perf_counter() - began)
        await statement_audit.record(context, access, "editor", _audited(access, request, outcome))
    for result in outcome.results:
        result.effect = outcome.effects.by_statement.get(result.started.statement, result.effect)
    outcome.milliseconds = (time.perf_counter() - began) * 1000
    _check_confirmation(access, outcome)
    await _remember(context, access, database_id, request.text, outcome)
    return outcome


async def frames(
    context: Context, access: doors.Access, request: QueryRequest, outcome: QueryOutcome
) -> AsyncGenerator[Frame, None]:
    """Yield the frames of a run as they arrive; at its end, `outcome` has its error and the statements' effects."""
    limits = request.limits
    if access.read_only and not limits.read_only:
        limits = Limits(limits.rows, limits.bytes, limits.seconds, limits.cell, read_only=True)
    grammar = access.reached.engine.dialect.grammar
    outcome.effects = Effects(commits_on_begin=grammar is not None and not grammar.transactional_ddl)
    asked_to_read = request.limits.read_only
    async with doors.open_session(context, access, request.session, read_only=asked_to_read) as session:
        try:
            with context.service(RunningQueries).cancellable(access.user_id, outcome.run_id, session):
                async with contextlib.aclosing(session.run(request.text, request.parameters, limits)) as running_frames:
                    async for frame in running_frames:
                        _record(outcome, frame, request.text, session)
                        yield frame
        except (QueryError, QueryCancelled) as error:
            outcome.error = error
            raise
        finally:
            _conclude(outcome, session, named=bool(request.session))


def _measure(access: doors.Access, outcome: QueryOutcome, seconds: float) -> None:
    engine = access.reached.engine.name
    metrics.SECONDS.labels(engine).observe(seconds)
    how = "interrupted" if outcome.interrupted else statement_audit.outcome_of(outcome.error)
    metrics.RUNS.labels(engine, how).inc()


def _audited(access: doors.Access, request: QueryRequest, outcome: QueryOutcome) -> list[AuditedStatement]:
    """Return the statements of a run that may have changed something, and one that was refused to a reader."""
    if access.read_only or request.limits.read_only:
        is_refused = isinstance(outcome.error, QueryError) and outcome.error.sqlstate in READ_ONLY_STATES
        is_refusal = is_refused and access.read_only and not access.needs_confirmation
        return [replace(_failed(access, request, outcome), outcome="refused")] if is_refusal else []
    statements = [
        _finished(access, request, outcome, result, result.finished) for result in outcome.results if result.finished
    ]
    if outcome.interrupted or (outcome.error and getattr(outcome.error, "sqlstate", "") not in SYNTAX_STATES):
        statements.append(_failed(access, request, outcome))
    return [each for each in statements if each.masked.changes or (request.session and ends_transaction(each.masked))]


def _failed(access: doors.Access, request: QueryRequest, outcome: QueryOutcome) -> AuditedStatement:
    """Return the statement that a run ended with: the one that had begun, or the next one of the text."""
    last = outcome.results[-1] if outcome.results else None
    start = 0 if last is None else last.started.start if last.finished is None else last.started.end
    parts = split(request.text[start:].lstrip("; \t\r\n"), access.reached.engine.dialect.grammar)
    masked = statement_audit.masked(access.reached, next((part.text for part in parts), ""))
    how = statement_audit.outcome_of(outcome.error) if outcome.error else "failed"
    return AuditedStatement(masked, how, error=statement_audit.code_of(outcome.error or outcome.interrupted))


def _finished(
    access: doors.Access, request: QueryRequest, outcome: QueryOutcome, result: Result, finished: Finished
) -> AuditedStatement:
    started, effect = result.started, outcome.effects.by_statement.get(result.started.statement, result.effect)
    masked = statement_audit.masked(access.reached, request.text[started.start : started.end])
    rows = finished.rows if finished.affected is None else finished.affected
    return AuditedStatement(masked, "ok" if effect == "committed" else effect, rows, finished.seconds * 1000)


def _record(outcome: QueryOutcome, frame: Frame, text: str, session: Session) -> None:
    """Record what became of a statement that has ended."""
    if isinstance(frame, Started):
        outcome.running = text[frame.start : frame.end]
    elif isinstance(frame, Finished):
        in_transaction = session.in_transaction
        outcome.effects.record(frame.statement, outcome.running, frame.command, in_transaction=in_transaction)


def _conclude(outcome: QueryOutcome, session: Session, *, named: bool) -> None:
    """Record what became of the transaction; the pool rolls it back if the session has no name."""
    ended = outcome.error is not None and outcome.error.rolled_back
    outcome.in_transaction = session.in_transaction and named
    outcome.rolled_back = ended or (session.in_transaction and not named)
    if outcome.rolled_back:
        outcome.effects.end("rolled_back")
    elif not outcome.in_transaction:
        outcome.effects.end("committed")


def collect(outcome: QueryOutcome, frame: Frame) -> None:
    """Add a frame to the results of a run."""
    match frame:
        case Started():
            outcome.results.append(Result(frame))
        case Rows():
            outcome.results[-1].rows.extend(frame.rows)
        case Finished():
            outcome.results[-1].finished = frame


def _check_confirmation(access: doors.Access, outcome: QueryOutcome) -> None:
    """Raise ConfirmationNeeded if a write was refused only because it was not confirmed."""
    refused = isinstance(outcome.error, QueryError) and outcome.error.sqlstate in READ_ONLY_STATES
    if refused and access.needs_confirmation:
        raise ConfirmationNeeded(f"{access.reached.name} is protected.", hint="Confirm the write.")


async def _remember(
    context: Context, access: doors.Access, database_id: uuid.UUID, text: str, outcome: QueryOutcome
) -> None:
    cancelled = isinstance(outcome.error, QueryCancelled)
    state: Literal["ok", "failed", "cancelled"] = "cancelled" if cancelled else "failed" if outcome.error else "ok"
    finished = [result.finished for result in outcome.results if result.finished]
    masked = access.reached.engine.mask_secrets(text[:KEPT_TEXT].replace("\0", ""))
    async with context.store.transaction() as db:
        await repository.add_run(
            db,
            {
                "database_id": database_id,
                "user_id": access.user_id,
                "text": masked.text,
                "state": state,
                "error": masked.hide(outcome.error.message.replace("\0", "")) if outcome.error else None,
                "rows": sum(statement.rows or statement.affected or 0 for statement in finished),
                "milliseconds": outcome.milliseconds,
            },
        )
        if any(statement.command.startswith(CHANGES_SCHEMA) for statement in finished) or _MAKES.search(text):
            await schema_cache.forget(db, database_id)


async def end_session(context: Context, actor: Actor, database_id: uuid.UUID, name: str) -> None:
    """End a named session of the actor; its open transaction is rolled back. Nothing happens if there is none."""
    async with context.store.transaction() as db:
        await databases.find(db, actor, database_id)
    assert actor.user_id
    await context.service(SessionPool).forget(database_id, actor.user_id, name)


async def history(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, search: str, cursor: str | None, limit: int
) -> Page[QueryRun]:
    """Return the runs of the actor on a database, newest first."""
    await databases.find(db, actor, database_id)
    assert actor.user_id
    rows = await repository.runs(
        db, database_id, actor.user_id, search=search, before=audit.before_id(cursor), limit=limit
    )
    return cut(rows, limit, lambda row: (str(row.id),))


async def cancel(context: Context, actor: Actor, database_id: uuid.UUID, run_id: uuid.UUID) -> None:
    """Cancel a run of the actor."""
    async with context.store.transaction() as db:
        await databases.find(db, actor, database_id)
    assert actor.user_id
    await context.service(RunningQueries).cancel(actor.user_id, run_id)
