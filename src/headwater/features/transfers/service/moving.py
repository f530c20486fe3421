"""Moves rows between two open sessions: makes the tables, fills them, adds keys, and compares both sides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from headwater.catalog.model import Relation, Schema
from headwater.catalog.results import UNLIMITED, QueryError, Row, Rows
from headwater.core.transfer.codec import Unfit, row_decoder, row_encoder
from headwater.core.transfer.digest import Digest
from headwater.core.transfer.plan import Plan, TablePlan
from headwater.engines import Engine, Loads, Session
from headwater.kit.errors import BadInput, Cancelled, Unavailable

Found = TypeVar("Found")
LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Side:
    """An engine with a session of it that reads or loads in bulk."""

    engine: Engine
    session: Session

    @property
    def loads(self) -> Loads:
        """The session as one that moves many rows."""
        if not isinstance(self.session, Loads):
            raise BadInput(f"Rows of {self.engine.NAME} cannot be moved yet.")
        return self.session


@dataclass(frozen=True, slots=True)
class Compared:
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


class Watch(Protocol):
    """Told how a copy goes on; asked whether it shall stop."""

    def report(self, phase: str, done: int, total: int, message: str) -> None:
        """Show how far it is; raises Cancelled when it shall stop."""

    def stopped(self) -> bool:
        """Whether it shall stop."""

    async def making(self, kind: str, name: str) -> None:
        """A table or type is about to be made: whoever clears up must know, whatever happens from here on."""


async def copy(source: Side, target: Side, plan: Plan, watch: Watch) -> list[Compared]:
    """Carry out a plan on a target that has none of its tables; return the comparison of both sides."""
    await source.loads.begin_reading()
    await target.loads.begin_loading()
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
    quote = target.engine.quote
    counters = [
        (quote(table.target_schema, table.target_name), quote(column))
        for table in plan.tables
        for column in table.counters
    ]
    await target.loads.end_loading(counters)
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


async def _make(target: Side, plan: Plan, statements: Sequence[str], watch: Watch) -> None:
    for enum in plan.schema.enums:
        await watch.making("type", target.engine.quote(enum.schema, enum.name))
    for relation in plan.schema:
        await watch.making("table", target.engine.quote(relation.schema, relation.name))
    for number, statement in enumerate(statements):
        watch.report("tables", number, len(statements), statement.split("(")[0].strip()[:120])
        await run(target.session, statement, watch)


async def _fill(
    source: Side, target: Side, plan: Plan, table: TablePlan, watch: Watch, before: tuple[int, int]
) -> Digest:
    kinds = [column.kind for column in table.columns]
    decode, encode = row_decoder(plan.source, kinds), row_encoder(plan.target, kinds)
    digest, (done, total) = Digest(kinds), before
    quote = target.engine.quote
    place, names = quote(table.target_schema, table.target_name), [quote(column.name) for column in table.columns]

    def prepare(rows: list[Row]) -> list[Sequence[Any]]:
        try:
            decoded = [decode(row) for row in rows]
        except Unfit as error:
            raise BadInput(f"{table.shown}: {_where(table, rows, plan.source, digest.rows)}{error}.") from error
        digest.add(decoded)
        return [encode(row) for row in decoded]

    watch.report("rows", done, max(total, done), table.shown)
    async with contextlib.aclosing(_read(source, table, target_side=False)) as batches:
        async for rows in batches:
            ready = await asyncio.to_thread(prepare, rows)
            try:
                await guarded(target.loads.load(place, names, ready), watch, target.session)
            except QueryError as error:
                raise BadInput(f"{table.shown}: {error.message}", hint=error.detail or error.hint) from error
            watch.report("rows", done + digest.rows, max(total, done + digest.rows), table.shown)
    return digest


def _where(table: TablePlan, rows: list[Row], dialect: str, before: int) -> str:
    """Return the row and column of the first cell that is no value of its kind."""
    for number, row in enumerate(rows, before + 1):
        for column, cell in zip(table.columns, row, strict=True):
            try:
                row_decoder(dialect, [column.kind])([cell])
            except Unfit:
                return f"row {number}, column {column.name}: "
    return ""


async def _read(side: Side, table: TablePlan, *, target_side: bool) -> AsyncGenerator[list[Row], None]:
    """Give the rows of a table in batches."""
    quote, reading = side.engine.quote, side.loads.reading
    cells = [
        reading(quote(column.name), column.target_type if target_side else column.source_type)
        for column in table.columns
    ]
    name = quote(table.target_schema, table.target_name) if target_side else quote(table.schema, table.name)
    text = f"SELECT {', '.join(cells)} FROM {name}"  # noqa: S608
    async with contextlib.aclosing(side.session.run(text, None, UNLIMITED)) as frames:
        async for frame in frames:
            if isinstance(frame, Rows):
                yield frame.rows


async def _compare(target: Side, plan: Plan, table: TablePlan, source: Digest, watch: Watch) -> Compared:
    kinds = [column.kind for column in table.columns]
    decode, digest = row_decoder(plan.target, kinds), Digest(kinds)

    def add(rows: list[Row]) -> None:
        digest.add([decode(row) for row in rows])

    async with contextlib.aclosing(_read(target, table, target_side=True)) as batches:
        async for rows in batches:
            try:
                await asyncio.to_thread(add, rows)
            except Unfit as error:
                raise BadInput(f"{table.target_name}, read back: {error}.") from error
            if watch.stopped():
                raise Cancelled
    return Compared(table.shown, table.target_name, source.rows, digest.rows, source.checksum, digest.checksum)


async def run(session: Session, statement: str, watch: Watch) -> None:
    """Run a statement of ours to its end; stopped when the work shall stop."""

    async def through() -> None:
        async with contextlib.aclosing(session.run(statement, None, UNLIMITED)) as frames:
            async for _ in frames:
                pass

    await guarded(through(), watch, session)


async def guarded(work: Awaitable[Found], watch: Watch, session: Session) -> Found:
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


async def drop(target: Side, made: Sequence[tuple[str, str]]) -> None:
    """Take away what a copy had made: tables that refer to others first, whatever is there of them."""
    left = [f"DROP {kind.upper()} IF EXISTS {name}" for kind, name in made]
    last: QueryError | None = None
    for _ in range(len(left) + 1):
        failed = []
        for statement in sorted(left, key=lambda one: one.startswith("DROP TYPE")):
            try:
                async with contextlib.aclosing(target.session.run(statement, None, UNLIMITED)) as frames:
                    async for _frame in frames:
                        pass
            except QueryError as error:
                failed.append(statement)
                last = error
        if not failed:
            return
        if len(failed) == len(left):
            break
        left = failed
    if last:
        raise last
