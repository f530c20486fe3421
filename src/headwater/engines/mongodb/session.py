"""A session on MongoDB: commands run one after another, documents are yielded as the server's cursor returns them.

A read-only run sends only commands that are known to read, and no pipeline with a stage that writes. Cancelling a run
closes its connection; the server then stops working for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from bson import encode
from bson.errors import BSONError
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from headwater.catalog.results import (
    STANDARD,
    Finished,
    Frame,
    Limits,
    Meter,
    QueryCancelled,
    QueryError,
    QueryTimeout,
    ResultColumn,
    Row,
    Rows,
    Started,
)
from headwater.engines import Address, Parameters, ServerFacts, Session
from headwater.engines.mongodb import command_results, errors, policy
from headwater.engines.mongodb.connection import MongoConnection, open_connection
from headwater.engines.mongodb.statements import MongoStatement, statements
from headwater.engines.mongodb.values import Document, display_text
from headwater.kit.errors import HeadwaterError, Unavailable

CHUNK = 500
LATE_SECONDS = 1.0
CURSORS = frozenset({"find", "aggregate", "listCollections", "listIndexes"})
TIMED = frozenset({*CURSORS, "count", "distinct", "update", "delete", "findAndModify", "createIndexes", "dbStats"})
DOCUMENT = (ResultColumn("document", "document", "json"),)
BROKEN = (PyMongoError, BSONError, OSError, EOFError, OverflowError, TypeError, ValueError)
Found = TypeVar("Found")


class MongoSession:
    """One driver, connected to one server and one database."""

    def __init__(self, to: Address, channel: MongoConnection) -> None:
        self._to, self._channel = to, channel
        self._task: asyncio.Task[Any] | None = None
        self._closed = self._running = self._cancelled = self._late = False

    @property
    def in_transaction(self) -> bool:
        """False: each command has a server session of its own."""
        return False

    @property
    def database(self) -> AsyncDatabase[Document]:
        """The database, for our own queries."""
        if self._closed:
            raise Unavailable("The session is closed.", hint="Connect again.")
        return self._channel.client[self._to.database]

    async def ask(self, command: Document) -> Document:
        """Return the answer to one of our own commands.

        Raises:
            QueryError: the server refused it.
        """
        try:
            return await self.database.command(command)
        except BROKEN as error:
            raise errors.refusal(error, MongoStatement(command), 0) from error

    async def all(self, command: Document, most_bytes: int | None = None) -> list[Document]:
        """Return the documents of one of our own cursors, up to a total size."""
        documents: list[Document] = []
        size = 0
        try:
            async with await self.database.cursor_command(command) as cursor:
                async for document in cursor:
                    documents.append(document)
                    size += len(encode(document)) if most_bytes else 0
                    if most_bytes and size > most_bytes:
                        break
            return documents
        except BROKEN as error:
            raise errors.refusal(error, MongoStatement(command), 0) from error

    async def ping(self) -> ServerFacts:
        """Return version, size, roles and latency."""
        began = time.perf_counter()
        await self.ask({"ping": 1})
        latency = (time.perf_counter() - began) * 1000
        built, hello = await self.ask({"buildInfo": 1}), await self.ask({"hello": 1})
        size = None
        with contextlib.suppress(HeadwaterError):
            rows = await self.ask({"dbStats": 1})
            size = int(rows.get("storageSize", 0)) + int(rows.get("indexSize", 0))
        status = (await self.ask({"connectionStatus": 1})).get("authInfo", {})
        roles = tuple(sorted({str(role.get("role")) for role in status.get("authenticatedUserRoles", [])}))
        warnings = () if self._to.user else ("The server does not require a password.",)
        return ServerFacts(
            "MongoDB",
            str(built.get("version", "0")),
            latency,
            size,
            tls=self._channel.passage.cipher if self._channel.passage else None,
            privileges=roles,
            read_only=not hello.get("isWritablePrimary", hello.get("ismaster", True)),
            warnings=warnings,
        )

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        """Run the commands of a text."""
        given = statements(text, parameters)
        for number, statement in enumerate(given):
            policy.check(statement, number, self._to.database, read_only=limits.read_only)
        async with self._in_time(limits.seconds):
            for number, statement in enumerate(given):
                try:
                    async with contextlib.aclosing(self._statement(number, statement, limits)) as frames:
                        async for frame in frames:
                            yield frame
                except BROKEN as error:
                    raise self._why(error, number, statement, limits) from error

    async def check(self, text: str) -> QueryError | None:
        """Return an error if a command is invalid or not allowed; the server is not asked."""
        try:
            for number, statement in enumerate(statements(text) if text.strip() else []):
                policy.check(statement, number, self._to.database, read_only=False)
        except QueryError as error:
            return error
        return None

    async def cancel(self) -> None:
        """Stop the running command."""
        if self._running:
            self._cancelled = True
            self._interrupt()

    async def reset(self) -> None:
        """Do nothing: a run leaves nothing in the session."""

    def broken(self) -> bool:
        """True if the driver has found the server gone."""
        return self._closed or not self._channel.client.topology_description.has_readable_server()

    async def close(self) -> None:
        """Close the connection."""
        if not self._closed:
            self._closed = True
            await self._channel.close()

    async def _statement(self, number: int, statement: MongoStatement, limits: Limits) -> AsyncGenerator[Frame, None]:
        began, meter = time.perf_counter(), Meter(limits)
        command = _limited(statement.command, limits)
        async with self._channel.client.start_session() as server_session:
            if statement.name not in CURSORS or command.get("explain"):
                answer = await self._doing(self.database.command(command, session=server_session))
                outcome = command_results.outcome(statement, answer, number)
                yield Started(number, statement.start, statement.end, outcome.columns)
                if rows := meter.take(outcome.rows):
                    yield Rows(rows)
                affected, notices = outcome.affected, outcome.notices
            else:
                columns = DOCUMENT if not statement.only else command_results.COUNT
                yield Started(number, statement.start, statement.end, columns)
                documents = self._documents(statement, command, server_session, meter, _size(limits))
                async with contextlib.aclosing(documents) as chunks:
                    async for chunk in chunks:
                        yield Rows(chunk)
                affected, notices = None, ()
        seconds = time.perf_counter() - began
        yield Finished(number, statement.name.upper(), meter.rows, affected, meter.full, seconds, notices)

    async def _documents(
        self,
        statement: MongoStatement,
        command: Document,
        server_session: AsyncClientSession,
        meter: Meter,
        size: int,
    ) -> AsyncGenerator[list[Row], None]:
        cursor = await self._doing(self.database.cursor_command(command, session=server_session))
        try:
            cursor.batch_size(CHUNK)
            some = False
            while not meter.full:
                documents = await self._doing(_next(cursor, size))
                some = some or bool(documents)
                given: list[Row] = [(_shown(document, statement.only),) for document in documents]
                if statement.only and not some:
                    given = [(0,)]  # an aggregate over no documents returns no group
                if rows := meter.take(given):
                    yield rows
                if not documents:
                    return
        finally:
            with contextlib.suppress(*BROKEN):
                await cursor.close()

    async def _doing(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Wait for the driver in a task that `cancel` can stop."""
        if self._cancelled or self._late:
            work.close()
            raise ConnectionAbortedError
        self._task = task = asyncio.create_task(work)
        try:
            return await task
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if (self._cancelled or self._late) and not (ours and ours.cancelling()):
                raise ConnectionAbortedError from None
            raise

    def _interrupt(self) -> None:
        if self._task:
            self._task.cancel()

    @contextlib.asynccontextmanager
    async def _in_time(self, seconds: float | None) -> AsyncIterator[None]:
        self._running, self._cancelled, self._late, self._task = True, False, False, None

        def end() -> None:
            self._late = True
            self._interrupt()

        # The server itself stops commands that are too slow; this is for servers that do not.
        timer = None
        if seconds is not None:
            timer = asyncio.get_running_loop().call_later(seconds + LATE_SECONDS, end)
        try:
            yield
        finally:
            self._running = False
            if timer:
                timer.cancel()

    def _why(self, error: Exception, number: int, statement: MongoStatement, limits: Limits) -> HeadwaterError:
        if isinstance(error, HeadwaterError):
            return error
        code = getattr(error, "code", None)
        if self._cancelled and (isinstance(error, ConnectionAbortedError) or code in errors.INTERRUPTED):
            return QueryCancelled()
        if self._late or code == errors.TIMED_OUT:
            return QueryTimeout(
                f"The command took longer than {limits.seconds:g} s.", statement=number, position=statement.start
            )
        return errors.refusal(error, statement, number)


async def _next(cursor: Any, size: int) -> list[Document]:
    """Return the next documents; an empty list at the end of the cursor."""
    documents: list[Document] = []
    while len(documents) < size:
        try:
            documents.append(await anext(cursor))
        except StopAsyncIteration:
            break
    return documents


def _size(limits: Limits) -> int:
    return CHUNK if limits.rows is None else min(CHUNK, limits.rows + 1)


def _shown(document: Document, only: str) -> Any:
    return document.get(only) if only else display_text(document)


def _limited(command: Document, limits: Limits) -> Document:
    """Return a command with the limits of its run: its time, and the batch size."""
    limited, name = dict(command), next(iter(command))
    if limits.seconds is not None and name in TIMED:
        most = max(1, int(limits.seconds * 1000))
        asked = limited.get("maxTimeMS")
        limited["maxTimeMS"] = min(most, asked) if isinstance(asked, int) and asked > 0 else most
    size = _size(limits)
    if name == "find":
        limited["batchSize"] = size
    elif name in CURSORS:
        limited["cursor"] = {**(limited.get("cursor") or {}), "batchSize": size}
    return limited


async def connect(address: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection."""
    return MongoSession(address, await open_connection(address, seconds))
