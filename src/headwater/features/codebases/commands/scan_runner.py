"""Runs a scan for the terminal: progress on stderr, facts cached in the user's cache folder."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from headwater.core.lineage.cache import Cache, FileCache, NoCache
from headwater.core.lineage.result import ScanProgress as Step
from headwater.core.lineage.result import ScanResult, SchemaResult
from headwater.readers import Half

Result = TypeVar("Result")


def run_scan(
    path: Path,
    *,
    processes: int | None = None,
    use_cache: bool = True,
    keep_texts: bool = False,
    without: frozenset[str] = frozenset(),
) -> ScanResult:
    """Scan a path, with a progress bar if stderr is a terminal."""
    from headwater.core.lineage import pipeline  # importing it takes a third of a second, which other commands save

    cache = open_cache() if use_cache else NoCache()
    return _with_progress(
        lambda step: pipeline.scan(
            path, cache=cache, progress=step, processes=processes, keep_texts=keep_texts, without=without
        )
    )


def run_schema(path: Path, half: Half | None = None) -> SchemaResult:
    """Read the Schema of a path, or of one half of it, with a progress bar if stderr is a terminal."""
    from headwater.core.lineage import pipeline

    return _with_progress(lambda step: pipeline.schema_of(path, cache=open_cache(), progress=step, half=half))


def open_cache() -> Cache:
    """Open the user's cache; if it is not writable, nothing is cached."""
    try:
        return FileCache(Path(platformdirs.user_cache_dir("headwater")) / "facts.sqlite")
    except (OSError, sqlite3.Error):
        return NoCache()


def _with_progress(work: Callable[[Callable[[Step], None] | None], Result]) -> Result:
    if not sys.stderr.isatty():
        return work(None)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description:8}"),
        BarColumn(),
        TextColumn("{task.fields[message]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("intake", total=None, message="")

        def show(step: Step) -> None:
            bar.update(
                task, description=step.phase, completed=step.done, total=step.total or None, message=step.message
            )

        return work(show)
