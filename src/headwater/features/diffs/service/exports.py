"""All differences between two sides as a file: a patch, which makes A equal to B, or each change as a line."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa

from headwater.core.snapshots.row_differences import RowDifferences
from headwater.engines import PatchSupport, SnapshotTable, TablePatch, replacing_columns
from headwater.features.accounts.rights import Actor
from headwater.features.diffs.service import side_diffs, sides
from headwater.features.diffs.service.side_diffs import Comparison, TablePairs, streamed_table
from headwater.features.diffs.service.sides import OpenSide
from headwater.features.diffs.service.streamed_tables import StreamedTable, TimeUp
from headwater.kit.errors import BadInput, Unavailable
from headwater.store.context import Context

Form = Literal["sql", "ndjson", "csv"]
MEDIA_TYPES = {"sql": "application/sql; charset=utf-8", "ndjson": "application/x-ndjson", "csv": "text/csv"}
_PIECE, _ROWS, _LONGEST = 2**18, 2000, 2**31
_PHASES = ("delete", "update", "insert")


async def export(context: Context, actor: Actor, wanted: Comparison, form: Form) -> AsyncIterator[bytes]:
    """Return the differences in pieces; they are complete before the first one is sent.

    Raises:
        NotFound, Forbidden, Conflict, BadInput: see `side_diffs.compare`.
        Unavailable: time was up.
    """
    if form == "sql" and (wanted.choice.only or wanted.choice.ignored):
        raise BadInput("A patch needs all columns.", hint="Leave the columns out, or choose another format.")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        async with side_diffs.opened(context, actor, wanted) as both:
            writing = _Export(both, side_diffs.pair_up(both, wanted), time.monotonic() + wanted.seconds, wanted)
            write = writing.patch if form == "sql" else writing.lines if form == "ndjson" else writing.table
            await sides.run(both, wanted.seconds, lambda: _written(write, file))
        stack.pop_all()
        return _sent(file)


def _written(pieces: Callable[[], Iterable[bytes]], file: IO[bytes]) -> None:
    try:
        file.writelines(pieces())
    except TimeUp as error:
        raise Unavailable(
            "Not all rows were compared in time.", hint="Choose fewer tables, or allow more seconds."
        ) from error


async def _sent(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    with file:
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


@dataclass
class _Export:
    """The export of a comparison until a deadline; all methods block."""

    both: tuple[OpenSide, OpenSide]
    pairs: TablePairs
    deadline: float
    wanted: Comparison
    notes: list[str] = field(default_factory=list)

    def _tables(self) -> Iterator[StreamedTable]:
        for old, new in self.pairs:
            if old and new:
                yield streamed_table(self.both, old, new, self.wanted.choice)

    def lines(self) -> Iterator[bytes]:
        """Yield each change as a line of JSON."""
        for table, change in self._changes():
            yield msgspec.json.encode({"table": table.name, **change}) + b"\n"

    def table(self) -> Iterator[bytes]:
        """Yield CSV: a line for each value that differs, and for each value of an added or removed row."""
        yield _csv(["table", "change", "key", "column", "before", "after"])
        for table, change in self._changes():
            before, after = change["before"] or {}, change["after"] or {}
            key = msgspec.json.encode([(after or before)[table.columns[at]] for at in table.key]).decode()
            for column in change["touched"] or table.columns:
                row = [table.name, change["kind"], key, column, before.get(column), after.get(column)]
                yield _csv(["" if value is None else value for value in row])

    def _changes(self) -> Iterator[tuple[StreamedTable, dict[str, Any]]]:
        for table in self._tables():
            reader = table.reader(_LONGEST)
            for part in table.differences(self.deadline):
                for change in reader.changes(part, None, 0, sum(part.counts)):
                    sides_ = [
                        row and dict(zip(table.columns, row, strict=True)) for row in (change.before, change.after)
                    ]
                    touched = [table.columns[at] for at in change.touched]
                    yield table, {"kind": change.kind, "before": sides_[0], "after": sides_[1], "touched": touched}

    def patch(self) -> Iterator[bytes]:
        """Yield the statements that make the rows of A equal to those of B."""
        support = self.both[0].engine.patches
        if support is None:
            raise BadInput(f"There are no patches for {self.both[0].engine.display_name}.")
        with contextlib.ExitStack() as stack:
            files = {phase: stack.enter_context(tempfile.TemporaryFile()) for phase in _PHASES}
            changed = [table for table in self._tables() if self._patched(support, table, files)]
            yield from self._head(bool(changed))
            if changed:
                tables = [table.old for table in changed]
                yield support.begin(tables)
                for phase in _PHASES:
                    files[phase].seek(0)
                    while piece := files[phase].read(_PIECE):
                        yield piece
                yield support.end(tables)

    def _head(self, changes: bool) -> Iterator[bytes]:
        a, b = (side.name.replace("\n", " ") for side in self.both)
        yield f"-- Makes the rows of {a} equal to those of {b}.\n".encode()
        for old, new in self.pairs:
            if not (old and new):
                name, side = (old.display_name, a) if old else (new.display_name if new else "", b)
                yield f"-- Not in this patch: only {side} has the table {name}.".replace("\n", " ").encode() + b"\n"
        for note in self.notes:
            yield b"-- " + note.replace("\n", " ").encode() + b"\n"
        if not changes:
            yield b"-- There is nothing to change.\n"

    def _patched(self, support: PatchSupport, table: StreamedTable, files: Mapping[str, IO[bytes]]) -> bool:
        """Write the statements for a table to the files of their phases; return False if there are none."""
        if not support.can_patch(table.old):
            self.notes.append(f"Not in this patch: {table.name}.")
            return False
        if _visible(table.old) != set(table.columns) or _visible(table.new) != set(table.columns):
            self.notes.append(f"Not in this patch: {table.name}, because both sides have different columns.")
            return False
        patch = _table_patch(support, table)
        places = [table.columns.index(column.name) for column in table.old.columns if not column.hidden]
        written = False
        for part in table.differences(self.deadline):
            written |= any(part.counts)
            for piece in _pieces(part):
                _write(patch, piece, places, files)
        return written


def _pieces(part: RowDifferences) -> Iterator[RowDifferences]:
    """Yield differences with few rows: as Python values, they need several times as much memory."""
    for start in range(0, max(part.counts), _ROWS):
        removed, added, before, after = (
            batch.slice(start, _ROWS) for batch in (part.removed, part.added, part.before, part.after)
        )
        touched = tuple(mask[start : start + _ROWS] for mask in part.touched)
        yield RowDifferences(removed, added, before, after, touched)


def _visible(table: SnapshotTable) -> set[str]:
    return {column.name for column in table.columns if not column.hidden}


def _table_patch(support: PatchSupport, table: StreamedTable) -> TablePatch:
    relation = table.before.schema.relation(table.old.name, table.old.schema)
    fixed = {column.name for column in relation.columns if column.identity} if relation else ()
    names = [column.name for column in table.old.columns if not column.hidden]
    key = tuple(names.index(table.columns[at]) for at in table.key)
    return TablePatch(support, table.old, key, replacing_columns(relation, table.old, fixed) if relation else None)


def _write(patch: TablePatch, part: RowDifferences, places: list[int], files: Mapping[str, IO[bytes]]) -> None:
    """Write the statements of a part, whose columns are in the order of the newer side."""
    removed, added, before, after = (
        batch.select(places) for batch in (part.removed, part.added, part.before, part.after)
    )
    touched = [part.touched[place] for place in places]
    replaced = patch.replaced(touched, before.num_rows)
    again, rest = pa.array(replaced), pa.array(np.logical_not(replaced))
    with_null = _incomplete(patch, removed)
    files["delete"].writelines(patch.deletes(removed.filter(pa.array(~with_null))))
    files["delete"].writelines(patch.deletes_exactly(removed.filter(pa.array(with_null))))
    files["delete"].writelines(patch.deletes(before.filter(again)))
    remaining = [mask[~replaced] for mask in touched]
    files["update"].writelines(patch.updates(before.filter(rest), after.filter(rest), remaining))
    files["insert"].writelines(patch.inserts(after.filter(again)))
    files["insert"].writelines(patch.inserts(added))


def _incomplete(patch: TablePatch, rows: pa.RecordBatch) -> np.ndarray:
    """Return which rows have NULL in their key, by which they cannot be found."""
    mask = np.zeros(rows.num_rows, bool)
    for ordinal in patch.key:
        mask |= rows.column(ordinal).is_null().to_numpy(zero_copy_only=False)
    return mask


def _csv(row: list[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(row)
    return line.getvalue().encode()
