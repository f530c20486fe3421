"""Answers scrapes of Prometheus: the metrics of every feature, measured at most once in some seconds.

What each server process counts by itself is added up, so that a scrape of one shows all of them.

Labels name kinds and states, never a tenant, an id or an address, so that a fresh instance has some hundred series
whatever is sent to it.
"""

from __future__ import annotations

import asyncio
import hmac
import shutil
import time
from collections.abc import Iterator, Sequence

import structlog
from prometheus_client import REGISTRY, Gauge, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from sqlalchemy.exc import SQLAlchemyError

from headwater.features import collect
from headwater.kit.errors import Unauthenticated
from headwater.kit.network.peers import METRICS, Peers
from headwater.kit.settings import Settings
from headwater.store.context import Context

log = structlog.get_logger()
CACHED_SECONDS, PATIENCE_SECONDS = 5.0, 5.0
STORE = Gauge("headwater_store_up", "1 if the store answers.")
FREE = Gauge("headwater_disk_free_bytes", "Free space on the disk of the home folder.")
SIZE = Gauge("headwater_disk_size_bytes", "Size of the disk of the home folder.")
SERVERS = Gauge("headwater_servers", "Server processes that have answered this scrape.")
# Gauges of a process; those of the whole instance are the same in each.
ADDED_UP = frozenset(
    {
        "headwater_event_streams",
        "headwater_http_connections",
        "headwater_sessions",
        "headwater_store_connections",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
    }
)
disable_created_metrics()  # type: ignore[no-untyped-call]


class Scrapes:
    """The last measurement of this server process."""

    def __init__(self, _: Settings) -> None:
        self._lock = asyncio.Lock()
        self._measured = float("-inf")

    async def text(self, context: Context) -> bytes:
        """Return the metrics of all server processes; one that does not answer is left out."""
        await self._measure(context)
        answers = await context.service(Peers).ask_others("GET", METRICS)
        SERVERS.set(1 + len(answers))
        return generate_latest(_AllServers(answers))

    async def own_text(self, context: Context) -> bytes:
        """Return the metrics of this server process."""
        await self._measure(context)
        return generate_latest()

    async def _measure(self, context: Context) -> None:
        """Measure; scrapes that come at the same time wait for one measurement."""
        async with self._lock:
            if time.monotonic() - self._measured > CACHED_SECONDS:
                await _measure(context)
                self._measured = time.monotonic()

    async def close(self) -> None:
        """There is nothing to release."""


class _AllServers(Collector):
    """The metrics of this process, with what other server processes add to them.

    Args:
        answers: the metrics of the others, in the text format.
    """

    def __init__(self, answers: Sequence[str]) -> None:
        self._others: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        families = (family for answer in answers for family in text_string_to_metric_families(answer))
        for sample in (sample for family in families if _is_added_up(family) for sample in family.samples):
            values = self._others.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            values[labels] = values.get(labels, 0.0) + sample.value

    def collect(self) -> Iterator[Metric]:
        """Yield every metric once."""
        for family in REGISTRY.collect():
            if self._others and _is_added_up(family):
                family.samples = list(self._added_up(family))
            yield family

    def _added_up(self, family: Metric) -> Iterator[Sample]:
        rest = {name: dict(values) for name, values in self._others.items() if _belongs(name, family)}
        for sample in family.samples:
            other = rest.get(sample.name, {}).pop(tuple(sorted(sample.labels.items())), 0.0)
            yield sample._replace(value=sample.value + other)
        for name, values in rest.items():
            for labels, value in values.items():
                yield Sample(name, dict(labels), value)


def _is_added_up(family: Metric) -> bool:
    return family.type in {"counter", "histogram"} or family.name in ADDED_UP


def _belongs(name: str, family: Metric) -> bool:
    return name in {family.name + suffix for suffix in ("", "_total", "_bucket", "_sum", "_count")}


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
