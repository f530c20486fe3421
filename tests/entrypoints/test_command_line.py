"""The command line as a whole: which feature registers which command, and that a command loads only what it needs."""

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
    """Return the first words of the commands of an application."""
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_features_declare_the_commands_that_they_register() -> None:
    features, commands = collect("commands"), declared("COMMANDS")
    assert set(features) == {feature for feature, known in commands.items() if known}
    for feature, known in commands.items():
        app = typer.Typer()
        app.callback()(lambda: None)
        together = [other for other in FEATURES if set(commands[other]) & set(known)]
        for other in together:
            features[other].register(app)
        assert words(app) == {word for other in together for word in commands[other]}, feature
    app = typer.Typer()
    server_commands.register(app)
    assert words(app) == set(SERVING)


def test_features_declare_the_jobs_that_they_run() -> None:
    tasks, jobs = collect("tasks"), declared("JOBS")
    kinds = {feature: {kind.split(".")[0] for kind in module.TASKS} for feature, module in tasks.items()}
    assert kinds == {feature: set(known) for feature, known in jobs.items() if known}


def test_command_loads_only_what_it_needs() -> None:
    heavy = "{'pydantic', 'sqlalchemy', 'sqlglot', 'asyncssh', 'tree_sitter', 'headwater.engines', 'cryptography'}"
    text = f"import sys; from headwater.entrypoints.cli import build; build('db'); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def run_program(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "headwater", *words], capture_output=True, text=True, check=False)


def test_version_is_printed_and_unknown_commands_are_reported() -> None:
    assert run_program("--version").stdout == f"headwater {version()}\n"
    wrong = run_program("databses")
    assert wrong.returncode == 2
    assert "No such command 'databses'" in wrong.stderr


def test_tables_are_not_truncated_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"id": str(uuid.UUID(int=7)), "name": "n" * 300}], ("name", "id"), as_json=False)
    assert capsys.readouterr().out.splitlines()[1].split() == ["n" * 300, str(uuid.UUID(int=7))]
