"""MySQL and MariaDB as a side of a bulk transfer: one snapshot to read from, INSERTs of many rows to fill by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from headwater.catalog.results import QueryError

READING = (
    "SET SESSION time_zone = '+00:00'", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)  # fmt: skip
# A zero in a column that counts is a zero; a text is taken as it stands, whatever backslashes it has.
LOADING = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE'",
)
# What a server takes as one message, and what it takes when nobody set it.
MOST, USUAL_MOST = "SELECT @@max_allowed_packet AS bytes", 16 * 2**20
_FLOAT = re.compile(r"float\b", re.IGNORECASE)
_PIECE = 512 * 1024


def reading(column: str, type_: str) -> str:
    """Return what selects a column: the server shows a FLOAT with six digits, as a DOUBLE with all."""
    return f"({column} * 1e0) AS {column}" if _FLOAT.match(type_) else column


def inserts(
    table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], escape: Callable[[Any], str], most: int
) -> Iterator[str]:
    """Give INSERTs of many rows, each well below what a server takes at once, or of one row that is larger.

    Raises:
        QueryError: a single row has more than the `most` bytes that the server takes.
    """
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608
    held: list[str] = []
    size = 0
    for row in rows:
        line = "(" + ",".join(_constant(value, escape) for value in row) + ")"
        if len(line) * 4 + 1000 > most and (bytes_ := len(line.encode()) + len(head) + 100) > most:
            raise QueryError(
                f"A row needs {bytes_:,} bytes as a statement, and the server takes {most:,}.",
                hint="Raise max_allowed_packet there, and connect again.",
            )
        if held and size + len(line) > _PIECE:
            yield head + ",".join(held)
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        yield head + ",".join(held)


def _constant(value: Any, escape: Callable[[Any], str]) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case float():
            return (
                f"{value!r}e0"
                if "e" not in repr(value) and value == value and abs(value) != float("inf")
                else repr(value)
            )
        case bytes():
            return f"x'{value.hex()}'"
        case _:
            return escape(value)
