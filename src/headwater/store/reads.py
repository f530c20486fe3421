"""Reads of the store outside of any transaction, at the least cost: for what every request asks.

A read is a query that is compiled once and prepared by each connection that runs it. It needs one exchange with the
server, where a unit of work needs at least three (BEGIN, the query, COMMIT), and no objects of the ORM.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import psycopg as dialect

from headwater.kit.errors import Unavailable

_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]
CONNECT_SECONDS = 5
# How every connection to the store is opened.
CONNECTION = {"connect_timeout": CONNECT_SECONDS, "options": "-c timezone=UTC"}


class Read:
    """A query with named parameters (`bindparam`); rows have a name for each of its columns."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self.query = query

    @cached_property
    def statement(self) -> tuple[bytes, Mapping[str, Any]]:
        """The text of the query, and the values that it contains itself."""
        compiled = self.query.compile(dialect=_DIALECT)
        return str(compiled).encode(), compiled.params


class ReadPool:
    """Runs reads on connections of its own, which are opened when they are needed."""

    def __init__(self, conninfo: str, size: int) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            conninfo,
            min_size=0,
            max_size=size,
            timeout=CONNECT_SECONDS,
            open=False,
            kwargs={**CONNECTION, "autocommit": True, "row_factory": namedtuple_row},
        )
        self._opening = asyncio.Lock()
        self._is_open = False

    async def rows(self, read: Read, **values: Any) -> Sequence[Any]:
        """Return the rows of a read, as named tuples.

        Raises:
            Unavailable: the store does not answer.
        """
        statement, constants = read.statement
        try:
            return await self._repeated(statement, {**constants, **values})
        except psycopg.OperationalError as error:
            raise Unavailable("The store does not answer.", hint="Try again in a moment.") from error

    async def _repeated(self, statement: bytes, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run a read; once more on new connections if the store was restarted since they were opened."""
        try:
            return await self._rows(statement, values)
        except PoolTimeout:
            raise  # no connection could be had, so that none is outdated
        except psycopg.OperationalError:
            await self._pool.check()
            return await self._rows(statement, values)

    async def _rows(self, statement: bytes, values: Mapping[str, Any]) -> Sequence[Any]:
        if not self._is_open:
            await self._open()
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall()

    async def _open(self) -> None:
        async with self._opening:
            await self._pool.open()
            self._is_open = True

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are open."""
        stats = self._pool.get_stats()
        return stats["pool_size"] - stats["pool_available"], stats["pool_size"]

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
