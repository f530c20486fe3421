"""The commands `headwater codebases`, over the HTTP API."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from headwater.core.lineage.archives import open_container
from headwater.core.lineage.limits import IntakeLimits
from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.features.jobs.follow import follow
from headwater.kit.errors import NotFound, Unreadable, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ProjectOption = Annotated[str, typer.Option("--project", help="Name or id of the project.", show_default=False)]
LIST = ("id", "name", "state", "filename", "size_bytes", "scan.tables", "scan.columns", "scan.usages")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="List and upload codebases.", no_args_is_help=True)
    group.command("list")(list_codebases)
    group.command("upload")(upload)
    app.add_typer(group, name="codebases")


def list_codebases(project: ProjectOption, as_json: JsonOption = False) -> None:
    """List the codebases of a project, newest first."""
    with remote() as server:
        show(server.every(f"/projects/{_project(server, project)}/codebases"), LIST, as_json)


def upload(
    path: Annotated[Path, typer.Argument(help="A folder, ZIP or tar archive.", show_default=False)],
    project: ProjectOption,
    name: Annotated[str | None, typer.Option(help="Name.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the scan and show its progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Upload a codebase to the server and scan it."""
    if not path.exists():
        raise Unreadable(f"{path} does not exist.", hint="Give the path of a folder, a ZIP or a tar archive.")
    with remote() as server, _packed(path) as content:
        url = f"/projects/{_project(server, project)}/codebases"
        filename = path.resolve().name + (".zip" if path.is_dir() else "")
        form = {"name": name} if name else {}
        answer = server.call("POST", url, files={"file": (filename, content)}, data=form)
        if not watch:
            show_one(answer, ("codebase.id", "codebase.name", "job.id", "job.state"), as_json)
        elif follow(server, answer["job"]["id"], as_json)["state"] != "completed":
            raise typer.Exit(1)


def _project(server: ApiClient, wanted: str) -> str:
    projects = server.every("/projects")
    for row in projects:
        if wanted in {row["id"], row["name"]}:
            return str(row["id"])
    raise NotFound(f"There is no project {wanted}.", hint=did_you_mean(wanted, (row["name"] for row in projects)))


@contextmanager
def _packed(path: Path) -> Iterator[IO[bytes]]:
    """Yield an archive as it is, or a folder as a ZIP without what a scan skips (links, dependencies)."""
    if not path.is_dir():
        with path.open("rb") as archive:
            yield archive
        return
    with tempfile.TemporaryFile() as out:
        _pack(path, out)
        out.seek(0)
        yield out


def _pack(folder: Path, out: IO[bytes]) -> None:
    limits = IntakeLimits()
    archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)
    with archive, open_container(folder, limits) as entries:
        for entry in entries:
            if not entry.refused and entry.size <= limits.file_bytes:
                archive.write(os.path.join(folder, entry.path), entry.path)
