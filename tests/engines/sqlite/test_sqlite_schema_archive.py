"""Snapshots of SQLite hold the text of the schema, rowids, full-text indexes and settings of the file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headwater.engines import Address, TableRestoreRequest, drop_all, engine
from headwater.engines.sqlite import archive_plan, schema_archive
from headwater.engines.sqlite.schema_archive import SqliteObject, SqliteSchema
from headwater.kit.errors import BadInput, Conflict

SQLITE: Any = engine("sqlite")
SCHEMAS = (Path(__file__).parent / "schemas.sql").read_text()
PRAGMAS = ("page_size", "encoding", "auto_vacuum", "user_version", "application_id", "integrity_check", "journal_mode")


def made(path: Path, script: str = "") -> Address:
    """Create a file by the program sqlite3."""
    subprocess.run(["sqlite3", "-bail", path], input=script.encode(), check=True, capture_output=True, timeout=60)
    return Address(path=path)


def ask(address: Address, query: str) -> list[tuple[Any, ...]]:
    assert address.path
    with closing(sqlite3.connect(address.path, isolation_level=None)) as connection:
        return connection.execute(query).fetchall()


def dump(address: Address) -> list[str]:
    """Return what the program sqlite3 dumps of a file: schema, shadow tables, rowids and rows, sorted."""
    command = ["sqlite3", str(address.path), ".dump --preserve-rowids"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return sorted(done.stdout.decode("latin-1").splitlines())


def settings(address: Address) -> list[Any]:
    return [ask(address, f"PRAGMA {name}") for name in PRAGMAS]


async def archive_of(address: Address) -> bytes:
    reader = await SQLITE.snapshots.open_reader(address)
    try:
        return bytes(reader.schema_archiver.write().content)
    finally:
        await reader.close()


async def restored(source: Address, target: Address, tables: list[str] | None = None) -> list[str]:
    """Restore a file, or some of its tables, into another; return the sentences about it."""
    reader = await SQLITE.snapshots.open_reader(source)
    loader = await SQLITE.snapshots.open_loader(target)
    notes: list[Any] = []
    try:
        chosen = [table for table in reader.tables if tables is None or table.name in tables]
        names = [
            (None, item.name) for item in (*reader.schema, *reader.tables) if tables is None or item.name in tables
        ]
        restore = loader.archive_restore
        plan = await asyncio.to_thread(restore.plan, reader.schema_archiver.write().content, reader.extras, names)
        notes += [f"Not restored: {name}." for name in plan.left_out]
        for statement in plan.pre_data:
            notes.append(await restore.create(statement))
        for table in chosen:
            rows = await asyncio.to_thread(loader.load_rows, table, reader.read(table))
            assert rows == await asyncio.to_thread(loader.count_rows, table)
        for statement in plan.post_data:
            notes.append(await restore.create(statement))
        notes += await loader.restore_extras(plan.extras)
        for statement in plan.final:
            notes.append(await restore.create(statement))
    finally:
        await loader.close()
        await reader.close()
    return [getattr(note, "sentence", note) for note in notes if note]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
async def test_file_is_restored_exactly(tmp_path: Path, encoding: str) -> None:
    source = made(tmp_path / "source.db", f"PRAGMA encoding = '{encoding}';\nPRAGMA journal_mode = wal;\n{SCHEMAS}")
    target = made(tmp_path / "target.db", "PRAGMA journal_mode = wal; VACUUM;")
    assert await restored(source, target) == []
    assert settings(target) == settings(source)
    assert dump(target) == dump(source)
    assert await archive_of(target) == await archive_of(source)
    for index in ("fts5_own", "fts5_outside", "fts5_without", "fts4_own", "fts4_without", "fts3_own"):
        query = f"SELECT rowid FROM {index} WHERE {index} MATCH 'twenty'"
        assert ask(target, query) == [(20,)], index
    assert ask(target, "SELECT rowid FROM fts5_orphan WHERE fts5_orphan MATCH 'seven'") == [(7,)]


async def test_file_that_others_use_keeps_its_settings_and_says_so(tmp_path: Path) -> None:
    source = made(tmp_path / "source.db", "PRAGMA page_size = 8192; CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    target = made(tmp_path / "target.db", "PRAGMA journal_mode = wal; VACUUM;")
    assert target.path
    with closing(sqlite3.connect(target.path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        assert await restored(source, target) == ["The file keeps its own settings: page_size 4096."]
    assert ask(target, "SELECT * FROM t") == [(1,)]


async def test_chosen_tables_come_with_their_indexes_and_triggers(tmp_path: Path) -> None:
    source = made(tmp_path / "source.db", SCHEMAS)
    target = made(
        tmp_path / "target.db",
        "CREATE TABLE mine (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO mine VALUES (70); PRAGMA user_version = 3;",
    )
    notes = await restored(source, target, ["circle_a", "generated", "counted", "docs"])
    for name in ("foreign key of circle_a to circle_b", "view later", "table fts5_without", "table plain"):
        assert f"Not restored: {name}." in notes
    names = {name for (name,) in ask(target, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'")}
    assert {name for name in names if not name.startswith(("fts5_outside", "fts5_some"))} == {
        *("mine", "circle_a", "generated", "counted", "docs", "descending", "lowered", "docs_insert", "docs_delete")
    }
    assert ask(target, "SELECT rowid FROM fts5_outside WHERE fts5_outside MATCH 'twenty'") == [(20,)]
    ((text,),) = ask(target, "SELECT sql FROM sqlite_schema WHERE name = 'circle_a'")
    assert text == "CREATE TABLE circle_a (id INTEGER PRIMARY KEY, b )"
    assert ask(target, "SELECT name, seq FROM sqlite_sequence ORDER BY name") == [("counted", 3), ("mine", 70)]
    assert ask(target, "PRAGMA user_version") == [(3,)]


async def test_object_that_exists_in_the_target_is_a_conflict(tmp_path: Path) -> None:
    source = made(tmp_path / "source.db", "CREATE TABLE t (a); CREATE INDEX by_a ON t (a);")
    target = made(tmp_path / "target.db", "CREATE TABLE other (a); CREATE INDEX BY_A ON other (a);")
    with pytest.raises(Conflict, match="The database already has index by_a of t"):
        await restored(source, target)


async def test_objects_of_a_failed_restore_are_dropped_and_no_others(tmp_path: Path) -> None:
    source, target = made(tmp_path / "source.db", SCHEMAS), made(tmp_path / "target.db", "CREATE TABLE mine (id);")
    await restored(source, target)
    plan = archive_plan.plan(schema_archive.loaded(await archive_of(source)), {}, await names_of(source), ())
    session = await SQLITE.connect(target)
    try:
        await drop_all(SQLITE.transfer.target(session), [*plan.objects, ("apart", "fts5_without_data")])
    finally:
        await session.close()
    assert ask(target, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'") == [("mine",)]


async def names_of(source: Address) -> list[str]:
    """Return the names of all tables of a snapshot."""
    reader = await SQLITE.snapshots.open_reader(source)
    try:
        return [item.name for item in (*reader.schema, *reader.tables)]
    finally:
        await reader.close()


async def in_place(source: Address, target: Address, tables: list[str], mode: str, **more: Any) -> None:
    """Restore tables of a file into a file in use."""
    reader = await SQLITE.snapshots.open_reader(source)
    restore = await SQLITE.in_place_restore.open(target)
    try:
        rows = [(table, list(reader.read(table))) for table in reader.tables if table.name in tables]
        request = TableRestoreRequest(rows, mode, archive=reader.schema_archiver.write().content, **more)  # type: ignore[arg-type]
        await asyncio.to_thread(restore.restore_tables, request)
    finally:
        await restore.close()
        await reader.close()


async def test_missing_table_of_a_restore_in_place_has_the_stored_text(tmp_path: Path) -> None:
    source, target = made(tmp_path / "source.db", SCHEMAS), made(tmp_path / "target.db", SCHEMAS)
    ask(target, "DROP TABLE commented")
    ask(target, "DROP TABLE fts5_own")
    names = ["commented", "fts5_own"]
    await in_place(source, target, names, "overwrite", missing=[(None, name) for name in names])
    query = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name IN ('commented', 'fts5_own') ORDER BY name"
    assert ask(target, query) == ask(source, query)
    for query in ("SELECT rowid, * FROM commented", "SELECT rowid, * FROM fts5_own", "SELECT * FROM fts5_own_config"):
        assert ask(target, query) == ask(source, query)


async def test_parts_that_a_missing_table_cannot_have_are_named(tmp_path: Path) -> None:
    script = (
        "CREATE TABLE gone (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, g REFERENCES gone);"
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM gone; END; INSERT INTO t VALUES (1, NULL);"
    )
    source, target = made(tmp_path / "source.db", script), made(tmp_path / "target.db", "CREATE TABLE mine (id);")
    notes: list[str] = []
    await in_place(source, target, ["t"], "overwrite", missing=[(None, "t")], note=notes.append)
    assert notes == [
        "Left out, because it needs a table that does not exist: foreign key of t to gone.",
        "Left out, because it needs a table that does not exist: trigger tr of t.",
    ]
    assert ask(target, "SELECT * FROM t") == [(1, None)]


@pytest.mark.parametrize(
    ("mode", "plain", "index"),
    [
        ("overwrite", [(-7, "negative"), (5, "five"), (100, "hundred")], [(10, "ten dogs"), (20, "twenty")]),
        ("append_missing", [(5, "new"), (6, "negative"), (7, "five"), (8, "hundred")], [(10, "ten dogs"), (20, "new")]),
    ],
)
async def test_rows_restored_in_place_keep_the_rowids_that_are_theirs(
    tmp_path: Path, mode: str, plain: list[Any], index: list[Any]
) -> None:
    source, target = made(tmp_path / "source.db", SCHEMAS), made(tmp_path / "target.db", SCHEMAS)
    for statement in (
        "DELETE FROM plain",
        "INSERT INTO plain (rowid, v) VALUES (5, 'new')",
        "DELETE FROM fts5_own WHERE rowid = 10",
        "UPDATE fts5_own SET body = 'new' WHERE rowid = 20",
    ):
        ask(target, statement)
    await in_place(source, target, ["plain", "fts5_own"], mode)
    assert ask(target, "SELECT rowid, v FROM plain ORDER BY rowid") == plain
    assert ask(target, "SELECT rowid, body FROM fts5_own ORDER BY rowid") == index


async def test_rows_restored_in_place_fit_a_table_without_rowids(tmp_path: Path) -> None:
    source = made(tmp_path / "source.db", "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1);")
    target = made(tmp_path / "target.db", "CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID;")
    await in_place(source, target, ["t"], "overwrite")
    assert ask(target, "SELECT * FROM t") == [("a", 1)]


def test_archive_that_was_changed_is_refused() -> None:
    content = SqliteSchema((SqliteObject("table", "t", "t", "CREATE TABLE t (a)"),), {}, {}, {})
    assert schema_archive.loaded(schema_archive.dumped(content)) == content
    plain = json.loads(schema_archive.dumped(content))
    with pytest.raises(BadInput, match="not supported"):
        schema_archive.loaded(json.dumps(plain | {"version": 99}).encode())
    for objects in (
        [["table", "t", "t", "ATTACH DATABASE 'x' AS y"]],
        [["view", "t", "t", "CREATE TABLE t (a)"]],
        [["x"]],
    ):
        with pytest.raises(BadInput, match="cannot be read"):
            schema_archive.loaded(json.dumps(plain | {"objects": objects}).encode())


KEYS = {
    "CREATE TABLE t (a REFERENCES gone, b REFERENCES there (x))": "CREATE TABLE t (a , b REFERENCES there (x))",
    'CREATE TABLE t (a INT CONSTRAINT c REFERENCES "gone" (x, y) ON DELETE SET NULL MATCH FULL NOT DEFERRABLE NOT NULL)': (
        "CREATE TABLE t (a INT  NOT NULL)"
    ),
    "CREATE TABLE t (a, b, /* c */ CONSTRAINT c FOREIGN KEY (a, b) REFERENCES gone ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED, CHECK (a > 1))": (
        "CREATE TABLE t (a, b, CHECK (a > 1))"
    ),
    "CREATE TABLE t (a DEFAULT 'REFERENCES gone', b CHECK (b <> 'gone'))": "CREATE TABLE t (a DEFAULT 'REFERENCES gone', b CHECK (b <> 'gone'))",
    "CREATE TABLE t (a ANY, FOREIGN KEY (a) REFERENCES Gone (x)) STRICT": "CREATE TABLE t (a ANY) STRICT",
}


@pytest.mark.parametrize("text", KEYS)
def test_foreign_keys_to_absent_tables_are_removed(text: str) -> None:
    changed, _ = schema_archive.without_foreign_keys(text, {"gone"})
    assert changed == KEYS[text]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(changed)
