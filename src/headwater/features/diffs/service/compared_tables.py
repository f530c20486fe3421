"""A table of two snapshots: which of its columns can be compared, by which key, and where it differs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import pyarrow as pa

from headwater.core.snapshots import manifest_tables
from headwater.core.snapshots.row_differences import RowDifferences, as_multisets, by_key, join
from headwater.engines import Batch
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.vault.manifest import ManifestTable
from headwater.vault.pages import VALUES
from headwater.vault.table_differences import Region, keyless_region, regions
from headwater.vault.table_reader import TableReader

Status = Literal["equal", "changed", "added", "removed"]


@dataclass(frozen=True)
class TableSummary:
    """How many rows of a table differ; the numbers are lower bounds unless `exact`.

    `columns` has how many changed rows differ in a column. `notes` are sentences about what was not compared.
    """

    name: str
    status: Status
    rows_before: int
    rows_after: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    exact: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComparedTable:
    """A table that both snapshots have."""

    before: OpenSnapshot
    after: OpenSnapshot
    old: ManifestTable
    new: ManifestTable

    @property
    def name(self) -> str:
        """The name of the table."""
        return manifest_tables.display_name(self.new)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that both versions have, in the order of the newer one; hidden ones at the end."""
        older = {column.name for column in self.old.columns}
        return tuple(column.name for column in self.new.columns if column.name in older)

    @cached_property
    def visible(self) -> int:
        """How many of these columns users see."""
        hidden = {column.name for column in (*self.old.columns, *self.new.columns) if column.hidden}
        return sum(name not in hidden for name in self.columns)

    @cached_property
    def key(self) -> tuple[int, ...]:
        """The ordinals of the key among these columns; empty if there is none or it is another one."""
        old, new = (tuple(table.columns[ordinal].name for ordinal in table.key) for table in (self.old, self.new))
        return tuple(map(self.columns.index, new)) if old == new else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is not compared."""
        old, new = ([column.name for column in t.columns if not column.hidden] for t in (self.old, self.new))
        sentences = [f"Column {name} was removed; its values are not compared." for name in old if name not in new]
        sentences += [f"Column {name} was added; its values are not compared." for name in new if name not in old]
        if not self.key:
            sentences.append("There is no common key: rows are added or removed, never changed.")
        return tuple(sentences)

    @property
    def is_same(self) -> bool:
        """True if the vault has the same content for both, without reading it."""
        return self.old.root.id == self.new.root.id and self.old.columns == self.new.columns

    def differences(self, first: int = 0) -> Iterator[tuple[int, RowDifferences]]:
        """Yield the differences of each region from this ordinal on; blocks."""
        old, new = self.before.vault.table(self.old), self.after.vault.table(self.new)
        if not self.key:
            if first == 0:
                before, after = self._rows(old, new, keyless_region(old, new))
                yield 0, as_multisets(before, after, self._empty)
            return
        for ordinal, region in enumerate(regions(old, new)):
            if ordinal >= first:
                before, after = self._rows(old, new, region)
                yield ordinal, by_key(join([self._empty, *before]), join([self._empty, *after]), self.key)

    def _rows(self, old: TableReader, new: TableReader, region: Region) -> tuple[Iterator[Batch], Iterator[Batch]]:
        places = self._places(self.old), self._places(self.new)
        before = (self._named(old.batch(chunk, places[0])) for chunk in region.before)
        return before, (self._named(new.batch(chunk, places[1])) for chunk in region.after)

    def _places(self, table: ManifestTable) -> Sequence[int]:
        ordinals = {column.name: ordinal for ordinal, column in enumerate(table.columns)}
        return [ordinals[name] for name in self.columns]

    @cached_property
    def _empty(self) -> Batch:
        return self._named(pa.RecordBatch.from_arrays([pa.array([], VALUES) for _ in self.columns], list(self.columns)))

    def _named(self, batch: Batch) -> Batch:
        return pa.RecordBatch.from_arrays([column.cast(VALUES) for column in batch.columns], list(self.columns))

    def summary(self, deadline: float) -> TableSummary:
        """Count the differences until a time of the monotonic clock; blocks."""
        if self.is_same:
            return TableSummary(self.name, "equal", self.old.rows, self.new.rows)
        added = removed = changed = 0
        columns = dict.fromkeys(self.columns[: self.visible], 0)
        exact = True
        for _, part in self.differences():
            added, removed, changed = (a + b for a, b in zip((added, removed, changed), part.counts, strict=True))
            for name, touched in zip(columns, part.touched, strict=False):
                columns[name] += int(touched.sum())
            if time.monotonic() > deadline:
                exact = False
                break
        status: Status = "changed" if added or removed or changed or not exact else "equal"
        counted = {name: count for name, count in columns.items() if count}
        rows = self.old.rows, self.new.rows
        return TableSummary(self.name, status, *rows, added, removed, changed, counted, exact, self.notes)
