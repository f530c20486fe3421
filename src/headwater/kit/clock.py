"""The only module that reads the clock; always UTC, so that tests and logs agree."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current moment as an aware UTC datetime."""
    return datetime.now(UTC)
