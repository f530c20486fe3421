"""Copies and exports of SQLite keep the storage class of each value, and plans say what another engine cannot keep."""

from __future__ import annotations

import pytest

from features.transfers.row_copies import copied, planned, sides
from headwater.kit.errors import BadInput
from headwater.testing.engines.subject import rows, run_all

# The text '\x00ff' looks like the blob x'00ff' in a cell, and 'Infinity' like the number.
VALUES = (
    "x'00ff'", "9223372036854775807", "-9223372036854775808", "9e999", "-9e999", "'\\x00ff'", "'Infinity'", "'12'",
    "12", "1.0", "0.1", "''", "x''", "NULL", "'9007199254740993'", "cast(x'ff41' as text)", "'a' || char(0) || 'b'",
    "'[not UTF-8] \\xffA'",
)  # fmt: skip
UNTYPED = f"CREATE TABLE u (id integer primary key, v); INSERT INTO u VALUES {', '.join(f'({n}, {value})' for n, value in enumerate(VALUES, 1))}"
STORED = "SELECT id, typeof(v), hex(CAST(v AS BLOB)), v FROM u ORDER BY id"


async def test_copy_keeps_every_storage_class() -> None:
    async with sides("sqlite", "sqlite") as (left, right):
        await run_all(left.session, UNTYPED)
        plan, compared, _ = await copied(left, right)
        assert not plan.losses and [item.same for item in compared] == [True]
        assert await rows(right.session, STORED) == await rows(left.session, STORED)


async def test_checksums_tell_storage_classes_apart() -> None:
    async with sides("sqlite", "sqlite", "sqlite") as (left, right, third):
        sums = []
        for side, values in ((left, "(1, x'00ff')"), (right, "(1, '\\x00ff')")):
            await run_all(side.session, f"CREATE TABLE u (id integer primary key, v); INSERT INTO u VALUES {values}")
            _, compared, _ = await copied(side, third)
            sums += [item.source_checksum for item in compared]
            await run_all(third.session, "DROP TABLE u")
        assert sums[0] != sums[1]


CHANGED = "a column without a type becomes text: numbers as digits, binary values as \\x and hexadecimal digits"


@pytest.mark.parametrize("target", ["postgresql", "mysql"])
async def test_untyped_columns_become_text_and_the_plan_says_so(target: str) -> None:
    async with sides("sqlite", target) as (left, right):
        await run_all(left.session, UNTYPED.replace("cast(x'ff41' as text)", "'é'").replace("char(0)", "char(1)"))
        plan, compared, _ = await copied(left, right)
        losses = {(loss.severity, loss.object, loss.sentence) for loss in plan.losses}
        assert ("changed", "v", CHANGED) in losses
        assert [item.same for item in compared] == [True]
        texts = [value for (value,) in await rows(right.session, "SELECT v FROM u ORDER BY id")]
        assert texts[:8] == [
            "\\x00ff", "9223372036854775807", "-9223372036854775808", "Infinity", "-Infinity", "\\x00ff", "Infinity", "12",
        ]  # fmt: skip


@pytest.mark.parametrize("target", ["postgresql", "mysql"])
async def test_bytes_are_copied_exactly(target: str) -> None:
    setup = (
        "CREATE TABLE u (id integer primary key, v blob); INSERT INTO u VALUES (1, x'00ff'), (2, '\\x00ff'), (3, 'é')"
    )
    async with sides("sqlite", target) as (left, right):
        await run_all(left.session, setup)
        plan, compared, _ = await copied(left, right)
        assert any("the bytes of their text" in loss.sentence for loss in plan.losses)
        assert [item.same for item in compared] == [True]
        texts = [value for (value,) in await rows(right.session, "SELECT v FROM u ORDER BY id")]
        assert texts == ["\\x00ff", "\\x" + b"\\x00ff".hex(), "\\x" + "é".encode().hex()]


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        ("text", "x'00ff'", "row 1, column v: '\\\\\\\\x00ff' is not a valid text"),
        ("text", "cast(x'ff41' as text)", "is not a valid text"),
        ("integer", "x'31'", "is not a valid integer"),
        ("real", "x'31'", "is not a valid float"),
        ("uuid", "x'31'", "is not a valid uuid"),
        ("json", "x'31'", "is not a valid json"),
        ("date", "x'31'", "is not a valid date"),
    ],
)
async def test_binary_value_in_another_column_is_refused_as_planned(type_: str, value: str, said: str) -> None:
    async with sides("sqlite", "postgresql") as (left, right):
        await run_all(
            left.session, f"CREATE TABLE u (id integer primary key, v {type_}); INSERT INTO u VALUES (1, {value})"
        )
        plan = await planned(left, right)
        assert any(loss.severity == "risk" and "SQLite does not check types" in loss.sentence for loss in plan.losses)
        with pytest.raises(BadInput, match=said):
            await copied(left, right)
