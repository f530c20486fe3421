"""Base backups, restore points and log positions of a running cluster.

A base backup is read file by file between `pg_backup_start` and `pg_backup_stop`, without a replication connection. The
session stays in a transaction, so that the supervisor counts the cluster as busy and does not put it to sleep.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.engines import BaseBackup, BaseBackupInfo, FileBlock, Instance, LogPosition
from headwater.engines.postgresql.binaries import programs_of
from headwater.engines.postgresql.provision import data_folder, is_ready, superuser, version_of
from headwater.engines.postgresql.wal_spool import behind_header, parse_position, rounded_up
from headwater.kit.clock import now
from headwater.kit.errors import BadInput, Unavailable
from headwater.kit.files import unlinked

BLOCK_BYTES = 32 * 1024
READ_BYTES = 32 * BLOCK_BYTES
MOST_NAME = 63
CONTROL = "global/pg_control"
# Their content is useless for another server (pg_basebackup excludes the same files).
_EMPTY = frozenset(
    {
        "pg_wal",
        "pg_replslot",
        "pg_dynshmem",
        "pg_notify",
        "pg_serial",
        "pg_snapshots",
        "pg_stat_tmp",
        "pg_subtrans",
    }
)
_NOT = re.compile(
    r"postmaster\.(pid|opts)|backup_label(\.old)?|tablespace_map(\.old)?|backup_manifest|(recovery|standby)\.signal"
    r"|current_logfiles|pgsql_tmp.*|pg_internal\.init.*|postgresql\.auto\.conf\.tmp"
)
_SEGMENT = b"SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'"
_SNAPSHOT = b"SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"
_INSERT = b"SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"


def is_local(instance: Instance) -> bool:
    """Return True if the cluster is on this machine."""
    return (data_folder(instance) / "PG_VERSION").exists()


async def _one(connection: AsyncConnection[Any], query: bytes, *given: Any) -> Any:
    row = await (await connection.execute(query, given or None)).fetchone()
    assert row is not None
    return row


async def wal_position(instance: Instance) -> LogPosition | None:
    """Return the current end of the log."""
    if not is_ready(instance):
        return await asyncio.to_thread(_resting, instance)
    try:
        async with await superuser(instance) as connection:
            # In this order: a transaction that ends before the second query is in the log before the third. The end
            # of a snapshot is the last transaction that ended, plus one; running ones may be after it.
            (at,) = await _one(connection, b"SELECT clock_timestamp()")
            low, high = await _one(connection, _SNAPSHOT)
            (position,) = await _one(connection, _INSERT)
            (segment,) = await _one(connection, _SEGMENT)
    except (Unavailable, psycopg.Error):
        return None
    return LogPosition(at, behind_header(position, segment), high, low == high)


def _resting(instance: Instance) -> LogPosition | None:
    """Return the end of the log of a cluster that was shut down cleanly."""
    at = now()
    program = programs_of(version_of(instance)) / "pg_controldata"
    done = subprocess.run(
        [program, "-D", data_folder(instance)], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    control_data = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in done.stdout.split("\n"))
    }
    if done.returncode or control_data.get("Database cluster state") != "shut down":
        return None
    segment = int(control_data["Bytes per WAL segment"])
    epoch, _, low = control_data["Latest checkpoint's NextXID"].partition(":")
    position = behind_header(parse_position(control_data["Latest checkpoint's REDO location"]), segment)
    return LogPosition(at, position, (int(epoch) << 32) + int(low), True)


async def flush_log(instance: Instance) -> int | None:
    """Finish the current segment."""
    if not is_ready(instance):
        return None
    with _told():
        async with await superuser(instance) as connection:
            (segment,) = await _one(connection, _SEGMENT)
            (position,) = await _one(connection, b"SELECT (pg_switch_wal() - '0/0')::bigint")
    return rounded_up(position, segment)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the error of a server that is shutting down into a sentence."""
    try:
        yield
    except psycopg.Error as error:
        raise Unavailable("The database was stopped in the meantime.", hint="Try again in a moment.") from error


async def create_restore_point(instance: Instance, name: str) -> int:
    """Write a restore point into the log."""
    if len(name.encode()) > MOST_NAME:
        raise BadInput(f"The name of a restore point can have at most {MOST_NAME} bytes.")
    with _told():
        async with await superuser(instance) as connection:
            (position,) = await _one(connection, b"SELECT (pg_create_restore_point(%s) - '0/0')::bigint", name)
    return int(position)


