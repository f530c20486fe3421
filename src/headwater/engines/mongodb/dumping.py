"""A MongoDB database at one moment: one transaction of read concern `snapshot`, which replica sets and mongos have.

Such a transaction cannot list collections nor read capped ones. The list is read before it begins and again after,
until both are equal; capped collections are read beside it, which is told.
"""

from __future__ import annotations

import threading
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, TypeVar, cast

from pymongo import ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.cursor import AsyncRawBatchCursor
from pymongo.read_concern import ReadConcern

from headwater.catalog.model import Relation, Schema
from headwater.catalog.results import QueryError
from headwater.engines import Batch, DumpTable, Session
from headwater.engines.mongodb import documents, errors
from headwater.engines.mongodb.inspect import attribute, inspect
from headwater.engines.mongodb.session import BROKEN, MongoSession
from headwater.engines.mongodb.statements import Statement
from headwater.engines.mongodb.threads import Bridge
from headwater.engines.mongodb.values import Document
from headwater.kit.errors import Conflict, HeadwaterError

TRIES = 5
# What the server makes for views and time series, and makes again with them.
_MADE = ("system.views", "system.buckets.", "system.profile")
Found = TypeVar("Found")


class MongoDump:
    """See `headwater.engines.Dump`."""

    def __init__(self, session: MongoSession) -> None:
        self._session, self._bridge = session, Bridge()
        self._one = threading.Lock()
        self._transaction: AsyncClientSession | None = None
        self._there: Mapping[str, Any] = {}
        self.product, self.schema = "", Schema()
        self.moment: Mapping[str, Any] = {}
        self.extras: Mapping[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.tables: tuple[DumpTable, ...] = ()

    async def open(self) -> None:
        """Fix the moment, and read everything but the documents."""
        hello, built = await self._session.ask({"hello": 1}), await self._session.ask({"buildInfo": 1})
        self.product = f"MongoDB {built.get('version', '0')}"
        has_moments = hello.get("msg") == "isdbgrid" or ("setName" in hello and hello.get("isWritablePrimary"))
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
                "Collections were made or dropped all the while the snapshot began.", hint="Take it again later."
            )
        self._there = {name: _identity(one) for name, one in before.items()}
        self.tables = tuple(_table(one) for one in self.schema if one.kind == "collection")
        self.notes = tuple(self._notes(before, has_moments=bool(has_moments)))

    def read(self, table: DumpTable) -> Iterator[Batch]:
        """Give the documents of a collection; one collection at a time. See `headwater.engines.Dump`."""
        with self._one:
            cursor = self._cursor(table)
            try:
                while data := self._wait(_next(cursor), table):
                    yield documents.cut(data)
                self._wait(self._check(table), table)
            finally:
                self._bridge.last(cursor.close())

    def cancel(self) -> None:
        """End what is being read."""
        self._bridge.cancel()

    async def close(self) -> None:
        """Close the session, and with it the transaction."""
        await self._end()
        await self._session.close()

    async def _begin(self) -> None:
        """Begin the transaction; its first read fixes the moment."""
        await self._end()
        self._transaction = session = self._session.database.client.start_session()
        try:
            await session.start_transaction(ReadConcern("snapshot"), read_preference=ReadPreference.PRIMARY)
            keyed = (one.name for one in self.schema if one.kind == "collection" and not _in_order(one))
            name = next(keyed, "headwater")  # one that is not there does as well
            await self._session.database[name].find_one({"_id": None}, {"_id": 1}, session=session)
        except BROKEN as error:
            raise errors.refusal(error, Statement({"find": ""}), 0) from error
        at = session.operation_time
        self.moment = {"operationTime": f"{at.time}.{at.inc}"} if at else {}

    async def _end(self) -> None:
        session, self._transaction = self._transaction, None
        if session:
            await self._bridge.quietly(session.end_session())

    async def _listed(self) -> dict[str, Document]:
        """Return what there is by its names."""
        found = await self._session.all({"listCollections": 1, "cursor": {}})
        return {str(one["name"]): one for one in sorted(found, key=lambda one: str(one["name"]))}

    def _notes(self, listed: Mapping[str, Document], *, has_moments: bool) -> Iterator[str]:
        capped = ", ".join(one.name for one in self.schema if _capped(one))
        if not has_moments:
            yield "Not of one moment: only primaries of replica sets and mongos have one, and the server is neither."
        elif capped:
            yield f"Not of one moment, for a transaction does not read capped collections: {capped}."
        own = [name for name in listed if name.startswith("system.") and not name.startswith(_MADE)]
        if own:
            yield f"Not in it, for they belong to the server: {', '.join(own)}."

    def _cursor(self, table: DumpTable) -> AsyncRawBatchCursor[Document]:
        inside = None if table.facts.get("capped") else self._transaction
        return self._session.database[table.name].find_raw_batches(
            {}, sort=[("_id", 1)] if table.key else None, session=inside, no_cursor_timeout=False
        )

    def _wait(self, work: Coroutine[Any, Any, Found], table: DumpTable) -> Found:
        try:
            return self._bridge.wait(work)
        except BROKEN as error:
            if isinstance(error, HeadwaterError):
                raise
            if self._transaction and getattr(error, "code", None) in errors.TRANSACTION_ENDED:
                raise QueryError(
                    "The server ended the transaction that the snapshot reads in, as it does with those that last "
                    "longer than transactionLifetimeLimitSeconds.",
                    hint="Let an admin of the server raise that (60 s unless it was set), or take fewer collections.",
                    sqlstate=str(getattr(error, "code", "")),
                ) from error
            raise errors.refusal(error, Statement({"find": table.name}), 0) from error

    async def _check(self, table: DumpTable) -> None:
        """Make sure that the collection is still the one that was opened: of another, nothing is there to be read."""
        command = {"listCollections": 1, "filter": {"name": table.name}, "cursor": {}}
        found = await self._session.all(command)
        if [_identity(one) for one in found] != [self._there[table.name]]:
            raise Conflict(
                f"The collection {table.name} was dropped or made anew while it was read.", hint="Take it again."
            )


async def opened(session: Session) -> MongoDump:
    """Return a dump over a session of ours, which it closes."""
    assert isinstance(session, MongoSession)
    dump = MongoDump(session)
    try:
        await dump.open()
    except BaseException:
        await dump.close()
        raise
    return dump


def _table(relation: Relation) -> DumpTable:
    """Return a collection as a table."""
    facts = {"capped": True} if _capped(relation) else {}
    return DumpTable(None, relation.name, documents.COLUMNS, () if _in_order(relation) else (0,), relation.rows, facts)


def _in_order(relation: Relation) -> bool:
    """Whether a collection keeps the order in which documents came, in which it is read and filled then."""
    return _capped(relation) or attribute(relation, "timeseries") is not None


def _capped(relation: Relation) -> bool:
    return attribute(relation, "capped") == "true"


def _identity(one: Document) -> Any:
    return (one.get("info") or {}).get("uuid")


async def _next(cursor: AsyncRawBatchCursor[Document]) -> bytes:
    """Return some documents behind one another; nothing at the end."""
    async for data in cursor:
        if data:
            return cast(bytes, data)  # of a raw cursor
    return b""
