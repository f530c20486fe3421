"""Follows the job of a transfer on the terminal, and gives what came of it."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from headwater.features.accounts.remote import Remote
from headwater.kit.errors import HeadwaterError


def follow(server: Remote, transfer: Any) -> Any:
    """Wait for the end of a transfer's job, with its progress where stderr is a terminal; return the transfer.

    Ctrl-C cancels the job and not only the waiting.
    """
    job = transfer["job"]
    try:
        _watch(server, job["id"])
    except KeyboardInterrupt:
        with contextlib.suppress(HeadwaterError):
            server.call("POST", f"/jobs/{job['id']}/cancel")
        typer.echo("Cancelled.", err=True)
        raise typer.Exit(130) from None
    found = server.call("GET", f"/transfers/{transfer['id']}")
    if found["job"]["state"] != "completed":
        raise HeadwaterError(found["job"]["error"] or f"The job was {found['job']['state']}.")
    return found


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
                bar.update(
                    task, description=step["phase"] or data["state"], completed=step["done"],
                    total=step["total"] or None, message=step["message"][:60],
                )  # fmt: skip
