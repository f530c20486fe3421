"""`headwater snapshot` against a real server: taken, listed, shown, verified, restored, held, deleted."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entrypoints.running import Running, free_port, running

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="hw-snapcli-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with running(home, HEADWATER_LOG_LEVEL="warning", HEADWATER_MYSQL_PROXY_PORT=str(free_port())) as found:
        found.sign_up()
        yield found
    shutil.rmtree(home, ignore_errors=True)


def test_from_the_first_snapshot_to_the_last(headwater: Running) -> None:
    run = headwater.commands()

    def told(*words: str, code: int = 0) -> Any:
        return json.loads(run(*words, "--json", code=code))

    run("db", "create", "shop")
    run(
        "sql",
        "shop",
        "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'one'), (2, 'two')",
    )
    made = told("snapshot", "create", "shop", "--label", "first")
    assert (made["status"], made["rows"], made["label"]) == ("complete", 2, "first")
    assert [one["id"] for one in told("snapshot", "list", "shop")] == [made["id"]]
    assert "public.item" in run("snapshot", "show", "shop#first")
    assert told("snapshot", "verify", "shop#latest", "--deep")["verification"]["ok"]
    run("sql", "shop", "DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (3, 'three')")
    assert "loses its rows" in run(
        "snapshot", "restore", "shop#first", "--into", "shop", "--mode", "overwrite", "--plan"
    )
    refused = run("snapshot", "restore", "shop#first", "--into", "shop", code=1)
    assert "is there already" in refused
    done = told("snapshot", "restore", "shop#first", "--into", "shop", "--mode", "overwrite", "--yes")
    assert (done["tables"][0]["found"], bool(done["undo_id"])) == (2, True)
    assert "one" in run("sql", "shop", "SELECT name FROM item ORDER BY id")
    assert "Restored into back" in run("snapshot", "restore", "shop#first", "--new", "back")
    assert "one" in run("sql", "back", "SELECT name FROM item ORDER BY id")
    run("snapshot", "restore", done["undo_id"], "--new", "undone")
    assert "three" in run("sql", "undone", "SELECT name FROM item ORDER BY id")
    run("snapshot", "hold", "shop#first")
    assert "held" in run("snapshot", "delete", "shop#first", "--yes", code=2)
    run("snapshot", "hold", "shop#first", "--off")
    run("snapshot", "delete", "shop#first", "--yes")
    assert "There is no snapshot" in run("snapshot", "show", "shop#first", code=2)
