"""In-place restores of SQLite files: full-text indexes, conflict clauses, locks."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from engines.test_every_engine import subject
from headwater.engines import TableRestoreResult
from headwater.testing.engines.in_place_restore import fails, open_scenario, same

SEARCH = """
CREATE VIRTUAL TABLE words USING fts5(title, content = 'album', content_rowid = 'id');
CREATE TRIGGER indexed AFTER INSERT ON album BEGIN INSERT INTO words (rowid, title) VALUES (new.id, new.title); END;
CREATE VIRTUAL TABLE own USING fts5(body);
CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
INSERT INTO words (words) VALUES ('rebuild');
INSERT INTO own VALUES ('one two'), ('three');
INSERT INTO boxes VALUES (1, 2, 3), (7, 5, 6)
"""


async def test_full_text_indexes_are_rebuilt_without_triggers() -> None:
    async with open_scenario(subject("sqlite")) as scenario:
        await scenario.run(SEARCH)
        state = await scenario.read_state()
        await scenario.run(
            "DELETE FROM album; INSERT INTO words (words) VALUES ('rebuild'); DELETE FROM own; DELETE FROM boxes"
        )
        for tables in (["album", "own", "boxes"], list(state.tables)):
            done = await scenario.restore(state, "overwrite", tables)
            assert {item.rows_after for item in done} <= {200, 500, 4, 2, len(state.rows("fired"))}
            assert await scenario.ask("SELECT count(*) FROM words WHERE words MATCH 'title'") == 500
            assert await scenario.ask("SELECT max(rowid) FROM words WHERE words MATCH '321'") == 321
            assert await scenario.ask("SELECT count(*) FROM own WHERE own MATCH 'two'") == 1
            assert await scenario.ask("SELECT count(*) FROM boxes WHERE low >= 5") == 1
            await scenario.run("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        same(await scenario.read_state(), state)


async def test_conflict_clauses_are_overridden() -> None:
    async with open_scenario(subject("sqlite")) as scenario:
        await scenario.run(
            "CREATE TABLE loud (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, n TEXT UNIQUE ON CONFLICT IGNORE);"
            "INSERT INTO loud VALUES (1, 'a'), (2, 'b')"
        )
        state = await scenario.read_state()
        await scenario.run("UPDATE loud SET n = 'mine' WHERE id = 1; DELETE FROM loud WHERE id = 2")
        before = await scenario.read_state()
        await fails(scenario.restore(state, "append", ["loud"]))
        same(await scenario.read_state(), before)
        assert await scenario.restore(state, "append_missing", ["loud"]) == [TableRestoreResult(1, 1, 2)]
        assert await scenario.ask("SELECT group_concat(n) FROM (SELECT n FROM loud ORDER BY id)") == "mine,b"


async def test_locked_database_and_foreign_keys_are_reported() -> None:
    async with open_scenario(subject("sqlite")) as scenario:
        state = await scenario.read_state()
        with closing(sqlite3.connect(scenario.address.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert "locked" in (await fails(scenario.restore(state, "overwrite"))).message
            other.execute("ROLLBACK")
        await scenario.run('CREATE TABLE "Fan Club" (id INTEGER PRIMARY KEY, "of" INTEGER REFERENCES ARTIST)')
        await scenario.run(
            "INSERT INTO artist (id, name) VALUES (900, 'late'); INSERT INTO \"Fan Club\" VALUES (1, 900)"
        )
        error = await fails(scenario.restore(state, "overwrite", ["artist"]))
        assert error.message == ("Rows of Fan Club would refer to rows of ARTIST that do not exist (foreign key of).")
        assert await scenario.ask("SELECT count(*) FROM artist") == 201
