"""Identity providers with which users sign in, as the administrator's settings describe them."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Preset = Literal["google", "github"]
PRESETS: dict[str, dict[str, Any]] = {
    # Neither says when the user last entered a password there, so neither can prove who uses a session.
    "google": {
        "id": "google",
        "name": "Google",
        "issuer": "https://accounts.google.com",
        "fresh_sign_in": False,
    },
    "github": {
        "id": "github",
        "name": "GitHub",
        "issuer": "https://github.com",
        "scopes": ("read:user", "user:email"),
        "fresh_sign_in": False,
    },
}


class IdentityProvider(BaseModel):
    """A provider: `protocol` is OpenID Connect, but for GitHub, which knows only OAuth 2."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Preset | None = None
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    name: str = Field(min_length=1, max_length=60)
    issuer: str = Field(max_length=500)
    client_id: str = Field(min_length=1, max_length=500)
    client_secret: SecretStr = SecretStr("")
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    trust_email: bool = False
    """Take addresses as verified although the provider does not say so; for providers that belong to the instance."""
    email_domains: tuple[str, ...] = ()
    """If given, only addresses of these domains may sign in."""
    open_signup: bool = False
    """Let users of this provider get an account although sign-up is closed."""
    fresh_sign_in: bool = True
    """Whether the provider can be made to ask for the password again, and says when it did (`auth_time`)."""

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, value: Any) -> Any:
        defaults = PRESETS.get(str(value.get("preset"))) if isinstance(value, dict) else None
        return {**defaults, **value} if defaults else value

    @field_validator("issuer")
    @classmethod
    def _is_secure(cls, value: str) -> str:
        if not is_secure(value) or re.search(r"[?#\s]", value):
            raise ValueError(f"{value!r} is not an https:// address without a query")
        return value

    @field_validator("email_domains")
    @classmethod
    def _in_lower_case(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(domain.lower().removeprefix("@") for domain in value)

    @property
    def is_oauth_only(self) -> bool:
        """Whether the provider issues no ID tokens."""
        return self.preset == "github"

    def admits(self, email: str) -> bool:
        """Return True if addresses of this domain may sign in."""
        return not self.email_domains or email.rpartition("@")[2].lower() in self.email_domains


def is_secure(url: str) -> bool:
    """Return True for an https address, and for http on this machine, which never leaves it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_distinct(providers: tuple[IdentityProvider, ...]) -> tuple[IdentityProvider, ...]:
    """Return providers, or raise ValueError if two have the same id or the same issuer."""
    for names in ([each.id for each in providers], [each.issuer.rstrip("/") for each in providers]):
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two providers have {twice!r}")
    return providers
