"""Pages give back exactly the same bytes whatever the hint, and equal columns give equal pages."""

from __future__ import annotations

from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from headwater.vault import pages
from headwater.vault.errors import Damaged
from headwater.vault.pages import VALUES, Hint
from suite.profiles import examples

HINTS: tuple[Hint, ...] = get_args(Hint)
NEARLY = {
    "integer": [
        "0",
        "7",
        "-1",
        "007",
        "-0",
        "+5",
        " 5",
        "5 ",
        "",
        "1e5",
        "0x10",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "1_000",
        "٣",
    ],
    "float": [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1.5",
        "1e5",
        "1e+05",
        "100000",
        "1e-7",
        "NaN",
        "nan",
        "Infinity",
        "inf",
        "-Infinity",
        "1.10",
        ".5",
        "5.",
        "1.7976931348623157e+308",
        "5e-324",
        "1e400",
    ],
    "timestamp": [
        "2024-02-29 00:00:00",
        "2024-02-30 00:00:00",
        "2023-02-29 00:00:00",
        "1900-02-29 00:00:00",
        "2000-02-29 23:59:59",
        "infinity",
        "-infinity",
        "0001-01-01 00:00:00",
        "0000-01-01 00:00:00",
        "0044-03-15 00:00:00 BC",
        "9999-12-31 23:59:59.999999",
        "10000-01-01 00:00:00",
        "294276-12-31 23:59:59",
        "2024-01-01 24:00:00",
        "2024-01-01 23:59:60",
        "2024-01-01 00:00:00.",
        "2024-01-01 00:00:00.0",
        "2024-01-01 00:00:00.1",
        "2024-01-01 00:00:00.10",
        "2024-01-01 00:00:00.000001",
        "2024-01-01 00:00:00.1234567",
        "2024-01-01T00:00:00",
        "2024-1-01 00:00:00",
        "2024-01-01 00:00:0x",
        "1582-10-10 12:00:00",
        "1969-12-31 23:59:59.999999",
        "2024-01-01 00:00:00.x",
        "2024-00-01 00:00:00",
    ],
    "timestamptz": [
        "2024-02-29 00:00:00+00",
        "2024-02-29 00:00:00",
        "2024-02-29 00:00:00+01",
        "2024-02-29 00:00:00-00",
        "2024-02-29 00:00:00.5+00",
        "2024-02-29 00:00:00.50+00",
        "infinity",
        "2024-02-30 00:00:00+00",
        "2024-02-29 00:00:00.+00",
        "2024-02-29 00:00:00+0",
        "2024-02-29 00:00:00+000",
    ],
    "date": [
        "2024-02-29",
        "2024-02-30",
        "infinity",
        "-infinity",
        "0001-01-01",
        "0001-01-01 BC",
        "10000-01-01",
        "5874897-12-31",
        "2024-2-9",
        "1900-02-29",
        "0000-01-01",
        "-0001-01-01",
        "20240229",
    ],
    "uuid": [
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
        "3f2504e04f8911d39a0c0305e82c3301",
        "3f2504e0-4f89-11d3-9a0c-0305e82c330g",
        "3f2504e0_4f89-11d3-9a0c-0305e82c3301",
        "00000000-0000-0000-0000-000000000000",
    ],
    "hex": [
        "\\x",
        "\\x00",
        "\\xdeadbeef",
        "\\xDEADBEEF",
        "\\xabc",
        "deadbeef",
        "0xff",
        "xx",
        "\\xzz",
        "\\x\\x00",
        "x",
        "ab",
    ],
    "text": ["", "a", "\\N", "\0", "ü", "x" * 300],
}


def column(values: list[bytes | None]) -> Any:
    return pa.array(values, VALUES)


def equal(values: list[bytes | None], hint: Hint) -> None:
    created = column(values)
    page = pages.encode(created, hint)
    assert pages.decode(page).to_pylist() == values
    # The same column cut out of a larger one, and put together from pieces, is the same page.
    wider = column([b"before", None, *values, None, b"after"])
    assert pages.encode(wider.slice(2, len(values)), hint) == page
    half = len(values) // 2
    pieces = pa.chunked_array([created.slice(0, half), created.slice(half)])
    assert pages.encode(pieces.combine_chunks(), hint) == page
    assert pages.encode(pages.decode(page), hint) == page


near = some.sampled_from(sorted({value.encode() for values in NEARLY.values() for value in values}))
ints = some.integers(-(2**65), 2**65).map(lambda number: str(number).encode())
small = some.integers(-300, 70_000).map(lambda number: str(number).encode())
floats = some.floats(width=64).map(lambda number: repr(number).encode())
times = some.datetimes().map(lambda time: str(time).encode())
zoned = some.datetimes().map(lambda time: str(time).encode() + b"+00")
trimmed = some.datetimes().map(
    lambda time: (str(time).rstrip("0").rstrip(".") if time.microsecond else str(time)).encode()
)
dates = some.dates().map(lambda date: str(date).encode())
uuids = some.uuids().map(lambda one: str(one).encode())
octets = some.binary(max_size=20).map(lambda one: b"\\x" + one.hex().encode())
anything = some.binary(max_size=40)
few = some.sampled_from([b"red", b"green", b"blue", b""])


