"""`headwater up`: becomes ready, restarts killed parts, stops completely; and the command line against it."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.command_line import invoke
from entrypoints.headwater_process import HeadwaterProcess, start_headwater, wait_until_none_is_left

APP = {
    "schema.sql": "CREATE TABLE users (id int PRIMARY KEY, email text);",
    "app.py": "def f(c):\n    c.execute('SELECT email FROM users')\n",
}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hw-up-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def headwater(home: Path) -> Iterator[HeadwaterProcess]:
    with start_headwater(home) as running:
        running.sign_up()
        yield running


def cli(home: Path, *arguments: str, code: int = 0, **variables: str) -> str:
    """Run the command line in this process; return its output, or its errors when it is to fail."""
    done = invoke(*arguments, **{"XDG_CONFIG_HOME": str(home / "config"), **variables})
    return _checked(done, arguments, code)


def program(home: Path, *arguments: str, code: int = 0) -> str:
    """Run the command line as a process of its own."""
    env = {**os.environ, "XDG_CONFIG_HOME": str(home / "config"), "HEADWATER_HOME": str(home)}
    command = [sys.executable, "-m", "headwater", *arguments]
    return _checked(subprocess.run(command, env=env, capture_output=True, text=True, timeout=240), arguments, code)


def _checked(done: subprocess.CompletedProcess[str], arguments: tuple[str, ...], code: int) -> str:
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def parsed(home: Path, *arguments: str) -> Any:
    return json.loads(cli(home, *arguments, "--json"))


def test_command_line_from_login_to_scan(headwater: HeadwaterProcess, home: Path, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{headwater.port}"
    assert "not signed in" in cli(home, "projects", "list", code=1)
    key_json = headwater.client.post("/api/v1/keys", json={"name": "cli", "scopes": ["admin"]}).json()
    assert "is not valid" in cli(home, "login", url, "--key", key_json["secret"][:-1] + "x", code=1)
    assert parsed(home, "login", url, "--key", key_json["secret"])["user"] == "fault@example.org"
    login_file = home / "config" / "headwater" / "login.json"
    assert login_file.stat().st_mode & 0o777 == 0o600

    assert [row["name"] for row in parsed(home, "projects", "list")] == ["Bookshop sample"]
    project = parsed(home, "projects", "create", "From the terminal")["id"]
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in APP.items():
        (folder / name).write_text(text)
    assert "Did you mean From the terminal?" in cli(
        home, "codebases", "upload", str(folder), "--project", "From the termnal", code=2
    )
    assert "does not exist" in cli(home, "codebases", "upload", str(tmp_path / "none"), "--project", project, code=2)
    job = parsed(home, "codebases", "upload", str(folder), "--project", "From the terminal")["job"]["id"]
    lines = [json.loads(line) for line in cli(home, "jobs", "watch", job, "--json").splitlines()]
    assert (lines[-1]["event"], lines[-1]["data"]["state"]) == ("end", "completed")
    listed = parsed(home, "codebases", "list", "--project", project)
    assert [(row["name"], row["scan"]["usages"]) for row in listed] == [("shop", 1)]
    [edge] = parsed(home, "codebases", "groups", "shop", "--project", project, "--by", "service")
    assert (edge["count"], edge["group"] in APP) == (1, True)
    assert "Did you mean shop?" in cli(home, "codebases", "groups", "shpo", "--project", project, code=2)
    assert parsed(home, "jobs", "show", job)["state"] == "completed"
    assert job in [row["id"] for row in parsed(home, "jobs", "list", "--state", "completed")]
    assert "already completed" in cli(home, "jobs", "cancel", job, code=2)
    assert "completed" in cli(home, "jobs", "retry", job, code=2)
    assert "There is no such job" in cli(home, "jobs", "show", "01a1fc70-d341-7a52-9e6c-981a1f4c93ac", code=2)

    key = parsed(home, "keys", "create", "second", "--scope", "read", "--days", "3")
    assert key["secret"].startswith("hw_")
    cli(home, "keys", "revoke", key["key"]["id"])
    assert [row["name"] for row in parsed(home, "keys", "list") if row["revoked_at"]] == ["second"]
    assert "shop" in cli(home, "codebases", "list", "--project", project)
    refused = cli(home, "projects", "list", code=1, HEADWATER_URL="http://127.0.0.1:9")
    assert "cannot be reached" in refused


def test_openapi_needs_no_server(home: Path) -> None:
    assert json.loads(program(home, "openapi"))["openapi"].startswith("3.1")


def test_second_instance_is_refused(headwater: HeadwaterProcess, home: Path) -> None:
    error = program(home, "up", "--port", str(headwater.port), code=1)
    assert "cannot be used" in error
    error = program(home, "up", "--port", "0", code=1)
    assert "already running" in error


def test_concurrent_uploads_and_a_cancelled_scan(headwater: HeadwaterProcess) -> None:
    import zipfile
    from concurrent.futures import ThreadPoolExecutor

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in APP.items():
            archive.writestr(name, text)
    project = headwater.get("/projects")["items"][-1]["id"]

    def upload(n: int) -> httpx.Response:
        return headwater.client.post(
            f"/api/v1/projects/{project}/codebases", files={"file": (f"{n}.zip", out.getvalue())}
        )

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(upload, range(4)))
    assert [answer.status_code for answer in answers] == [202] * 4
    last = answers[-1].json()
    headwater.client.post(f"/api/v1/jobs/{last['job']['id']}/cancel")
    for answer in answers:
        job = headwater.get(f"/jobs/{answer.json()['job']['id']}")
        while job["state"] in {"pending", "running"}:
            time.sleep(0.1)
            job = headwater.get(f"/jobs/{job['id']}")
        assert job["state"] in {"completed", "cancelled"}
        scan = headwater.get(f"/codebases/{job['codebase_id']}")["scan"]
        assert (scan is not None) == (job["state"] == "completed")


def test_no_secret_is_logged(headwater: HeadwaterProcess, home: Path) -> None:
    key_json = headwater.client.post("/api/v1/keys", json={"name": "canary", "scopes": ["read"]}).json()["secret"]
    token = headwater.client.headers["authorization"].removeprefix("Bearer ")
    for credential in (key_json, key_json[:-1] + "x", token):
        headwater.client.get(f"/api/v1/projects?q={credential}", headers={"authorization": f"Bearer {credential}"})
    password = "my very own canary"
    headwater.client.post("/api/v1/auth/login", json={"email": "fault@example.org", "password": password})
    headwater.client.post("/api/v1/auth/login", json={"email": {"x": password}, "password": password})
    stored = [(home / "store" / f"{name}.password").read_text().strip() for name in ("headwater", "postgres")]
    logs = (home / "up.log").read_text() + (home / "store" / "postgresql.log").read_text()
    for secret in (key_json, token, password, *stored, (home / "token.key").read_text().strip()):
        assert secret not in logs


@pytest.mark.parametrize("part", ["headwater worker", "headwater serve", "/postgres -D", "multiprocessing.forkserver"])
def test_killed_process_is_restarted(headwater: HeadwaterProcess, part: str) -> None:
    before = headwater.pids(part)
    assert before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    headwater.wait_ready()
    deadline = time.monotonic() + 240
    while not set(headwater.pids(part)) - set(before):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_stop_leaves_no_processes_and_restart_keeps_data(headwater: HeadwaterProcess, home: Path) -> None:
    projects = headwater.get("/projects")
    headwater.process.send_signal(signal.SIGINT)
    assert headwater.process.wait(120) == 0
    wait_until_none_is_left(home)
    with start_headwater(home) as again:
        again.client.headers = headwater.client.headers
        assert again.get("/projects") == projects
        os.kill(again.process.pid, signal.SIGKILL)
        again.process.wait(120)
        wait_until_none_is_left(home)
    with start_headwater(home) as after:
        after.client.headers = headwater.client.headers
        assert after.get("/projects") == projects
