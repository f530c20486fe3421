"""Loads a snapshot into a MongoDB database: the documents stay the same, byte for byte."""

from __future__ import annotations

import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError, OperationFailure

from headwater.catalog.results import QueryError
from headwater.engines import Batch, Session, SnapshotTable
from headwater.engines.mongodb import documents, errors
from headwater.engines.mongodb.session import BROKEN, MongoSession
from headwater.engines.mongodb.statements import MongoStatement, statements
from headwater.engines.mongodb.sync_client import SyncClient
from headwater.engines.mongodb.values import Document
from headwater.kit.errors import HeadwaterError

# Bytes per message: below the server's limit, so that a cancelled load stops soon.
MOST, MOST_BYTES = 20_000, 16 * 2**20
Found = TypeVar("Found")


class MongoBulkLoader:
    """Loads a snapshot into an empty database."""

    load_compared = None
    archive_restore = None

    def __init__(self, session: MongoSession) -> None:
        self._session, self._bridge = session, SyncClient()
        self._one = threading.Lock()
        self._bypass = True

    async def run_statements(self, statements_: Iterable[str]) -> None:
        """Run commands, one at a time."""
        for text in statements_:
            for statement in statements(text):
                await self._session.ask(statement.command)

    def load_rows(self, table: SnapshotTable, batches: Iterable[Batch]) -> int:
        """Insert the documents of a collection, which is empty; if that fails, the collection is emptied again."""
        rows = 0
        with self._one:
            try:
                for some in _messages(document for batch in batches for document in documents.joined(batch)):
                    self._wait(self._insert(table, some), table)
                    rows += len(some)
            except BaseException:
                everything: Document = {"delete": table.name, "deletes": [{"q": {}, "limit": 0}]}
                self._bridge.last(self._session.database.command(everything))
                raise
        return rows

    def count_rows(self, table: SnapshotTable) -> int:
        """Return how many documents a collection has."""
        with self._one:
            return self._wait(self._session.database[table.name].count_documents({}), table)

    async def restore_extras(self, extras: Mapping[str, Any]) -> list[str]:
        """Do nothing: there is nothing besides collections, indexes and views."""
        return []

    def cancel(self) -> None:
        """Interrupt the load after the current batch of documents.

        If it were interrupted within a batch, the server would continue to insert and recreate the collection after it
        was dropped.
        """
        self._bridge.cancel(at_once=False)

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    async def _insert(self, table: SnapshotTable, some: list[RawBSONDocument]) -> None:
        """Insert documents, also those that a validator rejects because it is newer than they are.

        The server skips the validation if the user may ask for it; otherwise only documents that pass the validator are
        inserted.
        """
        collection = self._session.database.get_collection(table.name)
        ordered = not table.key
        try:
            await collection.insert_many(some, ordered=ordered, bypass_document_validation=self._bypass)
        except OperationFailure as error:
            if not self._bypass or _code(error) != errors.UNAUTHORIZED:
                raise
            self._bypass = False
            await collection.insert_many(some, ordered=ordered)

    def _wait(self, work: Coroutine[Any, Any, Found], table: SnapshotTable) -> Found:
        try:
            return self._bridge.wait(work)
        except BulkWriteError as error:
            raise _refusal(error, table) from error
        except BROKEN as error:
            if isinstance(error, HeadwaterError):
                raise
            raise errors.refusal(error, MongoStatement({"insert": table.name}), 0) from error


async def open_loader(session: Session) -> MongoBulkLoader:
    """Return a bulk loader over a new session, which the loader closes."""
    assert isinstance(session, MongoSession)
    return MongoBulkLoader(session)


def _messages(documents: Iterable[bytes]) -> Iterator[list[RawBSONDocument]]:
    """Yield as many documents at a time as are sent in one message."""
    held: list[RawBSONDocument] = []
    size = 0
    for raw in documents:
        if held and (len(held) >= MOST or size + len(raw) > MOST_BYTES):
            yield held
            held, size = [], 0
        held.append(RawBSONDocument(raw))
        size += len(raw)
    if held:
        yield held


def _code(error: OperationFailure) -> int:
    """Return the code of an error, or of the first of several errors."""
    wrong = (error.details or {}).get("writeErrors") or [{}]
    return int(wrong[0].get("code") or error.code or 0)


def _refusal(error: BulkWriteError, table: SnapshotTable) -> QueryError:
    details: Mapping[str, Any] = error.details or {}
    every = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())] or [{}]
    message = str(every[0].get("errmsg") or error)
    return errors.failed(f"In {table.name}: {message}", _code(error), MongoStatement({"insert": table.name}), 0)
