"""The jobs that scan a codebase and help with a large scan, in threads so that the worker can send heartbeats.

The files are an upload, those of a commit that is fetched first, or those that come with Headwater.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.lineage.pipeline import assist, scan
from headwater.core.lineage.result import ScanProgress, ScanResult
from headwater.core.lineage.shares import WorkShare
from headwater.features.codebases import uploads
from headwater.features.codebases.cache import StoreCache
from headwater.features.codebases.service import codebases, git_scans, results, scan_helpers
from headwater.features.codebases.service.results import ScanRun
from headwater.features.codebases.service.scan_helpers import HelperPart
from headwater.features.jobs.context import Attempt, Task, Write
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, HeadwaterError, Unreadable

UNITS = {"facts": "bytes"}
# How often a helper asks whether the scan still needs it.
WATCH_SECONDS = 0.5


async def scan_codebase(attempt: Attempt) -> Write:
    """Scan the codebase of a job and return the function that stores the results."""
    assert attempt.codebase_id
    codebase_id, started = attempt.codebase_id, now()
    async with attempt.database.transaction() as db:
        codebase = await codebases.source_of(db, codebase_id)
    if codebase is None:
        raise Cancelled("The codebase was deleted.")
    run = ScanRun(codebase_id, attempt.job_id, started, codebase.commit)
    if codebase.origin == "git":
        return await _scan_commit(attempt, codebase.filename, run)
    if codebase.origin == "sample":
        with as_file(files("headwater.features.codebases") / "sample" / "book-shop") as folder:
            result = await asyncio.to_thread(_scan, attempt, folder, codebase.filename)
    else:
        file = uploads.path_of(attempt.settings, codebase_id)
        result = await asyncio.to_thread(_scan, attempt, file, codebase.filename, _request(attempt, codebase_id))
    attempt.note(_summary(result))

    async def write(db: AsyncSession) -> None:
        await results.store(db, run, result)
        await scan_helpers.dismiss(db, codebase_id, attempt.job_id)

    return write


def _request(attempt: Attempt, codebase_id: uuid.UUID) -> Callable[[], WorkShare | None]:
    """Return a function for the thread of a scan: it starts helpers, and returns the share of the scan itself."""
    loop = asyncio.get_running_loop()

    async def start() -> int:
        limited = attempt.settings.scan_processes is not None
        async with attempt.database.transaction() as db:
            return await scan_helpers.start(db, codebase_id, attempt.job_id, socket.gethostname(), limited=limited)

    def request() -> WorkShare | None:
        try:
            parts = asyncio.run_coroutine_threadsafe(start(), loop).result()
        except SQLAlchemyError as error:  # the scan does without
            attempt.note(f"No other worker could be asked to help ({type(error).__name__}).", "warning")
            return None
        if parts > 1:
            attempt.note(f"Asked other workers to help; the scan has {parts} parts.")
        return WorkShare(0, parts, attempt.check) if parts > 1 else None

    return request


async def _scan_commit(attempt: Attempt, filename: str, run: ScanRun) -> Write:
    """Fetch the commit at which the branch of a codebase is now, and scan it unless that was done already."""
    async with git_scans.fetched(attempt, run.codebase_id) as commit:
        if commit.archive is None:
            attempt.note(f"Commit {str(commit.commit.get('id'))[:12]} has been scanned already; nothing is new.")
            return lambda db: git_scans.settle(db, run.codebase_id, commit)
        result = await asyncio.to_thread(_scan, attempt, commit.archive, filename)
    attempt.note(_summary(result))

    async def write(db: AsyncSession) -> None:
        await results.store(db, replace(run, commit=commit.commit), result)
        await git_scans.settle(db, run.codebase_id, commit)

    return write


def _scan(
    attempt: Attempt, source: Path, filename: str, request: Callable[[], WorkShare | None] | None = None
) -> ScanResult:
    """Scan in the calling thread; errors mention the file by the name that its owner gave it.

    Args:
        attempt: the attempt at the job.
        source: the folder or archive.
        filename: its name for users.
        request: asks other workers to help with a large code base.
    """
    if not source.exists():
        raise Unreadable(
            f"The upload {filename} does not exist on this host.", hint="All workers need the same HEADWATER_HOME."
        )
    cache = StoreCache(attempt.database.url)
    phases: list[str] = []

    def share(size: int) -> None:
        if request and size >= scan_helpers.ASSIST_BYTES:
            cache.share = request()

    def report(progress: ScanProgress) -> None:
        if progress.phase not in phases:
            phases.append(progress.phase)
            attempt.note(f"Phase {progress.phase}.")
        attempt.report(
            progress.phase,
            progress.done,
            progress.total,
            unit=UNITS.get(progress.phase, "files"),
            message=progress.message,
            detail=progress.detail,
        )

    try:
        processes = attempt.settings.scan_processes
        return scan(source, cache=cache, progress=report, processes=processes, keep_texts=True, on_sources=share)
    except HeadwaterError as error:
        error.message = error.message.replace(str(source), filename).replace(source.name, filename)
        raise
    finally:
        cache.close()


def _summary(result: ScanResult) -> str:
    columns = sum(len(relation.columns) for relation in result.schema)
    return (
        f"Found {len(result.usages):,} usages of {columns:,} columns in {result.file_counts['scanned']:,} files"
        f" in {result.seconds:.1f} s; {len(result.not_understood):,} pieces were not understood."
        + "".join(f" {library.reason}" for library in result.unread)
    )


async def assist_scan(attempt: Attempt) -> Write:
    """Help with a scan that another worker runs, until it is over; only the cache gets anything of it."""
    assert attempt.codebase_id
    part = scan_helpers.part_of(attempt.args)
    file = uploads.path_of(attempt.settings, attempt.codebase_id)
    async with attempt.database.transaction() as db:
        reason = await scan_helpers.reason_to_end(db, part.job_id)
    if not reason and not file.exists():
        reason = "The upload does not exist on this host. All workers need the same HEADWATER_HOME."
    if not reason:
        reason = await _assist_until_over(attempt, part, file)
    attempt.note(reason)
    return _nothing


async def _assist_until_over(attempt: Attempt, part: HelperPart, file: Path) -> str:
    """Help until everything is done or the scan needs no help; return why it ended."""
    over = threading.Event()
    watch = asyncio.create_task(_watch(attempt, part, over))
    try:
        await asyncio.to_thread(_assist, attempt, part, file, over)
    except Cancelled:
        if not over.is_set():
            raise
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            reason = await watch
    return reason if over.is_set() else "Nothing is left to do."


async def _watch(attempt: Attempt, part: HelperPart, over: threading.Event) -> str:
    """Wait until the scan needs no help; return why."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        with contextlib.suppress(SQLAlchemyError, OSError):
            async with attempt.database.transaction() as db:
                reason = await scan_helpers.reason_to_end(db, part.job_id)
            if reason:
                over.set()
                return reason


def _assist(attempt: Attempt, part: HelperPart, file: Path, over: threading.Event) -> None:
    """Run the passes of a scan in the calling thread; raise Cancelled when it is over."""

    def check() -> None:
        attempt.check()
        if over.is_set():
            raise Cancelled("The scan needs no help any more.")

    def report(progress: ScanProgress) -> None:
        check()
        unit = UNITS.get(progress.phase, "files")
        attempt.report(progress.phase, progress.done, progress.total, unit=unit, message=progress.message)

    cache = StoreCache(attempt.database.url)
    cache.share = WorkShare(part.part, part.parts, check)
    try:
        assist(file, cache=cache, progress=report, processes=attempt.settings.scan_processes)
    finally:
        cache.close()


async def _nothing(_: AsyncSession) -> None:
    """Store nothing."""


TASKS: dict[str, Task] = {codebases.KIND: scan_codebase, scan_helpers.KIND: assist_scan}
