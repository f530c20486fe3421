"""Drift as the response models have it."""

from __future__ import annotations

import msgspec

from headwater.core.diff import report
from headwater.features.schemas.api_models import DriftOut

MAX_DIFFERENCES = 1000


def drift(result: report.DiffReport) -> DriftOut:
    """Return a comparison, with as many differences as a page can show."""
    rows = result.differences[:MAX_DIFFERENCES]
    plain = msgspec.to_builtins(result) | {
        "differences": [msgspec.to_builtins(row) | {"title": report.title(row)} for row in rows],
        "left_out": len(result.differences) - len(rows),
    }
    return DriftOut.model_validate(plain)
