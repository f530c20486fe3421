"""Reads from the change stream which documents (by id) change while a database is read.

The documents in a change stream are not those of the moment of the change, so they are not used: a changed document is
read again, in the same state as everything else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import Any, cast

from bson import Timestamp, encode
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from headwater.engines.mongodb.values import Document
from headwater.kit.errors import Conflict, Unavailable

MOST_IDS = 2_000_000
AWAIT_MILLISECONDS = 500
PATIENCE = 60.0
_PIPELINE = [{"$project": {"operationType": 1, "ns": 1, "documentKey": 1, "clusterTime": 1}}]
_CHANGES = frozenset({"insert", "update", "replace", "delete"})
_MARK, _OLDEST = "82", 2**30  # a mongod token is a key string that begins with a time after 2004


class ChangeStream:
    """A change stream that is being read; `ids` are the changed `_id` elements of each collection since `take`."""

    def __init__(self, stream: AsyncChangeStream[Any]) -> None:
        self._stream = stream
        self._ids: dict[str, set[bytes]] = defaultdict(set)
        self._marked: dict[str, set[bytes]] | None = None
        self._count = self._idle = 0
        self._seen: Timestamp | None = None  # time of the last change
        self._rested: Timestamp | None = None  # all changes up to this time are known
        self._moved = asyncio.Event()
        self._task = asyncio.create_task(self._follow())

    async def until(self, moment: Timestamp) -> None:
        """Wait until all changes up to a time are known.

        Raises:
            Conflict: too much has changed. Unavailable: the stream was interrupted, or is too slow.
        """
        idle = self._idle + 2  # the pending answer may be older
        try:
            async with asyncio.timeout(PATIENCE):
                while not self._task.done() and not self._is_behind(moment, idle):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise Unavailable("The change stream of the database does not keep up.", hint="Try again.") from None
        if self._task.done():
            raise self._why(self._task.exception())

    def _is_behind(self, moment: Timestamp, idle: int) -> bool:
        """Return True if no more changes can arrive for this time or an earlier one."""
        if self._seen and self._seen > moment:  # several changes may have the same time
            return True
        return self._rested >= moment if self._rested else self._idle >= idle

    def mark(self) -> None:
        """Also keep the changes from now on for the `take` after the next one."""
        self._marked = defaultdict(set)

    def take(self) -> dict[str, set[bytes]]:
        """Return the ids since the last call.

        The caller calls `mark` before it fixes the moment at which it reads them: a change between the two is returned
        now and once more the next time, because nobody knows on which side of the moment it was.
        """
        taken, self._ids, self._marked = self._ids, self._marked or defaultdict(set), None
        self._count = sum(map(len, self._ids.values()))
        return taken

    async def close(self) -> None:
        """Stop reading the stream."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(PyMongoError, OSError):
            await self._stream.close()

    async def _follow(self) -> None:
        try:
            while self._stream.alive:
                event = await self._stream.try_next()
                if event is None:
                    self._idle, self._rested = self._idle + 1, _time(self._stream.resume_token)
                else:
                    self._seen = event.get("clusterTime") or self._seen
                    if event["operationType"] in _CHANGES:
                        self._add(event)
                self._moved.set()
        finally:
            self._moved.set()

    def _add(self, event: Any) -> None:
        key: RawBSONDocument = event["documentKey"]
        # In a sharded collection, the key has more fields than the id.
        element = bytes(key.raw)[4:-1] if len(key) == 1 else encode({"_id": key["_id"]})[4:-1]
        name = str(event["ns"]["coll"])
        self._count += element not in self._ids[name]
        self._ids[name].add(element)
        if self._marked is not None:
            self._marked[name].add(element)
        if self._count > MOST_IDS:
            raise Conflict(
                f"More than {MOST_IDS:,} documents were changed while they were read.",
                hint="Include fewer collections, or take the snapshot at a quieter time.",
            )

    def _why(self, error: BaseException | None) -> Exception:
        if isinstance(error, Conflict):
            return error
        if error is None:
            return Conflict("The database was dropped while it was read.", hint="Take it again.")
        return Unavailable(f"The change stream of the database was interrupted: {error}.", hint="Try again.")


def _time(token: Any) -> Timestamp | None:
    """Return the time of a resume token, if the server is a mongod."""
    data = token.get("_data") if token else None
    if not isinstance(data, str) or not data.startswith(_MARK):
        return None
    seconds, number = int(data[2:10], 16), int(data[10:18], 16)
    return Timestamp(seconds, number) if seconds > _OLDEST else None


async def opened(database: AsyncDatabase[Document]) -> ChangeStream | None:
    """Start reading changes from now on; None if the server has no change streams or the user may not open one."""
    options: CodecOptions[Any] = database.codec_options.with_options(document_class=RawBSONDocument)
    try:
        stream = await database.with_options(options).watch(_PIPELINE, max_await_time_ms=AWAIT_MILLISECONDS)
    except OperationFailure:
        return None
    return ChangeStream(cast("AsyncChangeStream[Any]", stream))
