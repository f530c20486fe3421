"""Sign-up, sign-in and sign-out: sessions, refresh tokens, rate limits, the administrator."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
import uuid
from ipaddress import ip_network

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from headwater.features.accounts import maintenance, password_rules, passwords
from headwater.features.accounts.endpoints.auth import SECURE_COOKIE
from headwater.features.accounts.service import identity
from headwater.features.accounts.tokens import AccessClaims, Signer
from headwater.kit.errors import Invalid, TooMany, Unauthenticated
from headwater.kit.network.forwarded import client_address
from people import PASSWORD, AppFixture

ADDRESSES = itertools.count(1)
JSON = {"content-type": "application/json"}


async def test_unauthenticated_client_sees_only_the_instance(app: AppFixture) -> None:
    stranger = await app.stranger()
    assert (await stranger.get("/api/v1/instance")).json().keys() == {
        "version",
        "open_signup",
        "password_rules",
        "has_users",
        "sends_mail",
    }
    answer = await stranger.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("no-address", PASSWORD, "email"),
        ("a@b@c", PASSWORD, "email"),
        ("short@example.org", "too short", "password"),
        ("long@example.org", "x1" * 129, "password"),
        ("common@example.org", "password123", "password"),
        ("Same.As@example.org", "same.as@EXAMPLE.org", "password"),
        ("same@example.org", "aaaaaaaaaaaa", "password"),
    ],
)
async def test_sign_up_rejects_invalid_email_or_password(
    app: AppFixture, email: str, password: str, field: str
) -> None:
    stranger = await app.stranger()
    body = {"email": email, "password": password, "name": "x"}
    answer = await stranger.post("/api/v1/auth/signup", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert password not in answer.text


async def test_email_addresses_are_unique_ignoring_case(app: AppFixture) -> None:
    someone = await app.person()
    body = {"email": someone.email.upper(), "password": PASSWORD, "name": "x"}
    assert (await (await app.stranger()).post("/api/v1/auth/signup", json=body)).status_code == 409


async def test_sign_in_and_sign_out(app: AppFixture) -> None:
    someone = await app.person()
    client = await app.stranger()
    answer = await client.post("/api/v1/auth/login", json={"email": someone.email, "password": PASSWORD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    assert all(part in cookie for part in ("HttpOnly", "Secure", "Path=/", "SameSite=strict"))
    token = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await client.get("/api/v1/auth/me", headers=token)).json()["user"]["email"] == someone.email
    assert (await client.post("/api/v1/auth/logout", headers=token)).status_code == 204
    assert (await client.get("/api/v1/auth/me", headers=token)).status_code == 401


async def test_wrong_passwords_and_unknown_accounts_look_the_same(app: AppFixture) -> None:
    someone = await app.person()
    client = await app.stranger()
    wrong = await client.post("/api/v1/auth/login", json={"email": someone.email, "password": "not it at all"})
    nobody = await client.post("/api/v1/auth/login", json={"email": "nobody@example.org", "password": "not it at all"})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()


async def test_sign_in_takes_equal_time_for_unknown_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHash((Argon2Hasher(),)))
    passwords._decoy.cache_clear()
    known = await passwords.hash_password(PASSWORD)
    times = []
    for hashed in (known, None):
        await passwords.verify("not it at all", hashed)
        tries = []
        for _ in range(5):
            began = time.perf_counter()
            assert (await passwords.verify("not it at all", hashed))[0] is False
            tries.append(time.perf_counter() - began)
        times.append(min(tries))
    passwords._decoy.cache_clear()
    assert 0.2 < times[1] / times[0] < 5
    assert known.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_sign_in_attempts_are_rate_limited(app: AppFixture) -> None:
    someone = await app.person()
    client = await app.stranger()
    body = {"email": someone.email, "password": "not it at all"}
    answers = [await client.post("/api/v1/auth/login", json=body) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 600
    right = await client.post("/api/v1/auth/login", json={"email": someone.email, "password": PASSWORD})
    assert right.status_code == 429
    audit = (await someone.get("/audit", action="auth.login_failed"))["items"]
    assert audit == []  # failures are the instance's to know, not the account's


async def wrong(app: AppFixture, email: str, ip: str | None = None) -> int:
    client = await app.stranger(ip)
    body = {"email": email, "password": "not it at all"}
    return (await client.post("/api/v1/auth/login", json=body)).status_code


async def test_guesses_from_many_addresses_count_together_but_do_not_lock_out_the_user(app: AppFixture) -> None:
    home = f"203.0.113.{next(ADDRESSES)}"
    someone = await app.person()
    client = await app.stranger(home)
    right = {"email": someone.email, "password": PASSWORD}
    assert (await client.post("/api/v1/auth/login", json=right)).status_code == 200
    assert [await wrong(app, someone.email) for _ in range(11)] == [401] * 10 + [429]
    assert (await client.post("/api/v1/auth/login", json=right)).status_code == 200, "from where the user has signed in"
    assert [await wrong(app, someone.email, home) for _ in range(11)] == [401] * 10 + [429]


async def test_guesses_at_many_accounts_count_for_their_address(app: AppFixture) -> None:
    home = f"203.0.113.{next(ADDRESSES)}"
    statuses = [await wrong(app, f"n{number}@example.org", home) for number in range(61)]
    assert statuses == [401] * 60 + [429]
    someone = await app.person()
    audited = "SELECT count(*) FROM audit_entries WHERE ip = :ip AND action = 'auth.login_failed'"
    async with app.server.database.transaction() as db:
        assert (await db.execute(text(audited), {"ip": home})).scalar_one() == 61
    assert await wrong(app, "n62@example.org", home) == 429
    async with app.server.database.transaction() as db:
        assert (await db.execute(text(audited), {"ip": home})).scalar_one() == 61, "a flood fills no log"
    assert await wrong(app, someone.email) == 401, "others are not affected"


async def test_right_passwords_are_not_limited(app: AppFixture) -> None:
    home = f"203.0.113.{next(ADDRESSES)}"
    someone = await app.person()
    client = await app.stranger(home)
    right = {"email": someone.email, "password": PASSWORD}
    assert {(await client.post("/api/v1/auth/login", json=right)).status_code for _ in range(70)} == {200}


async def test_sign_ups_are_limited_by_address(app: AppFixture) -> None:
    client = await app.stranger(f"203.0.113.{next(ADDRESSES)}")
    names = [f"{uuid.uuid4().hex}@example.org" for _ in range(31)]
    bodies = [{"email": name, "password": PASSWORD} for name in names]
    statuses = [(await client.post("/api/v1/auth/signup", json=body)).status_code for body in bodies]
    assert statuses == [201] * 30 + [429]


async def test_attempts_are_counted_before_the_password_is_hashed(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parallel attempts used to pass the limit together, each holding a connection to the store."""
    someone = await app.person()
    hashed = 0
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*_: object) -> tuple[bool, None]:
        nonlocal hashed
        hashed += 1
        started.set()
        await go_on.wait()
        return False, None

    monkeypatch.setattr(passwords, "verify", slowly)
    attempts = [asyncio.create_task(wrong(app, someone.email)) for _ in range(40)]
    async with asyncio.timeout(30):
        while sum(attempt.done() for attempt in attempts) < 30:
            await asyncio.sleep(0.01)
        assert (await someone.get("/auth/me"))["user"]["email"] == someone.email, "the store has free connections"
    go_on.set()
    assert sorted(await asyncio.gather(*attempts)) == [401] * 10 + [429] * 30
    assert hashed == 10


