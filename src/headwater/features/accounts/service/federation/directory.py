"""The metadata and the signing keys of providers: fetched through the guard, checked, and remembered for an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from headwater.features.accounts.service.federation.assertions import unusable
from headwater.kit.clock import now
from headwater.kit.errors import Unavailable
from headwater.kit.identity_providers import IdentityProvider, is_secure
from headwater.kit.network.guarded_http import GuardedClient, InboundAnswer, OutboundRequest
from headwater.kit.settings import Settings

LASTS = timedelta(hours=1)
# A token that is signed with an unknown key makes us fetch the keys anew, at most this often.
RENEWS_KEYS = timedelta(minutes=1)
MAX_KEYS, WEAKEST_RSA = 50, 2048
WELL_KNOWN = "/.well-known/openid-configuration"
PUBLIC_PARTS = ("kty", "kid", "use", "n", "e", "crv", "x", "y")
SigningKey = RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """The endpoints of a provider, and what it supports."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    takes_basic: bool
    """Whether the secret of the client goes into the Authorization header, else into the form."""
    states_issuer: bool
    """Whether its answers always name the issuer (RFC 9207)."""


class ProviderDirectory:
    """The metadata and keys of the providers that this process has used."""

    def __init__(self, settings: Settings) -> None:
        self.http = GuardedClient(settings)
        self._metadata: dict[str, tuple[datetime, ProviderMetadata]] = {}
        self._keys: dict[str, tuple[datetime, Sequence[SigningKey]]] = {}

    async def close(self) -> None:
        """Close the HTTP client."""
        await self.http.close()

    async def metadata(self, provider: IdentityProvider) -> ProviderMetadata:
        """Return the metadata of a provider.

        Raises:
            Unavailable: it cannot be fetched, or belongs to another issuer.
        """
        fetched_at, known = self._metadata.get(provider.issuer, (None, None))
        if known is None or fetched_at is None or now() - fetched_at > LASTS:
            answer = await self.fetch(provider, OutboundRequest(provider.issuer.rstrip("/") + WELL_KNOWN))
            known = _metadata(provider, _object(provider, answer, "its configuration"))
            self._metadata[provider.issuer] = (now(), known)
        return known

    async def keys(self, provider: IdentityProvider, *, renew: bool = False) -> Sequence[SigningKey]:
        """Return the signing keys of a provider; with `renew`, fetched anew unless that was a moment ago."""
        fetched_at, known = self._keys.get(provider.issuer, (None, ()))
        lasts = RENEWS_KEYS if renew else LASTS
        if fetched_at is None or now() - fetched_at > lasts:
            metadata = await self.metadata(provider)
            answer = await self.fetch(provider, OutboundRequest(metadata.jwks_uri))
            known = _signing_keys(_object(provider, answer, "its keys").get("keys"))
            self._keys[provider.issuer] = (now(), known)
        return known

    async def fetch(self, provider: IdentityProvider, request: OutboundRequest) -> InboundAnswer:
        """Return the answer of a provider, or raise Unavailable with its name."""
        try:
            return await self.http.send(request)
        except Unavailable as error:
            raise unusable(provider, error.message) from error


def _object(provider: IdentityProvider, answer: InboundAnswer, what: str) -> Mapping[str, Any]:
    document = answer.json()
    if answer.status != 200 or not isinstance(document, dict):
        raise unusable(provider, f"it answered {answer.status} for {what}.")
    return document


def _metadata(provider: IdentityProvider, document: Mapping[str, Any]) -> ProviderMetadata:
    if document.get("issuer") != provider.issuer:
        raise unusable(provider, f"its issuer is {document.get('issuer')!r:.300}, not {provider.issuer!r}.")

    def url(name: str, *, needed: bool = True) -> str:
        value = document.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not is_secure(value):
            raise unusable(provider, f"its {name} is no https:// address.")
        return value

    methods = document.get("token_endpoint_auth_methods_supported")
    return ProviderMetadata(
        url("authorization_endpoint"),
        url("token_endpoint"),
        url("jwks_uri"),
        url("userinfo_endpoint", needed=False),
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        states_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _signing_keys(listed: Any) -> Sequence[SigningKey]:
    items = listed[:MAX_KEYS] if isinstance(listed, list) else ()
    return tuple(key for item in items if isinstance(item, dict) and (key := _signing_key(item)))


def _signing_key(item: dict[str, Any]) -> SigningKey | None:
    """Return a public key that may sign, or None for all others: secrets, weak keys, keys for encryption."""
    if item.get("kty") not in {"RSA", "EC", "OKP"} or item.get("use", "sig") != "sig":
        return None
    if item["kty"] == "RSA" and len(str(item.get("n", ""))) * 6 < WEAKEST_RSA:
        return None
    try:
        key = JWKRegistry.import_key({name: item[name] for name in PUBLIC_PARTS if name in item})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
