"""Sign-in with identity providers: new accounts, links, what is refused, second factors, proofs; on a real provider."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import text

from features.accounts.test_second_factor import Device, enabled
from headwater.features.accounts.service.federation import directory
from headwater.kit.settings import Settings
from identity_server import CLIENT, SECRET, IdentityServer, identity_server
from mail_server import mail_server
from people import PASSWORD, AppFixture, Person

API = "/api/v1/auth"


@pytest.fixture
def idp(settings: Settings) -> Iterator[IdentityServer]:
    with identity_server() as server:
        settings.oidc_providers = (server.provider, server.github)
        server.subject = uuid.uuid4().hex
        server.number = uuid.uuid4().int % 10**9
        yield server


def as_user(idp: IdentityServer, email: str, **claims: Any) -> None:
    """Let somebody with an address be signed in at the provider."""
    idp.claims = {"email": email, "email_verified": True, "name": "Ada"} | claims


def address() -> str:
    return f"{uuid.uuid4().hex}@example.org"


async def begun(client: httpx.AsyncClient, provider: str = "corp", **body: Any) -> str:
    answer = await client.post(f"{API}/oidc/{provider}/start", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def completed(client: httpx.AsyncClient, answer: dict[str, str], provider: str = "corp") -> httpx.Response:
    return await client.post(f"{API}/oidc/{provider}/callback", json=answer)


async def arrives(
    app: AppFixture, idp: IdentityServer, provider: str = "corp", **body: Any
) -> tuple[httpx.AsyncClient, httpx.Response]:
    """Sign in at the provider and here, in a new browser."""
    client = await app.stranger()
    answer = await completed(client, idp.authorize(await begun(client, provider, **body)), provider)
    return client, answer


def person_of(client: httpx.AsyncClient, answer: httpx.Response) -> Person:
    assert answer.status_code == 200, answer.text
    session = answer.json()["session"]
    client.headers["authorization"] = f"Bearer {session['access_token']}"
    return Person(session["user"]["email"], client, session)


async def verified(app: AppFixture, person: Person) -> None:
    async with app.server.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET email_verified_at = now() WHERE email = :email"), {"email": person.email}
        )


async def session_in(
    person: Person, idp: IdentityServer, purpose: str, status: int = 200, provider: str = "corp"
) -> dict[str, Any]:
    """Begin a flow in a session, and return what the provider sends."""
    body = {"provider": provider, "purpose": purpose}
    begun_flow = await person.send("POST", "/auth/identities/start", status, json=body)
    return {**idp.authorize(begun_flow["url"]), "provider": provider} if status == 200 else begun_flow


async def link(person: Person, idp: IdentityServer) -> None:
    """Link the identity that is signed in at the provider."""
    await person.send("POST", "/auth/identities", 201, json=await session_in(person, idp, "link"))


async def test_providers_are_listed_for_everybody_without_secrets(app: AppFixture, idp: IdentityServer) -> None:
    listed = (await (await app.stranger()).get(f"{API}/providers")).json()["items"]
    assert listed == [
        {"id": "corp", "name": "Corp", "fresh_sign_in": True},
        {"id": "github", "name": "GitHub", "fresh_sign_in": False},
    ]


async def test_a_new_address_gets_an_account_and_signs_in_to_it_again(app: AppFixture, idp: IdentityServer) -> None:
    email = address()
    as_user(idp, email.upper())
    client, answer = await arrives(app, idp, next="/settings/security")
    assert answer.json()["next"] == "/settings/security"
    someone = person_of(client, answer)
    assert (someone.email, someone.signed_in["user"]["name"]) == (email, "Ada")
    me = await someone.get("/auth/me")
    assert me["has_password"] is False
    assert [organization["role"] for organization in me["organizations"]] == ["owner"]
    as_user(idp, address())
    again = person_of(*await arrives(app, idp))
    assert again.email == email, "the subject counts, not the address"
    actions = [entry["action"] for entry in (await someone.get("/audit"))["items"]]
    assert sorted(actions) == ["auth.login", "auth.login", "auth.signup", "identity.link"]
    (identity,) = (await someone.get("/auth/identities"))["items"]
    assert identity["provider"] == "corp"


async def test_the_refresh_cookie_is_that_of_every_sign_in(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    client, _ = await arrives(app, idp)
    assert (await client.post(f"{API}/refresh")).status_code == 200
    assert not [name for name in client.cookies if "flow" in name], "the cookie of the flow is gone"


async def test_the_request_has_pkce_state_and_nonce_and_its_cookie_is_closed(
    app: AppFixture, idp: IdentityServer
) -> None:
    client = await app.stranger()
    answer = await client.post(f"{API}/oidc/corp/start", json={})
    query = httpx.URL(answer.json()["url"]).params
    assert query["redirect_uri"] == "https://headwater.test/sign-in/corp"
    assert len(query["state"]) > 40 and len(query["nonce"]) > 40 and len(query["code_challenge"]) == 43
    assert {query["response_type"], query["scope"]} == {"code", "openid email profile"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-headwater_flow_")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Max-Age=600", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email_verified": "false"}])
async def test_an_address_that_the_provider_has_not_verified_is_refused(
    app: AppFixture, idp: IdentityServer, claims: dict[str, Any]
) -> None:
    as_user(idp, address(), **claims)
    _, answer = await arrives(app, idp)
    assert (answer.status_code, answer.json()["code"]) == (403, "provider_refusal")
    assert "has not verified your address" in answer.json()["detail"]


async def test_refusals_are_in_the_audit_log_of_the_administrator(app: AppFixture, idp: IdentityServer) -> None:
    administrator = await app.person()
    await app.promote(administrator)
    as_user(idp, address(), aud="somebody else")
    await arrives(app, idp)
    entry = (await administrator.get("/audit", action="auth.login_failed"))["items"][0]
    assert entry["details"]["provider"] == "corp"
    assert "another application" in entry["details"]["reason"]


async def test_a_provider_of_ones_own_may_be_trusted_without_the_claim(app: AppFixture, idp: IdentityServer) -> None:
    app.server.settings.oidc_providers = (idp.provider.model_copy(update={"trust_email": True}),)
    as_user(idp, address(), email_verified=None)
    assert (await arrives(app, idp))[1].status_code == 200


async def test_verified_may_be_said_as_text_and_by_the_userinfo_endpoint(app: AppFixture, idp: IdentityServer) -> None:
    idp.userinfo = {"email": address(), "email_verified": "true", "name": "Grace"}
    assert (await arrives(app, idp))[1].json()["session"]["user"]["name"] == "Grace"
    idp.userinfo["sub"] = "somebody else"
    _, answer = await arrives(app, idp)
    assert "about somebody else" in answer.json()["detail"]


async def test_only_given_domains_may_sign_in(app: AppFixture, idp: IdentityServer) -> None:
    limited = idp.provider.model_copy(update={"email_domains": ("corp.example",)})
    app.server.settings.oidc_providers = (limited,)
    for email in (address(), "a@corp.example.evil.example", "a@evilcorp.example"):
        as_user(idp, email)
        assert "Only verified addresses of corp.example" in (await arrives(app, idp))[1].json()["detail"]
    as_user(idp, f"{uuid.uuid4().hex}@corp.example")
    assert (await arrives(app, idp))[1].status_code == 200


async def test_an_account_whose_address_was_never_confirmed_is_not_taken_over(
    app: AppFixture, idp: IdentityServer
) -> None:
    squatter = await app.person("squatter")
    as_user(idp, squatter.email)
    _, answer = await arrives(app, idp)
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_unlinked")
    assert (await squatter.get("/auth/identities"))["items"] == []


async def test_a_confirmed_address_is_linked(app: AppFixture, idp: IdentityServer) -> None:
    someone = await app.person()
    await verified(app, someone)
    as_user(idp, someone.email)
    assert person_of(*await arrives(app, idp)).signed_in["user"]["id"] == someone.signed_in["user"]["id"]
    assert [item["email"] for item in (await someone.get("/auth/identities"))["items"]] == [someone.email]


async def test_a_mailed_reset_confirms_the_address_and_removes_who_came_before(
    app: AppFixture, idp: IdentityServer, settings: Settings
) -> None:
    squatter = await app.person("squatter")
    as_user(idp, address())
    await link(squatter, idp)
    with mail_server(settings) as mails:
        await squatter.send("POST", "/auth/reset-request", 202, json={"email": squatter.email})
        token = await mails.token_to(squatter.email)
        body = {"token": token, "password": "eight wooden boats"}
        await squatter.send("POST", "/auth/reset", 204, json=body)
    _, answer = await arrives(app, idp)
    assert answer.json()["session"]["user"]["email"] != squatter.email, "the identity of the squatter is unlinked"
    idp.subject = uuid.uuid4().hex
    as_user(idp, squatter.email)
    assert (await arrives(app, idp))[1].json()["session"]["user"]["email"] == squatter.email


async def test_closed_sign_up_lets_nobody_in_but_who_is_invited(app: AppFixture, idp: IdentityServer) -> None:
    administrator = await app.person()
    await app.promote(administrator)
    await administrator.send("PATCH", "/instance", 200, json={"open_signup": False})
    try:
        guest = address()
        as_user(idp, guest)
        assert (await arrives(app, idp))[1].json()["detail"] == "Sign-up is closed."
        invitations = f"/organizations/{administrator.organization}/invitations"
        body = {"email": guest, "role": "viewer"}
        token = (await administrator.send("POST", invitations, 201, json=body))["token"]
        assert (await arrives(app, idp, invitation="x"))[1].status_code == 404
        invited = person_of(*await arrives(app, idp, invitation=token))
        roles = {row["role"] for row in (await invited.get("/auth/me"))["organizations"]}
        assert roles == {"owner", "viewer"}
        other = idp.provider.model_copy(update={"open_signup": True})
        app.server.settings.oidc_providers = (other,)
        idp.subject = uuid.uuid4().hex
        as_user(idp, address())
        assert (await arrives(app, idp))[1].status_code == 200
    finally:
        await administrator.send("PATCH", "/instance", 200, json={"open_signup": True})


async def test_an_invitation_of_another_address_is_not_accepted(app: AppFixture, idp: IdentityServer) -> None:
    host = await app.person()
    invitations = f"/organizations/{host.organization}/invitations"
    token = (await host.send("POST", invitations, 201, json={"email": address(), "role": "viewer"}))["token"]
    as_user(idp, address())
    assert (await arrives(app, idp, invitation=token))[1].status_code == 403


# What a forged or a wrong ID token says, and the reason that the answer gives.
BAD_CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"iss": "https://evil.example"}, "another issuer"),
    ({"iss": None}, "another issuer"),
    ({"aud": "somebody else"}, "another application"),
    ({"aud": None}, "another application"),
    ({"aud": []}, "another application"),
    ({"aud": [CLIENT, "somebody else"]}, "another application"),
    ({"azp": "somebody else"}, "another application"),
    ({"nonce": "another"}, "another sign-in"),
    ({"nonce": None}, "another sign-in"),
    ({"nonce": 7}, "another sign-in"),
    ({"exp": 1_700_000_000}, "has expired"),
    ({"exp": None}, "'exp' is missing"),
    ({"exp": "soon"}, "'exp' is missing or wrong"),
    ({"iat": None}, "another time"),
    ({"iat": 4_000_000_000}, "another time"),
    ({"nbf": 4_000_000_000}, "not valid yet"),
    ({"sub": None}, "'sub' is missing"),
    ({"sub": ""}, "'sub' is missing"),
    ({"sub": 7}, "'sub' is missing or wrong"),
    ({"sub": "a\0b"}, "subject"),
    ({"sub": "x" * 256}, "subject"),
]


@pytest.mark.parametrize(("claims", "reason"), BAD_CLAIMS, ids=lambda value: str(value)[:40])
async def test_wrong_claims_are_refused(
    app: AppFixture, idp: IdentityServer, claims: dict[str, Any], reason: str
) -> None:
    as_user(idp, address(), **claims)
    _, answer = await arrives(app, idp)
    assert answer.status_code == 403, answer.text
    assert answer.json()["code"] == "provider_refusal"
    assert reason in answer.json()["detail"]


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes = b"") -> str:
    """Return a token that no library would make: unsigned, or signed with a secret that is none."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest() if secret else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def unsigned(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": "none"}, claims)


