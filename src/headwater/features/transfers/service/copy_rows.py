"""Copies rows between two open sessions: creates tables, loads rows, adds keys, and compares both sides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
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

Value = TypeVar("Value")
Batch: TypeAlias = Sequence[Sequence[Any]]
LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class CopyEndpoint:
    """An engine with a session for bulk reads or loads; `source` if rows are read from elsewhere."""

    engine: Engine
    session: Session
    source: TransferSource | None = None

    @property
    def reads(self) -> TransferSource:
        """The session as a source of many rows."""
        if self.source is not None:
            return self.source
        if self.engine.transfer.source is None:
            raise BadInput(f"Cannot copy from {self.engine.display_name}.")
        return self.engine.transfer.source(self.session)

    @property
    def loads(self) -> TransferTarget:
        """The session as a target of many rows."""
        if self.engine.transfer.target is None:
            raise BadInput(f"Cannot copy to {self.engine.display_name}.")
        return self.engine.transfer.target(self.session)


@dataclass(frozen=True, slots=True)
class TableComparison:
    """A table in source and target after the copy."""

    table: str
    target: str
    source_rows: int
    target_rows: int
    source_checksum: str
    target_checksum: str

    @property
    def same(self) -> bool:
        """Return True if both sides have the same rows."""
        return (self.source_rows, self.source_checksum) == (self.target_rows, self.target_checksum)


@dataclass(frozen=True, slots=True)
class CopyOutcome:
    """The comparison of each table, and the objects that the target refused, each with the server's reason."""

    compared: Sequence[TableComparison]
    refused: Sequence[str] = ()

    @property
    def plain(self) -> dict[str, Any]:
        """The result as the row of the transfer holds it."""
        tables = [asdict(comparison) | {"same": comparison.same} for comparison in self.compared]
        return {"tables": tables, "refused": list(self.refused), "outcome": self._word}

    @property
    def _word(self) -> str:
        if not all(comparison.same for comparison in self.compared):
            return "different"
        return "incomplete" if self.refused else "equal"


class CopyHooks(Protocol):
    """Callbacks of a copy: its progress, its cancellation, and what it creates."""

    def report(self, phase: str, done: int, total: int, message: str) -> None:
        """Report progress; raise Cancelled if the copy was cancelled."""

    def stopped(self) -> bool:
        """Return True if the copy was cancelled."""

    def refused(self, sentence: str) -> None:
        """Record an object that the target refused, with the reason."""

    async def making(self, kind: str, name: str) -> None:
        """Record a table or type before it is created, so that it can be dropped after a failure."""


class ImportHooks(CopyHooks, Protocol):
    """Callbacks of an import."""

    async def committing(self, rows: int) -> None:
        """Record that these rows are about to be committed: after a crash, nobody knows whether they were."""


async def copy(source: CopyEndpoint, target: CopyEndpoint, plan: CopyPlan, watch: CopyHooks) -> CopyOutcome:
    """Run a plan on a target that has none of its tables; return the comparison of both sides, and what was refused."""
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
    refused = [*await _add(target, later, watch), *await _finish(target, plan, watch)]
    compared = []
    for number, (table, digest) in enumerate(zip(plan.tables, digests, strict=True)):
        watch.report("comparing", number, len(plan.tables), table.target_name)
        compared.append(await _compare(target, plan, table, digest, watch))
    return CopyOutcome(compared, refused)


async def _add(target: CopyEndpoint, statements: Sequence[str], watch: CopyHooks) -> list[str]:
    """Run the statements that no row needs; return what was refused."""
    refused = []
    for number, statement in enumerate(statements):
        subject = statement.split("(")[0].strip()[:120]
        watch.report("keys and indexes", number, len(statements), subject)
        try:
            await run(target.session, statement, watch)
        except QueryError as error:
            refused.append(_refusal(subject, error, watch))
    return refused


async def _finish(target: CopyEndpoint, plan: CopyPlan, watch: CopyHooks) -> list[str]:
    """Set the counters, and check what the target checks after the rows; return what was refused."""
    counters = [
        (_target_name(target, table), target.engine.quote(column)) for table in plan.tables for column in table.counters
    ]
    try:
        await target.loads.finish_load(counters)
    except QueryError as error:
        return [_refusal("Counters and foreign keys", error, watch)]
    return []


def _refusal(subject: str, error: QueryError, watch: CopyHooks) -> str:
    """Return the sentence for a refused statement; raise the error if it says nothing about the statement."""
    if error.transient:
        raise error
    sentence = f"{subject}: {error.message}".rstrip(".")
    watch.refused(sentence)
    return sentence


def split(engine: Engine, schema: Schema) -> tuple[list[str], list[str]]:
    """Return the statements that create bare tables, and those to run after the rows are loaded.

    The engine decides what can come later: keys and indexes that its DDL writes as separate statements.
    """
    whole = list(engine.ddl(schema))
    bares: tuple[Callable[[Relation], Relation], ...] = (
        lambda table: replace(table, indexes=(), foreign_keys=()),
        lambda table: replace(table, indexes=()),
        lambda table: replace(table, foreign_keys=()),
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
    target_table, columns = _target_name(target, table), _columns(target, table)

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
                await guarded(target.loads.load(target_table, columns, ready), watch, target.session)
            except QueryError as error:
                raise BadInput(f"{table.display_name}: {error.message}", hint=error.detail or error.hint) from error
            watch.report("rows", done + digest.rows, max(total, done + digest.rows), table.display_name)
    return digest


class _Change:
    """The conversion of a row: from the source's form to common values to the target's form."""

    def __init__(self, source: Dialect, target: Dialect, kinds: Sequence[ValueKind]) -> None:
        self.decode, self.keep = row_decoder(source, kinds), row_reducer(target, kinds)
        self.encode = row_encoder(target, kinds)


def _target_name(target: CopyEndpoint, table: TablePlan) -> str:
    return target.engine.quote(table.target_schema, table.target_name)


def _columns(target: CopyEndpoint, table: TablePlan) -> list[tuple[str, str]]:
    return [(target.engine.quote(column.target_column), column.target_type) for column in table.columns]


def _where(plan: CopyPlan, table: TablePlan, rows: Batch, before: int) -> str:
    """Return the row and column of the first cell that is invalid, or that the target cannot store."""
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

    async with contextlib.aclosing(target.loads.scan(_target_name(target, table), _columns(target, table))) as batches:
        async for rows in batches:
            try:
                await asyncio.to_thread(add, rows)
            except ValueConversionError as error:
                raise BadInput(f"{table.target_name}, compared after loading: {error}.") from error
            if watch.stopped():
                raise Cancelled
    return TableComparison(
        table.display_name, table.target_name, source.rows, digest.rows, source.checksum, digest.checksum
    )


async def run(session: Session, statement: str, watch: CopyHooks) -> None:
    """Run a statement to its end; cancel it if the copy is cancelled."""

    async def through() -> None:
        async with contextlib.aclosing(session.run(statement, None, UNLIMITED)) as frames:
            async for _ in frames:
                pass

    await guarded(through(), watch, session)


async def guarded(work: Awaitable[Value], watch: CopyHooks, session: Session) -> Value:
    """Wait for work on a session; if the copy is cancelled, cancel what runs there."""
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