async def open_base_backup(instance: Instance) -> BaseBackup:
    """Begin a base backup."""
    connection = await superuser(instance)
    try:
        return await _begun(instance, connection)
    except psycopg.Error as error:
        await connection.close()
        raise Unavailable(
            "The database cannot start a base backup right now.", hint="Try again in a moment."
        ) from error
    except BaseException:
        await connection.close()
        raise


async def _begun(instance: Instance, connection: AsyncConnection[Any]) -> BaseBackup:
    await connection.execute(b"BEGIN")
    (archiving,) = await _one(connection, b"SELECT current_setting('archive_mode')")
    if archiving != "on":
        raise Unavailable("The database does not archive its log (WAL) yet.", hint="It must be restarted first.")
    (segment,) = await _one(connection, _SEGMENT)
    _, changes = await _one(connection, _SNAPSHOT)
    (system,) = await _one(connection, b"SELECT system_identifier::text FROM pg_control_system()")
    if connection.info.server_version >= 150_000:
        await connection.execute(b"SELECT pg_backup_start('headwater', true)")
    else:
        await connection.execute(b"SELECT pg_start_backup('headwater', true, false)")
    return PostgresBaseBackup(instance, connection, segment, changes, system)


class PostgresBaseBackup:
    """A base backup of a PostgreSQL cluster."""

    def __init__(
        self, instance: Instance, connection: AsyncConnection[Any], segment: int, changes: int, system: str
    ) -> None:
        self._instance, self._connection, self._segment = instance, connection, segment
        self._changes, self._system = changes, system
        self._data = data_folder(instance)
        self._folders, self._files = _listed(self._data)
        self.size_bytes = sum(_size(self._data / name) for name in self._files)

    def blocks(self) -> Iterator[FileBlock]:
        """Yield all files in pieces; a file that has disappeared was dropped, which the log records, too."""
        for name in self._files:
            with contextlib.suppress(FileNotFoundError):
                yield from _pieces(self._data / name, name)
        content = _control(self._data / CONTROL)
        yield CONTROL, 0, content

    async def finish(self) -> BaseBackupInfo:
        """Tell the server that the backup is complete."""
        call = (
            b"pg_backup_stop(false)"
            if self._connection.info.server_version >= 150_000
            else b"pg_stop_backup(false, false)"
        )
        try:
            position, label = await _one(self._connection, b"SELECT (lsn - '0/0')::bigint, labelfile FROM " + call)
        except psycopg.Error as error:
            raise Unavailable(
                "The database was stopped during its base backup.",
                hint="The base backup is repeated when the database is running.",
            ) from error
        started = re.search(r"START WAL LOCATION: (\S+)", label)
        timeline = re.search(r"START TIMELINE: (\d+)", label)
        assert started and timeline, label
        first = parse_position(started[1])
        return BaseBackupInfo(
            int(timeline[1]),
            first - first % self._segment,
            int(position),
            self._changes,
            version_of(self._instance),
            self._system,
            {"label": label, "folders": self._folders, "version": version_of(self._instance), "block": BLOCK_BYTES},
        )

    async def close(self) -> None:
        """End the session, and with it an incomplete base backup."""
        await self._connection.close()


def _listed(data: Path) -> tuple[list[str], list[str]]:
    """Return the folders and files of a base backup by path; the control file is read separately."""
    folders, files = [], []
    for folder, inner, names in os.walk(data):
        inside = os.path.relpath(folder, data)
        prefix = "" if inside == "." else f"{inside}/"
        empty = [f"{prefix}{name}" for name in inner if not prefix and name in _EMPTY]
        inner[:] = sorted(name for name in inner if f"{prefix}{name}" not in empty and not _NOT.fullmatch(name))
        folders += [*empty, *(f"{prefix}{name}" for name in inner)]
        files += [f"{prefix}{name}" for name in sorted(names) if not _NOT.fullmatch(name)]
    return [*folders, "pg_wal/archive_status"], [file for file in files if file != CONTROL]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _pieces(path: Path, name: str) -> Iterator[FileBlock]:
    with open(path, "rb", opener=unlinked) as file:
        number = 0
        while (piece := file.read(READ_BYTES)) or not number:
            for at in range(0, max(1, len(piece)), BLOCK_BYTES):
                yield name, number, piece[at : at + BLOCK_BYTES]
                number += 1


def _control(path: Path) -> bytes:
    """Return the control file: it is read until two reads agree."""
    content, before = path.read_bytes(), b""
    while content != before:
        content, before = path.read_bytes(), content
    return content
