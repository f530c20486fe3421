"""Digests of rows: equal for equal rows in any order and any batches, and only for those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from headwater.core.snapshots.row_digest import RowDigest

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
