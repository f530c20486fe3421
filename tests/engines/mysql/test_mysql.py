"""Specifics of MySQL and MariaDB: MODIFY COLUMN, plans, several results, lost connections."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engines.test_every_engine import subject
from headwater.catalog import changes as c
from headwater.catalog.model import Check, Column, Index, Relation, Schema
from headwater.catalog.results import UNLIMITED, Finished, Limits, QueryError, Started
from headwater.engines.mysql.ddl import column_definition
from headwater.kit.errors import BadInput, HeadwaterError
from headwater.kit.network.tls import Tls
from headwater.testing.engines.subject import READ_ONLY, connected, rows, run_all


async def altered(session, change) -> None:
    engine = subject("mysql").engine
    for step in engine.alter([change], await engine.inspect(session)):
        for statement in step.statements:
            await run_all(session, statement)


async def column(session, name: str) -> Column:
    result = (await subject("mysql").engine.inspect(session)).relation("t").column(name)
    assert result
    return result


async def test_modify_column_keeps_unchanged_attributes() -> None:
    created = "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(9) COLLATE utf8mb4_bin DEFAULT 'x' COMMENT 'c', j JSON, at DATETIME DEFAULT now() ON UPDATE now())"
    async with connected(subject("mysql"), created) as session:
        for name, change in (
            ("s", c.AlterType("t", column="s", type="varchar(20)")),
            ("id", c.AlterType("t", column="id", type="bigint(20)")),
            ("j", c.SetNullable("t", column="j", nullable=False)),
            ("at", c.SetNullable("t", column="at", nullable=False)),
        ):
            before = await column(session, name)
            await altered(session, change)
            after = await column(session, name)
            assert replace(after, type=before.type, nullable=before.nullable) == before, name
        table = (await subject("mysql").engine.inspect(session)).relation("t")
        assert [check.name for check in table.checks] == ["j"]
        await altered(session, c.DropCheck("t", name="j"))
        assert (await subject("mysql").engine.inspect(session)).relation("t").checks == ()


async def test_hazards_match_innodb() -> None:
    table = Relation("t", (Column("s", "varchar(20)"), Column("n", "int(11)")), rows=5_000_000)
    engine = subject("mysql").engine

    def kinds(change) -> list[str]:
        (step,) = engine.alter([change], Schema((table,)))
        assert not step.transactional
        return [hazard.kind for hazard in step.hazards]

    assert kinds(c.AlterType("t", column="s", type="varchar(60)")) == ["may_fail", "lock"]
    assert kinds(c.AlterType("t", column="s", type="varchar(70)")) == ["may_fail", "rewrite"]
    assert kinds(c.AddColumn("t", column=Column("x", "int"))) == []
    assert kinds(c.AddCheck("t", check=Check("n > 0", "c"))) == ["may_fail", "rewrite"]
    (step,) = engine.alter([c.AddIndex("t", index=Index("i", ("n",)))], Schema((table,)))
    assert "5,000,000" in step.hazards[0].text
    with pytest.raises(BadInput):
        kinds(c.AddEnum("mood"))
    with pytest.raises(HeadwaterError):
        kinds(c.SetNullable("t", column="gone"))


@pytest.mark.parametrize(
    ("said", "spelt"),
    [
        ("'x'", "DEFAULT 'x'"),
        ("uuid()", "DEFAULT (uuid())"),
        ("(1 + 2)", "DEFAULT (1 + 2)"),
        ("now(3)", "DEFAULT now(3)"),
        ("-1.5", "DEFAULT -1.5"),
        ("'a' + 'b'", "DEFAULT ('a' + 'b')"),
    ],
)
def test_defaults_are_valid_on_both_servers(said: str, spelt: str) -> None:
    assert column_definition(Column("c", "int", default=said)) == f"`c` int {spelt}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT 1;\nSELEC 2", 10),
        ("SELECT 1;\n SELECT x\n FROM nowhere", 26),
        ("SELECT 1 +\n  FROM", 13),
        ("SELECT nothing", 7),
    ],
)
async def test_errors_have_positions(text: str, place: int) -> None:
    async with connected(subject("mysql")) as session:
        with pytest.raises(QueryError) as raised:
            await run_all(session, text)
        assert raised.value.position == place
        assert raised.value.sqlstate in {"42000", "42S02", "42S22"}


async def test_check_runs_nothing() -> None:
    async with connected(subject("mysql"), "CREATE TABLE t (a INT)") as session:
        assert (await session.check("INSERT INTO t VALUES (:a, $2)")) is not None
        assert (await session.check("INSERT INTO t VALUES (:a); DELETE FROM t; SELECT $1")) is None
        assert (await session.check("SELECT * FROM t WHERE a = :a AN b")).position == 29
        assert await rows(session, "SELECT count(*) FROM t") == [(0,)]


async def test_procedure_returns_several_results() -> None:
    created = "CREATE PROCEDURE p() BEGIN SELECT 1 AS a; SELECT 'x' AS b, 2 AS c; END"
    async with connected(subject("mysql"), created) as session:
        frames = await run_all(session, "CALL p(); SELECT 7")
        started = [frame for frame in frames if isinstance(frame, Started)]
        assert [(item.statement, item.columns and len(item.columns)) for item in started] == [(0, 1), (0, 2), (1, 1)]
        assert await rows(session, "CALL p()", None, Limits(rows=1)) == [(1,), ("x", 2)]


async def test_matched_rows_are_counted_and_warnings_reported() -> None:
    async with connected(subject("mysql"), "CREATE TABLE t (a INT); INSERT INTO t VALUES (1)") as session:
        frames = await run_all(session, "UPDATE t SET a = 1")
        assert isinstance(frames[-1], Finished) and frames[-1].affected == 1
        frames = await run_all(session, "SELECT 1 / 0; DROP TABLE IF EXISTS gone")
        notices = [frame.notices for frame in frames if isinstance(frame, Finished)]
        assert notices[0] == ("Warning: Division by 0",) and notices[1][0].startswith("Note: Unknown table")


async def test_plans_are_trees_with_advice() -> None:
    async with connected(subject("mysql"), "CREATE TABLE t (a INT, b INT)") as session:
        await run_all(session, "INSERT INTO t SELECT seq, seq % 1000 FROM seq_1_to_20000; CREATE INDEX by_a ON t (a)")
        engine = subject("mysql").engine
        plan = await engine.explain.plan(session, "SELECT * FROM t WHERE b = 5", run=True)
        (advice,) = [item for item in plan.advice if item.kind == "missing_index"]
        assert advice.statement == "ALTER TABLE `t` ADD INDEX (`b`)" and advice.figures["rows_read"] == 20000
        assert plan.execution_ms is not None and "ALL" in str(plan.root)
        await run_all(session, advice.statement)
        plan = await engine.explain.plan(session, "SELECT * FROM t WHERE b = $1", [5])
        assert not plan.advice and "table (ref)" in str(plan.root)
        await engine.explain.plan(session, "DELETE FROM t WHERE a < 10", run=True)
        assert await rows(session, "SELECT count(*) FROM t") == [(20000,)]
        with pytest.raises(QueryError) as raised:
            await engine.explain.plan(session, "\n SELECT x FROM")
        assert raised.value.position == 15


async def test_missing_server_tls_is_rejected() -> None:
    tested = subject("mysql")
    async with tested.fresh() as address:
        for mode in ("require", "verify-ca", "verify-full"):
            with pytest.raises(HeadwaterError, match="not offer TLS"):
                await tested.engine.connect(replace(address, tls=Tls(mode)))
        session = await tested.engine.connect(replace(address, tls=Tls("prefer")))
        assert (await session.ping()).tls is None
        await session.close()


async def test_ten_thousand_rows_are_read_completely() -> None:
    async with connected(subject("mysql")) as session:
        result = await rows(session, "SELECT seq, repeat('x', 100) FROM seq_1_to_10000", None, UNLIMITED)
        assert len(result) == 10_000 and result[-1] == (10_000, "x" * 100)


async def test_cut_warnings_are_counted() -> None:
    async with connected(subject("mysql")) as session:
        many = " UNION ALL ".join(["SELECT CAST('x' AS UNSIGNED)"] * 150)
        await run_all(session, "SET max_error_count = 10; CREATE TABLE t (a bigint)")
        frames = await run_all(session, f"INSERT IGNORE INTO t {many}")
        (finished,) = [frame for frame in frames if isinstance(frame, Finished)]
        assert (len(finished.notices), finished.notices[-1]) == (11, "140 more notices are not shown.")


async def test_command_behind_comments_has_its_name() -> None:
    async with connected(subject("mysql")) as session:
        text = "# it's; a comment\nSELECT 1; /* a /* b */ DO 1;\n/*!40101 SET @a = 5--1 */; SELECT 5--1 AS six"
        frames = await run_all(session, text)
        assert [frame.command for frame in frames if isinstance(frame, Finished)] == ["SELECT", "DO", "SET", "SELECT"]
        assert await rows(session, "# x\nSELECT 5--1", None, READ_ONLY) == [(6,)]
