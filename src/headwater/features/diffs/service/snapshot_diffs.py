"""What differs between two snapshots of one vault: numbers for each table, and pages of rows with both values."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from headwater.catalog.results import Cell, ResultColumn
from headwater.core.snapshots import manifest_tables
from headwater.core.snapshots.row_differences import RowDifferences
from headwater.engines import Batch, Decoder
from headwater.features.accounts.rights import Actor
from headwater.features.diffs.service.compared_tables import ComparedTable, TableSummary
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service.rows import LONGEST_CELL
from headwater.kit.errors import BadInput, NotFound, did_you_mean
from headwater.kit.paging import decode_cursor, encode_cursor
from headwater.store.context import Context
from headwater.vault.manifest import ManifestTable

ChangeKind = Literal["added", "removed", "changed"]
SUMMARY_SECONDS = 10.0
SCAN_SECONDS = 10.0  # a page that has not filled by then is sent as it is, with a cursor


@dataclass(frozen=True)
class SnapshotDiff:
    """What differs between two snapshots, by table, sorted by name."""

    before: uuid.UUID
    after: uuid.UUID
    tables: tuple[TableSummary, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that differs: its cells before and after, and the ordinals of the columns whose values differ."""

    kind: ChangeKind
    before: tuple[Cell, ...] | None
    after: tuple[Cell, ...] | None
    touched: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChangesPage:
    """Some rows of a table that differ. `shortened` says that long values were cut."""

    table: str
    columns: tuple[ResultColumn, ...]
    key: tuple[str, ...]
    changes: tuple[RowChange, ...]
    shortened: bool
    next: str | None


@dataclass(frozen=True, slots=True)
class ChangesWindow:
    """The changes that are wanted: `limit` of them after a cursor, of one kind or of all."""

    table: str
    kind: ChangeKind | None
    cursor: str | None
    limit: int


async def compare(context: Context, actor: Actor, before_id: uuid.UUID, after_id: uuid.UUID) -> SnapshotDiff:
    """Return how many rows of each table differ.

    Raises:
        NotFound, Forbidden, Conflict: a snapshot cannot be read; see `open_snapshot`.
        BadInput: they are of two engines or in two vaults, or of an engine whose snapshots cannot be compared.
    """
    began = time.monotonic()
    before, after = await _both(context, actor, before_id, after_id)
    tables = await asyncio.to_thread(_summaries, before, after, began + SUMMARY_SECONDS)
    return SnapshotDiff(before.id, after.id, tuple(tables), (time.monotonic() - began) * 1000)


async def changes(
    context: Context, actor: Actor, before_id: uuid.UUID, after_id: uuid.UUID, window: ChangesWindow
) -> ChangesPage:
    """Return a page of rows of a table that differ; raises like `compare`, and NotFound for a table."""
    before, after = await _both(context, actor, before_id, after_id)
    pair = _pair(before, after, window.table)
    return await asyncio.to_thread(_page, pair, window)


async def _both(
    context: Context, actor: Actor, before_id: uuid.UUID, after_id: uuid.UUID
) -> tuple[OpenSnapshot, OpenSnapshot]:
    before = await snapshot_access.open_snapshot(context, actor, before_id)
    after = await snapshot_access.open_snapshot(context, actor, after_id)
    if before.engine.name != after.engine.name:
        raise BadInput(
            f"One snapshot is of {before.engine.display_name}, the other one of {after.engine.display_name}.",
            hint="Choose two snapshots of one engine.",
        )
    if before.engine.decoding and before.engine.decoding.flattening:
        raise BadInput(f"Snapshots of {before.engine.display_name} cannot be compared yet.")
    if before.vault_id != after.vault_id:
        raise BadInput("The snapshots are in different vaults.", hint="Choose two snapshots of one vault.")
    return before, after


def _summaries(before: OpenSnapshot, after: OpenSnapshot, deadline: float) -> list[TableSummary]:
    old, new = ({manifest_tables.display_name(t): t for t in side.manifest.tables} for side in (before, after))
    summaries = []
    for name in sorted({*old, *new}):
        if name not in new:
            summaries.append(TableSummary(name, "removed", old[name].rows, 0, removed=old[name].rows))
        elif name not in old:
            summaries.append(TableSummary(name, "added", 0, new[name].rows, added=new[name].rows))
        else:
            summaries.append(ComparedTable(before, after, old[name], new[name]).summary(deadline))
    return summaries


