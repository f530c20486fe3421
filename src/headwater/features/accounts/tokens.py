"""Credentials: creates and reads signed access tokens, refresh tokens and API keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from headwater.kit.clock import now
from headwater.kit.errors import Unauthenticated
from headwater.kit.settings import Settings
from headwater.store.secrets import read_secret

ISSUER, AUDIENCE = "headwater", "headwater-api"
ALGORITHMS = ["HS256"]
KEY_PREFIX = "hw"
ANY_AGE = 10**10
# Tokens whose signature is not computed again at each request.
MOST_VERIFIED = 4_096


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The user and the session of an access token."""

    user_id: uuid.UUID
    session_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class _Verified:
    """The claims of a token that was verified, and when it expires in seconds since 1970."""

    claims: AccessClaims
    expires: int


class Signer:
    """Signs and reads access tokens with the key of this instance (a file that only its owner can read)."""

    def __init__(self, settings: Settings) -> None:
        secret = read_secret(settings.home_folder / "token.key")
        self._key = OctKey.import_key(hashlib.sha256(secret.encode()).digest())
        self.seconds = settings.access_token_seconds
        self._proof_lasts = timedelta(minutes=settings.proof_minutes)
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._registry = _registry(leeway=0)
        self._registry_of_expired = _registry(leeway=ANY_AGE)

    def is_recent(self, proven_at: datetime) -> bool:
        """Return True if a password or a code that was entered then still counts for what destroys or reveals."""
        return now() - proven_at <= self._proof_lasts

    def sign(self, claims: AccessClaims) -> str:
        """Return an access token for these claims."""
        moment = int(now().timestamp())
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "iat": moment,
            "nbf": moment,
            "exp": moment + self.seconds,
        }
        return jwt.encode({"alg": ALGORITHMS[0]}, payload, self._key, algorithms=ALGORITHMS)

    def read(self, token: str) -> AccessClaims:
        """Return the claims of a token, or raise Unauthenticated.

        What was verified once is remembered until it expires; the store is asked each time whether its session lasts.
        """
        known = self._verified.get(token)
        if known is None or known.expires <= now().timestamp():
            claims, expires = self._claims(token, self._registry)
            known = self._verified[token] = _Verified(claims, expires)
            if len(self._verified) > MOST_VERIFIED:
                self._verified.popitem(last=False)
        return known.claims

    def read_expired(self, token: str) -> AccessClaims | None:
        """Return the claims of a token that we have signed, whether it has expired or not: to end its session."""
        try:
            return self._claims(token, self._registry_of_expired)[0]
        except Unauthenticated:
            return None

    def seal(self, purpose: str, payload: Mapping[str, Any], lasts: timedelta) -> str:
        """Return a signed token that carries a payload for one purpose; who has it can read the payload."""
        claims = {**payload, "aud": f"headwater-{purpose}", "exp": int((now() + lasts).timestamp())}
        return jwt.encode({"alg": ALGORITHMS[0]}, claims, self._key, algorithms=ALGORITHMS)

    def unseal(self, purpose: str, token: str) -> dict[str, Any] | None:
        """Return the payload of a token that was signed for a purpose and has not expired, or None."""
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now().timestamp()),
            aud={"essential": True, "value": f"headwater-{purpose}"},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, AttributeError):
            return None
        return dict(claims)

    def _claims(self, token: str, registry: jwt.JWTClaimsRegistry) -> tuple[AccessClaims, int]:
        """Return the claims of a token, and when it expires in seconds since 1970."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=ALGORITHMS)
            registry.validate(decoded.claims)
            claims = AccessClaims(uuid.UUID(decoded.claims["sub"]), uuid.UUID(decoded.claims["sid"]))
            return claims, int(decoded.claims["exp"])
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise Unauthenticated("The access token is not valid or has expired.") from error


def _registry(leeway: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=lambda: int(now().timestamp()),
        leeway=leeway,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        nbf={"essential": True},
        sub={"essential": True},
        sid={"essential": True},
    )


def new_refresh_token() -> tuple[str, bytes]:
    """Return a new refresh token and the hash to store."""
    token = secrets.token_urlsafe(32)
    return token, digest(token)


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a secret of full entropy."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new API key: its public part, the whole key that is shown only once, and the hash that is stored."""

    public_id: str
    key: str
    secret_hash: bytes


def new_api_key() -> NewKey:
    """Return a new API key `hw_<id>_<secret>` with a secret of 256 bits."""
    public_id = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    secret = secrets.token_hex(32)
    return NewKey(public_id, f"{KEY_PREFIX}_{public_id}_{secret}", digest(secret))


def split_api_key(key: str) -> tuple[str, str] | None:
    """Return the public part and the secret of an API key, or None if the text is not one."""
    parts = key.split("_")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == KEY_PREFIX else None


def matches(secret: str, known: bytes) -> bool:
    """Compare a secret with its stored hash in constant time."""
    return hmac.compare_digest(digest(secret), known)


def expiry(days: int | None) -> datetime | None:
    """Return the time that many days from now, or None."""
    return None if days is None else now() + timedelta(days=days)
