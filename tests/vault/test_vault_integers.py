"""Packed integers: any int64 round-trips, and similar numbers take few bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from headwater.vault import integer_codec
from suite.profiles import examples

LOW, HIGH = -(2**63), 2**63 - 1
edges = some.sampled_from([LOW, LOW + 1, -(2**32), -1, 0, 1, 255, 256, 2**32, 2**62, HIGH - 1, HIGH])


@settings(max_examples=examples(500), deadline=None)
@given(some.lists(some.one_of(edges, some.integers(LOW, HIGH), some.integers(-9, 9))), some.binary(max_size=5))
def test_integers_round_trip(values: list[int], behind: bytes) -> None:
    packed = integer_codec.pack(np.array(values, np.int64))
    result, size = integer_codec.unpack(memoryview(packed + behind), len(values))
    assert result.tolist() == values
    assert size == len(packed)


@pytest.mark.parametrize(
    ("values", "most"),
    [
        ([5] * 100, 10),
        (range(10**12, 10**12 + 100), 110),
        (range(0, 10**9, 10**6), 10 + 1000 * 3),
        ([LOW, HIGH] * 50, 10 + 100),  # the step between them is one, modulo 2**64
    ],
)
def test_similar_numbers_are_small(values: list[int], most: int) -> None:
    assert len(integer_codec.pack(np.array(list(values), np.int64))) <= most


@settings(max_examples=examples(300), deadline=None)
@given(some.binary(min_size=10, max_size=60), some.integers(0, 40))
def test_arbitrary_bytes_are_rejected_or_decoded(data: bytes, count: int) -> None:
    try:
        result, size = integer_codec.unpack(memoryview(data), count)
    except ValueError:
        return
    assert len(result) == count
    assert size <= len(data)


def test_truncated_input_is_rejected() -> None:
    packed = integer_codec.pack(np.arange(1000, dtype=np.int64) ** 3)
    for cut in range(10, len(packed), 97):
        with pytest.raises(ValueError, match="not packed"):
            integer_codec.unpack(memoryview(packed)[:cut], 1000)
