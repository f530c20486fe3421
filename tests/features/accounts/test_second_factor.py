"""The second factor: enrolment, codes, recovery codes, organizations that demand it, proofs before what destroys."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pyotp
import pytest
from sqlalchemy import text

from headwater.features.accounts import key_rotation
from headwater.features.accounts.service import second_factor
from headwater.kit.clock import now
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher, key_id_of
from mail_server import mail_server
from people import PASSWORD, AppFixture, Person

PATH = "/auth/second-factor"


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock that codes are made by: a test that takes long must not see one expire."""
    fixed = now()
    monkeypatch.setattr(second_factor, "now", lambda: fixed)


class Device:
    """An authenticator app; codes are those of some seconds from the moment of the test."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self, seconds: int = 0) -> str:
        return self.totp.at(int(second_factor.now().timestamp()) + seconds)


async def enabled(person: Person) -> tuple[Device, list[str]]:
    """Turn on the second factor of a person with the code of the step before, so that the current one is unused."""
    enrolment = await person.send("POST", PATH, 201, json={"password": PASSWORD})
    device = Device(enrolment["secret"])
    confirmed = await person.send("POST", f"{PATH}/confirmation", 200, json={"code": device.code(-30)})
    return device, confirmed["recovery_codes"]


async def signs_in(app: AppFixture, person: Person, code: str = "", **more: Any) -> httpx.Response:
    client = await app.stranger()
    body = {"email": person.email, "password": PASSWORD, "code": code} | more
    return await client.post("/api/v1/auth/login", json=body)


async def test_enrolment_takes_the_password_and_a_code(app: AppFixture) -> None:
    someone = await app.person()
    refused = await someone.send("POST", PATH, 422, json={"password": "not my password"})
    assert refused["errors"][0]["field"] == "password"
    enrolment = await someone.send("POST", PATH, 201, json={"password": PASSWORD})
    assert enrolment["uri"].startswith("otpauth://totp/Headwater:")
    assert enrolment["secret"] in enrolment["uri"]
    assert enrolment["qr_svg"].startswith("<svg")
    assert (await signs_in(app, someone)).status_code == 200, "it counts once it is confirmed"
    await someone.send("POST", f"{PATH}/confirmation", 422, json={"code": "000000"})
    assert (await someone.get(PATH))["enabled"] is False
    code = Device(enrolment["secret"]).code()
    codes = (await someone.send("POST", f"{PATH}/confirmation", 200, json={"code": code}))["recovery_codes"]
    assert len(set(codes)) == 10
    status = await someone.get(PATH)
    assert (status["enabled"], status["recovery_codes"]) == (True, 10)
    await someone.send("POST", PATH, 409, json={"password": PASSWORD})
    await someone.send("POST", f"{PATH}/confirmation", 404, json={"code": code})


async def test_enrolment_ends_all_other_sessions(app: AppFixture) -> None:
    someone = await app.person()
    other = await app.stranger(authorization=f"Bearer {(await signs_in(app, someone)).json()['access_token']}")
    await enabled(someone)
    assert (await other.get("/api/v1/auth/me")).status_code == 401
    await someone.get("/auth/me")


async def test_sign_in_takes_a_code_once(app: AppFixture) -> None:
    someone = await app.person()
    device, _ = await enabled(someone)
    asked = await signs_in(app, someone)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor")
    wrong = await signs_in(app, someone, device.code(), password="not my password")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "unauthenticated"), "it says nothing of the code"
    code = device.code()
    both = await asyncio.gather(signs_in(app, someone, code), signs_in(app, someone, code))
    assert sorted(answer.status_code for answer in both) == [200, 401], "two at once use one code once"
    assert (await signs_in(app, someone, device.code(-30))).status_code == 401, "an earlier code is over, too"
    assert (await signs_in(app, someone, f" {device.code(30)[:3]} {device.code(30)[3:]}")).status_code == 200


@pytest.mark.parametrize("seconds", [-120, 120])
async def test_codes_of_other_times_are_wrong(app: AppFixture, seconds: int) -> None:
    someone = await app.person()
    device, _ = await enabled(someone)
    assert (await signs_in(app, someone, device.code(seconds))).status_code == 401


async def test_guesses_of_codes_are_limited(app: AppFixture) -> None:
    someone = await app.person()
    device, _ = await enabled(someone)
    used = device.code(-30)
    statuses = [(await signs_in(app, someone, used)).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    async with app.server.database.transaction() as db:
        failed = "SELECT count(*) FROM audit_entries WHERE action = 'auth.code_failed' AND actor_email = :email"
        assert (await db.execute(text(failed), {"email": someone.email})).scalar_one() == 10
    other = await app.person()
    device, _ = await enabled(other)
    assert {(await signs_in(app, other)).status_code for _ in range(12)} == {401}, "being asked for a code is no guess"
    assert (await signs_in(app, other, device.code())).status_code == 200


async def test_recovery_codes_work_once(app: AppFixture) -> None:
    someone = await app.person()
    _, codes = await enabled(someone)
    assert all(len(code.replace("-", "")) * 5 >= 112 for code in codes), "bits, of base 32"
    assert (await signs_in(app, someone, codes[0].upper().replace("-", " "))).status_code == 200
    assert (await signs_in(app, someone, codes[0])).status_code == 401
    assert (await someone.get(PATH))["recovery_codes"] == 9
    renewed = await someone.send("POST", f"{PATH}/recovery-codes", 200, json={"password": PASSWORD})
    assert (await signs_in(app, someone, codes[1])).status_code == 401
    assert (await signs_in(app, someone, renewed["recovery_codes"][1])).status_code == 200
    actions = {row["action"] for row in (await someone.get("/audit", action="second_factor."))["items"]}
    assert actions == {"second_factor.enable", "second_factor.recovery_code_used", "second_factor.new_codes"}


async def test_a_mailed_reset_keeps_the_second_factor(app: AppFixture) -> None:
    someone = await app.person()
    device, _ = await enabled(someone)
    new = "eight wooden boats"
    with mail_server(app.server.settings) as mails:
        await someone.send("POST", "/auth/reset-request", 202, json={"email": someone.email})
        body = {"token": await mails.token_to(someone.email), "password": new}
        assert await someone.send("POST", "/auth/reset", 204, json=body) is None
    asked = await signs_in(app, someone, password=new)
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor")
    assert (await signs_in(app, someone, device.code(), password=new)).status_code == 200


async def test_secrets_of_second_factors_are_not_in_the_store(app: AppFixture) -> None:
    someone = await app.person()
    device, codes = await enabled(someone)
    async with app.server.database.transaction() as db:
        queries = [f"SELECT t::text FROM {table} t" for table in ("second_factors", "recovery_codes", "audit_entries")]
        stored = "\n".join([row for query in queries for row in (await db.execute(text(query))).scalars()])
    for secret in (device.totp.secret, codes[0], codes[0].replace("-", "")):
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_second_factor_is_turned_off_with_the_password(app: AppFixture) -> None:
    someone = await app.person()
    _, codes = await enabled(someone)
    await someone.send("POST", f"{PATH}/removal", 422, json={"password": "not my password"})
    await someone.send("POST", f"{PATH}/removal", 204, json={"password": PASSWORD})
    assert (await someone.get(PATH)) == {"enabled": False, "since": None, "recovery_codes": 0, "passkeys": 0}
    assert (await signs_in(app, someone)).status_code == 200
    await enabled(someone)
    assert (await signs_in(app, someone, codes[1])).status_code == 401


async def test_rotation_of_the_master_key_keeps_second_factors(app: AppFixture) -> None:
    someone = await app.person()
    device, _ = await enabled(someone)
    user = uuid.UUID(someone.signed_in["user"]["id"])
    old = SecretCipher("the old master key of thirty-two or more")
    new = SecretCipher("the new master key of thirty-two or more", ["the old master key of thirty-two or more"])
    values = {"id": user, "sealed": old.encrypt(device.totp.secret, user, user, second_factor.COLUMN)}
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE second_factors SET sealed = :sealed WHERE user_id = :id"), values)
    context = SimpleNamespace(store=app.server.database, cipher=new)
    problems = await key_rotation.encrypt_anew(cast(Context, context))
    assert not [problem for problem in problems if str(user) in problem]
    async with app.server.database.transaction() as db:
        sealed = (await db.execute(text("SELECT sealed FROM second_factors WHERE user_id = :id"), values)).scalar_one()
    assert key_id_of(sealed) == new.key_id
    assert new.decrypt(sealed, user, user, second_factor.COLUMN) == device.totp.secret


async def test_members_without_a_second_factor_can_do_nothing_where_it_is_demanded(app: AppFixture) -> None:
    owner, member = await app.person("owner"), await app.person("member")
    organization = f"/organizations/{owner.organization}"
    await owner.invite(member, "admin")
    refused = await owner.send("PATCH", organization, 409, json={"requires_second_factor": True})
    assert "second factor" in refused["detail"]
    await enabled(owner)
    changed = await owner.send("PATCH", organization, 200, json={"requires_second_factor": True})
    assert changed["requires_second_factor"] is True
    key = await member.send("POST", "/keys", 201, json={"name": "k", "scopes": ["admin"]})
    program = Person(member.email, await app.stranger(authorization=f"Bearer {key['secret']}"), {})
    for someone in (member, program):
        path = f"/projects/{owner.project['id']}"
        assert (await someone.send("GET", path, 403))["code"] == "second_factor_required"
        assert (await someone.send("GET", f"{organization}/members", 403))["code"] == "second_factor_required"
        assert owner.project["id"] not in {row["id"] for row in (await someone.get("/projects"))["items"]}
        await someone.get(f"/projects/{member.project['id']}")
    listed = {row["id"]: row["locked"] for row in (await member.get("/auth/me"))["organizations"]}
    assert listed == {owner.organization: True, member.organization: False}
    members = {row["email"]: row["has_second_factor"] for row in (await owner.get(f"{organization}/members"))["items"]}
    assert members == {owner.email: True, member.email: False}
    await enabled(member)
    await member.get(f"/projects/{owner.project['id']}")
    await program.get(f"/projects/{owner.project['id']}")


async def age(app: AppFixture, person: Person) -> None:
    """Let the last proof of a person's sessions be as old as it may not be."""
    async with app.server.database.transaction() as db:
        old = "UPDATE sessions SET confirmed_at = now() - interval '1 year' WHERE user_id = :id"
        await db.execute(text(old), {"id": person.signed_in["user"]["id"]})


