"""COPY in bulk: the rows equal those of the driver, whatever their sizes, and no data remains unread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest

from engines.postgresql.place import HOST, PORT, missing
from headwater.catalog.results import QueryError
from headwater.engines import _copy_text as fields
from headwater.engines.postgresql.copy_out import copy_batches
from headwater.engines.postgresql.copy_stream import open_stream
from headwater.kit.errors import Unavailable

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
BLOCK = fields.BLOCK
SIZES = {
    "nothing": (),
    "one row": (3,),
    "one that fills a block": (BLOCK - 6,),
    "some around a block": tuple(range(BLOCK - 12, BLOCK + 3)),
    "one of many blocks between small ones": (1, 2, 7 * BLOCK + 5, 0, 3),
    "many small ones": (40,) * 150_000,
    "all sizes": tuple(n * n % 99_991 for n in range(400)),
}


@pytest.fixture
def connection() -> Iterator[psycopg.Connection[tuple[str]]]:
    where = f"host={HOST} port={PORT} user=postgres dbname=postgres sslmode=disable"
    with psycopg.connect(where, autocommit=True) as item:
        yield item


def query(sizes: tuple[int, ...]) -> str:
    """Return a statement that gives rows of a number and so many letters, with nulls in between."""
    listed = ",".join(map(str, sizes))
    return (
        "COPY (SELECT at, CASE WHEN size % 5 = 4 THEN NULL ELSE repeat(chr(97 + size % 26), size) END"
        f" FROM unnest('{{{listed}}}'::int[]) WITH ORDINALITY AS q(size, at)) TO STDOUT"
    )


@pytest.mark.parametrize("name", SIZES)
def test_rows_match_the_driver(connection: psycopg.Connection[tuple[str]], name: str) -> None:
    statement = query(SIZES[name])
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        wanted = list(copy.rows())
    result = [
        tuple(value if value is None else value.decode() for value in row.values())
        for batch in copy_batches(connection, statement, 2)
        for row in batch.to_pylist()
    ]
    assert result == wanted
    assert connection.execute("SELECT 1").fetchone() == (1,), "libpq goes on where it was"


def test_error_during_copy_keeps_connection_in_sync(
    connection: psycopg.Connection[tuple[str]],
) -> None:
    statement = "COPY (SELECT 1 / (90000 - g), repeat('x', 50) FROM generate_series(1, 200000) g) TO STDOUT"
    with pytest.raises(QueryError, match="division by zero"):
        list(copy_batches(connection, statement, 2))
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("number", [200_000, 25_000])  # of many blocks, and of three, the last of which is there
def test_early_close_leaves_no_thread(connection: psycopg.Connection[tuple[str]], number: int) -> None:
    rows = copy_batches(connection, query((100,) * number), 2)
    assert next(rows).num_rows and next(rows).num_rows
    assert "copy-read" in {item.name for item in threading.enumerate()}
    time.sleep(0.2)
    rows.close()  # type: ignore[attr-defined]
    assert "copy-read" not in {item.name for item in threading.enumerate()}


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_data_that_looks_like_the_end_is_read(pause: float) -> None:
    end = b"Z\0\0\0\x05I"
    parts = [end, b"a" * (3 * BLOCK) + end, end + b"b" * BLOCK, b"c", end]
    ours, theirs = socket.socketpair()

    def serve() -> None:
        assert theirs.recv(100) == b"go"
        for part in parts:
            theirs.sendall(part)
            time.sleep(pause)
        theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    result = []
    with ours, open_stream(ours.fileno(), b"go") as stream, contextlib.suppress(Unavailable):
        while True:
            result.append(stream.after(np.empty(0, np.uint8), 0).tobytes())
    server.join()
    # What came right before the connection broke is not given: it is not the end of an answer.
    whole = b"".join(parts)
    assert whole.startswith(b"".join(result)) and len(b"".join(result)) > 4 * BLOCK
