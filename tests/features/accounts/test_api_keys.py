"""API keys: limits to a project, a database or addresses, and rotation. The matrix tries the limits on every route."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from clusters import Cluster
from headwater.features.accounts.service import addresses
from headwater.kit.errors import Invalid
from people import AppFixture, Person

ALL = ["read", "write", "admin"]


async def program(app: AppFixture, created: dict[str, Any], ip: str | None = None) -> httpx.AsyncClient:
    return await app.stranger(ip, authorization=f"Bearer {created['secret']}")


async def status(client: httpx.AsyncClient, path: str, method: str = "GET", **options: Any) -> int:
    return (await client.request(method, f"/api/v1{path}", **options)).status_code


async def new_key(person: Person, path: str = "/keys", **given: Any) -> dict[str, Any]:
    created: dict[str, Any] = await person.send("POST", path, 201, json={"name": "k", "scopes": ALL} | given)
    return created


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("2001:DB8::/48", "2001:db8::/48"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::/0", "::/0"),
    ],
)
def test_networks_are_stored_in_one_form(given: str, stored: str) -> None:
    assert addresses.normal([given, given]) == [stored]


@pytest.mark.parametrize(
    "given", ["", "example.org", "10.0.0.1/8", "10.0.0.0/33", "010.0.0.1", "fe80::1%eth0", "1.2.3.4/0.0.0.255x", "١٢"]
)
def test_what_is_no_network_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        addresses.normal([given])


@pytest.mark.parametrize(
    ("networks", "ip", "allowed"),
    [
        ([], "anything", True),
        (["203.0.113.0/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "203.0.114.9", False),
        (["203.0.113.0/24"], "2001:db8::1", False),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["203.0.113.0/24"], "", False),
        (["203.0.113.0/24"], "unix", False),
    ],
)
def test_addresses_are_compared_as_addresses(networks: list[str], ip: str, allowed: bool) -> None:
    assert addresses.allows(networks, ip) == allowed


async def test_a_key_with_addresses_is_valid_only_there(app: AppFixture) -> None:
    someone = await app.person()
    created = await new_key(someone, addresses=["203.0.113.0/24", "2001:db8::/32"])
    assert created["key"]["addresses"] == ["203.0.113.0/24", "2001:db8::/32"]
    for ip, expected in (
        ("203.0.113.5", 200),
        ("::ffff:203.0.113.5", 200),
        ("2001:db8::7", 200),
        ("198.51.100.1", 403),
    ):
        assert await status(await program(app, created, ip), "/auth/me") == expected, ip
    key = (await someone.get("/keys"))["items"][0]
    assert key["last_used_at"], "the address of the refusal is no use"
    refused = await someone.send("POST", "/keys", 422, json={"name": "k", "scopes": ALL, "addresses": ["10.0.0.1/8"]})
    assert "10.0.0.0/8" in str(refused["errors"])


async def test_a_key_of_a_project_sees_only_that(app: AppFixture) -> None:
    someone = await app.person()
    other = await someone.send("POST", "/projects", 201, json={"name": "Other"})
    client = await program(app, await new_key(someone, project_id=someone.project["id"]))
    listed = (await client.get("/api/v1/projects")).json()["items"]
    assert [row["id"] for row in listed] == [someone.project["id"]]
    assert await status(client, f"/projects/{someone.project['id']}") == 200
    assert await status(client, f"/projects/{other['id']}") == 404
    assert await status(client, "/projects", "POST", json={"name": "Third"}) == 403
    assert await status(client, "/keys", "POST", json={"name": "wider", "scopes": ALL}) == 403
    assert await status(client, "/audit") == 403
    assert await status(client, f"/organizations/{someone.organization}/members") == 403
    assert await status(client, f"/organizations/{someone.organization}/vaults") == 403
    await someone.send("DELETE", f"/projects/{someone.project['id']}", 204)
    assert (await client.get("/api/v1/projects")).json()["items"] == [], "it does not get wider with its project gone"
    assert (await client.get("/api/v1/organizations")).status_code == 200


async def test_a_limited_key_of_the_administrator_does_not_administrate(app: AppFixture) -> None:
    admin = await app.person()
    await app.promote(admin)
    client = await program(app, await new_key(admin, project_id=admin.project["id"]))
    assert await status(client, "/users") == 403
    assert await status(client, "/instance", "PATCH", json={"open_signup": False}) == 403


async def test_a_key_of_a_database_sees_it_and_what_belongs_to_it(app: AppFixture, cluster: Cluster) -> None:
    someone = await app.person()
    mine, other = (
        await someone.connected(cluster.clone("CREATE TABLE t (id int)")),
        await someone.connected(cluster.clone()),
    )
    project = f"/projects/{someone.project['id']}"
    for database, name in ((mine, "mine"), (other, "other"), (None, "none")):
        body = {"name": name, "text": "SELECT 1", "shared": True, "database_id": database}
        await someone.send("POST", f"{project}/queries", 201, json=body)
    taken = [await someone.send("POST", f"/databases/{each}/snapshots", 202, json={}) for each in (mine, other)]
    client = await program(app, await new_key(someone, f"/databases/{mine}/keys"))

    async def names(path: str, field: str = "id") -> list[str]:
        answer = await client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return [row[field] for row in answer.json()["items"]]

    assert await names("/projects") == [someone.project["id"]]
    assert await names(f"{project}/databases") == [mine]
    assert await names(f"{project}/queries", "name") == ["mine"]
    assert await names(f"{project}/dashboards") == []
    assert await names(f"{project}/codebases") == []
    assert await names("/jobs") == [taken[0]["job"]["id"]]
    assert await names(f"/databases/{mine}/snapshots") == [taken[0]["id"]]
    assert await status(client, f"/jobs/{taken[0]['job']['id']}") == 200
    assert await status(client, f"/snapshots/{taken[0]['id']}") == 200
    assert await status(client, f"/databases/{mine}/query", "POST", json={"text": "SELECT 1"}) == 200
    assert await status(client, f"/databases/{mine}/runs") == 200
    assert await status(client, f"/databases/{mine}/recovery") == 409, "it is reached, and managed elsewhere"
    for path in (f"/databases/{other}", f"/jobs/{taken[1]['job']['id']}", f"/snapshots/{taken[1]['id']}"):
        assert await status(client, path) == 404, path
    copy = {"target_id": other}
    assert await status(client, f"/databases/{mine}/copies/plan", "POST", json=copy) == 404
    restore = {"name": "fresh"}
    assert await status(client, f"/snapshots/{taken[0]['id']}/restores/plan", "POST", json=restore) in {403, 409}
    assert await status(client, project, "PATCH", json={"name": "Mine"}) == 403
    assert await status(client, f"/databases/{mine}", "PATCH", json={"name": "renamed"}) == 200


async def test_neighbours_and_viewers_create_no_keys_for_what_they_do_not_see(
    app: AppFixture, cluster: Cluster
) -> None:
    owner, neighbour, viewer = await app.person(), await app.person("neighbour"), await app.person("viewer")
    database = await owner.connected(cluster.clone())
    await owner.invite(viewer, "viewer")
    body = {"name": "k", "scopes": ALL}
    await neighbour.send("POST", f"/databases/{database}/keys", 404, json=body)
    await neighbour.send("POST", "/keys", 404, json=body | {"project_id": owner.project["id"]})
    client = await program(app, await new_key(viewer, f"/databases/{database}/keys"))
    assert await status(client, f"/databases/{database}") == 200
    assert await status(client, f"/databases/{database}", "DELETE") == 403, "a key has no more rights than its user"
    await owner.send("DELETE", f"/organizations/{owner.organization}/members/{viewer.signed_in['user']['id']}", 204)
    assert await status(client, f"/databases/{database}") == 404


async def test_a_rotated_key_lives_on_for_a_while(app: AppFixture) -> None:
    someone = await app.person()
    old = await new_key(someone, addresses=["198.18.0.0/15"], project_id=someone.project["id"], expires_in_days=30)
    path = f"/keys/{old['key']['id']}/rotation"
    new = await someone.send("POST", path, 201, json={"overlap_hours": 2})
    same = ("name", "scopes", "addresses", "project_id", "limited_to")
    assert [new["key"][name] for name in same] == [old["key"][name] for name in same]
    assert new["previous"]["replaced_by"] == new["key"]["id"]
    assert new["previous"]["expires_at"] < old["key"]["expires_at"] < new["key"]["expires_at"]
    assert {row["id"] for row in (await someone.get("/keys"))["items"]} == {old["key"]["id"], new["key"]["id"]}
    for created in (old, new):
        assert await status(await program(app, created), "/projects") == 200
    await someone.send("POST", path, 409, json={"overlap_hours": 2})
    async with app.server.database.transaction() as db:
        expire = text("UPDATE api_keys SET expires_at = now() WHERE id = :id")
        await db.execute(expire, {"id": old["key"]["id"]})
    assert await status(await program(app, old), "/projects") == 401
    assert await status(await program(app, new), "/projects") == 200
    audited = {row["action"] for row in (await someone.get("/audit"))["items"]}
    assert "key.rotate" in audited


async def test_of_two_rotations_at_once_one_wins(app: AppFixture) -> None:
    someone, neighbour = await app.person(), await app.person()
    old = await new_key(someone)
    path = f"/keys/{old['key']['id']}/rotation"
    await neighbour.send("POST", path, 404, json={})
    answers = await asyncio.gather(*(someone.client.post(f"/api/v1{path}", json={}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    await someone.send("POST", f"/keys/{uuid.uuid4()}/rotation", 404, json={})
    await someone.send("POST", path, 422, json={"overlap_hours": 721})


async def test_a_key_with_fewer_scopes_cannot_rotate_one_with_more(app: AppFixture) -> None:
    someone = await app.person()
    wide, narrow = await new_key(someone), await new_key(someone, scopes=["read", "write"])
    assert await status(await program(app, narrow), f"/keys/{wide['key']['id']}/rotation", "POST", json={}) == 403
