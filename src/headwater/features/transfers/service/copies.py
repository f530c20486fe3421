"""Copies of a database, or of some of its tables, to another one of the same or another engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import asdict, dataclass

from headwater.catalog.model import Schema
from headwater.catalog.value_kinds import ObservedValues
from headwater.core.transfer import mapping
from headwater.core.transfer.choices import CopyChoices
from headwater.core.transfer.plan import CopyPlan
from headwater.engines import Engine, Session, all_engines
from headwater.features.accounts.rights import Actor
from headwater.features.databases.service import databases, reachability, schema_cache
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt, Write
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import Access
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service import copy_job, exact_copies, transfers
from headwater.features.transfers.service.copy_rows import CopyEndpoint
from headwater.features.transfers.service.exact_copies import OpenCopy
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
    return copy_job.check(planned, there, target.reached.name)


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


@dataclass(frozen=True, slots=True)
class _DatabaseOrigin:
    """A database as what a copy reads."""

    working: TransferAttempt
    source: ReachableDatabase

    @property
    def engine(self) -> Engine:
        return self.source.engine

    def exact(self, target: ReachableDatabase) -> AbstractAsyncContextManager[OpenCopy]:
        return exact_copies.opened(self.working.settings, self.source, target, self.working.transfer.request["tables"])

    async def endpoint(self, stack: AsyncExitStack) -> CopyEndpoint:
        return await self.working.open(stack, self.source)

    async def plan(self, source: CopyEndpoint, target: Engine) -> CopyPlan:
        request = self.working.transfer.request
        schema = await self.engine.inspect(source.session)
        observed = await observed_values(self.engine, source.session, schema, request["tables"])
        choices = CopyChoices(**request.get("choices", {}))
        return mapped(schema, self.engine, target, request["tables"], choices, observed)


async def run_job(attempt: Attempt) -> Write:
    """Run the job of a copy; see `copy_job.run`."""
    working = await transfers.take(attempt)
    row = working.transfer
    assert row.target_id
    source = await working.reach(row.database_id, write=False)
    target = await working.reach(row.target_id, write=True)
    return await copy_job.run(working, _DatabaseOrigin(working, source), target)
