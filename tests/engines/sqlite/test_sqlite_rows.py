"""Rows in snapshots keep storage class and bytes of every value, by whichever method they were read."""

from __future__ import annotations

import itertools
import sqlite3
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.engines.sqlite import rows

MANY = rows.VALUES + 7  # more than one batch of one column
Made = Callable[[sqlite3.Connection], None]


def _connection(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path / "rows.db", isolation_level=None)


def _spelled(kind: str, value: Any) -> bytes | None:
    """Return what a value is spelled as, told by SQLite's own word for its class."""
    match kind:
        case "null":
            return None
        case "integer":
            return str(value).encode()
        case "real":
            return b"rx" + struct.pack(">d", value).hex().encode()
        case _:
            return {"text": b"'", "blob": b"b"}[kind] + value


def _expected(connection: sqlite3.Connection, names: list[str], rest: str) -> list[tuple[bytes | None, ...]]:
    connection.text_factory = bytes
    listed = ", ".join(f"typeof({name}), {name}" for name in names)
    result = [
        tuple(_spelled(kind.decode(), value) for kind, value in zip(row[::2], row[1::2], strict=True))
        for row in connection.execute(f"SELECT {listed} {rest}")
    ]
    connection.text_factory = str
    return result


def _given(connection: sqlite3.Connection, names: list[str], rest: str) -> list[tuple[bytes | None, ...]]:
    result: list[tuple[bytes | None, ...]] = []
    for batch in rows.batches(connection, names, rest):
        batch.validate(full=True)
        result += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return result


def _numbers(connection: sqlite3.Connection, value: str, extra: str = "") -> None:
    connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {extra})")
    connection.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) INSERT INTO t SELECT i, {value} FROM n"
    )


EDGES = """
(9223372036854775807, -9223372036854775808, 0), (1, 1.0, '1'), (-0.0, 0.0, 5e-324), (9e999, -9e999, 1.7976931348623157e308),
(2.2250738585072009e-308, 0.1, 12345678901234567890), ('', x'', NULL), (NULL, NULL, NULL), ('''', 'b', 'rx3ff0000000000000'),
(CAST('a' || char(0) || 'b' AS TEXT), x'610062', char(0)), (char(9, 10, 13, 92), char(31, 30), '\\N'), ('ÿ☃😀', char(65279), 'ß'),
(x'ff27fe', x'00', zeroblob(3))
"""
CASES: dict[str, tuple[Made, list[str], str]] = {
    "edges": (
        lambda c: c.executescript(f"CREATE TABLE t (a, b, c); INSERT INTO t VALUES {EDGES}") and None,
        ["a", "b", "c"],
        "FROM t NOT INDEXED",
    ),
    "classes in turn": (
        lambda c: _numbers(
            c, "CASE i % 5 WHEN 0 THEN i WHEN 1 THEN i / 7.0 WHEN 2 THEN 'ä' || i WHEN 3 THEN x'ff' END"
        ),
        ["id", "v"],
        "FROM t ORDER BY id",
    ),
    "no UTF-8, late": (
        lambda c: _numbers(c, f"CASE WHEN i = {MANY - 2} THEN CAST(x'ff00fe' AS TEXT) ELSE 'text ' || i END"),
        ["id", "v"],
        "FROM t ORDER BY id",
    ),
    "no UTF-8, first": (
        lambda c: _numbers(c, "CASE i WHEN 1 THEN CAST(x'c3' AS TEXT) ELSE i END"),
        ["id", "v"],
        "FROM t ORDER BY id",
    ),
    "long, late": (
        lambda c: _numbers(c, f"CASE WHEN i = {MANY - 2} THEN printf('%.4000000c', 'x') ELSE -i END"),
        ["id", "v"],
        "FROM t ORDER BY id",
    ),
    "a border of lengths": (
        lambda c: _numbers(c, f"substr(zeroblob({rows.SHORT + 1}), i % 3 + 1)"),
        ["v"],
        "FROM t WHERE id < 40 ORDER BY id",
    ),
    "without rowid": (
        lambda c: (
            c.executescript(
                "CREATE TABLE t (k TEXT COLLATE NOCASE, n INT, v, PRIMARY KEY (k, n)) WITHOUT ROWID;"
                "INSERT INTO t VALUES ('b', 1, 1.0), ('A', 2, NULL), ('a', 1, x'00')"
            )
            and None
        ),
        ["k", "n", "v"],
        "FROM t ORDER BY k, n",
    ),
    "an index has it all": (
        lambda c: (
            c.executescript("CREATE TABLE t (v); CREATE INDEX i ON t (v DESC); INSERT INTO t VALUES (1), (3), (2)")
            and None
        ),
        ["v"],
        "FROM t NOT INDEXED",
    ),
    "keywords": (
        lambda c: c.executescript('CREATE TABLE t ("select" INT, "a ""b" TEXT); INSERT INTO t VALUES (1, 2)') and None,
        ['"select"', '"a ""b"'],
        "FROM t NOT INDEXED",
    ),
    "many columns": (
        lambda c: (
            c.executescript(
                f"CREATE TABLE t ({', '.join(f'c{n}' for n in range(900))}); INSERT INTO t DEFAULT VALUES; UPDATE t SET c7 = 'x'"
            )
            and None
        ),
        [f"c{n}" for n in range(900)],
        "FROM t NOT INDEXED",
    ),
    "empty": (lambda c: c.executescript("CREATE TABLE t (a)") and None, ["a"], "FROM t NOT INDEXED"),
}


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
@pytest.mark.parametrize("case", CASES)
def test_rows_keep_storage_classes(case: str, encoding: str, tmp_path: Path) -> None:
    make, names, rest = CASES[case]
    connection = _connection(tmp_path)
    connection.execute(f"PRAGMA encoding = '{encoding}'")
    make(connection)
    assert _given(connection, names, rest) == _expected(connection, names, rest)


