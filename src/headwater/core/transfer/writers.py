"""Writes rows as the bytes of a file, piece by piece: CSV, NDJSON, JSON, Arrow, Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from headwater.catalog.dialect import Dialect
from headwater.catalog.results import Cell, ResultColumn, Row
from headwater.core.transfer.value_texts import csv_cell, in_json
from headwater.kit.errors import BadInput

Form = Literal["csv", "ndjson", "json", "arrow", "parquet"]
BATCH = 5_000
TYPED_ROWS, TYPED_BYTES = 65_536, 16 * 2**20


class _Csv:
    def __init__(self, columns: tuple[ResultColumn, ...], dialect: Dialect | None = None) -> None:
        self._columns = columns
        self._has_booleans = any(column.kind == "boolean" for column in columns)

    def open(self) -> bytes:
        return _csv_lines([[column.name for column in self._columns]])

    def rows(self, rows: list[Row]) -> bytes:
        return _csv_lines([list(map(csv_cell, row)) for row in rows] if self._has_booleans else rows)

    def close(self) -> bytes:
        return b""


_SPECIAL = re.compile(r'[,"\r\n]')


def _csv_lines(rows: Any) -> bytes:
    """Return rows as CSV, in which NULL is nothing and the empty text two quotes."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    for row in rows:
        if len(row) == 1 or "" in row:
            out.write(_csv_line(row))
        else:
            write(row)
    text = out.getvalue()
    # Python does not quote a carriage return, but readers take it for the end of a row.
    return ("".join(map(_csv_line, rows)) if "\r" in text else text).encode()


def _csv_line(row: Row) -> str:
    return ",".join(map(_csv_field, row)) + "\n"


def _csv_field(cell: Cell) -> str:
    if cell is None:
        return ""
    text = str(cell)
    return '"' + text.replace('"', '""') + '"' if not text or _SPECIAL.search(text) else text


class _Ndjson:
    def __init__(self, columns: tuple[ResultColumn, ...], dialect: Dialect | None = None) -> None:
        self._names = unique([column.name for column in columns])
        spellings = ((index, in_json(column, dialect)) for index, column in enumerate(columns))
        self._spellings = [(index, spell) for index, spell in spellings if spell is not None]

    def open(self) -> bytes:
        return b""

    def rows(self, rows: list[Row]) -> bytes:
        return b"".join(self._line(row) + b"\n" for row in rows)

    def _line(self, row: Row) -> bytes:
        cells: list[Any] = list(row)
        for index, spell in self._spellings:
            cells[index] = None if cells[index] is None else spell(cells[index])
        return msgspec.json.encode(dict(zip(self._names, cells, strict=True)))

    def close(self) -> bytes:
        return b""


class _Json(_Ndjson):
    _written = False

    def open(self) -> bytes:
        return b"["

    def rows(self, rows: list[Row]) -> bytes:
        lines = super().rows(rows)[:-1].replace(b"\n", b",\n")
        opening = b",\n" if self._written else b"\n"
        self._written = True
        return opening + lines

    def close(self) -> bytes:
        return b"\n]\n"


class _DocumentLines(_Ndjson):
    """Rows of one cell that is already JSON text."""

    def __init__(self) -> None:
        super().__init__(())

    def _line(self, row: Row) -> bytes:
        return str(row[0]).encode()


class _DocumentArray(_DocumentLines, _Json):
    pass


class Sink(io.RawIOBase):
    """A file whose content is taken away while it is written: a footer needs only offsets."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Append bytes."""
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self._at

    def take(self) -> bytes:
        """Return the bytes written since the last call."""
        taken, self._parts = b"".join(self._parts), []
        return taken


