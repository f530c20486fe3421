"""Laws of deltas: applying one equals updating a dictionary of rows, for any keys, and bytes round-trip."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from headwater.vault import deltas
from headwater.vault.deltas import Delta
from headwater.vault.errors import Damaged
from headwater.vault.pages import VALUES, Hint
from suite.profiles import examples

HINTS: tuple[Hint, ...] = ("integer", "text", "text")
keys = some.tuples(
    some.integers(-3, 9).map(lambda number: b"%d" % number), some.sampled_from([b"", b"a", b"1:a", b":"])
)
rows_ = some.dictionaries(keys, some.one_of(some.none(), some.binary(max_size=4)), max_size=14)


def columns(rows: list[tuple[bytes | None, ...]], width: int) -> tuple[Any, ...]:
    return tuple(pa.array([row[index] for row in rows], VALUES) for index in range(width))


@settings(max_examples=examples(200), deadline=None)
@given(rows_, rows_, some.sets(keys, max_size=6), some.sampled_from([(0, 1), (1, 0)]), some.data())
def test_delta_matches_dictionary(before: Any, new: Any, gone: Any, key: tuple[int, ...], data: Any) -> None:
    table = [(*its, value) for its, value in before.items()]
    changed = [(*its, value) for its, value in new.items()]
    dead = [tuple(its[location] for location in key) for its in gone]
    delta = Delta(columns(changed, 3), columns(dead, 2))
    delta = deltas.decode(deltas.encode(delta, HINTS, key))
    places = data.draw(some.permutations([0, 1, 2]))
    wide = columns(table, 3)
    applied = deltas.apply([wide[at] for at in places], [wide[at] for at in key], delta, key, places)
    result = list(zip(*(applied[places.index(at)].to_pylist() for at in range(3)), strict=True))
    stored = {its: value for its, value in before.items() if its in new or its not in gone} | new
    assert result == [(*its, value) for its, value in stored.items()]


@settings(max_examples=examples(200), deadline=None)
@given(rows_, rows_, some.sets(keys, max_size=2), some.booleans(), some.sampled_from([(0, 1), (1, 0)]))
def test_keys_match_those_of_complete_rows(
    before: Any, new: Any, gone: Any, replaces: bool, key: tuple[int, ...]
) -> None:
    if replaces:  # by chance they seldom are all there
        new, gone = {its: value for its, value in new.items() if its in before}, set()
    wide = columns([(*its, value) for its, value in before.items()], 3)
    changed = columns([(*its, value) for its, value in new.items()], 3)
    delta = Delta(changed, columns([tuple(its[location] for location in key) for its in gone], 2))
    keyed = [wide[at] for at in key]
    whole = deltas.apply(wide, keyed, delta, key, (0, 1, 2))
    alone = deltas.apply(keyed, keyed, delta, key, key)
    assert [item.to_pylist() for item in alone] == [whole[at].to_pylist() for at in key]


@settings(max_examples=examples(300), deadline=None)
@given(rows_, some.tuples(rows_, rows_), some.tuples(*[some.sets(keys, max_size=6)] * 2), some.booleans())
def test_merged_deltas_are_equivalent(before: Any, new: Any, gone: Any, brings_back: bool) -> None:
    if not brings_back:
        new = new[0], {its: value for its, value in new[1].items() if its not in gone[0]}
    both = [
        Delta(columns([(*its, value) for its, value in some_.items()], 3), columns([*dead], 2))
        for some_, dead in zip(new, gone, strict=True)
    ]
    wide = columns([(*its, value) for its, value in before.items()], 3)
    one_by_one, at_once = wide, deltas.merge(*both, (0, 1))
    for delta in both:
        one_by_one = deltas.apply(one_by_one, one_by_one[:2], delta, (0, 1), (0, 1, 2))
    together = deltas.apply(wide, wide[:2], at_once, (0, 1), (0, 1, 2))
    result, wanted = (list(zip(*(item.to_pylist() for item in side), strict=True)) for side in (together, one_by_one))
    if brings_back:  # a row that was gone and is back may stand where it stood
        result, wanted = sorted(result, key=repr), sorted(wanted, key=repr)
    assert result == wanted


def test_invalid_delta_is_damaged() -> None:
    good = deltas.encode(Delta(columns([(b"1", b"a", None)], 3), columns([(b"2", b"b")], 2)), HINTS, (0, 1))
    column = columns([(b"1",)], 1)[0]
    for content in (
        b"",
        b"\xc1",
        good[:-1],
        b"\x92\x90\x90",
        deltas.encode(Delta((column, column.slice(1)), (column,)), HINTS[:2], (0,)),
    ):
        with pytest.raises(Damaged):
            deltas.decode(content)
