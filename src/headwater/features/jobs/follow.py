"""Follows a job in the terminal until it ends."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from headwater.features.accounts.api_client import ApiClient
from headwater.kit.errors import HeadwaterError


def follow(server: ApiClient, job_id: str, as_json: bool) -> Any:
    """Show a job's progress (as JSON lines with `as_json`) and return the job as it ended."""
    path = f"/jobs/{job_id}/events"
    if as_json:
        for name, data in server.events(path):
            typer.echo(msgspec.json.encode({"event": name, "data": data}).decode())
            last = data
        return last
    return _bars(server.events(path))


def finish(server: ApiClient, job_id: str, path: str) -> Any:
    """Wait for a job that the command itself has started, and return the answer of `path` then.

    Ctrl-C cancels the job, and does not only stop waiting.

    Raises:
        HeadwaterError: the job did not complete.
    """
    try:
        _bars(event for event in server.events(f"/jobs/{job_id}/events") if event[0] == "job")
    except KeyboardInterrupt:
        with contextlib.suppress(HeadwaterError):
            server.call("POST", f"/jobs/{job_id}/cancel")
        typer.echo("Cancelled.", err=True)
        raise typer.Exit(130) from None
    job = server.call("GET", f"/jobs/{job_id}")
    if job["state"] != "completed":
        raise HeadwaterError(job["error"] or f"The job was {job['state']}.")
    return server.call("GET", path)


def _bars(events: Iterable[tuple[str, Any]]) -> Any:
    columns = (
        TextColumn("{task.description:16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[message]}"),
        TimeElapsedColumn(),
    )
    job: Any = None
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task("waiting", total=None, message="")
        for name, data in events:
            if name == "log":
                bars.console.print(f"[dim]{data['at'][11:19]}[/dim] {data['message']}", highlight=False)
                continue
            job, progress = data, data["progress"]
            left = progress["detail"].get("seconds_left")
            bars.update(
                bar,
                description=progress["phase"] or job["state"],
                completed=progress["done"],
                total=progress["total"] or None,
                message=progress["message"][:60] + (f" · {left:.0f} s left" if left else ""),
            )
    return job
