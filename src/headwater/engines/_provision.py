"""The protocol by which a driver runs a server of an engine."""

from __future__ import annotations

import base64
import hmac
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
    """A database that Headwater runs: its folder, which the server owns, and its settings.

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
    """How a server is started, and its clean-shutdown signal; `memory_mb` limits each of its processes."""

    command: tuple[str, ...]
    stop_signal: signal.Signals
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int | None = None


# Connections of people who may only read, beside those of the quota: they take none from the owner's programs.
READER_CONNECTIONS = 10


# The role by which Headwater itself signs in to act as the owner, and its connections, also beside the quota.
PROGRAM_ROLE, PROGRAM_CONNECTIONS = "headwater", 30


def program_password(owner_password: str) -> str:
    """Return the password by which Headwater itself signs in: it follows from the one that Headwater gave the owner.

    It stays as it is when the owner changes theirs in the database.
    """
    return _derived(owner_password, PROGRAM_ROLE)


def reader_role(person: str) -> str:
    """Return the role of a person who may only read; nobody shares it, so that nobody sees or ends others' queries."""
    return f"reader_{person}"


def reader_password(owner_password: str, person: str) -> str:
    """Return the password of a reader's role: it follows from the owner's, and so does its renewal."""
    return _derived(owner_password, reader_role(person))


def _derived(owner_password: str, role: str) -> str:
    digest = hmac.digest(owner_password.encode(), role.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """The number of open sessions of an instance, and of those that are active or in a transaction."""

    sessions: int
    busy: int


class ProvisioningSupport(Protocol):
    """An engine that Headwater can run servers of: the engine says what to run, the driver where and when.

    All methods can be called again after they were interrupted at any point.
    """

    options: tuple[Option, ...]

    def unavailable_reason(self) -> str | None:
        """Return why this machine cannot run a server, or None if it can."""

    def warm_template(self, cache: Path) -> None:
        """Prepare the template that the first new database needs. Blocks."""

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Fill the instance's empty folder with the data directory; `cache` keeps templates. Blocks."""

    def server_command(self, instance: Instance) -> ServerCommand | None:
        """Return the command that starts the server, or None if the engine has no server."""

    def is_ready(self, instance: Instance) -> bool:
        """Return True if a started server accepts connections. Must be cheap: it is called every few milliseconds."""

    async def setup(self, instance: Instance) -> None:
        """Create or update role, database and quotas in a server that is ready."""

    def address(self, instance: Instance) -> Address:
        """Return the address at which the owner of the database connects on this machine."""

    async def program(self, instance: Instance) -> Address:
        """Return the address at which Headwater itself acts as the owner, whatever password the owner has set.

        What it needs is created in a running instance of any age. By default it is the owner's address.
        """
        return self.address(instance)

    def program_password(self, owner_password: str) -> str:
        """Return the password of the address that `program` returns, by the one that Headwater gave the owner."""
        return owner_password

    async def reader(self, instance: Instance, person: str) -> Address:
        """Return the address of a person who may only read, whose role is created if there is none yet.

        Args:
            instance: a running instance, of any age.
            person: the id of the person, of hexadecimal digits.

        Returns:
            An address with `reader_role` and `reader_password`; the owner's, if the engine has no roles. Read-only
            sessions of every engine refuse writes, whatever the role may do.
        """
        return self.address(instance)

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Return the session counts, without our own session."""

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return figures of a running instance: size_bytes, connections, and the engine's own counters."""

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """End sessions that exceed the quotas; if the instance is `full`, make it refuse ordinary writes."""

    def clean_up(self, instance: Instance) -> None:
        """Delete what the instance has outside its folder."""
