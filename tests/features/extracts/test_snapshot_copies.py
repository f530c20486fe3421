"""Copies of snapshots into databases of other engines: both sides are compared, and a failure leaves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from clusters import Cluster
from features.snapshots.snapshot_fixture import SnapshotFixture
from features.snapshots.test_refused_objects import GUARDED
from features.transfers.row_copies import SHOP as SHOPS
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.transfers.service import copy_rows
from people import AppFixture


async def copied(snapshot_fixture: SnapshotFixture, taken: Any, target: str, **body: Any) -> Any:
    path = f"/snapshots/{taken['id']}/copies"
    created = await snapshot_fixture.person.send("POST", path, 202, json={"target_id": target, "accepted": True} | body)
    await snapshot_fixture.app.work(created["job"]["id"])
    return await snapshot_fixture.person.get(f"/transfers/{created['id']}")


async def test_copies_are_refused_to_strangers_and_other_organizations(
    module_app: AppFixture, snapshot_fixture: SnapshotFixture, taken: Any
) -> None:
    body = {"target_id": snapshot_fixture.database}
    stranger, neighbour = await module_app.stranger(), await module_app.person("nuria")
    for path in (f"/snapshots/{taken['id']}/copies/plan", f"/snapshots/{taken['id']}/copies"):
        assert (await stranger.post(f"/api/v1{path}", json=body)).status_code == 401
        await neighbour.send("POST", path, 404, json=body)


@pytest.mark.parametrize("engine", ["mysql", "sqlite"])
async def test_snapshot_is_copied_into_another_engine(
    snapshot_fixture: SnapshotFixture, taken: Any, engine: str
) -> None:
    target = await snapshot_fixture.person.database(engine)
    path = f"/snapshots/{taken['id']}/copies"
    planned = await snapshot_fixture.person.send("POST", f"{path}/plan", 200, json={"target_id": target})
    assert [table["rows"] for table in planned["tables"]] == [12000, 1500, 700]
    assert ("album", "twice") in [(loss["table"].split(".")[-1], loss["object"]) for loss in planned["losses"]]
    refused = await snapshot_fixture.person.client.post(f"/api/v1{path}", json={"target_id": target})
    assert (refused.status_code, refused.json()["code"]) == (409, "losses_not_accepted")
    done = await copied(snapshot_fixture, taken, target)
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert {(table["table"], table["target_rows"], table["same"]) for table in done["tables"]} == {
        ("public.album", 12000, True),
        ("public.artist", 1500, True),
        ("public.note", 700, True),
    }
    assert done["request"]["snapshot_id"] == taken["id"]
    assert await snapshot_fixture.sql("SELECT gap, tags FROM album WHERE id = 29", target) in (
        [["P29D", '["a","b c",null,"\\"x\\""]']],
        [["P29D", '["a", "b c", null, "\\"x\\""]']],
    )
    again = await snapshot_fixture.person.client.post(f"/api/v1{path}", json={"target_id": target, "accepted": True})
    assert again.status_code == 409


async def test_snapshot_copy_keeps_storage_classes(module_app: AppFixture, supervisor: Supervisor) -> None:
    person = await module_app.person("ina")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.database("sqlite"))
    await snapshot_fixture.sql(
        "CREATE TABLE u (id integer PRIMARY KEY, v); "
        "INSERT INTO u VALUES (1, x'00ff'), (2, '\\x00ff'), (3, 9e999), (4, 'Infinity'), (5, cast(x'ff41' as text))"
    )
    taken = await snapshot_fixture.take()
    target = await person.database("sqlite")
    done = await copied(snapshot_fixture, taken, target)
    assert done["job"]["state"] == "completed", done["job"]["error"]
    stored = "SELECT typeof(v), hex(CAST(v AS BLOB)) FROM u ORDER BY id"
    assert await snapshot_fixture.sql(stored, target) == await snapshot_fixture.sql(stored)


async def test_snapshot_copy_names_what_is_refused_and_keeps_the_rows(
    module_app: AppFixture, cluster: Cluster, supervisor: Supervisor
) -> None:
    person = await module_app.person("rita")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.connected(cluster.clone(GUARDED)))
    taken = await snapshot_fixture.take()
    target = await person.database("postgresql")
    done = await copied(snapshot_fixture, taken, target)
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert done["outcome"] == "incomplete"
    assert done["refused"] == [
        "index public.by_age: another database",
        "materialized view public.names: another database",
    ]
    assert {(table["table"], table["same"]) for table in done["tables"]} == {
        ("public.person", True),
        ("public.pet", True),
    }
    assert await snapshot_fixture.sql("SELECT count(*) FROM older", target) == [[5]]


@pytest.mark.parametrize("engine", ["mysql", "sqlite"])
async def test_snapshots_of_other_engines_are_copied_into_postgresql(
    module_app: AppFixture, supervisor: Supervisor, engine: str
) -> None:
    person = await module_app.person("ines")
    snapshot_fixture = SnapshotFixture(module_app, person, await person.database(engine))
    await snapshot_fixture.sql(SHOPS[engine])
    taken = await snapshot_fixture.take()
    await snapshot_fixture.sql("DELETE FROM album")
    target = await person.database("postgresql")
    done = await copied(snapshot_fixture, taken, target)
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert all(table["same"] for table in done["tables"])
    assert sum(table["target_rows"] for table in done["tables"]) == taken["rows"]


# What only PostgreSQL has: a copy that maps types has no place for it.
OWN = """
CREATE SCHEMA "in ner"; CREATE TYPE "in ner".pair AS (a int, b text);
CREATE TABLE "in ner".t (id int PRIMARY KEY, p "in ner".pair, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO "in ner".t VALUES (1, (2, 'x')), (2, NULL);
CREATE TABLE part (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE "part.26" PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO part VALUES (1, '2026-03-04');
CREATE VIEW twice AS SELECT twice FROM "in ner".t;
"""


async def test_snapshot_is_copied_exactly_into_the_same_engine(
    module_app: AppFixture, cluster: Cluster, supervisor: Supervisor
) -> None:
    person = await module_app.person("irma")
    fixture = SnapshotFixture(module_app, person, await person.connected(cluster.clone(OWN)))
    taken = await fixture.take()
    await fixture.sql('DELETE FROM "in ner".t')
    target = await person.connected(cluster.clone("CREATE TABLE mine (id int)"))
    path = f"/snapshots/{taken['id']}/copies"
    planned = await person.send("POST", f"{path}/plan", 200, json={"target_id": target})
    assert planned["losses"] == []
    done = await copied(fixture, taken, target, accepted=False)
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert {(table["table"], table["target_rows"], table["same"]) for table in done["tables"]} == {
        ("in ner.t", 2, True),
        ("public.part.26", 1, True),
    }
    assert await fixture.sql("SELECT * FROM twice ORDER BY 1", target) == [[2], [4]]
    assert await fixture.sql('SELECT (p).b FROM "in ner".t WHERE id = 1', target) == [["x"]]
    second = await person.connected(cluster.clone())
    done = await copied(fixture, taken, second, tables=["part"])
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert await fixture.sql("SELECT id FROM part", second) == [[1]]
    again = await person.client.post(f"/api/v1{path}", json={"target_id": target, "accepted": True})
    assert (again.status_code, "already has" in again.json()["detail"]) == (409, True)


async def test_failed_copy_leaves_nothing(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    target = await snapshot_fixture.person.database("sqlite")
    real = copy_rows.copy

    async def failing(*given: Any) -> Any:
        await real(*given)
        raise RuntimeError("the machine burns")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copy_rows, "copy", failing)
        created = await snapshot_fixture.person.send(
            "POST",
            f"/snapshots/{taken['id']}/copies",
            202,
            json={"target_id": target, "accepted": True, "tables": ["note"]},
        )
        await snapshot_fixture.app.work(created["job"]["id"])
    assert await snapshot_fixture.sql("SELECT count(*) FROM sqlite_schema", target) == [[0]]
    done = await copied(snapshot_fixture, taken, target, tables=["note"])
    assert [table["target_rows"] for table in done["tables"]] == [700]


async def test_partitioned_tables_are_refused_with_a_hint(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql(
        "CREATE TABLE part (id int, day date) PARTITION BY RANGE (day);"
        "CREATE TABLE part_26 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    )
    taken = await snapshot_fixture.take(tables=["part", "part_26"])
    target = await snapshot_fixture.person.database("sqlite")
    answer = await snapshot_fixture.person.client.post(
        f"/api/v1/snapshots/{taken['id']}/copies/plan", json={"target_id": target}
    )
    assert answer.status_code == 400
    assert "Restore the snapshot" in answer.json()["hint"]
