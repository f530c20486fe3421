"""What a user decides about a copy: what becomes of values that the source stores and other engines do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CopyChoices:
    """The choices of a copy.

    Args:
        zero_dates: whether dates such as 0000-00-00 become NULL, or end the copy.
        tinyint1: whether `tinyint(1)` becomes a boolean where all values are 0 and 1, or is always a number.
    """

    zero_dates: Literal["null", "refuse"] = "null"
    tinyint1: Literal["boolean", "number"] = "boolean"
