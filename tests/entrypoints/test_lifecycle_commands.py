"""`headwater keys`, `account belongings`, `export`, `delete`, `deactivate` and `users` of accounts, on a real server."""

from __future__ import annotations

import json
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from entrypoints.headwater_process import Commands, HeadwaterProcess
from entrypoints.test_account_commands import PASSWORD, answer_questions


def test_keys_are_limited_and_rotated(commands: Commands) -> None:
    project = commands.run_json("projects", "create", "Pipeline")
    create = ("keys", "create", "ci", "--scope", "admin", "--project", "Pipeline", "--address", "127.0.0.0/8")
    created = commands.run_json(*create)
    assert created["key"]["limited_to"] == "Pipeline"
    limited = {"HEADWATER_API_KEY": created["secret"]}
    assert [row["id"] for row in json.loads(commands.run("projects", "list", "--json", **limited))] == [project["id"]]
    assert "limited to a project" in commands.run("keys", "list", code=1, **limited)
    assert "no project" in commands.run("keys", "create", "ci", "--project", "Pipelines", code=2)
    assert "10.0.0.0/8" in commands.run("keys", "create", "ci", "--address", "10.0.0.1/8", code=2)
    rotated = commands.run_json("keys", "rotate", created["key"]["id"], "--overlap-hours", "0")
    assert commands.run("projects", "list", code=1, **limited)
    assert commands.run("projects", "list", HEADWATER_API_KEY=rotated["secret"])
    assert "was rotated" in commands.run("keys", "rotate", created["key"]["id"], code=2)


def test_data_is_exported(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "data.zip"
    answer_questions(monkeypatch, "not my password")
    assert "not your password" in commands.run("account", "export", "--output", str(file), code=2)
    answer_questions(monkeypatch, PASSWORD)
    assert commands.run_json("account", "export", "--output", str(file))["bytes"] == file.stat().st_size
    with zipfile.ZipFile(file) as archive:
        assert commands.email.encode() in archive.read("profile.json")


def test_accounts_are_deactivated_and_deleted(
    commands: Commands, headwater: HeadwaterProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Commands(headwater)) as leaver, closing(Commands(headwater)) as other:
        name = leaver.run_json("account", "belongings")[0]["name"]
        assert "--hand-over" in leaver.run("account", "delete", code=2)
        assert "no other member" in leaver.run("account", "delete", "--hand-over", f"{name}=x@y.z", code=2)
        answer_questions(monkeypatch, PASSWORD)
        assert leaver.run_json("account", "delete", "--delete", name)["deletion_at"]
        assert leaver.run("projects", "list", code=1)
        answer_questions(monkeypatch, PASSWORD)
        assert other.run_json("account", "deactivate") == {"deactivated": True}
        assert "administrator" in commands.run("users", "deactivate", other.email, code=1)