async def test_queue_before_the_hashing_is_bounded() -> None:
    queue, release = passwords.HashingQueue(), threading.Event()
    running = [asyncio.create_task(queue.run(release.wait)) for _ in range(passwords.AT_ONCE + passwords.MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany) as refusal:
        await queue.run(release.wait)
    assert refusal.value.retry_after == 2
    release.set()
    assert all(await asyncio.gather(*running))
    assert await queue.run(lambda: 1) == 1


async def test_counts_end_with_their_window(app: AppFixture) -> None:
    someone = await app.person()
    assert [await wrong(app, someone.email) for _ in range(11)][-1] == 429
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE throttles SET since = since - interval '11 minutes'"))
    assert await wrong(app, someone.email) == 401
    await maintenance.run_maintenance(app.server.context)
    async with app.server.database.transaction() as db:
        old = "SELECT count(*) FROM throttles WHERE since < now() - interval '10 minutes'"
        assert (await db.execute(text(old))).scalar_one() == 0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        ((), "192.0.2.1", "198.51.100.9"),
        (("198.51.100.0/24",), "192.0.2.1", "192.0.2.1"),
        (("198.51.100.0/24",), "192.0.2.66, 192.0.2.1", "192.0.2.1"),
        (("198.51.100.0/24", "10.0.0.0/8"), "192.0.2.66, 192.0.2.1, 10.1.1.1", "192.0.2.1"),
        (("198.51.100.0/24",), "192.0.2.1, nonsense", "198.51.100.9"),
        (("198.51.100.0/24",), "2001:db8::1", "2001:db8::1"),
        (("198.51.100.0/24",), "", "198.51.100.9"),
    ],
)
def test_client_address_behind_proxies(proxies: tuple[str, ...], forwarded: str, address: str) -> None:
    assert client_address("198.51.100.9", forwarded, [ip_network(proxy) for proxy in proxies]) == address
    assert client_address("::ffff:198.51.100.9", forwarded, [ip_network(proxy) for proxy in proxies]).endswith(address)


