"""The job that runs a recovery: it restores the files of a base backup, replays the log, and sets the new owner.

All of it happens in a staging folder that the supervisor does not know, with a server that no client can connect to.
A complete recovery is moved to the folder of the new database, and only then may the supervisor start it. If an
attempt ends early, the new database is deleted, and the next attempt starts from the beginning.
"""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import Instance, RecoveryTarget
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, instances, reachability, readiness
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.service import row_claims
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.recovery import repository
from headwater.features.recovery.models import Archive, Recovery
from headwater.features.recovery.service import archives, recoveries, targets, vault_layout, wal_replay
from headwater.features.recovery.service.base_backups import MB
from headwater.features.recovery.service.recoveries import RecoveryRequest
from headwater.features.recovery.service.timeline import OutOfReach, RecoveryPath
from headwater.features.snapshots.service.storage import vault_locations
from headwater.features.snapshots.service.threads import run_cancellable
from headwater.kit.errors import Cancelled, Conflict, HeadwaterError, Unavailable
from headwater.vault.vault import Vault

WAIT_SECONDS, POLL_SECONDS = 120.0, 0.1
# Disk space that a recovery may need in addition to its files and its log.
SPARE_BYTES = 64 * 2**20


@dataclass(slots=True)
class RecoveryAttempt:
    """One claimed attempt at a recovery; `source` is the database that is restored to a moment."""

    attempt: Attempt
    claim: RowClaim[Recovery]
    archive: Archive
    source: Database
    order: RecoveryRequest

    @property
    def row(self) -> Recovery:
        """The recovery."""
        return self.claim.row


async def run_job(attempt: Attempt) -> Write:
    """Run a job that restores a database to a moment."""
    started = time.monotonic()
    work = await _begin(attempt)
    try:
        result = await _run_recovery(work)
    except BaseException:
        await asyncio.shield(targets.clear_after(attempt, work.claim))
        raise
    result["seconds"] = round(time.monotonic() - started, 2)

    async def write(db: AsyncSession) -> None:
        await work.claim.update(db, result=result)

    return write


async def _begin(attempt: Attempt) -> RecoveryAttempt:
    """Claim the row: from now on only this attempt may write to it."""
    async with attempt.database.transaction() as db:
        row = await repository.recovery(db, uuid.UUID(attempt.args["recovery_id"]), lock=True)
        archive = await repository.get(db, row.archive_id) if row else None
        if row is None or archive is None or archive.database_id is None:
            raise Cancelled("The archive of the database was deleted.")
        source = await databases.find(db, SYSTEM, archive.database_id, deleted=True)
        return RecoveryAttempt(attempt, row_claims.claim(row), archive, source, recoveries.request_of(row))


async def _run_recovery(work: RecoveryAttempt) -> dict[str, Any]:
    attempt = work.attempt
    path = await _recovery_path(work)
    local = await targets.renew(work.attempt, work.claim, work.source)
    vaults = await _open_vaults(work, path)
    instance = await local.driver.stage(local.spec)
    try:
        facts = await _fill(work, vaults, path, local, instance)
        was = work.source.route or work.source.name
        arrived = await wal_replay.replayed(attempt, local, instance, facts, _goal(work, local), was)
        await asyncio.to_thread(shutil.rmtree, instance.folder / wal_replay.LOG)
        await work.claim.commit(attempt.database)
        async with attempt.database.transaction() as db:
            await databases.find(db, SYSTEM, local.spec.id)  # raises NotFound if it was deleted in the meantime
        await local.driver.take_in(local.spec)
    finally:
        await local.driver.unstage(local.spec)
    async with attempt.database.transaction() as db:
        await work.claim.update(db)
        await instances.built(db, local.spec.id)
    view = await readiness.wait_until_settled(attempt.context, SYSTEM, local.spec.id, WAIT_SECONDS)
    if view.database.state != "running":
        raise Unavailable(
            f"{work.row.target_name} could not be started: {view.database.state_reason or view.database.state}"
        )
    await _check_connection(work, local.spec.id)
    last = arrived.last_transaction_at.isoformat() if arrived.last_transaction_at else None
    attempt.note(f"{work.row.target_name} is ready. Its last transaction: {last or 'before the base backup'}.")
    return {"last": last, "base_id": str(path.base.id), "log_bytes": sum(log.ends - log.first for log in path.logs)}


