"""The protocol of point-in-time recovery for databases that Headwater runs.

A server with `archives` puts finished segments of its change log (WAL) into the spool, a folder of its instance. A base
backup is a copy of all its files, made while it runs; together with the log since its start it gives the database at
any later time. Positions are numbers that grow along the log; a timeline is one history of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from headwater.engines._provision import Instance, ServerCommand


@dataclass(frozen=True, slots=True)
class LogSegment:
    """A segment of the log: the changes between two positions, in the server's own file."""

    name: str
    timeline: int
    first: int
    end: int
    path: Path


@dataclass(frozen=True, slots=True)
class LogPosition:
    """A position of the log and a time: everything committed before `at` is before `position`.

    When the log is `quiet`, `changes` grows with the next transaction that changes something and ends; else one may
    end without that.
    """

    at: datetime
    position: int
    changes: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class BaseBackupInfo:
    """A complete base backup: the log it needs (`first` to `end`), and what restoring and recovering it need."""

    timeline: int
    first: int
    end: int
    changes: int
    version: str
    system: str
    extras: Mapping[str, Any]


# A piece of a file: its path in the data folder, its number, its bytes.
FileBlock = tuple[str, int, bytes]


class BaseBackup(Protocol):
    """A base backup in progress; the server knows about it and is not put to sleep."""

    size_bytes: int

    def blocks(self) -> Iterator[FileBlock]:
        """Yield all files in pieces, in order; an empty file is one empty piece. Blocks."""

    async def finish(self) -> BaseBackupInfo:
        """Tell the server that the backup is complete, and return its description.

        Raises:
            Unavailable: the server was stopped, so the backup is unusable.
        """

    async def close(self) -> None:
        """Release the server; safe to call twice."""


@dataclass(frozen=True, slots=True)
class RecoveryTarget:
    """Where a recovery stops: at a time, a position, a named restore point, or the end of the available log.

    With `inclusive`, what happened exactly then is in it.
    """

    kind: Literal["time", "position", "point", "end"]
    at: datetime | None = None
    position: int | None = None
    point: str | None = None
    inclusive: bool = True


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """The result that a recovery reports: the time of the last replayed transaction, if there was one."""

    last_transaction_at: datetime | None


class RecoverySupport(Protocol):
    """An engine that can restore instances to a point in time. Methods that are not `async` may block."""

    def is_local(self, instance: Instance) -> bool:
        """Return True if the files of an instance are on this machine."""

    def spooled_segments(self, instance: Instance) -> Sequence[LogSegment]:
        """Return the finished segments in the spool, oldest first; other files there are deleted."""

    async def wal_position(self, instance: Instance) -> LogPosition | None:
        """Return the current end of the log, or None if it is unknown (the server is starting, or was killed)."""

    async def flush_log(self, instance: Instance) -> int | None:
        """Make a running server finish its current segment; return the end position, or None if it is not running."""

    async def create_restore_point(self, instance: Instance, name: str) -> int:
        """Write a named restore point into the log of a running server and return its position."""

    async def open_base_backup(self, instance: Instance) -> BaseBackup:
        """Begin a base backup of a running server; the caller closes it."""

    def restore_base(self, instance: Instance, facts: Mapping[str, Any], blocks: Iterable[FileBlock]) -> None:
        """Write the files of a base backup into the empty folder of an instance."""

    def recovery_command(
        self, instance: Instance, facts: Mapping[str, Any], target: RecoveryTarget, log: Path
    ) -> ServerCommand:
        """Return the command that replays the log in a folder on top of restored files, up to a target.

        The target is reached when the instance is `ready`; the process ends on its stop signal as servers do.
        """

    def target_not_reached(self, output: str) -> bool:
        """Return True if the output of a recovery says that the log ended before the target."""

    def recovery_result(self, output: str) -> RecoveryResult:
        """Return the result of a recovery, from its output."""

    async def take_ownership(self, instance: Instance, old_name: str) -> None:
        """Give a recovered instance that still runs the names and passwords of its new owner.

        Args:
            instance: as it shall be.
            old_name: the name that its database had.
        """

    def parse_position(self, text: str) -> int:
        """Return the position in a text; raises BadInput."""

    def format_position(self, position: int) -> str:
        """Return a position in the engine's notation."""
