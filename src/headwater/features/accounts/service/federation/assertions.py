"""What a provider says about whoever has signed in there, and the errors if it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater.kit.errors import Forbidden, NotFound, Unavailable, did_you_mean
from headwater.kit.identity_providers import IdentityProvider
from headwater.kit.settings import Settings

MAX_SUBJECT, MAX_NAME = 255, 200


class ProviderRefusal(Forbidden):
    """The sign-in with this provider failed."""

    code = "provider_refusal"


@dataclass(frozen=True, slots=True)
class Assertion:
    """A user of a provider; `authenticated_at` is when they last entered a credential there, if it says so."""

    issuer: str
    subject: str
    email: str
    is_verified: bool
    name: str
    authenticated_at: datetime | None = None


def provider_of(settings: Settings, provider_id: str) -> IdentityProvider:
    """Return the provider with an id, or raise NotFound."""
    known = {provider.id: provider for provider in settings.oidc_providers}
    if provider_id not in known:
        raise NotFound(f"There is no provider {provider_id[:60]!r}.", hint=did_you_mean(provider_id[:60], known))
    return known[provider_id]


def unusable(provider: IdentityProvider, what: str) -> Unavailable:
    """Return the error for a provider that does not work as it should; its administrator reads what is wrong."""
    return Unavailable(f"Signing in with {provider.name} does not work at the moment: {what}")


def code_refused(provider: IdentityProvider) -> ProviderRefusal:
    """Return the error for a code that the provider does not exchange."""
    return ProviderRefusal(
        f"{provider.name} does not accept its code: it was used, or is too old.", hint="Begin again."
    )


def text_of(value: Any, limit: int = MAX_NAME) -> str:
    """Return a claim that can be stored as text, or "" if it cannot."""
    if not isinstance(value, str) or "\0" in value:
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value.strip()[:limit]
