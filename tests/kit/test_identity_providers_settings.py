"""The settings of identity providers: presets, and what is refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headwater.kit import settings
from headwater.kit.errors import BadInput
from headwater.kit.identity_providers import IdentityProvider, is_secure

CORP = {"id": "corp", "name": "Corp", "issuer": "https://id.corp.example/realms/main", "client_id": "headwater"}


def read(monkeypatch: pytest.MonkeyPatch, home: Path, text: str | None = None) -> tuple[IdentityProvider, ...]:
    """Return the providers in a variable, or in the file of a home folder."""
    monkeypatch.setenv("HEADWATER_HOME", str(home))
    if text is not None:
        monkeypatch.setenv("HEADWATER_OIDC_PROVIDERS", text)
    settings.settings.cache_clear()
    try:
        return settings.settings().oidc_providers
    finally:
        settings.settings.cache_clear()


def test_presets_are_complete_and_can_be_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = [CORP, {"preset": "google", "client_id": "g"}, {"preset": "github", "client_id": "h", "name": "Hub"}]
    corp, google, github = read(monkeypatch, tmp_path, json.dumps(given))
    assert (corp.fresh_sign_in, corp.is_oauth_only) == (True, False)
    assert (google.issuer, google.fresh_sign_in) == ("https://accounts.google.com", False)
    assert (github.name, github.is_oauth_only, "openid" in github.scopes) == ("Hub", True, False)


def test_providers_are_tables_of_the_file_and_hide_their_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = [f'{name} = "{value}"' for name, value in {**CORP, "client_secret": "hush"}.items()]
    (tmp_path / "headwater.toml").write_text("[[oidc_providers]]\n" + "\n".join(lines) + "\nemail_domains = ['@A.b']\n")
    (corp,) = read(monkeypatch, tmp_path)
    assert corp.client_secret.get_secret_value() == "hush"
    assert "hush" not in repr(corp)
    assert corp.email_domains == ("a.b",)
    assert corp.admits("x@A.B")
    assert not corp.admits("x@y.a.b")


WRONG: list[tuple[Any, str]] = [
    ("[", "HEADWATER_OIDC_PROVIDERS"),
    ([{**CORP, "issuer": "http://id.corp.example"}], "https://"),
    ([{**CORP, "issuer": "https://id.corp.example?x=1"}], "without a query"),
    ([{**CORP, "issuer": "https://user:pw@id.corp.example"}], "https://"),
    ([{**CORP, "id": "Corp!"}], "OIDC_PROVIDERS.0.ID"),
    ([{**CORP, "id": ""}], "OIDC_PROVIDERS.0.ID"),
    ([{**CORP, "secret": "x"}], "OIDC_PROVIDERS.0.SECRET"),
    ([{"preset": "gogle", "client_id": "x"}], "OIDC_PROVIDERS.0"),
    ([{"id": "corp"}], "OIDC_PROVIDERS.0"),
    ([7], "OIDC_PROVIDERS.0"),
    ([CORP, {**CORP, "issuer": "https://other.example"}], "two providers have 'corp'"),
    ([CORP, {**CORP, "id": "other"}], "two providers have 'https://id.corp.example"),
]


@pytest.mark.parametrize(("given", "sentence"), WRONG, ids=lambda value: str(value)[:50])
def test_wrong_providers_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: Any, sentence: str
) -> None:
    with pytest.raises(BadInput) as refused:
        read(monkeypatch, tmp_path, given if isinstance(given, str) else json.dumps(given))
    assert sentence in refused.value.message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://id.example", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://id.localhost", True),
        ("http://localhost.evil.example", False),
        ("http://10.0.0.1", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://a:99999", False),
        ("ftp://id.example", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_what_counts_as_secure(url: str, expected: bool) -> None:
    assert is_secure(url) is expected
