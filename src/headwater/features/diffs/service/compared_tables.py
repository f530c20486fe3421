"""A table of two snapshots: which of its columns can be compared, by which key, and where it differs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from headwater.core.snapshots.row_differences import RowDifferences, as_multisets, by_key, join
from headwater.engines import Batch
from headwater.features.diffs.service.table_versions import Status, TableSummary, TableVersions
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.vault.manifest import ManifestTable
from headwater.vault.pages import VALUES
from headwater.vault.table_differences import Region, candidates, keyless_region, regions, touched_places
from headwater.vault.table_reader import TableReader


@dataclass(frozen=True)
class ComparedTable(TableVersions):
    """A table that both snapshots have."""

    before: OpenSnapshot
    after: OpenSnapshot
    old: ManifestTable
    new: ManifestTable

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
