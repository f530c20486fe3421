"""`headwater policy` and `headwater alerts` against a real server and its worker."""

from __future__ import annotations

import json
import time
import uuid

import pytest

from entrypoints.headwater_process import Commands


@pytest.fixture(scope="module", autouse=True)
def shop(commands: Commands) -> None:
    commands.run("db", "create", "shop", "--engine", "sqlite")
    commands.run("sql", "shop", "CREATE TABLE item (id integer PRIMARY KEY); INSERT INTO item VALUES (1)")


def test_policy_commands_from_set_to_delete(commands: Commands) -> None:
    assert "no policy" in commands.run("policy", "show", "shop", code=2)
    words = (
        "--cron",
        "0 3 * * *",
        "--zone",
        "Europe/Berlin",
        "--keep-daily",
        "7",
        "--keep-within",
        "2d",
        "--label",
        "Nightly",
    )
    created = commands.run_json("policy", "set", "shop", *words)
    assert (created["schedule"]["cron"], created["retention"]["daily"], created["retention"]["within_hours"]) == (
        "0 3 * * *",
        7,
        48,
    )
    assert len(created["next"]) == 5
    # Paused, so that the worker does not delete what the preview says that it would.
    assert commands.run_json("policy", "pause", "shop")["next"] == []
    changed = commands.run_json(
        "policy",
        "set",
        "shop",
        "--keep-last",
        "1",
        "--keep-daily",
        "0",
        "--keep-within",
        "0h",
        "--verify",
        "quick",
    )
    assert changed["schedule"] == created["schedule"], "what is not given stays"
    assert (changed["retention"]["last"], changed["verify"]["kind"], changed["label"]) == (1, "quick", "Nightly")
    done = commands.run_json("policy", "run", "shop")
    assert (done["status"], done["label"], done["scheduled"]) == ("complete", "Nightly", True)
    commands.run("policy", "run", "shop")
    preview = commands.run_json("policy", "preview", "shop")
    assert {snapshot["id"]: snapshot["keep"] for snapshot in preview["snapshots"]}[done["id"]] is False
    assert "not among the last 1" in commands.run("policy", "preview", "shop")
    assert [run["kind"] for run in commands.run_json("policy", "runs", "shop") if run["kind"] == "snapshot"] == [
        "snapshot"
    ] * 2
    assert commands.run_json("policy", "resume", "shop")["next"]
    assert commands.run_json("policy", "set", "shop", "--keep-all", "--verify", "off")["retention"] is None
    assert "1 last" not in commands.run("policy", "show", "shop")
    commands.run("policy", "delete", "shop", "--yes")
    assert "no policy" in commands.run("policy", "show", "shop", code=2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cron", "61 * * * *"), "bad minute"),
        (("--zone", "Europe/Berlin"), "also give --cron"),
        (("--keep-within", "two days"), "36h, 7d or 2w"),
        (("--verify", "deep", "--verify-percent", "1"), "100 days"),
    ],
)
def test_invalid_policy_options_are_refused(commands: Commands, words: tuple[str, ...], message: str) -> None:
    name = f"refused-{uuid.uuid4().hex[:8]}"
    commands.run("db", "create", name, "--engine", "sqlite")
    assert message in commands.run("policy", "set", name, *words, code=2)


def test_worker_runs_policies_and_opens_alerts(commands: Commands) -> None:
    assert commands.run_json("alerts", "list") == []
    commands.run("sql", "shop", "CREATE TABLE gone (id integer PRIMARY KEY)")
    commands.run("policy", "set", "shop", "--tables", "gone")
    commands.run("sql", "shop", "DROP TABLE gone")
    assert "no table 'gone'" in commands.run("policy", "run", "shop", code=1)
    deadline = time.monotonic() + 300
    while not (alerts := json.loads(_either(commands, "alerts", "list", "--json"))) and time.monotonic() < deadline:
        time.sleep(1)
    assert [(item["kind"], item["database_name"]) for item in alerts] == [("failed", "shop")]
    assert "There is no table 'gone'." in alerts[0]["message"]
    assert commands.run_json("alerts", "acknowledge", alerts[0]["id"])["status"] == "acknowledged"
    commands.run("alerts", "list", "--database", "shop")
    assert alerts[0]["id"] in commands.run("alerts", "list", "--all")


def _either(commands: Commands, *words: str) -> str:
    """Run a command that exits with 0 or 1, and return its output."""
    try:
        return commands.run(*words)
    except AssertionError:
        return commands.run(*words, code=1)
