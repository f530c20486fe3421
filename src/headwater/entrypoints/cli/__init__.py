"""The command line: collects the commands of the features, and prints errors to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

from headwater import version
from headwater.features import FEATURES, collect, declared
from headwater.kit.errors import HeadwaterError

SERVING = ("up", "serve", "worker", "proxy", "openapi")


def build(word: str | None = None) -> typer.Typer:
    """Return the application: all commands, or only those of one first word, which loads much faster."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_root)
    features = [feature for feature, words in declared("COMMANDS").items() if word in words]
    if not features:
        from headwater.entrypoints.cli import server_commands

        server_commands.register(app)
    for module in () if word in SERVING else collect("commands", features or FEATURES).values():
        module.register(app)
    if word is None or word == "keys":
        from headwater.entrypoints.cli import key_commands

        key_commands.register(app)
    if word is None or word == "users":
        from headwater.entrypoints.cli import user_commands

        user_commands.register(app)
    return app


@cache
def _command(word: str | None) -> Callable[[], None]:
    """Return what runs a command line with this first word: putting it together takes longer than most commands."""
    return typer.main.get_command(build(word))


def _root(
    _: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=lambda on: on and _print_version()
        ),
    ] = False,
) -> None:
    """Headwater: create, query, back up and migrate databases, and find every line of code that uses a column."""


def _print_version() -> None:
    typer.echo(f"headwater {version()}")
    raise typer.Exit


def main() -> None:
    """Run the command line; on a known error, print its sentence and hint to stderr and exit with its code."""
    try:
        _command(next((word for word in sys.argv[1:] if not word.startswith("-")), None))()
    except HeadwaterError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        print(f"headwater: {error.message}{hint}", file=sys.stderr)
        sys.exit(error.exit_code)