@settings(max_examples=examples(400), deadline=None)
@given(
    some.sampled_from(HINTS),
    some.sampled_from([near, ints, small, floats, times, zoned, trimmed, dates, uuids, octets, anything, few]).flatmap(
        lambda values: some.lists(some.one_of(values, values, values, some.none()), max_size=60)
    ),
)
def test_typed_values_round_trip(hint: Hint, values: list[bytes | None]) -> None:
    equal(values, hint)


@settings(max_examples=examples(300), deadline=None)
@given(
    some.sampled_from(HINTS),
    some.sampled_from([ints, small, floats, trimmed, dates, uuids, octets]),
    some.data(),
)
def test_single_exception_round_trips(hint: Hint, kind: Any, data: Any) -> None:
    values = data.draw(some.lists(kind, min_size=1, max_size=40))
    location = data.draw(some.integers(0, len(values)))
    equal([*values[:location], data.draw(some.one_of(near, anything)), *values[location:]], hint)


@pytest.mark.parametrize("hint", HINTS)
@pytest.mark.parametrize("kind", sorted(NEARLY))
def test_almost_typed_values_round_trip(hint: Hint, kind: str) -> None:
    every = [value.encode() for value in NEARLY[kind]]
    for value in every:
        equal([value], hint)
        equal([value, value], hint)
        equal([None, value, None], hint)
        equal([value, every[0]], hint)
    equal([*every], hint)
    equal([value for value in every for _ in range(9)], hint)


@pytest.mark.parametrize("hint", HINTS)
def test_empty_null_and_large_columns_round_trip(hint: Hint) -> None:
    equal([], hint)
    equal([None] * 9, hint)
    equal([b""] * 9, hint)
    equal([b"", None] * 9, hint)
    equal([b"a" * 300 + b"x00", b"a" * 300 + b"x01"], hint)
    equal([bytes(5_000_000), b"1", None], hint)
    equal([str(number).encode() for number in range(20_000)], hint)
    equal([f"word {number % 255}".encode() for number in range(5_000)], hint)
    equal([f"word {number % 256}".encode() for number in range(5_000)], hint)


KINDS = {
    "integer": (pages.INTEGERS, "{number}"),
    "float": (pages.FLOATS, "{number}.5"),
    "timestamp": (pages.MOMENTS, "2024-01-01 00:{minute:02}:{second:02}.5"),
    "timestamptz": (pages.MOMENTS, "2024-01-01 00:{minute:02}:{second:02}+00"),
    "date": (pages.DAYS, "20{second:02}-01-{day:02}"),
    "uuid": (pages.UUIDS, "3f2504e0-4f89-11d3-9a0c-0305e82c{number:04x}"),
    "hex": (pages.HEX, "\\x{number:04x}"),
    "text": (pages.BYTES, "number {number}"),
}


@pytest.mark.parametrize("hint", HINTS)
def test_hinted_types_are_stored_compactly(hint: Hint) -> None:
    """Else the tests above would all be about text."""
    kind, pattern = KINDS[hint]
    values = [
        pattern.format(number=number, minute=number // 60, second=number % 60, day=number % 28 + 1).encode()
        for number in range(600)
    ]
    page = pages.encode(column(values), hint)
    assert page[0] == kind
    assert pages.encode(column([values[0]] * 50), hint)[0] == pages.CONSTANT
    assert pages.encode(column([b"up", b"down"] * 50), hint)[0] == pages.DICTIONARY
    assert pages.encode(column([None] * 5), hint)[0] == pages.NULLS
    if hint not in {"text", "float"}:  # planes of floats are for the codec
        assert len(page) < sum(map(len, values)) / 1.8


@settings(max_examples=examples(600), deadline=None)
@given(some.sampled_from(HINTS), some.data())
def test_arbitrary_bytes_are_damaged_or_a_column(hint: Hint, data: Any) -> None:
    """Never anything but Damaged, whatever is changed: no crash, no other error."""
    _, pattern = KINDS[hint]
    values = [
        pattern.format(number=number, minute=number, second=number, day=number + 1).encode() for number in range(20)
    ]
    page = bytearray(pages.encode(column([*values, None] if data.draw(some.booleans()) else values), hint))
    location = data.draw(some.integers(0, len(page) - 1).filter(lambda at: at not in {2, 3, 4, 5}))
    page[location] = data.draw(some.integers(0, 255))
    cut = data.draw(some.one_of(some.just(len(page)), some.integers(0, len(page))))
    try:
        decoded = pages.decode(bytes(page[:cut]))
    except Damaged:
        return
    decoded.validate(full=True)
    assert decoded.type == VALUES
