"""Validation of ID tokens (OpenID Connect Core, 3.1.3.7): signature, algorithm, issuer, audience, times, nonce."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jws import JWSRegistry, extract_compact

from headwater.features.accounts.service.federation.assertions import MAX_SUBJECT, ProviderRefusal, text_of
from headwater.features.accounts.service.federation.directory import SigningKey
from headwater.kit.clock import now

# Never `none`, and no HMAC: its key could be the public key of the provider, which everybody has.
KEY_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
ALGORITHMS = tuple(KEY_TYPES)
MAX_LENGTH, LEEWAY = 64_000, 60
_SENTENCES = {
    "iss": "it is of another issuer",
    "aud": "it is for another application",
    "azp": "it is for another application",
    "nonce": "it belongs to another sign-in",
    "iat": "it was issued at another time",
    "nbf": "it is not valid yet",
}


class UnknownSigningKey(Exception):
    """No known key of the provider has signed a token; its keys may have changed."""


@dataclass(frozen=True, slots=True)
class ExpectedToken:
    """What an ID token must say."""

    provider: str
    """The name of the provider, for sentences."""
    issuer: str
    client_id: str
    nonce: str


def read(token: Any, keys: Sequence[SigningKey], expected: ExpectedToken) -> Mapping[str, Any]:
    """Return the claims of a valid ID token.

    Raises:
        ProviderRefusal: the token is not valid.
        UnknownSigningKey: its signature may be of a key that the provider has had for a short time.
    """
    if not isinstance(token, str) or len(token) > MAX_LENGTH:
        raise refusal(expected.provider, "there is none")
    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError):
        raise refusal(expected.provider, "it cannot be read") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise refusal(expected.provider, "its algorithm is not allowed")
    fitting = [key for key in keys if key.key_type == KEY_TYPES[algorithm] and kid in (None, key.kid)]
    claims = _verified(token, fitting, algorithm)
    if claims is None:
        raise UnknownSigningKey
    _check(claims, expected)
    return claims


def refusal(provider: str, reason: str) -> ProviderRefusal:
    """Return the error for an ID token that is not valid."""
    return ProviderRefusal(f"The answer of {provider} cannot be trusted: its ID token is not valid ({reason}).")


def authenticated_at(claims: Mapping[str, Any]) -> datetime | None:
    """Return when the user last entered a credential at the provider, if the claims say so."""
    value = claims.get("auth_time")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= now().timestamp() + LEEWAY:
        return None
    return min(datetime.fromtimestamp(value, UTC), now())


def _verified(token: str, keys: Sequence[SigningKey], algorithm: str) -> dict[str, Any] | None:
    registry = JWSRegistry(algorithms=[algorithm])
    for key in keys:
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm], registry=registry).claims
        except BadSignatureError:
            continue
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        return claims if isinstance(claims, dict) else None
    return None


def _check(claims: Mapping[str, Any], expected: ExpectedToken) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(dict(claims))
    except ExpiredTokenError:
        raise refusal(expected.provider, "it has expired") from None
    except (InvalidClaimError, MissingClaimError) as error:
        name = str(getattr(error, "claim", ""))
        raise refusal(expected.provider, _SENTENCES.get(name, f"its claim {name!r} is missing or wrong")) from None
    except (JoseError, ValueError, TypeError):
        raise refusal(expected.provider, "its claims cannot be read") from None
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", expected.client_id) != expected.client_id or (len(audiences) > 1 and "azp" not in claims):
        raise refusal(expected.provider, _SENTENCES["azp"])
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(errors="replace"), expected.nonce.encode()):
        raise refusal(expected.provider, _SENTENCES["nonce"])
    if (
        not claims["sub"]
        or text_of(claims["sub"], MAX_SUBJECT + 1) != claims["sub"]
        or len(claims["sub"]) > MAX_SUBJECT
    ):
        raise refusal(expected.provider, "its subject is not usable")
