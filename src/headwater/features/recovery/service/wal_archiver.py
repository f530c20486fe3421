"""Ships log segments from the spools into the vaults: it stores and records them, then deletes them from the spool.

If it is killed between two steps, the next run finds the manifest by the name of its first segment, or the row, and
continues from there. A sleeping database is not woken: it wrote its last segment to the spool when it fell asleep.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from headwater.engines import LogPosition, LogSegment
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, instances
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.recovery import repository
from headwater.features.recovery.models import Archive
from headwater.features.recovery.service import vault_layout
from headwater.features.recovery.service.vault_layout import ArchiveOrigin
from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.clock import now
from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.store.context import Context
from headwater.vault.manifest import Manifest

log = structlog.get_logger()
MOST_PARTS = 64
FLUSH_AFTER = timedelta(seconds=60)
FLUSH_SECONDS = 30.0
POLL_SECONDS = 0.1
# From this number of segments in the spool on, a problem is reported.
WORRY = 256


async def ship_all(context: Context) -> None:
    """Ship the logs of all databases on this host; an error in one does not stop the others."""
    async with context.store.transaction() as db:
        every = [archive.id for archive in await repository.archives(db) if archive.database_id]
    for archive_id in every:
        try:
            await ship(context, archive_id)
        except HeadwaterError as error:
            log.warning("recovery.upload_failed", archive=str(archive_id), error=error.message)


async def ship(context: Context, archive_id: uuid.UUID, *, flush: bool = False) -> bool:
    """Ship the spool of a database into its vault; return False if another process is doing it.

    Args:
        context: settings and store of this Headwater.
        archive_id: the archive of the database.
        flush: whether the server must first finish the segment that it is writing.

    Raises:
        HeadwaterError: the problem, which is also recorded in the archive.
    """
    async with context.store.transaction() as turn:
        if not await repository.take_turn(turn, archive_id):
            return False
        async with context.store.transaction() as db:
            archive = await repository.get(db, archive_id)
            if archive is None or archive.database_id is None:
                return True
            database = await databases.find(db, SYSTEM, archive.database_id, deleted=True)
            local = await instances.local(db, context.settings, database)
        if not local.here:
            return True
        try:
            await _ship(context, archive, database, local, flush)
        except (HeadwaterError, OSError) as error:
            problem = error if isinstance(error, HeadwaterError) else Unavailable(f"{error.strerror}.")
            async with context.store.transaction() as db:
                await repository.note(db, archive_id, problem=str(problem), problem_at=now())
            raise problem from error
    return True


async def until_shipped(context: Context, archive_id: uuid.UUID, *, flush: bool) -> None:
    """Ship like `ship`, but wait while another process does it."""
    while not await ship(context, archive_id, flush=flush):  # noqa: ASYNC110 (it may be another process)
        await asyncio.sleep(POLL_SECONDS)


async def _ship(context: Context, archive: Archive, database: Database, local: LocalInstance, flush: bool) -> None:
    # A server that archives nothing says nothing about how far the archived log reaches.
    seen = await local.engine.wal_position(local.instance) if archive.enabled else None
    if archive.enabled and (flush or _flush_is_due(archive)):
        await _flush(local, archive.archived_to)
    parts = await asyncio.to_thread(local.engine.spooled_segments, local.instance)
    to = archive.archived_to
    if parts:
        to = await _ship_spool(context, archive, database, parts)
    left = await asyncio.to_thread(local.engine.spooled_segments, local.instance)
    covered, pending = advanced(archive.covered, archive.pending, seen, to)
    crowded = f"{len(left)} log segments wait in the spool." if len(left) >= WORRY else ""
    async with context.store.transaction() as db:
        await repository.note(
            db,
            archive.id,
            archived_to=to,
            covered=covered,
            pending=pending,
            spooled=len(left),
            seen=plain(seen) if seen else archive.seen,
            problem=crowded,
            problem_at=now() if crowded else None,
        )
        if covered and to is not None:
            await repository.reach(db, archive.id, to, marked(covered).at)


def _flush_is_due(archive: Archive) -> bool:
    """Return True if the oldest change that is not archived yet is older than `FLUSH_AFTER`."""
    return bool(archive.pending) and now() - marked(archive.pending).at >= FLUSH_AFTER


async def _flush(local: LocalInstance, to: int | None) -> None:
    """Let the server finish its segment, and wait until that is in the spool or in the vault."""
    end = await local.engine.flush_log(local.instance)
    until = asyncio.get_running_loop().time() + FLUSH_SECONDS
    while end is not None and (to is None or to < end):
        parts = await asyncio.to_thread(local.engine.spooled_segments, local.instance)
        if any(part.end >= end for part in parts):
            return
        if asyncio.get_running_loop().time() > until:
            raise Unavailable(
                f"The server did not write its log up to {local.engine.format_position(end)} to the spool.",
                hint="Check whether its disk is full.",
            )
        await asyncio.sleep(POLL_SECONDS)


async def _ship_spool(
    context: Context, archive: Archive, database: Database, parts: Sequence[LogSegment]
) -> int | None:
    """Store the segments of the spool, delete them there, and return where the log in the vault ends."""
    async with context.store.transaction() as db:
        location = await vault_locations.load(db, context.settings, archive.vault_id)
        logs = await repository.logs(db, archive.id)
    vault = await vault_locations.open_vault(context, location)
    to = archive.archived_to
    held = [(row.timeline, row.first, row.ends) for row in logs]
    for group in groups(parts, archive.breaks):
        # A killed run may have stored only the first segments of this group: repeat until all are stored.
        while new := [part for part in group if not _is_stored(part, held)]:
            manifest = await asyncio.to_thread(vault_layout.write_log, vault, _origin(database, new[0]), new)
            async with context.store.transaction() as db:
                await repository.keep_log(db, _row(archive, manifest))
            held.append((manifest.moment["timeline"], manifest.moment["first"], manifest.moment["end"]))
        for part in group:
            if _is_stored(part, held):
                await asyncio.to_thread(part.path.unlink, missing_ok=True)
        to = max([to or 0, *(end for _, _, end in held)])
    return to


def _is_stored(part: LogSegment, held: Sequence[tuple[int, int, int]]) -> bool:
    return any(line == part.timeline and first <= part.first and part.end <= end for line, first, end in held)


def groups(parts: Sequence[LogSegment], breaks: Sequence[int] = ()) -> Iterator[list[LogSegment]]:
    """Yield groups of consecutive segments between breaks, of at most `MOST_PARTS` each."""
    group: list[LogSegment] = []
    for part in parts:
        ended = len(group) >= MOST_PARTS or part.first in breaks
        if group and (ended or (part.timeline, part.first) != (group[-1].timeline, group[-1].end)):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _origin(database: Database, first: LogSegment) -> ArchiveOrigin:
    return ArchiveOrigin(vault_layout.log_name(database.id, first), database.name, database.engine, "")


def _row(archive: Archive, manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.id,
        "archive_id": archive.id,
        "vault_id": archive.vault_id,
        "status": "complete",
        "timeline": manifest.moment["timeline"],
        "first": manifest.moment["first"],
        "ends": manifest.moment["end"],
        "parts": manifest.moment["parts"],
        "stored_bytes": manifest.tables[0].stored,
    }


def advanced(
    covered: dict[str, Any], pending: dict[str, Any], seen: LogPosition | None, to: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the new values of `covered` and `pending` of an archive.

    A position is covered if the log in the vault reaches it, or if nothing has changed since a covered one: a server
    writes a little to its log even if nobody changes anything.
    """
    if pending and to is not None and pending["position"] <= to:
        covered, pending = pending, {}
    if seen is None:
        return covered, pending
    if to is not None and seen.position <= to:
        return plain(seen), {}
    if covered and covered["quiet"] and covered["changes"] == seen.changes and seen.quiet:
        return plain(seen), {}
    return covered, pending or plain(seen)


def plain(mark: LogPosition) -> dict[str, Any]:
    """Return a log position as it is stored in a row."""
    return {"at": mark.at.isoformat(), "position": mark.position, "changes": mark.changes, "quiet": mark.quiet}


def marked(row: dict[str, Any]) -> LogPosition:
    """Return the log position stored in a row."""
    return LogPosition(datetime.fromisoformat(row["at"]), row["position"], row["changes"], row["quiet"])
