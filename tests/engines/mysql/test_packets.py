"""Rows in bulk: the values equal those of the driver, whatever their lengths, and no data remains unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from engines.mysql.place import HOST, PORT, missing
from headwater.engines import _copy_text as fields
from headwater.engines.mysql import packets

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
# Numbers of characters: those of which a byte of a packet's head looks like a newline, and those around a limit.
LENGTHS = {
    "nothing": (),
    "one": (1,),
    "tiny ones": (0, 1, 2, 3, 5, 10) * 20_000,
    "heads that look like newlines": (9, 8, 265, 264, 2569, 2570, 2600, 2815) * 500,
    "around one byte of length": tuple(range(240, 270)) * 300,
    "around two bytes of length": tuple(range(65_520, 65_550)),
    "around a block": tuple(range(fields.BLOCK - 12, fields.BLOCK + 3)),
    "a large one between small ones": (1, 2**23, 3),
    "all lengths": tuple(n * n % 4_099 for n in range(6_000)),
}


@pytest.fixture
def connection() -> Iterator[Any]:
    connection = pymysql.connect(host=HOST, port=PORT, user="root", ssl_disabled=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE OR REPLACE TEMPORARY TABLE mysql.headwater_lengths (at int PRIMARY KEY, size int)")
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize("name", LENGTHS)
def test_values_match_the_lengths(connection: Any, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO mysql.headwater_lengths VALUES (%s, %s)", list(enumerate(LENGTHS[name])))
        query = "SELECT CONCAT(CONCAT_WS('\\t', at, REPEAT('x', size)), '\\n') FROM mysql.headwater_lengths ORDER BY at"
        result = [
            (int(at), len(text))
            for data, starts in packets.rows(connection, query)
            for at, text in zip(*fields.split_rows(data, starts, 2).to_pydict().values(), strict=True)
        ]
        assert result == list(enumerate(LENGTHS[name]))
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,), "the driver goes on where it was"
