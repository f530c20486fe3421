"""Reads a consistent MongoDB snapshot: one transaction with read concern `snapshot`, on replica sets and mongos.

Such a transaction cannot list collections or read capped ones. The list is read before the transaction begins and again
after that, until both are equal; capped collections are read outside it, and a note says so.

The server ends a transaction that lasts too long. The rest is then read without it, and the documents that have changed
since the start, according to the change stream, are read again at the end in a new transaction, which defines the
moment of the snapshot (decision 0013).
"""

from __future__ import annotations

import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import pyarrow as pa
from bson import Timestamp
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.cursor import AsyncRawBatchCursor
from pymongo.read_concern import ReadConcern

from headwater.catalog.model import Relation, Schema
from headwater.catalog.results import QueryError
from headwater.engines import Batch, CatchUp, Session, SnapshotTable
from headwater.engines.mongodb import change_stream, documents, errors
from headwater.engines.mongodb.inspect import attribute, inspect
from headwater.engines.mongodb.session import BROKEN, MongoSession
from headwater.engines.mongodb.statements import MongoStatement
from headwater.engines.mongodb.sync_client import SyncClient
from headwater.engines.mongodb.values import Document
from headwater.kit.errors import Conflict, HeadwaterError

TRIES = 5
# How often changed documents are read again, and how many at once.
PASSES, IDS = 20, 1000
# Collections that the server creates for views and time series.
_MADE = ("system.views", "system.buckets.", "system.profile")
Found = TypeVar("Found")


class Ended(QueryError):
    """The server has ended the transaction."""


