"""The commands `headwater dashboards`, over the HTTP API."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.databases.commands import JsonOption, ProjectOption, find_project
from headwater.features.query.output import print_result
from headwater.kit.errors import NotFound, did_you_mean
from headwater.kit.terminal import terminal

LIST = ("name", "tiles", "refresh_seconds", "updated_at", "id")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="List and show dashboards.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("show")(show_dashboard)
    app.add_typer(group, name="dashboards")


def list_(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """List dashboards, newest first."""
    with remote() as server:
        show(_all(server, project), LIST, as_json)


def show_dashboard(
    name: Annotated[str, typer.Argument(metavar="DASHBOARD", help="Name or id of the dashboard.", show_default=False)],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the tiles of a dashboard with their current data."""
    with remote() as server:
        dashboard = server.call("GET", f"/dashboards/{_find(server, name, project)}")
        for tile in dashboard["tiles"]:
            hidden = tile["hidden"]
            tile["data"] = (
                None if hidden else server.call("GET", f"/dashboards/{dashboard['id']}/tiles/{tile['id']}/data")
            )
    if as_json:
        show_one(dashboard, (), True)
        return
    console = terminal()
    console.print(dashboard["name"], style="bold", highlight=False)
    for tile in dashboard["tiles"]:
        _print(console, tile)


def _print(console: Console, tile: dict[str, Any]) -> None:
    console.print(f"\n{tile['title'] or tile['query_name'] or 'A query that is not shared with you'}", markup=False)
    data = tile["data"]
    if data is None:
        return
    if data["error"]:
        console.print(data["error"]["message"], style="red", markup=False)
        return
    print_result(console, {**data, "command": "SELECT", "affected": None, "notices": []})


def _all(server: ApiClient, project: str | None) -> list[Any]:
    projects = [find_project(server, project)] if project else server.every("/projects")
    return [row for item in projects for row in server.every(f"/projects/{item['id']}/dashboards")]


def _find(server: ApiClient, name: str, project: str | None) -> str:
    rows = _all(server, project)
    for row in rows:
        if name in {row["id"], row["name"]}:
            return str(row["id"])
    raise NotFound(f"There is no dashboard {name!r}.", hint=did_you_mean(name, [row["name"] for row in rows]))
