"""The commands `headwater jobs`, over the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.features.accounts.api_client import remote, show, show_one
from headwater.features.jobs.follow import follow

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
JobArgument = Annotated[str, typer.Argument(help="Id of the job.", show_default=False)]
LIST = ("id", "title", "state", "attempts", "created_at", "finished_at", "error")
ONE = (
    *LIST[:4],
    "max_attempts",
    "error",
    "created_at",
    "started_at",
    "finished_at",
    "progress.phase",
    "progress.done",
    "progress.total",
    "progress.message",
)


def register(app: typer.Typer) -> None:
    """Register the commands."""
    jobs = typer.Typer(help="List, follow, cancel and retry jobs.", no_args_is_help=True)
    for name, command in (
        ("list", list_jobs),
        ("show", show_job),
        ("cancel", cancel),
        ("retry", retry),
        ("watch", watch),
    ):
        jobs.command(name)(command)
    app.add_typer(jobs, name="jobs")


def list_jobs(
    state: Annotated[
        str | None, typer.Option(help="Only jobs in this state: pending, running, completed, failed or cancelled.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only jobs of this project.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    query = {key: value for key, value in (("state", state), ("project_id", project)) if value}
    with remote() as server:
        show(server.every("/jobs", **query), LIST, as_json)


def show_job(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Show a job."""
    with remote() as server:
        show_one(server.call("GET", f"/jobs/{job_id}"), ONE, as_json)


def cancel(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Cancel a job."""
    with remote() as server:
        show_one(server.call("POST", f"/jobs/{job_id}/cancel"), ONE, as_json)


def retry(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Retry a failed or cancelled job."""
    with remote() as server:
        show_one(server.call("POST", f"/jobs/{job_id}/retry"), ONE, as_json)


def watch(job_id: JobArgument, as_json: JsonOption = False) -> None:
    """Follow a job until it ends. Exits with 1 if it did not complete."""
    with remote() as server:
        job = follow(server, job_id, as_json)
    if not as_json:
        show_one(job, ONE, as_json)
    if job["state"] != "completed":
        raise typer.Exit(1)
