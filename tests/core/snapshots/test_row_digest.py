"""Digests of rows: equal for equal rows in any order and any batches, and only for those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from headwater.core.snapshots.row_digest import RowDigest, RowHashes, is_completed

Row = Sequence[bytes | None]


def batch(*rows: Row) -> Any:
    columns = [pa.array(column, pa.binary()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, [str(number) for number in range(len(columns))])


def test_rows_in_other_order_and_batches_have_the_same_digest() -> None:
    rows: list[Row] = [(b"1", None), (b"2", b""), (b"2", b""), (b"\t", b"\\N")]
    first = RowDigest().add([batch(*rows)])
    second = RowDigest().add([batch(*rows[2:]), batch(rows[1], rows[0])])
    assert first == second
    assert first.rows == 4


@pytest.mark.parametrize(
    "others",
    [
        [(b"1", b"b")],
        [(b"1", b"a"), (b"1", b"a")],
        [(b"1a", b"")],
        [(b"", b"1a")],
        [(b"1", None)],
        [(b"a", b"1")],
    ],
)
def test_other_rows_have_another_digest(others: list[Row]) -> None:
    assert RowDigest().add([batch(*others)]) != RowDigest().add([batch((b"1", b"a"))])


def test_null_differs_from_empty_text() -> None:
    assert RowDigest().add([batch((None,))]) != RowDigest().add([batch((b"",))])


def test_rows_without_columns_are_counted() -> None:
    empty = pa.RecordBatch.from_struct_array(pa.array([{}] * 3, pa.struct([])))
    assert RowDigest().add([empty]).rows == 3


def test_sum_of_digests_is_the_digest_of_all_rows() -> None:
    rows = batch((b"1",), (b"2",)), batch((b"3",))
    assert RowDigest().add(rows[:1]).plus(RowDigest().add(rows[1:])) == RowDigest().add(rows)


def hashes(text: str) -> RowHashes:
    """Return the hashes of rows of one letter, in two batches."""
    return RowHashes(100).add(batch(*((letter.encode(),) for letter in part)) for part in (text[:2], text[2:]) if part)


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        ("", "", ""),
        ("ab", "", "ba"),
        ("ab", "bcd", "abcd"),
        ("ab", "bc", "cabb"),
        ("", "aab", "baa"),
        ("xy", "ab", "xy"),
    ],
)
def test_completed_tables(before: str, given: str, after: str) -> None:
    assert is_completed(hashes(before), hashes(given), hashes(after))


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        ("ab", "c", "ac"),  # a row of before is gone
        ("ab", "c", "abd"),  # another row than those given was added
        ("ab", "c", "abcc"),  # a row was added twice
        ("aa", "b", "ab"),
        ("a", "b", ""),
        ("", "b", "a"),
        ("ab", "bc", "abbb"),
    ],
)
def test_tables_that_were_not_only_completed(before: str, given: str, after: str) -> None:
    assert not is_completed(hashes(before), hashes(given), hashes(after))


def test_hashes_are_dropped_when_there_are_too_many() -> None:
    rows = RowHashes(2).add([batch((b"1",), (b"2",))])
    assert rows.complete
    rows.add([batch((b"3",))])
    assert (rows.complete, rows.rows, rows.parts) == (False, 3, [])
