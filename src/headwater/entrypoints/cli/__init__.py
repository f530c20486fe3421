"""The command line: collects the commands of each feature; errors become one sentence on stderr."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from headwater import version
from headwater.features import FEATURES, collect, declared
from headwater.kit.errors import HeadwaterError

SERVING = ("up", "serve", "worker", "proxy", "openapi")


def build(word: str | None = None) -> typer.Typer:
    """Return the application: all commands, or those that may begin with a word, which takes a fraction of the time."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_root)
    rooms = [room for room, words in declared("COMMANDS").items() if word in words]
    if not rooms:
        from headwater.entrypoints.cli import server_commands

        server_commands.register(app)
    for module in () if word in SERVING else collect("commands", rooms or FEATURES).values():
        module.register(app)
    return app


def _root(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=lambda on: on and _tell())
    ] = False,
) -> None:
    """Headwater: create, query, back up and migrate databases, and find every line of code that uses a column."""


def _tell() -> None:
    typer.echo(f"headwater {version()}")
    raise typer.Exit


def main() -> None:
    """Run the command line; a known error ends with its exit code, its sentence and its hint on stderr."""
    try:
        build(next((word for word in sys.argv[1:] if not word.startswith("-")), None))()
    except HeadwaterError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        print(f"headwater: {error.message}{hint}", file=sys.stderr)
        sys.exit(error.exit_code)
