"""MongoDB as the target of a bulk transfer: rows become documents, and are read back as rows.

A column is a field; nested fields have dotted names: `_id.part`. Values are Python values (`transfer_values`); the
column's type says which integers are long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeAlias, cast

from bson import Decimal128, Int64, decode, encode
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from headwater.catalog.results import QueryError
from headwater.engines import Columns, Session
from headwater.engines import _row_buffer as batches
from headwater.engines.mongodb import command_results, errors
from headwater.engines.mongodb.ddl import unquoted
from headwater.engines.mongodb.session import BROKEN, CHUNK, MongoSession
from headwater.engines.mongodb.statements import MongoStatement
from headwater.engines.mongodb.values import Document

# The largest document, and the bytes per message: the server accepts three times as much.
LARGEST, MESSAGE = 16 * 2**20, 16 * 2**20
Path: TypeAlias = tuple[str, ...]


def paths(columns: Columns) -> list[Path]:
    """Return the path of each column in a document."""
    return [tuple(unquoted(name).split(".")) for name, _ in columns]


def inserts(
    table: str, columns: Columns, rows: Sequence[Sequence[Any]], options: CodecOptions[Document]
) -> Iterator[Document]:
    """Yield commands that insert rows, each below the server's size limit.

    Raises:
        QueryError: a row is too large for a document, or has an unsupported value.
    """
    places, long = paths(columns), ["long" in type_ for _, type_ in columns]
    held: list[RawBSONDocument] = []
    size = 0
    for row in rows:
        document = _document(places, [_value(cell, is_long) for cell, is_long in zip(row, long, strict=True)], options)
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
    document: Document = {}
    for path, value in zip(places, values, strict=True):
        inner = document
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value
    try:
        raw = encode(document, codec_options=options)
    except (BSONError, OverflowError, RecursionError) as error:
        raise QueryError(f"The row cannot be stored as a document: {error}.") from error
    if len(raw) > LARGEST:
        raise QueryError(
            f"A row has {len(raw):,} bytes, but a document can have at most {LARGEST:,}.",
            hint="Leave the table out of the copy, or shorten the row.",
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
            return [_value(item, long) for item in value]
        case dict():
            return {key: _value(item, long) for key, item in value.items()}
    return value


def row(raw: bytes, places: Sequence[Path], options: CodecOptions[Document]) -> list[Any]:
    """Return the cells of a document as Python values."""
    document = decode(raw, codec_options=options)
    return [_plain(_at(document, path)) for path in places]


def _at(document: Any, path: Path) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _plain(value: Any) -> Any:
    match value:
        case Decimal128():
            return value.to_decimal()
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    return value


class MongoTransfer:
    """A session that loads collections; it needs no preparation and no final checks."""

    def __init__(self, session: Session) -> None:
        assert isinstance(session, MongoSession)
        self.session = session

    async def begin_load(self) -> None:
        """Do nothing."""

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows as documents; documents before a rejected one remain.

        `cancel` does not interrupt it: if the server still inserted after the collection was dropped, it would recreate
        the collection.
        """
        options = self.session.database.codec_options
        commands = await asyncio.to_thread(lambda: list(inserts(table, columns, rows, options)))
        for command in commands:
            command_results.outcome(MongoStatement(command), await self.session.ask(command), 0)

    async def finish_load(self, counters: Sequence[tuple[str, str]]) -> None:
        """Do nothing."""

    async def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        options, batch = self.session.database.codec_options, batches.RowBuffer[list[Any]]()
        places, raw_options = paths(columns), options.with_options(document_class=RawBSONDocument)
        collection = self.session.database.get_collection(unquoted(table), raw_options)
        try:
            async with collection.find({}, batch_size=CHUNK) as cursor:
                async for document in cursor:
                    raw = bytes(cast(RawBSONDocument, document).raw)
                    for rows in batch.add([row(raw, places, options)], len(raw)):
                        yield rows
        except BROKEN as error:
            raise errors.refusal(error, MongoStatement({"find": unquoted(table)}), 0) from error
        if rows := batch.rest():
            yield rows

    async def drop(self, kind: str, name: str) -> None:
        try:
            await self.session.ask({"drop": unquoted(name)})
        except QueryError as error:
            if error.sqlstate != errors.NOT_FOUND:
                raise
