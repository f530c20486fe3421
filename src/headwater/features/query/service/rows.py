"""Rows of a table in pages, filtered and sorted by the database.

A page starts after the key of the last row before it (keyset paging; Winand, SQL Performance Explained, "Paging Through
Results"), which is as fast in the middle of a million rows as at the start. Tables without a key are paged by OFFSET.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from headwater.catalog.results import Cell, Limits, QueryCancelled, QueryError, ResultColumn, Row, Rows, Started
from headwater.engines import Session
from headwater.features.query.service import access as doors
from headwater.features.query.service import tables
from headwater.features.query.service.access import Access
from headwater.features.query.service.tables import GridTable
from headwater.kit.errors import BadInput, Invalid, TooLarge
from headwater.store.context import Context

LONGEST_CELL = 1024
# Of a complete value, in characters (two for a byte): a browser cannot handle more.
LARGEST_VALUE = 16 * 2**20
COUNT_SECONDS = 2.0
COUNTED_BELOW = 200_000
OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A condition on one column."""

    column: str
    operator: str
    value: Cell = None
    values: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class RowSort:
    """A column to sort by."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RowsRequest:
    """A page of a table."""

    table: str
    schema: str | None = None
    filters: tuple[RowFilter, ...] = ()
    sort: tuple[RowSort, ...] = ()
    cursor: str | None = None
    skip: int = 0
    limit: int = 200
    counts: bool = True


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows of a table and the cursor of the next page; `name` is the quoted name of the table."""

    name: str
    columns: tuple[ResultColumn, ...]
    rows: list[Row]
    cut: list[tuple[int, int]]
    key: tuple[str, ...]
    why: str | None
    next: str | None
    count: int | None
    count_is_estimate: bool
    sql: str
    milliseconds: float


@dataclass(slots=True)
class _Query:
    """A statement under construction, with the values of its placeholders."""

    table: GridTable
    conditions: list[str] = field(default_factory=list)
    values: list[Cell] = field(default_factory=list)

    def bind(self, value: Cell, column: str | None = None) -> str:
        """Add a value and return its placeholder; bytes may have to be a literal in the statement instead."""
        if column and self.table.grammar.bytes_of(value, self.table.column(column).type) is not None:
            return self.table.literal(column, value)
        self.values.append(value)
        return f"${len(self.values)}"

    @property
    def where(self) -> str:
        """The WHERE clause, or an empty text."""
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


async def page(context: Context, access: Access, request: RowsRequest) -> RowsPage:
    """Return a page of a table.

    Raises:
        NotFound: there is no such table.
        Invalid: a filter or sort has an unknown column or no value.
        BadInput: the cursor belongs to another list.
        QueryError: the database rejected a value, for instance text where a number is required.
    """
    table = await tables.find(context, access, request.table, request.schema)
    query = _Query(table)
    for number, condition in enumerate(request.filters):
        query.conditions.append(_condition(table, condition, query, number))
    counted = _Query(table, list(query.conditions), list(query.values))
    order = _order(table, request.sort)
    offset = _start(table, request, order, query)
    text = _select(table, query, order, request.limit, offset)
    began = time.perf_counter()
    async with doors.open_session(context, access, fixed_text=True) as session:
        columns, rows = await _fetched(session, text, query.values)
        count, estimated = None, False
        if request.counts and request.cursor is None and not request.skip:
            count, estimated = await _count(session, table, counted)
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    after = _cursor(table, rows[-1], columns, order, offset + len(rows)) if more else None
    short_rows, cut = _cut(rows)
    return RowsPage(
        table.name,
        columns,
        short_rows,
        cut,
        table.key,
        table.why,
        after,
        count,
        estimated,
        _spelt(table, text, query.values),
        (time.perf_counter() - began) * 1000,
    )


