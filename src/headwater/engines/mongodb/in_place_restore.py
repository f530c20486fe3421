"""Restores collections of a MongoDB database in use: all of them, or none.

Everything is first loaded into temporary collections. A collection that is overwritten is then replaced by renaming the
temporary one, with the options and indexes of the existing collection. Documents that are appended are inserted from a
temporary collection that keeps just the new documents, so that they can be deleted again on failure. From the first
such step to the last one, a marker document is in the database: the next attempt uses it to undo what a killed attempt
has left. Transactions are not used: they cannot rename collections, and must end before
`transactionLifetimeLimitSeconds`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from headwater.catalog.results import QueryError
from headwater.engines import (
    Address,
    Batch,
    InPlaceRestore,
    InPlaceRestoreSupport,
    Mode,
    Session,
    SnapshotTable,
    TableRestoreRequest,
    TableRestoreResult,
)
from headwater.engines.mongodb import documents
from headwater.engines.mongodb.bulk_load import MongoBulkLoader
from headwater.engines.mongodb.session import MongoSession, connect
from headwater.engines.mongodb.transfer import MongoTransfer
from headwater.engines.mongodb.values import Document, display_text

MARKER = "headwater_restoring"
# Prefixes of temporary collections: one that replaces, one that is appended, and the replaced one.
STAGED, ADDED, BEFORE = "headwater_restore_", "headwater_adding_", "headwater_before_"
IDS = 1000
DUPLICATE = 11000


class MongoInPlaceRestore(MongoBulkLoader):
    """Restores tables of a database in use."""

    def restore_tables(self, request: TableRestoreRequest) -> list[TableRestoreResult]:
        """Load temporary collections, then switch over."""
        if not request.tables:
            return []
        first = request.tables[0][0]
        self._wait(self._cleared(), first)
        there = self._wait(self._listed(), first)
        for table, _ in request.tables:
            self._wait(self._check(there.get(table.name), request.mode), table)
        absent = [table.name for table, _ in request.tables if table.name not in there]
        try:
            return self._put(request, there)
        except BaseException as error:
            self._bridge.last(self._cleared(absent), None)
            if isinstance(error, QueryError):
                message = error.message.replace(STAGED, "").replace(ADDED, "")
                raise QueryError(message, hint=error.hint, sqlstate=error.sqlstate) from error
            raise

    def _put(self, request: TableRestoreRequest, existing: Mapping[str, Document]) -> list[TableRestoreResult]:
        tables = [table for table, _ in request.tables]
        present = [table for table in tables if table.name in existing]
        first = tables[0]
        self._wait(self.run_statements(request.pre_data), first)
        before = [self.count_rows(table) for table in tables]
        written = {
            table.name: self._beside(table, batches, existing[table.name], request.mode)
            if table.name in existing
            else self.load_rows(table, batches)
            for table, batches in request.tables
        }
        self._wait(self.run_statements(request.post_data), first)
        if present:
            self._wait(self._session.ask({"create": MARKER}), first)
            for present_table in present:
                written[present_table.name] -= self._wait(
                    self._changed_over(present_table, request.mode, alone=len(present) == 1), present_table
                )
            self._wait(self._session.ask({"drop": MARKER}), first)
            self._bridge.last(self._cleared(), None)
        counts = [self.count_rows(table) for table in tables]
        return [
            TableRestoreResult(was, written[table.name], now)
            for table, was, now in zip(tables, before, counts, strict=True)
        ]

    async def _check(self, existing: Document | None, mode: Mode) -> None:
        """Refuse collections that cannot be restored in place."""
        if existing is None:
            return
        name, options, why = existing["name"], existing.get("options") or {}, None
        if existing.get("type") == "view":
            why = "is now a view"
        elif "timeseries" in options:
            why = "is a time series, which cannot be renamed or rolled back"
        elif options.get("capped") and mode != "overwrite":
            why = "is capped: inserting documents would remove existing ones"
        elif mode == "overwrite" and (await self._session.ask({"collStats": name})).get("sharded"):
            why = "is sharded, and would lose its sharding"
        if why:
            raise QueryError(
                f"{name} {why}.", hint="Restore it into an empty database, and copy what you need from there."
            )

    def _beside(self, table: SnapshotTable, batches: Iterable[Batch], existing: Document, mode: Mode) -> int:
        """Load documents into a temporary collection, without existing ones, and return how many will be added."""
        options = existing.get("options") or {}
        if mode == "overwrite":
            beside = replace(table, name=STAGED + table.name)
            self._wait(self._made(table.name, options), table)
            rows = self.load_rows(beside, batches)
            self._wait(self._indexed(table.name, beside.name), beside)
            return rows
        beside = replace(table, name=ADDED + table.name)
        same = {key: of for key, of in options.items() if key == "collation"}
        self._wait(self._session.ask({"create": beside.name, **same}), table)
        rows = self.load_rows(beside, batches)
        return rows - self._wait(self._without(table.name, beside.name, mode), table)

    async def _made(self, name: str, options: Document) -> None:
        """Create a temporary collection, and check that the server keeps options when it renames a collection."""
        await self._session.ask({"create": ADDED + name, **options})
        await self._rename(ADDED + name, STAGED + name)
        if ((await self._listed())[STAGED + name].get("options") or {}) != options:
            raise QueryError(
                f"{name} has options (such as a validator), which this server loses when a collection is renamed.",
                hint="Append to it, or restore it into an empty database.",
            )

    async def _indexed(self, like: str, name: str) -> None:
        """Create the indexes of one collection on another."""
        existing = await self._session.all({"listIndexes": like, "cursor": {}})
        indexes = [
            {key: of for key, of in index.items() if key != "ns"}
            for index in existing
            if index["name"] != "_id_" and not index.get("clustered")
        ]
        if indexes:
            await self._session.ask({"createIndexes": name, "indexes": indexes})

    async def _without(self, name: str, beside: str, mode: Mode) -> int:
        """Delete the documents that already exist from those to be added, and return how many."""
        database, left_out = self._session.database, 0
        async for ids in self._ids(beside):
            self._bridge.check()
            there = [document["_id"] async for document in database[name].find({"_id": {"$in": ids}}, {"_id": 1})]
            if there and mode == "append":
                raise QueryError(
                    f"In {name}: duplicate key: a document with the _id {display_text(there[0])} already exists.",
                    hint="Append only missing documents, or overwrite the collection.",
                )
            if there:
                left_out += (await database[beside].delete_many({"_id": {"$in": there}})).deleted_count
        return left_out

    async def _changed_over(self, table: SnapshotTable, mode: Mode, *, alone: bool) -> int:
        """Replace a collection by its temporary one, or insert from it; a single collection is replaced in one step.

        Returns how many documents a unique index has rejected, as is allowed when only missing ones are added.
        """
        left_out = 0
        if mode == "overwrite":
            if not alone:
                await self._rename(table.name, BEFORE + table.name)
            await self._rename(STAGED + table.name, table.name)
            return left_out
        beside = self._session.database[ADDED + table.name]
        async for data in beside.find_raw_batches({}, sort=[("_id", 1)], batch_size=IDS):
            self._bridge.check()
            some = [RawBSONDocument(document) for document in documents.joined(documents.cut(cast(bytes, data)))]
            try:
                await self._insert(table, some)
            except BulkWriteError as error:
                # Documents that others inserted meanwhile must not be deleted.
                wrong = (error.details or {}).get("writeErrors", ())
                await beside.delete_many({"_id": {"$in": [some[failure["index"]]["_id"] for failure in wrong]}})
                if mode == "append" or any(failure["code"] != DUPLICATE for failure in wrong) or not wrong:
                    raise
                left_out += len(wrong)
        return left_out

    async def _rename(self, name: str, to: str) -> None:
        """Rename a collection; an existing collection of the new name is replaced."""
        database = self._session.database
        await database.client.admin.command(
            {"renameCollection": f"{database.name}.{name}", "to": f"{database.name}.{to}", "dropTarget": True}
        )

    async def _listed(self) -> dict[str, Document]:
        """Return the collections by name."""
        return {
            collection["name"]: collection
            for collection in await self._session.all({"listCollections": 1, "cursor": {}})
        }

    async def _cleared(self, created: Iterable[str] = ()) -> None:
        """Undo an unfinished restore; delete temporary collections and those that it created."""
        names = await self._listed()
        for name in (name for name in names if name.startswith(ADDED) and MARKER in names):
            async for ids in self._ids(name):
                await self._session.database[name.removeprefix(ADDED)].delete_many({"_id": {"$in": ids}})
        for name in (name for name in names if name.startswith(BEFORE) and MARKER in names):
            await self._rename(name, name.removeprefix(BEFORE))
        await MongoTransfer(self._session).drop("collection", MARKER)
        beside = [name for name in await self._listed() if name.startswith((STAGED, ADDED, BEFORE))]
        for name in (*beside, *created):
            await self._session.database.drop_collection(name)

    async def _ids(self, name: str) -> AsyncIterator[list[Any]]:
        """Yield the ids of the documents of a collection in batches, in order."""
        held: list[Any] = []
        async for document in self._session.database[name].find({}, {"_id": 1}, sort=[("_id", 1)], batch_size=IDS):
            held.append(document["_id"])
            if len(held) == IDS:
                yield held
                held = []
        if held:
            yield held


async def open_restore(session: Session) -> MongoInPlaceRestore:
    """Return an in-place restore over a new session, which it closes."""
    assert isinstance(session, MongoSession)
    return MongoInPlaceRestore(session)


class MongoInPlaceRestores(InPlaceRestoreSupport):
    """Opens databases for in-place restores."""

    async def open(self, address: Address, *, seconds: float = 15.0) -> InPlaceRestore:
        return await open_restore(await connect(address, seconds=seconds))
