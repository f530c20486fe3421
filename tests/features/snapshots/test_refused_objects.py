"""Objects that the database refuses are missing after a restore of everything; the rows are there, and all is named."""

from __future__ import annotations

import sqlite3
from typing import Any

import pymysql
import pytest

from clusters import Cluster
from engines.mysql import place as mariadb
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

# The databases of the tests have names like this, those of restores have others.
GUARDED = """
CREATE FUNCTION guarded(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
    AS $$ BEGIN IF current_database() NOT LIKE 't%' THEN RAISE 'another database'; END IF; RETURN $1; END $$;
CREATE TABLE person (id int PRIMARY KEY, age int);
INSERT INTO person SELECT g, g FROM generate_series(1, 10) g;
CREATE INDEX by_age ON person (guarded(age));
CREATE TABLE pet (id int PRIMARY KEY, owner int REFERENCES person, CHECK (guarded(1) > 0) NOT VALID);
CREATE MATERIALIZED VIEW names AS SELECT guarded(id) AS id FROM person;
CREATE VIEW older AS SELECT id FROM person WHERE age > 5;
"""


async def log_of(snapshot_fixture: SnapshotFixture, done: Any) -> list[tuple[str, str]]:
    """Return the level and the text of each line of a job's log."""
    log = await snapshot_fixture.person.get(f"/jobs/{done['job']['id']}/log")
    return [(line["level"], line["message"]) for line in log["items"]]


async def test_refused_index_and_view_of_postgresql(snapshot_fixture: SnapshotFixture, cluster: Cluster) -> None:
    snapshot_fixture.database = await snapshot_fixture.person.connected(cluster.clone(GUARDED))
    snapshot = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(snapshot, name="whole")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert done["refused"] == [
        "index public.by_age: another database",
        "materialized view public.names: another database",
    ]
    assert (done["outcome"], done["differs"]) == ("incomplete", True)
    assert done["summary"].startswith("2 objects not restored (index public.by_age, materialized view public.names); ")
    assert {(table["found"], table["contents"]) for table in done["tables"]} == {(10, "equal"), (0, "equal")}
    assert await snapshot_fixture.sql("SELECT count(*) FROM older", done["target_id"]) == [[5]]
    assert ("error", "Not restored: index public.by_age: another database.") in await log_of(snapshot_fixture, done)
    drilled = await snapshot_fixture.person.send("POST", f"/snapshots/{snapshot['id']}/drills", 202)
    await snapshot_fixture.app.work(drilled["job"]["id"])
    drill = await snapshot_fixture.person.get(f"/restores/{drilled['id']}")
    assert (drill["outcome"], drill["refused"]) == ("incomplete", done["refused"])


async def test_in_place_restore_without_an_index_is_rolled_back(
    snapshot_fixture: SnapshotFixture, cluster: Cluster
) -> None:
    snapshot_fixture.database = await snapshot_fixture.person.connected(cluster.clone(GUARDED))
    snapshot = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(snapshot, name="other", tables=["pet"])
    await snapshot_fixture.sql("DROP TABLE IF EXISTS pet", done["target_id"])
    target = {"target_id": done["target_id"], "mode": "overwrite"}
    failed = await snapshot_fixture.restore(snapshot, **target, tables=["person"])
    assert failed["job"]["state"] == "failed"
    assert "another database" in failed["job"]["error"]
    names = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert await snapshot_fixture.sql(names, done["target_id"]) == []


async def test_refused_view_of_mariadb(app: AppFixture, supervisor: Supervisor) -> None:
    if reason := mariadb.missing():
        pytest.skip(reason)
    person = await app.person("mara")
    async with mariadb.fresh() as source, mariadb.fresh() as target:
        admin = pymysql.connect(host=mariadb.HOST, port=mariadb.PORT, user="root", ssl_disabled=True)
        other = f"{source.database}_other"
        admin.query(f"CREATE DATABASE {other}")
        try:
            admin.query(f"CREATE TABLE {other}.place (id INT)")
            urls = [f"mysql://root@{mariadb.HOST}:{mariadb.PORT}/{to.database}?tls=disable" for to in (source, target)]
            fixture = SnapshotFixture(app, person, await person.connected(urls[0]))
            await fixture.sql(
                f"CREATE TABLE person (id INT PRIMARY KEY); INSERT INTO person VALUES (1), (2);"
                f"CREATE VIEW places AS SELECT id FROM {other}.place; CREATE VIEW more AS SELECT id FROM places;"
                "CREATE VIEW people AS SELECT id FROM person"
            )
            snapshot = await fixture.take()
        finally:
            admin.query(f"DROP DATABASE {other}")
            admin.close()
        done = await fixture.restore(snapshot, target_id=await person.connected(urls[1]))
        assert done["job"]["state"] == "completed", done["job"]["error"]
        assert [sentence.split(":")[0] for sentence in done["refused"]] == ["view places", "view more"]
        assert f"{other}.place" in done["refused"][0]
        assert done["refused"][1] == "view more: it needs view places"
        assert (done["outcome"], done["tables"][0]["contents"]) == ("incomplete", "equal")
        assert await fixture.sql("SELECT count(*) FROM people", done["target_id"]) == [[2]]


async def test_refused_index_of_sqlite(app: AppFixture, supervisor: Supervisor) -> None:
    """The index uses a function of the application, which Headwater's SQLite does not have."""
    person = await app.person("sten")
    fixture = SnapshotFixture(app, person, await person.database("sqlite"))
    (file,) = [path for path in app.server.settings.home.rglob("database.sqlite") if fixture.database in str(path)]
    with sqlite3.connect(file) as connection:
        connection.create_function("plain", 1, str.lower, deterministic=True)
        connection.executescript(
            "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'A'), (2, 'B');"
            "CREATE INDEX by_name ON person (plain(name)); CREATE INDEX by_id ON person (name);"
            "CREATE VIEW people AS SELECT id FROM person"
        )
    connection.close()
    done = await fixture.restore(await fixture.take(), name="whole")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    reason = "the application that uses the file adds this to SQLite (No such function: plain)"
    assert done["refused"] == [f"index by_name of person: {reason}"]
    assert (done["outcome"], done["tables"][0]["contents"]) == ("incomplete", "equal")
    assert done["schema_comparison"]["missing"] == ["index by_name of person"]
    assert await fixture.sql("SELECT count(*) FROM people", done["target_id"]) == [[2]]