async def test_what_destroys_or_reveals_takes_a_proof_that_is_recent(app: AppFixture) -> None:
    someone = await app.person()
    device, codes = await enabled(someone)
    for proof in ({"password": PASSWORD}, {"code": device.code()}, {"code": codes[0]}):
        await age(app, someone)
        refused = await someone.send("POST", "/keys", 403, json={"name": "k", "scopes": ["read"]})
        assert refused["code"] == "proof_needed"
        await someone.send("DELETE", f"/projects/{someone.project['id']}", 403)
        await someone.get(f"/projects/{someone.project['id']}")
        await someone.send("DELETE", "/auth/sessions", 403)
        await someone.send("DELETE", f"/auth/sessions/{uuid.uuid4()}", 403)
        await someone.send("POST", "/auth/proof", 204, json=proof)
        await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["read"]})
    await someone.send("DELETE", f"/projects/{someone.project['id']}", 204)


async def test_proofs_are_checked_and_limited(app: AppFixture) -> None:
    someone = await app.person()
    await age(app, someone)
    for body in ({}, {"password": "x", "code": "1"}, {"password": "not my password"}, {"code": "000000"}):
        await someone.send("POST", "/auth/proof", 422, json=body)
    await someone.send("POST", "/keys", 403, json={"name": "k", "scopes": ["read"]})
    wrong = [await someone.client.post("/api/v1/auth/proof", json={"password": "no"}) for _ in range(10)]
    assert wrong[-1].status_code == 429
    wrong = [await someone.client.post("/api/v1/auth/proof", json={"code": "000000"}) for _ in range(10)]
    assert wrong[-1].status_code == 429


async def test_api_keys_need_and_give_no_proof(app: AppFixture) -> None:
    someone = await app.person()
    created = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["admin"]})
    program = await app.stranger(authorization=f"Bearer {created['secret']}")
    assert (await program.post("/api/v1/auth/proof", json={"password": PASSWORD})).status_code == 403
    await age(app, someone)
    assert (await program.delete(f"/api/v1/projects/{someone.project['id']}")).status_code == 204


async def test_the_audit_log_says_that_a_code_was_used(app: AppFixture) -> None:
    someone = await app.person()
    assert (await signs_in(app, someone)).status_code == 200
    device, _ = await enabled(someone)
    assert (await signs_in(app, someone, device.code())).status_code == 200
    async with app.server.database.transaction() as db:
        query = "SELECT details FROM audit_entries WHERE action = 'auth.login' AND actor_email = :email ORDER BY id"
        details = list((await db.execute(text(query), {"email": someone.email})).scalars())
    assert [each.get("second_factor", "") for each in details] == ["", "code"]
