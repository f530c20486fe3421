"""Organizations, members, projects, API keys, closed sign-up, the audit log."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from people import PASSWORD, AppFixture, Person

pytestmark = pytest.mark.usefixtures("with_sample")


async def test_new_account_has_an_organization_and_the_sample_project(app: AppFixture) -> None:
    someone = await app.person()
    me = await someone.get("/auth/me")
    assert [organization["role"] for organization in me["organizations"]] == ["owner"]
    assert (someone.project["name"], someone.project["is_sample"]) == ("Bookshop sample", True)


async def test_members_are_changed_and_removed(app: AppFixture) -> None:
    owner, guest = await app.person("owner"), await app.person("guest")
    path = f"/organizations/{owner.organization}/members"
    added = await owner.invite(guest, "viewer")
    assert added["role"] == "viewer"
    assert [row["role"] for row in (await guest.get(path))["items"]] == ["owner", "viewer"]
    await guest.send("PATCH", f"{path}/{added['user_id']}", 403, json={"role": "owner"})
    await owner.send("PATCH", f"{path}/{added['user_id']}", 200, json={"role": "admin"})
    await guest.send("PATCH", f"{path}/{added['user_id']}", 403, json={"role": "owner"})
    await guest.send("DELETE", f"{path}/{owner.signed_in['user']['id']}", 403)
    await guest.send("DELETE", f"{path}/{added['user_id']}", 204)
    await guest.send("GET", path, 404)


async def test_last_owner_cannot_leave(app: AppFixture) -> None:
    owner = await app.person()
    me = f"/organizations/{owner.organization}/members/{owner.signed_in['user']['id']}"
    await owner.send("DELETE", me, 409)
    await owner.send("PATCH", me, 409, json={"role": "viewer"})


async def test_projects_are_created_changed_listed_and_deleted(app: AppFixture) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    created = await owner.send("POST", "/projects", 201, json={"name": "  Shop  ", "description": "ours"})
    assert (created["name"], created["role"], created["codebase_count"]) == ("Shop", "owner", 0)
    await owner.send("POST", "/projects", 422, json={"name": "   "})
    await owner.send("POST", "/projects", 422, json={"name": "a\0b"})
    await owner.send("POST", "/projects", 422, json={"name": "x", "colour": "red"})
    await neighbour.send("POST", "/projects", 404, json={"name": "x", "organization_id": owner.organization})
    path = f"/projects/{created['id']}"
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        await neighbour.send(method, path, 404, json=body)
    assert (await owner.send("PATCH", path, 200, json={"name": "Store"}))["description"] == "ours"
    first = await owner.get("/projects", limit=1)
    assert [row["id"] for row in first["items"]] == [created["id"]]
    second = await owner.get("/projects", limit=1, cursor=first["next"])
    assert [row["id"] for row in second["items"]] == [owner.project["id"]]
    assert second["next"] is None
    await owner.send("DELETE", path, 204)
    await owner.send("GET", path, 404)


@pytest.mark.parametrize("cursor", ["", "x", "WzFd", "W10", "WyIxIl0", "%00"])
async def test_invalid_cursors_are_rejected_or_ignored(app: AppFixture, cursor: str) -> None:
    someone = await app.person()
    answer = await someone.client.get(f"/api/v1/projects?cursor={cursor}")
    assert answer.status_code in {200, 400}


async def key_client(app: AppFixture, owner: Person, *scopes: str, **more: object) -> tuple[Person, dict[str, str]]:
    created = await owner.send("POST", "/keys", 201, json={"name": "ci", "scopes": list(scopes), **more})
    client = await app.stranger(authorization=f"Bearer {created['secret']}")
    return Person(owner.email, client, {}), created


async def test_api_keys_are_limited_to_their_scopes(app: AppFixture) -> None:
    owner = await app.person()
    reader, created = await key_client(app, owner, "read")
    assert created["secret"].startswith(created["key"]["prefix"] + "_")
    assert created["secret"] not in str(await owner.get("/keys"))
    await reader.get("/projects")
    await reader.send("POST", "/projects", 403, json={"name": "x"})
    await reader.send("POST", "/keys", 403, json={"name": "x", "scopes": ["read"]})
    writer, _ = await key_client(app, owner, "write")
    await writer.get("/projects")
    project = await writer.send("POST", "/projects", 201, json={"name": "by key"})
    await writer.send("DELETE", f"/projects/{project['id']}", 403)
    admin, _ = await key_client(app, owner, "admin")
    await admin.send("DELETE", f"/projects/{project['id']}", 204)
    actors = {row["actor"]["kind"] for row in (await owner.get("/audit", action="project."))["items"]}
    assert actors == {"user", "key"}


async def test_api_keys_record_use_expire_and_can_be_revoked(app: AppFixture) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    program, created = await key_client(app, owner, "read", expires_in_days=1)
    await program.get("/projects")
    listed = (await owner.get("/keys"))["items"][0]
    assert listed["last_used_at"] is not None
    await neighbour.send("DELETE", f"/keys/{listed['id']}", 404)
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE api_keys SET expires_at = now() WHERE id = :id"), {"id": listed["id"]})
    await program.send("GET", "/projects", 401)
    other, created = await key_client(app, owner, "read")
    await owner.send("DELETE", f"/keys/{created['key']['id']}", 204)
    await other.send("GET", "/projects", 401)
    wrong = created["secret"][:-1] + ("0" if created["secret"][-1] != "0" else "1")
    stranger = await app.stranger(authorization=f"Bearer {wrong}")
    assert (await stranger.get("/api/v1/projects")).status_code == 401


async def test_api_key_secret_is_not_stored(app: AppFixture) -> None:
    owner = await app.person()
    _, created = await key_client(app, owner, "read")
    secret = created["secret"].rsplit("_", 1)[1]
    async with app.server.database.transaction() as db:
        rows = await db.execute(text("SELECT k::text FROM api_keys k UNION ALL SELECT a::text FROM audit_entries a"))
        assert not [row for row in rows.scalars() if secret in row]


async def test_the_administrator_can_close_sign_up(app: AppFixture) -> None:
    someone = await app.person()
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE users SET is_admin = false"))
    await someone.send("PATCH", "/instance", 403, json={"open_signup": False})
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE users SET is_admin = true WHERE email = :email"), {"email": someone.email})
    assert (await someone.send("PATCH", "/instance", 200, json={"open_signup": False}))["open_signup"] is False
    stranger = await app.stranger()
    body = {"email": "late@example.org", "password": PASSWORD, "name": "late"}
    assert (await stranger.post("/api/v1/auth/signup", json=body)).status_code == 403
    await someone.send("PATCH", "/instance", 200, json={"open_signup": True})


async def test_audit_log_is_visible_to_admins_and_actors_only(app: AppFixture) -> None:
    owner, viewer, neighbour = await app.person(), await app.person("viewer"), await app.person("neighbour")
    await owner.invite(viewer, "viewer")
    entries = (await owner.get("/audit"))["items"]
    assert [(row["action"], row["actor"]["email"]) for row in entries[:2]] == [
        ("member.add", viewer.email),
        ("invitation.create", owner.email),
    ]
    assert {"auth.signup", "project.create", "codebase.create"} <= {row["action"] for row in entries}
    for other in (viewer, neighbour):
        seen = (await other.get("/audit"))["items"]
        assert {row["actor"]["email"] for row in seen} == {other.email}
