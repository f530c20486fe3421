"""Metrics of the runs of this server: how long they take, and how they end."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

SECONDS = Histogram(
    "headwater_query_duration_seconds",
    "Time of a run from its first statement to its end.",
    ["engine"],
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60),
)
RUNS = Counter("headwater_queries_total", "Runs by engine and how they ended.", ["engine", "outcome"])