def _pair(before: OpenSnapshot, after: OpenSnapshot, name: str) -> ComparedTable:
    new = after.find(name)
    shown = manifest_tables.display_name(new)
    old = next((table for table in before.manifest.tables if manifest_tables.display_name(table) == shown), None)
    if old is None:
        known = map(manifest_tables.display_name, before.manifest.tables)
        raise NotFound(f"The older snapshot has no table {shown}.", hint=did_you_mean(shown, known))
    return ComparedTable(before, after, old, new)


def _page(pair: ComparedTable, window: ChangesWindow) -> ChangesPage:
    region, skipped = map(int, decode_cursor(window.cursor, int, int)) if window.cursor else (0, 0)
    reader = _ChangeReader(pair)
    collected: list[RowChange] = []
    deadline, following = time.monotonic() + SCAN_SECONDS, None
    for ordinal, part in () if pair.is_same else pair.differences(region):
        skip = skipped if ordinal == region else 0
        wanted = reader.changes(part, window.kind, skip, window.limit + 1 - len(collected))
        collected += wanted
        if len(collected) > window.limit:
            following = encode_cursor(ordinal, skip + len(wanted) - 1)
            break
        if time.monotonic() > deadline:
            following = encode_cursor(ordinal + 1, 0)
            break
    key = tuple(pair.columns[ordinal] for ordinal in pair.key if ordinal < pair.visible)
    return ChangesPage(pair.name, reader.columns, key, tuple(collected[: window.limit]), reader.shortened, following)


class _ChangeReader:
    """Decodes the changed rows of a table to cells; a column is read with the type that it has on each side."""

    def __init__(self, pair: ComparedTable) -> None:
        names = pair.columns[: pair.visible]
        self._before, self._after = _decoders(pair.before, pair.old, names), _decoders(pair.after, pair.new, names)
        columns = {column.name: column for column in pair.after.columns(pair.new)}
        self.columns = tuple(columns[name] for name in names)
        self.shortened = False

    def changes(self, part: RowDifferences, kind: ChangeKind | None, skip: int, limit: int) -> list[RowChange]:
        """Return some of the changes of a part: removed rows first, then changed and added ones."""
        collected: list[RowChange] = []
        for each, count in (
            ("removed", part.removed.num_rows),
            ("changed", part.before.num_rows),
            ("added", part.added.num_rows),
        ):
            if kind not in (None, each):
                continue
            start = min(skip, count)
            skip -= start
            collected += self._some(part, each, slice(start, min(count, start + limit - len(collected))))
        return collected

    def _some(self, part: RowDifferences, kind: str, rows: slice) -> Iterator[RowChange]:
        size = max(0, rows.stop - rows.start)
        if kind == "removed":
            return (
                RowChange("removed", row, None)
                for row in self._cells(part.removed.slice(rows.start, size), self._before)
            )
        if kind == "added":
            return (
                RowChange("added", None, row) for row in self._cells(part.added.slice(rows.start, size), self._after)
            )
        before = self._cells(part.before.slice(rows.start, size), self._before)
        after = self._cells(part.after.slice(rows.start, size), self._after)
        touched = [
            tuple(at for at in range(len(self.columns)) if part.touched[at][number])
            for number in range(rows.start, rows.start + size)
        ]
        return (RowChange("changed", *values) for values in zip(before, after, touched, strict=True))

    def _cells(self, batch: Batch, decoders: Sequence[Decoder]) -> list[tuple[Cell, ...]]:
        if not decoders:
            return [()] * batch.num_rows
        columns = [decoder.cells(batch.column(at)) for at, decoder in enumerate(decoders)]
        return [tuple(map(self._short, row)) for row in zip(*columns, strict=True)]

    def _short(self, cell: Cell) -> Cell:
        if isinstance(cell, str) and len(cell) > LONGEST_CELL:
            self.shortened = True
            return cell[:LONGEST_CELL]
        return cell


def _decoders(opened: OpenSnapshot, table: ManifestTable, names: Sequence[str]) -> list[Decoder]:
    by_name = {
        column.name: decoder for column, decoder in zip(opened.readable(table), opened.decoders(table), strict=True)
    }
    return [by_name[name] for name in names]