def unsigned_in_disguise(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": "NoNe", "kid": idp.key.kid}, claims)


def signed_with_public_key(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": "HS256", "kid": idp.key.kid}, claims, idp.key.as_pem(private=False))


def signed_with_client_secret(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": "HS256"}, claims, SECRET.encode())


def without_signature(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": "RS256", "kid": idp.key.kid}, claims)


def with_a_list_as_key_id(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": "RS256", "kid": ["x"]}, claims)


def with_a_list_as_algorithm(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return by_hand({"alg": ["RS256"], "kid": "first"}, claims)


def signed_by_another(idp: IdentityServer, claims: dict[str, Any]) -> str:
    return idp.sign(claims, RSAKey.generate_key(2048, {"kid": idp.key.kid}))


def signed_with_key_of_its_own(idp: IdentityServer, claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048, {"kid": "own"})
    return idp.sign(claims, key, jku="http://127.0.0.1:1/jwks")


def changed(idp: IdentityServer, claims: dict[str, Any]) -> str:
    head, _, signature = idp.sign(claims).split(".")
    _, other, _ = idp.sign(claims | {"sub": "victim"}).split(".")
    return f"{head}.{other}.{signature}"


FORGERIES = [
    (unsigned, "algorithm is not allowed"),
    (unsigned_in_disguise, "algorithm is not allowed"),
    (without_signature, "signature is wrong"),
    (with_a_list_as_key_id, "signature is wrong"),
    (with_a_list_as_algorithm, "algorithm is not allowed"),
    (signed_with_public_key, "algorithm is not allowed"),
    (signed_with_client_secret, "algorithm is not allowed"),
    (signed_by_another, "signature is wrong"),
    (signed_with_key_of_its_own, "signature is wrong"),
    (changed, "signature is wrong"),
    (lambda *_: "a.b", "cannot be read"),
    (lambda *_: "\ud800", "cannot be read"),
    (lambda *_: None, "there is none"),
    (lambda *_: {"a": 1}, "there is none"),
    (lambda *_: "x" * 70_000, "there is none"),
]


@pytest.mark.parametrize(("forge", "reason"), FORGERIES, ids=lambda value: getattr(value, "__name__", str(value)))
async def test_forged_tokens_are_refused(app: AppFixture, idp: IdentityServer, forge: Any, reason: str) -> None:
    as_user(idp, address())
    idp.forge = lambda claims: forge(idp, claims)
    _, answer = await arrives(app, idp)
    assert answer.status_code == 403, answer.text
    assert reason in answer.json()["detail"]


async def test_several_audiences_are_right_with_an_authorized_party(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address(), aud=["other", CLIENT], azp=CLIENT)
    assert (await arrives(app, idp))[1].status_code == 200


async def test_new_keys_of_a_provider_are_fetched(app: AppFixture, idp: IdentityServer, monkeypatch: Any) -> None:
    as_user(idp, address())
    assert (await arrives(app, idp))[1].status_code == 200
    idp.key = RSAKey.generate_key(2048, {"kid": "second"})
    refused = (await arrives(app, idp))[1]
    assert "signature is wrong" in refused.json()["detail"], "keys were fetched a moment ago"
    monkeypatch.setattr(directory, "RENEWS_KEYS", directory.timedelta(0))
    assert (await arrives(app, idp))[1].status_code == 200


async def test_a_state_is_good_once_and_only_in_its_browser(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    client, thief = await app.stranger(), await app.stranger()
    first = idp.authorize(await begun(client))
    stolen = await completed(thief, first)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "flow_gone")
    cookies = dict(client.cookies)
    assert (await completed(client, first)).status_code == 200
    replayed = await app.stranger(cookie="; ".join(f"{name}={value}" for name, value in cookies.items()))
    assert (await completed(replayed, first)).json()["code"] == "flow_gone"


async def test_two_tabs_do_not_disturb_each_other(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    client = await app.stranger()
    first, second = await begun(client), await begun(client)
    assert (await completed(client, idp.authorize(first))).status_code == 200
    assert (await completed(client, idp.authorize(second))).status_code == 200


async def test_the_same_answer_twice_at_once_signs_in_once(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    client = await app.stranger()
    answer = idp.authorize(await begun(client))
    both = await asyncio.gather(completed(client, answer), completed(client, answer))
    assert sorted(each.status_code for each in both) == [200, 403]


async def test_a_state_of_another_provider_or_purpose_is_refused(app: AppFixture, idp: IdentityServer) -> None:
    someone = await app.person()
    as_user(idp, someone.email)
    of_github = idp.authorize(await begun(someone.client, "github"))
    assert (await completed(someone.client, of_github, "corp")).json()["code"] == "flow_gone"
    of_link = await session_in(someone, idp, "link")
    del of_link["provider"]
    assert (await completed(someone.client, of_link)).json()["code"] == "flow_gone"


async def test_a_code_is_good_once(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    client = await app.stranger()
    first = idp.authorize(await begun(client))
    assert (await completed(client, first)).status_code == 200
    second = idp.authorize(await begun(client)) | {"code": first["code"]}
    assert "does not accept its code" in (await completed(client, second)).json()["detail"]


async def test_a_code_of_another_flow_is_refused_by_pkce(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    victim, attacker = await app.stranger(), await app.stranger()
    stolen = idp.authorize(await begun(victim))["code"]
    injected = idp.authorize(await begun(attacker)) | {"code": stolen}
    assert (await completed(attacker, injected)).status_code == 403


@pytest.mark.parametrize(
    ("metadata", "answers", "status"),
    [
        ({}, {"iss": "https://evil.example"}, 403),
        ({"authorization_response_iss_parameter_supported": True}, {}, 403),
        ({"authorization_response_iss_parameter_supported": True}, {"iss": None}, 200),
    ],
)
async def test_the_issuer_of_an_answer_is_checked(
    app: AppFixture, idp: IdentityServer, metadata: dict[str, Any], answers: dict[str, Any], status: int
) -> None:
    as_user(idp, address())
    idp.metadata = metadata
    idp.answers = {name: value or idp.url for name, value in answers.items()}
    assert (await arrives(app, idp))[1].status_code == status


@pytest.mark.parametrize(
    ("error", "sentence"),
    [("access_denied", "was cancelled at Corp"), ("server_error", "(server_error)"), ("<b>", "refused the sign-in.")],
)
async def test_errors_of_the_provider_are_sentences(
    app: AppFixture, idp: IdentityServer, error: str, sentence: str
) -> None:
    client = await app.stranger()
    state = idp.authorize(await begun(client))["state"]
    answer = await completed(client, {"state": state, "error": error})
    assert answer.status_code == 403
    assert sentence in answer.json()["detail"]


BAD_METADATA = [
    {"issuer": "https://evil.example"},
    {"token_endpoint": "http://169.254.169.254/token"},
    {"jwks_uri": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"token_endpoint": None},
    {"jwks_uri": 7},
    {"userinfo_endpoint": "http://example.org/plain"},
]


@pytest.mark.parametrize("metadata", BAD_METADATA, ids=str)
async def test_wrong_metadata_is_refused(app: AppFixture, idp: IdentityServer, metadata: dict[str, Any]) -> None:
    idp.metadata = metadata
    answer = await (await app.stranger()).post(f"{API}/oidc/corp/start", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Corp does not work at the moment" in answer.json()["detail"]


@pytest.mark.parametrize("issuer", ["https://169.254.169.254", "https://[::ffff:10.0.0.1]", "https://100.64.0.1"])
async def test_discovery_goes_through_the_guard(app: AppFixture, idp: IdentityServer, issuer: str) -> None:
    app.server.settings.oidc_providers = (idp.provider.model_copy(update={"issuer": issuer}),)
    answer = await (await app.stranger()).post(f"{API}/oidc/corp/start", json={})
    assert answer.status_code == 503
    assert "not allowed" in answer.json()["detail"]


async def test_a_key_set_on_a_private_address_is_not_fetched(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    idp.metadata = {"jwks_uri": "https://10.1.2.3/jwks"}
    _, answer = await arrives(app, idp)
    assert answer.status_code == 503


async def test_a_provider_that_is_gone_or_talks_too_much_is_named(app: AppFixture, idp: IdentityServer) -> None:
    idp.metadata = {"more": "x" * 2_000_000}
    answer = await (await app.stranger()).post(f"{API}/oidc/corp/start", json={})
    assert "too large" in answer.json()["detail"]
    app.server.settings.oidc_providers = (idp.provider.model_copy(update={"issuer": "http://127.0.0.1:1"}),)
    answer = await (await app.stranger()).post(f"{API}/oidc/corp/start", json={})
    assert "127.0.0.1 cannot be reached" in answer.json()["detail"]


async def test_github_tells_who_it_is_by_its_api(app: AppFixture, idp: IdentityServer) -> None:
    email = address()
    idp.emails = [
        {"email": address(), "primary": False, "verified": True},
        {"email": email, "primary": True, "verified": True},
    ]
    client = await app.stranger()
    url = await begun(client, "github")
    assert "nonce" not in url and "code_challenge=" in url
    someone = person_of(client, await completed(client, idp.authorize(url), "github"))
    assert (someone.email, someone.signed_in["user"]["name"]) == (email, "Octo Cat")


@pytest.mark.parametrize("flags", [{"primary": True, "verified": False}, {"primary": False, "verified": True}])
async def test_githubs_other_addresses_do_not_count(
    app: AppFixture, idp: IdentityServer, flags: dict[str, bool]
) -> None:
    idp.emails = [{"email": address()} | flags]
    assert "has not verified your address" in (await arrives(app, idp, "github"))[1].json()["detail"]


async def test_the_second_factor_is_asked_for_after_the_provider(app: AppFixture, idp: IdentityServer) -> None:
    someone = await app.person()
    device, _ = await enabled(someone)
    as_user(idp, someone.email)
    await link(someone, idp)
    client, answer = await arrives(app, idp)
    assert answer.json() == {"next": "", "second_factor": True, "session": None}
    assert (await client.post(f"{API}/refresh")).status_code == 401, "nobody is signed in yet"
    thief = await app.stranger()
    assert (await thief.post(f"{API}/oidc/second-step", json={"code": device.code()})).status_code == 403
    wrong = await client.post(f"{API}/oidc/second-step", json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "second_factor")
    ticket = dict(client.cookies)
    right = await client.post(f"{API}/oidc/second-step", json={"code": device.code()})
    assert right.json()["user"]["email"] == someone.email
    replayed = await app.stranger(cookie="; ".join(f"{name}={value}" for name, value in ticket.items()))
    again = await replayed.post(f"{API}/oidc/second-step", json={"code": device.code(30)})
    assert again.status_code == 403, "a ticket is good once"


async def test_codes_after_a_provider_are_limited(app: AppFixture, idp: IdentityServer) -> None:
    someone = await app.person()
    await enabled(someone)
    as_user(idp, someone.email)
    await link(someone, idp)
    client, _ = await arrives(app, idp)
    statuses = [(await client.post(f"{API}/oidc/second-step", json={"code": "000000"})).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_an_organization_that_demands_a_second_factor_stays_closed(app: AppFixture, idp: IdentityServer) -> None:
    host = await app.person()
    await enabled(host)
    await host.send("PATCH", f"/organizations/{host.organization}", 200, json={"requires_second_factor": True})
    invitations = f"/organizations/{host.organization}/invitations"
    guest = address()
    token = (await host.send("POST", invitations, 201, json={"email": guest, "role": "member"}))["token"]
    as_user(idp, guest)
    someone = person_of(*await arrives(app, idp, invitation=token))
    answer = await someone.send("GET", f"/organizations/{host.organization}/members", 403)
    assert answer["code"] == "second_factor_required"


async def age_proofs(app: AppFixture, person: Person) -> None:
    """Let the proofs of all sessions of a person be too old."""
    async with app.server.database.transaction() as db:
        old = "UPDATE sessions SET confirmed_at = now() - interval '1 year' WHERE user_id = :id"
        await db.execute(text(old), {"id": person.signed_in["user"]["id"]})


async def test_a_silent_sign_in_proves_nothing_and_a_fresh_one_does(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    someone = person_of(*await arrives(app, idp))
    key = {"name": "k", "scopes": ["read"]}
    assert (await someone.send("POST", "/keys", 403, json=key))["code"] == "proof_needed"
    answer = await session_in(someone, idp, "proof")
    asked = idp.codes[answer["code"]]
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    await someone.send("POST", "/auth/identities/proof", 200, json=answer)
    await someone.send("POST", "/keys", 201, json=key)
    await age_proofs(app, someone)
    for auth_time in (None, int(time.time()) - 3600, "now", 10**30, True):
        as_user(idp, someone.email, auth_time=auth_time)
        answer = await session_in(someone, idp, "proof")
        refused = await someone.send("POST", "/auth/identities/proof", 403, json=answer)
        assert "proves nothing" in refused["detail"]
    await someone.send("POST", "/keys", 403, json=key)


async def test_nobody_else_and_no_other_session_proves_anything(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    someone = person_of(*await arrives(app, idp))
    other = person_of(*await arrives(app, idp))
    answer = await session_in(someone, idp, "proof")
    someone.client.headers["authorization"] = other.client.headers["authorization"]
    assert "another session" in (await someone.send("POST", "/auth/identities/proof", 403, json=answer))["detail"]
    answer = await session_in(other, idp, "proof")
    idp.codes[answer["code"]]["nonce"] += ""
    idp.subject = uuid.uuid4().hex
    refused = await other.send("POST", "/auth/identities/proof", 403, json=answer)
    assert "somebody else" in refused["detail"]


async def test_github_proves_nothing(app: AppFixture, idp: IdentityServer) -> None:
    someone = await app.person()
    refused = await session_in(someone, idp, "proof", 403, "github")
    assert "cannot prove" in refused["detail"]


async def test_linking_takes_a_proof_and_an_identity_has_one_account(app: AppFixture, idp: IdentityServer) -> None:
    first, second = await app.person(), await app.person()
    await age_proofs(app, first)
    assert (await session_in(first, idp, "link", 403))["code"] == "proof_needed"
    await first.send("POST", "/auth/proof", 204, json={"password": PASSWORD})
    as_user(idp, address())
    await link(first, idp)
    answer = await session_in(first, idp, "link")
    assert "yours already" in (await first.send("POST", "/auth/identities", 409, json=answer))["detail"]
    answer = await session_in(second, idp, "link")
    assert "of another account" in (await second.send("POST", "/auth/identities", 409, json=answer))["detail"]


async def test_an_api_key_cannot_link_or_prove(app: AppFixture, idp: IdentityServer) -> None:
    someone = await app.person()
    created = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["admin"]})
    program = await app.stranger(authorization=f"Bearer {created['secret']}")
    for purpose in ("link", "proof"):
        body = {"provider": "corp", "purpose": purpose}
        assert (await program.post(f"{API}/identities/start", json=body)).status_code == 403


async def test_the_last_way_to_sign_in_stays(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address(), auth_time=int(time.time()))
    someone = person_of(*await arrives(app, idp))
    (only,) = (await someone.get("/auth/identities"))["items"]
    refused = await someone.send("DELETE", f"/auth/identities/{only['id']}", 409)
    assert refused["code"] == "last_way"
    await someone.send("PUT", "/auth/password", 204, json={"new": "eight wooden boats"})
    await someone.send("DELETE", f"/auth/identities/{only['id']}", 204)
    await someone.send("DELETE", f"/auth/identities/{only['id']}", 404)
    neighbour = await app.person()
    await link(neighbour, idp)
    (other,) = (await neighbour.get("/auth/identities"))["items"]
    await someone.send("DELETE", f"/auth/identities/{other['id']}", 404)


async def test_two_identities_cannot_both_be_unlinked_at_once(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address(), auth_time=int(time.time()))
    someone = person_of(*await arrives(app, idp))
    idp.subject = uuid.uuid4().hex
    await link(someone, idp)
    ids = [item["id"] for item in (await someone.get("/auth/identities"))["items"]]
    both = await asyncio.gather(*(someone.client.delete(f"{API}/identities/{each}") for each in ids))
    assert sorted(answer.status_code for answer in both) == [204, 409]


async def test_an_account_without_a_password_sets_one_after_a_fresh_sign_in(
    app: AppFixture, idp: IdentityServer
) -> None:
    as_user(idp, address())
    someone = person_of(*await arrives(app, idp))
    body = {"new": PASSWORD}
    assert (await someone.send("PUT", "/auth/password", 403, json=body))["code"] == "proof_needed"
    wrong = await someone.send("POST", "/auth/proof", 422, json={"password": PASSWORD})
    assert "has no password" in wrong["errors"][0]["message"]
    await someone.send("POST", "/auth/identities/proof", 200, json=await session_in(someone, idp, "proof"))
    await someone.send("PUT", "/auth/password", 204, json=body)
    assert (await someone.get("/auth/me"))["has_password"] is True
    login = await (await app.stranger()).post(f"{API}/login", json={"email": someone.email, "password": PASSWORD})
    assert login.status_code == 200


async def test_an_account_without_a_password_turns_on_a_second_factor(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    someone = person_of(*await arrives(app, idp))
    path = "/auth/second-factor"
    assert (await someone.send("POST", path, 403, json={}))["code"] == "proof_needed"
    await someone.send("POST", "/auth/identities/proof", 200, json=await session_in(someone, idp, "proof"))
    secret = (await someone.send("POST", path, 201, json={}))["secret"]
    await someone.send("POST", f"{path}/confirmation", 200, json={"code": Device(secret).code()})
    created = await someone.send("POST", "/keys", 201, json={"name": "k", "scopes": ["admin"]})
    program = await app.stranger(authorization=f"Bearer {created['secret']}")
    assert (await program.post(f"/api/v1{path}/removal", json={})).status_code == 403, "a key proves nothing"


async def test_nobody_signs_in_with_an_empty_password(app: AppFixture, idp: IdentityServer) -> None:
    as_user(idp, address())
    someone = person_of(*await arrives(app, idp))
    for password in ("", "None", PASSWORD):
        answer = await (await app.stranger()).post(f"{API}/login", json={"email": someone.email, "password": password})
        assert answer.status_code == 401


async def test_requests_of_other_sites_begin_and_complete_nothing(app: AppFixture, idp: IdentityServer) -> None:
    foreign = await app.stranger(origin="https://evil.example")
    for path in ("start", "callback"):
        assert (await foreign.post(f"{API}/oidc/corp/{path}", json={"state": "x"})).status_code == 403
    assert (await foreign.post(f"{API}/oidc/second-step", json={"code": "x"})).status_code == 403


async def test_an_unknown_provider_is_answered_with_the_right_ones(app: AppFixture, idp: IdentityServer) -> None:
    answer = await (await app.stranger()).post(f"{API}/oidc/crop/start", json={})
    assert (answer.status_code, answer.json()["hint"]) == (404, "Did you mean corp?")


async def test_calls_of_providers_are_limited_by_address(app: AppFixture, idp: IdentityServer) -> None:
    client = await app.stranger()
    statuses = [(await client.post(f"{API}/oidc/corp/start", json={})).status_code for _ in range(121)]
    assert statuses == [200] * 120 + [429]
    assert len([name for name in client.cookies if "flow" in name]) <= 5
