"""`headwater merge`: merges the changes of a database since a common snapshot into another one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from headwater.features.accounts import api_client
from headwater.features.accounts.api_client import remote, show_one
from headwater.features.databases.commands import JsonOption, find_database
from headwater.features.jobs.follow import finish
from headwater.features.snapshots.commands.references import find_snapshot
from headwater.kit.errors import BadInput
from headwater.kit.terminal import terminal

Side = Literal["ours", "theirs"]
MergeArgument = Annotated[str, typer.Argument(metavar="MERGE", help="The id of a merge.", show_default=False)]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_FIELDS = ("id", "source_name", "target_name", "status", "conflicts", "unresolved", "created_at")
_KINDS = {
    "cells": "both changed",
    "added": "both added",
    "removed_in_ours": "removed here, changed there",
    "removed_in_theirs": "changed here, removed there",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    merges = typer.Typer(no_args_is_help=True, help="Merge the changes of a database into another one.")
    for name, command in (
        ("create", create),
        ("list", list_),
        ("show", show),
        ("conflicts", conflicts),
        ("resolve", resolve),
        ("apply", apply),
        ("delete", delete),
    ):
        merges.command(name)(command)
    app.add_typer(merges, name="merge")


def create(
    source: Annotated[str, typer.Argument(help="What to merge: a database, or DB#SNAPSHOT.", show_default=False)],
    target: Annotated[str, typer.Argument(help="The database that gets the changes.", show_default=False)],
    base: Annotated[str, typer.Option(help="The snapshot that both have in common.", show_default=False)],
    prefer: Annotated[
        Side | None, typer.Option(help="The side that wins all conflicts: ours (the target) or theirs.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prepare a merge: show what would change and what is in conflict. Nothing is changed in the target.

    Exits with 1 if there are conflicts to resolve.
    """
    with remote() as server:
        body: dict[str, Any] = {"base_id": find_snapshot(server, base)["id"], "prefer": prefer}
        if "#" in source:
            body["theirs_id"] = find_snapshot(server, source)["id"]
        else:
            body["source_id"] = find_database(server, source)["id"]
        created = server.call("POST", f"/databases/{find_database(server, target)['id']}/merges", json=body)
        done = finish(server, created["job"]["id"], f"/merges/{created['id']}")
    _show(done, as_json)


def list_(
    database: Annotated[str, typer.Argument(metavar="DB", help="The target.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """List the merges into a database, newest first."""
    with remote() as server:
        api_client.show(server.every(f"/databases/{find_database(server, database)['id']}/merges"), _FIELDS, as_json)


def show(merge: MergeArgument, as_json: JsonOption = False) -> None:
    """Show what a merge changes. Exits with 1 if there are conflicts to resolve."""
    with remote() as server:
        _show(server.call("GET", f"/merges/{merge}"), as_json)


def conflicts(
    merge: MergeArgument,
    unresolved: Annotated[bool, typer.Option("--unresolved", help="Only conflicts without a choice.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the rows that both sides have changed differently."""
    with remote() as server:
        rows = server.every(f"/merges/{merge}/conflicts" + ("?unresolved=true" if unresolved else ""))
    if as_json:
        show_one(rows, (), True)
        return
    grid = Table("no.", "table", "key", "", "column", "base", "ours", "theirs", "choice", box=None, pad_edge=False)
    for row in rows:
        for cells in _lines(row):
            grid.add_row(*cells)
    terminal().print(grid)


def _lines(row: Any) -> list[list[str]]:
    """Return a line for each column in conflict, or one for the whole row."""
    some = next(side for side in (row["base"], row["ours"], row["theirs"]) if side)
    head = [str(row["ordinal"]), row["table"], ", ".join(str(some[at]) for at in row["key"]), _KINDS[row["kind"]]]
    first, *others = row["conflicting"] or [None]
    return [
        [*head, *_values(row, first), row["choice"] or ""],
        *([*[""] * 4, *_values(row, other), ""] for other in others),
    ]


def _values(row: Any, column: int | None) -> list[str]:
    sides = [row[name] for name in ("base", "ours", "theirs")]
    if column is None:
        return ["", *("(none)" if side is None else "(row)" for side in sides)]
    cells = ["(none)" if side is None else "NULL" if side[column] is None else str(side[column]) for side in sides]
    return [row["columns"][column], *cells]


def resolve(
    merge: MergeArgument,
    ours: Annotated[bool, typer.Option("--ours", help="Keep the target's values.")] = False,
    theirs: Annotated[bool, typer.Option("--theirs", help="Take the values of what is merged.")] = False,
    number: Annotated[list[int] | None, typer.Option("--no", help="Only this conflict; may be repeated.")] = None,
    table: Annotated[str | None, typer.Option(help="Only the conflicts of this table.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the side that wins conflicts: of all, of a table, or of single rows."""
    if ours == theirs:
        raise BadInput("Choose one side.", hint="Use either --ours or --theirs.")
    body = {"choice": "ours" if ours else "theirs", "ordinals": number, "table": table}
    with remote() as server:
        _show(server.call("POST", f"/merges/{merge}/resolutions", json=body), as_json)


def apply(merge: MergeArgument, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Write a prepared merge to the target: all rows, or none. A snapshot of the target is taken first."""
    with remote() as server:
        planned = server.call("GET", f"/merges/{merge}")
        if not yes:
            _ask(planned, as_json)
        created = server.call("POST", f"/merges/{merge}/apply", json={"confirmed": True})
        _show(finish(server, created["job"]["id"], f"/merges/{merge}"), as_json)


def _ask(planned: Any, as_json: bool) -> None:
    if as_json:
        raise BadInput("Rows of the target would be changed.", hint="Confirm with --yes.")
    _print(planned)
    if not typer.confirm(f"Write this to {planned['target_name']}?"):
        raise typer.Exit(1)


def delete(merge: MergeArgument) -> None:
    """Delete a merge; what it has changed stays."""
    with remote() as server:
        server.call("DELETE", f"/merges/{merge}")


def _show(merge: Any, as_json: bool) -> None:
    if as_json:
        show_one(merge, (), True)
    else:
        _print(merge)
        _print_next(merge)
    raise typer.Exit(1 if merge["unresolved"] else 0)


def _print(merge: Any) -> None:
    if merge["tables"]:
        grid = Table("table", "added", "removed", "changed", "conflicts", box=None, pad_edge=False)
        for row in merge["tables"]:
            grid.add_row(row["name"], *(f"{row[name]:,}" for name in ("added", "removed", "changed", "conflicts")))
        terminal().print(grid)
    for row in merge["left_out"]:
        typer.echo(f"Not merged: {row['name']}: {row['reason']}")


def _print_next(merge: Any) -> None:
    """Say what the state of a merge is, and what to do next."""
    if merge["status"] == "applied":
        typer.echo(f"Merged into {merge['target_name']}. Undo: restore the snapshot {merge['ours_id']}.")
    elif merge["unresolved"]:
        typer.echo(f"{merge['unresolved']:,} conflicts to resolve: headwater merge conflicts {merge['id']}")
    elif not merge["tables"]:
        typer.echo("There is nothing to merge.")
    else:
        typer.echo(f"Prepared: headwater merge apply {merge['id']}")
