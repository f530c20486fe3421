"""What a snapshot lacks of its database is in its manifest, and said wherever the snapshot is shown."""

from __future__ import annotations

import asyncio
import sqlite3
from urllib.parse import urlsplit

import pytest

from clusters import Cluster
from engines.mysql import place as mariadb
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

FOREIGN = """
CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;
CREATE FOREIGN TABLE remote (id int) SERVER far;
"""
LACKING = {
    "postgresql": (FOREIGN, ["The rows of 1 foreign tables are not in the snapshot."]),
    "mysql": (
        """
        CREATE TABLE prices (id INT PRIMARY KEY, price INT, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START,
          e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
        CREATE TABLE gone (id INT); CREATE VIEW broken AS SELECT id FROM gone; DROP TABLE gone;
        """,
        [
            "The history of system-versioned tables is not in the snapshot, only their current rows: prices.",
            "The view broken refers to something that does not exist or may not be used. "
            "A restore may have to leave it out.",
        ],
    ),
}


async def taken_with(fixture: SnapshotFixture, losses: list[str]) -> None:
    """Take a snapshot; check that its losses are in the manifest, in lists and details, and in a verification."""
    snapshot = await fixture.take()
    assert snapshot["losses"] == losses
    vault = await fixture.vault()
    assert list((await asyncio.to_thread(vault.manifest, snapshot["id"])).losses) == losses
    listed = (await fixture.person.get(f"/databases/{fixture.database}/snapshots"))["items"]
    assert [item["losses"] for item in listed] == [losses]
    path = f"/snapshots/{snapshot['id']}/verifications"
    job = await fixture.person.send("POST", path, 202, json={"kind": "quick"})
    await fixture.app.work(job["id"])
    log = await fixture.person.get(f"/jobs/{job['id']}/log")
    assert [line["message"] for line in log["items"] if line["level"] == "warning"] == losses


async def test_foreign_tables_of_postgresql(snapshot_fixture: SnapshotFixture, cluster: Cluster) -> None:
    setup, losses = LACKING["postgresql"]
    url = cluster.clone()
    cluster.execute(setup, urlsplit(url).path[1:])
    snapshot_fixture.database = await snapshot_fixture.person.connected(url)
    await taken_with(snapshot_fixture, losses)


async def test_history_and_broken_views_of_mariadb(app: AppFixture) -> None:
    if reason := mariadb.missing():
        pytest.skip(reason)
    setup, losses = LACKING["mysql"]
    person = await app.person("mira")
    async with mariadb.fresh() as address:
        url = f"mysql://root@{mariadb.HOST}:{mariadb.PORT}/{address.database}?tls=disable"
        fixture = SnapshotFixture(app, person, await person.connected(url))
        await fixture.sql(setup)
        await taken_with(fixture, losses)


async def test_unreadable_objects_of_sqlite(app: AppFixture, supervisor: Supervisor) -> None:
    person = await app.person("stig")
    fixture = SnapshotFixture(app, person, await person.database("sqlite"))
    (file,) = [path for path in app.server.settings.home.rglob("database.sqlite") if fixture.database in str(path)]
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE VIEW odd AS SELECT 'x' AS x")
        connection.execute("PRAGMA writable_schema = on")
        connection.execute("UPDATE sqlite_schema SET sql = CAST(replace(sql, 'x', x'ff') AS TEXT) WHERE name = 'odd'")
    connection.close()
    await taken_with(fixture, ["The snapshot does not contain the view odd: its text is not UTF-8."])


async def test_snapshot_of_everything_has_no_losses(snapshot_fixture: SnapshotFixture) -> None:
    assert (await snapshot_fixture.take())["losses"] == []
