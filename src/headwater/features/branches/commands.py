"""`headwater branch`: creates, lists, merges, resets and deletes branches, which are named `PARENT@NAME`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.databases.commands import JsonOption, find_database
from headwater.features.jobs.follow import finish
from headwater.features.merges import commands as merge_commands
from headwater.features.snapshots.commands.references import find_snapshot
from headwater.kit import durations
from headwater.kit.errors import BadInput, Conflict, HeadwaterError

BranchArgument = Annotated[
    str, typer.Argument(metavar="DB@NAME", help="The branch: shop@feature, or its database.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_LIST = ("name", "state", "database_name", "database_state", "size_bytes", "base_taken_at", "created_at", "expires_at")
_ONE = ("name", "parent_name", *_LIST[1:], "database_id", "base_id")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    branches = typer.Typer(no_args_is_help=True, help="Branch databases, and merge branches back.")
    for name, command in (
        ("create", create),
        ("list", list_),
        ("show", show_branch),
        ("merge", merge),
        ("reset", reset),
        ("delete", delete),
    ):
        branches.command(name)(command)
    app.add_typer(branches, name="branch")


def create(
    branch: Annotated[
        str, typer.Argument(metavar="DB@NAME", help="The database, and the name of its branch.", show_default=False)
    ],
    from_: Annotated[
        str | None, typer.Option("--from", help="A snapshot of the database: DB#TIME, DB#LABEL or an id.")
    ] = None,
    ttl: Annotated[str | None, typer.Option("--ttl", help="Delete the branch after 12h, 7d, …")] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a branch of a database: a new database with its content, now or as a snapshot has it."""
    parent, name = _parts(branch)
    body: dict[str, Any] = {"name": name, "ttl_seconds": durations.seconds(ttl) if ttl else None}
    with remote() as server:
        if from_ is not None:
            body["snapshot_id"] = find_snapshot(server, from_)["id"]
        database = find_database(server, parent)
        created = server.call("POST", f"/databases/{database['id']}/branches", json=body)
        _show_ready(server, database["id"], created, as_json)


def _parts(branch: str) -> tuple[str, str]:
    parent, mark, name = branch.rpartition("@")
    if not (parent and mark and name):
        raise BadInput(f"{branch!r} is not the name of a branch.", hint="Write DATABASE@NAME, such as shop@feature.")
    return parent, name


def _show_ready(server: ApiClient, parent_id: str, created: Any, as_json: bool) -> None:
    """Wait for a new branch and show it; an interrupted attempt may have replaced its database."""
    every = finish(server, created["job"]["id"], f"/databases/{parent_id}/branches")["items"]
    ready = next((row for row in every if row["job"] and row["job"]["id"] == created["job"]["id"]), created)
    if not as_json and ready["database_id"]:
        ready["url"] = server.call("POST", f"/databases/{ready['database_id']}/credentials")["url"]
    show_one(ready, (*_ONE, *(["url"] if ready.get("url") else [])), as_json)


def list_(
    database: Annotated[str, typer.Argument(metavar="DB", help="The parent.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """List the branches of a database, newest first."""
    with remote() as server:
        show(server.every(f"/databases/{find_database(server, database)['id']}/branches"), _LIST, as_json)


def show_branch(branch: BranchArgument, as_json: JsonOption = False) -> None:
    """Show a branch, its parent, and the snapshot that both have in common."""
    with remote() as server:
        show_one(_find(server, branch), _ONE, as_json)


def merge(
    branch: BranchArgument,
    prefer: Annotated[
        merge_commands.Side | None,
        typer.Option(help="The side that wins all conflicts: ours (the parent) or theirs (the branch)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prepare merging the changes of a branch into its parent. Nothing is changed until the merge is applied.

    Exits with 1 if there are conflicts to resolve.
    """
    with remote() as server:
        row = _find(server, branch)
    if row["parent_id"] is None:
        raise Conflict("The parent of this branch was deleted.", hint="Merge into another database: headwater merge.")
    if row["base_id"] is None:
        raise Conflict(
            "The base snapshot of this branch was deleted.", hint="Only a branch with its base can be merged."
        )
    merge_commands.create(row["database_id"], row["parent_id"], row["base_id"], prefer, as_json)


def reset(branch: BranchArgument, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Discard what a branch has changed: delete its database, and create it anew from the parent as it is now."""
    with remote() as server:
        row = _find(server, branch)
        _confirm(f"Discard all changes of {row['parent_name']}@{row['name']}?", yes, as_json)
        created = server.call("POST", f"/branches/{row['database_id']}/reset")
        _show_ready(server, row["parent_id"], created, as_json)


def delete(branch: BranchArgument, yes: YesOption = False) -> None:
    """Delete a branch. Its database can be restored for seven days."""
    with remote() as server:
        row = _find(server, branch)
        full_name = f"{row['parent_name']}@{row['name']}"
        _confirm(f"Delete {full_name}?", yes, False)
        if row["state"] == "creating":
            server.call("POST", f"/jobs/{row['job']['id']}/cancel")
        else:
            server.call("DELETE", f"/databases/{row['database_id']}")
    undo = "" if row["state"] == "creating" else f" Undo: headwater db restore {row['database_id']}"
    typer.echo(f"{full_name} is deleted.{undo}")


def _confirm(question: str, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json:
        raise BadInput("The branch would be deleted.", hint="Confirm with --yes.")
    if not typer.confirm(question):
        raise typer.Exit(1)


def _find(server: ApiClient, wanted: str) -> Any:
    """Return the branch with a name or the id of its database."""
    row = server.call("GET", f"/branches/{find_database(server, wanted)['id']}")
    if row["state"] == "failed":
        raise HeadwaterError(row["job"]["error"] if row["job"] else "The branch could not be created.")
    return row
