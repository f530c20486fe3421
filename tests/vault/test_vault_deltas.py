"""Changes are stored as new pages or as a delta, whichever is smaller; both are read back unchanged."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as some

from headwater.vault import deltas
from headwater.vault.chunker import ChunkSizes
from headwater.vault.deltas import Delta
from headwater.vault.pages import VALUES
from vault import builders
from vault.builders import Given, Row

SIZES = ChunkSizes(rows=128)
HINTS = ("integer", "text", "integer", "hex")


def table(count: int, chance: random.Random) -> dict[int, Row]:
    return {number: row(number, chance) for number in range(0, 3 * count, 3)}


def row(number: int, chance: random.Random) -> Row:
    text = None if chance.random() < 0.2 else chance.randbytes(12).hex().encode()
    return (b"%d" % number, text, b"%d" % chance.randint(0, 9), chance.randbytes(16).hex().encode())


def given(rows: dict[int, Row]) -> Given:
    return Given(HINTS, [rows[number] for number in sorted(rows)], (0,))


def work(rows: dict[int, Row], chance: random.Random) -> None:
    """Change, add and delete some rows, a few or many, side by side or scattered."""
    share, numbers = chance.choice((0.005, 0.02, 0.5)), sorted(rows)
    if chance.random() < 0.5:
        start = chance.randrange(len(numbers))
        numbers = numbers[start : start + 200]
    for number in numbers:
        if chance.random() < share:
            what = chance.randint(0, 3)
            if what == 0:
                del rows[number]
            elif what == 1:
                rows[number + 1] = row(number + 1, chance)
            else:
                rows[number] = row(number, chance)


@pytest.mark.parametrize("seed", range(6))
def test_chain_of_snapshots_round_trips(tmp_path: Path, seed: int) -> None:
    chance, vault = random.Random(seed), builders.vault(tmp_path)
    rows, taken, stored = table(4000, chance), None, []
    for _ in range(9):
        taken = builders.snapshot(vault, {"t": given(rows)}, parent=taken, sizes=SIZES, batch=chance.randint(50, 3000))
        stored.append((taken, sorted(rows.values(), key=lambda row: int(row[0] or 0))))
        assert taken.tables[0].rows == len(rows)
        work(rows, chance)
    for entry, expected in stored:  # the older ones too
        result = builders.rows(builders.reopened(vault.blobs), entry, "t")
        assert sorted(result, key=lambda item: int(item[0] or 0)) == expected


def test_scattered_changes_cost_only_their_rows(tmp_path: Path) -> None:
    chance, vault = random.Random(1), builders.vault(tmp_path)
    rows = table(20_000, chance)
    first = builders.snapshot(vault, {"t": given(rows)})
    changed = {number: row(number, chance) for number in sorted(rows)[7::100]}
    rows |= changed
    second = builders.snapshot(vault, {"t": given(rows)}, parent=first)
    assert 0 < second.tables[0].new < first.tables[0].stored * 0.03
    deltas = [chunk.deltas for chunk in vault.table(second.tables[0]).chunks()]
    assert any(deltas)
    third = builders.snapshot(vault, {"t": given(rows)}, parent=second)
    assert third.tables[0].new == 0
    assert builders.rows(vault, third, "t") == builders.rows(vault, second, "t")


def test_many_deltas_become_pages(tmp_path: Path) -> None:
    chance, vault = random.Random(2), builders.vault(tmp_path)
    rows, taken = table(2000, chance), None
    most = 0
    for turn in range(9):
        taken = builders.snapshot(vault, {"t": given(rows)}, parent=taken)
        most = max(most, *(len(chunk.deltas) for chunk in vault.table(taken.tables[0]).chunks()))
        rows |= {number: row(number, chance) for number in sorted(rows)[turn::150]}
    assert 0 < most <= 4


def test_scattered_changes_do_not_rewrite_the_table(tmp_path: Path) -> None:
    chance, vault = random.Random(4), builders.vault(tmp_path)
    rows = table(20_000, chance)
    first = taken = builders.snapshot(vault, {"t": given(rows)})
    for _ in range(10):  # the same rows, over and over
        rows |= {number: row(number, chance) for number in sorted(rows)[7::100]}
        taken = builders.snapshot(vault, {"t": given(rows)}, parent=taken)
        assert taken.tables[0].new < first.tables[0].stored * 0.04
    result = builders.rows(vault, taken, "t")
    assert sorted(result, key=lambda item: int(item[0] or 0)) == [rows[number] for number in sorted(rows)]


def test_large_deltas_become_pages(tmp_path: Path) -> None:
    chance, vault = random.Random(5), builders.vault(tmp_path)
    rows = table(4000, chance)
    taken = builders.snapshot(vault, {"t": given(rows)})
    pages = {chunk.pages for chunk in vault.table(taken.tables[0]).chunks()}
    for turn in range(12):  # other rows each time
        rows |= {number: row(number, chance) for number in sorted(rows)[turn::16]}
        taken = builders.snapshot(vault, {"t": given(rows)}, parent=taken)
        for chunk in vault.table(taken.tables[0]).chunks():
            weight = sum(ref.length for ref in chunk.deltas)
            assert weight < sum(ref.length for ref in chunk.pages) * 0.6
    assert not pages & {chunk.pages for chunk in vault.table(taken.tables[0]).chunks()}


KEYS = some.integers(0, 12)
CHANGES = some.tuples(some.dictionaries(KEYS, some.integers(0, 99)), some.sets(KEYS))


def delta_of(change: tuple[dict[int, int], set[int]]) -> Delta:
    rows, gone = change
    keys = [b"%d" % key for key in rows], [b"%d" % key for key in sorted(gone - rows.keys())]
    values = [b"%d" % value for value in rows.values()]
    return Delta([pa.array(keys[0], VALUES), pa.array(values, VALUES)], [pa.array(keys[1], VALUES)])


def applied(columns: list[Any], delta: Delta) -> list[Any]:
    return deltas.apply(columns, [columns[0]], delta, (0,), (0, 1))


def sorted_rows(columns: list[Any]) -> list[tuple[Any, ...]]:
    return sorted(zip(*(column.to_pylist() for column in columns), strict=True))


@for_all(some.dictionaries(KEYS, some.integers(0, 99)), CHANGES, CHANGES)
def test_merged_delta_matches_two_deltas(before: dict[int, int], first: Any, second: Any) -> None:
    columns = delta_of((before, set())).rows
    entry, other = delta_of(first), delta_of(second)
    merged = deltas.decode(deltas.encode(deltas.merge(entry, other, (0,)), ("integer", "integer"), (0,)))
    assert sorted_rows(applied(list(columns), merged)) == sorted_rows(applied(applied(list(columns), entry), other))


def test_reverted_change_reuses_old_pages(tmp_path: Path) -> None:
    chance, vault = random.Random(3), builders.vault(tmp_path)
    rows = table(2000, chance)
    before = dict(rows)
    first = builders.snapshot(vault, {"t": given(rows)})
    rows |= {number: row(number, chance) for number in sorted(rows)[::100]}
    second = builders.snapshot(vault, {"t": given(rows)}, parent=first)
    third = builders.snapshot(vault, {"t": given(before)}, parent=second)
    assert third.tables[0].root == first.tables[0].root or third.tables[0].new < 2000
    assert builders.rows(vault, third, "t") == builders.rows(vault, first, "t")
