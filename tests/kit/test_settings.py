"""Settings of an operator, and errors for wrong ones."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from headwater.kit.errors import BadInput
from headwater.kit.settings import settings

TEN, HOME = ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("192.168.7.0/24")


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8,192.168.7.0/24", " 10.0.0.0/8 , 192.168.7.0/24,", '["10.0.0.0/8", "192.168.7.0/24"]']
)
def test_networks_are_parsed_from_commas_or_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_ALLOWED_NETWORKS", text)
    assert settings.__wrapped__().allowed_networks == (TEN, HOME)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "abc"),
        ("WORKERS", "99"),
        ("ALLOWED_NETWORKS", "here"),
        ("ALLOWED_NETWORKS", "[1"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_wrong_setting_is_reported(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"HEADWATER_{name}", text)
    with pytest.raises(BadInput, match=f"HEADWATER_{name}"):
        settings.__wrapped__()


def test_invalid_toml_has_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("headwater.toml").write_text("port = = 1")
    with pytest.raises(BadInput, match=r"headwater\.toml"):
        settings.__wrapped__()
