"""Chunk boundaries: equal keys give equal boundaries for any batches, and a change moves only near ones."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from headwater.vault import chunker
from headwater.vault.chunker import ChunkSizes
from headwater.vault.pages import VALUES, Hint
from suite.profiles import examples

SMALL = ChunkSizes(rows=32, max_bytes=3000)


def column(values: list[bytes | None]) -> Any:
    return pa.array(values, VALUES)


def chunks(hashes: np.ndarray, weights: np.ndarray, sizes: ChunkSizes, batches: list[int]) -> list[int]:
    """Cut rows that come in such batches, as the writer does."""
    created, start, have = [], 0, 0
    for size in itertools.chain(batches, [len(hashes)]):
        have = min(have + size, len(hashes))
        boundaries = chunker.chunk_boundaries(hashes[start:have], weights[start:have], sizes, end=False)
        created += [start + cut for cut in boundaries]
        start = created[-1] if created else 0
    return created + [start + cut for cut in chunker.chunk_boundaries(hashes[start:], weights[start:], sizes, end=True)]


hash_lists = some.integers(0, 2**32).map(
    lambda seed: np.random.default_rng(seed).integers(0, 2**64, 2000, dtype=np.uint64)
)


@settings(max_examples=examples(60), deadline=None)
@given(hash_lists, some.lists(some.integers(1, 700), max_size=20), some.integers(1, 400))
def test_boundaries_do_not_depend_on_batches(hashes: np.ndarray, batches: list[int], weight: int) -> None:
    weights = np.random.default_rng(weight).integers(0, 2 * weight, len(hashes))
    whole = chunks(hashes, weights, SMALL, [])
    assert chunks(hashes, weights, SMALL, batches) == whole
    assert whole[-1] == len(hashes)
    sizes = np.diff([0, *whole])
    assert sizes.min() >= 1
    assert sizes.max() <= SMALL.max_rows
    for start, end in itertools.pairwise([0, *whole]):
        heavy = int(weights[start:end].sum()) > SMALL.max_bytes
        assert not heavy or end - start == 1
        # What is cut too early is cut because it is heavy.
        if end - start < SMALL.min_rows and end != len(hashes):
            assert weights[start : 2 * end - start + 2].sum() > SMALL.max_bytes


@settings(max_examples=examples(60), deadline=None)
@given(hash_lists, some.integers(300, 1700), some.sampled_from(["insert", "delete", "change", "many"]), some.data())
def test_change_moves_only_near_boundaries(hashes: np.ndarray, place: int, kind: str, data: Any) -> None:
    new = np.array(data.draw(some.lists(some.integers(0, 2**64 - 1), min_size=1, max_size=50)), np.uint64)
    if kind == "delete":
        changed = np.delete(hashes, place)
    elif kind == "change":
        changed = hashes.copy()
        changed[place] = new[0]
    else:
        changed = np.insert(hashes, place, new[:1] if kind == "insert" else new)
    shift = len(changed) - len(hashes)
    sizes = ChunkSizes(rows=32)
    flat, flat2 = np.ones(len(hashes), np.int64), np.ones(len(changed), np.int64)
    before, after = chunks(hashes, flat, sizes, []), chunks(changed, flat2, sizes, [])
    near = (
        place - sizes.max_rows
    )  # a chunk that is too large is cut where its rows, up to the most, have the lowest hash
    assert [cut for cut in after if cut < near] == [cut for cut in before if cut < near]
    late = {cut + shift for cut in before if cut > place}
    met = [cut for cut in after if cut in late]
    assert met, "the cuts never meet again"
    assert [cut for cut in after if cut >= met[0]] == sorted(cut for cut in late if cut >= met[0])
    assert met[0] <= place + len(new) + 12 * sizes.max_rows


def test_longer_values_move_few_boundaries() -> None:
    """A chunk that has become too heavy is cut at a key, not at a byte: one more byte a row is no other table."""
    created = moved = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        hashes, weights = random.integers(0, 2**64, 2000, dtype=np.uint64), random.integers(60, 140, 2000)
        before = chunks(hashes, weights, SMALL, [])
        weights[500:560] += 1
        after = chunks(hashes, weights, SMALL, [])
        assert [cut for cut in before if cut < 500] == [cut for cut in after if cut < 500]
        created += len([cut for cut in before if cut >= 500])
        moved += len({*before} ^ {*after})
    assert moved < created / 50


def test_equal_keys_are_split_at_half_of_max_rows() -> None:
    high, low = np.full(1000, 2**64 - 1, np.uint64), np.zeros(1000, np.uint64)
    ones = np.ones(1000, np.int64)
    assert set(np.diff([0, *chunks(high, ones, SMALL, [])])[:-1]) == {SMALL.max_rows // 2}
    assert set(np.diff([0, *chunks(low, ones, SMALL, [])])[:-1]) == {SMALL.min_rows}
    assert chunker.chunk_boundaries(np.empty(0, np.uint64), np.empty(0, np.int64), SMALL, end=True) == []


def test_chunk_sizes_are_near_the_target() -> None:
    count = 400_000
    ids = column([str(number).encode() for number in range(count)])
    hashes_ = chunker.hashes([(ids, "integer")], 17)
    cuts = chunker.chunk_boundaries(hashes_, np.ones(count, np.int64), ChunkSizes(), end=True)
    assert 0.5 * ChunkSizes().rows < count / len(cuts) < 2 * ChunkSizes().rows


values = some.lists(
    some.one_of(
        some.none(),
        some.integers(-(2**64), 2**64).map(lambda number: str(number).encode()),
        some.sampled_from([b"", b"007", b"0x10", b"-0", b"+1", b"x", b"\xff", b"9223372036854775808", b" 1"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=examples(300), deadline=None)
@given(values, some.integers(0, 2**64 - 1), some.sampled_from(["integer", "text"]), some.integers(0, 40))
def test_row_hash_does_not_depend_on_other_rows(keys: list[bytes | None], salt: int, hint: Hint, cut: int) -> None:
    """A null or a word beside it must change nothing: else a border would move with the size of batches."""
    whole = chunker.hashes([(column(keys), hint)], salt)
    parts = [keys[:cut], keys[cut:]]
    apart = [chunker.hashes([(column(part), hint)], salt).tolist() for part in parts if part]
    assert whole.tolist() == [item for part in apart for item in part]
    alone = [int(chunker.hashes([(column([key]), hint)], salt)[0]) for key in keys]
    assert whole.tolist() == alone


@pytest.mark.parametrize("hint", ["integer", "text"])
def test_hash_depends_on_salt_order_and_value(hint: Hint) -> None:
    keys = column([str(number).encode() for number in range(500)])
    salts = 0x1234_5678_9ABC_DEF0, 0x0FED_CBA9_8765_4321
    first, second = (set(chunker.hashes([(keys, hint)], salt).tolist()) for salt in salts)
    assert len(first) == len(second) == 500
    assert not first & second
    other = column([str(number % 7).encode() for number in range(500)])
    left, two = chunker.hashes([(keys, hint), (other, hint)], 1), chunker.hashes([(other, hint), (keys, hint)], 1)
    assert (left != two).sum() > 480
