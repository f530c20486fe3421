"""What the job of a scan does about a git repository: fetches the commit, unless it has been scanned already.

What is fetched lies in a folder of the attempt, which is deleted with it. If a worker is killed, the next attempt of
the job or the maintenance of any worker deletes its folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.models import Codebase, GitSource
from headwater.features.codebases.repository import codebases as codebase_repository
from headwater.features.codebases.repository import git_sources as repository
from headwater.features.codebases.service.git_sources import access_of
from headwater.features.jobs.context import Attempt
from headwater.kit import git_fetch
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, HeadwaterError
from headwater.kit.git_commit import GitCommit
from headwater.kit.git_fetch import FetchLimits, GitAccess, RemoteHead
from headwater.kit.ids import new_id
from headwater.kit.network.guard import policy_of
from headwater.kit.network.tunnels import HostKeyUnknown
from headwater.kit.settings import Settings

FETCH_SECONDS = 900.0
# What started a scan that is left out if the commit has been scanned already.
AUTOMATIC = frozenset({"schedule", "webhook"})


@dataclass(frozen=True, slots=True)
class FetchedCommit:
    """A commit, as a scan stores it, and the archive of its files; None if it has been scanned already."""

    commit: dict[str, Any]
    default_branch: str
    archive: Path | None = None
    size_bytes: int = 0


def folder(settings: Settings) -> Path:
    """Return the folder in which repositories are fetched."""
    return settings.home_folder / "git"


@contextlib.asynccontextmanager
async def fetched(attempt: Attempt, codebase_id: uuid.UUID) -> AsyncIterator[FetchedCommit]:
    """Yield the commit at which the branch of a codebase is now; an error is recorded with the repository, too."""
    async with attempt.database.transaction() as db:
        codebase = await codebase_repository.get(db, codebase_id)
        source = await repository.get(db, codebase_id)
        scanned = await repository.scanned_commit(db, codebase_id)
    if codebase is None or source is None:
        raise Cancelled("The codebase was deleted.")
    try:
        async with _own_folder(attempt) as own:
            yield await _fetch(attempt, codebase, source, own, scanned or {})
    except Cancelled:
        raise
    except HeadwaterError as error:
        async with attempt.database.transaction() as db:
            sentence = f"{error.message} {error.hint}" if error.hint else error.message
            await repository.change(db, codebase.id, failure=sentence, checked_at=now())
        raise


async def settle(db: AsyncSession, codebase_id: uuid.UUID, result: FetchedCommit) -> None:
    """Record that a repository was read without an error; part of the transaction that completes the job."""
    await repository.change(db, codebase_id, failure="", checked_at=now(), default_branch=result.default_branch)
    if result.archive is not None:
        codebase = await codebase_repository.get(db, codebase_id)
        if codebase:
            codebase.size_bytes = result.size_bytes


async def _fetch(
    attempt: Attempt, codebase: Codebase, source: GitSource, own: Path, scanned: dict[str, Any]
) -> FetchedCommit:
    access = access_of(codebase, source, attempt.context.cipher)
    async with _opened(attempt, codebase, access, own) as remote:
        attempt.report("fetch", 0, 0, message=f"Asking {access.address.host}")
        head = await remote.head(source.branch or None)
        default_branch = source.default_branch if source.branch else head.branch
        same = (scanned.get("id"), scanned.get("url"), scanned.get("subfolder"))
        if attempt.args.get("trigger") in AUTOMATIC and same == (head.commit, source.url, source.subfolder):
            return FetchedCommit(scanned, default_branch)
        commit, archive, size = await _downloaded(attempt, remote, head, source, own)
    stored = {
        "id": commit.id,
        "branch": commit.branch,
        "subject": commit.subject,
        "authored_at": commit.authored_at.isoformat() if commit.authored_at else None,
        "url": source.url,
        "subfolder": source.subfolder,
    }
    return FetchedCommit(stored, default_branch, archive, size)


async def _downloaded(
    attempt: Attempt, remote: git_fetch.RemoteRepository, head: RemoteHead, source: GitSource, own: Path
) -> tuple[GitCommit, Path, int]:
    attempt.report("fetch", 0, 0, message=f"Fetching {head.commit[:12]}")
    commit = await remote.fetch(head)
    archive = own / "files.tar"
    size = await remote.archive(commit, source.subfolder, archive)
    attempt.note(f"Fetched commit {commit.id[:12]} of {commit.branch or 'the default branch'}: {commit.subject}")
    return commit, archive, size


@contextlib.asynccontextmanager
async def _opened(
    attempt: Attempt, codebase: Codebase, access: GitAccess, own: Path
) -> AsyncIterator[git_fetch.RemoteRepository]:
    """Open a repository; the first key that its SSH host shows is pinned."""
    policy = policy_of(attempt.settings)
    limits = FetchLimits(attempt.settings.max_upload_mb, FETCH_SECONDS)
    async with contextlib.AsyncExitStack() as stack:
        try:
            remote = await stack.enter_async_context(git_fetch.opened(access, own, policy, limits, attempt.check))
        except HostKeyUnknown as error:
            async with attempt.database.transaction() as db:
                await repository.change(db, codebase.id, host_key=error.key)
            attempt.note(f"Pinned the host key {error.fingerprint} of {access.address.host}, seen for the first time.")
            pinned = GitAccess(access.address, private_key=access.private_key, host_key=error.key)
            remote = await stack.enter_async_context(git_fetch.opened(pinned, own, policy, limits, attempt.check))
        yield remote


@contextlib.asynccontextmanager
async def _own_folder(attempt: Attempt) -> AsyncIterator[Path]:
    """Yield an empty folder of the attempt; folders of attempts that were killed are deleted first."""
    every = folder(attempt.settings)
    own = every / f"{attempt.job_id}.{new_id()}"
    for left in every.glob(f"{attempt.job_id}.*"):
        await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
    own.mkdir(parents=True, mode=0o700)
    try:
        yield own
    finally:
        await asyncio.to_thread(shutil.rmtree, own, ignore_errors=True)


def folders_by_job(settings: Settings) -> dict[uuid.UUID, list[Path]]:
    """Return the folders of attempts, by job."""
    result: dict[uuid.UUID, list[Path]] = {}
    for path in folder(settings).glob("*.*"):
        with contextlib.suppress(ValueError):
            result.setdefault(uuid.UUID(path.name.partition(".")[0]), []).append(path)
    return result
