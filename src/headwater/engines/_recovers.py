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
from typing import Any, Literal, Protocol, runtime_checkable

from headwater.engines._provisions import Instance, Program


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a log: the changes from a position up to another, as the server named and left it."""

    name: str
    timeline: int
    first: int
    end: int
    path: Path


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a log is at a moment: what was committed before `at` lies before `position`.

    When the log is `quiet`, `changes` grows with the next transaction that changes something and ends; else one may
    end without that.
    """

    at: datetime
    position: int
    changes: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """A base that is complete: the log it needs, from `first` up to `end`, and what `lay` and `recovery` need of it."""

    timeline: int
    first: int
    end: int
    changes: int
    version: str
    system: str
    extras: Mapping[str, Any]


# A piece of a file: its path in the data folder, its number, its bytes.
Block = tuple[str, int, bytes]


class Base(Protocol):
    """A base that is being made; the server is told so, and stays awake."""

    bytes: int

    def blocks(self) -> Iterator[Block]:
        """Give all files in pieces, in order; a file without bytes is one empty piece. Blocks."""

    async def end(self) -> BaseFacts:
        """Tell the server that all was read, and return what the base is.

        Raises:
            Unavailable: the server went away meanwhile, so that the base is none.
        """

    async def close(self) -> None:
        """Let go of the server; safe to call twice."""


@dataclass(frozen=True, slots=True)
class Goal:
    """How far a recovery goes: up to a time, a position, a named point, or the end of the log that is there.

    With `inclusive`, what happened exactly then is in it.
    """

    kind: Literal["time", "position", "point", "end"]
    at: datetime | None = None
    position: int | None = None
    point: str | None = None
    inclusive: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a recovery says of itself at its end: the time of the last transaction in it, if there was any."""

    last: datetime | None


@runtime_checkable
class Recovers(Protocol):
    """An engine whose instances can be brought back to a moment. Methods that are not `async` may block."""

    def archives(self, instance: Instance) -> bool:
        """Say whether the files of an instance are on this machine."""

    def spooled(self, instance: Instance) -> Sequence[Part]:
        """Return the finished parts in the spool, oldest first; what else the server left there is taken away."""

    async def mark(self, instance: Instance) -> Mark | None:
        """Return where the log is now; None when that cannot be told: it is just starting, or was killed."""

    async def flush(self, instance: Instance) -> int | None:
        """Let a running server finish the part that it writes to; return where that ends, None when it sleeps."""

    async def name_point(self, instance: Instance, name: str) -> int:
        """Write a name into the log of a running server and return where it stands."""

    async def open_base(self, instance: Instance) -> Base:
        """Begin a base of a running server, to be closed by the caller."""

    def lay(self, instance: Instance, facts: Mapping[str, Any], blocks: Iterable[Block]) -> None:
        """Put a base's files into the empty folder of an instance."""

    def recovery(self, instance: Instance, facts: Mapping[str, Any], goal: Goal, log: Path) -> Program:
        """Return the program that brings laid files to a goal by the parts of the log in a folder.

        It has arrived when the instance is `ready`, and ends by its stop signal as servers do.
        """

    def missed(self, said: str) -> bool:
        """Say, by what it printed, whether a recovery has ended because the log did not come to its goal."""

    def arrived(self, said: str) -> Arrived:
        """Return what a recovery told of its end, by what it printed."""

    async def adopt(self, instance: Instance, was: str) -> None:
        """Make an instance whose recovery has arrived, and still runs, its new owner's: names and passwords.

        Args:
            instance: as it shall be.
            was: the name that its database had.
        """

    def position(self, text: str) -> int:
        """Return the position that a text names; raises BadInput."""

    def shown(self, position: int) -> str:
        """Return a position as the engine writes it."""
