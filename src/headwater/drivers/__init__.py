"""Ways to run a database server, one file or folder each: here as a local process; containers can come beside it.

A driver names no engine: what to copy, which program to start and when it is ready, it asks the engine by the protocol
`ProvisioningSupport`. Every verb can be repeated, and called again after it was interrupted at any point.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from headwater.engines import Address, SessionCounts
from headwater.kit.errors import Unavailable

Status = Literal["absent", "stopped", "running"]


class StartFailed(Unavailable):
    """The database's server does not start."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a database shall be; `quotas`, `options` and `archives` as in `headwater.engines.Instance`."""

    id: uuid.UUID
    engine: str
    name: str
    password: str = field(repr=False)
    quotas: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    archives: bool = False


class Driver(Protocol):
    """Runs servers; the keeper is the only one who calls it, one verb at a time for each database."""

    async def prepare(self) -> None:
        """Make ahead what the first database of each engine would wait for."""

    async def create(self, spec: Spec) -> None:
        """Make everything that the database needs to be started; nothing is there before it is complete.

        Raises:
            Unavailable: such a server cannot be run here.
            BadInput: an option cannot be met.
        """

    async def start(self, spec: Spec) -> None:
        """Start the server and return when the owner can connect, with the quotas wanted; nothing when it runs.

        Raises:
            StartFailed: it does not start; what it printed last is in the hint.
        """

    async def apply(self, spec: Spec) -> None:
        """Make role, database and quotas of a running server as the spec says."""

    async def stop(self, spec: Spec) -> None:
        """End the server cleanly; nothing when it does not run."""

    def status(self, spec: Spec) -> Status:
        """Return what is there; cheap."""

    def dsn(self, spec: Spec) -> Address:
        """Return where the owner connects on this machine."""

    async def activity(self, spec: Spec) -> SessionCounts:
        """Return what goes on in a running server."""

    async def metrics(self, spec: Spec) -> Mapping[str, float]:
        """Return figures of a running server."""

    async def disk_bytes(self, spec: Spec) -> int:
        """Return what the database takes of the disk, all counted."""

    async def enforce(self, spec: Spec, *, full: bool) -> None:
        """End what breaks the quotas of a running server; when it is `full`, let nothing more be written."""

    async def destroy(self, spec: Spec) -> None:
        """End the server and remove everything of it."""

    async def sweep(self, known: Collection[uuid.UUID], grace: timedelta) -> None:
        """Remove what was half made or half destroyed when we were killed, and what nobody knows for longer than that.

        Called once, before any other verb.
        """

    async def close(self) -> None:
        """End every server that this driver started."""
