"""What a copy cannot keep: it is reported before anything is copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["changed", "left_out", "risk"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that differs after a copy.

    `changed` is stored in another form, `left_out` is missing, `risk` is refused if such values occur.
    """

    severity: Severity
    table: str
    object: str
    sentence: str
