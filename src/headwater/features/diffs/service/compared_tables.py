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
from headwater.vault.table_differences import Region, candidates, keyless_region, regions, touched_places
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
        for ordinal, region in enumerate(self._regions()):
            if ordinal >= first:
                yield ordinal, self._compare(region, self.columns)

    def _counted(self) -> Iterator[tuple[Sequence[str], RowDifferences]]:
        """Yield the differences of each region in the columns that can differ there, with these columns."""
        for region in self._regions():
            touched = touched_places(region) if self.key and self.old.columns == self.new.columns else None
            names = [name for at, name in enumerate(self.columns) if touched is None or at in (*self.key, *touched)]
            yield names, self._compare(region, names)

    def _regions(self) -> Iterator[Region]:
        old, new = self._readers
        if self.key:
            yield from regions(old, new)
        else:
            yield keyless_region(old, new)

    @cached_property
    def _readers(self) -> tuple[TableReader, TableReader]:
        return self.before.vault.table(self.old), self.after.vault.table(self.new)

    def _compare(self, region: Region, names: Sequence[str]) -> RowDifferences:
        old, new = self._readers
        places = _places(self.old, names), _places(self.new, names)
        empty = _named(pa.RecordBatch.from_arrays([pa.array([], VALUES) for _ in names], list(names)), names)
        if not self.key:
            before = (_named(old.batch(chunk, places[0]), names) for chunk in region.before)
            after = (_named(new.batch(chunk, places[1]), names) for chunk in region.after)
            return as_multisets(before, after, empty)
        before_batches, after_batches = candidates(region, old, new, places)
        key = [names.index(self.columns[ordinal]) for ordinal in self.key]
        return by_key(
            join([empty, *(_named(batch, names) for batch in before_batches)]),
            join([empty, *(_named(batch, names) for batch in after_batches)]),
            key,
        )

    def summary(self, deadline: float) -> TableSummary:
        """Count the differences until a time of the monotonic clock; blocks."""
        if self.is_same:
            return TableSummary(self.name, "equal", self.old.rows, self.new.rows)
        added = removed = changed = 0
        columns = dict.fromkeys(self.columns[: self.visible], 0)
        exact = True
        for names, part in self._counted():
            added, removed, changed = (a + b for a, b in zip((added, removed, changed), part.counts, strict=True))
            for name, touched in zip(names, part.touched, strict=True):
                if name in columns:
                    columns[name] += int(touched.sum())
            if time.monotonic() > deadline:
                exact = False
                break
        status: Status = "changed" if added or removed or changed or not exact else "equal"
        counted = {name: count for name, count in columns.items() if count}
        rows = self.old.rows, self.new.rows
        return TableSummary(self.name, status, *rows, added, removed, changed, counted, exact, self.notes)


def _places(table: ManifestTable, names: Sequence[str]) -> Sequence[int]:
    ordinals = {column.name: ordinal for ordinal, column in enumerate(table.columns)}
    return [ordinals[name] for name in names]


def _named(batch: Batch, names: Sequence[str]) -> Batch:
    return pa.RecordBatch.from_arrays([column.cast(VALUES) for column in batch.columns], list(names))
