"""`headwater snapshot restore` and `drill`; a restore shows what it will change before it starts."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from headwater.features.accounts.api_client import remote, show_one
from headwater.features.databases.commands import (
    JsonOption,
    ProjectOption,
    TablesOption,
    find_database,
    find_project,
    names,
)
from headwater.features.jobs.follow import finish
from headwater.features.snapshots.commands.references import SnapshotArgument, find_snapshot
from headwater.kit.errors import BadInput, Conflict
from headwater.kit.terminal import terminal


def restore(
    snapshot: SnapshotArgument,
    new: Annotated[str | None, typer.Option("--new", help="Name of the new database to restore into.")] = None,
    into: Annotated[
        str | None, typer.Option("--into", help="Name or id of an existing database to restore into.")
    ] = None,
    tables: TablesOption = None,
    mode: Annotated[
        str, typer.Option(help="What to do with existing tables: empty (refuse), overwrite, append or append_missing.")
    ] = "empty",
    project: ProjectOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a snapshot, or some of its tables, into a new or an existing database.

    At the end, the schema and the rows are compared with the snapshot. Exits with 1 if something differs, or if the
    database refused an object, such as an index: the rows are restored nevertheless.
    """
    if (new is None) == (into is None):
        raise BadInput("Choose where to restore to.", hint="Use either --new NAME or --into DB.")
    with remote() as server:
        snapshot_row = find_snapshot(server, snapshot)
        body: dict[str, Any] = {"tables": names(tables), "mode": mode, "confirmed": True}
        body |= {"target_id": find_database(server, into)["id"]} if into else {"name": new}
        if new and project:
            body["project_id"] = find_project(server, project)["id"]
        if snapshot_row["partial"] and not as_json:
            typer.echo(f"This snapshot has only {snapshot_row['tables']} tables, which were chosen when it was taken.")
        planned = server.call("POST", f"/snapshots/{snapshot_row['id']}/restores/plan", json=body)
        if plan:
            _show_plan(planned, as_json)
            return
        if planned["refusals"]:
            raise Conflict(planned["refusals"][0], hint="See what would change with --plan, and choose a --mode.")
        if planned["undo"] and not yes:
            _ask(planned, as_json)
        created = server.call("POST", f"/snapshots/{snapshot_row['id']}/restores", json=body)
        done = finish(server, created["job"]["id"], f"/restores/{created['id']}")
    _show(done, as_json)


def drill(snapshot: SnapshotArgument, as_json: JsonOption = False) -> None:
    """Run a test restore: restore a snapshot into a new database, compare both, and delete that database."""
    with remote() as server:
        created = server.call("POST", f"/snapshots/{find_snapshot(server, snapshot)['id']}/drills")
        _show(finish(server, created["job"]["id"], f"/restores/{created['id']}"), as_json)


def _ask(planned: Any, as_json: bool) -> None:
    if as_json:
        raise BadInput("Existing tables would be changed.", hint="Check it with --plan, then confirm with --yes.")
    _show_plan(planned, False)
    if not typer.confirm("Restore?"):
        raise typer.Exit(1)


def _show_plan(planned: Any, as_json: bool) -> None:
    if as_json:
        show_one(planned, (), True)
        return
    for step in planned["steps"]:
        typer.echo(step["sentence"])
    for sentence in planned["refusals"]:
        typer.echo(f"Refused: {sentence}")
    if planned["undo"]:
        typer.echo(f"A snapshot of {planned['target_name']} is created first, so that you can undo this.")


def _show(done: Any, as_json: bool) -> None:
    if as_json:
        show_one(done, (), True)
    else:
        table = Table("table", "rows of the snapshot", "rows now", "contents", box=None, pad_edge=False)
        for row in done["tables"]:
            contents = row["contents"] if row["same"] else "different"
            table.add_row(row["table"], f"{row['expected']:,}", f"{row['found']:,}", contents)
        terminal().print(table)
        partly = "Partly restored" if done["refused"] else "Restored"
        typer.echo(f"{partly} into {done['target_name']} in {done['seconds']:.1f} s.")
        for sentence in done["refused"]:
            typer.echo(f"Not restored: {sentence}")
        typer.echo(f"Compared with the snapshot: {done['summary']}.")
    if done["differs"]:
        raise typer.Exit(1)
