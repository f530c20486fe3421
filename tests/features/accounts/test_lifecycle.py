"""Deactivated accounts, administrators, sessions with their devices and limits, sign-ups that are confirmed by mail."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from headwater.features.accounts.devices import device_of
from headwater.features.accounts.service.instance import signup_is_open
from mail_server import MailServer, mail_server
from people import PASSWORD, AppFixture, Person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def mails(app: AppFixture) -> Iterator[MailServer]:
    with mail_server(app.server.settings) as server:
        yield server


async def administrator(app: AppFixture) -> Person:
    person = await app.person("administrator")
    await app.promote(person)
    return person


def user_id(person: Person) -> str:
    return str(person.signed_in["user"]["id"])


async def sign_in(app: AppFixture, email: str, password: str = PASSWORD, **given: Any) -> tuple[int, dict[str, Any]]:
    client = await app.stranger()
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": password} | given)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36 Edg/138.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.4 Safari/605.1.15", "Safari on macOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) Version/18.4 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/138.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("python-httpx/0.28.1", "Python"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("Firefox/" * 40, "Firefox"),
    ],
)
def test_devices_are_named_in_a_few_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


async def test_sessions_have_devices_and_an_absolute_limit(app: AppFixture) -> None:
    someone = await app.person()
    client = await app.stranger(**{"user-agent": FIREFOX})
    body = {"email": someone.email, "password": PASSWORD}
    assert (await client.post("/api/v1/auth/login", json=body)).status_code == 200
    session = (await someone.get("/auth/sessions"))["items"][0]
    assert (session["device"], session["current"]) == ("Firefox on Linux", False)
    days = app.server.settings.session_absolute_days - 1
    async with app.server.database.transaction() as db:
        age = text("UPDATE sessions SET created_at = now() - make_interval(days => :days) WHERE id = :id")
        await db.execute(age, {"days": days, "id": session["id"]})
    assert (await client.post("/api/v1/auth/refresh")).status_code == 200
    async with app.server.database.transaction() as db:
        left = text("SELECT expires_at - now() < interval '25 hours' FROM sessions WHERE id = :id")
        assert (await db.execute(left, {"id": session["id"]})).scalar_one(), "use does not extend it beyond the limit"
        over = text("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = :id")
        await db.execute(over, {"id": session["id"]})
    assert (await client.post("/api/v1/auth/refresh")).status_code == 401


async def test_an_administrator_ends_single_sessions(app: AppFixture) -> None:
    admin, someone, neighbour = await administrator(app), await app.person(), await app.person()
    sessions = f"/users/{user_id(someone)}/sessions"
    await neighbour.send("GET", sessions, 403)
    listed = (await admin.get(sessions))["items"]
    assert len(listed) == 1
    await admin.send("DELETE", f"/users/{user_id(neighbour)}/sessions/{listed[0]['id']}", 404)
    await admin.send("DELETE", f"{sessions}/{listed[0]['id']}", 204)
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401
    await admin.send("GET", f"/users/{uuid.uuid4()}/sessions", 404)


async def test_a_deactivated_account_is_of_no_use_until_it_is_activated(app: AppFixture) -> None:
    admin, someone, guest = await administrator(app), await app.person(), await app.person()
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
    invitations = f"/organizations/{someone.organization}/invitations"
    invited = await someone.send("POST", invitations, 201, json={"email": guest.email, "role": "viewer"})
    cookie = await app.stranger()
    assert (await cookie.post("/api/v1/auth/login", json={"email": someone.email, "password": PASSWORD})).is_success
    await someone.send("PATCH", f"/users/{user_id(someone)}", 403, json={"active": False})
    changed = await admin.send("PATCH", f"/users/{user_id(someone)}", 200, json={"active": False})
    assert changed["deactivated_at"]

    program = await app.stranger(authorization=f"Bearer {key['secret']}")
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401
    assert (await program.get("/api/v1/auth/me")).status_code == 401
    assert (await cookie.post("/api/v1/auth/refresh")).status_code == 401
    await guest.send("POST", "/invitations/acceptance", 404, json={"token": invited["token"]})
    status, problem = await sign_in(app, someone.email)
    assert (status, problem["code"]) == (401, "account_deactivated")
    stranger, of_nobody = await sign_in(app, someone.email, "wrong password"), await sign_in(app, "nobody@example.org")
    assert (stranger[0], stranger[1]["detail"]) == (of_nobody[0], of_nobody[1]["detail"])

    await admin.send("PATCH", f"/users/{user_id(someone)}", 200, json={"active": True})
    assert (await sign_in(app, someone.email))[0] == 200
    assert (await program.get("/api/v1/auth/me")).status_code == 200
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401, "sessions stay ended"


async def test_users_deactivate_themselves(app: AppFixture) -> None:
    someone = await app.person()
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read", "write", "admin"]})
    program = await app.stranger(authorization=f"Bearer {key['secret']}")
    assert (await program.post("/api/v1/auth/deactivation", json={})).status_code == 422, "a key needs the password"
    await someone.send("POST", "/auth/deactivation", 204, json={})
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401
    assert (await sign_in(app, someone.email))[1]["code"] == "account_deactivated"


async def test_an_old_session_needs_a_proof(app: AppFixture) -> None:
    someone = await app.person()
    async with app.server.database.transaction() as db:
        age = text("UPDATE sessions SET confirmed_at = now() - interval '1 day' WHERE user_id = :id")
        await db.execute(age, {"id": user_id(someone)})
    problem = await someone.send("POST", "/auth/deactivation", 403, json={})
    assert problem["code"] == "proof_needed"


async def test_the_instance_keeps_an_administrator(app: AppFixture) -> None:
    async with app.server.database.transaction() as db:
        others = (
            (await db.execute(text("UPDATE users SET is_admin = false WHERE is_admin RETURNING id"))).scalars().all()
        )
    try:
        admin, someone = await administrator(app), await app.person()
        path = f"/users/{user_id(admin)}"
        await admin.send("PATCH", path, 409, json={"is_admin": False})
        await admin.send("PATCH", path, 409, json={"active": False})
        await admin.send("POST", "/auth/deactivation", 409, json={})
        await admin.send("PATCH", f"/users/{user_id(someone)}", 200, json={"is_admin": True})
        both = (admin.send("PATCH", path, 200, json={"is_admin": False}),)
        await asyncio.gather(*both)
        await someone.send("PATCH", f"/users/{user_id(someone)}", 409, json={"is_admin": False})
    finally:
        async with app.server.database.transaction() as db:
            await db.execute(text("UPDATE users SET is_admin = true WHERE id = ANY(:ids)"), {"ids": list(others)})


async def test_keys_end_at_a_reset_if_that_is_chosen(app: AppFixture) -> None:
    admin, someone = await administrator(app), await app.person()
    for end_keys, expected in ((False, 200), (True, 401)):
        signed_in = (await sign_in(app, someone.email))[1]
        client = await app.stranger(authorization=f"Bearer {signed_in['access_token']}")
        key = (await client.post("/api/v1/keys", json={"name": "k", "scopes": ["read"]})).json()
        link = await admin.send("POST", f"/users/{user_id(someone)}/reset-link", 201)
        assert set(link["api_keys"]) == {"k"}
        offered = await (await app.stranger()).post("/api/v1/auth/reset/offer", json={"token": link["token"]})
        assert offered.json()["email"] == someone.email
        assert {each["name"] for each in offered.json()["api_keys"]} == {"k"}
        body = {"token": link["token"], "password": PASSWORD, "end_keys": end_keys}
        assert (await (await app.stranger()).post("/api/v1/auth/reset", json=body)).status_code == 204
        program = await app.stranger(authorization=f"Bearer {key['secret']}")
        assert (await program.get("/api/v1/auth/me")).status_code == expected
    entries = (await admin.get("/audit", action="auth.password_reset"))["items"]
    ended = [row["details"]["keys_ended"] for row in entries if row["actor"]["email"] == someone.email]
    assert ended == [2, 0]


async def signs_up(app: AppFixture, email: str, password: str = PASSWORD, **given: Any) -> tuple[int, dict[str, Any]]:
    client = await app.stranger()
    answer = await client.post("/api/v1/auth/signup", json={"email": email, "password": password} | given)
    return answer.status_code, answer.json()


async def confirms(app: AppFixture, token: str, password: str = PASSWORD) -> tuple[int, dict[str, Any]]:
    client = await app.stranger()
    answer = await client.post("/api/v1/auth/signup/confirmation", json={"token": token, "password": password})
    return answer.status_code, answer.json()


async def test_with_mail_a_sign_up_is_confirmed(app: AppFixture, mails: MailServer) -> None:
    await app.person()
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    status, answer = await signs_up(app, email.upper(), name="New")
    assert (status, answer) == (202, {"email": email, "confirm_within_hours": 24})
    assert (await sign_in(app, email))[0] == 401, "there is no account yet"
    token = await mails.token_to(email)
    assert (await confirms(app, token, "another password"))[0] == 422, "whoever got the mail did not sign up"
    status, signed_in = await confirms(app, token)
    assert (status, signed_in["user"]["name"]) == (201, "New")
    assert (await confirms(app, token))[0] == 404
    assert (await sign_in(app, email))[0] == 200


async def test_with_mail_a_sign_up_tells_nobody_who_has_an_account(app: AppFixture, mails: MailServer) -> None:
    someone = await app.person()
    unknown = f"x{someone.email}"
    known_answer, unknown_answer = await signs_up(app, someone.email), await signs_up(app, unknown)
    assert known_answer[0] == unknown_answer[0] == 202
    assert set(known_answer[1]) == set(unknown_answer[1])
    mail = await mails.mail_to(someone.email)
    assert mail["Subject"] == "You already have a Headwater account"
    assert not re.search(r"confirm", mail.get_content())
    assert (await sign_in(app, someone.email))[0] == 200, "nothing has changed"


async def test_sign_ups_of_known_and_unknown_addresses_take_the_same_time(app: AppFixture, mails: MailServer) -> None:
    people = [await app.person() for _ in range(6)]

    async def seconds(email: str) -> float:
        started = time.process_time()
        assert (await signs_up(app, email))[0] == 202
        return time.process_time() - started

    known, unknown = [], []
    for someone in people:  # the client of the tests waits for the mail, too, which goes to both
        known.append(await seconds(someone.email))
        unknown.append(await seconds(f"n{someone.email}"))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.5 < ratio < 2, f"known {known}, unknown {unknown}"


async def test_two_sign_ups_of_one_address_do_not_share_a_password(app: AppFixture, mails: MailServer) -> None:
    """Somebody signs up at the address of another before that does: neither gets the account of the other."""
    await app.person()
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    await signs_up(app, email, "password of a stranger 1")
    strangers = await mails.token_to(email)
    mails.mails.clear()
    await signs_up(app, email, "password of the owner 22")
    owners = await mails.token_to(email)
    assert (await confirms(app, strangers, "password of the owner 22"))[0] == 422
    assert (await confirms(app, owners, "password of the owner 22"))[0] == 201
    assert (await confirms(app, strangers, "password of a stranger 1"))[0] == 404
    assert (await sign_in(app, email, "password of a stranger 1"))[0] == 401


async def test_an_invitation_is_accepted_when_the_sign_up_is_confirmed(app: AppFixture, mails: MailServer) -> None:
    owner = await app.person()
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    path = f"/organizations/{owner.organization}"
    invited = await owner.send("POST", f"{path}/invitations", 201, json={"email": email, "role": "viewer"})
    await mails.mail_to(email)
    mails.mails.clear()
    assert (await signs_up(app, email, invitation=invited["token"]))[0] == 202
    assert (await confirms(app, await mails.token_to(email)))[0] == 201
    assert email in {row["email"] for row in (await owner.get(f"{path}/members"))["items"]}


async def test_only_a_few_mails_go_to_an_address(app: AppFixture, mails: MailServer) -> None:
    await app.person()
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    for _ in range(5):
        assert (await signs_up(app, email))[0] == 202
    assert len([mail for mail in mails.mails if mail["To"] == email]) == 3


async def test_without_mail_a_known_address_is_refused(app: AppFixture) -> None:
    someone = await app.person()
    assert (await signs_up(app, someone.email))[0] == 409


async def test_a_link_that_is_over_tells_no_keys(app: AppFixture) -> None:
    admin, someone = await administrator(app), await app.person()
    link = await admin.send("POST", f"/users/{user_id(someone)}/reset-link", 201)
    assert link["api_keys"] == []
    client = await app.stranger()
    body = {"token": link["token"], "password": PASSWORD}
    assert (await client.post("/api/v1/auth/reset", json=body)).status_code == 204
    for token in (link["token"], "x"):
        assert (await client.post("/api/v1/auth/reset/offer", json={"token": token})).status_code == 404


async def test_without_mail_sign_up_is_closed_and_tells_nobody_who_has_an_account(app: AppFixture) -> None:
    someone, settings = await app.person(), app.server.settings
    guest = f"{uuid.uuid4().hex}@example.org"
    invitations = f"/organizations/{someone.organization}/invitations"
    invited = await someone.send("POST", invitations, 201, json={"email": guest, "role": "viewer"})
    async with app.server.database.transaction() as db:
        await db.execute(text("DELETE FROM instance_settings WHERE key = 'open_signup'"))
    settings.open_signup, settings.host = None, "192.0.2.1"
    assert (await someone.get("/instance"))["open_signup"] is False
    client = await app.stranger()
    answers = []
    for email in (someone.email, f"{uuid.uuid4().hex}@example.org"):
        body = {"email": email, "password": PASSWORD}
        answer = await client.post("/api/v1/auth/signup", json=body)
        answers.append((answer.status_code, answer.json()["detail"]))
    assert answers[0] == answers[1] == (403, "Sign-up is closed.")
    body = {"email": guest, "password": PASSWORD, "invitation": invited["token"]}
    assert (await client.post("/api/v1/auth/signup", json=body)).status_code == 201, "an invitation is a way in"
    with mail_server(settings):
        assert (await someone.get("/instance"))["open_signup"] is True


@pytest.mark.parametrize(
    ("host", "names", "is_open"),
    [
        ("127.0.0.1", (), True),
        ("::1", (), True),
        ("127.0.0.1", ("headwater.example.org",), False),  # behind a reverse proxy
        ("0.0.0.0", (), False),
        ("192.0.2.1", (), False),
    ],
)
async def test_without_mail_sign_up_is_open_where_nobody_else_can_reach_the_server(
    app: AppFixture, host: str, names: tuple[str, ...], is_open: bool
) -> None:
    changed = {"open_signup": None, "host": host, "allowed_hosts": names}
    async with app.server.database.transaction() as db:
        await db.execute(text("DELETE FROM instance_settings WHERE key = 'open_signup'"))
        assert await signup_is_open(db, app.server.settings.model_copy(update=changed)) is is_open
