"""Pages of rows of a snapshot's table: only the chunks that contain the requested rows are read."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headwater.catalog.results import Cell
from headwater.core.snapshots import manifest_tables
from headwater.features.accounts.rights import Actor
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service.rows import LARGEST_VALUE, LONGEST_CELL, RowsPage
from headwater.kit.errors import NotFound, TooLarge, did_you_mean
from headwater.kit.paging import decode_cursor, encode_cursor
from headwater.store.context import Context
from headwater.vault.manifest import ManifestTable

WHY = "A snapshot cannot be changed."


@dataclass(frozen=True, slots=True)
class RowWindow:
    """The rows that are wanted: `limit` of them, `skip` rows after a cursor or after the start of the table."""

    cursor: str | None
    skip: int
    limit: int


async def page(context: Context, actor: Actor, snapshot_id: uuid.UUID, name: str, window: RowWindow) -> RowsPage:
    """Return a page of rows of a table, with long values shortened."""
    began = time.perf_counter()
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    table = opened.find(name)
    start = int(decode_cursor(window.cursor, int)[0]) if window.cursor else 0
    start = min(max(start, 0) + window.skip, table.rows)
    rows = await asyncio.to_thread(_read, opened, table, start, window.limit)
    shortened, cut = [], []
    for at, row in enumerate(rows):
        cut += [(at, index) for index, cell in enumerate(row) if isinstance(cell, str) and len(cell) > LONGEST_CELL]
        shortened.append(tuple(cell[:LONGEST_CELL] if isinstance(cell, str) else cell for cell in row))
    end = start + len(rows)
    return RowsPage(
        opened.engine.quote(table.schema, table.name),
        opened.columns(table),
        shortened,
        cut,
        (),
        WHY,
        encode_cursor(end) if end < table.rows else None,
        table.rows,
        False,
        "",
        (time.perf_counter() - began) * 1000,
    )


async def cell(context: Context, actor: Actor, snapshot_id: uuid.UUID, name: str, *, row: int, column: str) -> Cell:
    """Return one value in full; `row` is the number of its row, starting at 0."""
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    table = opened.find(name)
    names = [column_.name for column_ in opened.readable(table)]
    if column not in names:
        raise NotFound(f"There is no column {column!r}.", hint=did_you_mean(column, names))
    if not 0 <= row < table.rows:
        raise NotFound(
            f"There is no row {row:,}.", hint=f"{manifest_tables.display_name(table)} has {table.rows:,} rows."
        )
    ((value,),) = await asyncio.to_thread(_read, opened, table, row, 1, [names.index(column)])
    if isinstance(value, str) and len(value) > LARGEST_VALUE:
        raise TooLarge(f"The value has {len(value):,} characters.", hint="Export the table to get the whole value.")
    return value


def _read(
    opened: OpenSnapshot, table: ManifestTable, start: int, count: int, indexes: Sequence[int] | None = None
) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for batch in opened.window(table, start, count, indexes):
        rows += cells(opened, table, batch, indexes)
    return rows


def cells(
    opened: OpenSnapshot, table: ManifestTable, batch: Any, indexes: Sequence[int] | None = None
) -> list[tuple[Cell, ...]]:
    """Return the rows of a batch, or some of their columns, as cells of a result."""
    decoders = opened.decoders(table)
    wanted = range(len(decoders)) if indexes is None else indexes
    if not batch.num_columns:
        return [()] * batch.num_rows
    columns = [decoders[index].cells(batch.column(at)) for at, index in enumerate(wanted)]
    return list(zip(*columns, strict=True))
