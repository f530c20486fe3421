"""The job that scans a codebase, in its own thread so that the worker can send heartbeats.

The files are an upload, those of a commit that is fetched first, or those that come with Headwater.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core.lineage.pipeline import scan
from headwater.core.lineage.result import ScanProgress, ScanResult
from headwater.features.codebases import uploads
from headwater.features.codebases.cache import StoreCache
from headwater.features.codebases.service import codebases, git_scans, results
from headwater.features.codebases.service.results import ScanRun
from headwater.features.jobs.context import Attempt, Task, Write
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, HeadwaterError, Unreadable

UNITS = {"facts": "bytes"}


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
        result = await asyncio.to_thread(_scan, attempt, file, codebase.filename)
    attempt.note(_summary(result))
    return lambda db: results.store(db, run, result)


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


def _scan(attempt: Attempt, source: Path, filename: str) -> ScanResult:
    """Scan in the calling thread; errors mention the file by the name that its owner gave it."""
    if not source.exists():
        raise Unreadable(
            f"The upload {filename} does not exist on this host.", hint="All workers need the same HEADWATER_HOME."
        )
    cache = StoreCache(attempt.database.url)
    phases: list[str] = []

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
        return scan(source, cache=cache, progress=report, keep_texts=True)
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


TASKS: dict[str, Task] = {codebases.KIND: scan_codebase}
