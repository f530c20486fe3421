"""What differs between two snapshots of one vault: numbers for each table, and pages of rows with both values."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.catalog.results import ResultColumn
from headwater.core.snapshots import manifest_tables
from headwater.engines import Decoder
from headwater.features.accounts.rights import Actor
from headwater.features.diffs.service.change_reader import ChangeKind, ChangeReader, RowChange
from headwater.features.diffs.service.compared_tables import ComparedTable
from headwater.features.diffs.service.table_versions import TableSummary
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service.rows import LONGEST_CELL
from headwater.kit.errors import BadInput, NotFound, did_you_mean
from headwater.kit.paging import decode_cursor, encode_cursor
from headwater.store.context import Context
from headwater.vault.manifest import ManifestTable

SUMMARY_SECONDS = 10.0
SCAN_SECONDS = 10.0  # a page that has not filled by then is sent as it is, with a cursor


@dataclass(frozen=True)
class SnapshotDiff:
    """What differs between two snapshots, by table, sorted by name."""

    before: uuid.UUID
    after: uuid.UUID
    tables: tuple[TableSummary, ...]
    milliseconds: float


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
    return await compare_opened(*await _both(context, actor, before_id, after_id))


async def compare_opened(before: OpenSnapshot, after: OpenSnapshot) -> SnapshotDiff:
    """Return how many rows of each table differ between two snapshots of one vault and engine."""
    began = time.monotonic()
    tables = await asyncio.to_thread(_summaries, before, after, began + SUMMARY_SECONDS)
    return SnapshotDiff(before.id, after.id, tuple(tables), (time.monotonic() - began) * 1000)


async def changes(
    context: Context, actor: Actor, before_id: uuid.UUID, after_id: uuid.UUID, window: ChangesWindow
) -> ChangesPage:
    """Return a page of rows of a table that differ; raises like `compare`, and NotFound for a table."""
    return await changes_opened(*await _both(context, actor, before_id, after_id), window)


async def changes_opened(before: OpenSnapshot, after: OpenSnapshot, window: ChangesWindow) -> ChangesPage:
    """Return a page of rows of a table that differ between two snapshots of one vault and engine."""
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
            summaries.append(ComparedTable(before=before, after=after, old=old[name], new=new[name]).summary(deadline))
    return summaries


def _pair(before: OpenSnapshot, after: OpenSnapshot, name: str) -> ComparedTable:
    new = after.find(name)
    shown = manifest_tables.display_name(new)
    old = next((table for table in before.manifest.tables if manifest_tables.display_name(table) == shown), None)
    if old is None:
        known = map(manifest_tables.display_name, before.manifest.tables)
        raise NotFound(f"The older snapshot has no table {shown}.", hint=did_you_mean(shown, known))
    return ComparedTable(before=before, after=after, old=old, new=new)


def _page(pair: ComparedTable, window: ChangesWindow) -> ChangesPage:
    region, skipped = map(int, decode_cursor(window.cursor, int, int)) if window.cursor else (0, 0)
    reader = _reader(pair)
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


def _reader(pair: ComparedTable) -> ChangeReader:
    names = pair.columns[: pair.visible]
    columns = {column.name: column for column in pair.after.columns(pair.new)}
    decoders = _decoders(pair.before, pair.old, names), _decoders(pair.after, pair.new, names)
    return ChangeReader([columns[name] for name in names], *decoders, LONGEST_CELL)


def _decoders(opened: OpenSnapshot, table: ManifestTable, names: Sequence[str]) -> list[Decoder]:
    by_name = {
        column.name: decoder for column, decoder in zip(opened.readable(table), opened.decoders(table), strict=True)
    }
    return [by_name[name] for name in names]
