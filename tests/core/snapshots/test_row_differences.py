"""Law: the differences between two snapshots of a table are those of the two lists of rows, however they are stored."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from headwater.core.snapshots.row_differences import RowDifferences, as_multisets, by_key, join
from headwater.vault import table_differences
from headwater.vault.chunker import ChunkSizes
from headwater.vault.manifest import Manifest
from headwater.vault.pages import VALUES
from headwater.vault.table_reader import TableReader
from headwater.vault.vault import Vault
from suite.profiles import examples
from vault import builders
from vault.builders import Given, Row, snapshot

SIZES = ChunkSizes(rows=16)
EMPTY = pa.RecordBatch.from_arrays([pa.array([], VALUES)] * 3, ["0", "1", "2"])


def table_of(vault: Vault, taken: Manifest) -> TableReader:
    return vault.table(taken.tables[0])


def keyed(before: TableReader, after: TableReader, key: Sequence[int]) -> list[RowDifferences]:
    def compared(region: table_differences.Region) -> RowDifferences:
        sides = table_differences.candidates(region, before, after, ([0, 1, 2], [0, 1, 2]))
        part = by_key(*(join([EMPTY, *batches]) for batches in sides), key)
        touched = table_differences.touched_places(region)
        if touched is not None:  # what the ids of pages say is never too little
            assert {place for place in range(3) if part.touched[place].any()} <= touched
            assert touched & set(key) or (part.added.num_rows, part.removed.num_rows) == (0, 0)
        return part

    return [compared(region) for region in table_differences.regions(before, after)]


def listed(batch: pa.RecordBatch) -> list[Row]:
    return [tuple(row.values()) for row in batch.to_pylist()]


def edited(rows: dict[int, Row], source: random.Random) -> dict[int, Row]:
    """Some rows changed, removed and added, in one part of the table or everywhere."""
    result, span = dict(rows), source.choice((5, 40, 400))
    start = source.randrange(400)
    for _ in range(source.choice((0, 1, 3, 30))):
        number = (start + source.randrange(span)) % 400
        if source.random() < 0.3:
            result.pop(number, None)
        else:
            result[number] = (b"%d" % number, source.choice((None, b"", b"x", b"y%d" % number)), b"same")
    return dict(sorted(result.items()))


def test_rows_before_the_first_key_of_a_followed_table_are_no_difference(tmp_path: Path) -> None:
    """A snapshot that follows another one keeps the first key of the first chunk, though it has rows before it."""
    vault = builders.vault(tmp_path)
    rows = [(b"%03d" % n, b"v", b"same") for n in range(400)]
    every = snapshot(vault, {"t": Given(("text",) * 3, rows, (0,))}, sizes=SIZES)
    natural = int(list(table_of(vault, every).chunks())[1].first[-3:])
    some = Given(("text",) * 3, rows, (0,))
    base = snapshot(vault, {"t": Given(some.hints, rows[natural:], (0,))}, sizes=SIZES)
    following = builders.followed(vault, base, some, rows[:natural], SIZES)
    parts = keyed(table_of(vault, following), table_of(vault, every), (0,))
    assert not any(sum(part.counts) for part in parts)


@pytest.mark.parametrize("key", [(0,), (0, 2)])
@pytest.mark.parametrize("seed", range(examples(25)))
def test_differences_by_key_are_those_of_dictionaries(seed: int, key: tuple[int, ...], tmp_path: Path) -> None:
    source = random.Random(seed)
    vault = builders.vault(tmp_path)
    first = {n: (b"%d" % n, b"v", b"same") for n in range(400) if source.random() < 0.8}
    second = edited(first, source)
    hints = ("integer", "text", "text")
    one = snapshot(vault, {"t": Given(hints, list(first.values()), key)}, sizes=SIZES)
    parent = one if source.random() < 0.5 else None
    other = snapshot(vault, {"t": Given(hints, list(second.values()), key)}, parent=parent, sizes=SIZES)
    parts = keyed(table_of(vault, one), table_of(vault, other), key)
    removed = [row for part in parts for row in listed(part.removed)]
    added = [row for part in parts for row in listed(part.added)]
    pairs = [pair for part in parts for pair in zip(listed(part.before), listed(part.after), strict=True)]
    assert sorted(removed) == sorted(row for n, row in first.items() if n not in second)
    assert sorted(added) == sorted(row for n, row in second.items() if n not in first)
    assert sorted(pairs, key=repr) == sorted(
        ((row, second[n]) for n, row in first.items() if n in second and second[n] != row), key=repr
    )
    for part in parts:
        for old, new, *touched in zip(listed(part.before), listed(part.after), *part.touched, strict=True):
            assert [bool(flag) for flag in touched] == [a != b for a, b in zip(old, new, strict=True)]
        assert part.counts == (part.added.num_rows, part.removed.num_rows, part.before.num_rows)


@pytest.mark.parametrize("seed", range(examples(15)))
def test_differences_without_a_key_are_those_of_multisets(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    vault = builders.vault(tmp_path)

    def some_rows(count: int) -> list[Row]:
        return [(b"%d" % source.randrange(6), source.choice((None, b"", b"x")), b"z") for _ in range(count)]

    first = some_rows(source.choice((0, 10, 200)))
    second = [*some_rows(source.randrange(4)), *first[source.randrange(5) :], *some_rows(source.randrange(4))]
    hints = ("integer", "text", "text")
    one, other = (table_of(vault, snapshot(vault, {"t": Given(hints, r)}, sizes=SIZES)) for r in (first, second))
    region = table_differences.keyless_region(one, other)
    found = as_multisets(map(one.batch, region.before), map(other.batch, region.after), EMPTY)
    assert Counter(listed(found.removed)) == Counter(first) - Counter(second)
    assert Counter(listed(found.added)) == Counter(second) - Counter(first)


def test_equal_chunks_are_not_in_a_region(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows: list[Row] = [(b"%d" % n, b"v") for n in range(10_000)]
    one = snapshot(vault, {"t": Given(("integer", "text"), rows, (0,))}, sizes=SIZES)
    changed = [*rows[:5000], (b"5000", b"new"), *rows[5001:]]
    other = snapshot(vault, {"t": Given(("integer", "text"), changed, (0,))}, sizes=SIZES)
    (region,) = table_differences.regions(table_of(vault, one), table_of(vault, other))
    assert region.rows <= 2 * SIZES.max_rows
    assert list(table_differences.regions(table_of(vault, one), table_of(vault, one))) == []
