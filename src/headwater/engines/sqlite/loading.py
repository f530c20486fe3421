"""SQLite as a side of a bulk transfer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

POINT = "headwater_load"
BIGGEST, SMALLEST = 2**63 - 1, -(2**63)


def insert(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, all or none; a savepoint outside of a transaction is one."""
    marks = ", ".join("?" * len(columns))
    connection.execute(f"SAVEPOINT {POINT}")
    try:
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            [[_bindable(value) for value in row] for row in rows],
        )
    except BaseException:
        connection.execute(f"ROLLBACK TO {POINT}")
        connection.execute(f"RELEASE {POINT}")
        raise
    connection.execute(f"RELEASE {POINT}")


def _bindable(value: Any) -> Any:
    if isinstance(value, int) and not SMALLEST <= value <= BIGGEST:
        raise OverflowError(f"{value} is larger than SQLite's integers")
    return value
