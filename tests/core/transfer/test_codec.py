"""Values in the canonical form that all engines share."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.transfer.dialects import DIALECTS
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.codec import ValueConversionError, canonical, canonical_json, decoder, encoder, row_reducer
from headwater.core.transfer.digest import Digest
from headwater.engines.postgresql import array_text


@pytest.mark.parametrize(
    ("kind", "spellings", "form"),
    [
        (ValueKind("decimal", 10, 2), ["1.50", "1.5", 1.5, "1.500000"], "1.5"),
        (ValueKind("decimal"), ["0.00", "-0", 0, "0E-9"], "0"),
        (ValueKind("decimal"), ["100", "1E2", 100], "100"),
        (ValueKind("integer"), ["9007199254740993", 9007199254740993], 9007199254740993),
        (ValueKind("boolean"), [True, 1, "t", "true", "1"], True),
        (ValueKind("binary"), ["\\x00ff", b"\x00\xff"], b"\x00\xff"),
        (
            ValueKind("timestamp", zoned=True),
            [
                "2026-01-01 10:00:00+00",
                "2026-01-01 10:00:00.000000",
                "2026-01-01T10:00:00Z",
                "2026-01-01 12:00:00+02:00",
                "2026-01-01T10:00+0000",
                "2026-01-01 07:30:00.000-02:30",
            ],
            "2026-01-01 10:00:00",
        ),
        (ValueKind("timestamp"), ["2026-01-01 10:00:00.120000", "2026-01-01 10:00:00.12"], "2026-01-01 10:00:00.12"),
        (ValueKind("timestamp"), ["2026-01-01"], "2026-01-01 00:00:00"),
        (ValueKind("time"), ["10:00:00.000", "10:00:00"], "10:00:00"),
        (ValueKind("text", 5, fixed=True), ["ab   ", "ab"], "ab"),
        (ValueKind("float", 32), [1.1, 1.100000023841858], 1.100000023841858),
    ],
)
def test_equal_values_have_one_canonical_form(kind: ValueKind, spellings: list[object], form: object) -> None:
    for cell in spellings:
        assert decoder(DIALECTS["postgres"], kind)(cell) == form


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("integer", "abc"),
        ("integer", 1.5),
        ("boolean", 2),
        ("boolean", "yes"),
        ("decimal", "x"),
        ("float", "one"),
        ("timestamp", 5),
        ("date", ""),
        ("bits", "x"),
        ("integer", b"1"),
        ("json", b"1"),
        ("uuid", b"1"),
    ],
)
def test_value_of_wrong_kind_is_rejected(kind: str, cell: object) -> None:
    with pytest.raises(ValueConversionError):
        decoder(DIALECTS["sqlite"], ValueKind(kind))(cell)  # type: ignore[arg-type]


def test_null_round_trips() -> None:
    for kind in ("integer", "text", "array", "json"):
        assert (
            decoder(DIALECTS["postgres"], ValueKind(kind))(None)
            is encoder(DIALECTS["mysql"], ValueKind(kind))(None)
            is None
        )  # type: ignore[arg-type]


def test_array_text_is_parsed() -> None:
    assert array_text.parse('{1,NULL,"a b","q\\"\\\\",{},{x,"NULL"}}') == ["1", None, "a b", 'q"\\', [], ["x", "NULL"]]
    assert (
        encoder(DIALECTS["mysql"], ValueKind("array", item=ValueKind("integer")))(
            decoder(DIALECTS["postgres"], ValueKind("array", item=ValueKind("integer")))("{{1,2},{3,NULL}}")
        )
        == "[[1,2],[3,null]]"
    )
    for wrong in ("", "{", '{"', "{a", "{a}}", "x"):
        with pytest.raises((ValueError, IndexError)):
            array_text.parse(wrong)


@given(st.lists(st.tuples(st.integers(), st.text(), st.none() | st.binary()), max_size=30), st.integers())
def test_digest_ignores_order_but_not_rows(rows: list[tuple[object, ...]], seed: int) -> None:
    kinds = [ValueKind("integer"), ValueKind("text"), ValueKind("binary")]
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    first, two = Digest(kinds), Digest(kinds)
    first.add(rows)
    two.add(shuffled)
    assert (first.rows, first.checksum) == (two.rows, two.checksum)
    if rows:
        two.add(rows[:1])
        assert first.checksum != two.checksum


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_stay_exact(number: Decimal) -> None:
    assert Decimal(decoder(DIALECTS["mysql"], ValueKind("decimal"))(str(number))) == number


def test_json_is_compared_by_value() -> None:
    assert canonical_json('{"b": 1.0, "a": [1e2]}') == canonical_json('{"a":[100],"b":1}')
    assert canonical_json('{"a": 1}') != canonical_json('{"a": "1"}')
    assert canonical("1", ValueKind("text")) != canonical(1, ValueKind("integer"))
    assert canonical_json("{oops") == b"{oops"


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)
CANONICAL = {
    ValueKind("json"): JSONS.map(lambda value: json.dumps(value)),
    ValueKind("decimal"): st.decimals(allow_nan=False, allow_infinity=False).map(
        lambda n: decoder(DIALECTS["postgres"], ValueKind("decimal"))(f"{n:f}")
    ),
    ValueKind("decimal", 20, 4): st.decimals(-(10**15), 10**15, places=4).map(
        lambda n: decoder(DIALECTS["postgres"], ValueKind("decimal"))(str(n))
    ),
    ValueKind("timestamp"): st.datetimes().map(lambda at: at.isoformat(" ")),
    ValueKind("date"): st.dates().map(str),
    ValueKind("integer", 64, unsigned=True): st.integers(0, 2**64 - 1),
    ValueKind("bits", 64): st.integers(0, 2**64 - 1),
    ValueKind("array", item=ValueKind("json")): st.lists(JSONS.map(json.dumps)),
    ValueKind("array", item=ValueKind("timestamp")): st.lists(
        st.none() | st.datetimes().map(lambda at: at.isoformat(" "))
    ),
}


@pytest.mark.parametrize("kind", CANONICAL, ids=lambda kind: f"{kind.name}-{kind.size}")
def test_document_values_round_trip(kind: ValueKind) -> None:
    """Law: what is kept of a value is compared, and the same after it was a value of a document."""

    @given(st.data())
    def holds(data: st.DataObject) -> None:
        (stored,) = row_reducer(DIALECTS["mongodb"], [kind])([data.draw(CANONICAL[kind])])
        again = decoder(DIALECTS["mongodb"], kind)(encoder(DIALECTS["mongodb"], kind)(stored))
        assert canonical(again, kind) == canonical(stored, kind)

    holds()


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        (ValueKind("decimal", 10, 2), "1.5", Decimal("1.50")),
        (ValueKind("decimal"), "9" * 34, Decimal("9" * 34)),
        (ValueKind("decimal"), "-1." + "9" * 34, "-1." + "9" * 34),
        (ValueKind("decimal"), "0." + "0" * 9 + "9" * 34, Decimal("0." + "0" * 9 + "9" * 34)),
        (ValueKind("bits", 1), 1, True),
        (ValueKind("date"), "2026-02-03", datetime(2026, 2, 3, tzinfo=UTC)),
        (
            ValueKind("timestamp", zoned=True),
            "2026-02-03 04:05:06.789",
            datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC),
        ),
        (ValueKind("float"), "Infinity", float("inf")),
        (ValueKind("uuid"), "5f" * 16, UUID("5f" * 16)),
        (ValueKind("json"), '{"a": 18446744073709551615}', {"a": Decimal(18446744073709551615)}),
    ],
)
def test_values_map_to_documents(kind: ValueKind, value: object, made: object) -> None:
    assert repr(encoder(DIALECTS["mongodb"], kind)(value)) == repr(made)


def test_unsupported_document_values_are_reduced() -> None:
    keep = row_reducer(
        DIALECTS["mongodb"],
        [ValueKind("timestamp"), ValueKind("json"), ValueKind("array", item=ValueKind("json")), ValueKind("text")],
    )
    stored = keep(["2026-01-01 00:00:00.1239", " null", ["null", "1"], "null"])
    assert stored == ["2026-01-01 00:00:00.123", None, [None, "1"], "null"]
    assert row_reducer(DIALECTS["postgres"], [ValueKind("timestamp")])(["2026-01-01 00:00:00.1239"]) == [
        "2026-01-01 00:00:00.1239"
    ]
    for kind, value in (
        ("date", "0044-03-15 BC"),
        ("timestamp", "infinity"),
        ("date", "10000-01-01"),
        ("json", "[" * 200 + "]" * 200),
    ):
        with pytest.raises(ValueConversionError, match="cannot be stored as"):
            encoder(DIALECTS["mongodb"], ValueKind(kind))(value)  # type: ignore[arg-type]
