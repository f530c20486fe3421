"""What an engine must say so that a driver can run a server of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from headwater.engines._address import Address
from headwater.engines._option import Option
from headwater.kit.process import Identity


@dataclass(frozen=True, slots=True)
class Instance:
    """A database that Headwater runs: its folder, which its server owns, and what was asked for.

    `quotas` has the numbers `connections disk_mb temp_mb statement_seconds memory_mb`. `owner` is the
    operating-system user of the server, None for our own. With `archives`, an engine with `recovery` keeps the log
    of all changes in the spool.
    """

    folder: Path
    name: str
    password: str = field(repr=False)
    owner: Identity | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    archive_log: bool = False


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """How a server is started, and the signal on which it ends cleanly; `memory_mb` limits each of its processes."""

    command: tuple[str, ...]
    stop_signal: signal.Signals
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """What goes on in a running instance: sessions that are open, and those that are at work or in a transaction."""

    sessions: int
    busy: int


class ProvisioningSupport(Protocol):
    """An engine of which Headwater can run a server of its own; it says what, the driver says where and when.

    All methods can be called again after they were interrupted at any point.
    """

    options: tuple[Option, ...]

    def unavailable_reason(self) -> str | None:
        """Return why no server can be run on this machine, or None."""

    def warm_template(self, cache: Path) -> None:
        """Make ahead what the first `make` would have to. Blocks."""

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Fill the instance's empty folder with what its server needs; `cache` keeps templates. Blocks."""

    def server_command(self, instance: Instance) -> ServerCommand | None:
        """Return how to start the server; None when the engine needs none."""

    def is_ready(self, instance: Instance) -> bool:
        """Return True if a server that was started takes connections now. Cheap: asked every few milliseconds."""

    async def setup(self, instance: Instance) -> None:
        """Make role, database and quotas as wanted, in a server that is ready."""

    def address(self, instance: Instance) -> Address:
        """Return where the owner of the database connects on this machine."""

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Return what goes on, our own look excepted."""

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return figures of a running instance: size_bytes, connections, and what the engine counts."""

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """End what breaks the quotas of a running instance; when it is `full`, writing needs an effort."""

    def clean_up(self, instance: Instance) -> None:
        """Remove what the instance has outside of its folder."""
