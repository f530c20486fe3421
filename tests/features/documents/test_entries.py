"""Entries over HTTP: access rights, keys of a managed Redis, documents of a connected MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from engines.mongodb import place as mongodb_place
from headwater.engines.redis import provision
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture, Person


class DatabaseFixture:
    """A database of a user."""

    def __init__(self, person: Person, id_: str) -> None:
        self.person, self.id = person, id_

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        return await self.person.send("POST", f"/databases/{self.id}/{path}", status, json=body)

    async def run(self, text: str, **given: Any) -> Any:
        answer = await self.post("query", text=text, **given)
        assert answer["error"] is None, answer["error"]
        return answer["results"]

    async def change(self, status: int = 200, **given: Any) -> Any:
        return await self.post("entries/changes", status, **given)


@pytest.fixture
async def cache(app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    if reason := provision.unavailable_reason():
        pytest.skip(reason)
    person = await app.person("rita")
    return DatabaseFixture(person, await person.database("redis"))


@pytest.fixture
async def shop(app: AppFixture) -> AsyncIterator[DatabaseFixture]:
    if reason := mongodb_place.missing():
        pytest.skip(reason)
    person = await app.person("mona")
    async with mongodb_place.fresh() as address:
        yield DatabaseFixture(person, await person.connected(mongodb_place.url(address)))


async def test_entries_are_hidden_from_strangers_and_other_organizations(
    app: AppFixture, cache: DatabaseFixture
) -> None:
    stranger, neighbour = await app.stranger(), await app.person("neighbour")
    url = f"/api/v1/databases/{cache.id}"
    for client, status in ((stranger, 401), (neighbour.client, 404)):
        assert (await client.get(f"{url}/holders")).status_code == status
        for path in ("entries", "entries/one", "entries/parts", "entries/changes"):
            body = {"id": "a", "kind": "delete"} if path.endswith("changes") else {"id": "a"} if "/" in path else {}
            assert (await client.post(f"{url}/{path}", json=body)).status_code == status, path


async def test_redis_keys_can_be_read_and_changed(cache: DatabaseFixture) -> None:
    await cache.run("HSET user:1 name Ada role admin\nSET visits 5 EX 1000\nRPUSH queue a b")
    holders = await cache.person.get(f"/databases/{cache.id}/holders")
    assert holders == [{"name": "", "kind": "keys", "count": 3}]
    page = await cache.post("entries", limit=100)
    assert {item["id"]: item["type"] for item in page["items"]} == {
        "user:1": "hash",
        "visits": "string",
        "queue": "list",
    }
    assert (await cache.post("entries/one", id="visits"))["body"] == "5"
    parts = await cache.post("entries/parts", id="user:1")
    assert {item["name"]: item["value"] for item in parts["items"]} == {"name": "Ada", "role": "admin"}

    assert (await cache.change(kind="put", id="user:1", part="name", body="Eva", was="Ada"))["applied"]
    assert await cache.change(kind="put", id="user:1", part="name", body="x", was="Ada") == {
        "applied": False,
        "id": "user:1",
        "now": "Eva",
    }
    assert (await cache.change(kind="expire", id="user:1", seconds=100))["applied"]
    assert 0 < (await cache.post("entries/one", id="user:1"))["seconds_left"] <= 100
    assert (await cache.change(kind="delete", id="queue"))["applied"]
    answer = await cache.post("entries/one", 404, id="queue")
    assert answer["hint"]
    await cache.change(409, kind="insert", id="visits", type="string", body="1")
    await cache.change(400, kind="insert", id="n", type="zset", part="m", body="much")
    schema = await cache.person.get(f"/databases/{cache.id}/schema", fresh="true")
    assert [(item["name"], item["kind"]) for item in schema["relations"]] == [
        ("user:*", "keyspace"),
        ("visits", "keyspace"),
    ]


async def test_redis_queries_and_read_only_access(app: AppFixture, cache: DatabaseFixture) -> None:
    await cache.run("SET a 1")
    answer = await cache.post("query", text="GET a\nCONFIG GET *")
    assert "not allowed here" in answer["error"]["message"] and answer["error"]["position"] == 6
    (finding,) = (await cache.post("check", text="GET a\nCONFIG GET *"))["findings"]
    assert finding["start"] == 6
    answer = await cache.post("query", text="SET a 2", read_only=True)
    assert answer["error"]["sqlstate"] == "25006"
    await cache.person.send("PATCH", f"/databases/{cache.id}", 200, json={"protected": True})
    assert (await cache.post("query", 409, text="SET a 2"))["code"] == "confirmation_needed"
    assert (await cache.change(409, kind="delete", id="a"))["code"] == "confirmation_needed"
    await cache.run("SET a 2", confirmed=True)
    assert (await cache.change(kind="delete", id="a", confirmed=True))["applied"]

    await cache.person.send("PATCH", f"/databases/{cache.id}", 200, json={"protected": False})
    viewer = await app.person("viewer")
    await cache.person.invite(viewer, "viewer")
    seen = DatabaseFixture(viewer, cache.id)
    assert (await seen.post("entries"))["items"] == [] and (await seen.post("query", text="DBSIZE"))["error"] is None
    await seen.change(403, kind="insert", id="x", type="string", body="1")
    assert (await seen.post("query", text="SET x 1"))["error"]["sqlstate"] == "25006"


async def test_redis_sleeps_and_wakes(cache: DatabaseFixture) -> None:
    await cache.run("SET kept 42")
    asleep = await cache.person.send("PUT", f"/databases/{cache.id}/desired", 200, json={"state": "asleep"})
    assert asleep["state"] == "asleep"
    assert (await cache.post("entries/one", id="kept"))["body"] == "42"


async def test_mongodb_documents_can_be_read_and_changed(shop: DatabaseFixture) -> None:
    results = await shop.run(
        "db.orders.insertMany([{_id: 1, total: 5}, {_id: 2, total: NumberLong(7)}]); db.orders.find({})"
    )
    assert results[0]["affected"] == 2 and results[1]["rows"][0] == ['{"_id": 1, "total": 5}']
    holders = await shop.person.get(f"/databases/{shop.id}/holders")
    assert holders == [{"name": "orders", "kind": "collection", "count": 2}]
    page = await shop.post("entries", holder="orders", filter="{total: {$gt: 5}}", sort="{total: -1}")
    (entry,) = page["items"]
    assert (entry["id"], page["total"]) == ("2", 1)
    changed = await shop.change(holder="orders", kind="replace", id="2", body='{"total": 8}', was=entry["body"])
    assert changed["applied"]
    late = await shop.change(holder="orders", kind="replace", id="2", body='{"total": 9}', was=entry["body"])
    assert not late["applied"] and '"total": 8' in late["now"]
    for body, status in (
        ({"filter": "{total: "}, 422),
        ({"filter": "{$where: '1'}"}, 422),
        ({"cursor": "x"}, 400),
        ({"limit": 0}, 422),
    ):
        assert (await shop.post("entries", status, holder="orders", **body))["title"]
    assert (await shop.change(422, holder="orders", kind="insert", body="{_id: 1}"))["title"]
    schema = await shop.person.get(f"/databases/{shop.id}/schema", fresh="true")
    assert schema["relations"][0]["kind"] == "collection"
    answer = await shop.post("query", text="db.orders.find({$where: '1'})")
    assert "JavaScript" in answer["error"]["message"]
    (finding,) = (await shop.post("check", text="db.orders.fnd({})"))["findings"]
    assert (finding["start"], finding["end"]) == (10, 13) and "Did you mean find" in finding["message"]
    assert (await shop.post("check", text="db.orders.find({})"))["findings"] == []


async def test_sql_databases_have_no_entries(app: AppFixture, supervisor: Supervisor) -> None:
    person = await app.person("otto")
    answer = await person.client.get(f"/api/v1/databases/{await person.database()}/holders")
    assert answer.status_code == 400 and answer.json()["hint"]
