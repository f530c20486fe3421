"""`headwater recovery` against a real server: turned on, shown, a point, a base, back, turned off."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from entrypoints.running import Running, free_port, running

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="hw-pitrcli-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with running(home, HEADWATER_LOG_LEVEL="warning", HEADWATER_MYSQL_PROXY_PORT=str(free_port())) as found:
        found.sign_up()
        yield found
    shutil.rmtree(home, ignore_errors=True)


def test_back_and_forth_on_the_command_line(headwater: Running) -> None:
    answer = headwater.client.post("/api/v1/keys", json={"name": "cli", "scopes": ["admin"]})
    variables = os.environ | {
        "HEADWATER_URL": f"http://127.0.0.1:{headwater.port}", "HEADWATER_API_KEY": answer.json()["secret"],
    }  # fmt: skip

    def run(*words: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "headwater", *words]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def told(*words: str, code: int = 0) -> Any:
        return json.loads(run(*words, "--json", code=code))

    run("db", "create", "shop")
    run("sql", "shop", "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'one')")
    assert "Turn it on" in run("recovery", "point", "shop", "x", code=2)
    assert "restarted" in run("recovery", "enable", "shop", "--json", code=2)
    assert told("recovery", "enable", "shop", "--yes", "--days", "3")["window_days"] == 3
    _until_based(headwater)
    assert [one["status"] for one in told("recovery", "base", "shop")["bases"]] == ["complete", "complete"]
    assert told("recovery", "point", "shop", "before the mistake")["lsn"]
    run("sql", "shop", "DELETE FROM item")
    plan = run("recovery", "restore", "shop", "--new", "back", "--point", "before the mistake", "--plan")
    assert "is not touched" in plan
    done = told("recovery", "restore", "shop", "--new", "back", "--point", "before the mistake")
    assert done["target_id"]
    assert "one" in run("sql", "back", "SELECT name FROM item")
    assert "one" not in run("sql", "shop", "SELECT name FROM item")
    shown = told("recovery", "show", "shop")
    assert shown["points"][0]["name"] == "before the mistake"
    assert "before the mistake" in run("recovery", "show", "shop")
    early = (datetime.fromisoformat(shown["earliest"]) - timedelta(hours=1)).isoformat()
    assert "The earliest moment is" in run("recovery", "restore", "shop", "--new", "x", "--time", early, code=1)
    assert "Say to which moment" in run("recovery", "restore", "shop", "--new", "x", code=2)
    assert "is no time" in run("recovery", "restore", "shop", "--new", "x", "--time", "noon", code=2)
    assert not told("recovery", "disable", "shop", "--yes")["enabled"]


def _until_based(headwater: Running) -> None:
    """Wait for the base that turning it on has begun."""
    database = headwater.get(f"/projects/{headwater.get('/projects')['items'][0]['id']}/databases")["items"][0]["id"]
    while any(one["status"] == "taking" for one in headwater.get(f"/databases/{database}/recovery")["bases"]):
        time.sleep(0.1)
