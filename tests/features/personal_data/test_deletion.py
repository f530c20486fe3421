"""Deletion of accounts: what is asked, the grace period, and what becomes of everything in the end."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from authenticator import Authenticator
from clusters import Cluster
from features.accounts.test_identity_providers import arrives, as_user, person_of
from features.accounts.test_passkeys import created, result_of, with_passkey
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.personal_data import repository
from headwater.features.personal_data.service import removal
from headwater.features.snapshots.service.storage.vault_locations import own_folder
from identity_server import IdentityServer, identity_server
from people import PASSWORD, AppFixture, Person


def user_id(person: Person) -> str:
    return str(person.signed_in["user"]["id"])


async def owned(person: Person) -> dict[str, Any]:
    return {row["name"]: row for row in (await person.get("/auth/belongings"))["owned"]}


async def asks_to_be_deleted(person: Person, status: int = 202, **choice: Any) -> Any:
    """Ask for the deletion of an account whose personal organization is the only one that it owns alone."""
    organizations = [{"organization_id": person.organization} | choice]
    return await person.send("POST", "/auth/deletion", status, json={"organizations": organizations})


async def sign_in(app: AppFixture, person: Person, **given: Any) -> tuple[int, dict[str, Any]]:
    body = {"email": person.email, "password": PASSWORD} | given
    answer = await (await app.stranger()).post("/api/v1/auth/login", json=body)
    return answer.status_code, answer.json()


async def end_of_grace(app: AppFixture, person: Person) -> None:
    async with app.server.database.transaction() as db:
        due = text("UPDATE users SET deletion_at = now() - interval '1 second' WHERE id = :id")
        await db.execute(due, {"id": user_id(person)})


async def values(app: AppFixture, statement: str, **given: Any) -> list[Any]:
    async with app.server.database.transaction() as db:
        return list((await db.execute(text(statement), given)).scalars())


async def removed(app: AppFixture, person: Person) -> None:
    """Let the grace period end, and run passes until the account is gone."""
    await end_of_grace(app, person)
    async with asyncio.timeout(120):
        while not await removal.remove(app.server.context, uuid.UUID(user_id(person))):
            await asyncio.sleep(0.1)


async def test_every_organization_is_decided(app: AppFixture, cluster: Cluster) -> None:
    owner, member = await app.person("owner"), await app.person("member")
    await owner.invite(member, "viewer")
    await owner.connected(cluster.clone())
    name = next(iter(await owned(owner)))
    belongings = (await owned(owner))[name]
    assert belongings["counts"]["databases"] == 1 and belongings["needs_confirmation"]
    assert [row["email"] for row in belongings["successors"]] == [member.email]
    assert (await member.get("/auth/belongings"))["left"] == [name]

    await owner.send("POST", "/auth/deletion", 422, json={"organizations": []})
    await asks_to_be_deleted(owner, 422)
    await asks_to_be_deleted(owner, 422, confirmation=name.upper() + "!")
    await asks_to_be_deleted(owner, 422, successor_id=str(uuid.uuid4()))
    await asks_to_be_deleted(owner, 422, successor_id=user_id(owner))
    stranger = {"organization_id": member.organization, "confirmation": "x"}
    await owner.send("POST", "/auth/deletion", 422, json={"organizations": [stranger]})
    assert (await owner.get("/auth/me"))["user"]["email"] == owner.email, "nothing has happened"


async def test_signing_in_keeps_the_account(app: AppFixture) -> None:
    someone = await app.person()
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
    program = await app.stranger(authorization=f"Bearer {key['secret']}")
    await asks_to_be_deleted(someone)
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401
    assert (await program.get("/api/v1/auth/me")).status_code == 401
    assert (await sign_in(app, someone))[1]["code"] == "account_ending"
    wrong, unknown = (
        await sign_in(app, someone, password="not the password"),
        await sign_in(app, someone, email="x@y.z"),
    )
    assert wrong[1]["detail"] == unknown[1]["detail"]
    assert (await sign_in(app, someone, password="not the password", keep_account=True))[0] == 401
    assert await removal.remove(app.server.context, uuid.UUID(user_id(someone))) is False
    assert (await sign_in(app, someone, keep_account=True))[0] == 200
    assert await values(app, "SELECT role FROM memberships WHERE user_id = :id", id=user_id(someone)) == ["owner"]
    assert (await program.get("/api/v1/auth/me")).status_code == 200
    assert await values(app, "SELECT 1 FROM organizations WHERE deleted_with = :id", id=user_id(someone)) == []


async def test_after_the_grace_period_there_is_no_way_back(app: AppFixture) -> None:
    someone, admin = await app.person(), await app.person()
    await app.promote(admin)
    await asks_to_be_deleted(someone)
    await end_of_grace(app, someone)
    assert (await sign_in(app, someone, keep_account=True))[0] == 409
    await admin.send("PATCH", f"/users/{user_id(someone)}", 409, json={"active": True})


async def test_an_api_key_needs_the_password(app: AppFixture) -> None:
    someone = await app.person()
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read", "write", "admin"]})
    program = await app.stranger(authorization=f"Bearer {key['secret']}")
    body = {"organizations": [{"organization_id": someone.organization}]}
    assert (await program.post("/api/v1/auth/deletion", json=body)).status_code == 422
    assert (await program.post("/api/v1/auth/deletion", json=body | {"password": PASSWORD})).status_code == 202


async def test_a_successor_gets_the_organization_at_once(app: AppFixture, cluster: Cluster) -> None:
    owner, heir = await app.person("owner"), await app.person("heir")
    await owner.invite(heir, "viewer")
    database = await owner.connected(cluster.clone())
    await asks_to_be_deleted(owner, successor_id=user_id(heir))
    await removed(app, owner)
    assert (await heir.get(f"/databases/{database}"))["id"] == database
    members = (await heir.get(f"/organizations/{owner.organization}/members"))["items"]
    assert [(row["email"], row["role"]) for row in members] == [(heir.email, "owner")]


async def test_everything_of_a_deleted_account_is_gone(
    app: AppFixture, cluster: Cluster, supervisor: Supervisor
) -> None:
    owner, member = await app.person("owner"), await app.person("member")
    await owner.invite(member, "admin")
    managed, connected = await owner.database(), await owner.connected(cluster.clone("CREATE TABLE t (id int)"))
    taken = await owner.send("POST", f"/databases/{connected}/snapshots", 202, json={})
    await app.work(taken["job"]["id"])
    await owner.send("PATCH", f"/snapshots/{taken['id']}", 200, json={"held": True})
    folder = own_folder(app.server.settings, uuid.UUID(owner.organization))
    assert folder.exists()
    name = next(iter(await owned(owner)))
    await asks_to_be_deleted(owner, confirmation=name)
    assert (await member.get(f"/databases/{connected}"))["id"] == connected, "until then, other members work on"
    await removed(app, owner)
    ids = {"id": user_id(owner), "organization": owner.organization}
    for table in ("databases", "snapshots", "vaults", "projects", "jobs", "memberships"):
        assert await values(app, f"SELECT 1 FROM {table} WHERE organization_id = :organization", **ids) == [], table
    assert await values(app, "SELECT 1 FROM users WHERE id = :id", **ids) == []
    assert await values(app, "SELECT 1 FROM sessions WHERE user_id = :id", **ids) == []
    assert not folder.exists()
    assert (await member.client.get(f"/api/v1/databases/{managed}")).status_code == 404
    assert (await member.get("/auth/me"))["user"]["email"] == member.email


async def test_queries_dashboards_and_runs_of_a_deleted_user(app: AppFixture, cluster: Cluster) -> None:
    """Shared queries get another owner, so that dashboards still show them; private queries and runs are deleted."""
    owner, leaver = await app.person("owner"), await app.person("leaver")
    await owner.invite(leaver, "member")
    database = await owner.connected(cluster.clone())
    project = f"/projects/{owner.project['id']}"
    saved = {}
    for name, shared in (("shared", True), ("private", False)):
        body = {"name": name, "text": "SELECT 1", "shared": shared, "database_id": database}
        saved[name] = await leaver.send("POST", f"{project}/queries", 201, json=body)
    board = await leaver.send("POST", f"{project}/dashboards", 201, json={"name": "board"})
    await leaver.send("POST", f"/dashboards/{board['id']}/tiles", 201, json={"query_id": saved["shared"]["id"]})
    await leaver.send("POST", f"/databases/{database}/query", 200, json={"text": "SELECT 1"})
    runs = "SELECT id FROM query_runs WHERE user_id = :id"
    assert await values(app, runs, id=user_id(leaver))
    await asks_to_be_deleted(leaver)
    await removed(app, leaver)
    assert await values(app, runs, id=user_id(leaver)) == []
    assert [row["name"] for row in (await owner.get(f"{project}/queries"))["items"]] == ["shared"]
    owners = await values(app, "SELECT owner_id::text FROM saved_queries WHERE id = :id", id=saved["shared"]["id"])
    assert owners == [user_id(owner)]
    assert len((await owner.get(f"/dashboards/{board['id']}"))["tiles"]) == 1


async def test_the_audit_log_keeps_what_was_done(app: AppFixture) -> None:
    owner, leaver = await app.person("owner"), await app.person("leaver")
    await owner.invite(leaver, "member")
    await leaver.send("POST", "/projects", 201, json={"name": "Kept", "organization_id": owner.organization})
    await asks_to_be_deleted(leaver)
    await removed(app, leaver)
    entries = (await owner.get("/audit"))["items"]
    created = next(row for row in entries if row["action"] == "project.create" and row["resource"]["name"] == "Kept")
    assert (created["actor"]["email"], created["actor"]["id"]) == (leaver.email, user_id(leaver))
    assert (await owner.get("/audit/verification"))["intact"]


@pytest.mark.parametrize("crash", ["after members", "after vault", "before user"])
async def test_a_pass_that_was_killed_is_continued(
    app: AppFixture, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    someone = await app.person()
    database = await someone.connected(cluster.clone("CREATE TABLE t (id int)"))
    taken = await someone.send("POST", f"/databases/{database}/snapshots", 202, json={})
    await app.work(taken["job"]["id"])
    await asks_to_be_deleted(someone, confirmation=next(iter(await owned(someone))))
    await end_of_grace(app, someone)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    module, name = {
        "after members": (removal.shutil, "rmtree"),
        "after vault": (repository, "delete_organization"),
        "before user": (repository, "delete_user"),
    }[crash]
    with monkeypatch.context() as patch:
        patch.setattr(module, name, killed)
        with contextlib.suppress(KeyboardInterrupt):
            await removal.remove(app.server.context, uuid.UUID(user_id(someone)))
    assert await values(app, "SELECT 1 FROM users WHERE id = :id", id=user_id(someone)) == [1]
    assert await removal.remove(app.server.context, uuid.UUID(user_id(someone)))
    assert not await removal.remove(app.server.context, uuid.UUID(user_id(someone))), "there is nothing left to do"
    assert await values(app, "SELECT 1 FROM users WHERE id = :id", id=user_id(someone)) == []


async def test_two_workers_delete_the_same_account(app: AppFixture) -> None:
    someone = await app.person()
    await asks_to_be_deleted(someone)
    await end_of_grace(app, someone)
    context, id_ = app.server.context, uuid.UUID(user_id(someone))
    await asyncio.gather(*(removal.remove(context, id_) for _ in range(3)), return_exceptions=True)
    await removal.remove_due(context)
    assert await values(app, "SELECT 1 FROM users WHERE id = :id", id=user_id(someone)) == []


async def test_an_organization_whose_other_owner_left_in_the_meantime(app: AppFixture) -> None:
    first, second, member = await app.person("first"), await app.person("second"), await app.person("member")
    await first.invite(second, "owner")
    await first.invite(member, "viewer")
    members = f"/organizations/{first.organization}/members"
    await asks_to_be_deleted(second)
    await first.send("DELETE", f"{members}/{user_id(first)}", 409)
    async with app.server.database.transaction() as db:
        leave = text("DELETE FROM memberships WHERE user_id = :user AND organization_id = :id")
        await db.execute(leave, {"user": user_id(first), "id": first.organization})
        own = text("UPDATE organizations SET personal_of = NULL WHERE id = :id")
        await db.execute(own, {"id": first.organization})
    await removed(app, second)
    listed = (await member.get(members))["items"]
    assert [(row["email"], row["role"]) for row in listed] == [(member.email, "owner")]


async def test_the_grace_period_is_a_setting(app: AppFixture) -> None:
    someone = await app.person()
    assert (await someone.get("/auth/belongings"))["grace_days"] == 14
    answer = await asks_to_be_deleted(someone)
    left = "SELECT deletion_at - now() FROM users WHERE id = :id"
    assert timedelta(days=13, hours=23) < (await values(app, left, id=user_id(someone)))[0] < timedelta(days=14)
    assert answer["deletion_at"]


@pytest.fixture
def idp(app: AppFixture) -> Iterator[IdentityServer]:
    with identity_server() as server:
        app.server.settings.oidc_providers = (server.provider,)
        server.subject = uuid.uuid4().hex
        yield server


async def test_a_passkey_keeps_the_account(app: AppFixture) -> None:
    someone, device = await with_passkey(app)
    await asks_to_be_deleted(someone)
    client = await app.stranger()
    refused = await client.post("/api/v1/auth/passkeys/sign-in", json=await result_of(client, device))
    assert (refused.status_code, refused.json()["code"]) == (401, "account_ending")
    body = await result_of(client, device) | {"keep_account": True}
    assert (await client.post("/api/v1/auth/passkeys/sign-in", json=body)).status_code == 200
    assert await values(app, "SELECT deletion_at FROM users WHERE id = :id", id=user_id(someone)) == [None]


@pytest.mark.parametrize("factor", [False, True])
async def test_an_account_without_a_password_is_kept_through_its_provider(
    app: AppFixture, idp: IdentityServer, factor: bool
) -> None:
    email = f"{uuid.uuid4().hex}@example.org"
    as_user(idp, email)
    someone = person_of(*await arrives(app, idp))
    someone.organization = (await someone.get("/auth/me"))["organizations"][0]["id"]
    device = Authenticator()
    async with app.server.database.transaction() as db:  # a session from a provider has no proof yet
        await db.execute(text("UPDATE sessions SET confirmed_at = now() WHERE user_id = :id"), {"id": user_id(someone)})
    if factor:
        await created(someone, device)
    await asks_to_be_deleted(someone)
    for keep, status in ((False, 401), (True, 200)):
        client, answer = await arrives(app, idp, keep_account=keep)
        if factor:
            assert answer.json()["second_factor"]
            step = {"passkey": await result_of(client, device)}
            answer = await client.post("/api/v1/auth/oidc/second-step", json=step)
        assert answer.status_code == status, answer.text
        assert keep or answer.json()["code"] == "account_ending"
    assert await values(app, "SELECT deletion_at FROM users WHERE id = :id", id=user_id(someone)) == [None]
