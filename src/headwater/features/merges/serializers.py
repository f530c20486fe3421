"""Merges as wire shapes."""

from __future__ import annotations

from headwater.features.jobs.api_models import JobOut
from headwater.features.merges import api_models
from headwater.features.merges.models import MergeConflict
from headwater.features.merges.service.merges import MergeView


def merge(view: MergeView) -> api_models.MergeOut:
    """Return a merge."""
    row = view.merge
    given = {
        "tables": row.result.get("tables", []),
        "left_out": [
            {"name": name, "reason": reason} for name, reason in sorted(row.result.get("left_out", {}).items())
        ],
        "conflicts": row.result.get("conflicts", 0),
        "unresolved": view.unresolved,
        "job": JobOut.model_validate(view.job) if view.job else None,
    }
    fields = {name: getattr(row, name) for name in api_models.MergeOut.model_fields if name not in given}
    return api_models.MergeOut.model_validate(fields | given)


def conflict(row: MergeConflict) -> api_models.ConflictOut:
    """Return a conflict."""
    given = {"ordinal": row.ordinal, "table": row.table_name, "kind": row.kind, "choice": row.choice}
    return api_models.ConflictOut.model_validate(given | row.cells)
