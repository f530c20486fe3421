"""`headwater recovery` against a real server: enable, show, point, base, restore, disable."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from entrypoints.headwater_process import Commands


def test_recovery_commands_restore_a_point(commands: Commands) -> None:
    run, run_json = commands.run, commands.run_json
    run("db", "create", "shop")
    run("sql", "shop", "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'one')")
    assert "Enable it" in run("recovery", "point", "shop", "x", code=2)
    assert "restarted" in run("recovery", "enable", "shop", "--json", code=2)
    assert run_json("recovery", "enable", "shop", "--yes", "--days", "3")["window_days"] == 3
    _until_based(commands)
    assert [base["status"] for base in run_json("recovery", "base", "shop")["bases"]] == ["complete", "complete"]
    assert run_json("recovery", "point", "shop", "before the mistake")["lsn"]
    run("sql", "shop", "DELETE FROM item")
    plan = run("recovery", "restore", "shop", "--new", "back", "--point", "before the mistake", "--plan")
    assert "is not changed" in plan
    done = run_json("recovery", "restore", "shop", "--new", "back", "--point", "before the mistake")
    assert done["target_id"]
    assert "one" in run("sql", "back", "SELECT name FROM item")
    assert "one" not in run("sql", "shop", "SELECT name FROM item")
    status = run_json("recovery", "show", "shop")
    assert status["points"][0]["name"] == "before the mistake"
    assert "before the mistake" in run("recovery", "show", "shop")
    early = (datetime.fromisoformat(status["earliest"]) - timedelta(hours=1)).isoformat()
    assert "The earliest moment that can be restored is" in run(
        "recovery", "restore", "shop", "--new", "x", "--time", early, code=1
    )
    assert "Choose a moment" in run("recovery", "restore", "shop", "--new", "x", code=2)
    assert "is not a time" in run("recovery", "restore", "shop", "--new", "x", "--time", "noon", code=2)
    assert not run_json("recovery", "disable", "shop", "--yes")["enabled"]


def _until_based(commands: Commands) -> None:
    """Wait for the base backup that enabling has started."""
    database = commands.get(f"/projects/{commands.get('/projects')['items'][0]['id']}/databases")["items"][0]["id"]
    while any(base["status"] == "taking" for base in commands.get(f"/databases/{database}/recovery")["bases"]):
        time.sleep(0.1)
