"""What the supervisor knows of one database, and the rule that chooses its next step."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from headwater.drivers import Spec
from headwater.engines import Address
from headwater.features.databases.models import Database

RETRIES = 3
Step = Literal["orphan", "destroy", "halt", "run", "apply", "restart", "fallen"]


@dataclass(slots=True, eq=False)
class ManagedInstance:
    """A managed database in the supervisor; `lock` is held for each step that changes it.

    In monotonic seconds, `seen` is when it was last used, `watched` and `measured` when it was last checked, `started`
    when it was last started: a row that was read before that is out of date. `clients` counts the clients that have
    signed in through the proxy, which must use TLS if it is `tls_required`; `program` is the address of Headwater
    itself and `readers` are those of people who may only read, since its last start or the last change of its spec;
    `disk_bytes` is the size of its folder.
    """

    spec: Spec
    route: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    running: bool = False
    applied: Spec | None = None
    started: float = 0.0
    seen: float = field(default_factory=time.monotonic)
    watched: float = 0.0
    measured: float = 0.0
    sleep_after: int = 0
    tls_required: bool = False
    failures: int = 0
    retry_at: float = 0.0
    clients: int = 0
    program: Address | None = None
    readers: dict[str, Address] = field(default_factory=dict)
    disk_bytes: int = 0


def desired_running(row: Database) -> bool:
    """Return True if the database should run."""
    return row.deleted_at is None and row.desired == "running"


def next_step(instance: ManagedInstance, row: Database, moment: datetime, *, alive: bool) -> Step | None:
    """Return the next step that brings a database to its desired state; None if it has that state.

    Args:
        instance: what the supervisor knows.
        row: the desired state, and the state that users see.
        moment: now.
        alive: whether its server is running.
    """
    if row.deleted_at is None and row.project_id is None:
        return "orphan"
    if row.purge_at is not None and row.purge_at <= moment:
        return "destroy"
    if row.building:
        return None
    if not desired_running(row):
        state = "asleep" if row.desired == "asleep" and row.deleted_at is None else "stopped"
        return "halt" if alive or row.state != state else None
    if alive and instance.running:
        if instance.applied and instance.applied.archives != instance.spec.archives:
            return "restart"
        return "apply" if instance.applied != instance.spec else None
    if row.state == "running" and not alive:
        return "fallen"
    again = row.state != "failed" or instance.failures < RETRIES
    return "run" if again and time.monotonic() >= instance.retry_at else None
