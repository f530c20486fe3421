"""The authorization code flow (RFC 6749, PKCE, RFC 9207): begun in a browser, and completed once, in the same one.

What a flow needs is in a signed token, in a cookie that scripts cannot read; nothing is stored until it is completed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from headwater.features.accounts.repository import identities
from headwater.features.accounts.service.federation import github, id_tokens
from headwater.features.accounts.service.federation.assertions import (
    Assertion,
    ProviderRefusal,
    code_refused,
    provider_of,
    text_of,
    unusable,
)
from headwater.features.accounts.service.federation.directory import ProviderDirectory, ProviderMetadata
from headwater.features.accounts.service.federation.id_tokens import ExpectedToken, UnknownSigningKey
from headwater.features.accounts.tokens import Signer, digest
from headwater.kit.clock import now
from headwater.kit.errors import Forbidden
from headwater.kit.identity_providers import IdentityProvider
from headwater.kit.network.guarded_http import OutboundRequest
from headwater.store.context import Context

FlowPurpose = Literal["sign_in", "link", "proof"]
TOKEN, LASTS = "sign-in-flow", timedelta(minutes=10)
_ERROR = re.compile(r"[a-z_]{1,60}")


class FlowGone(Forbidden):
    """This sign-in was begun in another browser, was completed already, or was begun more than ten minutes ago."""

    code = "flow_gone"


@dataclass(frozen=True, slots=True)
class FlowRequest:
    """What a browser begins: `next` is where it goes on afterwards; a session links an identity or proves its user."""

    provider: str
    purpose: FlowPurpose
    redirect_uri: str
    next: str = ""
    invitation: str = ""
    session_id: uuid.UUID | None = None
    keep_account: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that has begun; `verifier` is the secret of PKCE."""

    provider: str
    purpose: FlowPurpose
    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    begun_at: int
    next: str = ""
    invitation: str = ""
    session_id: str = ""
    keep_account: bool = False


