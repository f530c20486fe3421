"""Two versions of a table: which of its columns can be compared, and by which key."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from headwater.engines import SnapshotTable
from headwater.vault.manifest import ManifestTable

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
class TableVersions:
    """A table that both sides have."""

    old: ManifestTable | SnapshotTable
    new: ManifestTable | SnapshotTable

    @property
    def name(self) -> str:
        """The name of the table."""
        return f"{self.new.schema}.{self.new.name}" if self.new.schema else self.new.name

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