class MongoSnapshotReader:
    """A consistent snapshot of a database, open for reading."""

    max_readers = 1
    change_tracking = None
    schema_archiver = None

    def __init__(self, session: MongoSession) -> None:
        self._session, self._bridge = session, SyncClient()
        self._one = threading.Lock()
        self._transaction: AsyncClientSession | None = None
        self._changes: change_stream.ChangeStream | None = None
        self._at: Timestamp | None = None
        self._loose, self._ended, self._again = False, False, 0
        self._given: dict[str, SnapshotTable] = {}
        self._there: Mapping[str, Any] = {}
        self.product, self.schema = "", Schema()
        self.moment: Mapping[str, Any] = {}
        self.extras: Mapping[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.tables: tuple[SnapshotTable, ...] = ()

    async def open(self) -> None:
        """Begin the transaction, and read everything but the documents."""
        hello, built = await self._session.ask({"hello": 1}), await self._session.ask({"buildInfo": 1})
        self.product = f"MongoDB {built.get('version', '0')}"
        has_moments = hello.get("msg") == "isdbgrid" or ("setName" in hello and hello.get("isWritablePrimary"))
        if has_moments:
            self._changes = await change_stream.opened(self._session.database)
        for _ in range(TRIES):
            before = await self._listed()
            self.schema = await inspect(self._session)
            if has_moments:
                await self._begin()
            after = await self._listed()
            if before == after:
                break
        else:
            raise Conflict(
                "Collections were created or dropped while the snapshot started.", hint="Take the snapshot again later."
            )
        self._there = {name: _identity(collection) for name, collection in before.items()}
        self.tables = tuple(_table(relation) for relation in self.schema if relation.kind == "collection")
        self.notes = tuple(self._notes(before, has_moments=bool(has_moments)))

    def read(self, table: SnapshotTable) -> Iterator[Batch]:
        """Yield the documents of a collection; one collection at a time."""
        with self._one:
            self._given[table.name] = table
            last = None
            while True:
                try:
                    for batch in self._read(self._cursor(table, last), table):
                        if last is not None and batch.column(0)[0].as_py() == last:
                            batch = batch.slice(1)
                        if batch.num_rows:
                            last = batch.column(0)[-1].as_py()
                            yield batch
                    break
                except Ended:
                    if not self._changes or (not table.key and last is not None):
                        raise
                    self._let_go(table)
            self._wait(self._check(table), table)

    @property
    def catch_up(self) -> CatchUp:
        return self

    def is_consistent(self) -> bool:
        """True if everything that was read belongs to `moment`."""
        return not self._loose

    def changes_since_read(self) -> Iterator[tuple[SnapshotTable, Batch, Any]]:
        """Yield the changes since the first read."""
        with self._one:
            assert self._changes
            self._again += 1
            if self._again > PASSES:
                raise Conflict(
                    "The database changes faster than the changes can be read.",
                    hint="Take the snapshot at a quieter time, or include fewer collections.",
                )
            tables = [table for table in self._given.values() if table.key]
            self._ended = False
            if tables:
                self._changes.mark()
                self._wait(self._begin(), tables[0])
                assert self._at
                self._wait(self._changes.until(self._at), tables[0])
                changed = self._changes.take()
            for table in tables:
                ids = list(changed.pop(table.name, ()))
                for start in range(0, len(ids), IDS):
                    for rows, gone in self._now(table, ids[start : start + IDS]):
                        yield table, rows, gone
                self._wait(self._check(table), table)
            self._loose = self._ended
            if new := set(self._wait(self._listed(), self.tables[0])) - set(self._there):
                self.notes = (
                    f"Not included, because they were created while the snapshot was taken: {', '.join(sorted(new))}.",
                )

    def _now(self, table: SnapshotTable, ids: Sequence[bytes]) -> Iterator[tuple[Batch, Any]]:
        """Yield the current documents of some ids, then the ids of those that do not exist."""
        wanted = {"_id": {"$in": [_id(element) for element in ids]}}
        none, existing = pa.array([], pa.binary()), set[bytes]()
        while True:
            try:
                for rows in self._read(self._cursor(table, wanted=wanted), table):
                    existing.update(rows.column(0).to_pylist())
                    yield rows, none
                break
            except Ended:
                self._let_go(table)
                existing.clear()
        yield documents.cut(b""), pa.array([element for element in ids if element not in existing], pa.binary())

    def _read(self, cursor: AsyncRawBatchCursor[Document], table: SnapshotTable) -> Iterator[Batch]:
        for data in self._batches(cursor, table):
            yield documents.cut(data)

    def _batches(self, cursor: AsyncRawBatchCursor[Document], table: SnapshotTable) -> Iterator[bytes]:
        try:
            while data := self._wait(_next(cursor), table):
                yield data
        finally:
            self._bridge.last(cursor.close())

    def _let_go(self, table: SnapshotTable) -> None:
        """Continue without the transaction, which the server has ended."""
        self._bridge.last(self._end())
        self._loose = self._ended = True
        if not table.key:
            self.notes += (f"Not consistent, because the server ended the transaction: {table.name}.",)

    def cancel(self) -> None:
        """Interrupt the read."""
        self._bridge.cancel()

    async def close(self) -> None:
        """Close the session and with it the transaction."""
        await self._end()
        if self._changes:
            await self._changes.close()
        await self._session.close()

    async def _begin(self) -> None:
        """Begin the transaction; its first read defines the moment."""
        await self._end()
        self._transaction = session = self._session.database.client.start_session()
        try:
            await session.start_transaction(ReadConcern("snapshot"), read_preference=ReadPreference.PRIMARY)
            keyed = (
                relation.name for relation in self.schema if relation.kind == "collection" and not _in_order(relation)
            )
            name = next(keyed, "headwater")  # a missing collection works as well
            await self._session.database[name].find_one({"_id": None}, {"_id": 1}, session=session)
        except BROKEN as error:
            raise errors.refusal(error, MongoStatement({"find": ""}), 0) from error
        at = self._at = session.operation_time
        self.moment = {"operationTime": f"{at.time}.{at.inc}"} if at else {}

    async def _end(self) -> None:
        session, self._transaction = self._transaction, None
        if session:
            await self._bridge.quietly(session.end_session())

    async def _listed(self) -> dict[str, Document]:
        """Return the collections by name."""
        collections = await self._session.all({"listCollections": 1, "cursor": {}})
        return {
            str(collection["name"]): collection
            for collection in sorted(collections, key=lambda item: str(item["name"]))
        }

    def _notes(self, listed: Mapping[str, Document], *, has_moments: bool) -> Iterator[str]:
        capped = ", ".join(relation.name for relation in self.schema if _capped(relation))
        if not has_moments:
            yield "Not consistent: only primaries of replica sets and mongos support this, and the server is neither."
        elif capped:
            yield f"Not consistent, because a transaction cannot read capped collections: {capped}."
        own = [name for name in listed if name.startswith("system.") and not name.startswith(_MADE)]
        if own:
            yield f"Not included, because they are system collections: {', '.join(own)}."

    def _cursor(
        self, table: SnapshotTable, first: bytes | None = None, wanted: Document | None = None
    ) -> AsyncRawBatchCursor[Document]:
        """Return a cursor over a collection, starting at an id, or over some documents.

        Outside a transaction, only data on a majority of the servers is read: other data could be rolled back.
        """
        inside = None if table.facts.get("capped") else self._transaction
        collection = self._session.database[table.name]
        if self._loose and not inside:
            collection = collection.with_options(read_concern=ReadConcern("majority"))
        more: dict[str, Any] = {} if first is None else {"min": {"_id": _id(first)}, "hint": [("_id", 1)]}
        return collection.find_raw_batches(
            wanted or {}, sort=[("_id", 1)] if table.key else None, session=inside, no_cursor_timeout=False, **more
        )

    def _wait(self, work: Coroutine[Any, Any, Found], table: SnapshotTable) -> Found:
        try:
            return self._bridge.wait(work)
        except BROKEN as error:
            if isinstance(error, HeadwaterError):
                raise
            if self._transaction and getattr(error, "code", None) in errors.TRANSACTION_ENDED:
                raise Ended(
                    "The server ended the transaction of the snapshot, as it does with transactions that last "
                    "longer than transactionLifetimeLimitSeconds.",
                    hint="Ask an administrator of the server to raise this limit (default: 60 s), or include fewer "
                    "collections, or allow the user to open a change stream, so that later changes can be read.",
                    sqlstate=str(getattr(error, "code", "")),
                ) from error
            raise errors.refusal(error, MongoStatement({"find": table.name}), 0) from error

    async def _check(self, table: SnapshotTable) -> None:
        """Check that the collection is still the one that was opened; another one must not be read."""
        command = {"listCollections": 1, "filter": {"name": table.name}, "cursor": {}}
        collections = await self._session.all(command)
        if [_identity(collection) for collection in collections] != [self._there[table.name]]:
            raise Conflict(
                f"The collection {table.name} was dropped or recreated while it was read.", hint="Take it again."
            )


async def open_reader(session: Session) -> MongoSnapshotReader:
    """Return a snapshot reader over a new session, which the reader closes."""
    assert isinstance(session, MongoSession)
    dump = MongoSnapshotReader(session)
    try:
        await dump.open()
    except BaseException:
        await dump.close()
        raise
    return dump


def _table(relation: Relation) -> SnapshotTable:
    """Return a collection as a table of the snapshot."""
    facts = {"capped": True} if _capped(relation) else {}
    return SnapshotTable(
        None, relation.name, documents.COLUMNS, () if _in_order(relation) else (0,), relation.rows, facts
    )


def _id(element: bytes) -> Any:
    """Return the id in an `_id` element; of a nested document, its bytes."""
    return RawBSONDocument(documents.sized(element + b"\0"))["_id"]


def _in_order(relation: Relation) -> bool:
    """Return True if a collection keeps its insertion order, which reading and loading must then follow."""
    return _capped(relation) or attribute(relation, "timeseries") is not None


def _capped(relation: Relation) -> bool:
    return attribute(relation, "capped") == "true"


def _identity(listing: Document) -> Any:
    return (listing.get("info") or {}).get("uuid")


async def _next(cursor: AsyncRawBatchCursor[Document]) -> bytes:
    """Return some concatenated documents; empty at the end."""
    async for data in cursor:
        if data:
            return cast(bytes, data)  # of a raw cursor
    return b""
