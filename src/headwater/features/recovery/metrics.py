"""Metrics of archives: the logs from which a database can be recovered to a moment."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.recovery import repository
from headwater.store.context import Context

ARCHIVES = Gauge("headwater_archives", "Archives that are on, with and without a problem.", ["state"])
PROBLEM_AGE = Gauge(
    "headwater_archive_oldest_problem_seconds", "How long the oldest problem of an archive lasts; 0 if there is none."
)
SPOOLED = Gauge("headwater_archive_spooled_segments", "Segments of logs that are not in a vault yet.")


async def observe(db: AsyncSession, _: Context) -> None:
    """Update the metrics."""
    figures = await repository.archive_figures(db)
    ARCHIVES.labels("ok").set(figures.ok)
    ARCHIVES.labels("problem").set(figures.problem)
    PROBLEM_AGE.set(figures.oldest_seconds or 0)
    SPOOLED.set(figures.spooled or 0)
