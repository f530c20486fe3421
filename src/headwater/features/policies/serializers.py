"""Policies, runs and alerts as wire shapes, and policies from them."""

from __future__ import annotations

from headwater.features.jobs.api_models import JobOut
from headwater.features.policies import api_models
from headwater.features.policies.service.alerts import AlertView
from headwater.features.policies.service.policies import PolicyView, Preview, RunView
from headwater.features.policies.service.retention import Planned
from headwater.features.policies.service.rules import Retention, Rules, Verify
from headwater.features.snapshots.service.snapshots import SnapshotRequest


def rules(body: api_models.PolicyIn) -> Rules:
    """Return the rules of a policy from a request."""
    when = body.schedule.model_dump() if body.schedule else {}
    return Rules(
        **when,
        paused=body.paused,
        growth=body.growth,
        drill_days=body.drill_every_days,
        request=SnapshotRequest(body.label, body.tables, body.exclude, scheduled=True, growth=body.growth),
        retention=Retention(**body.retention.model_dump()) if body.retention else None,
        verify=Verify(**body.verify.model_dump()) if body.verify else None,
    )


def policy(view: PolicyView) -> api_models.PolicyOut:
    """Return a policy."""
    row, given = view.row, view.rules
    return api_models.PolicyOut(
        database_id=row.database_id,
        paused=given.paused,
        label=given.request.label,
        schedule=api_models.ScheduleOut.model_validate(row) if given.cron else None,
        tables=_names(given.request.tables),
        exclude=_names(given.request.exclude),
        retention=api_models.RetentionOut.model_validate(given.retention) if given.retention else None,
        verify=api_models.VerifyOut.model_validate(given.verify) if given.verify else None,
        drill_every_days=given.drill_days,
        growth=given.growth,
        next=list(view.next),
        due_at=None if given.paused else row.due_at,
        verify_at=row.verify_at,
        drill_at=row.drill_at,
        last_run=api_models.PolicyRunOut.model_validate(view.last) if view.last else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _names(given: object) -> list[str] | None:
    return list(given) if isinstance(given, list | tuple) else None


def run(view: RunView) -> api_models.PolicyRunOut:
    """Return a run of a policy."""
    return api_models.PolicyRunOut.model_validate(view.run)


def started(view: RunView) -> api_models.StartedPolicyRunOut:
    """Return a run that was started, with its job."""
    job = JobOut.model_validate(view.job) if view.job else None
    return api_models.StartedPolicyRunOut(**run(view).model_dump(), job=job)


def preview(result: Preview) -> api_models.PolicyPreviewOut:
    """Return what a policy would do."""
    deleted = sum(not snapshot.keep for snapshot in result.snapshots)
    return api_models.PolicyPreviewOut(
        next=list(result.next),
        kept=len(result.snapshots) - deleted,
        deleted=deleted,
        snapshots=[_planned(snapshot) for snapshot in result.snapshots],
    )


def _planned(planned: Planned) -> api_models.PlannedOut:
    snapshot = planned.snapshot
    return api_models.PlannedOut(
        id=snapshot.id,
        taken_at=snapshot.taken_at,
        label=snapshot.label,
        held=snapshot.held,
        scheduled=snapshot.scheduled,
        stored_bytes=snapshot.stored_bytes,
        keep=planned.keep,
        reasons=list(planned.reasons),
    )


def alert(view: AlertView) -> api_models.AlertOut:
    """Return an alert."""
    row = view.alert
    given = {
        "project_id": view.database.project_id,
        "database_name": view.database.name,
        "acknowledged_by": view.by,
    }
    plain = {name: getattr(row, name) for name in api_models.AlertOut.model_fields if name not in given}
    return api_models.AlertOut(**plain, **given)
