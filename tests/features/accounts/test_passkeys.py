"""Passkeys: created, used alone and as a second factor, as a proof; what is refused; the last way to sign in."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from authenticator import PRESENT, VERIFIED, Authenticator
from features.accounts.test_second_factor import enabled, signs_in
from mail_server import mail_server
from people import PASSWORD, AppFixture, Person

PATH = "/auth/passkeys"
API = f"/api/v1{PATH}"


async def created(person: Person, device: Authenticator, status: int = 201, **more: Any) -> Any:
    challenge = await person.send("POST", f"{PATH}/options", 200)
    body = {"ticket": challenge["ticket"], "credential": device.create(challenge["options"]), "name": "Laptop"} | more
    return await person.send("POST", PATH, status, json=body)


async def result_of(client: httpx.AsyncClient, device: Authenticator) -> dict[str, Any]:
    """Return what a browser sends of a passkey that is used."""
    challenge = (await client.post(f"{API}/challenge")).json()
    return {"ticket": challenge["ticket"], "credential": device.get(challenge["options"])}


async def arrives(app: AppFixture, device: Authenticator) -> httpx.Response:
    client = await app.stranger()
    return await client.post(f"{API}/sign-in", json=await result_of(client, device))


async def with_passkey(app: AppFixture) -> tuple[Person, Authenticator]:
    someone, device = await app.person(), Authenticator()
    await created(someone, device)
    return someone, device


async def test_a_passkey_is_created_and_signs_in(app: AppFixture) -> None:
    someone, device = await app.person(), Authenticator()
    challenge = await someone.send("POST", f"{PATH}/options", 200)
    options = challenge["options"]
    assert options["rp"] == {"name": "Headwater", "id": "headwater.test"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    made = await created(someone, device)
    assert (made["passkey"]["name"], made["passkey"]["host"]) == ("Laptop", "headwater.test")
    assert len(made["recovery_codes"]) == 10
    answer = await arrives(app, device)
    assert answer.json()["user"]["email"] == someone.email
    (listed,) = (await someone.get(PATH))["items"]
    assert listed["last_used_at"]
    entry = (await someone.get("/audit"))["items"][0]
    assert (entry["action"], entry["details"]) == ("auth.login", {"passkey": True})
    again = await someone.send("POST", f"{PATH}/options", 200)
    assert len(again["options"]["excludeCredentials"]) == 1


async def test_the_first_passkey_ends_other_sessions_and_the_next_makes_no_codes(app: AppFixture) -> None:
    someone = await app.person()
    other = await app.stranger(authorization=f"Bearer {(await signs_in(app, someone)).json()['access_token']}")
    await created(someone, Authenticator())
    assert (await other.get("/api/v1/auth/me")).status_code == 401
    assert (await created(someone, Authenticator()))["recovery_codes"] == []
    assert (await someone.get("/auth/second-factor"))["passkeys"] == 2


async def test_a_session_that_began_with_a_passkey_has_a_proof(app: AppFixture) -> None:
    _, device = await with_passkey(app)
    token = (await arrives(app, device)).json()["access_token"]
    client = await app.stranger(authorization=f"Bearer {token}")
    assert (await client.post("/api/v1/keys", json={"name": "k", "scopes": ["read"]})).status_code == 201


async def test_a_password_alone_is_not_enough_any_more(app: AppFixture) -> None:
    someone, device = await with_passkey(app)
    refused = await signs_in(app, someone)
    assert (refused.status_code, refused.json()["code"]) == (401, "second_factor")
    client = await app.stranger()
    body = {"email": someone.email, "password": PASSWORD, "passkey": await result_of(client, device)}
    assert (await client.post("/api/v1/auth/login", json=body)).status_code == 200
    wrong = body | {"password": "not my password", "passkey": await result_of(client, device)}
    assert (await client.post("/api/v1/auth/login", json=wrong)).status_code == 401


async def test_the_passkey_of_somebody_else_is_no_second_factor(app: AppFixture) -> None:
    someone, _ = await with_passkey(app)
    _, stolen = await with_passkey(app)
    client = await app.stranger()
    body = {"email": someone.email, "password": PASSWORD, "passkey": await result_of(client, stolen)}
    answer = await client.post("/api/v1/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")


async def test_a_recovery_code_replaces_a_passkey(app: AppFixture) -> None:
    someone = await app.person()
    codes = (await created(someone, Authenticator()))["recovery_codes"]
    assert (await signs_in(app, someone, codes[0])).status_code == 200
    assert (await signs_in(app, someone, codes[0])).status_code == 401


async def test_an_app_beside_a_passkey_keeps_the_codes_until_both_are_gone(app: AppFixture) -> None:
    someone, _ = await with_passkey(app)
    await enabled(someone)
    await someone.send("POST", "/auth/second-factor/removal", 204, json={"password": PASSWORD})
    status = await someone.get("/auth/second-factor")
    assert (status["enabled"], status["passkeys"], status["recovery_codes"]) == (False, 1, 10)
    (passkey,) = (await someone.get(PATH))["items"]
    await someone.send("DELETE", f"{PATH}/{passkey['id']}", 204)
    assert (await someone.get("/auth/second-factor"))["recovery_codes"] == 0
    assert (await signs_in(app, someone)).status_code == 200


async def test_a_passkey_opens_an_organization_that_demands_a_second_factor(app: AppFixture) -> None:
    host, guest = await app.person(), await app.person()
    await created(host, Authenticator())
    await host.invite(guest, "member")
    path = f"/organizations/{host.organization}"
    await host.send("PATCH", path, 200, json={"requires_second_factor": True})
    assert (await guest.send("GET", f"{path}/members", 403))["code"] == "second_factor_required"
    await created(guest, Authenticator())
    members = (await guest.get(f"{path}/members"))["items"]
    assert {row["email"] for row in members} == {host.email, guest.email}
    assert all(row["has_second_factor"] for row in (await host.get(f"{path}/members"))["items"])


async def test_creating_takes_a_session_with_a_proof(app: AppFixture) -> None:
    someone = await app.person()
    key = (await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["admin"]}))["secret"]
    program = await app.stranger(authorization=f"Bearer {key}")
    assert (await program.post(f"{API}/options")).status_code == 403
    async with app.server.database.transaction() as db:
        old = "UPDATE sessions SET confirmed_at = now() - interval '1 year' WHERE user_id = :id"
        await db.execute(text(old), {"id": someone.signed_in["user"]["id"]})
    assert (await someone.send("POST", f"{PATH}/options", 403))["code"] == "proof_needed"


async def test_a_passkey_is_a_proof_for_its_user(app: AppFixture) -> None:
    someone, device = await with_passkey(app)
    async with app.server.database.transaction() as db:
        old = "UPDATE sessions SET confirmed_at = now() - interval '1 year' WHERE user_id = :id"
        await db.execute(text(old), {"id": someone.signed_in["user"]["id"]})
    _, other = await with_passkey(app)
    stolen = await result_of(someone.client, other)
    assert "another account" in (await someone.send("POST", "/auth/proof", 403, json={"passkey": stolen}))["detail"]
    used = await result_of(someone.client, device)
    both = {"passkey": used, "password": PASSWORD}
    await someone.send("POST", "/auth/proof", 422, json=both)
    await someone.send("POST", "/auth/proof", 204, json={"passkey": used})
    await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
    replayed = await someone.send("POST", "/auth/proof", 403, json={"passkey": used})
    assert "sent before" in replayed["detail"]


async def test_a_challenge_is_good_once_also_twice_at_once(app: AppFixture) -> None:
    _, device = await with_passkey(app)
    client = await app.stranger()
    body = await result_of(client, device)
    both = await asyncio.gather(*(client.post(f"{API}/sign-in", json=body) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 401]


async def test_a_count_that_has_not_grown_is_refused_and_recorded(app: AppFixture) -> None:
    someone, device = await with_passkey(app)
    assert (await arrives(app, device)).status_code == 200
    assert (await arrives(app, device)).status_code == 200
    device.count, device.step = 1, 0
    refused = await arrives(app, device)
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_refused")
    assert "perhaps it was copied" in refused.json()["detail"]
    entries = [
        entry for entry in (await someone.get("/audit"))["items"] if entry["action"] == "passkey.count_regressed"
    ]
    assert entries[0]["details"] == {"stored": 2, "received": 1}
    device.count = 0
    assert (await arrives(app, device)).status_code == 401, "0 is no way around it"


async def test_an_authenticator_that_does_not_count_is_fine(app: AppFixture) -> None:
    device = Authenticator(step=0)
    await created(await app.person(), device)
    assert [(await arrives(app, device)).status_code for _ in range(2)] == [200, 200]


LIES = {
    "another origin": {"origin": "https://evil.example"},
    "plain http": {"origin": "http://headwater.test"},
    "another port": {"origin": "https://headwater.test:8443"},
    "another host": {"host": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody there": {"flags": VERIFIED},
    "another user": {"user": uuid.uuid4().bytes},
    "another key": {"key": Authenticator().key},
    "unknown": {"id": b"x" * 32},
    "empty": {"id": b""},
}


@pytest.mark.parametrize("lie", LIES)
async def test_wrong_results_sign_nobody_in(app: AppFixture, lie: str) -> None:
    _, device = await with_passkey(app)
    for name, value in LIES[lie].items():
        setattr(device, name, value)
    answer = await arrives(app, device)
    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")


@pytest.mark.parametrize("lie", ["another origin", "another host", "nobody verified", "nobody there"])
async def test_wrong_results_create_nothing(app: AppFixture, lie: str) -> None:
    someone = await app.person()
    refused = await created(someone, Authenticator(**LIES[lie]), 422)
    assert refused["errors"][0]["field"] == "credential"
    assert (await someone.get(PATH))["items"] == []


JUNK: list[Any] = [
    {},
    {"rawId": 7},
    {"rawId": "AAAA", "response": None},
    {"id": "AAAA", "rawId": "AAAA", "response": {"clientDataJSON": "AAAA"}, "type": "public-key"},
    {"id": "!", "rawId": "!", "response": {}, "type": "x"},
    {"rawId": "A" * 100_000},
    {"id": {"a": []}, "rawId": "\0", "response": []},
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: str(value)[:40])
async def test_junk_is_refused(app: AppFixture, junk: Any) -> None:
    someone, device = await with_passkey(app)
    client = await app.stranger()
    body = await result_of(client, device)
    assert (await client.post(f"{API}/sign-in", json=body | {"credential": junk})).status_code == 401
    own = await result_of(client, device)
    own["credential"] |= {"response": junk}
    assert (await client.post(f"{API}/sign-in", json=own)).status_code == 401
    challenge = await someone.send("POST", f"{PATH}/options", 200)
    created_junk = {"ticket": challenge["ticket"], "credential": junk, "name": "x"}
    await someone.send("POST", PATH, 422, json=created_junk)


async def test_tickets_are_for_their_purpose_and_session(app: AppFixture) -> None:
    someone, device = await with_passkey(app)
    creation = await someone.send("POST", f"{PATH}/options", 200)
    use = await result_of(someone.client, device)
    wrong = use | {"ticket": creation["ticket"]}
    assert (await someone.client.post(f"{API}/sign-in", json=wrong)).status_code == 401
    new = Authenticator()
    credential = new.create(creation["options"])
    body = {"ticket": use["ticket"], "credential": credential, "name": "x"}
    await someone.send("POST", PATH, 403, json=body)
    other = await app.person()
    stolen = {"ticket": creation["ticket"], "credential": credential, "name": "x"}
    await other.send("POST", PATH, 403, json=stolen)
    forged = {"ticket": creation["ticket"][:-4] + "AAAA", "credential": credential, "name": "x"}
    await someone.send("POST", PATH, 403, json=forged)


async def test_a_passkey_has_one_account(app: AppFixture) -> None:
    _, device = await with_passkey(app)
    assert "known already" in (await created(await app.person(), device, 409))["detail"]


async def test_addresses_without_a_name_have_no_passkeys(app: AppFixture) -> None:
    someone = await app.person()
    for host in ("127.0.0.1", "127.0.0.1:7717", "[::1]:7717", "[::1]"):
        answer = await someone.client.post(f"{API}/options", headers={"host": host})
        assert (answer.status_code, answer.json()["detail"]) == (409, "Passkeys need a host name.")
    named = await someone.client.post(f"{API}/options", headers={"host": "localhost:7717"})
    assert named.json()["options"]["rp"]["id"] == "localhost"


async def test_a_passkey_of_another_host_does_not_sign_in_here(app: AppFixture) -> None:
    _, device = await with_passkey(app)
    client = await app.stranger(host="localhost")
    challenge = (await client.post(f"{API}/challenge")).json()
    device.origin = "https://localhost"
    body = {"ticket": challenge["ticket"], "credential": device.get(challenge["options"])}
    assert (await client.post(f"{API}/sign-in", json=body)).status_code == 401


async def test_names_are_given_changed_and_needed(app: AppFixture) -> None:
    someone, _ = await with_passkey(app)
    (row,) = (await someone.get(PATH))["items"]
    renamed = await someone.send("PATCH", f"{PATH}/{row['id']}", 200, json={"name": "  Phone 📱 "})
    assert renamed["name"] == "Phone 📱"
    for name in ("", "  ", "x" * 201, "a\0b"):
        await someone.send("PATCH", f"{PATH}/{row['id']}", 422, json={"name": name})
    neighbour = await app.person()
    await neighbour.send("PATCH", f"{PATH}/{row['id']}", 404, json={"name": "mine"})
    await neighbour.send("DELETE", f"{PATH}/{row['id']}", 404)
    await created(someone, Authenticator(), 422, name=" ")


async def test_the_last_way_to_sign_in_stays(app: AppFixture) -> None:
    someone, _ = await with_passkey(app)
    async with app.server.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET password_hash = NULL WHERE id = :id"), {"id": someone.signed_in["user"]["id"]}
        )
    await created(someone, Authenticator())
    first, second = (await someone.get(PATH))["items"]
    both = await asyncio.gather(*(someone.client.delete(f"{API}/{row['id']}") for row in (first, second)))
    assert sorted(answer.status_code for answer in both) == [204, 409]


async def test_there_are_so_many_and_no_more(app: AppFixture) -> None:
    someone = await app.person()
    for _ in range(20):
        await created(someone, Authenticator())
    assert "20 passkeys already" in (await someone.send("POST", f"{PATH}/options", 409))["detail"]


async def test_the_administrator_removes_passkeys_that_were_lost(app: AppFixture) -> None:
    someone, device = await with_passkey(app)
    administrator = await app.person()
    await app.promote(administrator)
    user = someone.signed_in["user"]["id"]
    (listed,) = (await administrator.get("/users", search=someone.email))["items"]
    assert listed["has_second_factor"] is True
    await administrator.send("DELETE", f"/users/{user}/second-factor", 204)
    assert (await arrives(app, device)).status_code == 401
    assert (await signs_in(app, someone)).status_code == 200


async def test_a_mailed_reset_of_an_address_that_was_never_confirmed_removes_passkeys(
    app: AppFixture, settings: Any
) -> None:
    squatter, device = await with_passkey(app)
    with mail_server(settings) as mails:
        await squatter.send("POST", "/auth/reset-request", 202, json={"email": squatter.email})
        body = {"token": await mails.token_to(squatter.email), "password": "eight wooden boats"}
        await squatter.send("POST", "/auth/reset", 204, json=body)
    assert (await arrives(app, device)).status_code == 401
    client = await app.stranger()
    login = {"email": squatter.email, "password": "eight wooden boats"}
    owner = await client.post("/api/v1/auth/login", json=login)
    client.headers["authorization"] = f"Bearer {owner.json()['access_token']}"
    new = Authenticator()
    await created(Person(squatter.email, client, owner.json()), new)
    with mail_server(settings) as mails:
        await client.post("/api/v1/auth/reset-request", json={"email": squatter.email})
        body = {"token": await mails.token_to(squatter.email), "password": "nine wooden boats"}
        assert (await client.post("/api/v1/auth/reset", json=body)).status_code == 204
    assert (await arrives(app, new)).status_code == 200, "the address is known to be theirs"
