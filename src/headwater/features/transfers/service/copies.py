"""Copies of a database, or of some of its tables, to another one of the same or another engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.model import Schema
from headwater.catalog.value_kinds import ObservedValues
from headwater.core.transfer import mapping
from headwater.core.transfer.choices import CopyChoices
from headwater.core.transfer.losses import Loss
from headwater.core.transfer.plan import CopyPlan
from headwater.engines import Engine, Session, all_engines
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import Access
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service import copy_rows, exact_copies, transfers
from headwater.features.transfers.service.transfers import TransferAttempt, TransferView
from headwater.kit.errors import BadInput, Conflict, NotFound, did_you_mean
from headwater.store.context import Context


class Lossy(Conflict):
    """The copy would lose or change something; check the plan and accept it."""

    code = "losses_not_accepted"


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What to copy where; `tables` are names with or without their schema, None for all."""

    source_id: uuid.UUID
    target_id: uuid.UUID
    tables: Sequence[str] | None = None
    accepted: bool = False
    confirmed: bool = False
    choices: CopyChoices = CopyChoices()


async def plan(context: Context, actor: Actor, request: CopyRequest) -> tuple[CopyPlan, Engine]:
    """Return the plan of a copy, and the engine of its target."""
    source = await doors.authorize_query(context, actor, request.source_id)
    target = await doors.authorize_query(context, actor, request.target_id, write=True, confirmed=True)
    return await _plan(context, source, target, request), target.reached.engine


async def start(context: Context, actor: Actor, request: CopyRequest) -> TransferView:
    """Put a copy into the queue.

    Raises:
        Lossy: something would be lost, and the losses were not accepted.
        ConfirmationNeeded: the target is protected.
    """
    source = await doors.authorize_query(context, actor, request.source_id)
    target = await doors.authorize_query(context, actor, request.target_id, write=True, confirmed=request.confirmed)
    planned = await _plan(context, source, target, request)
    if planned.losses and not request.accepted:
        raise Lossy(f"{len(planned.losses)} things will be lost or changed.", hint="Check the plan, then accept it.")
    async with context.store.transaction() as db:
        database = await databases.find(db, actor, request.target_id, "database:write")
        transfer = Transfer(
            organization_id=database.organization_id,
            kind="copy",
            database_id=request.source_id,
            target_id=request.target_id,
            created_by=actor.user_id,
            preview={},
            created={},
            result={},
            request={
                "tables": list(request.tables) if request.tables is not None else None,
                "losses": [asdict(loss) for loss in planned.losses],
                "choices": asdict(request.choices),
            },
        )
        job = await transfers.begin(
            db, actor, transfer, database, f"Copy {source.reached.name} to {target.reached.name}"
        )
        return TransferView(transfer, job)


async def _plan(context: Context, source: Access, target: Access, request: CopyRequest) -> CopyPlan:
    if source.reached.id == target.reached.id:
        raise BadInput("A database cannot be copied into itself.", hint="Choose another target.")
    pair(source.reached.engine, target.reached.engine)
    if exact_copies.possible(source.reached.engine, target.reached.engine):
        async with exact_copies.opened(context.settings, source.reached, target.reached, request.tables) as copy:
            return copy.plan
    schema = await schema_cache.read(context, source.reached)
    there = await schema_cache.read(context, target.reached)
    engines = source.reached.engine, target.reached.engine
    async with reachability.open_session(context.settings, source.reached) as session:
        observed = await observed_values(engines[0], session, schema, request.tables)
    planned = mapped(schema, *engines, request.tables, request.choices, observed)
    return check(planned, there, target.reached.name)


async def observed_values(
    engine: Engine, session: Session, schema: Schema, tables: Sequence[str] | None
) -> ObservedValues:
    """Return what is known about the values of the tables to copy that decides about their types."""
    if engine.transfer.observe is None:
        return ObservedValues()
    chosen = [
        item
        for item in schema
        if item.kind == "table" and (tables is None or {item.name, item.qualified_name} & set(tables))
    ]
    return await engine.transfer.observe(session, chosen)


def can_read(engine: Engine) -> bool:
    """Return True if tables can be copied from databases of an engine."""
    types = engine.dialect.types
    return engine.transfer.source is not None and types is not None and types.read is not None


def can_write(engine: Engine) -> bool:
    """Return True if tables can be copied to databases of an engine."""
    return engine.transfer.target is not None and engine.dialect.types is not None


