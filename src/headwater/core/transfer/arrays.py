"""Nested lists of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def map_items(items: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    """Return a list with a function applied to its innermost items."""
    return [map_items(item, change) if isinstance(item, list) else change(item) for item in items]