def _condition(table: GridTable, row_filter: RowFilter, query: _Query, number: int) -> str:
    column = table.quoted(row_filter.column)
    match row_filter.operator:
        case "is null":
            return f"{column} IS NULL"
        case "is not null":
            return f"{column} IS NOT NULL"
        case "in" if row_filter.values:
            return f"{column} IN ({', '.join(query.bind(value, row_filter.column) for value in row_filter.values)})"
        case "contains" | "starts" if row_filter.value is not None:
            text = re.sub("[!%_]", r"!\g<0>", str(row_filter.value).lower())
            pattern = f"%{text}%" if row_filter.operator == "contains" else f"{text}%"
            return f"LOWER(CAST({column} AS {table.grammar.text})) LIKE {query.bind(pattern)} ESCAPE '!'"
        case operator if operator in OPERATORS and row_filter.value is not None:
            return (
                f"{column} {'<>' if operator == '!=' else operator} {query.bind(row_filter.value, row_filter.column)}"
            )
    raise Invalid({f"filters.{number}": f"{row_filter.column} {row_filter.operator}: enter a value to compare with."})


def _order(table: GridTable, wanted: Sequence[RowSort]) -> list[RowSort]:
    """Return the sort order, with the key at the end so that it is unambiguous."""
    order = list({sort.column: sort for sort in reversed(wanted)}.values())[::-1]
    order += [RowSort(name) for name in table.key if name not in {sort.column for sort in order}]
    for sort in order:
        table.quoted(sort.column)
    return order


def _start(table: GridTable, request: RowsRequest, order: Sequence[RowSort], query: _Query) -> int:
    """Start the query after the cursor; return how many rows to skip from there."""
    if request.cursor is None:
        return request.skip
    kind, *values = _read(request.cursor)
    wanted: Any = [[sort.column, sort.descending] for sort in order]
    if kind == "offset" and not table.key:
        return request.skip + int(str(values[0]))
    if kind != wanted or len(values) != len(order):
        raise BadInput("The cursor does not belong to this list.", hint="Omit it to start from the beginning.")
    query.conditions.append(_after(table, order, values, query))
    return request.skip


def _after(table: GridTable, order: Sequence[RowSort], values: Sequence[Cell], query: _Query) -> str:
    """Return the condition for rows after these values, as the engine sorts NULLs."""
    plain = len({sort.descending for sort in order}) == 1 and not any(_nullable(table, sort) for sort in order)
    if plain and (table.grammar.compares_rows or len(order) == 1):
        names = ", ".join(table.quoted(sort.column) for sort in order)
        marks = ", ".join(query.bind(value, sort.column) for sort, value in zip(order, values, strict=True))
        return f"({names}) {'<' if order[0].descending else '>'} ({marks})"
    alternatives, equal = [], ""
    for index, (sort, value) in enumerate(zip(order, values, strict=True), 1):
        name = table.quoted(sort.column)
        beyond = _beyond(table, sort, value, query)
        if beyond:
            alternatives.append(f"({equal}{beyond})")
        if index < len(order):
            equal += f"{name} IS NULL AND " if value is None else f"{name} = {query.bind(value, sort.column)} AND "
    return f"({' OR '.join(alternatives)})"


def _beyond(table: GridTable, sort: RowSort, value: Cell, query: _Query) -> str:
    """Return the condition for values after this one, "" if there are none."""
    name = table.quoted(sort.column)
    nulls_behind = table.grammar.nulls_first == sort.descending
    if value is None:
        return "" if nulls_behind else f"{name} IS NOT NULL"
    ahead = f"{name} {'<' if sort.descending else '>'} {query.bind(value, sort.column)}"
    return f"({ahead} OR {name} IS NULL)" if nulls_behind and _nullable(table, sort) else ahead


def _nullable(table: GridTable, sort: RowSort) -> bool:
    return table.column(sort.column).nullable


def _select(table: GridTable, query: _Query, order: Sequence[RowSort], limit: int, offset: int) -> str:
    by = ", ".join(f"{table.quoted(sort.column)}{' DESC' if sort.descending else ''}" for sort in order)
    sorted_by = f" ORDER BY {by}" if by else ""
    skipped = f" OFFSET {offset}" if offset else ""
    return f"SELECT * FROM {table.name}{query.where}{sorted_by} LIMIT {limit + 1}{skipped}"  # noqa: S608 - names are quoted, values bound


