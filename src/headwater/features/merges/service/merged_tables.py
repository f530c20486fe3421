"""Computes a merge from its three snapshots: numbers for each table, and the conflicts with readable values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from headwater.catalog.codec import from_json
from headwater.catalog.model import Schema
from headwater.catalog.results import Cell
from headwater.core.snapshots.row_merge import Choices, Row, RowConflict, RowMerge
from headwater.core.snapshots.table_merge import MergePlan, TableMerge, plan_merge
from headwater.engines import Decoder, Engine
from headwater.features.merges.service.merge_attempt import MergedVersions
from headwater.kit.errors import Conflict
from headwater.vault.pages import VALUES

MOST_CONFLICTS = 10_000
LONGEST_CELL = 500
# Changes of more bytes are computed again when they are written.
MOST_BYTES = 64 * 2**20


@dataclass(slots=True)
class MergedTable:
    """How many rows of a table a merge adds, removes and changes in the target, and how many are in conflict."""

    name: str
    added: int = 0
    removed: int = 0
    changed: int = 0
    conflicts: int = 0

    @property
    def plain(self) -> dict[str, Any]:
        """The numbers as the row of the merge stores them."""
        return {name: getattr(self, name) for name in ("name", "added", "removed", "changed", "conflicts")}

    @property
    def changes(self) -> int:
        """The number of rows that change."""
        return self.added + self.removed + self.changed


@dataclass(slots=True)
class ComputedMerge:
    """A merge as computed: its tables, those left out with the reason, and its conflicts as rows of the store."""

    plan: MergePlan
    choices: Choices
    tables: list[MergedTable] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    _parts: dict[str, list[RowMerge]] = field(default_factory=dict)
    _bytes: int = 0

    def remember(self, table: str, part: RowMerge) -> None:
        """Store the changes of a part, as long as all of them do not need much memory."""
        self._bytes += part.nbytes
        if self._bytes > MOST_BYTES:
            self._parts.clear()
        else:
            self._parts.setdefault(table, []).append(part)

    def parts_of(self, table: TableMerge) -> Iterable[RowMerge]:
        """Return the changes of a table: stored ones, or computed again."""
        return self._parts[table.name] if self._bytes <= MOST_BYTES else table.parts(self.choices)

    @property
    def unresolved(self) -> int:
        """The number of conflicts without a choice."""
        return sum(conflict["choice"] is None for conflict in self.conflicts)

    @property
    def changed(self) -> list[TableMerge]:
        """The tables with changes for the target."""
        names = {table.name for table in self.tables if table.changes}
        return [table for table in self.plan.tables if table.name in names]

    @property
    def plain(self) -> dict[str, Any]:
        """The result as the row of the merge stores it: only tables with changes or conflicts."""
        return {
            "tables": [table.plain for table in self.tables if table.changes or table.conflicts],
            "left_out": dict(self.plan.left_out),
            "conflicts": len(self.conflicts),
        }


def compute(
    versions: MergedVersions, engine: Engine, choices: Choices, progress: Callable[[int, int, str], None]
) -> ComputedMerge:
    """Compute a merge; blocks.

    Raises:
        Conflict: there are more than `MOST_CONFLICTS` conflicts.
    """
    plan = plan_merge(versions.vault, versions.base, versions.ours, versions.theirs)
    computed, schema = ComputedMerge(plan, choices), from_json(versions.ours.schema)
    for number, table in enumerate(plan.tables):
        progress(number, len(plan.tables), table.name)
        readable = _ReadableRows(engine, schema, table)
        merged = MergedTable(table.name)
        for part in table.parts(choices):
            computed.remember(table.name, part)
            merged.added += part.added.num_rows
            merged.removed += part.removed.num_rows
            merged.changed += part.before.num_rows
            merged.conflicts += len(part.conflicts)
            if len(computed.conflicts) + len(part.conflicts) > MOST_CONFLICTS:
                raise Conflict(
                    f"There are more than {MOST_CONFLICTS:,} conflicts.",
                    hint="Start the merge again and prefer one side for all of them: --prefer ours or theirs.",
                )
            start = len(computed.conflicts)
            computed.conflicts += [
                _stored(each, table.name, start + at, choices, readable) for at, each in enumerate(part.conflicts)
            ]
        computed.tables.append(merged)
    return computed


def _stored(
    conflict: RowConflict, table: str, ordinal: int, choices: Choices, readable: _ReadableRows
) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "fingerprint": conflict.fingerprint,
        "table_name": table,
        "kind": conflict.kind,
        "cells": readable.cells_of(conflict),
        "choice": choices(conflict),
    }


class _ReadableRows:
    """Decodes the rows of conflicts to cells."""

    def __init__(self, engine: Engine, schema: Schema, table: TableMerge) -> None:
        self._columns = table.table.columns
        self._key = table.table.key
        assert engine.decoding
        self._decoders: Sequence[Decoder] = [engine.decoding.decoder(column, schema) for column in self._columns]

    def cells_of(self, conflict: RowConflict) -> dict[str, Any]:
        """Return the names of the columns, the ordinals of key and conflict, and the cells of each side."""
        return {
            "columns": [column.name for column in self._columns],
            "key": list(self._key),
            "conflicting": list(conflict.cells),
            "base": self._row(conflict.base),
            "ours": self._row(conflict.ours),
            "theirs": self._row(conflict.theirs),
        }

    def _row(self, row: Row | None) -> list[Cell] | None:
        return None if row is None else list(self._cells(row))

    def _cells(self, row: Row) -> Iterator[Cell]:
        for decoder, value in zip(self._decoders, row, strict=True):
            (cell,) = decoder.cells(pa.array([value], VALUES))
            yield cell[:LONGEST_CELL] if isinstance(cell, str) else cell
