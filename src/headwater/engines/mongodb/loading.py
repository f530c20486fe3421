"""MongoDB as the target of a bulk transfer: rows become documents, and are read back as rows.

A column is a field, with dots for what is nested: `_id.part`. Values come as Python has them (`core/transfer/native`);
of numbers the column's type says which are long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from bson import Decimal128, Int64, decode, encode
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from headwater.catalog.results import QueryError
from headwater.engines import Columns
from headwater.engines.mongodb.changing import unquoted
from headwater.engines.mongodb.values import Document

# What the server takes as one document, and what is sent at once: it takes three times that.
LARGEST, MESSAGE = 16 * 2**20, 16 * 2**20
Path: TypeAlias = tuple[str, ...]


def paths(columns: Columns) -> list[Path]:
    """Return where each column stands in a document."""
    return [tuple(unquoted(name).split(".")) for name, _ in columns]


def inserts(
    table: str, columns: Columns, rows: Sequence[Sequence[Any]], options: CodecOptions[Document]
) -> Iterator[Document]:
    """Give commands that insert rows, each below what the server takes at once.

    Raises:
        QueryError: a row is larger than a document can be, or holds what none can.
    """
    places, long = paths(columns), ["long" in type_ for _, type_ in columns]
    held: list[RawBSONDocument] = []
    size = 0
    for row in rows:
        document = _document(places, [_value(cell, one) for cell, one in zip(row, long, strict=True)], options)
        if held and size + len(document.raw) > MESSAGE:
            yield _insert(table, held)
            held, size = [], 0
        held.append(document)
        size += len(document.raw)
    if held:
        yield _insert(table, held)


def _insert(table: str, documents: list[RawBSONDocument]) -> Document:
    return {"insert": unquoted(table), "documents": documents, "ordered": True}


def _document(places: Sequence[Path], values: Sequence[Any], options: CodecOptions[Document]) -> RawBSONDocument:
    made: Document = {}
    for place, value in zip(places, values, strict=True):
        inner = made
        for name in place[:-1]:
            inner = inner.setdefault(name, {})
        inner[place[-1]] = value
    try:
        raw = encode(made, codec_options=options)
    except (BSONError, OverflowError, RecursionError) as error:
        raise QueryError(f"A row cannot be a document: {error}.") from error
    if len(raw) > LARGEST:
        raise QueryError(
            f"A row has {len(raw):,} bytes, and a document at most {LARGEST:,}.",
            hint="Copy other tables, or shorten it.",
        )
    return RawBSONDocument(raw)


def _value(value: Any, long: bool) -> Any:
    match value:
        case bool():
            return value
        case int() if long:
            return Int64(value)
        case Decimal():
            return Decimal128(value)
        case list():
            return [_value(one, long) for one in value]
        case dict():
            return {key: _value(one, long) for key, one in value.items()}
    return value


def row(raw: bytes, places: Sequence[Path], options: CodecOptions[Document]) -> list[Any]:
    """Return the cells of a document, as Python has them."""
    document = decode(raw, codec_options=options)
    return [_plain(_at(document, place)) for place in places]


def _at(document: Any, place: Path) -> Any:
    for name in place:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _plain(value: Any) -> Any:
    match value:
        case Decimal128():
            return value.to_decimal()
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {key: _plain(one) for key, one in value.items()}
    return value
