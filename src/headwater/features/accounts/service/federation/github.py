"""GitHub as a provider: OAuth 2 without ID tokens; who somebody is, and their verified address, its API says.

An address is believed only as GitHub's primary address, verified there. GitHub Enterprise has its API below the server.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from headwater.features.accounts.service.federation.assertions import Assertion, code_refused, text_of, unusable
from headwater.features.accounts.service.federation.directory import ProviderDirectory
from headwater.kit.identity_providers import IdentityProvider
from headwater.kit.network.guarded_http import OutboundRequest
from headwater.store.context import Context

PUBLIC_HOST = "github.com"


def authorization_endpoint(provider: IdentityProvider) -> str:
    """Return the address to which a browser is sent."""
    return f"{provider.issuer.rstrip('/')}/login/oauth/authorize"


async def assertion(
    context: Context, provider: IdentityProvider, code: str, redirect_uri: str, verifier: str
) -> Assertion:
    """Return who has signed in at GitHub.

    Raises:
        ProviderRefusal: the code is not valid.
        Unavailable: GitHub does not work.
    """
    directory = context.service(ProviderDirectory)
    form = {
        "client_id": provider.client_id,
        "client_secret": provider.client_secret.get_secret_value(),
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    url = f"{provider.issuer.rstrip('/')}/login/oauth/access_token"
    tokens = (await directory.fetch(provider, OutboundRequest(url, form=form))).json()
    token = text_of(tokens.get("access_token"), 1000) if isinstance(tokens, dict) else ""
    if not token or not token.isascii() or not token.isprintable():
        raise code_refused(provider)
    user = await _get(directory, provider, "/user", token)
    emails = await _get(directory, provider, "/user/emails", token)
    number = user.get("id") if isinstance(user, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise unusable(provider, "it does not say who has signed in.")
    email = _primary(emails)
    return Assertion(
        provider.issuer, str(number), email, bool(email), text_of(user.get("name")) or text_of(user.get("login"))
    )


async def _get(directory: ProviderDirectory, provider: IdentityProvider, path: str, token: str) -> Any:
    headers = {"authorization": f"Bearer {token}", "user-agent": "headwater", "x-github-api-version": "2022-11-28"}
    answer = await directory.fetch(provider, OutboundRequest(f"{_api(provider)}{path}", headers))
    if answer.status != 200:
        raise unusable(provider, f"it answered {answer.status} for {path}.")
    return answer.json()


def _api(provider: IdentityProvider) -> str:
    issuer = provider.issuer.rstrip("/")
    return f"https://api.{PUBLIC_HOST}" if urlsplit(issuer).hostname == PUBLIC_HOST else f"{issuer}/api/v3"


def _primary(emails: Any) -> str:
    """Return the primary address if it is verified, or ""."""
    for item in emails if isinstance(emails, list) else ():
        if isinstance(item, dict) and item.get("primary") is True and item.get("verified") is True:
            return text_of(item.get("email"), 254).lower()
    return ""
