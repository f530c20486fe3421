"""The password of a managed database's owner is replaced by Headwater, also where the owner changed it."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.engines import all_engines
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture, Person

CHANGES = {
    "postgresql": "ALTER ROLE owner PASSWORD 'of my own'",
    "mysql": "SET PASSWORD = PASSWORD('of my own')",
}


async def created(app: AppFixture, engine: str) -> tuple[Person, str]:
    provisioning = all_engines()[engine].provisioning
    assert provisioning
    if reason := provisioning.unavailable_reason():
        pytest.skip(reason)
    person = await app.person("owner")
    return person, f"/databases/{await person.database(engine)}"


async def reset(person: Person, path: str, status: int = 200) -> Any:
    return await person.send("POST", f"{path}/credentials/reset", status)


@pytest.mark.parametrize("engine", CHANGES)
async def test_headwater_works_on_when_the_owner_changes_the_password(
    app: AppFixture, supervisor: Supervisor, engine: str
) -> None:
    person, path = await created(app, engine)
    before = await person.send("POST", f"{path}/credentials", 200)
    answer = await person.send("POST", f"{path}/query", 200, json={"text": CHANGES[engine]})
    assert answer["error"] is None, answer["error"]
    for _ in range(2):
        assert (await person.send("POST", f"{path}/test", 200))["ok"]
        snapshot = await person.send("POST", f"{path}/snapshots", 202, json={})
        await app.work(snapshot["job"]["id"])
        assert (await person.get(f"/snapshots/{snapshot['id']}"))["status"] == "complete"
        await person.send("PUT", f"{path}/desired", 200, json={"state": "asleep"})
    assert await person.send("POST", f"{path}/credentials", 200) == before, "for clients it is to be reset"
    after = await reset(person, path)
    assert after["password"] != before["password"] and after["url"] != before["url"]
    assert after == await person.send("POST", f"{path}/credentials", 200)
    assert (await person.send("POST", f"{path}/test", 200))["ok"]
    await person.send("PUT", f"{path}/desired", 200, json={"state": "asleep"})
    assert (await person.send("POST", f"{path}/test", 200))["ok"]


async def test_what_headwater_creates_belongs_to_the_owner(app: AppFixture, supervisor: Supervisor) -> None:
    person, path = await created(app, "postgresql")

    async def sql(text: str) -> Any:
        answer = await person.send("POST", f"{path}/query", 200, json={"text": text})
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1]["rows"]

    assert await sql("SELECT current_user, session_user") == [["owner", "headwater"]]
    await sql("CREATE TABLE t (); CREATE SCHEMA s; CREATE EXTENSION citext")
    owners = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'"
    assert await sql(owners) == [["owner"]]
    assert await sql("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 's'") == [["owner"]]
    refused = await person.send("POST", f"{path}/query", 200, json={"text": "ALTER ROLE headwater PASSWORD 'x'"})
    assert refused["error"]["message"] == "permission denied to alter role"
    await sql("ALTER ROLE owner SET search_path = s, public")
    await person.send("PUT", f"{path}/desired", 200, json={"state": "asleep"})
    assert await sql("SHOW search_path") == [["s, public"]]


async def test_password_of_a_sleeping_database_is_set_at_its_next_start(
    app: AppFixture, supervisor: Supervisor
) -> None:
    person, path = await created(app, "redis")
    await person.send("PUT", f"{path}/desired", 200, json={"state": "asleep"})
    assert (await reset(person, path))["password"]
    assert (await person.send("POST", f"{path}/test", 200))["ok"]


async def test_password_is_reset_by_admins_of_managed_databases_only(
    app: AppFixture, supervisor: Supervisor, cluster: Any
) -> None:
    person, path = await created(app, "sqlite")
    assert "no password" in (await reset(person, path, 409))["detail"]
    connected = f"/databases/{await person.connected(cluster.clone())}"
    assert "no password" in (await reset(person, connected, 409))["detail"]
    stranger, neighbour = await app.stranger(), await app.person("neighbour")
    for client, status in ((stranger, 401), (neighbour.client, 404)):
        assert (await client.post(f"/api/v1{path}/credentials/reset")).status_code == status
