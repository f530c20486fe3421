"""Follows a job in the terminal until it is over."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from headwater.features.accounts.remote import Remote


def follow(server: Remote, job_id: str, as_json: bool) -> Any:
    """Show a job's progress (as JSON lines with `as_json`) and return the job as it ended."""
    path = f"/jobs/{job_id}/events"
    if as_json:
        for name, data in server.events(path):
            typer.echo(msgspec.json.encode({"event": name, "data": data}).decode())
            last = data
        return last
    return _bars(server, path)


def _bars(server: Remote, path: str) -> Any:
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[message]}"))  # fmt: skip
    job: Any = None
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task("waiting", total=None, message="")
        for name, data in server.events(path):
            if name == "log":
                bars.console.print(f"[dim]{data['at'][11:19]}[/dim] {data['message']}", highlight=False)
                continue
            job, progress = data, data["progress"]
            bars.update(
                bar, description=progress["phase"] or job["state"], completed=progress["done"],
                total=progress["total"] or None, message=progress["message"],
            )  # fmt: skip
    return job
