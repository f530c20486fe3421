"""Snapshots of a connected MongoDB over HTTP: taking and restoring them, and refused operations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engines.mongodb import place as mongodb_place
from engines.mongodb.test_snapshot_catch_up import end as end_of
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.engines.mongodb.bulk_load import MongoBulkLoader
from headwater.engines.mongodb.snapshot_reader import MongoSnapshotReader
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

ORDERS = 1500
SHOP = (
    '{"create": "log", "capped": true, "size": 65536}; {"create": "cheap", "viewOn": "orders", "pipeline": []};'
    "db.log.insertMany([{_id: 2}, {_id: 1}]); db.people.insertOne({_id: 'ines'});"
    '{"createIndexes": "orders", "indexes": [{"key": {"n": -1}, "name": "by n", "unique": true}]};'
    f"db.orders.insertMany([{', '.join(f'{{_id: {n}, n: {n}, t: {str(n) * 20!r}, d: 1.0}}' for n in range(ORDERS))}])"
)


@pytest.fixture
async def snapshot_fixture(app: AppFixture, supervisor: Supervisor) -> AsyncIterator[SnapshotFixture]:
    """A user with a connected MongoDB that has data of every kind."""
    if reason := mongodb_place.missing():
        pytest.skip(reason)
    person = await app.person("mona")
    async with mongodb_place.fresh() as address:
        snapshot_fixture = SnapshotFixture(app, person, await person.connected(mongodb_place.url(address)))
        await snapshot_fixture.sql(SHOP)
        yield snapshot_fixture


@pytest.fixture
async def target(snapshot_fixture: SnapshotFixture) -> AsyncIterator[str]:
    """An empty connected MongoDB of the same user."""
    async with mongodb_place.fresh() as address:
        yield await snapshot_fixture.person.connected(mongodb_place.url(address))


async def names(snapshot_fixture: SnapshotFixture, database: str) -> list[str]:
    answer = await snapshot_fixture.person.get(f"/databases/{database}/schema")
    return sorted(relation["name"] for relation in answer["relations"])


async def test_snapshot_and_restore_into_an_empty_database(snapshot_fixture: SnapshotFixture, target: str) -> None:
    before = await snapshot_fixture.sql("db.orders.find({}).sort({_id: 1})")
    first = await snapshot_fixture.take()
    assert (first["status"], first["rows"], first["tables"]) == ("complete", ORDERS + 3, 3), first["job"]
    assert any(
        "capped" in line["message"]
        for line in (await snapshot_fixture.person.get(f"/jobs/{first['job']['id']}/log"))["items"]
    )
    await snapshot_fixture.sql("db.orders.deleteMany({_id: {$gte: 1490}})")
    second = await snapshot_fixture.take()
    assert (second["parent_id"], second["rows"]) == (first["id"], ORDERS - 7), second["job"]
    assert 0 < second["new_bytes"] < first["new_bytes"]
    done = await snapshot_fixture.restore(first, target_id=target)
    assert done["job"]["state"] == "completed", done["job"]
    assert all(table["same"] for table in done["tables"])
    assert await snapshot_fixture.sql("db.orders.find({}).sort({_id: 1})", target) == before
    assert await snapshot_fixture.sql("db.log.find({})", target) == [['{"_id": 2}'], ['{"_id": 1}']]
    (index,) = [item for item in await snapshot_fixture.sql("db.orders.getIndexes()", target) if "by n" in item[0]]
    assert '"n": -1' in index[0]
    assert "unique" in index[0]
    again = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{first['id']}/restores", 409, json={"target_id": target}
    )
    assert "already exists" in again["detail"]


async def test_snapshot_longer_than_a_transaction_is_consistent(
    snapshot_fixture: SnapshotFixture, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await snapshot_fixture.sql("db.people.insertMany([" + ", ".join(f"{{_id: 'p{n}'}}" for n in range(200)) + "])")
    first = await snapshot_fixture.take()
    read, everything = MongoSnapshotReader._read, "db.orders.find({}).sort({_id: 1})"
    late = [
        "db.orders.deleteMany({$or: [{_id: {$lt: 5}}, {_id: {$gte: 300, $lt: 1200}}]})",
        "db.orders.updateMany({_id: {$in: [7, 1490]}}, {$set: {t: 'other'}})",
        "db.orders.insertMany([{_id: -1, n: -1}, {_id: 0.5, n: -2}, {_id: 'z', n: -3}])",
    ]
    loop = asyncio.get_running_loop()

    def reads(self: MongoSnapshotReader, cursor: Any, table: Any) -> Any:
        for batch in read(self, cursor, table):
            yield batch
            if table.name == "orders" and late:
                end_of(self)
                while late:
                    asyncio.run_coroutine_threadsafe(snapshot_fixture.sql(late.pop(0)), loop).result(30)

    monkeypatch.setattr(MongoSnapshotReader, "_read", reads)
    taken = await snapshot_fixture.take()
    assert (taken["status"], taken["rows"]) == ("complete", first["rows"] - 905 + 3), taken["job"]
    log = (await snapshot_fixture.person.get(f"/jobs/{taken['job']['id']}/log"))["items"]
    assert any("910 rows changed while the database was read" in line["message"] for line in log), log
    done = await snapshot_fixture.restore(taken, target_id=target)
    assert done["job"]["state"] == "completed", done["job"]
    assert await snapshot_fixture.sql(everything, target) == await snapshot_fixture.sql(everything)
    page = await snapshot_fixture.person.get(
        f"/snapshots/{taken['id']}/tables/orders/rows", skip=taken["rows"] - 205, limit=20
    )
    assert len(page["rows"]) > 0
    after = await snapshot_fixture.take()
    assert (after["parent_id"], after["rows"]) == (taken["id"], taken["rows"]), after["job"]
    deep = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{taken['id']}/verifications", 202, json={"kind": "deep"}
    )
    await snapshot_fixture.app.work(deep["id"])
    assert (await snapshot_fixture.person.get(f"/snapshots/{taken['id']}"))["verification"]["ok"]


async def test_chosen_collections_are_restored(snapshot_fixture: SnapshotFixture, target: str) -> None:
    part = await snapshot_fixture.take(tables=["orders", "people"])
    assert (part["status"], part["tables"]) == ("complete", 2), part["job"]
    done = await snapshot_fixture.restore(part, target_id=target, tables=["people"])
    assert done["job"]["state"] == "completed", done["job"]
    assert await names(snapshot_fixture, target) == ["people"]


async def test_documents_are_restored_in_place_and_undone(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    everything = "db.orders.find({}).sort({_id: 1})"
    before = await snapshot_fixture.sql(everything)
    await snapshot_fixture.sql(
        "db.orders.deleteMany({_id: {$lt: 700}}); db.orders.insertOne({_id: 'new', n: -5}); db.people.drop()"
    )
    spoilt = await snapshot_fixture.sql(everything)
    body: dict[str, Any] = {"target_id": snapshot_fixture.database, "mode": "overwrite", "tables": ["orders", "people"]}
    plan = await snapshot_fixture.person.send("POST", f"/snapshots/{snapshot['id']}/restores/plan", 200, json=body)
    assert {step["table"]: step["action"] for step in plan["steps"]} == {"orders": "replace", "people": "create"}
    added = await snapshot_fixture.restore(snapshot, **body | {"mode": "append_missing"})
    assert added["job"]["state"] == "completed", added["job"]
    assert {table["table"]: (table["written"], table["found"]) for table in added["tables"]} == {
        "orders": (700, ORDERS + 1),
        "people": (1, 1),
    }
    done = await snapshot_fixture.restore(snapshot, **body)
    assert done["job"]["state"] == "completed", done["job"]
    assert [(table["found"], table["same"]) for table in done["tables"]] == [(ORDERS, True), (1, True)]
    assert await snapshot_fixture.sql(everything) == before
    assert any("by n" in item[0] for item in await snapshot_fixture.sql("db.orders.getIndexes()"))
    undone = await snapshot_fixture.restore({"id": added["undo_id"]}, **body | {"tables": ["orders"]})
    assert undone["job"]["state"] == "completed", undone["job"]
    assert await snapshot_fixture.sql(everything) == spoilt
    clash = await snapshot_fixture.restore(snapshot, **body | {"mode": "append"})
    assert (clash["job"]["state"], "already exists" in clash["job"]["error"]) == ("failed", True), clash["job"]
    assert await snapshot_fixture.sql(everything) == spoilt
    assert await names(snapshot_fixture, snapshot_fixture.database) == ["cheap", "log", "orders", "people"]


async def test_unsupported_operations_are_refused_with_a_reason(snapshot_fixture: SnapshotFixture, target: str) -> None:
    snapshot = await snapshot_fixture.take()
    path, person = f"/snapshots/{snapshot['id']}", snapshot_fixture.person
    for where in ("restores", "restores/plan"):
        refused = await person.send("POST", f"{path}/{where}", 400, json={"name": "back"})
        assert "cannot create MongoDB databases" in refused["detail"]
        assert "Connect an empty database" in refused["hint"]
    assert "cannot create MongoDB databases" in (await person.send("POST", f"{path}/drills", 400))["detail"]
    drills = {"schedule": {"cron": "0 * * * *"}, "drill_every_days": 7}
    said = await person.send("PUT", f"/databases/{snapshot_fixture.database}/policy", 400, json=drills)
    assert "cannot create MongoDB databases" in said["detail"]
    await person.send(
        "PUT", f"/databases/{snapshot_fixture.database}/policy", 200, json=drills | {"drill_every_days": None}
    )


async def test_failed_restore_drops_only_what_it_created(
    snapshot_fixture: SnapshotFixture, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.sql("db.mine.insertOne({a: 1}); db.people.insertOne({_id: 'mine'})", target)
    clash = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{snapshot['id']}/restores", 409, json={"target_id": target}
    )
    assert "people" in clash["detail"]
    await snapshot_fixture.sql("db.people.drop()", target)
    await snapshot_fixture.sql('{"create": "people", "viewOn": "mine", "pipeline": []}', target)
    done = await snapshot_fixture.restore(snapshot, target_id=target, tables=["orders"])
    assert done["job"]["state"] == "completed", "views do not stand in the way of other collections"
    assert await names(snapshot_fixture, target) == ["mine", "orders", "people"]
    await snapshot_fixture.sql(
        "db.people.drop(); db.orders.drop(); db.cheap.insertOne({a: 1})", target
    )  # a view in the snapshot
    failed = await snapshot_fixture.restore(snapshot, target_id=target)
    assert "already has cheap" in failed["job"]["error"]
    assert await names(snapshot_fixture, target) == ["cheap", "mine"]
    await snapshot_fixture.sql("db.cheap.drop()", target)
    real = MongoBulkLoader.load_rows

    def load(self: MongoBulkLoader, table: Any, batches: Any) -> int:
        if table.name == "orders":
            raise OSError("the machine is gone")
        return real(self, table, batches)

    monkeypatch.setattr(MongoBulkLoader, "load_rows", load)
    ended = await snapshot_fixture.restore(snapshot, target_id=target)
    assert ended["job"]["state"] != "completed"
    assert await names(snapshot_fixture, target) == ["mine"]
