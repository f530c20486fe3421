"""The merge of one table of three snapshots, region by region: only what `theirs` has changed is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from headwater.core.snapshots import manifest_tables
from headwater.core.snapshots.row_merge import Choices, RowMerge, merge_rows
from headwater.engines import SnapshotTable
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.three_way import ThreeWayReaders
from headwater.vault.vault import Vault


@dataclass(frozen=True)
class TableMerge:
    """A table that all three snapshots have, with the same columns and the same key."""

    vault: Vault
    base: ManifestTable
    ours: ManifestTable
    theirs: ManifestTable

    @property
    def name(self) -> str:
        """The name of the table for users."""
        return manifest_tables.display_name(self.ours)

    @cached_property
    def table(self) -> SnapshotTable:
        """The table as engines use it, with the columns of the rows that are merged."""
        dumped = manifest_tables.dump_table(self.ours)
        columns = [column for column in dumped.columns if not column.hidden]
        return SnapshotTable(dumped.schema, dumped.name, tuple(columns), dumped.key, dumped.rows, dumped.facts)

    def parts(self, choices: Choices = lambda _: None) -> Iterator[RowMerge]:
        """Yield the merge of each region in which `theirs` differs from `base`; blocks."""
        if self.theirs.root.id == self.base.root.id:
            return
        readers = ThreeWayReaders(*(self.vault.table(side) for side in (self.base, self.ours, self.theirs)))
        visible = range(len(self.table.columns))
        for region in readers.regions():
            base, ours, theirs = (batch.select(list(visible)) for batch in readers.rows(region))
            yield merge_rows(base, ours, theirs, self.table.key, choices)


@dataclass(frozen=True, slots=True)
class MergePlan:
    """The tables that can be merged, and a sentence for each one that `theirs` has changed and that cannot."""

    tables: tuple[TableMerge, ...]
    left_out: Mapping[str, str]


def plan_merge(vault: Vault, base: Manifest, ours: Manifest, theirs: Manifest) -> MergePlan:
    """Return which tables of three snapshots of one vault can be merged."""
    sides = [{manifest_tables.display_name(table): table for table in side.tables} for side in (base, ours, theirs)]
    tables, left_out = [], {}
    for name in sorted(set().union(*sides)):
        old, mine, new = (side.get(name) for side in sides)
        reason = _reason(old, mine, new)
        if reason is None and old and mine and new:
            tables.append(TableMerge(vault, old, mine, new))
        elif reason:
            left_out[name] = reason
    return MergePlan(tuple(tables), left_out)


def _reason(base: ManifestTable | None, ours: ManifestTable | None, theirs: ManifestTable | None) -> str | None:
    """Return why a table is left out although `theirs` has changed it; None if it is merged or unchanged."""
    if theirs is None:
        return "The branch has dropped this table." if base and ours else None
    if base and theirs.root.id == base.root.id and theirs.columns == base.columns:
        return None
    if base is None:
        return "The branch has created this table." if ours is None else "Both sides have created this table."
    if ours is None:
        return "The target has dropped this table."
    if not base.columns == ours.columns == theirs.columns:
        return "Its columns are not the same on all sides."
    visible = [at for at, column in enumerate(ours.columns) if not column.hidden]
    if not base.key == ours.key == theirs.key or not ours.key or not set(ours.key) <= set(visible):
        return "Its rows are not identified by columns of a key, which must be the same on all sides."
    return "Its rows belong to no table." if manifest_tables.apart(ours) else None