async def _recovery_path(work: RecoveryAttempt) -> RecoveryPath:
    """Ship the newest log into the vault, then return the path to the moment."""
    try:
        return await _ship_and_find_path(work)
    except OutOfReach:
        if not work.archive.enabled or (work.source.desired == "stopped" and work.source.deleted_at is None):
            raise
    if work.source.deleted_at is None:
        # A server that was killed writes the end of its log to the spool only when it runs again.
        async with work.attempt.database.transaction() as db:
            local = await instances.local(db, work.attempt.settings, work.source)
        await archives.awake(work.attempt.settings, local)
    else:
        await _wait_until_stopped(work)
    return await _ship_and_find_path(work)


async def _wait_until_stopped(work: RecoveryAttempt) -> None:
    """Wait until the server of a deleted database has stopped: it then has written the end of its log to the spool."""
    until = asyncio.get_running_loop().time() + WAIT_SECONDS
    while asyncio.get_running_loop().time() < until:
        async with work.attempt.database.transaction() as db:
            source = await databases.find(db, SYSTEM, work.source.id, deleted=True)
            local = await instances.local(db, work.attempt.settings, source)
        if not local.provisioning.is_ready(local.instance):
            return
        await asyncio.sleep(POLL_SECONDS)


async def _open_vaults(work: RecoveryAttempt, path: RecoveryPath) -> dict[uuid.UUID, Vault]:
    """Open the vaults in which the base backup and the log are, by their ids."""
    vaults = {}
    for vault_id in {path.base.vault_id, *(row.vault_id for row in path.logs)}:
        async with work.attempt.database.transaction() as db:
            location = await vault_locations.load(db, work.attempt.settings, vault_id)
        vaults[vault_id] = await asyncio.to_thread(location.open)
    return vaults


async def _ship_and_find_path(work: RecoveryAttempt) -> RecoveryPath:
    attempt = work.attempt
    if work.archive.enabled:
        attempt.report("shipping the log", 0, 1, unit="steps", message="moving the newest log into the vault")
        try:
            await archives.ship_now(attempt.context, work.archive.id)
        except (HeadwaterError, TimeoutError) as error:
            attempt.note(f"The newest log could not be moved into the vault: {error}", "warning")
    async with attempt.database.transaction() as db:
        source = await databases.find(db, SYSTEM, work.source.id, deleted=True)
        view = await archives.seen(db, source)
    return recoveries.find_path(view, work.order)


def _goal(work: RecoveryAttempt, local: LocalInstance) -> RecoveryTarget:
    order = work.order
    if order.time is not None:
        return RecoveryTarget("time", at=order.time, inclusive=order.including)
    if order.point is not None:
        return RecoveryTarget("point", point=order.point)
    return RecoveryTarget(
        "position", position=local.engine.parse_position(order.position or ""), inclusive=order.including
    )


async def _fill(
    work: RecoveryAttempt,
    vaults: Mapping[uuid.UUID, Vault],
    path: RecoveryPath,
    local: LocalInstance,
    instance: Instance,
) -> dict[str, Any]:
    """Write the files of the base backup and the log to the staging folder; return the facts of the base backup."""
    attempt, log = work.attempt, instance.folder / wal_replay.LOG
    replay = sum(row.ends - row.first for row in path.logs)
    room, needed = shutil.disk_usage(instance.folder).free, path.base.raw_bytes + 2 * replay + SPARE_BYTES
    if room < needed:
        raise Conflict(
            f"There is not enough disk space: {needed // MB:,} MB are needed, {room // MB:,} MB are free.",
            hint="Free some disk space, then try again.",
        )
    total = max(1, (path.base.raw_bytes + replay) // MB)
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        attempt.report("files", done // MB, max(total, done // MB), unit="MB", message=work.row.target_name)

    def fill() -> dict[str, Any]:
        vault = vaults[path.base.vault_id]
        manifest = vault.manifest(vault_layout.base_name(path.base.id))
        facts = dict(manifest.extras)
        local.engine.restore_base(instance, facts, vault_layout.base_blocks(vault, manifest, progress))
        log.mkdir(mode=0o711)
        for row in path.logs:
            _put(log, instance, vault_layout.log_parts(vaults[row.vault_id], row.name), progress)
        return facts

    return await run_cancellable(attempt, lambda: None, fill)


def _put(log: Path, instance: Instance, parts: Iterable[tuple[str, bytes]], progress: Any) -> None:
    for name, content in parts:
        (log / name).unlink(missing_ok=True)  # it is stored twice if shipping was killed
        wal_replay.put(instance, log / name, content)
        progress(len(content))


async def _check_connection(work: RecoveryAttempt, target_id: uuid.UUID) -> None:
    """Check that the owner of the new database can connect to it."""
    attempt = work.attempt
    async with attempt.database.transaction() as db:
        reached = await reachability.load(db, attempt.context.cipher, await databases.find(db, SYSTEM, target_id))
    async with reachability.open_session(attempt.settings, reached) as session:
        await session.ping()
