"""Drivers run database servers. There is one driver, which runs them as local processes; others can be added.

A driver is independent of engines: it asks the engine through `ProvisioningSupport` what to create, which program to
start and when it is ready. Every method is idempotent, and can be called again after an interruption at any point.
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
    """The database server does not start."""


@dataclass(frozen=True, slots=True)
class Spec:
    """The specification of a database; `quotas`, `options` and `archives` as in `headwater.engines.Instance`."""

    id: uuid.UUID
    engine: str
    name: str
    password: str = field(repr=False)
    quotas: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    archives: bool = False


class Driver(Protocol):
    """Runs servers. Only the supervisor calls it, one method at a time for each database."""

    async def prepare(self) -> None:
        """Create in advance what the first database of each engine needs."""

    async def create(self, spec: Spec) -> None:
        """Create everything that the database needs to start; it appears only when it is complete.

        Raises:
            Unavailable: this machine cannot run such a server.
            BadInput: an option is not supported.
        """

    async def start(self, spec: Spec) -> None:
        """Start the server, and return when the owner can connect and quotas are set; do nothing if it runs.

        Raises:
            StartFailed: it does not start; the hint has its last output.
        """

    async def apply(self, spec: Spec) -> None:
        """Bring role, database and quotas of a running server in line with the spec."""

    async def stop(self, spec: Spec) -> None:
        """Stop the server cleanly; do nothing if it does not run."""

    def status(self, spec: Spec) -> Status:
        """Return the status of the database; this is cheap."""

    def dsn(self, spec: Spec) -> Address:
        """Return the address for the owner on this machine."""

    async def program(self, spec: Spec) -> Address:
        """Return the address at which Headwater itself acts as the owner of a running database."""

    async def reader(self, spec: Spec, person: str) -> Address:
        """Return the address for a person who may only read; the server runs."""

    async def activity(self, spec: Spec) -> SessionCounts:
        """Return the numbers of sessions of a running server."""

    async def metrics(self, spec: Spec) -> Mapping[str, float]:
        """Return the metrics of a running server."""

    async def disk_bytes(self, spec: Spec) -> int:
        """Return the disk usage of the database, including all its files."""

    async def enforce(self, spec: Spec, *, full: bool) -> None:
        """Enforce the quotas of a running server; if it is `full`, make it read-only."""

    async def destroy(self, spec: Spec) -> None:
        """Stop the server and delete all its files."""

    async def sweep(self, known: Collection[uuid.UUID], grace: timedelta) -> None:
        """Delete incomplete files that a killed process left, and unknown databases that are older than `grace`.

        Called once, before any other method.
        """

    async def close(self) -> None:
        """Stop every server that this driver started."""