def _listed(able: Callable[[Engine], bool]) -> str:
    """Return the names of the engines that fulfil a condition, as an enumeration."""
    names = [engine.display_name for engine in all_engines().values() if able(engine)]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def pair(source: Engine, target: Engine) -> None:
    """Raise BadInput unless rows can be copied from one engine to the other."""
    if not can_read(source):
        raise BadInput(
            f"Cannot copy from {source.display_name}: its tables have no declared columns.",
            hint=f"You can copy from {_listed(can_read)}, and to {_listed(can_write)}.",
        )
    if not can_write(target):
        raise BadInput(f"Cannot copy to {target.display_name}.", hint=f"You can copy to {_listed(can_write)}.")


def tabular(engine: Engine) -> None:
    """Raise BadInput unless an engine has tables, as imports and exports require."""
    if not can_read(engine):
        raise BadInput(
            f"{engine.display_name} has no tables: files cannot be imported into it or exported from it.",
            hint=f"This works with {_listed(can_read)}.",
        )


def mapped(
    schema: Schema,
    source: Engine,
    target: Engine,
    tables: Sequence[str] | None,
    choices: CopyChoices | None = None,
    observed: ObservedValues | None = None,
) -> CopyPlan:
    """Return the plan for a Schema, or raise NotFound if a requested table does not exist."""
    known = {relation.name for relation in schema if relation.kind == "table"}
    known |= {relation.qualified_name for relation in schema if relation.kind == "table"}
    for table in tables or ():
        if table not in known:
            raise NotFound(f"There is no table {table!r} in the source.", hint=did_you_mean(table, known))
    planned = mapping.plan(schema, source.dialect, target.dialect, tables, choices, observed)
    if not planned.tables:
        raise BadInput("There are no tables to copy.", hint="The source is empty.")
    return planned


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


async def run_job(attempt: Attempt) -> Write:
    """Run the job of a copy; however it ends, the target has either all of it or nothing."""
    working = await transfers.take(attempt)
    row = working.transfer
    assert row.target_id
    source = await working.reach(row.database_id, write=False)
    target = await working.reach(row.target_id, write=True)
    if working.created:
        attempt.note(
            "An earlier attempt did not finish. The tables and types that it created are deleted first.", "warning"
        )
        await working.clear(target)
    compared: list[copy_rows.TableComparison] = []
    try:
        carry_out = _exactly if exact_copies.possible(source.engine, target.engine) else _converted
        compared = await carry_out(working, source, target)
    except BaseException:
        await transfers.clear_after(working, target)
        raise
    record_job(attempt, compared)

    async def write(db: AsyncSession) -> None:
        await transfers.finish(
            db, working, {"tables": [asdict(comparison) | {"same": comparison.same} for comparison in compared]}
        )
        await schema_cache.forget(db, target.id)

    return write


async def _exactly(
    working: TransferAttempt, source: ReachableDatabase, target: ReachableDatabase
) -> list[copy_rows.TableComparison]:
    request = working.transfer.request
    async with exact_copies.opened(working.settings, source, target, request["tables"]) as copy:
        _check_losses(copy.plan, request["losses"])
        return await exact_copies.run(working, copy, target)


async def _converted(
    working: TransferAttempt, source: ReachableDatabase, target: ReachableDatabase
) -> list[copy_rows.TableComparison]:
    request = working.transfer.request
    async with AsyncExitStack() as stack:
        left, right = await working.open(stack, source), await working.open(stack, target)
        schema = await left.engine.inspect(left.session)
        observed = await observed_values(left.engine, left.session, schema, request["tables"])
        choices = CopyChoices(**request.get("choices", {}))
        planned = mapped(schema, left.engine, right.engine, request["tables"], choices, observed)
        check(planned, await right.engine.inspect(right.session), target.name)
        _check_losses(planned, request["losses"])
        return await copy_rows.copy(left, right, planned, working)


def _check_losses(planned: CopyPlan, accepted: Sequence[dict[str, str]]) -> None:
    new = [loss for loss in planned.losses if asdict(loss) not in accepted]
    if new:
        raise Conflict(f"The source has changed: {_sentence(new[0])}", hint="Check the plan again.")


def _sentence(loss: Loss) -> str:
    return f"{loss.table} {loss.object}: {loss.sentence}."


def record_job(attempt: Attempt, compared: Sequence[copy_rows.TableComparison]) -> None:
    """Write to the job's log what was copied, and which tables differ."""
    rows = sum(comparison.target_rows for comparison in compared)
    attempt.note(f"Copied {len(compared)} tables with {rows:,} rows and compared their checksums.")
    for comparison in compared:
        if not comparison.same:
            attempt.note(f"{comparison.table} differs between source and target.", "error")
