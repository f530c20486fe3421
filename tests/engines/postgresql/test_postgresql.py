"""Specifics of PostgreSQL: transactions, notices, plans, exports, blocked sessions."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import io
import json

import pytest

from engines.test_every_engine import subject
from headwater.catalog import changes as c
from headwater.catalog.model import Check, Column, Index, Relation, Schema
from headwater.catalog.results import UNLIMITED, Finished, Limits, QueryCancelled, QueryError, QueryTimeout, Started
from headwater.engines import TableRestoreResult
from headwater.engines.postgresql import ENGINE
from headwater.testing.engines.in_place_restore import open_scenario
from headwater.testing.engines.subject import READ_ONLY, connected, rows, run_all


async def exported(session, text: str, form, limits=UNLIMITED) -> str:
    return b"".join([chunk async for chunk in ENGINE.export.chunks(session, text, form, limits)]).decode()


async def test_error_in_transaction_keeps_it_open() -> None:
    async with connected(subject("postgresql"), "CREATE TABLE t (a int)") as session:
        await run_all(session, "BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s")
        with pytest.raises(QueryError):
            await run_all(session, "SELECT 1/0")
        with pytest.raises(QueryError) as raised:
            await run_all(session, "SELECT 1")
        assert raised.value.sqlstate == "25P02"
        await run_all(session, "ROLLBACK TO s; COMMIT")
        assert await rows(session, "SELECT * FROM t") == [(1,)]


async def test_columns_match_the_catalog() -> None:
    created = "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN mail AS text; CREATE TABLE t (m mood, e mail, j jsonb, a int[], n numeric(5,2), u uuid, b bytea, at timestamptz(3), ok bool)"
    async with connected(subject("postgresql"), created) as session:
        frames = await run_all(session, "SELECT t.*, 1 AS one FROM t")
        (started,) = [frame for frame in frames if isinstance(frame, Started)]
        assert [(column.type, column.kind) for column in started.columns] == [
            ("mood", "enum"),
            ("text", "text"),
            ("jsonb", "json"),
            ("integer[]", "array"),
            ("numeric(5,2)", "number"),
            ("uuid", "uuid"),
            ("bytea", "binary"),
            ("timestamp(3) with time zone", "time"),
            ("boolean", "boolean"),
            ("integer", "number"),
        ]
        assert (started.columns[0].schema, started.columns[0].table, started.columns[0].column) == ("public", "t", "m")
        assert started.columns[-1].table is None
        await run_all(session, "ALTER TABLE t RENAME COLUMN m TO n2; ALTER TABLE t RENAME TO u")
        frames = await run_all(session, "SELECT n2 AS x FROM u")
        assert (frames[0].columns[0].table, frames[0].columns[0].column) == ("u", "n2")


async def test_notices_are_reported() -> None:
    async with connected(subject("postgresql")) as session:
        frames = await run_all(session, "DO $$ BEGIN RAISE NOTICE 'one; %', 1; RAISE WARNING 'two'; END $$; SELECT 1")
        notices = [frame.notices for frame in frames if isinstance(frame, Finished)]
        assert notices == [("NOTICE: one; 1", "WARNING: two"), ()]
        many = "DO $$ BEGIN FOR i IN 1..{} LOOP RAISE NOTICE '%', i; END LOOP; END $$"
        for count, last in (
            (200, "NOTICE: 200"),
            (201, "1 more notice is not shown."),
            (1500, "1,300 more notices are not shown."),
        ):
            (finished,) = [frame for frame in await run_all(session, many.format(count)) if isinstance(frame, Finished)]
            assert (len(finished.notices), finished.notices[-1]) == (min(count, 201), last)


@pytest.mark.parametrize("text", ["COPY t FROM STDIN", "COPY t TO STDOUT", "copy (SELECT 1) to stdout"])
async def test_client_copy_is_rejected(text: str) -> None:
    async with connected(subject("postgresql"), "CREATE TABLE t (a int)") as session:
        with pytest.raises(QueryError, match="COPY"):
            await run_all(session, text)
        assert await rows(session, "SELECT 7") == [(7,)]


async def test_truncated_result_keeps_the_transaction() -> None:
    async with connected(subject("postgresql"), "CREATE TABLE t (a int)") as session:
        await run_all(session, "BEGIN; INSERT INTO t SELECT generate_series(1, 5000)")
        frames = await run_all(session, "SELECT a FROM t", None, Limits(rows=10))
        assert frames[-1].truncated
        await run_all(session, "INSERT INTO t SELECT generate_series(1, 5000) RETURNING a", None, Limits(rows=10))
        await run_all(session, "COMMIT")
        assert await rows(session, "SELECT count(*) FROM t") == [(10_000,)]


async def test_exports_match_rows() -> None:
    async with connected(subject("postgresql")) as session:
        text = "SELECT i, CASE WHEN i % 2 = 0 THEN E'a,\"b\"\\n\\\\ü' || i END AS s, ARRAY[i] AS a FROM generate_series(1, 3000) i -- all"
        result = list(csv.reader(io.StringIO(await exported(session, text, "csv"))))
        assert result[0] == ["i", "s", "a"] and result[2] == ["2", 'a,"b"\n\\ü2', "{2}"] and len(result) == 3001
        lines = (await exported(session, text, "ndjson")).splitlines()
        assert json.loads(lines[0]) == {"i": 1, "s": None, "a": [1]} and len(lines) == 3000
        assert json.loads(lines[1])["s"] == 'a,"b"\n\\ü2'
        assert await exported(session, "SELECT 1 AS a", "csv", READ_ONLY) == "a\n1\n"


async def test_rows_of_json_exports_have_different_keys_and_one_line() -> None:
    async with connected(subject("postgresql")) as session:
        long = "x" * 63
        text = f"SELECT 1 AS a, 2 AS a_2, 3 AS a, E'{{\\n\\r}}'::json AS j, 4 AS {long}, 5 AS {long}"
        output = await exported(session, text, "ndjson")
        expected = {"a": 1, "a_2": 2, "a_3": 3, "j": {}, long: 4, f"{long[:61]}_2": 5}
        pairs = json.loads(output, object_pairs_hook=lambda pairs: pairs)
        assert [key for key, _ in pairs] == list(expected) and json.loads(output) == expected
        assert output.count("\n") == 1 and "\x02" not in output
        with pytest.raises(QueryError) as raised:
            await exported(session, "SELECT x\nFROM t", "ndjson")
        assert raised.value.position is not None or "does not exist" in raised.value.message


async def test_exports_can_be_stopped_and_report_errors() -> None:
    async with connected(subject("postgresql"), "CREATE TABLE t (a int)") as session:
        with pytest.raises(QueryError) as raised:
            await exported(session, "SELECT x\nFROM t", "csv")
        assert raised.value.position == 7
        with pytest.raises(QueryError):
            await exported(session, "INSERT INTO t VALUES (1) RETURNING a", "csv", READ_ONLY)
        for form in ("csv", "ndjson"):
            with pytest.raises(QueryTimeout):
                await exported(session, "SELECT pg_sleep(60)", form, Limits(None, None, 0.2))
            endless = ENGINE.export.chunks(session, "SELECT generate_series(1, 100000000)", form, UNLIMITED)
            assert await anext(endless)
            await endless.aclose()
            assert await rows(session, "SELECT 7") == [(7,)]
        running = asyncio.create_task(exported(session, "SELECT pg_sleep(60)", "csv"))
        await asyncio.sleep(0.2)
        await session.cancel()
        with pytest.raises(QueryCancelled):
            await running


async def test_check_reports_parser_errors() -> None:
    async with connected(subject("postgresql"), "CREATE TABLE t (a int)") as session:
        assert await session.check("SELECT a FROM t WHERE a = :a; UPDATE t SET a = $1") is None
        assert (await session.check("SELECT a FROM t;\n SELECT b FROM t")).position == 25
        assert await session.check("CREATE TABLE u (b int); SELECT b FROM u") is None
        # From a change of the schema on, only the grammar is checked.
        problem = await session.check("SELECT a FROM t;\n CREATE TABLE ü (b int,, c int); SELECT d FROM u")
        assert (problem.message, problem.position) == ('syntax error at or near ","', 40)
        assert (await session.check("DROP TABLE t; SELEC 1")).position == 14
        assert await session.check("ALTER TABLE t ADD b int; UPDATE t SET b = :b WHERE a = $1") is None
        assert await rows(session, "SELECT count(*) FROM t") == [(0,)]


async def test_plans_are_trees_with_advice() -> None:
    engine = subject("postgresql").engine
    async with connected(subject("postgresql"), 'CREATE TABLE t (a int, b int, "C d" text)') as session:
        await run_all(session, "INSERT INTO t SELECT i, i % 1000, 'x' FROM generate_series(1, 30000) i; ANALYZE t")
        plan = await engine.explain.plan(session, "SELECT * FROM t WHERE b = $1 AND \"C d\" = 'x'", [5], run=True)
        (advice,) = [item for item in plan.advice if item.kind == "missing_index"]
        assert advice.figures == {"rows_read": 30000.0, "rows_kept": 30.0}
        await run_all(session, advice.statement)
        plan = await engine.explain.plan(session, "SELECT * FROM t WHERE b = 5", run=True)
        assert not [item for item in plan.advice if item.kind == "missing_index"] and plan.execution_ms is not None
        plan = await engine.explain.plan(session, 'SELECT * FROM t ORDER BY a, "C d"', run=False)
        assert plan.execution_ms is None and plan.root.rows_actual is None
        await run_all(session, "SET work_mem = '64kB'")
        plan = await engine.explain.plan(session, 'SELECT * FROM t ORDER BY "C d", a', run=True)
        assert [item.kind for item in plan.advice] == ["spill"] and plan.advice[0].figures["kilobytes"] > 64
        await run_all(session, "INSERT INTO t SELECT i, 7, 'y' FROM generate_series(1, 30000) i")
        plan = await engine.explain.plan(session, "SELECT * FROM t WHERE b = 7", run=True)
        assert "bad_estimate" in {item.kind for item in plan.advice}
        await engine.explain.plan(session, "DELETE FROM t", run=True)
        assert await rows(session, "SELECT count(*) FROM t") == [(60000,)]


def test_hazards_match_postgresql() -> None:
    table = Relation("t", (Column("s", "character varying(20)"), Column("n", "integer")), rows=5_000_000)

    def kinds(change) -> list[str]:
        (step,) = subject("postgresql").engine.alter([change], Schema((table,)))
        return [hazard.kind for hazard in step.hazards]

    assert kinds(c.AlterType("t", column="s", type="varchar(60)")) == ["lock"]
    assert kinds(c.AlterType("t", column="s", type="text")) == ["lock"]
    assert kinds(c.AlterType("t", column="s", type="varchar(5)")) == ["rewrite", "may_fail"]
    assert kinds(c.AddColumn("t", column=Column("at", "timestamptz", default="now()"))) == []
    assert kinds(c.AddColumn("t", column=Column("u", "uuid", default="gen_random_uuid()"))) == ["rewrite"]
    assert kinds(c.AddCheck("t", check=Check("n > 0", "c")))
    assert "lock" in kinds(c.AddIndex("t", index=Index("i", ("n",))))


async def test_a_thousand_tables_are_read_in_a_few_queries() -> None:
    async with connected(subject("postgresql")) as session:
        await run_all(
            session,
            "DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text, b int)', i); END LOOP; END $$",
        )
        schema = await subject("postgresql").engine.inspect(session)
        assert len(schema.relations) == 1000 and all(len(item.columns) == 3 and item.primary_key for item in schema)


async def test_in_place_restore_skips_dropped_sequences() -> None:
    async with open_scenario(subject("postgresql")) as scenario:
        state = await scenario.read_state()
        await scenario.run("ALTER TABLE artist ALTER id DROP DEFAULT; DROP SEQUENCE artist_id_seq; DELETE FROM note")
        assert await scenario.restore(state, "overwrite") == [
            TableRestoreResult(200, 200, 200),
            TableRestoreResult(500, 500, 500),
            TableRestoreResult(0, 4, 4),
        ]


async def test_reset_keeps_the_role_of_the_connection() -> None:
    async with connected(subject("postgresql")) as session:
        usual = await rows(session, "SELECT current_user, session_user")
        await run_all(session, "SET search_path = nowhere; SET ROLE pg_monitor; SELECT pg_advisory_lock(1); LISTEN x")
        await session.reset()
        assert await rows(session, "SELECT current_user, session_user") == usual
        assert await rows(session, "SELECT current_schema()") == [("public",)]
        assert await rows(session, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
    async with subject("postgresql").fresh() as address:
        session = await ENGINE.connect(dataclasses.replace(address, options=(("role", "pg_monitor"),)))
        await session.reset()
        assert await rows(session, "SELECT current_user") == [("pg_monitor",)]
        await session.close()


async def test_nested_comments_and_rules_are_one_statement() -> None:
    async with connected(subject("postgresql"), "CREATE TABLE a (x int); CREATE TABLE b (x int)") as session:
        text = "SELECT /* a /* b */ ; :no */ :x::int; "
        assert await rows(session, text, {"x": 7}) == [(7,)]
        await run_all(
            session, "CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); INSERT INTO b VALUES (2))"
        )
        await run_all(session, "INSERT INTO a VALUES (1)")
        assert await rows(session, "SELECT count(*) FROM b") == [(2,)]
        with pytest.raises(QueryError, match="syntax error") as raised:
            await run_all(session, "SELECT 1 \\gexec")
        assert "psql" in raised.value.hint
