"""What the proxy's clients do to a database: they keep it awake, count against its quota, and are counted."""

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
    """Told by the proxy of one database's clients."""

    def __init__(self, instance: ManagedInstance) -> None:
        self._kept = instance

    def connected(self) -> None:
        """Somebody connects."""
        most = int(self._kept.spec.quotas.get("connections", 50))
        if self._kept.clients >= most:
            raise TooMany(f"The database already has {most} connections.", hint="Close some, or raise its quota.")
        self._kept.clients += 1
        self.received_bytes()

    def received_bytes(self) -> None:
        """Bytes came from a client."""
        self._kept.seen = time.monotonic()

    def disconnected(self) -> None:
        """Somebody is gone."""
        self._kept.clients -= 1
        self.received_bytes()


async def opening(keeper: Supervisor, engine: str, route: str) -> Upstream:
    """Wake the database of that name and return the way to it.

    Raises:
        HeadwaterError: it is not there, was stopped or does not start; also when the store does not answer.
    """
    try:
        kept, address = await keeper.wake_route(engine, route)
    except (SQLAlchemyError, OSError) as error:
        log.warning("proxy.no_store", error=str(error))
        raise Unavailable("Headwater cannot look up its databases now.", hint="Try again in a moment.") from error
    return Upstream(address, ClientMeter(kept))
