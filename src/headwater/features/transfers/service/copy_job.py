"""The job of a copy, whatever it reads: earlier attempts are cleared, rows copied, and the result recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import asdict
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.model import Schema
from headwater.core.transfer.losses import Loss
from headwater.core.transfer.plan import CopyPlan
from headwater.engines import Engine
from headwater.features.databases.service import schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.query.service import statement_audit
from headwater.features.query.service.statement_audit import Loaded
from headwater.features.transfers.service import copy_rows, exact_copies, transfers
from headwater.features.transfers.service.copy_rows import CopyEndpoint, CopyOutcome
from headwater.features.transfers.service.exact_copies import OpenCopy
from headwater.features.transfers.service.transfers import TransferAttempt
from headwater.kit.errors import Conflict


class CopyOrigin(Protocol):
    """What a copy reads: a database as it is, or a snapshot of one."""

    @property
    def engine(self) -> Engine:
        """The engine of the database."""

    def exact(self, target: ReachableDatabase) -> AbstractAsyncContextManager[OpenCopy]:
        """Open a copy into a database of the same engine."""

    async def endpoint(self, stack: AsyncExitStack) -> CopyEndpoint:
        """Open what rows are read from for a copy into another engine; it is closed with the stack."""

    async def plan(self, source: CopyEndpoint, target: Engine) -> CopyPlan:
        """Return the plan of a copy into another engine."""


async def run(working: TransferAttempt, origin: CopyOrigin, target: ReachableDatabase) -> Write:
    """Copy into a database; after an error or a cancellation, the target has nothing of it.

    Objects that the target refuses, and that no row needs, are missing after the copy and named in its result.
    """
    attempt = working.attempt
    if working.created:
        attempt.note(
            "An earlier attempt did not finish. The tables and types that it created are deleted first.", "warning"
        )
        await working.clear(target)
    try:
        outcome = await _copied(working, origin, target)
    except BaseException:
        await transfers.clear_after(working, target)
        raise
    _log(attempt, outcome)

    async def write(db: AsyncSession) -> None:
        await transfers.finish(db, working, outcome.plain)
        loaded = Loaded([each.target for each in outcome.compared], sum(each.target_rows for each in outcome.compared))
        statement_audit.add_load(db, attempt.author, target, "copy", loaded)
        await schema_cache.forget(db, target.id)

    return write


async def _copied(working: TransferAttempt, origin: CopyOrigin, target: ReachableDatabase) -> CopyOutcome:
    accepted: Sequence[Mapping[str, str]] = working.transfer.request["losses"]
    if exact_copies.possible(origin.engine, target.engine):
        async with origin.exact(target) as copy:
            _check_losses(copy.plan, accepted)
            return await exact_copies.run(working, copy, target)
    async with AsyncExitStack() as stack:
        left, right = await origin.endpoint(stack), await working.open(stack, target)
        planned = await origin.plan(left, right.engine)
        check(planned, await right.engine.inspect(right.session), target.name)
        _check_losses(planned, accepted)
        return await copy_rows.copy(left, right, planned, working)


def check(planned: CopyPlan, existing: Schema, name: str) -> CopyPlan:
    """Return the plan, or raise Conflict if the target already has one of its tables or types."""
    taken = {item.name for item in existing} & {table.target_name for table in planned.tables}
    taken |= {enum.name for enum in existing.enums} & {item.name for item in planned.schema.enums}
    if taken:
        listed = ", ".join(sorted(taken)[:5]) + (" …" if len(taken) > 5 else "")
        raise Conflict(
            f"{name} already has {listed}.", hint="Choose other tables or another target, or drop them in the target."
        )
    return planned


def _check_losses(planned: CopyPlan, accepted: Sequence[Mapping[str, str]]) -> None:
    new = [loss for loss in planned.losses if asdict(loss) not in accepted]
    if new:
        raise Conflict(f"More would be lost than was accepted: {_sentence(new[0])}", hint="Check the plan again.")


def _sentence(loss: Loss) -> str:
    return f"{loss.table} {loss.object}".strip() + f": {loss.sentence}."


def _log(attempt: Attempt, outcome: CopyOutcome) -> None:
    """Write to the job's log what was copied, and which tables differ."""
    rows = sum(comparison.target_rows for comparison in outcome.compared)
    attempt.note(f"Copied {len(outcome.compared)} tables with {rows:,} rows and compared their checksums.")
    for comparison in outcome.compared:
        if not comparison.same:
            attempt.note(f"{comparison.table} differs between source and target.", "error")
