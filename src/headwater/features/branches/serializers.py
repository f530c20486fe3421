"""Branches as wire shapes."""

from __future__ import annotations

from headwater.features.branches import api_models
from headwater.features.branches.service.branches import BranchView
from headwater.features.jobs.api_models import JobOut


def branch(view: BranchView) -> api_models.BranchOut:
    """Return a branch."""
    row, base = view.branch, view.base
    database = None if view.database is None or view.database.deleted_at else view.database
    parent = None if view.parent is None or view.parent.deleted_at else view.parent
    return api_models.BranchOut(
        name=row.name,
        state=view.state,
        database_id=database.id if database else None,
        database_name=database.name if database else None,
        database_state=database.state if database else None,
        engine=database.engine if database else None,
        size_bytes=database.size_bytes if database else None,
        protected=bool(database and database.protected),
        parent_id=parent.id if parent else None,
        parent_name=parent.name if parent else row.parent_name,
        base_id=base.id if base and base.status == "complete" else None,
        base_taken_at=base.taken_at if base else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        job=JobOut.model_validate(view.job) if view.job else None,
    )
