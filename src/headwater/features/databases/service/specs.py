"""What a new database is to be: one that Headwater runs, or one that was connected and tested."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SLEEP_AFTER_SECONDS = 300


@dataclass(frozen=True, slots=True)
class DatabaseSpec:
    """A database for Headwater to run.

    Attributes:
        name: its name, unique in its project.
        engine_name: the engine, such as `postgresql`.
        options: the engine's own options.
        quotas: its limits, as the wire shape `Quotas` has them.
        sleep_after_seconds: how long it stays awake without clients.
        protected: whether it can only be deleted after its protection was removed.
        tls_required: whether its clients must use TLS.
        building: whether a job fills its data folder, and not the supervisor.
        scratch: whether it is needed for a job only, and in no list.
    """

    name: str
    engine_name: str
    options: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[str, Any] = field(default_factory=dict)
    sleep_after_seconds: int = SLEEP_AFTER_SECONDS
    protected: bool = False
    tls_required: bool = False
    building: bool = False
    scratch: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """A database elsewhere whose connection was tested.

    Attributes:
        id: the id of the new database, with which its secrets were encrypted.
        name: its name, unique in its project.
        engine_name: the engine, such as `postgresql`.
        connection: the connection without its secrets.
        secrets: the encrypted secrets by name.
        facts: what the server reports about itself.
        protected: whether it can only be deleted after its protection was removed.
        read_only: whether statements that write are refused.
    """

    id: uuid.UUID
    name: str
    engine_name: str
    connection: Mapping[str, Any]
    secrets: Mapping[str, bytes]
    facts: Mapping[str, Any]
    protected: bool = False
    read_only: bool = False
