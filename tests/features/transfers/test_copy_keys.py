"""Keys, counters, partitions and loose values on real servers: what a plan promises, the target accepts."""

from __future__ import annotations

from typing import Any

import pytest

from features.transfers.row_copies import ENGINES, Quiet, copied, sides
from headwater.catalog.value_kinds import ObservedValues
from headwater.core.transfer.choices import CopyChoices
from headwater.engines.mysql import observed_values
from headwater.features.transfers.service import copies, copy_rows
from headwater.features.transfers.service.copy_rows import CopyEndpoint
from headwater.kit.errors import BadInput
from headwater.testing.engines.subject import rows, run_all

KEYS = """
CREATE TABLE users (id integer PRIMARY KEY, code varchar(20) UNIQUE, big bigint UNIQUE);
CREATE TABLE mails (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), code text REFERENCES users (code), part numeric(6,2));
CREATE TABLE notes (mail integer REFERENCES mails (id), big integer REFERENCES users (big));
INSERT INTO users VALUES (1, 'a', 5); INSERT INTO mails VALUES (1, 1, 'a', 1.50); INSERT INTO notes VALUES (1, 5)
"""
COUNTERS = """
CREATE TABLE loose (n serial, note text); INSERT INTO loose (note) VALUES ('a'), ('b');
CREATE TABLE second (a int, n serial, PRIMARY KEY (a, n)); INSERT INTO second (a) VALUES (7), (7);
CREATE TABLE pay (id serial, d date, PRIMARY KEY (d, id)) PARTITION BY RANGE (d);
CREATE TABLE pay_2024 PARTITION OF pay FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO pay (d) VALUES ('2024-05-05');
CREATE TABLE parent (id int); CREATE TABLE son () INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO son VALUES (2)
"""


@pytest.mark.parametrize("target", ENGINES[1:])
async def test_foreign_keys_of_different_integers_arrive(target: str) -> None:
    async with sides("postgresql", target, "postgresql") as (left, right, back):
        await run_all(left.session, KEYS)
        for source, to in ((left, right), (right, back)):
            _, compared, _ = await copied(source, to)
            assert {item.table.rpartition(".")[2]: item.same for item in compared} == dict.fromkeys(
                ("users", "mails", "notes"), True
            )
            schema = await to.engine.inspect(to.session)
            assert {len(table.foreign_keys) for table in schema if table.name in {"mails", "notes"}} == {2}
        text = "SELECT m::text FROM mails m"
        assert await rows(back.session, text) == await rows(left.session, text)


@pytest.mark.parametrize("target", ENGINES[1:])
async def test_counters_and_partitions_arrive(target: str) -> None:
    async with sides("postgresql", target) as (left, right):
        await run_all(left.session, COUNTERS)
        _, compared, _ = await copied(left, right)
        assert sorted((item.target, item.target_rows, item.same) for item in compared) == [
            ("loose", 2, True),
            ("parent", 2, True),
            ("pay", 1, True),
            ("second", 2, True),
        ]
        if target == "mysql":
            await run_all(right.session, "INSERT INTO loose (note) VALUES ('c'); INSERT INTO second (a) VALUES (8)")
            assert await rows(right.session, "SELECT max(n) FROM loose") == [(3,)]
            assert await rows(right.session, "SELECT max(n) FROM second") == [(3,)]


ZERO = """
SET sql_mode = ''; CREATE TABLE zd (id int PRIMARY KEY, d date NOT NULL DEFAULT '0000-00-00', at datetime(3), seen timestamp NULL, flag tinyint(1), ok tinyint(1));
INSERT INTO zd VALUES (1, '0000-00-00', '2024-00-15 00:00:00', NULL, 2, 1), (2, '2024-02-29', '2024-01-02 03:04:05.678', '0000-00-00 00:00:00', 0, 0)
"""


async def loose(left: CopyEndpoint, right: CopyEndpoint, choices: CopyChoices) -> Any:
    schema = await left.engine.inspect(left.session)
    observed = await copies.observed_values(left.engine, left.session, schema, None)
    plan = copies.mapped(schema, left.engine, right.engine, None, choices, observed)
    compared = (await copy_rows.copy(left, right, plan, Quiet())).compared
    await run_all(left.session, "ROLLBACK")
    assert [item.same for item in compared] == [True]
    return plan


@pytest.mark.parametrize("target", ["postgresql", "sqlite"])
async def test_zero_dates_become_null_and_other_numbers_stay(target: str) -> None:
    async with sides("mysql", target) as (left, right):
        await run_all(left.session, ZERO)
        plan = await loose(left, right, CopyChoices())
        nulls = "SELECT id, d IS NULL, at IS NULL, seen IS NULL, flag FROM zd ORDER BY id"
        assert await rows(right.session, nulls) == [(1, 1, 1, 1, 2), (2, 0, 0, 1, 0)]
        assert {column.name: column.target_type for column in plan.tables[0].columns}["ok"].lower() == "boolean"
        with pytest.raises(BadInput, match=r"zd: row 1, column d: '0000-00-00' is not a valid date"):
            async with sides(target) as (other,):
                await loose(left, other, CopyChoices("refuse"))


async def test_values_are_observed_within_a_time() -> None:
    async with sides("mysql") as (side,):
        await run_all(side.session, f"{ZERO}; CREATE TABLE empty (d date)")
        tables = list(await side.engine.inspect(side.session))
        known = await observed_values.observe(side.session, tables)
        assert {name for _, _, name in known.deviating} == {"d", "at", "seen", "flag"}
        assert {id_ for id_ in known.checked if id_ not in known.deviating} == {
            (None, "zd", "ok"),
            (None, "empty", "d"),
        }
        assert await observed_values.observe(side.session, tables, 0.0) == ObservedValues()


UNSIGNED = """
CREATE TABLE users (id bigint unsigned AUTO_INCREMENT PRIMARY KEY); CREATE TABLE codes (id bigint unsigned PRIMARY KEY);
CREATE TABLE mails (user_id bigint unsigned, code bigint unsigned, FOREIGN KEY (user_id) REFERENCES users (id), FOREIGN KEY (code) REFERENCES codes (id));
INSERT INTO users VALUES (7); INSERT INTO codes VALUES (18446744073709551615); INSERT INTO mails VALUES (7, 18446744073709551615)
"""


@pytest.mark.parametrize("target", ["postgresql", "sqlite"])
async def test_foreign_keys_of_huge_unsigned_numbers_arrive(target: str) -> None:
    async with sides("mysql", target) as (left, right):
        await run_all(left.session, UNSIGNED)
        _, compared, _ = await copied(left, right)
        assert all(item.same for item in compared)
        table = (await right.engine.inspect(right.session)).relation("mails")
        assert table and len(table.foreign_keys) == 2
