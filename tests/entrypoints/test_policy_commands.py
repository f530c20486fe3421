"""`headwater policy` and `headwater alerts` against a real server and its worker, whose own clock does the ticking."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from entrypoints.running import Running, free_port, running

pytestmark = pytest.mark.timeout(300)
Run = Callable[..., str]


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="hw-policycli-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with running(home, HEADWATER_LOG_LEVEL="warning", HEADWATER_MYSQL_PROXY_PORT=str(free_port())) as found:
        found.sign_up()
        yield found
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def run(headwater: Running) -> Run:
    run = headwater.commands()
    run("db", "create", "shop", "--engine", "sqlite")
    run("sql", "shop", "CREATE TABLE item (id integer PRIMARY KEY); INSERT INTO item VALUES (1)")
    return run


def told(run: Run, *words: str, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", code=code))


def test_from_setting_a_policy_to_removing_it(run: Run) -> None:
    assert "no policy" in run("policy", "show", "shop", code=2)
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
    made = told(run, "policy", "set", "shop", *words)
    assert (made["schedule"]["cron"], made["retention"]["daily"], made["retention"]["within_hours"]) == (
        "0 3 * * *",
        7,
        48,
    )
    assert len(made["next"]) == 5
    changed = told(
        run,
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
    assert changed["schedule"] == made["schedule"], "what is not given stays"
    assert (changed["retention"]["last"], changed["verify"]["kind"], changed["label"]) == (1, "quick", "Nightly")
    done = told(run, "policy", "run", "shop")
    assert (done["status"], done["label"], done["scheduled"]) == ("complete", "Nightly", True)
    run("policy", "run", "shop")
    shown = told(run, "policy", "preview", "shop")
    assert {one["id"]: one["keep"] for one in shown["snapshots"]}[done["id"]] is False
    assert "not among the last 1" in run("policy", "preview", "shop")
    assert [one["kind"] for one in told(run, "policy", "runs", "shop") if one["kind"] == "snapshot"] == ["snapshot"] * 2
    assert told(run, "policy", "pause", "shop")["next"] == []
    assert told(run, "policy", "resume", "shop")["next"]
    assert told(run, "policy", "set", "shop", "--keep-all", "--verify", "off")["retention"] is None
    assert "1 last" not in run("policy", "show", "shop")
    run("policy", "delete", "shop", "--yes")
    assert "no policy" in run("policy", "show", "shop", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cron", "61 * * * *"), "bad minute"),
        (("--zone", "Europe/Berlin"), "give --cron as well"),
        (("--keep-within", "two days"), "36h, 7d or 2w"),
        (("--verify", "deep", "--verify-percent", "1"), "100 days"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, words: tuple[str, ...], said: str) -> None:
    assert said in run("policy", "set", "shop", *words, code=2)


def test_the_worker_ticks_by_itself_and_alerts_say_what_failed(run: Run) -> None:
    assert told(run, "alerts", "list") == []
    run("sql", "shop", "CREATE TABLE gone (id integer PRIMARY KEY)")
    run("policy", "set", "shop", "--tables", "gone")
    run("sql", "shop", "DROP TABLE gone")
    assert "no table 'gone'" in run("policy", "run", "shop", code=1)
    deadline = time.monotonic() + 60
    while not (found := json.loads(_either(run, "alerts", "list", "--json"))) and time.monotonic() < deadline:
        time.sleep(1)
    assert [(one["kind"], one["database_name"]) for one in found] == [("failed", "shop")]
    assert "There is no table 'gone'." in found[0]["message"]
    assert told(run, "alerts", "acknowledge", found[0]["id"])["status"] == "acknowledged"
    run("alerts", "list", "--database", "shop")
    assert found[0]["id"] in run("alerts", "list", "--all")


def _either(run: Run, *words: str) -> str:
    """Run a command whose exit code says whether it found something."""
    try:
        return run(*words)
    except AssertionError:
        return run(*words, code=1)