@dataclass(frozen=True, slots=True)
class NewFlow:
    """Where the browser goes, and the token that it keeps in a cookie until it comes back with the state."""

    url: str
    state: str
    token: str


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What a browser brings back from a provider, and the token from its cookie."""

    provider: str
    state: str
    token: str
    code: str = ""
    issuer: str = ""
    error: str = ""


async def begin(context: Context, signer: Signer, request: FlowRequest) -> NewFlow:
    """Begin a flow.

    Raises:
        NotFound: there is no such provider.
        Unavailable: the provider does not work.
    """
    provider = provider_of(context.settings, request.provider)
    endpoint = await _authorization_endpoint(context, provider)
    flow = Flow(
        provider.id,
        request.purpose,
        request.redirect_uri,
        state=f"{request.purpose}.{secrets.token_urlsafe(32)}",
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        begun_at=int(now().timestamp()),
        next=request.next,
        invitation=request.invitation,
        session_id=str(request.session_id or ""),
        keep_account=request.keep_account,
    )
    query = urlencode(_authorization_request(provider, flow), quote_via=quote)
    url = f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"
    return NewFlow(url, flow.state, signer.seal(TOKEN, asdict(flow), LASTS))


async def complete(
    context: Context, signer: Signer, answer: ProviderAnswer, purpose: FlowPurpose
) -> tuple[Flow, Assertion]:
    """Complete a flow with the answer of its provider, once: whatever comes of it, it cannot be completed again.

    Raises:
        FlowGone: it was not begun in this browser, for this purpose and provider, or is over.
        ProviderRefusal: the provider refuses, or its answer cannot be trusted.
        Unavailable: the provider does not work.
    """
    provider = provider_of(context.settings, answer.provider)
    flow = _flow(signer, answer)
    if flow is None or (flow.provider, flow.purpose) != (provider.id, purpose):
        raise FlowGone(hint="Begin again.")
    async with context.store.transaction() as db:
        is_first = await identities.use_token(db, digest(flow.state), now() + 2 * LASTS)
    if not is_first:
        raise FlowGone(hint="Begin again.")
    if answer.error or not answer.code:
        raise _refusal(provider, answer.error)
    if provider.is_oauth_only:
        return flow, await github.assertion(context, provider, answer.code, flow.redirect_uri, flow.verifier)
    return flow, await _assertion(context, provider, flow, answer)


def _flow(signer: Signer, answer: ProviderAnswer) -> Flow | None:
    payload = signer.unseal(TOKEN, answer.token)
    if payload is None or not hmac.compare_digest(str(payload["state"]).encode(), answer.state.encode()):
        return None
    return Flow(**{name: payload[name] for name in Flow.__slots__ if name in payload})


async def _authorization_endpoint(context: Context, provider: IdentityProvider) -> str:
    if provider.is_oauth_only:
        return github.authorization_endpoint(provider)
    return (await context.service(ProviderDirectory).metadata(provider)).authorization_endpoint


def _authorization_request(provider: IdentityProvider, flow: Flow) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
    request = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": flow.redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": flow.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if not provider.is_oauth_only:
        request["nonce"] = flow.nonce
        if flow.purpose == "proof":
            request |= {"prompt": "login", "max_age": "0"}
    return request


def _refusal(provider: IdentityProvider, error: str) -> ProviderRefusal:
    if error == "access_denied":
        return ProviderRefusal(f"The sign-in was cancelled at {provider.name}.", hint="Begin again.")
    reason = f" ({error})" if _ERROR.fullmatch(error) else ""
    return ProviderRefusal(f"{provider.name} refused the sign-in{reason}.", hint="Begin again.")


async def _assertion(context: Context, provider: IdentityProvider, flow: Flow, answer: ProviderAnswer) -> Assertion:
    directory = context.service(ProviderDirectory)
    metadata = await directory.metadata(provider)
    if answer.issuer != provider.issuer and (answer.issuer or metadata.states_issuer):
        raise ProviderRefusal(f"The answer does not come from {provider.name}.", hint="Begin again.")
    tokens = await _redeem(directory, provider, metadata, flow, answer.code)
    expected = ExpectedToken(provider.name, provider.issuer, provider.client_id, flow.nonce)
    claims = await _claims(directory, provider, tokens.get("id_token"), expected)
    authenticated_at = id_tokens.authenticated_at(claims)
    if flow.purpose == "proof":
        _check_fresh(provider, flow, authenticated_at)
    if "email" not in claims and metadata.userinfo_endpoint:
        claims = {**await _userinfo(directory, provider, metadata, tokens, claims["sub"]), **claims}
    return Assertion(
        provider.issuer,
        claims["sub"],
        text_of(claims.get("email"), 254).lower(),
        # Some providers send the claim as text; one that leaves it out has not verified anything.
        provider.trust_email or claims.get("email_verified") in (True, "true"),
        text_of(claims.get("name")),
        authenticated_at,
    )


async def _redeem(
    directory: ProviderDirectory, provider: IdentityProvider, metadata: ProviderMetadata, flow: Flow, code: str
) -> Mapping[str, Any]:
    """Exchange a code for tokens; a code is valid once, for the client and the verifier that it was issued for."""
    secret = provider.client_secret.get_secret_value()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    headers = {}
    if secret and metadata.takes_basic:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id} | ({"client_secret": secret} if secret else {})
    answer = await directory.fetch(provider, OutboundRequest(metadata.token_endpoint, headers, form))
    tokens = answer.json()
    if answer.status != 200 or not isinstance(tokens, dict):
        error = text_of(tokens.get("error")) if isinstance(tokens, dict) else ""
        if error == "invalid_grant":
            raise code_refused(provider)
        raise unusable(provider, f"it answered {answer.status} for a token{f' ({error[:60]})' if error else ''}.")
    return tokens


async def _claims(
    directory: ProviderDirectory, provider: IdentityProvider, token: Any, expected: ExpectedToken
) -> Mapping[str, Any]:
    """Return the claims of an ID token; the keys are fetched again if none of them has signed it."""
    for renew in (False, True):
        try:
            return id_tokens.read(token, await directory.keys(provider, renew=renew), expected)
        except UnknownSigningKey:
            continue
    raise id_tokens.refusal(provider.name, "its signature is wrong")


def _check_fresh(provider: IdentityProvider, flow: Flow, authenticated_at: datetime | None) -> None:
    """Raise ProviderRefusal unless the user has entered a credential at the provider since the flow began."""
    begun_at = datetime.fromtimestamp(flow.begun_at, UTC)
    if authenticated_at is None or authenticated_at < begun_at - timedelta(seconds=id_tokens.LEEWAY):
        raise ProviderRefusal(
            f"{provider.name} did not ask for your password again, so this proves nothing.",
            hint="Confirm with a code or a passkey instead, or set a password.",
        )


async def _userinfo(
    directory: ProviderDirectory,
    provider: IdentityProvider,
    metadata: ProviderMetadata,
    tokens: Mapping[str, Any],
    subject: str,
) -> Mapping[str, Any]:
    """Return further claims of the subject of an ID token, or nothing."""
    token = text_of(tokens.get("access_token"), 64_000)
    if not token or not token.isascii() or not token.isprintable():
        return {}
    headers = {"authorization": f"Bearer {token}"}
    answer = await directory.fetch(provider, OutboundRequest(metadata.userinfo_endpoint, headers))
    claims = answer.json()
    if answer.status != 200 or not isinstance(claims, dict):
        return {}
    if claims.get("sub") != subject:
        raise ProviderRefusal(f"The answer of {provider.name} cannot be trusted: it is about somebody else.")
    return claims
