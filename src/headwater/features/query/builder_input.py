"""A query of the visual builder as input: its parts are values of the core, which do not check types by themselves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from headwater.core.query_builder import Query
from headwater.features.accounts.api_models import Input

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


class DrawnIn(Input):
    """A query of the visual builder to convert to SQL."""

    query: Annotated[Query, BeforeValidator(checked_query)]
