"""What a session must be able to do to take part in a bulk transfer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Loads(Protocol):
    """A session that takes part in a bulk transfer: as the side that is read, or as the one that is filled.

    It spells values in one way, whatever the server is set to: times in UTC and ISO 8601, numbers in full.
    """

    async def begin_reading(self) -> None:
        """Open a read-only transaction that sees one moment, until the session is closed."""

    def reading(self, column: str, type_: str) -> str:
        """Return the expression that selects a column of a type without loss; `column` is quoted."""

    async def begin_loading(self) -> None:
        """Take values strictly: what does not fit is an error, and nothing is set by itself."""

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, all or none; table and columns are quoted.

        A value is a number, a boolean, a text, bytes or None. What runs in a transaction stays in it, also after
        an error.

        Raises:
            QueryError: the database refused a row.
        """

    async def end_loading(self, counters: Sequence[tuple[str, str]]) -> None:
        """Let counters of (table, column) go on behind the largest number, and check what waited for the end."""
