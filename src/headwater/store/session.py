"""The connection to the store, and its unit of work: a request or a job is one transaction, committed here.

Nothing else commits. `Store.transaction()` is the only way to a session.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

DRIVER = "postgresql+psycopg"


def driver_url(url: str) -> URL:
    """Return the SQLAlchemy URL of a `postgresql://` URL, whatever driver it names."""
    return make_url(url).set(drivername=DRIVER)


class Store:
    """The pool of connections of one process."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        # pre-ping: after a restart of PostgreSQL the pool must not hand out dead connections.
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # errors, which are logged, must not show what was to be stored
            connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
        )
        self._session = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session; commit at the end of the block, or roll back if it raises."""
        async with self._session() as session, session.begin():
            yield session

    async def answers(self) -> bool:
        """Return True if the store answers a query."""
        async with self.engine.connect() as connection:
            return bool((await connection.execute(text("SELECT true"))).scalar_one())

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are open."""
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            return 0, 0
        return pool.checkedout(), pool.checkedin() + pool.checkedout()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
