"""Checks the types in a query of the visual builder, whose parts are values of the core and convert what they are given."""

from __future__ import annotations

from typing import Any

FLAGS, NUMBERS = frozenset({"all", "descending", "distinct"}), frozenset({"limit", "offset"})


def checked_query(value: Any) -> Any:
    """Refuse 0 for false, and true or text for a number, in any part of a query."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if any(not isinstance(part[name], bool) for name in FLAGS & part.keys()):
                raise ValueError("what is true or false must not be something else")
            if any(isinstance(part[name], bool | str) for name in NUMBERS & part.keys()):
                raise ValueError("limit and offset must be numbers")
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return value
