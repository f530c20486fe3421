"""`headwater sql` against a real server: transactions, what it prints about errors, and Ctrl-C."""

from __future__ import annotations

import pytest

from entrypoints.headwater_process import Commands


@pytest.fixture(scope="module", autouse=True)
def shop(commands: Commands) -> None:
    commands.run("db", "create", "shop")
    commands.run("sql", "shop", "CREATE TABLE item (id integer PRIMARY KEY)")


def test_each_command_is_a_session(commands: Commands) -> None:
    left = commands.run("sql", "shop", "BEGIN; INSERT INTO item VALUES (1); SELECT 1/0", code=1)
    assert "division by zero" in left
    assert "The open transaction was rolled back." in left
    assert commands.run_json("sql", "shop", "SELECT count(*) FROM item")["results"][0]["rows"] == [[0]]
    stays = commands.run("sql", "shop", "CREATE TABLE a (i int); BEGIN; DELETE FROM a; SELECT 1/0", code=1)
    assert "Committed: 1 (CREATE TABLE a (i int)). Statements 2 to 3 were rolled back." in stays
    assert commands.run_json("sql", "shop", "BEGIN; INSERT INTO item VALUES (1)")["rolled_back"] is True
