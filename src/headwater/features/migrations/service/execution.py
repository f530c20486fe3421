"""Applies and reverts migrations one after another, each in its own transaction if the engine supports that.

The journal's row is written first. Where schema changes cannot be rolled back, a migration that fails halfway leaves
an unfinished row: its state is `failed` until a user resolves it.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from headwater.catalog.results import Limits, QueryCancelled, QueryError
from headwater.catalog.statements import split
from headwater.core.migration_files.scripts import Script, check, in_one_transaction
from headwater.engines import Session
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.databases.service import schema_cache
from headwater.features.migrations.service import history, journal
from headwater.features.migrations.service.history import MigrationStatus
from headwater.features.query.service import access as doors
from headwater.features.query.service import statement_audit
from headwater.features.query.service.access import Access
from headwater.features.query.service.runs import RunningQueries
from headwater.features.query.service.statement_audit import AuditedStatement, StatementTally
from headwater.kit.errors import BadInput, Conflict, HeadwaterError, NotFound
from headwater.store.context import Context

LIMITS = Limits(rows=1000, bytes=None, seconds=3600)
Way = Literal["up", "down"]


@dataclass(slots=True)
class MigrationsResult:
    """The migrations that were run, and the error; `failed` is the migration that failed."""

    planned: list[Script]
    done: list[str] = field(default_factory=list)
    failed: str | None = None
    error: QueryError | QueryCancelled | None = None


@dataclass(frozen=True, slots=True)
class MigrationsRequest:
    """Which migrations: apply up to and including a version, or revert back to and including it.

    Without a version, `up` applies all and `down` reverts the last one only.
    """

    way: Way
    to: str = ""
    run_id: uuid.UUID | None = None


def plan(standings: Sequence[MigrationStatus], request: MigrationsRequest) -> list[Script]:
    """Return the scripts to run, in order.

    Raises:
        Conflict: a migration has failed, or cannot be run or reverted.
        NotFound: there is no such version.
    """
    if request.to and request.to not in {status.version for status in standings if status.migration}:
        raise NotFound(f"There is no migration {request.to}.")
    for status in standings:
        if status.state == "failed":
            raise Conflict(
                f"{status.version} failed halfway.", hint="Check the database, then mark it as applied or pending."
            )
    return _upward(standings, request.to) if request.way == "up" else _downward(standings, request.to)


def _upward(standings: Sequence[MigrationStatus], to: str) -> list[Script]:
    chosen = []
    for status in standings:
        if status.state == "pending" and status.migration is not None:
            if not status.migration.runs:
                raise Conflict(
                    f"{status.version} is a migration of {status.migration.origin} that Headwater cannot run.",
                    hint=f"Run it with {status.migration.origin}, then import the folder again.",
                )
            chosen.append(history.script_of(status.migration))
        if status.version == to:
            break
    return chosen


def _downward(standings: Sequence[MigrationStatus], to: str) -> list[Script]:
    applied = [status for status in standings if status.state in {"applied", "changed"} and status.migration]
    versions = [status.version for status in applied]
    if to and to not in versions:
        raise Conflict(f"{to} was not applied.")
    chosen = applied[versions.index(to) :] if to else applied[-1:]
    scripts = [history.script_of(status.migration) for status in reversed(chosen) if status.migration]
    for script in scripts:
        if not script.down:
            raise Conflict(f"{script.version} has no down script.", hint="Write one to revert it.")
    return scripts


async def run(
    context: Context, actor: Actor, access: Access, request: MigrationsRequest, *, apply: bool
) -> MigrationsResult:
    """Return the scripts to run; with `apply`, run them until one fails."""
    outcome = MigrationsResult(plan(await history.statuses(context, access), request))
    for script in outcome.planned:
        _check(script, request.way, access)
    if not apply or not outcome.planned:
        return outcome
    run_id = request.run_id or uuid.uuid4()
    async with doors.open_session(context, access) as session:
        try:
            with context.service(RunningQueries).cancellable(access.user_id, run_id, session):
                await journal.prepare(session)
                for script in outcome.planned:
                    outcome.failed = script.version
                    await _run_migration(session, access, script, request.way, actor.name)
                    outcome.done.append(script.version)
                    outcome.failed = None
        except (QueryError, QueryCancelled) as error:
            outcome.error = error
        finally:
            await _record_run(context, actor, access, request.way, outcome)
    return outcome


def _check(script: Script, way: Way, access: Access) -> None:
    """Raise Invalid if a script would end the transaction that it runs in."""
    text = script.up if way == "up" else script.down or ""
    if in_one_transaction(text):
        check(text, script.version, access.reached.engine.dialect.grammar)


async def _run_migration(session: Session, access: Access, script: Script, way: Way, who: str) -> None:
    """Run one migration and record it, in one transaction if possible."""
    text = script.up if way == "up" else script.down or ""
    grammar = history.grammar_of(access)
    together = grammar.transactional_ddl and in_one_transaction(text)
    began = time.perf_counter()
    if together:
        await journal.ask(session, grammar.begin)
    try:
        if way == "up":
            await _begin(session, script, who)
        async with contextlib.aclosing(session.run(text, None, LIMITS)) as frames:
            async for _ in frames:
                pass
        if way == "up":
            await journal.finish(session, script.version, round((time.perf_counter() - began) * 1000))
        else:
            await journal.forget(session, script.version)
        if together:
            await journal.ask(session, "COMMIT")
            together = False
    finally:
        if together:
            with contextlib.suppress(HeadwaterError):
                await journal.ask(session, "ROLLBACK")


async def _begin(session: Session, script: Script, who: str) -> None:
    try:
        await journal.begin(session, script, who)
    except QueryError as error:
        if error.sqlstate.startswith("23") or "UNIQUE" in error.message:
            raise QueryError(
                f"{script.version} was started by somebody else in the meantime.",
                hint="Reload the list of migrations.",
                sqlstate=error.sqlstate,
            ) from error
        raise


async def _record_run(context: Context, actor: Actor, access: Access, way: Way, outcome: MigrationsResult) -> None:
    async with context.store.transaction() as db:
        await schema_cache.forget(db, access.reached.id)
        statement_audit.add(db, actor, access.reached, "migration", _tally(access, way, outcome))
        audit.record(
            db,
            actor,
            "migration.apply" if way == "up" else "migration.revert",
            "database",
            access.reached.id,
            access.reached.name,
            organization_id=access.reached.organization_id,
            versions=outcome.done[:50],
            failed=outcome.failed,
        )


def _tally(access: Access, way: Way, outcome: MigrationsResult) -> StatementTally:
    """Return the statements of the migrations that ran, and of the one that failed."""
    tally = StatementTally()
    for script in outcome.planned:
        if script.version not in (*outcome.done, outcome.failed):
            continue
        text = script.up if way == "up" else script.down or ""
        has_failed = script.version == outcome.failed
        how = statement_audit.outcome_of(outcome.error) if outcome.error else "failed"
        for statement in split(text, access.reached.engine.dialect.grammar):
            masked = statement_audit.masked(access.reached, statement.text)
            tally.add(AuditedStatement(masked, how if has_failed else "ok"))
    return tally


async def resolve(
    context: Context, access: Access, version: str, state: Literal["applied", "pending"], who: str
) -> MigrationStatus:
    """Mark a migration as applied or as pending, without running it.

    Raises:
        NotFound: there is no such migration.
        BadInput: it has this state already.
    """
    standing = next((status for status in await history.statuses(context, access) if status.version == version), None)
    if standing is None:
        raise NotFound(f"There is no migration {version}.")
    if standing.state == state:
        raise BadInput(f"{version} is {state} already.")
    async with doors.open_session(context, access) as session:
        await journal.prepare(session)
        if standing.entry is not None:
            await journal.forget(session, version)
        if state == "applied" and standing.migration is not None:
            await journal.begin(session, history.script_of(standing.migration), who)
            await journal.finish(session, version, 0)
    return next(
        (status for status in await history.statuses(context, access) if status.version == version),
        MigrationStatus(version, standing.name, "pending", None, None),
    )
