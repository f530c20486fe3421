"""What the proxy's clients do to a database: they keep it awake, count against its quota, and are counted."""

from __future__ import annotations

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.engines import Opening
from headwater.features.databases.supervisor.managed_instance import ManagedInstance
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit.errors import TooMany, Unavailable

log = structlog.get_logger()


class ClientMeter:
    """Told by the proxy of one database's clients."""

    def __init__(self, instance: ManagedInstance) -> None:
        self._kept = instance

    def begin(self) -> None:
        """Somebody connects."""
        most = int(self._kept.spec.quotas.get("connections", 50))
        if self._kept.clients >= most:
            raise TooMany(f"The database already has {most} connections.", hint="Close some, or raise its quota.")
        self._kept.clients += 1
        self.seen()

    def seen(self) -> None:
        """Bytes came from a client."""
        self._kept.seen = time.monotonic()

    def end(self) -> None:
        """Somebody is gone."""
        self._kept.clients -= 1
        self.seen()


async def opening(keeper: Supervisor, engine: str, route: str) -> Opening:
    """Wake the database of that name and return the way to it.

    Raises:
        HeadwaterError: it is not there, was stopped or does not start; also when the store does not answer.
    """
    try:
        kept, address = await keeper.wake_route(engine, route)
    except (SQLAlchemyError, OSError) as error:
        log.warning("proxy.no_store", error=str(error))
        raise Unavailable("Headwater cannot look up its databases now.", hint="Try again in a moment.") from error
    return Opening(address, ClientMeter(kept))
