"""Copies over HTTP: planned, accepted, run by a worker, compared; retried and cleaned up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from clusters import Cluster
from features.transfers.row_copies import SHOP
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.transfers.service import copy_rows
from people import AppFixture, Person


class CopyFixture:
    """A user with two databases."""

    def __init__(self, app: AppFixture, person: Person, source: str, target: str) -> None:
        self.app, self.person, self.source, self.target = app, person, source, target

    async def post(self, path: str, status: int, **body: Any) -> Any:
        return await self.person.send("POST", f"/databases/{path}", status, json=body)

    async def sql(self, id_: str, query: str) -> Any:
        answer = await self.post(f"{id_}/query", 200, text=query)
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1]["rows"]

    async def copy(self, **body: Any) -> Any:
        """Start a copy and run its job; return the transfer."""
        transfer = await self.post(f"{self.source}/copies", 202, target_id=self.target, accepted=True, **body)
        await self.app.work(transfer["job"]["id"])
        return await self.person.get(f"/transfers/{transfer['id']}")


@pytest.fixture
async def copy_fixture(app: AppFixture, cluster: Cluster, supervisor: Supervisor) -> CopyFixture:
    person = await app.person("cora")
    source = await person.connected(cluster.clone(SHOP["postgresql"]))
    return CopyFixture(app, person, source, await person.database("sqlite"))


async def test_copy_is_planned_run_and_compared(copy_fixture: CopyFixture) -> None:
    plan = await copy_fixture.post(f"{copy_fixture.source}/copies/plan", 200, target_id=copy_fixture.target)
    assert [item["target"] for item in plan["tables"]] == ["album", "artist"]
    price = next(item for item in plan["tables"][0]["columns"] if item["name"] == "price")
    assert (price["source_type"], price["target_type"]) == ("numeric(10,2)", "DECIMAL(10,2)")
    assert {"changed", "risk"} == {loss["severity"] for loss in plan["losses"]}
    assert plan["statements"][0].startswith("CREATE TABLE album")
    refused = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, target_id=copy_fixture.target)
    assert refused["code"] == "losses_not_accepted"

    done = await copy_fixture.copy()
    assert done["job"]["state"] == "completed", done["job"]
    assert [(item["target"], item["target_rows"], item["same"]) for item in done["tables"]] == [
        ("album", 2500, True),
        ("artist", 1500, True),
    ]
    assert await copy_fixture.sql(copy_fixture.target, "SELECT count(*), max(price) FROM album") == [[2500, 357.14]]
    again = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, target_id=copy_fixture.target, accepted=True)
    assert "already has album, artist" in again["detail"]
    for id_ in (copy_fixture.source, copy_fixture.target):
        assert [item["id"] for item in (await copy_fixture.person.get(f"/databases/{id_}/transfers"))["items"]] == [
            done["id"]
        ]


async def test_copy_of_some_tables_rejects_unknown_names(copy_fixture: CopyFixture) -> None:
    done = await copy_fixture.copy(tables=["public.artist"])
    assert [item["table"] for item in done["tables"]] == ["public.artist"]
    wrong = await copy_fixture.post(
        f"{copy_fixture.source}/copies/plan", 404, target_id=copy_fixture.target, tables=["albun"]
    )
    assert "album" in wrong["hint"]
    itself = await copy_fixture.post(f"{copy_fixture.source}/copies/plan", 400, target_id=copy_fixture.source)
    assert "itself" in itself["detail"]


async def test_failed_copy_leaves_no_tables(copy_fixture: CopyFixture) -> None:
    await copy_fixture.sql(copy_fixture.source, "CREATE TABLE zoo (d float8); INSERT INTO zoo VALUES ('NaN')")
    await copy_fixture.sql(copy_fixture.target, "CREATE TABLE mine (a int)")
    mysql = await copy_fixture.person.database("mysql")
    copy_fixture.target = mysql
    done = await copy_fixture.copy()
    assert done["job"]["state"] == "failed"
    assert "zoo" in done["job"]["error"]
    assert await copy_fixture.sql(mysql, "SHOW TABLES") == []


async def test_foreign_key_that_the_rows_violate_is_named_and_the_rows_are_kept(
    copy_fixture: CopyFixture, supervisor: Supervisor
) -> None:
    """Keys of MySQL may have been switched off while rows were written; PostgreSQL checks them when it adds the key."""
    mysql = await copy_fixture.person.database("mysql")
    await copy_fixture.sql(
        mysql,
        "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);"
        "CREATE TABLE child (id int PRIMARY KEY, parent int, KEY by_parent (parent),"
        " CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parent (id));"
        "SET foreign_key_checks = 0; INSERT INTO child VALUES (1, 1), (2, 7)",
    )
    for engine, words in (("postgresql", "of_parent"), ("sqlite", "1 rows of child refer to rows of parent")):
        copy = CopyFixture(copy_fixture.app, copy_fixture.person, mysql, await copy_fixture.person.database(engine))
        done = await copy.copy()
        assert done["job"]["state"] == "completed", done["job"]["error"]
        assert done["outcome"] == "incomplete"
        assert len(done["refused"]) == 1 and words in done["refused"][0], done["refused"]
        assert {(table["target"], table["same"]) for table in done["tables"]} == {("parent", True), ("child", True)}
        assert await copy.sql(copy.target, "SELECT id FROM child ORDER BY id") == [[1], [2]]


async def test_next_attempt_deletes_only_the_tables_of_a_killed_one(copy_fixture: CopyFixture) -> None:
    transfer = await copy_fixture.post(
        f"{copy_fixture.source}/copies", 202, target_id=copy_fixture.target, accepted=True
    )
    await copy_fixture.sql(
        copy_fixture.target, "CREATE TABLE artist (half int); INSERT INTO artist VALUES (1); CREATE TABLE mine (a int)"
    )
    async with copy_fixture.app.server.database.transaction() as db:
        things = '{"things": [["table", "album"], ["table", "artist"]]}'
        await db.execute(
            text("UPDATE transfers SET made = CAST(:made AS jsonb) WHERE id = :id"),
            {"made": things, "id": transfer["id"]},
        )
    await copy_fixture.app.work(transfer["job"]["id"])
    done = await copy_fixture.person.get(f"/transfers/{transfer['id']}")
    assert all(item["same"] for item in done["tables"]), done["job"]
    assert await copy_fixture.sql(copy_fixture.target, "SELECT count(*) FROM artist") == [[1500]]
    assert await copy_fixture.sql(copy_fixture.target, "SELECT count(*) FROM mine") == [[0]]


async def test_copy_never_drops_foreign_tables(copy_fixture: CopyFixture) -> None:
    transfer = await copy_fixture.post(
        f"{copy_fixture.source}/copies", 202, target_id=copy_fixture.target, accepted=True
    )
    await copy_fixture.sql(copy_fixture.target, "CREATE TABLE artist (theirs int); INSERT INTO artist VALUES (7)")
    await copy_fixture.app.work(transfer["job"]["id"])
    done = await copy_fixture.person.get(f"/transfers/{transfer['id']}")
    assert done["job"]["state"] == "failed"
    assert await copy_fixture.sql(copy_fixture.target, "SELECT theirs FROM artist") == [[7]]


async def test_copy_fails_if_the_source_changed_since_the_plan(copy_fixture: CopyFixture) -> None:
    transfer = await copy_fixture.post(
        f"{copy_fixture.source}/copies", 202, target_id=copy_fixture.target, accepted=True
    )
    await copy_fixture.sql(copy_fixture.source, "CREATE VIEW late AS SELECT 1 AS a")
    await copy_fixture.app.work(transfer["job"]["id"])
    done = await copy_fixture.person.get(f"/transfers/{transfer['id']}")
    assert "late: views are not copied" in done["job"]["error"]


async def test_copy_checks_rights_and_protection_and_can_be_cancelled(
    copy_fixture: CopyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await copy_fixture.app.person("vera")
    await copy_fixture.person.invite(viewer, "viewer")
    body = {"target_id": copy_fixture.target, "accepted": True}
    await viewer.send("POST", f"/databases/{copy_fixture.source}/copies", 403, json=body)
    stranger = await copy_fixture.app.person("sven")
    await stranger.send("POST", f"/databases/{copy_fixture.source}/copies", 404, json=body)
    theirs = await stranger.database("sqlite")
    await stranger.send("POST", f"/databases/{theirs}/copies/plan", 404, json={"target_id": copy_fixture.target})
    await copy_fixture.person.send("PATCH", f"/databases/{copy_fixture.target}", 200, json={"protected": True})
    refused = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, **body)
    assert refused["code"] == "confirmation_needed"
    transfer = await copy_fixture.post(f"{copy_fixture.source}/copies", 202, confirmed=True, **body)
    await stranger.send("GET", f"/transfers/{transfer['id']}", 404)

    async def stopped(*_: Any) -> None:
        await copy_fixture.person.send("POST", f"/jobs/{transfer['job']['id']}/cancel", 202)
        await asyncio.to_thread(copy_fixture.app.wait_for_stop)

    real = copy_rows._fill

    async def slow(*given: Any) -> Any:
        await stopped()
        return await real(*given)

    monkeypatch.setattr(copy_rows, "_fill", slow)
    await copy_fixture.app.work(transfer["job"]["id"])
    done = await copy_fixture.person.get(f"/transfers/{transfer['id']}")
    assert done["job"]["state"] == "cancelled"
    assert await copy_fixture.sql(
        copy_fixture.target, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"
    ) == [[0]]
