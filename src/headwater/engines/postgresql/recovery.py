"""Point-in-time recovery: a base backup is restored, its log replayed up to a target, then a new owner set.

The socket is in a folder that only the server's user can enter, and no connection is accepted before the target is
reached. Then all passwords are replaced, so that the copied ones are useless.
"""

from __future__ import annotations

import os
import re
import secrets as random
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from headwater.engines import (
    BaseBackup,
    FileBlock,
    Instance,
    LogPosition,
    LogSegment,
    RecoveryResult,
    RecoverySupport,
    RecoveryTarget,
    ServerCommand,
)
from headwater.engines import _instance_files as folders
from headwater.engines.postgresql import base_backup, wal_spool
from headwater.engines.postgresql.provision import (
    KEEPER_DATABASE,
    OWNER,
    PORT,
    SOCKET,
    data_folder,
    give_tree,
    keep_secret,
    server_command,
)
from headwater.engines.postgresql.scram import verifier
from headwater.engines.postgresql.wal_spool import format_position
from headwater.kit.errors import Unavailable

_MISSED = "recovery ended before configured recovery target was reached"
_LAST = re.compile(r"last completed transaction was at log time ([-0-9]+ [0-9:.]+[-+0-9:]+)")
_SETTINGS = {
    "wal_level": "replica",
    "archive_mode": "off",
    "hot_standby": "off",
    "recovery_target_timeline": "current",
    "recovery_target_action": "promote",
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",
}


def _put(descriptor: int, content: bytes, at: int) -> None:
    left = memoryview(content)
    while left:
        done = os.pwrite(descriptor, left, at)
        left, at = left[done:], at + done


def _inside(data: Path, name: str) -> Path:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "" in parts:
        raise Unavailable(f"The base backup contains {name!r}, which is outside its folder.")
    return data / name


def _goal(goal: RecoveryTarget) -> dict[str, str]:
    inclusive = "on" if goal.inclusive else "off"
    if goal.kind == "time" and goal.at:
        return {"recovery_target_time": goal.at.isoformat(" "), "recovery_target_inclusive": inclusive}
    if goal.kind == "position" and goal.position is not None:
        return {"recovery_target_lsn": format_position(goal.position), "recovery_target_inclusive": inclusive}
    if goal.kind == "point" and goal.point:
        return {"recovery_target_name": goal.point}
    return {}


def _hba(instance: Instance) -> Path:
    return instance.folder / "recovery.hba"


class PostgresRecovery(RecoverySupport):
    """Point-in-time recovery of clusters."""

    def is_local(self, instance: Instance) -> bool:
        return base_backup.is_local(instance)

    def spooled_segments(self, instance: Instance) -> Sequence[LogSegment]:
        return wal_spool.spooled_segments(instance)

    async def wal_position(self, instance: Instance) -> LogPosition | None:
        return await base_backup.wal_position(instance)

    async def flush_log(self, instance: Instance) -> int | None:
        return await base_backup.flush_log(instance)

    async def create_restore_point(self, instance: Instance, name: str) -> int:
        return await base_backup.create_restore_point(instance, name)

    async def open_base_backup(self, instance: Instance) -> BaseBackup:
        return await base_backup.open_base_backup(instance)

    def parse_position(self, text: str) -> int:
        return wal_spool.parse_position(text)

    def format_position(self, position: int) -> str:
        return wal_spool.format_position(position)

    def restore_base(self, instance: Instance, facts: Mapping[str, Any], blocks: Iterable[FileBlock]) -> None:
        """Write the files of a base backup into the folder of an instance."""
        data = data_folder(instance)
        data.mkdir(mode=0o700)
        for name in facts["folders"]:
            _inside(data, name).mkdir(mode=0o700, parents=True, exist_ok=True)
        now_at, descriptor = "", -1
        try:
            for name, number, content in blocks:
                if name != now_at:
                    if descriptor >= 0:
                        os.close(descriptor)
                    # Pieces of one file need not be contiguous.
                    now_at, descriptor = name, os.open(_inside(data, name), os.O_WRONLY | os.O_CREAT, 0o600)
                _put(descriptor, content, number * facts["block"])
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        (data / "backup_label").write_text(facts["label"])
        (data / "backup_label").chmod(0o600)
        give_tree(data, instance.owner)
        (instance.folder / "version").write_text(facts["version"])

    def recovery_command(
        self, instance: Instance, facts: Mapping[str, Any], target: RecoveryTarget, log: Path
    ) -> ServerCommand:
        """Return the command that replays the log."""
        signal = data_folder(instance) / "recovery.signal"
        signal.touch(0o600)
        folders.give(instance.owner, signal)
        usual = server_command(replace(instance, archive_log=False))
        folder = shlex.quote(str(log)).replace("%", "%%")
        # The passwords in it belong to another cluster, and may be unknown.
        _hba(instance).write_text("local all postgres trust\n")
        _hba(instance).chmod(0o600)
        folders.give(instance.owner, _hba(instance))
        settings = _SETTINGS | _goal(target) | {"hba_file": str(_hba(instance))}
        settings |= {"restore_command": f'test -e {folder}/%f && cp {folder}/%f "%p"'}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return replace(usual, command=(*usual.command, *flags))

    def target_not_reached(self, output: str) -> bool:
        """Return True if the log ended before the target."""
        return _MISSED in output

    def recovery_result(self, output: str) -> RecoveryResult:
        """Return the time of the last transaction that was replayed."""
        times = _LAST.findall(output)
        return RecoveryResult(datetime.fromisoformat(times[-1]) if times else None)

    async def take_ownership(self, instance: Instance, old_name: str) -> None:
        """Set new passwords for a cluster and the name of its database."""
        password = random.token_urlsafe(32)
        socket = str(folders.socket_folder(instance, SOCKET))
        try:
            async with await AsyncConnection.connect(
                host=socket, port=PORT, dbname=KEEPER_DATABASE, user="postgres", autocommit=True, connect_timeout=5
            ) as connection:
                for role, secret in (("postgres", password), (OWNER, instance.password)):
                    command = sql.SQL("ALTER ROLE {} PASSWORD {}")
                    await connection.execute(command.format(sql.Identifier(role), sql.Literal(verifier(secret))))
                if old_name != instance.name:
                    command = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                    await connection.execute(command.format(sql.Identifier(old_name), sql.Identifier(instance.name)))
        except psycopg.Error as error:
            # The message may contain a statement with a password.
            raise Unavailable(
                f"The names and passwords of the recovered database could not be set ({type(error).__name__})."
            ) from None
        keep_secret(instance, password)
        _hba(instance).unlink()
