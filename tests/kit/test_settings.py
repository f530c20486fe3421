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
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    (tmp_path / "headwater.toml").write_text("port = = 1")
    with pytest.raises(BadInput, match=r"headwater\.toml"):
        settings.__wrapped__()


def test_settings_file_is_read_from_the_home_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, repository = tmp_path / "home", tmp_path / "repository"
    home.mkdir()
    repository.mkdir()
    (home / "headwater.toml").write_text("workers = 3")
    (repository / "headwater.toml").write_text('home = "/elsewhere"\nworkers = 9')
    monkeypatch.setenv("HEADWATER_HOME", str(home))
    monkeypatch.chdir(repository)
    chosen = settings.__wrapped__()
    assert (chosen.workers, chosen.home) == (3, home)


@pytest.mark.parametrize(
    ("name", "likely"), [("HEADWATER_PORTT", "HEADWATER_PORT"), ("HEADWATER_ALLOW_LOOPBAK", "HEADWATER_ALLOW_LOOPBACK")]
)
def test_unknown_variable_is_refused_by_name(name: str, likely: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(BadInput, match=f"There is no setting {name}") as refused:
        settings.__wrapped__()
    assert likely in str(refused.value.hint)


def test_unknown_key_of_the_file_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    (tmp_path / "headwater.toml").write_text("tls_certificat = 'a.pem'")
    with pytest.raises(BadInput, match="tls_certificat") as refused:
        settings.__wrapped__()
    assert "tls_certificate" in str(refused.value.hint)


def test_variables_of_the_client_and_the_tests_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HEADWATER_TEST_KILLS", "1")
    settings.__wrapped__()
