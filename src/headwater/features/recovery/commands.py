"""`headwater recovery`: point-in-time recovery, over a server's HTTP API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from headwater.features.accounts.api_client import ApiClient, remote, show_one
from headwater.features.databases.commands import JsonOption, NameArgument, ProjectOption, find_database, find_project
from headwater.features.jobs.follow import finish
from headwater.kit.errors import BadInput, Conflict
from headwater.kit.terminal import terminal

STATUS = (
    "enabled",
    "earliest",
    "latest",
    "lag_seconds",
    "lag_bytes",
    "waiting",
    "log_bytes",
    "window_days",
    "base_days",
    "problem",
)
DONE = ("target_name", "target_id", "last", "seconds")
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Point-in-time recovery: restore a database to any moment.", no_args_is_help=True)
    for command in (show_recovery, enable, disable, base, point, restore):
        group.command(command.__name__.replace("_recovery", ""))(command)
    app.add_typer(group, name="recovery")


def show_recovery(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show which moments of a database can be restored, and the space this uses."""
    with remote() as server:
        _show(server.call("GET", _path(server, name)), as_json)


def enable(
    name: NameArgument,
    days: Annotated[int, typer.Option(help="Retention in days.")] = 7,
    base_every: Annotated[int, typer.Option(help="Days between base backups.")] = 1,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Enable point-in-time recovery, or change its retention."""
    with remote() as server:
        path = _path(server, name)
        if not server.call("GET", path)["enabled"]:
            _ask(f"{name} is restarted and clients reconnect. Continue?", yes, as_json)
        body = {"enabled": True, "window_days": days, "base_days": base_every}
        _show(server.call("PUT", path, json=body), as_json)


def disable(name: NameArgument, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Disable point-in-time recovery. Moments already archived can be restored until their retention ends."""
    with remote() as server:
        path = _path(server, name)
        there = server.call("GET", path)
        if there["enabled"]:
            _ask(f"{name} is restarted, and moments after this one cannot be restored. Continue?", yes, as_json)
        body = {"enabled": False, "window_days": there["window_days"], "base_days": there["base_days"]}
        _show(server.call("PUT", path, json=body), as_json)


def base(name: NameArgument, as_json: JsonOption = False) -> None:
    """Create a base backup now and wait for it."""
    with remote() as server:
        path = _path(server, name)
        job = server.call("POST", f"{path}/bases")
        _show(finish(server, job["id"], path), as_json)


def point(
    name: NameArgument,
    called: Annotated[str, typer.Argument(metavar="NAME", help="Name of the restore point.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Create a restore point: a name for the current moment."""
    with remote() as server:
        status = server.call("POST", f"{_path(server, name)}/points", json={"name": called})
    restore_point = next(item for item in status["points"] if item["name"] == called)
    show_one(restore_point, ("name", "at", "lsn"), as_json)


def restore(
    name: NameArgument,
    new: Annotated[str, typer.Option("--new", help="Name of the new database.", show_default=False)],
    time: Annotated[str | None, typer.Option(help="Time, such as 2026-11-21T10:00:00; UTC without a zone.")] = None,
    lsn: Annotated[str | None, typer.Option(help="LSN, such as 0/16B3748.")] = None,
    point: Annotated[str | None, typer.Option(help="Name of a restore point.")] = None,
    inclusive: Annotated[
        bool | None,
        typer.Option("--inclusive/--exclusive", help="Include or exclude transactions committed exactly then."),
    ] = None,
    project: ProjectOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a database to a moment, into a new database. The old one is not changed."""
    if sum(value is not None for value in (time, lsn, point)) != 1:
        raise BadInput("Choose a moment.", hint="Use one of --time, --lsn and --point.")
    body: dict[str, Any] = {"name": new, "lsn": lsn, "point": point, "inclusive": inclusive}
    body["time"] = _moment(time) if time else None
    with remote() as server:
        database = find_database(server, name, deleted=True)
        if project:
            body["project_id"] = find_project(server, project)["id"]
        path = f"/databases/{database['id']}/recoveries"
        planned = server.call("POST", f"{path}/plan", json=body)
        if plan:
            _show_plan(planned, as_json)
            return
        if planned["refusals"]:
            raise Conflict(planned["refusals"][0], hint=f"See headwater recovery show {name}.")
        created = server.call("POST", path, json=body)
        done = finish(server, created["job"]["id"], f"/recoveries/{created['id']}")
    show_one(done, DONE, as_json)


def _path(server: ApiClient, name: str) -> str:
    return f"/databases/{find_database(server, name)['id']}/recovery"


def _ask(question: str, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json:
        raise BadInput(question.removesuffix(" Continue?"), hint="Confirm with --yes.")
    if not typer.confirm(question):
        raise typer.Exit(1)


def _moment(text: str) -> str:
    """Return a time in ISO format with its zone, which is UTC by default."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a time.", hint="Use the form 2026-11-21T10:00:00.") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).isoformat()


def _show_plan(planned: Any, as_json: bool) -> None:
    if as_json:
        show_one(planned, (), True)
        return
    for sentence in planned["sentences"]:
        typer.echo(sentence)
    for sentence in planned["refusals"]:
        typer.echo(f"Refused: {sentence}")


def _show(recovery: Any, as_json: bool) -> None:
    show_one(recovery, STATUS, as_json)
    if as_json:
        return
    if recovery["bases"]:
        table = Table("base backup", "status", "bytes", "new bytes", "seconds", box=None, pad_edge=False)
        for base_row in recovery["bases"]:
            status = (
                base_row["status"] if base_row["usable"] or base_row["status"] != "complete" else "waiting for its log"
            )
            table.add_row(
                base_row["finished_at"] or base_row["created_at"],
                status,
                f"{base_row['raw_bytes']:,}",
                f"{base_row['new_bytes']:,}",
                "" if base_row["seconds"] is None else f"{base_row['seconds']:.1f}",
            )
        terminal().print(table)
    if recovery["points"]:
        table = Table("point", "at", "lsn", box=None, pad_edge=False)
        for restore_point in recovery["points"]:
            table.add_row(restore_point["name"], restore_point["at"], restore_point["lsn"])
        terminal().print(table)
