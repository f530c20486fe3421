"""`headwater sql` against a real server: transactions, what it prints about errors, and Ctrl-C."""

from __future__ import annotations

import signal
import time

import pytest

from entrypoints.headwater_process import Commands


@pytest.fixture(scope="module", autouse=True)
def shop(commands: Commands) -> str:
    """A database with an empty table; its id."""
    created = commands.run_json("db", "create", "shop")
    commands.run("sql", "shop", "CREATE TABLE item (id integer PRIMARY KEY)")
    return str(created["id"])


def test_each_command_is_a_session(commands: Commands) -> None:
    left = commands.run("sql", "shop", "BEGIN; INSERT INTO item VALUES (1); SELECT 1/0", code=1)
    assert "division by zero" in left
    assert "The open transaction was rolled back." in left
    assert commands.run_json("sql", "shop", "SELECT count(*) FROM item")["results"][0]["rows"] == [[0]]
    stays = commands.run("sql", "shop", "CREATE TABLE a (i int); BEGIN; DELETE FROM a; SELECT 1/0", code=1)
    assert "Committed: 1 (CREATE TABLE a (i int)). Statements 2 to 3 were rolled back." in stays
    assert commands.run_json("sql", "shop", "BEGIN; INSERT INTO item VALUES (1)")["rolled_back"] is True


@pytest.mark.parametrize("options", [(), ("--format", "csv")])
def test_interrupt_ends_the_statement_on_the_server(commands: Commands, shop: str, options: tuple[str, ...]) -> None:
    def running() -> int:
        sessions = commands.get(f"/databases/{shop}/sessions")
        return sum(row["state"] == "active" and "pg_sleep(600)" in row["query"] for row in sessions)

    def wait_for(expected: int) -> None:
        deadline = time.monotonic() + 120
        while running() != expected:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    process = commands.start("sql", "shop", "SELECT 1 FROM pg_sleep(600)", *options)
    wait_for(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors.strip()) == (130, "Cancelled.")
    wait_for(0)


def test_time_limit_can_be_set(commands: Commands) -> None:
    assert "longer than 1 s" in commands.run("sql", "shop", "SELECT pg_sleep(60)", "--seconds", "1", code=1)
