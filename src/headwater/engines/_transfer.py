"""Bulk transfers between databases: the source is read in a consistent snapshot, the target is loaded."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from headwater.catalog.model import Relation
from headwater.catalog.results import UNLIMITED, QueryError, Rows
from headwater.catalog.value_kinds import ObservedValues
from headwater.engines._session import Session

# The columns of a table: their names, quoted, and their types as the engine spells them.
Columns: TypeAlias = Sequence[tuple[str, str]]


class TransferSource(Protocol):
    """A session that reads a whole database.

    It formats values in one way, whatever the server is set to: times in UTC and ISO 8601, numbers with all digits.
    """

    async def begin_read(self) -> None:
        """Open a read-only transaction with one consistent state, until the session is closed."""

    def select_expression(self, column: str, type_: str) -> str:
        """Return the expression that selects a column of a type without loss; `column` is quoted."""

    def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Yield the rows of a table (quoted) in batches of bounded size."""


class TransferTarget(Protocol):
    """A session that loads tables, reads them back and drops them."""

    async def begin_load(self) -> None:
        """Make the session strict: a value that does not fit is an error, and defaults never replace values."""

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows into a table (quoted): all or none, if the engine has transactions.

        Values are those that the engine's encoders produce (`core/transfer/codec`). An open transaction stays open,
        also after an error.

        Raises:
            QueryError: the database refused a row.
        """

    async def finish_load(self, counters: Sequence[tuple[str, str]]) -> None:
        """Set the counters of (table, column) past the largest value, and check deferred constraints."""

    def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Yield the rows of a table (quoted) in batches of bounded size."""

    async def drop(self, kind: str, name: str) -> None:
        """Drop a table or type by its quoted name, if it exists."""


@dataclass(frozen=True, slots=True)
class TransferSupport:
    """How the engine takes part in a transfer, as source or as target; None where it cannot.

    `observe` returns what is known about the stored values of columns that the engine does not hold to their type;
    None if it has no such columns.
    """

    source: Callable[[Session], TransferSource] | None = None
    target: Callable[[Session], TransferTarget] | None = None
    observe: Callable[[Session, Sequence[Relation]], Awaitable[ObservedValues]] | None = None


async def drop_all(target: TransferTarget, objects: Sequence[Sequence[str]]) -> None:
    """Drop the (kind, quoted name) objects that exist, dependents first.

    Raises:
        QueryError: something else depends on what is left.
    """
    left = [(kind, name) for kind, name in sorted(objects, key=lambda item: item[0] == "type")]
    while left:
        failed = []
        for kind, name in left:
            try:
                await target.drop(kind, name)
            except QueryError as error:
                failed.append((kind, name))
                last = error
        if len(failed) == len(left):
            raise last
        left = failed


class SqlTransfer:
    """Code that sources and targets of SQL engines share."""

    session: Session

    def select_expression(self, column: str, type_: str) -> str:
        """Return the expression that selects a column; see `TransferSource`."""
        return column

    async def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Yield the rows of a table in batches; see `TransferSource`."""
        cells = ", ".join(self.select_expression(name, type_) for name, type_ in columns)
        query = f"SELECT {cells} FROM {table}"  # noqa: S608 (quoted)
        async with contextlib.aclosing(self.session.run(query, None, UNLIMITED)) as frames:
            async for frame in frames:
                if isinstance(frame, Rows):
                    yield frame.rows

    async def drop(self, kind: str, name: str) -> None:
        """Drop a table or type; see `TransferTarget`."""
        statement = f"DROP {kind.upper()} IF EXISTS {name}"
        async with contextlib.aclosing(self.session.run(statement, None, UNLIMITED)) as frames:
            async for _ in frames:
                pass
