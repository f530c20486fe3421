"""The command line: collects the commands of each feature; errors become one sentence on stderr."""

from __future__ import annotations

import sys

import typer

from headwater.entrypoints.cli import serving
from headwater.features import collect
from headwater.kit.errors import HeadwaterError


def build() -> typer.Typer:
    """Return the application with the commands of every feature and entry point."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_root)
    serving.register(app)
    for module in collect("commands").values():
        module.register(app)
    return app


def _root() -> None:
    """Headwater: from every column to every line of code that touches it."""


def main() -> None:
    """Run the command line; a known error ends with its exit code, its sentence and its hint on stderr."""
    try:
        build()()
    except HeadwaterError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        print(f"headwater: {error.message}{hint}", file=sys.stderr)
        sys.exit(error.exit_code)
