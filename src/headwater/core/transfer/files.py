"""Reads data files piece by piece: CSV, TSV, NDJSON, JSON arrays, Parquet. Memory does not grow with them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet

from headwater.core.transfer import csv_files
from headwater.core.transfer.csv_files import CsvOptions
from headwater.core.transfer.script_files import is_compressed
from headwater.kit.errors import Unreadable

Format = Literal["csv", "ndjson", "json", "parquet", "sql", "archive"]
SCRIPTS: frozenset[Format] = frozenset({"sql", "archive"})
# A row: its number in the file from 1, its values by column, and how far the file was read; or what is wrong with it.
Values: TypeAlias = list[Any]
SAMPLE, BATCH, PIECE = 1000, 1000, 65_536
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".sql": "sql",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file; `wrong` says why it is invalid, `at` how many bytes were read up to here."""

    number: int
    values: Values
    at: int
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The format of a file, its columns, and how it is written if it is CSV."""

    format: Format
    columns: tuple[str, ...] = ()
    csv: CsvOptions = CsvOptions()


def shape_of(path: Path, filename: str, options: CsvOptions | None = None) -> Shape:
    """Return the shape of a file, by its name and its first bytes; `options` of CSV that are known.

    Raises:
        Unreadable: it has none of the formats, or it is empty.
    """
    with path.open("rb") as file:
        head = file.read(PIECE)
    if not head.strip():
        raise Unreadable(f"{filename} is empty.", hint="Choose a file with rows in it.")
    format_ = _format(head, filename)
    try:
        if format_ == "csv":
            return Shape(format_, *csv_files.header(path, filename, options or CsvOptions()))
        if format_ == "parquet":
            return Shape(format_, tuple(pyarrow.parquet.read_schema(path).names))
        if format_ == "sql":
            return Shape(format_)
        return Shape(format_, _keys(path, format_))
    except (UnicodeError, pa.ArrowException) as error:
        raise Unreadable(f"{filename} cannot be read as {format_.upper()}.", hint="Texts must be UTF-8.") from error


def _format(head: bytes, filename: str) -> Format:
    if head.startswith(b"PAR1"):
        return "parquet"
    name = Path(filename)
    format_ = SUFFIXES.get(name.suffix.lower())
    if is_compressed(head) and SUFFIXES.get(name.with_suffix("").suffix.lower(), "sql") == "sql":
        return "sql"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if format_ in {"json", "ndjson"}:
        return "json" if text.startswith(b"[") else "ndjson"
    if format_ == "parquet" or format_ is None:
        raise Unreadable(
            f"{filename} is not a data file that can be imported.",
            hint="CSV, TSV, NDJSON, JSON, Parquet, SQL and archives of pg_dump can be imported.",
        )
    return format_


def _keys(path: Path, format_: Format) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for number, item, _ in _objects(path, format_):
        if isinstance(item, dict):
            keys.update(dict.fromkeys(item))
        if number >= SAMPLE:
            break
    if not keys:
        raise Unreadable("There are no objects in the file.", hint="Each row is an object: {…}.")
    return tuple(keys)


def lines(path: Path, shape: Shape) -> Iterator[Line]:
    """Yield the rows of a file."""
    if shape.format == "csv":
        yield from _csv(path, shape)
    elif shape.format == "parquet":
        yield from _parquet(path, shape)
    else:
        yield from _json(path, shape)


def _csv(path: Path, shape: Shape) -> Iterator[Line]:
    rows = csv_files.rows(path, len(shape.columns), shape.csv)
    for number, (values, at, wrong) in enumerate(rows, 1):
        yield Line(number, values, at, wrong)


def _json(path: Path, shape: Shape) -> Iterator[Line]:
    known = set(shape.columns)
    for number, item, at in _objects(path, shape.format):
        if not isinstance(item, dict):
            yield Line(number, [], at, "The row is not a JSON object.")
            continue
        unknown = item.keys() - known
        wrong = f"The field {min(unknown)!r} does not occur in the first {SAMPLE} rows." if unknown else ""
        yield Line(number, [_flat(item.get(name)) for name in shape.columns], at, wrong)


def _objects(path: Path, format_: Format) -> Iterator[tuple[int, Any, int]]:
    yield from _array(path) if format_ == "json" else _ndjson(path)


def _ndjson(path: Path) -> Iterator[tuple[int, Any, int]]:
    number = 0
    with path.open("rb") as file:
        for line in file:
            if not line.strip():
                continue
            number += 1
            try:
                yield number, _DECODER.decode(line.removeprefix(b"\xef\xbb\xbf")), file.tell()
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield number, None, file.tell()


def _array(path: Path) -> Iterator[tuple[int, Any, int]]:
    """Yield the items of a JSON array one by one; only the current item is in memory."""
    decoder, number, held = json.JSONDecoder(parse_float=_number), 0, ""
    with path.open(encoding="utf-8-sig") as file:
        held = file.read(PIECE).lstrip()[1:]
        while True:
            held = held.lstrip(" \t\r\n,")
            if held.startswith("]"):
                return
            try:
                item, end = decoder.raw_decode(held)
            except json.JSONDecodeError as error:
                more = file.read(max(PIECE, len(held)))
                if not more:
                    raise Unreadable(f"The JSON is truncated or invalid after item {number}: {error.msg}.") from error
                held += more
                continue
            number += 1
            held = held[end:]
            yield number, item, number


def _parquet(path: Path, shape: Shape) -> Iterator[Line]:
    number = 0
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(BATCH):
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            number += 1
            yield Line(number, [_flat(value) for value in row], number)


def _number(text: str) -> float | Decimal:
    """Return a JSON number with all its digits: a double has only about 16."""
    number, exact = float(text), Decimal(text)
    return number if Decimal(repr(number)) == exact else exact


_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


def _flat(value: Any) -> Any:
    """Return a value as a number, a boolean, a text, bytes or None."""
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case datetime.datetime():
            plain = value.astimezone(datetime.UTC).replace(tzinfo=None) if value.tzinfo else value
            return plain.isoformat(" ")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            return _ENCODER.encode(value).decode()


def sample(path: Path, shape: Shape, most: int = SAMPLE) -> list[Sequence[Any]]:
    """Return the first complete rows of a file."""
    rows: list[Sequence[Any]] = []
    for line in lines(path, shape):
        if not line.wrong:
            rows.append(line.values)
        if line.number >= most:
            break
    return rows
