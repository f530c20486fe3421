"""A table of two sides of which at least one can only be read as a stream of rows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Generator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from headwater.catalog.results import ResultColumn
from headwater.core.snapshots.row_differences import RowDifferences
from headwater.core.snapshots.stream_differences import compare
from headwater.engines import Batch, Decoder, SnapshotTable
from headwater.features.diffs.service.change_reader import ChangeReader
from headwater.features.diffs.service.sides import OpenSide
from headwater.features.diffs.service.table_versions import Status, TableSummary, TableVersions
from headwater.vault.pages import VALUES


class TimeUp(Exception):
    """The deadline of a comparison has passed."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns whose values are compared: only some, or all but some. Those of a key always are."""

    only: Collection[str] = ()
    ignored: Collection[str] = ()

    def takes(self, name: str) -> bool:
        """Return True if the values of a column are compared."""
        return name not in self.ignored and (not self.only or name in self.only)


@dataclass(frozen=True)
class StreamedTable(TableVersions):
    """A table that both sides have. Columns that users do not see, such as rowids, are not compared."""

    before: OpenSide
    after: OpenSide
    old: SnapshotTable
    new: SnapshotTable
    choice: ColumnChoice = ColumnChoice()
    rows: list[int] = field(default_factory=lambda: [0, 0], compare=False)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are compared, in the order of the newer version."""
        older = {column.name for column in self.old.columns if not column.hidden}
        keys = self._key_names
        common = [column.name for column in self.new.columns if column.name in older and not column.hidden]
        return tuple(name for name in common if name in keys or self.choice.takes(name))

    @cached_property
    def key(self) -> tuple[int, ...]:
        """The ordinals of the key among these columns; empty if there is none that users see, or it is another one."""
        return tuple(map(self.columns.index, self._key_names))

    @cached_property
    def visible(self) -> int:
        """How many of these columns users see."""
        return len(self.columns)

    @cached_property
    def _key_names(self) -> tuple[str, ...]:
        old, new = _key_of(self.before, self.old), _key_of(self.after, self.new)
        return new if old == new else ()

    def differences(self, deadline: float) -> Generator[RowDifferences, None, None]:
        """Yield the differences in parts; blocks.

        Raises:
            TimeUp: the deadline, a time of the monotonic clock, has passed.
        """
        empty = pa.RecordBatch.from_arrays([pa.array([], VALUES) for _ in self.columns], list(self.columns))
        with (
            contextlib.closing(self._stream(0, self.before, self.old, deadline)) as before,
            contextlib.closing(self._stream(1, self.after, self.new, deadline)) as after,
        ):
            yield from compare(before, after, empty, self.key)

    def _stream(
        self, number: int, side: OpenSide, table: SnapshotTable, deadline: float
    ) -> Generator[Batch, None, None]:
        ordinals = {column.name: ordinal for ordinal, column in enumerate(table.columns)}
        batches: Any = side.read(table)
        with contextlib.closing(batches):
            for batch in batches:
                if time.monotonic() > deadline:
                    raise TimeUp
                self.rows[number] += batch.num_rows
                arrays = [batch.column(ordinals[name]).cast(VALUES) for name in self.columns]
                yield pa.RecordBatch.from_arrays(arrays, list(self.columns)) if arrays else _bare(batch.num_rows)

    def summary(self, deadline: float) -> TableSummary:
        """Count the differences until a time of the monotonic clock; blocks."""
        added = removed = changed = 0
        columns = dict.fromkeys(self.columns, 0)
        exact = True
        try:
            for part in self.differences(deadline):
                added, removed, changed = (a + b for a, b in zip((added, removed, changed), part.counts, strict=True))
                for name, touched in zip(self.columns, part.touched, strict=True):
                    columns[name] += int(touched.sum())
        except TimeUp:
            exact = False
        status: Status = "changed" if added or removed or changed or not exact else "equal"
        touched_columns = {name: count for name, count in columns.items() if count}
        old, new = self.rows
        return TableSummary(self.name, status, old, new, added, removed, changed, touched_columns, exact, self._notes)

    @property
    def _notes(self) -> tuple[str, ...]:
        left_out = [column.name for column in self.new.columns if not column.hidden and column.name in self._ignored]
        return (*self.notes, *(f"Column {name} is not compared." for name in left_out))

    @property
    def _ignored(self) -> set[str]:
        older = {column.name for column in self.old.columns}
        return older - set(self.columns)

    def reader(self, longest: int) -> ChangeReader:
        """Return what decodes the rows that differ; longer texts are cut."""
        before, after = _decoders(self.before, self.old), _decoders(self.after, self.new)
        schema = self.after.schema
        types = {column.name: schema.base_type(column.type) for column in self.new.columns}
        columns = [
            ResultColumn(name, types[name], after[name].kind, self.new.schema, self.new.name, name)
            for name in self.columns
        ]
        return ChangeReader(
            columns, [before[name] for name in self.columns], [after[name] for name in self.columns], longest
        )


def _decoders(side: OpenSide, table: SnapshotTable) -> dict[str, Decoder]:
    assert side.engine.decoding
    return {
        column.name: side.engine.decoding.decoder(column, side.schema) for column in table.columns if not column.hidden
    }


def _bare(rows: int) -> Batch:
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))


def _key_of(side: OpenSide, table: SnapshotTable) -> tuple[str, ...]:
    """Return the columns of the key; if users do not see them, as rowids, those of the primary key."""
    columns = [table.columns[ordinal] for ordinal in table.key]
    if not any(column.hidden for column in columns):
        return tuple(column.name for column in columns)
    relation = side.schema.relation(table.name, table.schema)
    visible = {column.name for column in table.columns if not column.hidden}
    return relation.primary_key if relation and visible.issuperset(relation.primary_key) else ()
