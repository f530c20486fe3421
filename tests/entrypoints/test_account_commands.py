"""`headwater account second-factor`, `headwater members` and signing in with a code, against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import segno
import typer

from entrypoints.headwater_process import Commands, HeadwaterProcess

PASSWORD = "seven wooden boats"
FACTOR = ("account", "second-factor")


def answer_questions(monkeypatch: pytest.MonkeyPatch, *answers: str | Callable[[], str]) -> None:
    """Let the questions of the commands be answered in order; a function is called when its turn comes."""
    left = list(answers)

    def prompt(*_: object, **__: object) -> str:
        answer = left.pop(0)
        return answer if isinstance(answer, str) else answer()

    monkeypatch.setattr(typer, "prompt", prompt)


def printed(output: str) -> Any:
    """Return the JSON in an output, which is between what goes to stderr."""
    return json.loads(output[output.index("{") : output.rindex("}") + 1])


def test_second_factor_is_turned_on_used_and_turned_off(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert commands.run_json(*FACTOR, "status")["enabled"] is False
    drawn: list[str] = []
    make = segno.make
    monkeypatch.setattr(segno, "make", lambda uri, **options: drawn.append(uri) or make(uri, **options))
    answer_questions(monkeypatch, PASSWORD, lambda: pyotp.parse_uri(drawn[0]).now())  # type: ignore[union-attr]
    enabled = printed(commands.run(*FACTOR, "enable", "--json"))
    assert len(enabled["recovery_codes"]) == 10
    assert commands.run_json(*FACTOR, "status")["recovery_codes"] == 10
    answer_questions(monkeypatch, PASSWORD, enabled["recovery_codes"][0])
    variables = {"XDG_CONFIG_HOME": str(tmp_path), "HEADWATER_API_KEY": ""}
    assert commands.email in commands.run("login", commands.url, "--email", commands.email, **variables)
    assert commands.run_json(*FACTOR, "status")["recovery_codes"] == 9
    answer_questions(monkeypatch, PASSWORD)
    assert len(printed(commands.run(*FACTOR, "recovery-codes", "--json"))["recovery_codes"]) == 10
    answer_questions(monkeypatch, "not my password")
    assert "not your password" in commands.run(*FACTOR, "disable", code=2)
    answer_questions(monkeypatch, PASSWORD)
    assert commands.run_json(*FACTOR, "disable") == {"enabled": False}


def test_members_are_invited_listed_and_removed(commands: Commands, headwater: HeadwaterProcess) -> None:
    run, run_json = commands.run, commands.run_json
    guest = Commands(headwater)
    organization = run_json("members", "list")
    assert [member["role"] for member in organization] == ["owner"]
    created = run_json("members", "invite", guest.email, "--role", "viewer")
    assert created["url"].startswith(f"{commands.url}/invite#")
    assert [row["status"] for row in run_json("members", "invitations")] == ["open"]
    assert guest.run_json("members", "accept", created["url"])["role"] == "viewer"
    assert "is over" in run("members", "revoke", created["invitation"]["id"], code=2)
    assert run_json("members", "change-role", guest.email, "admin")["role"] == "admin"
    assert "--organization" in guest.run("members", "list", code=2), "they are a member of two"
    assert "second factor" in run("members", "demand-second-factor", "true", code=2)
    assert run_json("members", "remove", guest.email) == {"removed": guest.email}
    assert "no member" in run("members", "remove", guest.email, code=2)
    other = run_json("members", "invite", guest.email)
    assert run_json("members", "revoke", other["invitation"]["id"])["revoked"] == other["invitation"]["id"]
    guest.close()


def test_the_administrator_helps_who_has_lost_password_and_device(
    commands: Commands, headwater: HeadwaterProcess
) -> None:
    administrator = Commands(headwater, headwater.client.headers["authorization"])
    assert "administrator" in commands.run("users", "list", code=1)
    (listed,) = administrator.run_json("users", "list", "--search", commands.email)
    assert (listed["email"], listed["has_second_factor"]) == (commands.email, False)
    assert administrator.run_json("users", "remove-second-factor", commands.email) == {"removed": commands.email}
    link = administrator.run_json("users", "reset-link", commands.email)
    token = link["url"].removeprefix(f"{commands.url}/reset#")
    body = {"token": token, "password": "eight wooden boats"}
    assert headwater.client.post("/api/v1/auth/reset", json=body).status_code == 204
    changed = administrator.run_json("users", "email-link", commands.email, f"new-{commands.email}")
    token = changed["url"].removeprefix(f"{commands.url}/confirm-email#")
    headwater.client.post("/api/v1/auth/email/confirmation", json={"token": token}).raise_for_status()
    assert "no account" in administrator.run("users", "end-sessions", commands.email, code=2)
    assert administrator.run_json("users", "end-sessions", f"new-{commands.email}") == {"ended": 0}
    administrator.close()


def test_who_has_the_machine_makes_a_link_without_signing_in(headwater: HeadwaterProcess) -> None:
    guest = Commands(headwater)
    variables = {"HEADWATER_HOME": str(headwater.home), "HEADWATER_API_KEY": "", "HEADWATER_URL": ""}
    printed_link = guest.run("users", "local-reset-link", guest.email, "--url", guest.url, "--json", **variables)
    token = printed(printed_link)["url"].removeprefix(f"{guest.url}/reset#")
    body = {"token": token, "password": "eight wooden boats"}
    assert headwater.client.post("/api/v1/auth/reset", json=body).status_code == 204
    assert "no account" in guest.run("users", "local-reset-link", "nobody@example.org", code=2, **variables)
    guest.close()


def test_change_of_address_needs_mail(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_questions(monkeypatch, PASSWORD)
    assert "sends no mail" in commands.run("account", "email", "new@example.org", code=2)


def test_login_waits_for_the_browser(commands: Commands, tmp_path: Path, headwater: HeadwaterProcess) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path), "HEADWATER_API_KEY": ""}
    words = [sys.executable, "-m", "headwater", "login", commands.url, "--json"]
    login = subprocess.Popen(words, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert login.stderr
    shown = login.stderr.readline() + login.stderr.readline()
    code = re.search(r"code=([A-Z]{4}-[A-Z]{4})", shown)
    assert code and f"the code {code[1]}" in shown, shown
    assert f"{commands.url}/device?code=" in shown
    session = headwater.client.headers["authorization"]
    body = {"user_code": code[1], "approved": True}
    url = f"{commands.url}/api/v1/auth/device/answer"
    assert httpx.post(url, json=body, headers={"authorization": session}, timeout=60).status_code == 204
    output, errors = login.communicate(timeout=120)
    assert login.returncode == 0, errors
    assert json.loads(output)["user"] == "fault@example.org"
    saved = json.loads((tmp_path / "headwater" / "login.json").read_text())
    me = httpx.get(f"{commands.url}/api/v1/auth/me", headers={"authorization": f"Bearer {saved['key']}"}, timeout=60)
    assert me.json()["user"]["email"] == "fault@example.org", "the saved key works"


def test_login_that_is_refused_in_the_browser_says_so(
    commands: Commands, tmp_path: Path, headwater: HeadwaterProcess
) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path), "HEADWATER_API_KEY": ""}
    words = [sys.executable, "-m", "headwater", "login", commands.url]
    login = subprocess.Popen(words, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert login.stderr
    code = re.search(r"code=([A-Z]{4}-[A-Z]{4})", login.stderr.readline())
    assert code
    headers = {"authorization": headwater.client.headers["authorization"]}
    body = {"user_code": code[1], "approved": False}
    answer = httpx.post(f"{commands.url}/api/v1/auth/device/answer", json=body, headers=headers, timeout=60)
    assert answer.status_code == 204
    assert "refused in the browser" in login.communicate(timeout=120)[1]
    assert login.returncode == 2
    assert not (tmp_path / "headwater" / "login.json").exists()
