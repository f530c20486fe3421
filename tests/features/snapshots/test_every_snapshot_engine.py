"""Snapshots and restores of engines other than PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from features.transfers.row_copies import SHOP
from headwater.engines import SchemaArchive, all_engines
from headwater.engines._archives import ReadSchemaArchiver
from headwater.engines.sqlite import stored_schema
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.snapshots.service.restore import targets
from headwater.features.snapshots.service.restore.restore_job import CountMismatch
from headwater.features.snapshots.service.threads import RowProgress
from people import AppFixture

ENGINES = [name for name in ("mysql", "sqlite") if all_engines()[name].snapshots]
SUMS = {
    "mysql": "SELECT count(*), sum(crc32(concat_ws('|', id, title, artist_id, price, at, day, data, hex(raw), f, d))) FROM album",
    "sqlite": "SELECT count(*), sum(length(title)), sum(price), sum(d), max(at), min(hex(raw)) FROM album",
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def snapshot_fixture(app: AppFixture, supervisor: Supervisor, engine: str) -> SnapshotFixture:
    """A user with the sample shop in a database of the engine."""
    person = await app.person("ines")
    snapshot_fixture = SnapshotFixture(app, person, await person.database(engine))
    await snapshot_fixture.sql(SHOP[engine])
    return snapshot_fixture


async def test_snapshot_and_restore(snapshot_fixture: SnapshotFixture, engine: str) -> None:
    before = await snapshot_fixture.sql(SUMS[engine])
    first = await snapshot_fixture.take()
    assert (first["status"], first["rows"], first["tables"]) == ("complete", 4000, 2), first["job"]
    await snapshot_fixture.sql("DELETE FROM album WHERE id < 100")
    second = await snapshot_fixture.take()
    assert (second["parent_id"], second["rows"]) == (first["id"], 3901), second["job"]
    assert 0 < second["new_bytes"] < first["new_bytes"]
    done = await snapshot_fixture.restore(first, name="back")
    assert done["job"]["state"] == "completed", done["job"]
    assert [(table["same"], table["contents"]) for table in done["tables"]] == [(True, "equal")] * 2
    assert not done["differs"], done["summary"]
    assert await snapshot_fixture.sql(SUMS[engine], done["target_id"]) == before
    await snapshot_fixture.sql("INSERT INTO artist (name) VALUES ('next')", done["target_id"])


async def test_first_snapshot_of_a_restored_database_stores_only_what_differs(
    snapshot_fixture: SnapshotFixture, engine: str
) -> None:
    before = await snapshot_fixture.sql(SUMS[engine])
    original = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(original, name="back")
    back = SnapshotFixture(snapshot_fixture.app, snapshot_fixture.person, done["target_id"])
    first = await back.take()
    assert (first["parent_id"], first["rows"]) == (original["id"], original["rows"]), first["job"]
    assert first["new_bytes"] < original["new_bytes"] / 10
    await back.sql("DELETE FROM album WHERE id < 100")
    after = await back.sql(SUMS[engine])
    second = await back.take()
    assert second["parent_id"] == first["id"]
    for snapshot, sums in ((first, before), (second, after)):
        again = await snapshot_fixture.restore(snapshot, name=f"again-{snapshot['rows']}")
        assert await snapshot_fixture.sql(SUMS[engine], again["target_id"]) == sums


async def test_restore_in_place_and_undo(snapshot_fixture: SnapshotFixture, engine: str) -> None:
    before = await snapshot_fixture.sql(SUMS[engine])
    first = await snapshot_fixture.take()
    await snapshot_fixture.sql("DELETE FROM album WHERE id < 100; UPDATE artist SET bio = NULL")
    spoilt = await snapshot_fixture.sql(SUMS[engine])
    body = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    plan = await snapshot_fixture.person.send("POST", f"/snapshots/{first['id']}/restores/plan", 200, json=body)
    assert ([step["action"] for step in plan["steps"]], plan["undo"]) == (["replace", "replace"], True)
    if (
        engine == "sqlite"
    ):  # which estimates nothing before it was analyzed; a table that is there is never "0 rows" for that
        assert [step["rows_there"] for step in plan["steps"]] == [None, None]
    done = await snapshot_fixture.restore(first, **body)
    assert done["job"]["state"] == "completed", done["job"]
    assert [(table["table"], table["found"], table["same"]) for table in done["tables"]] == [
        ("album", 2500, True),
        ("artist", 1500, True),
    ]
    assert [table["contents"] for table in done["tables"]] == ["equal", "equal"]
    assert await snapshot_fixture.sql(SUMS[engine]) == before
    undone = await snapshot_fixture.restore({"id": done["undo_id"]}, **body)
    assert undone["job"]["state"] == "completed", undone["job"]
    assert await snapshot_fixture.sql(SUMS[engine]) == spoilt
    missing = await snapshot_fixture.restore(
        first, target_id=snapshot_fixture.database, mode="append_missing", tables=["album"]
    )
    assert [(table["written"], table["found"], table["same"]) for table in missing["tables"]] == [(99, 2500, True)]
    assert await snapshot_fixture.sql(SUMS[engine]) == before


async def test_failed_restore_in_place_drops_created_tables(
    app: AppFixture, snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    before = await snapshot_fixture.sql(SUMS[engine])
    first = await snapshot_fixture.take()
    await snapshot_fixture.sql("DROP TABLE album")
    await snapshot_fixture.sql("UPDATE artist SET bio = 'new'")
    real = RowProgress.counted

    def broken(self: RowProgress, batches: Iterator[Any], shown: str) -> Iterator[Any]:
        yield from real(self, batches, shown)
        raise CountMismatch("A fault of the test.")

    async def nothing(*_: Any) -> None:
        return None

    body = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    with monkeypatch.context() as patch:
        patch.setattr(RowProgress, "counted", broken)
        failed = await snapshot_fixture.restore(first, **body)
    assert (failed["job"]["state"], failed["job"]["error"]) == ("failed", "A fault of the test.")
    schema = await snapshot_fixture.person.get(f"/databases/{snapshot_fixture.database}/schema")
    assert [relation["name"] for relation in schema["relations"]] == ["artist"]
    assert await snapshot_fixture.sql("SELECT count(*) FROM artist WHERE bio = 'new'") == [[1500]]
    with monkeypatch.context() as patch:  # as if it had been killed before it could clear up
        patch.setattr(RowProgress, "counted", _gone)
        patch.setattr(targets, "clear_after", nothing)
        created = await snapshot_fixture.person.send("POST", f"/snapshots/{first['id']}/restores", 202, json=body)
        await app.work(created["job"]["id"])
    await app.work(created["job"]["id"])
    done = await snapshot_fixture.person.get(f"/restores/{created['id']}")
    assert done["job"]["state"] == "completed", done["job"]
    assert await snapshot_fixture.sql(SUMS[engine]) == before


# A column that keeps other values than it is given, and a table without a key.
ROUNDED = {
    "mysql": "ALTER TABLE album MODIFY d FLOAT; CREATE TABLE note (body TEXT); INSERT INTO note VALUES ('a'), ('a'), (NULL)",
    "sqlite": "DROP TABLE album; CREATE TABLE album (id INTEGER PRIMARY KEY, title TEXT, artist_id INTEGER, price TEXT, "
    "at TEXT, day TEXT, ok BOOLEAN, raw BLOB, d TEXT); "
    "CREATE TABLE note (body TEXT); INSERT INTO note VALUES ('a'), ('a'), (NULL)",
}


async def test_rows_of_a_restore_in_place_are_compared_by_their_contents(
    snapshot_fixture: SnapshotFixture, engine: str
) -> None:
    first = await snapshot_fixture.take()
    await snapshot_fixture.sql(ROUNDED[engine])
    body: dict[str, Any] = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    done = await snapshot_fixture.restore(first, **body)
    assert done["job"]["state"] == "completed", done["job"]
    assert {table["table"]: (table["same"], table["contents"]) for table in done["tables"]} == {
        "album": (True, "different"),
        "artist": (True, "equal"),
    }
    assert (done["outcome"], done["differs"]) == ("different", True)
    second = await snapshot_fixture.take()
    await snapshot_fixture.sql("INSERT INTO note VALUES ('b')")
    done = await snapshot_fixture.restore(second, **body | {"mode": "append", "tables": ["note"]})
    assert [(table["found"], table["contents"]) for table in done["tables"]] == [(7, "equal")], done["job"]
    await snapshot_fixture.sql("DELETE FROM artist WHERE id = 1; UPDATE artist SET name = 'mine' WHERE id = 2")
    ((artists,),) = await snapshot_fixture.sql("SELECT count(*) FROM artist")
    done = await snapshot_fixture.restore(second, **body | {"mode": "append_missing", "tables": ["artist", "note"]})
    assert [(table["table"], table["found"], table["written"], table["contents"]) for table in done["tables"]] == [
        ("artist", artists + 1, 1, "equal"),
        ("note", 10, 3, "equal"),
    ], done["job"]


def _gone(_: RowProgress, batches: Iterator[Any], __: str) -> Iterator[Any]:
    yield next(batches)
    raise OSError("the machine is gone")


# A schema whose text matters, what shows that it came back, and a table that an in-place restore must create.
EXACT = {
    "mysql": (
        """
        SET sql_mode = 'PIPES_AS_CONCAT';
        CREATE TABLE prices (id INT PRIMARY KEY, label VARCHAR(20)) WITH SYSTEM VERSIONING;
        CREATE TRIGGER labels BEFORE INSERT ON prices FOR EACH ROW SET NEW.label = NEW.label || '-' || NEW.id;
        CREATE FUNCTION loud(x VARCHAR(10)) RETURNS VARCHAR(30) DETERMINISTIC RETURN x || '!';
        CREATE VIEW z_prices AS SELECT id, loud(label) AS label FROM prices;
        CREATE VIEW a_prices AS SELECT id FROM z_prices;
        """,
        (
            "SHOW CREATE TABLE prices",
            "SELECT trigger_name, sql_mode, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
            "SELECT table_name, view_definition = '' FROM information_schema.views WHERE table_schema = DATABASE() ORDER BY 1",
            "SELECT loud('x')",
        ),
        "prices",
    ),
    "sqlite": (
        """
        CREATE TABLE prices (label TEXT /* shown */, CHECK (label <> ''));
        INSERT INTO prices (rowid, label) VALUES (5, 'five'), (100, 'hundred');
        CREATE VIRTUAL TABLE words USING fts5(body);
        INSERT INTO words (rowid, body) SELECT rowid, label FROM prices;
        CREATE VIRTUAL TABLE only_index USING fts5(body, content='');
        INSERT INTO only_index (rowid, body) SELECT rowid, label FROM prices;
        CREATE VIEW z_prices AS SELECT rowid AS id FROM a_prices;
        CREATE VIEW a_prices AS SELECT * FROM prices;
        """,
        (
            "SELECT sql FROM sqlite_schema WHERE name IN ('prices', 'words', 'z_prices', 'a_prices') ORDER BY name",
            "SELECT rowid, label FROM prices",
            "SELECT rowid FROM words WHERE words MATCH 'hundred'",
            "SELECT rowid FROM only_index WHERE only_index MATCH 'hundred'",
        ),
        "prices",
    ),
}


@pytest.mark.parametrize("engine", EXACT, indirect=True)
async def test_restored_schema_is_the_text_of_the_engine(snapshot_fixture: SnapshotFixture, engine: str) -> None:
    setup, queries, table = EXACT[engine]
    await snapshot_fixture.sql(setup)
    before = [await snapshot_fixture.sql(query) for query in queries]
    snapshot = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(snapshot, name="exact")
    assert done["job"]["state"] == "completed", done["job"]
    assert [await snapshot_fixture.sql(query, done["target_id"]) for query in queries] == before
    await snapshot_fixture.sql(f"DROP TABLE {table}")
    body = {"target_id": snapshot_fixture.database, "mode": "overwrite", "tables": [table]}
    done = await snapshot_fixture.restore(snapshot, **body)
    assert done["job"]["state"] == "completed", done["job"]
    assert [await snapshot_fixture.sql(query) for query in queries] == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_snapshot_of_an_earlier_version_is_restored_from_its_schema(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    await snapshot_fixture.sql(
        "CREATE TABLE note (body TEXT); INSERT INTO note (rowid, body) VALUES (5, 'five');"
        "CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('one two');"
    )
    columns = stored_schema.tables

    async def without_hidden(session: Any, schema: Any) -> Any:
        return tuple(
            replace(table, key=(), columns=tuple(column for column in table.columns if not column.hidden))
            for table in await columns(session, schema)
        )

    with monkeypatch.context() as patch:
        patch.setattr(stored_schema, "tables", without_hidden)
        patch.setattr(ReadSchemaArchiver, "write", lambda _: SchemaArchive(None))
        snapshot = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(snapshot, name="back")
    assert done["job"]["state"] == "completed", done["job"]
    assert await snapshot_fixture.sql("SELECT body FROM note", done["target_id"]) == [["five"]]
    assert await snapshot_fixture.sql("SELECT count(*) FROM words WHERE words MATCH 'two'", done["target_id"]) == [[1]]
    await snapshot_fixture.sql("DROP TABLE note; DELETE FROM words")
    body = {"target_id": snapshot_fixture.database, "mode": "overwrite", "tables": ["note", "words"]}
    done = await snapshot_fixture.restore(snapshot, **body)
    assert done["job"]["state"] == "completed", done["job"]
    assert await snapshot_fixture.sql("SELECT body, (SELECT body FROM words) FROM note") == [["five", "one two"]]
    next_one = await snapshot_fixture.take()
    assert (next_one["parent_id"], next_one["status"]) == (snapshot["id"], "complete")


@pytest.mark.parametrize("engine", ["mysql"], indirect=True)
async def test_history_of_versioned_tables_comes_back(snapshot_fixture: SnapshotFixture, engine: str) -> None:
    if not await snapshot_fixture.sql("SHOW VARIABLES LIKE 'system_versioning_insert_history'"):
        pytest.skip("the server has no system_versioning_insert_history (MariaDB 10.11)")
    every = "SELECT id, v, CAST(row_start AS CHAR), CAST(row_end AS CHAR) FROM prices FOR SYSTEM_TIME ALL ORDER BY 1, 3"
    await snapshot_fixture.sql(
        "CREATE TABLE prices (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; INSERT INTO prices VALUES (1, 1), (2, 2)"
    )
    await snapshot_fixture.sql("UPDATE prices SET v = 10 WHERE id = 1")
    await snapshot_fixture.sql("DELETE FROM prices WHERE id = 2")
    before = await snapshot_fixture.sql(every)
    assert len(before) == 3
    snapshot = await snapshot_fixture.take()
    assert snapshot["losses"] == []
    done = await snapshot_fixture.restore(snapshot, name="whole")
    assert (done["job"]["state"], done["outcome"]) == ("completed", "equal"), done["job"]
    assert await snapshot_fixture.sql(every, done["target_id"]) == before
    person = snapshot_fixture.person
    page = await person.get(f"/snapshots/{snapshot['id']}/tables/prices%20%28history%29/rows")
    assert [row[:2] for row in page["rows"]] == [[1, 1], [2, 2]]
    page = await person.get(f"/snapshots/{snapshot['id']}/tables/prices/rows")
    assert page["rows"] == [[1, 10]]
    some = await snapshot_fixture.restore(snapshot, name="some", tables=["prices"])
    assert some["job"]["state"] == "completed", some["job"]
    assert await snapshot_fixture.sql("SELECT id, v FROM prices FOR SYSTEM_TIME ALL", some["target_id"]) == [[1, 10]]
    await snapshot_fixture.sql("UPDATE prices SET v = 99")
    target = {"target_id": snapshot_fixture.database, "mode": "overwrite", "tables": ["prices"]}
    replaced = await snapshot_fixture.restore(snapshot, **target)
    assert [(table["found"], table["contents"]) for table in replaced["tables"]] == [(1, "equal")], replaced["job"]
    assert await snapshot_fixture.sql("SELECT id, v FROM prices") == [[1, 10]]
    copy = await person.database("mysql")
    body = {"target_id": copy, "accepted": True}
    copied = await person.send("POST", f"/databases/{snapshot_fixture.database}/copies", 202, json=body)
    await snapshot_fixture.app.work(copied["job"]["id"])
    done = await person.get(f"/transfers/{copied['id']}")
    assert (done["job"]["state"], done["outcome"]) == ("completed", "equal"), done["job"]
    assert await snapshot_fixture.sql(every, copy) == await snapshot_fixture.sql(every)
    script = await person.client.get(f"/api/v1/snapshots/{snapshot['id']}/export?format=sql")
    assert "left out, because older servers cannot take it: prices (history)" in script.text
    assert "row_start" not in script.text
