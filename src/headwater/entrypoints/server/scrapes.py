"""Answers scrapes of Prometheus: the metrics of every feature, measured at most once in some seconds.

Labels name kinds and states, never a tenant, an id or an address, so that a fresh instance has some hundred series
whatever is sent to it.
"""

from __future__ import annotations

import asyncio
import hmac
import shutil
import time

import structlog
from prometheus_client import Gauge, disable_created_metrics, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from headwater.features import collect
from headwater.kit.errors import Unauthenticated
from headwater.kit.settings import Settings
from headwater.store.context import Context

log = structlog.get_logger()
CACHED_SECONDS, PATIENCE_SECONDS = 5.0, 5.0
STORE = Gauge("headwater_store_up", "1 if the store answers.")
FREE = Gauge("headwater_disk_free_bytes", "Free space on the disk of the home folder.")
SIZE = Gauge("headwater_disk_size_bytes", "Size of the disk of the home folder.")
disable_created_metrics()  # type: ignore[no-untyped-call]


class Scrapes:
    """The last measurement of this server process."""

    def __init__(self, _: Settings) -> None:
        self._lock = asyncio.Lock()
        self._measured = float("-inf")

    async def text(self, context: Context) -> bytes:
        """Return all metrics; scrapes that come at the same time wait for one measurement."""
        async with self._lock:
            if time.monotonic() - self._measured > CACHED_SECONDS:
                await _measure(context)
                self._measured = time.monotonic()
        return generate_latest()

    async def close(self) -> None:
        """There is nothing to release."""


async def _measure(context: Context) -> None:
    disk = await asyncio.to_thread(shutil.disk_usage, context.settings.home_folder)
    FREE.set(disk.free)
    SIZE.set(disk.total)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), context.store.transaction() as db:
            for module in collect("metrics").values():
                if observe := getattr(module, "observe", None):
                    await observe(db, context)
        STORE.set(1)
    except (SQLAlchemyError, TimeoutError, OSError) as error:
        STORE.set(0)  # the metrics of the process itself are useful even if the store cannot be reached
        log.warning("metrics.incomplete", error=str(error.__cause__ or error))


def check_token(settings: Settings, authorization: str) -> None:
    """Raise Unauthenticated if the metrics are closed by a token, and this is not it."""
    if settings.metrics_token is None:
        return
    scheme, _, given = authorization.partition(" ")
    wanted = settings.metrics_token.get_secret_value().encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("utf-8", "replace"), wanted):
        raise Unauthenticated(
            "The metrics are closed by a token.",
            hint="Send `Authorization: Bearer …` with the token of HEADWATER_METRICS_TOKEN.",
        )
