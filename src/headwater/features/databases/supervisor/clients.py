"""Clients of the proxy: they keep a database awake and count against its connection quota."""

from __future__ import annotations

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.engines import Upstream
from headwater.features.databases.supervisor.managed_instance import ManagedInstance
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit.errors import TooMany, Unavailable

log = structlog.get_logger()


class ClientMeter:
    """Counts the clients of one database; the proxy calls it."""

    def __init__(self, instance: ManagedInstance) -> None:
        self._instance = instance

    def connected(self) -> None:
        """Count a client that has signed in; raise TooMany if the quota is used up."""
        most = int(self._instance.spec.quotas.get("connections", 50))
        if self._instance.clients >= most:
            raise TooMany(f"The database already has {most} connections.", hint="Close some, or raise the quota.")
        self._instance.clients += 1
        self.received_bytes()

    def received_bytes(self) -> None:
        """Record activity of a client."""
        self._instance.seen = time.monotonic()

    def disconnected(self) -> None:
        """Count a client that has disconnected."""
        self._instance.clients -= 1
        self.received_bytes()


async def open_upstream(supervisor: Supervisor, engine: str, route: str) -> Upstream:
    """Wake the database with this name and return its upstream.

    Raises:
        HeadwaterError: it does not exist, is stopped or does not start, or the store does not answer.
    """
    try:
        instance, address = await supervisor.wake_route(engine, route)
    except (SQLAlchemyError, OSError) as error:
        log.warning("proxy.store_unavailable", error=str(error))
        raise Unavailable("Headwater cannot look up databases at the moment.", hint="Try again in a moment.") from error
    return Upstream(address, ClientMeter(instance), instance.tls_required)
