"""Command lines that are signed in through a browser: codes, who asks, approval with a proof, refusal, one key."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import text

from people import AppFixture, Person

PATH = "/auth/device"
API = f"/api/v1{PATH}"


async def begun(app: AppFixture, name: str = "laptop", ip: str | None = None) -> dict[str, Any]:
    answer = await (await app.stranger(ip)).post(API, json={"name": name})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def redeemed(app: AppFixture, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = await (await app.stranger()).post(f"{API}/key", json={"device_code": request["device_code"]})
    return answer.status_code, answer.json()


async def answers(person: Person, request: dict[str, Any], approved: bool, status: int = 204) -> Any:
    body = {"user_code": request["user_code"], "approved": approved}
    return await person.send("POST", f"{PATH}/answer", status, json=body)


async def test_a_command_line_is_approved_and_gets_one_key(app: AppFixture) -> None:
    someone, request = await app.person(), await begun(app, "laptop", "203.0.113.40")
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", request["user_code"])
    assert request["verification_uri"] == "https://headwater.test/device"
    assert (await redeemed(app, request))[1]["code"] == "authorization_pending"
    code = request["user_code"].lower().replace("-", " ")
    offer = await someone.send("POST", f"{PATH}/offer", 200, json={"user_code": code})
    assert (offer["name"], offer["ip"]) == ("laptop", "203.0.113.40")
    await answers(someone, request, True)
    both = await asyncio.gather(redeemed(app, request), redeemed(app, request))
    assert sorted(status for status, _ in both) == [201, 400], "there is one key"
    secret = next(body["secret"] for status, body in both if status == 201)
    program = await app.stranger(authorization=f"Bearer {secret}")
    assert (await program.get("/api/v1/auth/me")).json()["user"]["email"] == someone.email
    key = (await someone.get("/keys"))["items"][0]
    assert (key["name"], sorted(key["scopes"])) == ("Command line on laptop", ["admin", "read", "write"])
    assert key["expires_at"]
    actions = [entry["action"] for entry in (await someone.get("/audit"))["items"]]
    assert {"auth.device_approve", "key.create"} <= set(actions)


async def test_a_refused_command_line_gets_nothing(app: AppFixture) -> None:
    someone, request = await app.person(), await begun(app)
    await answers(someone, request, False)
    assert (await redeemed(app, request))[1]["code"] == "access_denied"
    assert (await redeemed(app, request))[1]["code"] == "expired_token"
    assert not (await someone.get("/keys"))["items"]
    await answers(someone, request, True, 404)


async def test_strangers_and_keys_approve_nothing(app: AppFixture) -> None:
    someone, request = await app.person(), await begun(app)
    key = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["admin"]})
    body = {"user_code": request["user_code"], "approved": True}
    for client, status in (
        (await app.stranger(), 401),
        (await app.stranger(authorization=f"Bearer {key['secret']}"), 403),
    ):
        assert (await client.post(f"{API}/answer", json=body)).status_code == status
        assert (await client.post(f"{API}/offer", json={"user_code": body["user_code"]})).status_code == status
    assert (await redeemed(app, request))[1]["code"] == "authorization_pending"


async def test_approving_takes_a_proof_and_refusing_none(app: AppFixture) -> None:
    someone, request = await app.person(), await begun(app)
    async with app.server.database.transaction() as db:
        old = text("UPDATE sessions SET confirmed_at = now() - interval '1 day' WHERE user_id = :id")
        await db.execute(old, {"id": someone.signed_in["user"]["id"]})
    assert (await answers(someone, request, True, 403))["code"] == "proof_needed"
    assert (await redeemed(app, request))[1]["code"] == "authorization_pending"
    await answers(someone, request, False)


async def test_requests_expire(app: AppFixture) -> None:
    someone, request = await app.person(), await begun(app)
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE device_requests SET expires_at = now()"))
    await answers(someone, request, True, 404)
    assert (await redeemed(app, request))[1]["code"] == "expired_token"


async def test_who_was_deactivated_after_approving_gets_no_key(app: AppFixture) -> None:
    admin, someone, request = await app.person("administrator"), await app.person(), await begun(app)
    await app.promote(admin)
    await answers(someone, request, True)
    await admin.send("PATCH", f"/users/{someone.signed_in['user']['id']}", 200, json={"active": False})
    assert (await redeemed(app, request))[1]["code"] == "access_denied"


async def test_codes_cannot_be_guessed_and_requests_fill_nothing(app: AppFixture) -> None:
    someone = await app.person()
    statuses = []
    for _ in range(12):
        answer = await someone.client.post(f"{API}/offer", json={"user_code": "BBBB-BBBB"})
        statuses.append(answer.status_code)
    assert statuses == [404] * 10 + [429] * 2
    client = await app.stranger("203.0.113.41")
    begins = [(await client.post(API, json={})).status_code for _ in range(31)]
    assert begins == [201] * 30 + [429]


async def test_codes_are_not_stored(app: AppFixture) -> None:
    request = await begun(app)
    async with app.server.database.transaction() as db:
        rows = "\n".join((await db.execute(text("SELECT d::text FROM device_requests d"))).scalars())
    assert rows
    for code in (request["device_code"], request["user_code"], request["user_code"].replace("-", "")):
        assert code not in rows
        assert code.encode().hex() not in rows


@pytest.mark.parametrize("code", ["", "x" * 21])
async def test_junk_codes_are_refused(app: AppFixture, code: str) -> None:
    someone = await app.person()
    await someone.send("POST", f"{PATH}/offer", 422, json={"user_code": code})
