"""Decides how thorough a run is: `quick` by default, `long` for every example, kill and version (`make long`).

`HEADWATER_TEST_PROFILE` is the only switch. No test belongs to one profile alone: a profile sets how often a law is
tried and on how many variants, so that each law is also tried by `make test`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import hypothesis

T = TypeVar("T")
LONG = os.environ.get("HEADWATER_TEST_PROFILE", "quick") == "long"
QUICK_SHARE = 0.25


def examples(whole: int) -> int:
    """Return how often to try a law that the long profile tries so often."""
    return whole if LONG else max(1, round(whole * QUICK_SHARE))


def rounds(kind: str, whole: int, quick: int = 1) -> int:
    """Return how many rounds of something slow, as kills, to run; `HEADWATER_TEST_<kind>` sets another number."""
    return int(os.environ.get(f"HEADWATER_TEST_{kind}", whole if LONG else quick))


def variants(every: Sequence[T], quick: int = 1) -> Sequence[T]:
    """Return the variants to test, the most important first."""
    return every if LONG else every[:quick]


def configure(cache: Path, worker: str) -> None:
    """Let Hypothesis keep failed examples of each worker apart, and never fail because the machine is busy."""
    folder = cache / "hypothesis" / worker
    database = hypothesis.database.DirectoryBasedExampleDatabase(folder)
    hypothesis.settings.register_profile(
        "headwater",
        database=database,
        max_examples=examples(100),
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("headwater")
