"""Whole results, streamed as they come in the form that was asked for; memory does not grow with them."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from headwater.catalog.results import UNLIMITED, Cell, Limits, ResultColumn, Row, Rows, Started
from headwater.engines import Exports, Parameters
from headwater.features.accounts.rights import Actor
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import Workplace
from headwater.features.query.service.runs import Running

Form = Literal["csv", "ndjson", "json", "arrow", "parquet"]
MEDIA_TYPES: Mapping[Form, str] = {
    "csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson", "json": "application/json",
    "arrow": "application/vnd.apache.arrow.stream", "parquet": "application/vnd.apache.parquet",
}  # fmt: skip
SUFFIXES: Mapping[Form, str] = {form: form for form in MEDIA_TYPES}
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Request:
    """One SELECT whose whole result is wanted."""

    text: str
    form: Form
    parameters: Parameters = None
    run_id: uuid.UUID | None = None


async def export(
    place: Workplace, running: Running, actor: Actor, database_id: uuid.UUID, request: Request
) -> AsyncIterator[bytes]:
    """Return the chunks of a result. The first one is awaited here, so that an error is still an answer of its own.

    An error in the midst breaks the stream off: what came so far is not a whole file.
    """
    access = await doors.enter(place, actor, database_id)
    chunks = _chunks(place, running, access, request)
    try:
        first = await anext(chunks)
    except StopAsyncIteration:
        first = b""

    async def whole() -> AsyncIterator[bytes]:
        try:
            yield first
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()

    return whole()


async def _chunks(
    place: Workplace, running: Running, access: doors.Access, request: Request
) -> AsyncGenerator[bytes, None]:
    limits = Limits(None, None, None, read_only=access.read_only) if access.read_only else UNLIMITED
    run_id = request.run_id or uuid.uuid4()
    async with doors.session(place, access) as session:
        running.begin(access.user_id, run_id, session)
        try:
            if request.form in {"csv", "ndjson"} and isinstance(session, Exports) and not request.parameters:
                async for chunk in session.export(request.text, request.form, limits):
                    yield chunk
                return
            async with contextlib.aclosing(session.run(request.text, request.parameters, limits)) as frames:
                async for chunk in _written(frames, request.form):
                    yield chunk
        finally:
            running.end(access.user_id, run_id)


async def _written(frames: AsyncIterator[Any], form: Form) -> AsyncIterator[bytes]:
    """Write the rows of the first statement that gives any."""
    writer: Any = None
    async for frame in frames:
        match frame:
            case Started(columns=columns) if columns is not None and writer is None:
                writer = WRITERS[form](columns)
                if opening := writer.open():
                    yield opening
            case Rows(rows=rows) if writer is not None:
                if chunk := await asyncio.to_thread(writer.rows, rows):
                    yield chunk
            case _:
                continue
    if writer is not None:
        yield await asyncio.to_thread(writer.close)


class _Csv:
    def __init__(self, columns: tuple[ResultColumn, ...]) -> None:
        self._columns = columns

    def open(self) -> bytes:
        return _csv_lines([[column.name for column in self._columns]])

    def rows(self, rows: list[Row]) -> bytes:
        return _csv_lines(rows)

    def close(self) -> bytes:
        return b""


def _csv_lines(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


class _Ndjson:
    def __init__(self, columns: tuple[ResultColumn, ...]) -> None:
        self._names = _unique([column.name for column in columns])

    def open(self) -> bytes:
        return b""

    def rows(self, rows: list[Row]) -> bytes:
        return b"".join(msgspec.json.encode(dict(zip(self._names, row, strict=True))) + b"\n" for row in rows)

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


class _Sink(io.RawIOBase):
    """A file that is taken away piece by piece while it is written: a footer only needs to know where things were."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken


class _Arrow:
    """Arrow record batches; Parquet is the same with another writer."""

    _opened: Callable[[Any, pa.Schema], Any] = staticmethod(pa.ipc.new_stream)

    def __init__(self, columns: tuple[ResultColumn, ...]) -> None:
        names = _unique([column.name for column in columns])
        pairs = zip(names, columns, strict=True)
        self._schema = pa.schema([(name, _arrow_type(column)) for name, column in pairs])
        self._out = _Sink()
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
    number: Any = int if pa.types.is_integer(field.type) else float
    if pa.types.is_boolean(field.type):
        return pa.array(cells, field.type)
    return pa.array([None if cell is None else number(cell) for cell in cells], field.type)


def _unique(names: list[str]) -> list[str]:
    """Return the names with a number behind those that stood before."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return made


WRITERS: Mapping[Form, Any] = {"csv": _Csv, "ndjson": _Ndjson, "json": _Json, "arrow": _Arrow, "parquet": _Parquet}
