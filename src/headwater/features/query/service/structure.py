"""Schema changes: previewed with their SQL and risks, then applied, in a transaction where possible."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from headwater.catalog.changes import Change
from headwater.catalog.results import Limits, QueryError
from headwater.engines import AlterStep, Session
from headwater.features.accounts.service.audit import Outcome
from headwater.features.databases.service import schema_cache
from headwater.features.query.service import access as doors
from headwater.features.query.service import statement_audit
from headwater.features.query.service.access import Access
from headwater.features.query.service.statement_audit import AuditedStatement
from headwater.kit.errors import HeadwaterError, Invalid, did_you_mean
from headwater.store.context import Context

KINDS: Mapping[str, type[Change]] = {kind.__name__: kind for kind in Change.__subclasses__()}
LIMITS = Limits(rows=10, bytes=None, seconds=3600)


@dataclass(frozen=True, slots=True)
class StructureResult:
    """The steps of changes, and their result if they were applied."""

    steps: tuple[AlterStep, ...]
    applied: bool = False
    error: str | None = None
    failed_step: int | None = None


def parse_changes(given: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Return changes from their JSON, in which `kind` is the name of the type.

    Raises:
        Invalid: a change has an unknown kind or unknown fields.
    """
    return tuple(_change(number, change_json) for number, change_json in enumerate(given))


def _change(number: int, given: Mapping[str, Any]) -> Change:
    name = str(given.get("kind", ""))
    if name not in KINDS:
        raise Invalid(
            {f"changes.{number}.kind": f"There is no kind of change {name!r}."}, hint=did_you_mean(name, KINDS)
        )
    fields = {key: value for key, value in given.items() if key != "kind"}
    unknown = set(fields) - set(KINDS[name].__dataclass_fields__)
    if unknown:
        wrong = ", ".join(sorted(unknown))
        raise Invalid({f"changes.{number}": f"{name} has no {wrong}."})
    try:
        return msgspec.convert(fields, KINDS[name])
    except msgspec.ValidationError as error:
        raise Invalid({f"changes.{number}": f"{name}: {error}."}) from error


def plan_changes(change: Change) -> dict[str, Any]:
    """Return a change as JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(change)
    return {"kind": type(change).__name__} | plain


async def change(context: Context, access: Access, changes: Sequence[Change], *, apply: bool) -> StructureResult:
    """Return the statements and risks of changes; with `apply`, run them.

    If all steps are transactional, an error changes nothing; otherwise the steps before `failed_step` stay.
    """
    schema = await schema_cache.read(context, access.reached)
    steps = access.reached.engine.alter(changes, schema)
    if not apply:
        return StructureResult(steps)
    began, outcome = time.perf_counter(), StructureResult(steps, error="interrupted", failed_step=0)
    try:
        async with doors.open_session(context, access) as session:
            outcome = await _applied(session, steps)
    finally:
        await statement_audit.record(
            context, access, "structure", _audited(access, outcome, time.perf_counter() - began)
        )
    await schema_cache.read(context, access.reached)
    return outcome


def _audited(access: Access, outcome: StructureResult, seconds: float) -> list[AuditedStatement]:
    """Return the statements of the steps; without a transaction, those before the one that failed have stayed."""
    together = all(step.transactional for step in outcome.steps)
    statements: list[AuditedStatement] = []
    for number, step in enumerate(outcome.steps):
        has_failed = outcome.failed_step is not None and number >= outcome.failed_step
        if number > (outcome.failed_step if outcome.failed_step is not None else number):
            break  # it was not reached
        how: Outcome = "failed" if has_failed else "ok" if outcome.applied or not together else "rolled_back"
        each = seconds / max(1, len(outcome.steps))
        statements += statement_audit.changes_of(access, step.statements, how, seconds=each)
    return statements


async def _applied(session: Session, steps: tuple[AlterStep, ...]) -> StructureResult:
    together = all(step.transactional for step in steps)
    number, done = 0, False
    if together:
        await _run(session, "BEGIN")
    try:
        for step in steps:
            for statement in step.statements:
                await _run(session, statement)
            number += 1
        if together:
            await _run(session, "COMMIT")
        done = True
    except QueryError as error:
        detail = f" {error.detail.splitlines()[0]}" if error.detail else ""
        return StructureResult(steps, False, error.message + detail, number)
    finally:
        if together and not done:
            with contextlib.suppress(HeadwaterError):
                await _run(session, "ROLLBACK")
    return StructureResult(steps, True)


async def _run(session: Session, statement: str) -> None:
    async for _ in session.run(statement, None, LIMITS):
        pass
