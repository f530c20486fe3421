"""Values in the one form that all engines share."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.transfer import arrays
from headwater.core.transfer.codec import Unfit, canonical, decoder, encoder, json_form
from headwater.core.transfer.digest import Digest
from headwater.core.transfer.kinds import Kind


@pytest.mark.parametrize(
    ("kind", "spellings", "form"),
    [
        (Kind("decimal", 10, 2), ["1.50", "1.5", 1.5, "1.500000"], "1.5"), (Kind("decimal"), ["0.00", "-0", 0, "0E-9"], "0"),
        (Kind("decimal"), ["100", "1E2", 100], "100"), (Kind("integer"), ["9007199254740993", 9007199254740993], 9007199254740993),
        (Kind("boolean"), [True, 1, "t", "true", "1"], True), (Kind("binary"), ["\\x00ff"], b"\x00\xff"),
        (Kind("timestamp", zoned=True), ["2026-01-01 10:00:00+00", "2026-01-01 10:00:00.000000", "2026-01-01T10:00:00Z", "2026-01-01 12:00:00+02:00",
                                           "2026-01-01T10:00+0000", "2026-01-01 07:30:00.000-02:30"],
         "2026-01-01 10:00:00"),
        (Kind("timestamp"), ["2026-01-01 10:00:00.120000", "2026-01-01 10:00:00.12"], "2026-01-01 10:00:00.12"),
        (Kind("timestamp"), ["2026-01-01"], "2026-01-01 00:00:00"), (Kind("time"), ["10:00:00.000", "10:00:00"], "10:00:00"),
        (Kind("text", 5, fixed=True), ["ab   ", "ab"], "ab"), (Kind("float", 32), [1.1, 1.100000023841858], 1.100000023841858),
    ],
)  # fmt: skip
def test_one_form_of_one_value(kind: Kind, spellings: list[object], form: object) -> None:
    for cell in spellings:
        assert decoder("postgres", kind)(cell) == form


@pytest.mark.parametrize(
    ("kind", "cell"), [("integer", "abc"), ("integer", 1.5), ("boolean", 2), ("boolean", "yes"), ("decimal", "x"),
                       ("float", "one"), ("timestamp", 5), ("date", ""), ("bits", "x")],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(kind: str, cell: object) -> None:
    with pytest.raises(Unfit):
        decoder("sqlite", Kind(kind))(cell)  # type: ignore[arg-type]


def test_none_stays_none() -> None:
    for kind in ("integer", "text", "array", "json"):
        assert decoder("postgres", Kind(kind))(None) is encoder("mysql", Kind(kind))(None) is None  # type: ignore[arg-type]


def test_arrays() -> None:
    assert arrays.parse('{1,NULL,"a b","q\\"\\\\",{},{x,"NULL"}}') == ["1", None, "a b", 'q"\\', [], ["x", "NULL"]]
    assert encoder("mysql", Kind("array", item=Kind("integer")))(
        decoder("postgres", Kind("array", item=Kind("integer")))("{{1,2},{3,NULL}}")
    ) == "[[1,2],[3,null]]"  # fmt: skip
    for wrong in ("", "{", '{"', "{a", "{a}}", "x"):
        with pytest.raises((ValueError, IndexError)):
            arrays.parse(wrong)


@given(st.lists(st.tuples(st.integers(), st.text(), st.none() | st.binary()), max_size=30), st.integers())
def test_a_digest_does_not_know_the_order_but_every_row(rows: list[tuple[object, ...]], seed: int) -> None:
    kinds = [Kind("integer"), Kind("text"), Kind("binary")]
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    one, two = Digest(kinds), Digest(kinds)
    one.add(rows)
    two.add(shuffled)
    assert (one.rows, one.checksum) == (two.rows, two.checksum)
    if rows:
        two.add(rows[:1])
        assert one.checksum != two.checksum


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_stay_exact(number: Decimal) -> None:
    assert Decimal(decoder("mysql", Kind("decimal"))(str(number))) == number


def test_json_is_compared_by_value() -> None:
    assert json_form('{"b": 1.0, "a": [1e2]}') == json_form('{"a":[100],"b":1}')
    assert json_form('{"a": 1}') != json_form('{"a": "1"}')
    assert canonical("1", Kind("text")) != canonical(1, Kind("integer"))
    assert json_form("{oops") == b"{oops"
