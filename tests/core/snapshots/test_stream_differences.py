"""Law: the differences of two streams are those of two dictionaries or multisets, in whatever order rows arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.snapshots.row_spill import RowSpill
from headwater.core.snapshots.stream_differences import compare
from headwater.kit.errors import BadInput
from headwater.vault.pages import VALUES

NAMES = ["key", "a", "b"]
EMPTY = pa.RecordBatch.from_arrays([pa.array([], VALUES)] * 3, NAMES)
Row = tuple[bytes | None, ...]
values = st.sampled_from([None, b"", b"x", b"y"])
tables = st.dictionaries(st.integers(0, 40).map(b"%d".__mod__), st.tuples(values, values), max_size=30)
loose = st.lists(st.tuples(values, values, values), max_size=30)
sizes = st.integers(1, 7)


def batches(rows: list[Row], size: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), size):
        columns = zip(*rows[start : start + size], strict=True)
        yield pa.RecordBatch.from_arrays([pa.array(column, VALUES) for column in columns], NAMES)


def listed(batch: pa.RecordBatch) -> list[Row]:
    return [tuple(row.values()) for row in batch.to_pylist()]


@given(tables, tables, st.randoms(), sizes, sizes, st.sampled_from([0, 200, 10**9]))
def test_rows_with_a_key(
    before: dict, after: dict, source: object, size_before: int, size_after: int, held: int
) -> None:
    old, new = ([(key, *rest) for key, rest in side.items()] for side in (before, after))
    source.shuffle(new)  # type: ignore[attr-defined]
    parts = list(compare(batches(old, size_before), batches(new, size_after), EMPTY, [0], held))
    removed = sorted(row for part in parts for row in listed(part.removed))
    added = sorted(row for part in parts for row in listed(part.added))
    changed = {
        was[0]: (was, now) for part in parts for was, now in zip(listed(part.before), listed(part.after), strict=True)
    }
    assert [row[0] for row in removed] == sorted(before.keys() - after.keys())
    assert [row[0] for row in added] == sorted(after.keys() - before.keys())
    assert changed == {
        key: ((key, *before[key]), (key, *after[key]))
        for key in before.keys() & after.keys()
        if before[key] != after[key]
    }
    assert sum(part.before.num_rows for part in parts) == len(changed)


@given(loose, loose, sizes, sizes, st.sampled_from([0, 200, 10**9]))
def test_rows_without_a_key(before: list[Row], after: list[Row], size_before: int, size_after: int, held: int) -> None:
    parts = list(compare(batches(before, size_before), batches(after, size_after), EMPTY, [], held))
    old, new = Counter(before), Counter(after)
    assert Counter(row for part in parts for row in listed(part.removed)) == old - new
    assert Counter(row for part in parts for row in listed(part.added)) == new - old


def test_large_streams_are_not_held_in_memory() -> None:
    def side(change: int) -> Iterator[pa.RecordBatch]:
        for start in range(0, 300_000, 10_000):
            rows = [(b"%d" % n, b"x" * 50, b"other" if n == change else b"same") for n in range(start, start + 10_000)]
            yield from batches(rows, 10_000)

    before = pa.total_allocated_bytes()
    parts = list(compare(side(-1), side(250_001), EMPTY, [0]))
    assert [part.counts for part in parts if any(part.counts)] == [(0, 0, 1)]
    assert pa.total_allocated_bytes() - before < 2**20


def test_a_partition_that_does_not_fit_in_memory_is_refused() -> None:
    with RowSpill(largest=1000) as spill:
        rows = pa.RecordBatch.from_arrays([pa.array([b"x" * 100] * 20, VALUES)] * 3, NAMES)
        spill.add(0, rows, pa.array([7] * 20).to_numpy())
        with pytest.raises(BadInput, match="More rows differ"):
            list(spill.partitions(EMPTY))


def test_a_key_with_null_identifies_no_row() -> None:
    before: list[Row] = [(None, b"x", b""), (None, b"y", b""), (b"1", b"x", b"")]
    after: list[Row] = [(None, b"y", b""), (None, b"z", b""), (None, b"z", b""), (b"1", b"y", b"")]
    for held in (0, 10**9):
        parts = list(compare(batches(before, 1), batches(after, 1), EMPTY, [0], held))
        counts = [sum(numbers) for numbers in zip(*(part.counts for part in parts), strict=True)]
        assert counts == [2, 1, 1]
