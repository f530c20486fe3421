"""Rows of a table of a snapshot, page by page: a place is found by counts, and only what holds it is read."""

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
    """Return rows of a table from a place on, with long values cut."""
    began = time.perf_counter()
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    table = opened.find(name)
    start = int(decode_cursor(window.cursor, int)[0]) if window.cursor else 0
    start = min(max(start, 0) + window.skip, table.rows)
    rows = await asyncio.to_thread(_read, opened, table, start, window.limit)
    shown, cut = [], []
    for at, row in enumerate(rows):
        cut += [(at, index) for index, cell in enumerate(row) if isinstance(cell, str) and len(cell) > LONGEST_CELL]
        shown.append(tuple(cell[:LONGEST_CELL] if isinstance(cell, str) else cell for cell in row))
    end = start + len(rows)
    return RowsPage(
        opened.engine.quote(table.schema, table.name),
        opened.columns(table),
        shown,
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
    """Return one whole value of a row, which is counted from 0."""
    opened = await snapshot_access.open_snapshot(context, actor, snapshot_id)
    table = opened.find(name)
    names = [one.name for one in opened.readable(table)]
    if column not in names:
        raise NotFound(f"There is no column {column!r}.", hint=did_you_mean(column, names))
    if not 0 <= row < table.rows:
        raise NotFound(
            f"There is no row {row:,}.", hint=f"{manifest_tables.display_name(table)} has {table.rows:,} rows."
        )
    ((found,),) = await asyncio.to_thread(_read, opened, table, row, 1, [names.index(column)])
    if isinstance(found, str) and len(found) > LARGEST_VALUE:
        raise TooLarge(f"The value has {len(found):,} characters.", hint="Export the table to have all of it.")
    return found


def _read(
    opened: OpenSnapshot, table: ManifestTable, start: int, count: int, places: Sequence[int] | None = None
) -> list[tuple[Cell, ...]]:
    found: list[tuple[Cell, ...]] = []
    for batch in opened.window(table, start, count, places):
        found += cells(opened, table, batch, places)
    return found


def cells(
    opened: OpenSnapshot, table: ManifestTable, batch: Any, places: Sequence[int] | None = None
) -> list[tuple[Cell, ...]]:
    """Return rows of a table, or some of their columns, as cells of a result."""
    decoders = opened.decoders(table)
    wanted = range(len(decoders)) if places is None else places
    if not batch.num_columns:
        return [()] * batch.num_rows
    columns = [decoders[place].cells(batch.column(at)) for at, place in enumerate(wanted)]
    return list(zip(*columns, strict=True))
