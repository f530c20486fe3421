"""What an engine must say so that a database that Headwater runs can be brought back to any moment.

A server that `archives` puts finished parts of its log of changes into a spool, a folder of its instance. A base is a
copy of all its files, made while it runs; with the log since the base's start they are the database at any later
moment. Positions are numbers that grow along the log; a timeline is a way that the log has gone.
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
    """A part of a log: the changes from a position up to another, as the server named and left it."""

    name: str
    timeline: int
    first: int
    end: int
    path: Path


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where a log is at a moment: what was committed before `at` lies before `position`.

    When the log is `quiet`, `changes` grows with the next transaction that changes something and ends; else one may
    end without that.
    """

    at: datetime
    position: int
    changes: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class BaseBackupInfo:
    """A complete base: the log it needs, from `first` to `end`, and what `restore_base` and `recovery_command` need."""

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
    """A base that is being made; the server is told so, and stays awake."""

    size_bytes: int

    def blocks(self) -> Iterator[FileBlock]:
        """Yield all files in pieces, in order; a file without bytes is one empty piece. Blocks."""

    async def finish(self) -> BaseBackupInfo:
        """Tell the server that all was read, and return what the base is.

        Raises:
            Unavailable: the server went away meanwhile, so that the base is none.
        """

    async def close(self) -> None:
        """Let go of the server; safe to call twice."""


@dataclass(frozen=True, slots=True)
class RecoveryTarget:
    """How far a recovery goes: up to a time, a position, a named point, or the end of the log that is there.

    With `inclusive`, what happened exactly then is in it.
    """

    kind: Literal["time", "position", "point", "end"]
    at: datetime | None = None
    position: int | None = None
    point: str | None = None
    inclusive: bool = True


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What a recovery says of itself at its end: the time of the last transaction in it, if there was any."""

    last_transaction_at: datetime | None


class RecoverySupport(Protocol):
    """An engine whose instances can be brought back to a moment. Methods that are not `async` may block."""

    def is_local(self, instance: Instance) -> bool:
        """Return True if the files of an instance are on this machine."""

    def spooled_segments(self, instance: Instance) -> Sequence[LogSegment]:
        """Return the finished parts in the spool, oldest first; what else the server left there is taken away."""

    async def wal_position(self, instance: Instance) -> LogPosition | None:
        """Return where the log is now; None when that cannot be told: it is just starting, or was killed."""

    async def flush_log(self, instance: Instance) -> int | None:
        """Let a running server finish the part that it writes to; return where that ends, None when it sleeps."""

    async def create_restore_point(self, instance: Instance, name: str) -> int:
        """Write a name into the log of a running server and return where it stands."""

    async def open_base_backup(self, instance: Instance) -> BaseBackup:
        """Begin a base of a running server, to be closed by the caller."""

    def restore_base(self, instance: Instance, facts: Mapping[str, Any], blocks: Iterable[FileBlock]) -> None:
        """Put a base's files into the empty folder of an instance."""

    def recovery_command(
        self, instance: Instance, facts: Mapping[str, Any], target: RecoveryTarget, log: Path
    ) -> ServerCommand:
        """Return the program that brings laid files to a goal by the parts of the log in a folder.

        It has arrived when the instance is `ready`, and ends by its stop signal as servers do.
        """

    def target_not_reached(self, output: str) -> bool:
        """Say, by what it printed, whether a recovery has ended because the log did not come to its goal."""

    def recovery_result(self, output: str) -> RecoveryResult:
        """Return what a recovery told of its end, by what it printed."""

    async def take_ownership(self, instance: Instance, old_name: str) -> None:
        """Make an instance whose recovery has arrived, and still runs, its new owner's: names and passwords.

        Args:
            instance: as it shall be.
            old_name: the name that its database had.
        """

    def parse_position(self, text: str) -> int:
        """Return the position that a text names; raises BadInput."""

    def format_position(self, position: int) -> str:
        """Return a position as the engine writes it."""