async def test_reused_refresh_token_revokes_the_session(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = await app.person()
    first = someone.client.cookies[SECURE_COOKIE]
    answer = await someone.client.post("/api/v1/auth/refresh")
    assert answer.status_code == 200
    second = answer.cookies[SECURE_COOKIE]
    assert second != first
    thief = await app.stranger(cookie=f"{SECURE_COOKIE}={first}")
    assert (await thief.post("/api/v1/auth/refresh")).status_code == 200, "two tabs may be late together"
    monkeypatch.setattr(identity, "REUSE_GRACE", identity.timedelta(seconds=-1))
    assert (await thief.post("/api/v1/auth/refresh")).status_code == 401
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401, "the whole family is revoked"
    owner = await app.stranger(cookie=f"{SECURE_COOKIE}={second}")
    assert (await owner.post("/api/v1/auth/refresh")).status_code == 401


@pytest.mark.parametrize("bearer", ["expired", "junk", "none"])
async def test_sign_out_needs_no_valid_access_token(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch, bearer: str
) -> None:
    someone = await app.person()
    refresh_cookie = someone.client.cookies[SECURE_COOKIE]
    claims = app.server.signer.read(someone.signed_in["access_token"])
    monkeypatch.setattr(app.server.signer, "seconds", -60)
    tokens = {"expired": app.server.signer.sign(claims), "junk": "junk"}
    del someone.client.headers["authorization"]
    headers = {"authorization": f"Bearer {tokens[bearer]}"} if bearer in tokens else {}
    assert (await someone.client.post("/api/v1/auth/logout", headers=headers)).status_code == 204
    monkeypatch.undo()
    cookie = {"cookie": f"{SECURE_COOKIE}={refresh_cookie}"}
    assert (await (await app.stranger(**cookie)).post("/api/v1/auth/refresh")).status_code == 401


async def test_expired_access_token_alone_ends_its_session(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = await app.person()
    claims = app.server.signer.read(someone.signed_in["access_token"])
    monkeypatch.setattr(app.server.signer, "seconds", -60)
    expired = app.server.signer.sign(claims)
    monkeypatch.undo()
    forged = await app.stranger(authorization=f"Bearer {expired[:-6]}AAAAAA")
    assert (await forged.post("/api/v1/auth/logout")).status_code == 204
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 200, "a forged token ends nothing"
    late = await app.stranger(authorization=f"Bearer {expired}")
    assert (await late.post("/api/v1/auth/logout")).status_code == 204
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://headwater.test"},
        {"origin": "https://evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "null"},
    ],
)
async def test_refresh_rejects_other_origins(app: AppFixture, headers: dict[str, str]) -> None:
    someone = await app.person()
    assert (await someone.client.post("/api/v1/auth/refresh", headers=headers)).status_code == 403
    same = {"origin": "https://headwater.test", "sec-fetch-site": "same-origin"}
    assert (await someone.client.post("/api/v1/auth/refresh", headers=same)).status_code == 200


async def test_sessions_can_be_listed_and_ended(app: AppFixture) -> None:
    someone = await app.person()
    other = await app.stranger(**{"user-agent": "other browser"})
    answer = await other.post("/api/v1/auth/login", json={"email": someone.email, "password": PASSWORD})
    other.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    listed = (await someone.get("/auth/sessions"))["items"]
    assert (listed[0]["user_agent"], listed[0]["current"]) == ("other browser", False)
    assert sum(row["current"] for row in listed) == 1
    await someone.send("DELETE", f"/auth/sessions/{listed[0]['id']}", 204)
    assert (await other.get("/api/v1/auth/me")).status_code == 401
    assert (await other.post("/api/v1/auth/refresh")).status_code == 401
    stranger = await app.person("neighbour")
    await stranger.send("DELETE", f"/auth/sessions/{listed[1]['id']}", 404)
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 200


async def signed_in(app: AppFixture, email: str, password: str = PASSWORD) -> httpx.AsyncClient:
    client = await app.stranger()
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200
    client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


async def test_change_of_password_ends_all_other_sessions(app: AppFixture) -> None:
    someone = await app.person()
    other = await signed_in(app, someone.email)
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
    new = "eight wooden boats"
    await someone.send("PUT", "/auth/password", 204, json={"current": PASSWORD, "new": new})
    assert (await someone.client.get("/api/v1/auth/me")).status_code == 200
    assert (await other.get("/api/v1/auth/me")).status_code == 401
    assert (await other.post("/api/v1/auth/refresh")).status_code == 401
    program = await app.stranger(authorization=f"Bearer {key['secret']}")
    assert (await program.get("/api/v1/auth/me")).status_code == 200
    assert (await program.put("/api/v1/auth/password", json={"current": new, "new": PASSWORD})).status_code == 403
    assert await wrong(app, someone.email) == 401
    await signed_in(app, someone.email, new)
    (entry,) = (await someone.get("/audit", action="auth.password_changed"))["items"]
    assert entry["details"] == {"sessions_ended": 1}


async def test_change_of_password_takes_the_current_one(app: AppFixture) -> None:
    someone = await app.person()
    for body, field in (
        ({"current": "not it at all", "new": "eight wooden boats"}, "current"),
        ({"current": PASSWORD, "new": PASSWORD}, "new"),
        ({"current": PASSWORD, "new": "short"}, "new"),
    ):
        refused = await someone.send("PUT", "/auth/password", 422, json=body)
        assert [error["field"] for error in refused["errors"]] == [field]
    statuses = [
        (await someone.client.put("/api/v1/auth/password", json={"current": "no", "new": "eight wooden boats"}))
        for _ in range(10)
    ]
    assert statuses[-1].status_code == 429
    await signed_in(app, someone.email)


async def test_all_other_sessions_can_be_ended(app: AppFixture) -> None:
    someone = await app.person()
    others = [await signed_in(app, someone.email) for _ in range(2)]
    stranger = await app.person("neighbour")
    assert await someone.send("DELETE", "/auth/sessions", 200) == {"ended": 2}
    assert [(await other.get("/api/v1/auth/me")).status_code for other in others] == [401, 401]
    assert len((await someone.get("/auth/sessions"))["items"]) == 1
    await stranger.get("/auth/me")


async def test_users_can_change_their_name(app: AppFixture) -> None:
    someone = await app.person()
    assert (await someone.send("PATCH", "/auth/me", 200, json={"name": "  Ada "}))["name"] == "Ada"
    assert (await someone.get("/auth/me"))["user"]["name"] == "Ada"
    for name in (None, "", "  ", 7):
        await someone.send("PATCH", "/auth/me", 422, json={"name": name})
    assert (await someone.send("PATCH", "/auth/me", 200, json={}))["name"] == "Ada"


async def test_access_tokens_reject_forged_foreign_and_expired_tokens(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = app.server.signer
    someone = await app.person()
    token = someone.signed_in["access_token"]
    claims = signer.read(token)
    head, body, signature = token.split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    for wrong in (f"{head}.{body}.", f"{unsigned}.{body}.", f"{head}.{body}.{signature[::-1]}", "x", "a.b.c", ""):
        with pytest.raises(Unauthenticated):
            signer.read(wrong)
    with pytest.raises(Unauthenticated):
        Signer(app.server.settings.model_copy(update={"home": app.server.settings.home / "other"})).read(token)
    signer.seconds, before = -1, signer.seconds
    try:
        with pytest.raises(Unauthenticated):
            signer.read(signer.sign(AccessClaims(claims.user_id, claims.session_id)))
    finally:
        signer.seconds = before


async def test_concurrent_first_sign_ups_create_one_administrator(app: AppFixture) -> None:
    async with app.server.database.transaction() as db:
        await db.execute(text("CREATE TEMP TABLE kept AS SELECT id FROM users WHERE is_admin"))
        admins = (await db.execute(text("SELECT count(*) FROM kept"))).scalar_one()
    people = await asyncio.gather(*(app.person("racer") for _ in range(4)))
    async with app.server.database.transaction() as db:
        everybody = (await db.execute(text("SELECT count(*) FROM users WHERE is_admin"))).scalar_one()
    new = sum(person.signed_in["user"]["is_admin"] for person in people)
    assert new == (0 if admins else 1)
    assert everybody == admins + new


def test_password_rules_report_the_field() -> None:
    with pytest.raises(Invalid) as error:
        password_rules.check_rules("short", "a@b")
    assert error.value.fields.keys() == {"password"}