def test_fallback_reads_each_row_once(tmp_path: Path) -> None:
    """Wherever the first odd value stands: around the ends of batches, and of the row that a cursor is ahead."""
    size = rows.VALUES // 2
    connection = _connection(tmp_path)
    _numbers(connection, "i")
    whole = _expected(connection, ["id", "v"], "FROM t ORDER BY id")
    for location in (1, 2, size - 1, size, size + 1, size + 2, MANY):
        connection.execute("UPDATE t SET v = CAST(x'80' AS TEXT) WHERE id = ?", (location,))
        result = _given(connection, ["id", "v"], "FROM t ORDER BY id")
        assert result[location - 1] == (str(location).encode(), b"'\x80")
        connection.execute("UPDATE t SET v = id WHERE id = ?", (location,))
        result[location - 1] = whole[location - 1]
        assert result == whole


@pytest.mark.parametrize("count", [5, MANY])
def test_order_is_kept_with_late_sorting(count: int, tmp_path: Path) -> None:
    """Without an index, SQLite may call the function for all rows before it sorts them."""
    connection = _connection(tmp_path)
    _numbers(connection, "(i * 7919) % 16411")
    connection.execute("DELETE FROM t WHERE id > ?", (count,))
    rest = "FROM t ORDER BY v, id"
    assert _given(connection, ["id", "v"], rest) == _expected(connection, ["id", "v"], rest)


def test_ordinary_tables_need_no_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("row by row")

    monkeypatch.setattr(rows, "_fetched", refuse)
    connection = _connection(tmp_path)
    _numbers(connection, "'ä☃' || char(0) || i")
    assert len(_given(connection, ["id", "v"], "FROM t ORDER BY id")) == MANY


@pytest.mark.parametrize("narrow", [0, 3000], ids=["all wide", "narrow first"])
def test_wide_rows_are_read_in_small_batches(narrow: int, tmp_path: Path) -> None:
    connection = _connection(tmp_path)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t (v) VALUES (?)", itertools.repeat(("short",), narrow))
    for _ in range(64):
        connection.execute("INSERT INTO t (v) VALUES (printf('%.1000000c', 'x'))")
    connection.execute("COMMIT")
    tracemalloc.start()
    try:
        for batch in rows.batches(connection, ["id", "v"], "FROM t ORDER BY id"):
            assert batch.nbytes < rows.BYTES + 2_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * rows.BYTES


@pytest.mark.parametrize("value", ["i", "CAST(x'ff' AS TEXT)"], ids=["function", "row by row"])
def test_early_close_keeps_connection_usable(value: str, tmp_path: Path) -> None:
    connection = _connection(tmp_path)
    _numbers(connection, value)
    longest = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
    reading = rows.batches(connection, ["id", "v"], "FROM t ORDER BY id")
    next(reading)
    reading.close()
    reading = rows.batches(connection, ["id", "v"], "FROM t ORDER BY id")
    next(reading)
    connection.interrupt()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        list(reading)
    assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == longest
    assert connection.text_factory is str
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT headwater_row(1)")
    connection.execute("DROP TABLE t")


@pytest.mark.parametrize("value", ["i", "CAST(x'ff' AS TEXT)"], ids=["function", "row by row"])
def test_connection_can_be_closed_during_read(value: str, tmp_path: Path) -> None:
    connection = _connection(tmp_path)
    _numbers(connection, value)
    reading = rows.batches(connection, ["id", "v"], "FROM t ORDER BY id")
    next(reading)
    connection.close()
    reading.close()
