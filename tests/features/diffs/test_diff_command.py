"""`headwater diff`: which sides its arguments name, and what it prints."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from headwater.features.diffs import commands

ID = "01a1ff34-60a9-7032-a6f2-bbf7e08eb37d"
TABLE = {"name": "t", "status": "changed", "rows_before": 1, "rows_after": 1, "added": 0, "removed": 0, "changed": 1}


class Server:
    """A server with two databases, a snapshot, and a table that differs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def every(self, path: str, **_: Any) -> list[Any]:
        snapshot = {"id": "s", "label": "monday", "status": "complete", "taken_at": "2026-11-21T10:00:50Z"}
        return {
            "/projects": [{"id": "p"}],
            "/projects/p/databases": [{"id": "d", "name": "shop"}, {"id": "e", "name": "staging"}],
            "/databases/d/snapshots": [snapshot | {"partial": False, "undo": False}],
        }[path]

    def call(self, method: str, path: str, **options: Any) -> Any:
        if path.startswith("/snapshots/"):
            return {"id": path.split("/")[-1]}
        self.asked.append((path, options["params"]))
        return {"tables": [TABLE | {"columns": {"a": 1}, "exact": True, "notes": []}]}

    def download(self, path: str, **options: Any) -> Iterator[bytes]:
        self.asked.append((path, options["params"]))
        yield b"-- patch\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    fake = Server()
    monkeypatch.setattr(commands, "remote", lambda: contextlib.nullcontext(fake))
    return fake


def run(*arguments: str) -> Any:
    app = typer.Typer()
    commands.register(app)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("a", "b", "path"),
    [
        ("shop", "staging", "/differences/database:d/database:e"),
        ("shop#monday", "shop", "/differences/snapshot:s/database:d"),
        ("shop", "shop#latest", "/differences/database:d/snapshot:s"),
        (ID, "shop", f"/differences/snapshot:{ID}/database:d"),
    ],
)
def test_arguments_name_databases_and_snapshots(server: Server, a: str, b: str, path: str) -> None:
    assert run(a, b).exit_code == 1
    assert server.asked[0][0] == path


def test_choices_are_sent(server: Server) -> None:
    run("shop", "staging", "--tables", "t, u", "--ignore-columns", "x", "--seconds", "7", "--json")
    assert server.asked[0][1] == {"seconds": 7, "columns": [], "ignore": ["x"], "tables": ["t", "u"]}


def test_a_patch_is_printed_as_it_is(server: Server) -> None:
    answer = run("shop", "staging", "--sql")
    assert (answer.exit_code, answer.stdout) == (0, "-- patch\n")
    assert server.asked[0][0].endswith("/export") and server.asked[0][1]["format"] == "sql"
    run("shop", "staging", "--changes", "csv")
    assert server.asked[1][1]["format"] == "csv"


def test_a_wrong_name_is_answered_with_the_right_ones(server: Server) -> None:
    error = run("shpo", "staging").exception
    assert "shop" in str(getattr(error, "hint", ""))
