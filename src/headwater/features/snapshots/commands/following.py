"""Follows the job of a snapshot or restore on the terminal, with how long it will still take."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from headwater.features.accounts.remote import Remote
from headwater.kit.errors import HeadwaterError


def follow(server: Remote, thing: Any, path: str) -> Any:
    """Wait for the end of a thing's job, with its progress where stderr is a terminal; return the thing from `path`.

    Ctrl-C cancels the job and not only the waiting.
    """
    job = thing.get("job", thing)
    try:
        _watch(server, job["id"])
    except KeyboardInterrupt:
        with contextlib.suppress(HeadwaterError):
            server.call("POST", f"/jobs/{job['id']}/cancel")
        typer.echo("Cancelled.", err=True)
        raise typer.Exit(130) from None
    found = server.call("GET", f"/jobs/{job['id']}")
    if found["state"] != "completed":
        raise HeadwaterError(found["error"] or f"The job was {found['state']}.")
    return server.call("GET", path)


def _watch(server: Remote, job_id: str) -> None:
    bar = Progress(
        TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[message]}"),
        TimeElapsedColumn(), console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task = bar.add_task("waiting", total=None, message="")
        for name, data in server.events(f"/jobs/{job_id}/events"):
            if name == "job":
                step = data["progress"]
                left = step["detail"].get("seconds_left")
                message = step["message"][:60] + (f" · {left:.0f} s left" if left else "")
                bar.update(
                    task, description=step["phase"] or data["state"], completed=step["done"],
                    total=step["total"] or None, message=message,
                )  # fmt: skip
