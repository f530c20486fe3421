"""The commands `headwater extension`: extensions of a database."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import remote, show, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, find_database

LIST = ("name", "installed", "version", "description", "refused")
ONE = ("name", "installed", "schema", "description")
ExtensionArgument = Annotated[str, typer.Argument(metavar="EXTENSION", help="Its name.", show_default=False)]
ConfirmOption = Annotated[bool, typer.Option("--yes", help="Confirm the change of a protected database.")]


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="List, install, update and remove extensions of a database.", no_args_is_help=True)
    for command in (list_, install, update, remove):
        group.command(command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="extension")


def list_(
    name: NameArgument,
    installed: Annotated[bool, typer.Option("--installed", help="Only those that are installed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the extensions that the server offers."""
    with remote() as server:
        rows: Any = server.call("GET", _path(server, name))
        show([row for row in rows if row["installed"] or not installed], LIST, as_json)


def install(
    name: NameArgument,
    extension: ExtensionArgument,
    schema: Annotated[str | None, typer.Option(help="Schema of its objects (default: as the extension says).")] = None,
    yes: ConfirmOption = False,
    as_json: JsonOption = False,
) -> None:
    """Install an extension, with those it requires."""
    with remote() as server:
        body = {"name": extension, "schema": schema, "confirmed": yes}
        show_one(server.call("POST", _path(server, name), json=body), ONE, as_json)


def update(
    name: NameArgument, extension: ExtensionArgument, yes: ConfirmOption = False, as_json: JsonOption = False
) -> None:
    """Update an extension to the version that the server offers."""
    with remote() as server:
        path = f"{_path(server, name)}/{extension}/update"
        show_one(server.call("POST", path, params={"confirmed": yes}), ONE, as_json)


def remove(name: NameArgument, extension: ExtensionArgument, yes: ConfirmOption = False) -> None:
    """Remove an extension that nothing depends on."""
    with remote() as server:
        server.call("DELETE", f"{_path(server, name)}/{extension}", params={"confirmed": yes})
    typer.echo(f"{extension} is removed.")


def _path(server: Any, name: str) -> str:
    return f"/databases/{find_database(server, name)['id']}/extensions"
