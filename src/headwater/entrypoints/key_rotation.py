"""Rotation of the master key: a new `envelope.key`, with which every feature encrypts its secrets anew.

Each step leaves a state in which everything can be decrypted, and from which `finish` goes on: until the last step the
previous key is kept beside the new one, and both are read (`store/master_keys.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features import collect
from headwater.features.accounts.rights import SYSTEM
from headwater.features.accounts.service import audit
from headwater.kit.errors import Conflict, Unavailable
from headwater.store import master_keys
from headwater.store.context import Context

log = structlog.get_logger()
REPLACING = (master_keys.write_new, master_keys.keep_current, master_keys.replace_current)
# How long to wait for another rotation, which may belong to a process that was killed.
LOCK_SECONDS = 10


class RotationRunning(Conflict):
    """Another process is rotating the key of this Headwater."""

    code = "rotation_running"


@dataclass(frozen=True, slots=True)
class RotationResult:
    """The id of the current key, and what is still encrypted with a previous one.

    `resumed` means that an earlier rotation was finished, and no new key was made.
    """

    key_id: str
    resumed: bool
    problems: Sequence[str]

    @property
    def complete(self) -> bool:
        """True if nothing needs a previous key any more."""
        return not self.problems


async def rotate(context: Context) -> RotationResult:
    """Make a new key and encrypt everything with it; if a rotation is not finished, finish that one instead.

    Raises:
        RotationRunning: another process is doing so.
    """
    return await _locked(context, new=True)


async def finish(context: Context) -> None:
    """Finish a rotation that was interrupted, if there is one; what cannot be finished yet is logged."""
    if not master_keys.is_pending(context.settings.home_folder):
        return
    try:
        result = await _locked(context, new=False)
    except RotationRunning:
        return
    for problem in result.problems:
        log.warning("key_rotation.incomplete", problem=problem)


async def _locked(context: Context, *, new: bool) -> RotationResult:
    home = context.settings.home_folder
    async with context.store.transaction() as db:
        await _lock(db)
        resumed = master_keys.is_replaced(home)
        if new and not resumed:
            _replace(home)
        problems = await _encrypt_anew(context)
        if not problems:
            master_keys.remove_previous(home)
        key_id = context.cipher.key_id.hex()
        audit.record(db, SYSTEM, "instance.rotate_key", "instance", key=key_id, complete=not problems)
    return RotationResult(key_id, resumed, problems)


async def _lock(db: AsyncSession) -> None:
    """Let no other process rotate until the end of the transaction.

    A process that was killed holds its lock until the store notices, so that it is waited for a moment.
    """
    await db.execute(text("SELECT set_config('lock_timeout', :patience, true)"), {"patience": f"{LOCK_SECONDS}s"})
    try:
        await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('headwater key rotation', 0))"))
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise RotationRunning(hint="Wait until it has finished.") from error
    await db.execute(text("SELECT set_config('lock_timeout', '0', true)"))


def _replace(home: Path) -> None:
    try:
        for step in REPLACING:
            step(home)
    except OSError as error:
        raise Unavailable(
            f"The key cannot be replaced: {error.strerror}.", hint=f"Headwater must be able to write to {home}."
        ) from error


async def _encrypt_anew(context: Context) -> Sequence[str]:
    """Let every feature encrypt its secrets with the current key; return what could not be."""
    problems: list[str] = []
    for module in collect("key_rotation").values():
        problems += await module.encrypt_anew(context)
    return problems
