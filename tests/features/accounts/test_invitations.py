"""Invitations by link: for one address, once, until they expire, are revoked, or their creator loses the right."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from headwater.features.accounts import maintenance
from people import PASSWORD, AppFixture, Person


async def invited(owner: Person, email: str, role: str = "member", **more: Any) -> dict[str, Any]:
    path = f"/organizations/{owner.organization}/invitations"
    created: dict[str, Any] = await owner.send("POST", path, 201, json={"email": email, "role": role} | more)
    return created


def address() -> str:
    return f"{uuid.uuid4().hex}@example.org"


async def test_invitation_is_accepted_once_by_whom_it_is_for(app: AppFixture) -> None:
    owner, guest, other = await app.person("owner"), await app.person("guest"), await app.person("other")
    created = await invited(owner, f"  {guest.email.upper()}", "admin")
    assert created["url"] == f"https://headwater.test/invite#{created['token']}"
    body = {"token": created["token"]}
    offer = (await (await app.stranger()).post("/api/v1/invitations/offer", json=body)).json()
    assert (offer["email"], offer["role"], offer["invited_by"]) == (guest.email, "admin", "owner")
    assert (await (await app.stranger()).post("/api/v1/invitations/acceptance", json=body)).status_code == 401
    await other.send("POST", "/invitations/acceptance", 403, json=body)
    both = [guest.client.post("/api/v1/invitations/acceptance", json=body) for _ in range(2)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 404]
    members = (await guest.get(f"/organizations/{owner.organization}/members"))["items"]
    assert {member["email"]: member["role"] for member in members} == {owner.email: "owner", guest.email: "admin"}
    listed = (await owner.get(f"/organizations/{owner.organization}/invitations"))["items"]
    assert [(row["email"], row["status"]) for row in listed] == [(guest.email, "accepted")]
    assert created["token"] not in str(listed)
    actions = [row["action"] for row in (await owner.get("/audit"))["items"]]
    assert {"invitation.create", "member.add"} <= set(actions)
    await owner.send(
        "POST", f"/organizations/{owner.organization}/invitations", 409, json={"email": guest.email, "role": "viewer"}
    )


async def test_an_invitation_tells_nobody_who_has_an_account(app: AppFixture) -> None:
    owner, guest = await app.person("owner"), await app.person("guest")
    known, unknown = await invited(owner, guest.email), await invited(owner, address())
    for created in (known, unknown):
        created["invitation"] |= {"id": "", "email": "", "created_at": "", "expires_at": ""}
        created |= {"url": "", "token": ""}
    assert known == unknown
    assert guest.email not in str(await owner.get(f"/organizations/{owner.organization}/members"))


async def test_who_is_invited_signs_up_even_where_sign_up_is_closed(app: AppFixture) -> None:
    owner = await app.person("owner")
    email = address()
    token = (await invited(owner, email, "viewer"))["token"]
    await app.promote(owner)
    await owner.send("PATCH", "/instance", 200, json={"open_signup": False})
    try:
        client = await app.stranger()
        body = {"email": email, "password": PASSWORD, "name": "new"}
        assert (await client.post("/api/v1/auth/signup", json=body)).status_code == 403
        others = body | {"email": address(), "invitation": token}
        assert (await client.post("/api/v1/auth/signup", json=others)).status_code == 403
        wrong = body | {"invitation": "x" * 43}
        assert (await client.post("/api/v1/auth/signup", json=wrong)).status_code == 404
        answer = await client.post("/api/v1/auth/signup", json=body | {"invitation": token})
        assert answer.status_code == 201, answer.text
        assert answer.json()["user"]["is_admin"] is False
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        me = (await client.get("/api/v1/auth/me")).json()
        assert {row["id"]: row["role"] for row in me["organizations"]}[owner.organization] == "viewer"
        again = body | {"email": address(), "invitation": token}
        assert (await client.post("/api/v1/auth/signup", json=again)).status_code == 404
    finally:
        await owner.send("PATCH", "/instance", 200, json={"open_signup": True})


async def end(app: AppFixture, owner: Person, created: dict[str, Any], how: str) -> None:
    """Let an invitation be over."""
    path = f"/organizations/{owner.organization}/invitations"
    if how == "revoked":
        await owner.send("DELETE", f"{path}/{created['invitation']['id']}", 204)
        await owner.send("DELETE", f"{path}/{created['invitation']['id']}", 409)
    elif how == "replaced":
        await invited(owner, created["invitation"]["email"])
    else:
        column = "expires_at = now()" if how == "expired" else "role = 'member'"
        table = "invitations WHERE id" if how == "expired" else "memberships WHERE user_id"
        id_ = created["invitation"]["id"] if how == "expired" else owner.signed_in["user"]["id"]
        statement = f"UPDATE {table.split()[0]} SET {column} WHERE {table.split()[2]} = :id"
        async with app.server.database.transaction() as db:
            await db.execute(text(statement), {"id": id_})


@pytest.mark.parametrize("how", ["revoked", "replaced", "expired", "demoted"])
async def test_an_invitation_that_is_over_is_worth_nothing(app: AppFixture, how: str) -> None:
    owner, guest = await app.person("owner"), await app.person("guest")
    created = await invited(owner, guest.email)
    await end(app, owner, created, how)
    body = {"token": created["token"]}
    assert (await guest.send("POST", "/invitations/offer", 404, json=body))["code"] == "invitation_gone"
    assert (await guest.send("POST", "/invitations/acceptance", 404, json=body))["code"] == "invitation_gone"


async def test_only_owners_invite_owners(app: AppFixture) -> None:
    owner, admin, viewer = await app.person("owner"), await app.person("admin"), await app.person("viewer")
    await owner.invite(admin, "admin")
    await owner.invite(viewer, "viewer")
    path = f"/organizations/{owner.organization}/invitations"
    await admin.send("POST", path, 403, json={"email": address(), "role": "owner"})
    await admin.send("POST", path, 201, json={"email": address(), "role": "admin"})
    await viewer.send("POST", path, 403, json={"email": address(), "role": "viewer"})
    await viewer.send("GET", path, 403)
    theirs = await invited(owner, address(), "owner")
    await admin.send("DELETE", f"{path}/{theirs['invitation']['id']}", 403)
    await owner.send("POST", path, 422, json={"email": "no address", "role": "viewer"})
    await owner.send("POST", path, 422, json={"email": address(), "role": "king"})
    await owner.send("POST", path, 422, json={"email": address(), "role": "viewer", "expires_in_days": 0})


async def test_tokens_of_invitations_are_not_stored(app: AppFixture) -> None:
    owner = await app.person("owner")
    created = await invited(owner, address())
    async with app.server.database.transaction() as db:
        rows = await db.execute(text("SELECT i::text FROM invitations i UNION ALL SELECT a::text FROM audit_entries a"))
        assert not [row for row in rows.scalars() if created["token"] in row]


async def test_invitations_that_have_long_expired_are_deleted(app: AppFixture) -> None:
    owner = await app.person("owner")
    old, fresh = await invited(owner, address()), await invited(owner, address())
    async with app.server.database.transaction() as db:
        expired = "UPDATE invitations SET expires_at = now() - interval '91 days' WHERE id = :id"
        await db.execute(text(expired), {"id": old["invitation"]["id"]})
    await maintenance.run_maintenance(app.server.context)
    listed = (await owner.get(f"/organizations/{owner.organization}/invitations"))["items"]
    assert [row["id"] for row in listed] == [fresh["invitation"]["id"]]