async def _fetched(
    session: Session, text: str, values: list[Cell], longest: int | None = None
) -> tuple[tuple[ResultColumn, ...], list[Row]]:
    limits = Limits(rows=None, bytes=64 * 2**20, seconds=60, read_only=True, cell=longest)
    columns: tuple[ResultColumn, ...] = ()
    rows: list[Row] = []
    async for frame in session.run(text, values, limits):
        if isinstance(frame, Started):
            columns = frame.columns or ()
        elif isinstance(frame, Rows):
            rows += frame.rows
    return columns, rows


async def _count(session: Session, table: GridTable, query: _Query) -> tuple[int | None, bool]:
    """Return the number of all rows and whether it is an estimate of the engine, used where counting is slow."""
    known = table.relation.rows
    if known is not None and known >= COUNTED_BELOW and not query.conditions:
        return known, True
    text = f"SELECT count(*) FROM {table.name}{query.where}"  # noqa: S608 - as above
    limits = Limits(rows=1, bytes=None, seconds=COUNT_SECONDS, read_only=True)
    rows: list[Row] = []
    try:
        async for frame in session.run(text, query.values, limits):
            rows += frame.rows if isinstance(frame, Rows) else []
    except (QueryError, QueryCancelled):
        return None, False
    return int(str(rows[0][0])), False


def _cursor(table: GridTable, last: Row, columns: Sequence[ResultColumn], order: Sequence[RowSort], offset: int) -> str:
    if not table.key:
        return _written("offset", offset)
    positions = {column.name: index for index, column in enumerate(columns)}
    what = [[sort.column, sort.descending] for sort in order]
    return _written(what, *(last[positions[sort.column]] for sort in order))


def _written(*parts: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def _read(cursor: str) -> list[Cell]:
    try:
        parts = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        parts = None
    if not isinstance(parts, list) or len(parts) < 2:
        raise BadInput("The cursor does not belong to this list.", hint="Omit it to start from the beginning.")
    return parts


def _cut(rows: list[Row]) -> tuple[list[Row], list[tuple[int, int]]]:
    """Return the rows with long cells truncated, and the positions of those."""
    cut: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        long = [index for index, cell in enumerate(row) if isinstance(cell, str) and len(cell) > LONGEST_CELL]
        if long:
            cut += [(number, position) for position in long]
            rows[number] = tuple(
                cell[:LONGEST_CELL] if isinstance(cell, str) and position in long else cell
                for position, cell in enumerate(row)
            )
    return rows, cut


def _spelt(table: GridTable, text: str, values: Sequence[Cell]) -> str:
    """Return a statement with its values instead of placeholders, for display."""

    def put(mark: re.Match[str]) -> str:
        number = int(mark[1])
        return table.grammar.literal(values[number - 1]) if 0 < number <= len(values) else mark[0]

    return re.sub(r"\$(\d+)", put, text)


async def cell(
    context: Context, access: Access, table_name: str, schema_name: str | None, key: dict[str, Cell], column: str
) -> Cell:
    """Return a complete value of a row.

    Raises:
        TooLarge: it is longer than LARGEST_VALUE.
    """
    table = await tables.find(context, access, table_name, schema_name)
    table.check_key(key, 0)
    query = _Query(table)
    query.conditions = [f"{table.quoted(name)} = {query.bind(value, name)}" for name, value in key.items()]
    text = f"SELECT {table.quoted(column)} FROM {table.name}{query.where}"  # noqa: S608 - as above
    async with doors.open_session(context, access, fixed_text=True) as session:
        _, rows = await _fetched(session, text, query.values, LARGEST_VALUE + 1)
    value = rows[0][0] if rows else None
    if isinstance(value, str) and len(value) > LARGEST_VALUE:
        raise TooLarge(
            f"This value of {column} is longer than {LARGEST_VALUE >> 20} million characters.",
            hint="Export the table to get the complete value.",
        )
    return value
