"""Lost passwords and changed addresses: links by mail and by the administrator, the list of accounts."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from mail_server import MailServer, mail_server
from people import PASSWORD, AppFixture, Person

NEW = "eight wooden boats"


@pytest.fixture
def mails(app: AppFixture) -> Iterator[MailServer]:
    with mail_server(app.server.settings) as server:
        yield server


async def signs_in(app: AppFixture, email: str, password: str) -> int:
    client = await app.stranger()
    return (await client.post("/api/v1/auth/login", json={"email": email, "password": password})).status_code


async def asks(app: AppFixture, email: str, ip: str | None = None) -> tuple[int, str]:
    answer = await (await app.stranger(ip)).post("/api/v1/auth/reset-request", json={"email": email})
    return answer.status_code, answer.text


async def resets(app: AppFixture, token: str, password: str = NEW) -> int:
    body = {"token": token, "password": password}
    return (await (await app.stranger()).post("/api/v1/auth/reset", json=body)).status_code


async def administrator(app: AppFixture) -> Person:
    person = await app.person("administrator")
    await app.promote(person)
    return person


async def test_lost_password_is_set_anew_by_a_mail(app: AppFixture, mails: MailServer) -> None:
    someone = await app.person()
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
    assert (await asks(app, f" {someone.email.upper()} "))[0] == 202
    token = await mails.token_to(someone.email)
    assert await resets(app, token, "short") == 422
    assert await resets(app, token) == 204
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401, "all sessions have ended"
    program = await app.stranger(authorization=f"Bearer {key['secret']}")
    assert (await program.get("/api/v1/auth/me")).status_code == 200
    assert await signs_in(app, someone.email, PASSWORD) == 401
    assert await signs_in(app, someone.email, NEW) == 200
    assert await resets(app, token) == 404, "a link is valid once"
    assert "was changed" in (await mails.mail_to(someone.email))["Subject"]


async def test_answers_tell_nobody_who_has_an_account(app: AppFixture, mails: MailServer) -> None:
    someone = await app.person()
    unknown = f"{uuid.uuid4().hex}@example.org"
    assert await asks(app, someone.email) == await asks(app, unknown)
    await mails.mail_to(someone.email)
    assert [mail["To"] for mail in mails.mails] == [someone.email]


async def test_a_new_link_replaces_the_earlier_one_and_links_expire(app: AppFixture) -> None:
    someone, admin = await app.person(), await administrator(app)
    path = f"/users/{someone.signed_in['user']['id']}/reset-link"
    first = await admin.send("POST", path, 201)
    second = await admin.send("POST", path, 201)
    assert second["url"] == f"https://headwater.test/reset#{second['token']}"
    assert await resets(app, first["token"]) == 404
    async with app.server.database.transaction() as db:
        expired = "UPDATE account_links SET expires_at = now() WHERE user_id = :id"
        await db.execute(text(expired), {"id": someone.signed_in["user"]["id"]})
    assert await resets(app, second["token"]) == 404
    third = await admin.send("POST", path, 201)
    both = await asyncio.gather(resets(app, third["token"]), resets(app, third["token"]))
    assert sorted(both) == [204, 404]


async def test_change_of_the_password_voids_links(app: AppFixture) -> None:
    someone, admin = await app.person(), await administrator(app)
    link = await admin.send("POST", f"/users/{someone.signed_in['user']['id']}/reset-link", 201)
    await someone.send("PUT", "/auth/password", 204, json={"current": PASSWORD, "new": "nine wooden boats"})
    assert await resets(app, link["token"]) == 404


async def test_mails_to_an_address_and_requests_from_one_are_limited(app: AppFixture, mails: MailServer) -> None:
    someone = await app.person()
    statuses = [(await asks(app, someone.email, "203.0.113.250"))[0] for _ in range(21)]
    assert statuses == [202] * 20 + [429]
    other = await app.person()
    await asks(app, other.email)
    await mails.mail_to(other.email)  # sent after all of the first
    assert sum(mail["To"] == someone.email for mail in mails.mails) == 3


async def test_mail_that_cannot_be_sent_is_no_error_of_the_request(app: AppFixture) -> None:
    someone = await app.person()
    app.server.settings.smtp_url = SecretStr("smtp://127.0.0.1:1")
    try:
        assert (await asks(app, someone.email))[0] == 202
    finally:
        app.server.settings.smtp_url = None


async def test_address_is_changed_once_it_is_confirmed(app: AppFixture, mails: MailServer) -> None:
    someone, other = await app.person(), await app.person()
    new = f"{uuid.uuid4().hex}@example.org"
    await someone.send("POST", "/auth/email", 422, json={"email": new, "password": "not my password"})
    await someone.send("POST", "/auth/email", 422, json={"email": "no address", "password": PASSWORD})
    taken = await someone.client.post("/api/v1/auth/email", json={"email": other.email, "password": PASSWORD})
    answer = await someone.client.post("/api/v1/auth/email", json={"email": new, "password": PASSWORD})
    assert (taken.status_code, taken.text) == (answer.status_code, answer.text) == (202, "null")
    token = await mails.token_to(new)
    assert (await someone.get("/auth/me"))["user"]["email"] == someone.email
    client = await app.stranger()
    confirmed = await client.post("/api/v1/auth/email/confirmation", json={"token": token})
    assert confirmed.json() == {"email": new}
    assert await signs_in(app, someone.email, PASSWORD) == 401
    assert await signs_in(app, new, PASSWORD) == 200
    assert (await client.post("/api/v1/auth/email/confirmation", json={"token": token})).status_code == 404
    assert new in (await mails.mail_to(someone.email)).get_content()
    assert other.email not in {mail["To"] for mail in mails.mails}


async def test_address_that_somebody_took_in_the_meantime_is_not_taken_twice(app: AppFixture) -> None:
    someone, admin = await app.person(), await administrator(app)
    new = f"{uuid.uuid4().hex}@example.org"
    path = f"/users/{someone.signed_in['user']['id']}/email-link"
    link = await admin.send("POST", path, 201, json={"email": new})
    await app.sign_up(new)
    client = await app.stranger()
    assert (await client.post("/api/v1/auth/email/confirmation", json={"token": link["token"]})).status_code == 409
    assert await resets(app, link["token"]) == 404, "a link has one purpose"


async def test_without_mail_the_administrator_is_asked(app: AppFixture) -> None:
    someone = await app.person()
    refused = await someone.send("POST", "/auth/email", 409, json={"email": "new@example.org", "password": PASSWORD})
    assert "administrator" in refused["hint"]
    assert (await asks(app, someone.email))[0] == 202
    assert (await (await app.stranger()).get("/api/v1/instance")).json()["sends_mail"] is False


async def test_only_the_administrator_sees_and_helps_others(app: AppFixture) -> None:
    someone, neighbour, admin = await app.person(), await app.person("neighbour"), await administrator(app)
    path = f"/users/{someone.signed_in['user']['id']}"
    for method, route in (("POST", "reset-link"), ("DELETE", "sessions"), ("DELETE", "second-factor")):
        await neighbour.send(method, f"{path}/{route}", 403)
    await neighbour.send("GET", "/users", 403)
    await neighbour.send("POST", f"{path}/email-link", 403, json={"email": "x@example.org"})
    (listed,) = (await admin.get("/users", search=someone.email))["items"]
    assert (listed["email"], listed["has_second_factor"], listed["is_admin"]) == (someone.email, False, False)
    assert await admin.send("DELETE", f"{path}/sessions", 200) == {"ended": 1}
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401
    await admin.send("DELETE", f"/users/{uuid.uuid4()}/sessions", 404)
    await admin.send("DELETE", f"{path}/second-factor", 204)
    async with app.server.database.transaction() as db:
        old = "UPDATE sessions SET confirmed_at = now() - interval '1 year' WHERE user_id = :id"
        await db.execute(text(old), {"id": admin.signed_in["user"]["id"]})
    assert (await admin.send("POST", f"{path}/reset-link", 403))["code"] == "proof_needed"


async def test_invitations_are_mailed(app: AppFixture, mails: MailServer) -> None:
    owner, guest = await app.person("owner"), await app.person("guest")
    body = {"email": guest.email, "role": "viewer"}
    await owner.send("POST", f"/organizations/{owner.organization}/invitations", 201, json=body)
    token = await mails.token_to(guest.email)
    await guest.send("POST", "/invitations/acceptance", 200, json={"token": token})


async def test_tokens_of_links_are_not_stored(app: AppFixture) -> None:
    someone, admin = await app.person(), await administrator(app)
    link = await admin.send("POST", f"/users/{someone.signed_in['user']['id']}/reset-link", 201)
    async with app.server.database.transaction() as db:
        rows = await db.execute(
            text("SELECT l::text FROM account_links l UNION ALL SELECT a::text FROM audit_entries a")
        )
        assert not [row for row in rows.scalars() if link["token"] in row]
