"""`headwater snapshot create`, `list`, `show`, `hold`, `delete`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from headwater.features.accounts.api_client import remote, show, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, TablesOption, find_database, names
from headwater.features.jobs.follow import finish
from headwater.features.snapshots.commands.references import (
    SnapshotArgument,
    every_snapshot,
    find_snapshot,
    snapshots_of,
)
from headwater.kit.terminal import terminal

LIST = ("taken_at", "label", "status", "tables", "rows", "stored_bytes", "new_bytes", "seconds", "proof.summary", "id")
ONE = (
    "id",
    "database_name",
    "label",
    "status",
    "error",
    "taken_at",
    "seconds",
    "engine",
    "product",
    "tables",
    "rows",
    "raw_bytes",
    "stored_bytes",
    "new_bytes",
    "parent_id",
    "verified_at",
    "proof.summary",
    "held",
    "grew",
)


def create(
    name: NameArgument,
    tables: TablesOption = None,
    exclude: Annotated[str | None, typer.Option(help="All tables except these, separated by commas.")] = None,
    label: Annotated[str, typer.Option(help="Label; DB#LABEL then refers to it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Create a snapshot of a database and wait until it is complete."""
    body = {"tables": names(tables), "exclude": names(exclude), "label": label}
    with remote() as server:
        created = server.call("POST", f"/databases/{find_database(server, name)['id']}/snapshots", json=body)
        done = finish(server, created["job"]["id"], f"/snapshots/{created['id']}")
    _show(done, as_json)


def list_(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name or id of a database.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the snapshots of a database, newest first; without a name, all snapshots with their databases."""
    with remote() as server:
        if name is None:
            show(every_snapshot(server), ("database_name", *LIST), as_json)
        else:
            show(snapshots_of(server, name), LIST, as_json)


def show_snapshot(snapshot: SnapshotArgument, as_json: JsonOption = False) -> None:
    """Show a snapshot and its tables."""
    with remote() as server:
        _show(server.call("GET", f"/snapshots/{find_snapshot(server, snapshot)['id']}"), as_json)


def verify(
    snapshot: SnapshotArgument,
    deep: Annotated[bool, typer.Option("--deep", help="Read and decrypt every page.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Verify a snapshot. Exits with 1 if it is damaged, or if its schema is known not to be restorable."""
    with remote() as server:
        path = f"/snapshots/{find_snapshot(server, snapshot)['id']}"
        job = server.call("POST", f"{path}/verifications", json={"kind": "deep" if deep else "quick"})
        done = finish(server, job["id"], path)
    fields = (
        "id",
        "verified_at",
        "verification.kind",
        "verification.ok",
        "verification.pages",
        "verification.problems",
        "proof.summary",
        "proof.refused",
        "proof.different",
        "proof.untried",
        "losses",
    )
    show_one(done, fields, as_json)
    refuted = done["proof"] is not None and done["proof"]["state"] == "refuted"
    if refuted or not done["verification"]["ok"]:
        raise typer.Exit(1)


def hold(
    snapshot: SnapshotArgument,
    off: Annotated[bool, typer.Option("--off", help="Allow it to be deleted again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep a snapshot forever: no user and no policy can delete it."""
    with remote() as server:
        path = f"/snapshots/{find_snapshot(server, snapshot)['id']}"
        show_one(server.call("PATCH", path, json={"held": not off}), ("id", "label", "held"), as_json)


def delete(
    snapshot: SnapshotArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a snapshot. Other snapshots are not affected."""
    with remote() as server:
        row = find_snapshot(server, snapshot)
        display_name = f"{row['database_name']} of {row['taken_at'] or row['created_at']}"
        if not yes and not typer.confirm(f"Delete the snapshot of {display_name}?"):
            raise typer.Exit(1)
        server.call("DELETE", f"/snapshots/{row['id']}")
    typer.echo(f"The snapshot of {display_name} is deleted.")


def _show(snapshot: Any, as_json: bool) -> None:
    show_one(snapshot, ONE, as_json)
    if as_json:
        return
    for sentence in snapshot["losses"]:
        typer.echo(f"Note: {sentence}")
    table = Table("table", "rows", "raw_bytes", "stored_bytes", "new_bytes", box=None, pad_edge=False)
    for content in snapshot["contents"]:
        name = f"{content['schema']}.{content['name']}" if content["schema"] else content["name"]
        table.add_row(name, *(f"{content[field]:,}" for field in ("rows", "raw_bytes", "stored_bytes", "new_bytes")))
    terminal().print(table)
