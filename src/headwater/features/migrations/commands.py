"""The commands `headwater migrations`, over the HTTP API."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, find_database
from headwater.features.query.output import print_error
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

COLUMNS = ("version", "name", "state", "origin", "applied_at")
SUFFIXES = {".sql", ".py"}
ToOption = Annotated[str, typer.Option("--to", help="Last version to run.", show_default=False)]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Only show the SQL that would run.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Add, apply, revert and import the migrations of a database.", no_args_is_help=True)
    for command in (list_, add, apply, revert, resolve, import_, export):
        group.command(command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="migrations")


def list_(name: NameArgument, as_json: JsonOption = False) -> None:
    """List migrations in order, with their state in the database."""
    with remote() as server:
        show(server.call("GET", _path(server, name))["items"], COLUMNS, as_json)


def add(
    name: NameArgument,
    title: Annotated[str, typer.Argument(help="Short description.", show_default=False)],
    up: Annotated[Path | None, typer.Option(help="File with the SQL that applies it.")] = None,
    down: Annotated[Path | None, typer.Option(help="File with the SQL that reverts it.")] = None,
    changes: Annotated[
        Path | None, typer.Option(help="JSON file with schema changes from which both scripts are generated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a migration without applying it."""
    body: dict[str, Any] = {"name": title, "up": _text(up), "down": _text(down)}
    if changes is not None:
        try:
            body["changes"] = json.loads(_text(changes) or "")
        except ValueError as error:
            raise BadInput(f"{changes} is not JSON: {error}.") from error
    with remote() as server:
        migration = server.call("POST", _path(server, name), json=body)
    if as_json:
        show_one(migration, (), True)
    else:
        typer.echo(f"-- {migration['version']} {migration['name']}\n{migration['up']}")
        typer.echo(
            "-- There is no down script." if migration["down"] is None else f"-- Down script:\n{migration['down']}"
        )


def apply(
    name: NameArgument, to: ToOption = "", dry: DryOption = False, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Apply pending migrations, up to and including a version."""
    _run(name, "up", to, dry, yes, as_json)


def revert(
    name: NameArgument, to: ToOption = "", dry: DryOption = False, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Revert the last applied migration, or all back to and including a version."""
    _run(name, "down", to, dry, yes, as_json)


def resolve(
    name: NameArgument,
    version: Annotated[str, typer.Argument(help="Version of the migration.", show_default=False)],
    applied: Annotated[bool, typer.Option("--applied/--pending", help="State to set; nothing is run.")],
    as_json: JsonOption = False,
) -> None:
    """Mark a migration as applied or as pending, without running it."""
    with remote() as server:
        body = {"state": "applied" if applied else "pending"}
        path = f"{_path(server, name)}/{version}/state"
        show_one(server.call("PUT", path, json=body, params={"confirmed": "true"}), COLUMNS, as_json)


def import_(
    name: NameArgument,
    folder: Annotated[Path, typer.Argument(help="The folder of Flyway, Prisma, dbmate, Alembic …", show_default=False)],
    applied: Annotated[
        bool | None, typer.Option("--applied/--pending", help="State to set (default: read from the tool's own table).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Import the migrations folder of another tool."""
    params = {} if applied is None else {"applied": str(applied).lower()}
    with remote() as server:
        files = {"file": ("migrations.zip", _packed(folder), "application/zip")}
        imported = server.call("POST", f"{_path(server, name)}/import", files=files, params=params)
    show(imported["items"], COLUMNS, as_json)


def export(
    name: NameArgument, folder: Annotated[Path, typer.Argument(help="Folder to write to.", show_default=False)]
) -> None:
    """Export the migrations as files: VERSION_name.up.sql and VERSION_name.down.sql."""
    folder.mkdir(parents=True, exist_ok=True)
    with remote() as server:
        path = _path(server, name)
        rows = [row for row in server.call("GET", path)["items"] if row["origin"] is not None]
        for row in rows:
            script = server.call("GET", f"{path}/{row['version']}")
            slug = "".join(letter if letter.isalnum() else "_" for letter in script["name"].lower())[:80]
            suffix = "sql" if row["runs"] else "py"
            for way in ("up", "down"):
                if script[way] is not None:
                    name_ = (
                        f"{script['version']}_{slug}.{way}.sql"
                        if row["runs"]
                        else f"{script['version']}_{slug}.{suffix}"
                    )
                    (folder / name_).write_text(script[way])
    typer.echo(f"{len(rows)} migrations are in {folder}.")


def _run(name: str, way: str, to: str, dry: bool, yes: bool, as_json: bool) -> None:
    with remote() as server:
        path = f"{_path(server, name)}/run"
        planned = server.call("POST", path, json={"way": way, "to": to})
        if not dry and planned["planned"]:
            if not yes:
                _show_plan(planned, way)
                typer.confirm("Run this?", abort=True)
            planned = server.call("POST", path, json={"way": way, "to": to, "apply": True, "confirmed": True})
    if as_json:
        show_one(planned, (), True)
    elif dry or not planned["planned"]:
        _show_plan(planned, way)
    else:
        for version in planned["done"]:
            typer.echo(f"{'applied' if way == 'up' else 'reverted'} {version}")
    if planned["error"]:
        script = next(item for item in planned["planned"] if item["version"] == planned["failed"])
        if not as_json:
            typer.echo(f"{planned['failed']} failed.", err=True)
            print_error(planned["error"], script[way])
        raise typer.Exit(1)


def _show_plan(planned: Any, way: str) -> None:
    console = terminal()
    if not planned["planned"]:
        console.print("Nothing to run.")
    for script in planned["planned"]:
        console.print(f"-- {script['version']} {script['name']}", style="bold", markup=False)
        console.print(script[way].rstrip(), markup=False, highlight=False)


def _path(server: ApiClient, name: str) -> str:
    return f"/databases/{find_database(server, name)['id']}/migrations"


def _text(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read as text.") from error


def _packed(folder: Path) -> bytes:
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for file in sorted(folder.rglob("*")):
            if file.suffix in SUFFIXES and file.is_file() and not file.is_symlink():
                archive.write(file, file.relative_to(folder).as_posix())
    return out.getvalue()
