"""Specifics of SQLite: rebuilt tables, plans, error positions."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engines.test_every_engine import subject
from headwater.catalog import changes as c
from headwater.catalog.model import Check, Column, ForeignKey
from headwater.catalog.results import QueryError
from headwater.engines import Address
from headwater.kit.errors import BadInput, HeadwaterError
from headwater.testing.engines.subject import connected, rows, run_all

FAMILY = """
CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent ON DELETE CASCADE);
CREATE INDEX by_name ON parent (name);
CREATE VIEW names AS SELECT name FROM parent;
CREATE TRIGGER loud AFTER INSERT ON child BEGIN UPDATE parent SET name = upper(name) WHERE id = new.parent_id; END;
INSERT INTO parent VALUES (1, 'a'), (7, 'b');
DELETE FROM parent WHERE id = 7;
INSERT INTO child VALUES (1, 1)
"""


async def altered(session, change) -> None:
    engine = subject("sqlite").engine
    for step in engine.alter([change], await engine.inspect(session)):
        for statement in step.statements:
            await run_all(session, statement)


@pytest.mark.parametrize(
    "change",
    [
        c.SetNullable("parent", column="name", nullable=False),
        c.AlterType("parent", column="name", type="VARCHAR(9)"),
        c.AddCheck("parent", check=Check("id > 0", "positive")),
        c.SetDefault("parent", column="name", default="'x'"),
        c.AddColumn("parent", column=Column("at", "TEXT", default="CURRENT_TIMESTAMP")),
    ],
    ids=lambda change: type(change).__name__,
)
async def test_rebuilt_table_keeps_indexes_and_triggers(change) -> None:
    async with connected(subject("sqlite"), FAMILY) as session:
        await altered(session, change)
        assert await rows(session, "SELECT id, name FROM parent") == [(1, "A")]
        assert await rows(session, "SELECT * FROM child") == [(1, 1)], "rows that refer to it were deleted with it"
        assert await rows(session, "SELECT * FROM names") == [("A",)]
        await run_all(session, "INSERT INTO parent (name) VALUES ('c')")
        assert await rows(session, "SELECT max(id) FROM parent") == [(8,)], "it took a number again"
        with pytest.raises(QueryError, match="FOREIGN KEY"):
            await run_all(session, "INSERT INTO child VALUES (2, 99)")
        schema = await subject("sqlite").engine.inspect(session)
        assert schema.relation("parent").indexes and schema.relation("child").triggers


async def test_failed_change_changes_nothing() -> None:
    async with connected(subject("sqlite"), FAMILY + "; INSERT INTO parent VALUES (9, NULL)") as session:
        before = await subject("sqlite").engine.inspect(session)
        with pytest.raises(QueryError, match="NOT NULL"):
            await altered(session, c.SetNullable("parent", column="name", nullable=False))
        assert await subject("sqlite").engine.inspect(session) == before
        assert not session.in_transaction
        with pytest.raises(QueryError, match="FOREIGN KEY"):
            await run_all(session, "INSERT INTO child VALUES (2, 99)")


async def test_violated_key_is_not_created() -> None:
    async with connected(
        subject("sqlite"), "CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER); INSERT INTO a VALUES (1, 5)"
    ) as session:
        with pytest.raises(QueryError, match="every_row_refers_to_one_that_is_there"):
            await altered(session, c.AddForeignKey("a", key=ForeignKey(("y",), "a", ("x",))))
        assert not (await subject("sqlite").engine.inspect(session)).relation("a").foreign_keys


async def test_change_of_missing_object_has_clear_error() -> None:
    async with connected(subject("sqlite"), FAMILY) as session:
        for change in (c.AlterType("nowhere", column="x", type="TEXT"), c.AddEnum("mood"), c.DropEnum("mood")):
            with pytest.raises(HeadwaterError):
                await altered(session, change)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT 1;\nSELEC 2", 10),
        ("SELECT 1;\nSELECT x FROM nowhere", 24),
        ("SELECT nothing FROM (SELECT 1 AS a)", 7),
        ("SELECT 1 +", None),
    ],
)
async def test_errors_have_positions(text: str, place: int | None) -> None:
    async with connected(subject("sqlite")) as session:
        with pytest.raises(QueryError) as raised:
            await run_all(session, text)
        assert raised.value.position == place
        result = await session.check(text)
        if not text.endswith("SELEC 2"):  # a word that begins no statement cannot be judged without running it
            assert result.position == place


async def test_check_runs_nothing() -> None:
    async with connected(subject("sqlite"), "CREATE TABLE t (a)") as session:
        assert await session.check("INSERT INTO t VALUES (:a, $2); DELETE FROM t") is not None
        assert await session.check("INSERT INTO t VALUES (:a); DELETE FROM t; SELECT $1") is None
        assert await rows(session, "SELECT count(*) FROM t") == [(0,)]


async def test_plans_are_trees_with_advice() -> None:
    async with connected(subject("sqlite"), "CREATE TABLE t (a, b)") as session:
        await run_all(
            session,
            "INSERT INTO t WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i, i FROM n",
        )
        await run_all(session, "CREATE INDEX by_a ON t (a); ANALYZE")
        plan = await subject("sqlite").engine.explain.plan(session, "SELECT * FROM t WHERE b = 1")
        assert (plan.root.operation, plan.root.target) == ("SCAN", "t")
        assert [(item.kind, item.figures) for item in plan.advice] == [("sequential_scan", {"rows": 20000.0})]
        plan = await subject("sqlite").engine.explain.plan(session, "SELECT * FROM t WHERE a = $1", [1])
        assert (plan.root.operation, plan.advice) == ("SEARCH", ())
        plan = await subject("sqlite").engine.explain.plan(session, "SELECT * FROM t x JOIN t y ON x.b = y.b")
        assert {"missing_index"} <= {item.kind for item in plan.advice}
        with pytest.raises(QueryError):
            await subject("sqlite").engine.explain.plan(session, "SELECT 1; SELECT 2")


async def test_second_writer_waits_or_fails() -> None:
    tested = subject("sqlite")
    async with tested.fresh() as address:
        first, second = await tested.engine.connect(address), await tested.engine.connect(address)
        await run_all(first, "CREATE TABLE t (a)")
        await run_all(first, "BEGIN IMMEDIATE")
        waiting = asyncio.create_task(run_all(second, "INSERT INTO t VALUES (1)"))
        await asyncio.sleep(0.2)
        await run_all(first, "INSERT INTO t VALUES (2); COMMIT")
        await waiting
        assert await rows(first, "SELECT count(*) FROM t") == [(2,)]
        await first.close()
        await second.close()


async def test_unusable_path_has_hint() -> None:
    tested = subject("sqlite")
    async with tested.fresh() as address:
        address.path.write_text("no database at all")
        for wrong in (address, replace(address, path=address.path.with_name("gone.db")), replace(address, path=None)):
            with pytest.raises(HeadwaterError) as raised:
                await tested.engine.connect(wrong)
            assert raised.value.hint


async def test_too_large_numbers_are_bad_input() -> None:
    async with connected(subject("sqlite")) as session:
        with pytest.raises(BadInput):
            await rows(session, "SELECT $1", [2**70])


async def test_session_keeps_locks_when_another_closes(tmp_path: Path) -> None:
    """Else another program takes itself for the last one, clears the log away, and what is written later is lost."""
    path, engine = tmp_path / "a.db", subject("sqlite").engine
    other = [sys.executable, "-c"]
    begin = f"import sqlite3; c = sqlite3.connect({str(path)!r}, isolation_level=None);"
    subprocess.run(
        [*other, f"{begin} c.execute('PRAGMA journal_mode = WAL'); c.execute('CREATE TABLE t (a)')"], check=True
    )
    session = await engine.connect(Address(path=path))
    try:
        assert await rows(session, "SELECT * FROM t") == []
        await (await engine.connect(Address(path=path))).close()
        subprocess.run([*other, f"{begin} c.execute('CREATE TABLE more (a)'); c.close()"], check=True)
        await run_all(session, "INSERT INTO t VALUES (1); INSERT INTO more VALUES (1)")
        query = f"{begin} print(c.execute('SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM more)').fetchone())"
        output = subprocess.run([*other, query], check=True, capture_output=True, text=True)
        assert output.stdout.strip() == "(1, 1)"
    finally:
        await session.close()


async def test_invalid_file_has_clear_error(tmp_path: Path) -> None:
    engine = subject("sqlite").engine
    (tmp_path / "notes.db").write_text("Dear diary, " * 100)
    for name, message in (("notes.db", "not an SQLite database"), ("gone.db", "does not exist"), (".", "a folder")):
        with pytest.raises(HeadwaterError, match=message):
            await engine.connect(Address(path=tmp_path / name))
