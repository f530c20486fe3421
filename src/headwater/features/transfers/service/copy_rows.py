"""Moves rows between two open sessions: makes the tables, fills them, adds keys, and compares both sides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, TypeVar

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Relation, Schema
from headwater.catalog.results import UNLIMITED, QueryError
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.codec import ValueConversionError, row_decoder, row_encoder, row_reducer
from headwater.core.transfer.digest import Digest
from headwater.core.transfer.plan import CopyPlan, TablePlan
from headwater.engines import Engine, Session, TransferSource, TransferTarget
from headwater.kit.errors import BadInput, Cancelled, Unavailable

Found = TypeVar("Found")
Batch: TypeAlias = Sequence[Sequence[Any]]
LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class CopyEndpoint:
    """An engine with a session of it that reads or loads in bulk; `source` when rows are read from elsewhere."""

    engine: Engine
    session: Session
    source: TransferSource | None = None

    @property
    def reads(self) -> TransferSource:
        """The session as one by which many rows are read."""
        if self.source is not None:
            return self.source
        if self.engine.transfer.source is None:
            raise BadInput(f"{self.engine.display_name} cannot be copied from.")
        return self.engine.transfer.source(self.session)

    @property
    def loads(self) -> TransferTarget:
        """The session as one by which many rows are loaded."""
        if self.engine.transfer.target is None:
            raise BadInput(f"{self.engine.display_name} cannot be copied to.")
        return self.engine.transfer.target(self.session)


@dataclass(frozen=True, slots=True)
class TableComparison:
    """A table on both sides at the end."""

    table: str
    target: str
    source_rows: int
    target_rows: int
    source_checksum: str
    target_checksum: str

    @property
    def same(self) -> bool:
        """Whether the same rows are on both sides."""
        return (self.source_rows, self.source_checksum) == (self.target_rows, self.target_checksum)


class CopyHooks(Protocol):
    """Told how a copy goes on; asked whether it shall stop."""

    def report(self, phase: str, done: int, total: int, message: str) -> None:
        """Show how far it is; raises Cancelled when it shall stop."""

    def stopped(self) -> bool:
        """Whether it shall stop."""

    async def making(self, kind: str, name: str) -> None:
        """A table or type is about to be made: whoever clears up must know, whatever happens from here on."""


async def copy(source: CopyEndpoint, target: CopyEndpoint, plan: CopyPlan, watch: CopyHooks) -> list[TableComparison]:
    """Carry out a plan on a target that has none of its tables; return the comparison of both sides."""
    await source.reads.begin_read()
    await target.loads.begin_load()
    first, later = split(target.engine, plan.schema)
    await _make(target, plan, first, watch)
    total = sum(table.rows or 0 for table in plan.tables)
    digests, done = [], 0
    for table in plan.tables:
        digest = await _fill(source, target, plan, table, watch, (done, total))
        digests.append(digest)
        done += digest.rows
    for number, statement in enumerate(later):
        watch.report("keys and indexes", number, len(later), statement.split("(")[0].strip()[:120])
        await run(target.session, statement, watch)
    counters = [
        (_place(target, table), target.engine.quote(column)) for table in plan.tables for column in table.counters
    ]
    await target.loads.finish_load(counters)
    compared = []
    for number, (table, digest) in enumerate(zip(plan.tables, digests, strict=True)):
        watch.report("comparing", number, len(plan.tables), table.target_name)
        compared.append(await _compare(target, plan, table, digest, watch))
    return compared


def split(engine: Engine, schema: Schema) -> tuple[list[str], list[str]]:
    """Return the statements that make bare tables, and those that come when the rows are there.

    What can come later is the engine's to say: what its DDL spells as statements of their own.
    """
    whole = list(engine.ddl(schema))
    bares: tuple[Callable[[Relation], Relation], ...] = (
        lambda one: replace(one, indexes=(), foreign_keys=()),
        lambda one: replace(one, indexes=()),
        lambda one: replace(one, foreign_keys=()),
    )
    for bare in bares:
        first = list(engine.ddl(schema.map_relations(bare)))
        if all(statement in whole for statement in first):
            return first, [statement for statement in whole if statement not in first]
    return whole, []


async def _make(target: CopyEndpoint, plan: CopyPlan, statements: Sequence[str], watch: CopyHooks) -> None:
    for enum in plan.schema.enums:
        await watch.making("type", target.engine.quote(enum.schema, enum.name))
    for relation in plan.schema:
        await watch.making("table", target.engine.quote(relation.schema, relation.name))
    for number, statement in enumerate(statements):
        watch.report("tables", number, len(statements), statement.split("(")[0].strip()[:120])
        await run(target.session, statement, watch)


async def _fill(
    source: CopyEndpoint,
    target: CopyEndpoint,
    plan: CopyPlan,
    table: TablePlan,
    watch: CopyHooks,
    before: tuple[int, int],
) -> Digest:
    kinds = [column.kind for column in table.columns]
    change, digest, (done, total) = _Change(plan.source, plan.target, kinds), Digest(kinds), before
    quote = source.engine.quote
    place, columns = _place(target, table), _columns(target, table)

    def prepare(rows: Batch) -> list[Sequence[Any]]:
        try:
            decoded = [change.keep(change.decode(row)) for row in rows]
            ready: list[Sequence[Any]] = [change.encode(row) for row in decoded]
        except ValueConversionError as error:
            raise BadInput(f"{table.display_name}: {_where(plan, table, rows, digest.rows)}{error}.") from error
        digest.add(decoded)
        return ready

    watch.report("rows", done, max(total, done), table.display_name)
    read = [(quote(column.name), column.source_type) for column in table.columns]
    async with contextlib.aclosing(source.reads.scan(quote(table.schema, table.name), read)) as batches:
        async for rows in batches:
            ready = await asyncio.to_thread(prepare, rows)
            try:
                await guarded(target.loads.load(place, columns, ready), watch, target.session)
            except QueryError as error:
                raise BadInput(f"{table.display_name}: {error.message}", hint=error.detail or error.hint) from error
            watch.report("rows", done + digest.rows, max(total, done + digest.rows), table.display_name)
    return digest


class _Change:
    """What a row goes through: as the source spells it, as both sides know it, as the target loads it."""

    def __init__(self, source: Dialect, target: Dialect, kinds: Sequence[ValueKind]) -> None:
        self.decode, self.keep = row_decoder(source, kinds), row_reducer(target, kinds)
        self.encode = row_encoder(target, kinds)


def _place(target: CopyEndpoint, table: TablePlan) -> str:
    return target.engine.quote(table.target_schema, table.target_name)


def _columns(target: CopyEndpoint, table: TablePlan) -> list[tuple[str, str]]:
    return [(target.engine.quote(column.target_column), column.target_type) for column in table.columns]


def _where(plan: CopyPlan, table: TablePlan, rows: Batch, before: int) -> str:
    """Return the row and column of the first cell that is no value of its kind, or none that the target can hold."""
    changes = [_Change(plan.source, plan.target, [column.kind]) for column in table.columns]
    for number, row in enumerate(rows, before + 1):
        for column, change, cell in zip(table.columns, changes, row, strict=True):
            try:
                change.encode(change.keep(change.decode([cell])))
            except ValueConversionError:
                return f"row {number}, column {column.name}: "
    return ""


async def _compare(
    target: CopyEndpoint, plan: CopyPlan, table: TablePlan, source: Digest, watch: CopyHooks
) -> TableComparison:
    kinds = [column.kind for column in table.columns]
    decode, digest = row_decoder(plan.target, kinds), Digest(kinds)

    def add(rows: Batch) -> None:
        digest.add([decode(row) for row in rows])

    async with contextlib.aclosing(target.loads.scan(_place(target, table), _columns(target, table))) as batches:
        async for rows in batches:
            try:
                await asyncio.to_thread(add, rows)
            except ValueConversionError as error:
                raise BadInput(f"{table.target_name}, read back: {error}.") from error
            if watch.stopped():
                raise Cancelled
    return TableComparison(
        table.display_name, table.target_name, source.rows, digest.rows, source.checksum, digest.checksum
    )


async def run(session: Session, statement: str, watch: CopyHooks) -> None:
    """Run a statement of ours to its end; stopped when the work shall stop."""

    async def through() -> None:
        async with contextlib.aclosing(session.run(statement, None, UNLIMITED)) as frames:
            async for _ in frames:
                pass

    await guarded(through(), watch, session)


async def guarded(work: Awaitable[Found], watch: CopyHooks, session: Session) -> Found:
    """Wait for work on a session; when all shall stop, end what runs there."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
            if watch.stopped() and not task.done():
                await session.cancel()
                with contextlib.suppress(QueryError, Cancelled, Unavailable):
                    await task
                raise Cancelled
        return task.result()
    finally:
        if not task.done():
            task.cancel()
