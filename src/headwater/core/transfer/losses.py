"""What a copy will not keep as it was: said before anything is copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["changed", "left_out", "risk"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that is different on the other side.

    `changed` is stored in another form, `left_out` is missing, `risk` is refused if such values occur.
    """

    severity: Severity
    table: str
    object: str
    sentence: str
