"""What a session must be able to do to take part in a bulk transfer: as the side that is read, or as the one filled."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from headwater.catalog.results import UNLIMITED, Frame, Limits, QueryError, Rows

# The columns of a table: their names, quoted, and their types as the engine spells them.
Columns: TypeAlias = Sequence[tuple[str, str]]


@runtime_checkable
class Reads(Protocol):
    """A session by which a whole database is read.

    It spells values in one way, whatever the server is set to: times in UTC and ISO 8601, numbers in full.
    """

    async def begin_reading(self) -> None:
        """Open a read-only transaction that sees one moment, until the session is closed."""

    def reading(self, column: str, type_: str) -> str:
        """Return the expression that selects a column of a type without loss; `column` is quoted."""

    def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Give the rows of a table, quoted, in batches of a bounded size."""


@runtime_checkable
class Loads(Protocol):
    """A session by which tables are filled, read back, and taken away again."""

    async def begin_loading(self) -> None:
        """Take values strictly: what does not fit is an error, and nothing is set by itself."""

    async def load(self, table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows into a table, quoted: all or none where the engine has transactions.

        A value is one that the codec of the engine's dialect makes (`core/transfer/codec`). What runs in a
        transaction stays in it, also after an error.

        Raises:
            QueryError: the database refused a row.
        """

    async def end_loading(self, counters: Sequence[tuple[str, str]]) -> None:
        """Let counters of (table, column) go on behind the largest number, and check what waited for the end."""

    def scan(self, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Give the rows of a table, quoted, in batches of a bounded size."""

    async def drop(self, kind: str, name: str) -> None:
        """Take away a table or type by its quoted name, if it is there."""


async def drop_all(session: Loads, made: Sequence[Sequence[str]]) -> None:
    """Take away things of (kind, quoted name), whatever is there of them: what others need goes last.

    Raises:
        QueryError: something else needs what is left.
    """
    left = [(kind, name) for kind, name in sorted(made, key=lambda thing: thing[0] == "type")]
    while left:
        failed = []
        for kind, name in left:
            try:
                await session.drop(kind, name)
            except QueryError as error:
                failed.append((kind, name))
                last = error
        if len(failed) == len(left):
            raise last
        left = failed


class _SpeaksSql(Protocol):
    def run(self, text: str, parameters: None, limits: Limits) -> AsyncGenerator[Frame, None]: ...

    def reading(self, column: str, type_: str) -> str: ...


class ByStatements:
    """The part in a transfer that all sessions of SQL have in common."""

    async def scan(self: _SpeaksSql, table: str, columns: Columns) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Give the rows of a table in batches; see `Reads`."""
        cells = ", ".join(self.reading(name, type_) for name, type_ in columns)
        async with contextlib.aclosing(self.run(f"SELECT {cells} FROM {table}", None, UNLIMITED)) as frames:  # noqa: S608
            async for frame in frames:
                if isinstance(frame, Rows):
                    yield frame.rows

    async def drop(self: _SpeaksSql, kind: str, name: str) -> None:
        """Take away a table or type; see `Loads`."""
        async with contextlib.aclosing(self.run(f"DROP {kind.upper()} IF EXISTS {name}", None, UNLIMITED)) as frames:
            async for _ in frames:
                pass
