"""The connection to the store, and its unit of work: a request or a job is one transaction, committed here.

Nothing else commits. `Store.transaction()` is the only way to a session; `Store.rows()` reads without one.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
from sqlalchemy import URL, Engine, event, make_url, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from headwater.store.reads import CONNECTION, Read, ReadPool

DRIVER = "postgresql+psycopg"
IDLE_SECONDS = 1.0


def driver_url(url: str) -> URL:
    """Return the SQLAlchemy URL of a `postgresql://` URL, whatever driver it names."""
    return make_url(url).set(drivername=DRIVER)


def _ask_idle_connections(engine: Engine) -> None:
    """Let a pool replace connections that have died, because the store was restarted, before they are used.

    Like `pool_pre_ping`, but a connection that was used a moment ago is not asked: that costs as much as a query.
    """

    def note_use(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    def ask(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        if time.monotonic() - record.info["used_at"] > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg.Error as error:
                raise InvalidatePoolError from error

    event.listen(engine, "connect", note_use)
    event.listen(engine, "checkin", note_use)
    event.listen(engine, "checkout", ask)


class Store:
    """The pool of connections of one process."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            hide_parameters=True,  # errors, which are logged, must not show what was to be stored
            connect_args=CONNECTION,
            json_deserializer=msgspec.json.decode,
        )
        _ask_idle_connections(self.engine.sync_engine)
        self._session = async_sessionmaker(self.engine, expire_on_commit=False)
        self._reads = ReadPool(driver_url(url).set(drivername="postgresql").render_as_string(False), pool_size)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session; commit at the end of the block, or roll back if it raises."""
        async with self._session() as session, session.begin():
            yield session

    async def rows(self, read: Read, **values: Any) -> Sequence[Any]:
        """Return the rows of a read outside of any transaction, as named tuples; `values` are its parameters.

        Raises:
            Unavailable: the store does not answer.
        """
        return await self._reads.rows(read, **values)

    async def answers(self) -> bool:
        """Return True if the store answers a query."""
        async with self.engine.connect() as connection:
            return bool((await connection.execute(text("SELECT true"))).scalar_one())

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are open."""
        reading, open_for_reads = self._reads.connections()
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            return reading, open_for_reads
        return reading + pool.checkedout(), open_for_reads + pool.checkedin() + pool.checkedout()

    async def close(self) -> None:
        """Close every connection."""
        await self._reads.close()
        await self.engine.dispose()
