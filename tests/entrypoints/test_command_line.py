"""The command line as a whole: which command lives in which room, and that a command loads no more than it needs."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest
import typer

from headwater import version
from headwater.entrypoints.cli import SERVING, server_commands
from headwater.features import FEATURES, collect, declared
from headwater.features.accounts.api_client import show


def words(app: typer.Typer) -> set[str]:
    """Return what the commands of an application begin with."""
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_features_declare_the_commands_that_they_register() -> None:
    rooms, commands = collect("commands"), declared("COMMANDS")
    assert set(rooms) == {room for room, known in commands.items() if known}
    for room, known in commands.items():
        app = typer.Typer()
        app.callback()(lambda: None)
        together = [other for other in FEATURES if set(commands[other]) & set(known)]
        for other in together:
            rooms[other].register(app)
        assert words(app) == {word for other in together for word in commands[other]}, room
    app = typer.Typer()
    server_commands.register(app)
    assert words(app) == set(SERVING)


def test_features_declare_the_jobs_that_they_run() -> None:
    tasks, jobs = collect("tasks"), declared("JOBS")
    kinds = {room: {kind.split(".")[0] for kind in module.TASKS} for room, module in tasks.items()}
    assert kinds == {room: set(known) for room, known in jobs.items() if known}


def test_a_command_loads_no_more_than_it_needs() -> None:
    heavy = "{'pydantic', 'sqlalchemy', 'sqlglot', 'asyncssh', 'tree_sitter', 'headwater.engines', 'cryptography'}"
    text = f"import sys; from headwater.entrypoints.cli import build; build('db'); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def said(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "headwater", *words], capture_output=True, text=True, check=False)


def test_the_version_is_told_and_a_slip_of_the_pen_is_named() -> None:
    assert said("--version").stdout == f"headwater {version()}\n"
    wrong = said("databses")
    assert wrong.returncode == 2
    assert "No such command 'databses'" in wrong.stderr


def test_tables_are_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"id": str(uuid.UUID(int=7)), "name": "n" * 300}], ("name", "id"), as_json=False)
    assert capsys.readouterr().out.splitlines()[1].split() == ["n" * 300, str(uuid.UUID(int=7))]
