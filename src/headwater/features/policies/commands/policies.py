"""`headwater policy show`, `preview`, `run`, `runs`, `pause`, `resume`, `delete`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, find_database
from headwater.features.jobs.follow import finish
from headwater.kit.terminal import terminal

ONE = (
    "schedule.cron",
    "schedule.timezone",
    "schedule.misfire",
    "paused",
    "label",
    "tables",
    "exclude",
    "keeps",
    "verify.kind",
    "verify.every_days",
    "verify.percent",
    "drill_every_days",
    "growth",
    "last_run.outcome",
    "last_run.scheduled_for",
    "last_run.detail",
    "next",
)
RUNS = ("kind", "scheduled_for", "outcome", "detail", "snapshot_id")
PERIODS = ("last", "hourly", "daily", "weekly", "monthly", "yearly", "within_hours")


def show_policy(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show the policy of a database and its next five runs."""
    with remote() as server:
        print_policy(server.call("GET", path_of(server, name)), as_json)


def preview(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show which snapshots the policy would delete, and why. Deletes nothing."""
    with remote() as server:
        planned = server.call("POST", f"{path_of(server, name)}/preview", json={})
    if as_json:
        show_one(planned, (), True)
        return
    table = Table("taken_at", "label", "", "reasons", box=None, pad_edge=False)
    for snapshot in planned["snapshots"]:
        table.add_row(
            snapshot["taken_at"],
            snapshot["label"],
            "keep" if snapshot["keep"] else "DELETE",
            ", ".join(snapshot["reasons"]),
        )
    terminal().print(table)
    typer.echo(f"{planned['kept']} would be kept, {planned['deleted']} deleted.")


def run(name: NameArgument, as_json: JsonOption = False) -> None:
    """Create a snapshot as the policy would, and wait until it is complete."""
    with remote() as server:
        created = server.call("POST", f"{path_of(server, name)}/runs")
        done = finish(server, created["job"]["id"], f"/snapshots/{created['snapshot_id']}")
    show_one(done, ("id", "database_name", "label", "status", "taken_at", "seconds", "new_bytes"), as_json)


def runs(name: NameArgument, as_json: JsonOption = False) -> None:
    """List past runs of the policy, newest first."""
    with remote() as server:
        show(server.every(f"{path_of(server, name)}/runs"), RUNS, as_json)


def pause(name: NameArgument, as_json: JsonOption = False) -> None:
    """Pause the policy: create, verify and delete nothing until it is resumed."""
    _set_paused(name, True, as_json)


def resume(name: NameArgument, as_json: JsonOption = False) -> None:
    """Resume a paused policy. Runs missed in the meantime are not made up for."""
    _set_paused(name, False, as_json)


def delete(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the policy of a database. Its snapshots are kept."""
    with remote() as server:
        path = path_of(server, name)
        if not yes and not typer.confirm(f"Delete the policy of {name}?"):
            raise typer.Exit(1)
        server.call("DELETE", path)
    typer.echo(f"The policy of {name} is deleted. Its snapshots are kept.")


def path_of(server: ApiClient, name: str) -> str:
    """Return the path of the policy of a database by name."""
    return f"/databases/{find_database(server, name)['id']}/policy"


def given(policy: Any) -> dict[str, Any]:
    """Return the fields of a policy that can be set."""
    fields = ("schedule", "paused", "label", "tables", "exclude", "retention", "verify", "drill_every_days", "growth")
    return {field: policy[field] for field in fields}


def print_policy(policy: Any, as_json: bool) -> None:
    """Print a policy."""
    retention = policy["retention"] or {}
    words = [f"{retention[name]} {name.replace('_', ' ')}" for name in PERIODS if retention.get(name)]
    extra = {} if as_json else {"keeps": f"{', '.join(words)} ({retention['scope']})" if retention else "all"}
    show_one(policy | extra, ONE, as_json)


def _set_paused(name: str, paused: bool, as_json: bool) -> None:
    with remote() as server:
        path = path_of(server, name)
        body = given(server.call("GET", path)) | {"paused": paused}
        print_policy(server.call("PUT", path, json=body), as_json)
