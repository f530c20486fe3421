"""The commands `headwater codebases`, over the HTTP API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headwater.features.accounts.api_client import remote, show, show_one
from headwater.features.codebases.commands import git_sources
from headwater.features.codebases.commands.options import CodebaseArgument, ProjectOption
from headwater.features.codebases.commands.push import codebase_named, packed, project_id, send
from headwater.features.codebases.service.code_groups import GroupBy
from headwater.features.jobs.follow import follow

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LIST = ("id", "name", "state", "filename", "size_bytes", "scan.commit.id", "scan.tables", "scan.columns", "scan.usages")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="List, upload and scan codebases.", no_args_is_help=True)
    group.command("list")(list_codebases)
    group.command("upload")(upload)
    group.command("rescan")(rescan)
    git_sources.register(group)
    group.command("groups")(groups)
    app.add_typer(group, name="codebases")


def list_codebases(project: ProjectOption, as_json: JsonOption = False) -> None:
    """List the codebases of a project, newest first."""
    with remote() as server:
        show(server.every(f"/projects/{project_id(server, project)}/codebases"), LIST, as_json)


def upload(
    path: Annotated[Path, typer.Argument(help="A folder, ZIP or tar archive.", show_default=False)],
    project: ProjectOption,
    name: Annotated[str | None, typer.Option(help="Name.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the scan and show its progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Upload a codebase to the server and scan it; of a folder, the files that a scan reads."""
    with remote() as server, packed(path) as archive:
        form = {"name": name} if name else {}
        answer = send(server, f"/projects/{project_id(server, project)}/codebases", archive, form)
        if not watch:
            show_one(answer, ("codebase.id", "codebase.name", "job.id", "job.state"), as_json)
        elif follow(server, answer["job"]["id"], as_json)["state"] != "completed":
            raise typer.Exit(1)


def rescan(
    codebase: CodebaseArgument,
    project: ProjectOption,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the scan and show its progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Scan a codebase again; one of a git repository is fetched first."""
    with remote() as server:
        row = codebase_named(server, project_id(server, project), codebase)
        answer = server.call("POST", f"/codebases/{row['id']}/rescan")
        if not watch:
            show_one(answer, ("codebase.id", "codebase.name", "job.id", "job.state"), as_json)
        elif follow(server, answer["job"]["id"], as_json)["state"] != "completed":
            raise typer.Exit(1)


def groups(
    codebase: CodebaseArgument,
    project: ProjectOption,
    by: Annotated[GroupBy, typer.Option(help="Folders, or services, which have a manifest of their own.")] = "folder",
    as_json: JsonOption = False,
) -> None:
    """List which folders or services of a codebase use which tables, most used first."""
    with remote() as server:
        row = codebase_named(server, project_id(server, project), codebase)
        answer = server.call("GET", f"/codebases/{row['id']}/graph/groups", params={"by": by})
        show(answer["edges"], ("table", "group", "count"), as_json)
