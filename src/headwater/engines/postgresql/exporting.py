"""Whole results as text by COPY: the server writes CSV itself, and NDJSON by its own row_to_json."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

from psycopg import AsyncConnection

from headwater.catalog.results import QueryError
from headwater.catalog.sqltext import Statement
from headwater.engines._texts import statements

Form = Literal["csv", "ndjson"]
_CSV = ("COPY (", "\n) TO STDOUT WITH (FORMAT csv, HEADER)")
# A delimiter and a quote that JSON text cannot contain unescaped: what comes is the JSON of one row on each line.
_NDJSON = (
    "COPY (SELECT row_to_json(r) FROM (",
    "\n) r) TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')",
)
_AROUND = {"csv": _CSV, "ndjson": _NDJSON}


def one_query(text: str) -> Statement:
    """Return the one statement of a text, or raise QueryError."""
    found = statements(text, "postgres")
    if len(found) != 1:
        raise QueryError("An export takes one SELECT.", hint="Leave the other statements out.")
    return found[0]


def before(form: Form) -> int:
    """Return how many characters stand before the user's query in what is sent."""
    return len(_AROUND[form][0])


async def copied(connection: AsyncConnection[Any], query: str, form: Form) -> AsyncIterator[bytes]:
    """Give the result of a query as the server's chunks, about 64 kB each."""
    opening, closing = _AROUND[form]
    held: list[bytes] = []
    size = 0
    async with connection.cursor() as cursor, cursor.copy((opening + query + closing).encode()) as copy:
        async for part in copy:
            held.append(bytes(part))
            size += len(part)
            if size >= 65_536:
                yield b"".join(held)
                held, size = [], 0
    if held:
        yield b"".join(held)