class _Arrow:
    """Writes Arrow record batches, or Parquet with another writer."""

    _opened: Callable[[Any, pa.Schema], Any] = staticmethod(pa.ipc.new_stream)

    def __init__(self, columns: tuple[ResultColumn, ...], dialect: Dialect | None = None) -> None:
        names = unique([column.name for column in columns])
        pairs = zip(names, columns, strict=True)
        self._schema = pa.schema([(name, _arrow_type(column)) for name, column in pairs])
        self._out = Sink()
        self._writer = self._opened(self._out, self._schema)
        self._held: list[Row] = []

    def open(self) -> bytes:
        return b""

    def rows(self, rows: list[Row]) -> bytes:
        self._held += rows
        return self._flush() if len(self._held) >= BATCH else b""

    def close(self) -> bytes:
        if self._held:
            self._put()
        self._writer.close()
        return self._out.take()

    def _flush(self) -> bytes:
        self._put()
        return self._out.take()

    def _put(self) -> None:
        columns = zip(*self._held, strict=True)
        arrays = [_arrow_column(cells, field) for cells, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._held = []


class _Parquet(_Arrow):
    _opened = staticmethod(pa.parquet.ParquetWriter)


class Typed:
    """Writes Arrow batches to a file that keeps their types; small batches are combined first."""

    def __init__(self, form: Literal["arrow", "parquet"], schema: pa.Schema) -> None:
        self._out = Sink()
        self._writer = _TYPED[form](self._out, schema)
        self._held: list[pa.RecordBatch] = []

    def add(self, batch: pa.RecordBatch) -> bytes:
        """Return the bytes to write so far."""
        self._held.append(batch)
        if (
            sum(batch.num_rows for batch in self._held) < TYPED_ROWS
            and sum(batch.nbytes for batch in self._held) < TYPED_BYTES
        ):
            return b""
        self._put()
        return self._out.take()

    def close(self) -> bytes:
        """Return the end of the file."""
        if self._held:
            self._put()
        self._writer.close()
        return self._out.take()

    def _put(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._held))
        self._held = []


_TYPED: Mapping[str, Any] = {"arrow": pa.ipc.new_stream, "parquet": pa.parquet.ParquetWriter}


_INTEGERS = frozenset({"integer", "smallint", "bigint", "int", "tinyint", "mediumint"})
_FLOATS = frozenset({"double precision", "real", "double", "float"})


def _arrow_type(column: ResultColumn) -> pa.DataType:
    name = column.type.partition("(")[0].lower()
    if name in _INTEGERS:
        return pa.int64()
    if name in _FLOATS:
        return pa.float64()
    return pa.bool_() if column.kind == "boolean" else pa.string()


def _arrow_column(cells: tuple[Cell, ...], field: pa.Field) -> pa.Array:
    if pa.types.is_string(field.type):
        return pa.array([None if cell is None else str(cell) for cell in cells], field.type)
    if pa.types.is_boolean(field.type):
        return pa.array(cells, field.type)
    number = _whole if pa.types.is_integer(field.type) else _double
    return pa.array([None if cell is None else number(cell, field.name) for cell in cells], field.type)


def _whole(cell: Cell, column: str) -> int:
    """Return an integer; a column of an engine with types of values may have other values."""
    try:
        number = int(cell) if not isinstance(cell, float) or cell.is_integer() else None  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = None
    if number is None or not -(2**63) <= number < 2**63:
        raise _misfit(cell, column, "integer")
    return number


def _double(cell: Cell, column: str) -> float:
    try:
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise _misfit(cell, column, "number") from error
    if isinstance(cell, str) and cell.lstrip("-").isdigit() and int(number) != int(cell):
        raise _misfit(cell, column, "number with 16 digits")
    return number


def _misfit(cell: Cell, column: str, type_: str) -> BadInput:
    return BadInput(
        f"The column {column} has the value {str(cell)[:80]!r}, which is no {type_} like its first values.",
        hint="Export it as CSV or NDJSON, or cast the column to text in a query.",
    )


def unique(names: list[str]) -> list[str]:
    """Return the names, with a number added to duplicates."""
    taken, result = set(names), dict[str, None]()
    for name in names:
        own, number = name, 2
        while own in result or (own != name and own in taken):
            own, number = f"{name}_{number}", number + 1
        result[own] = None
    return list(result)


DOCUMENTS: Mapping[Form, Any] = {"ndjson": _DocumentLines, "json": _DocumentArray}
WRITERS: Mapping[Form, Any] = {"csv": _Csv, "ndjson": _Ndjson, "json": _Json, "arrow": _Arrow, "parquet": _Parquet}
