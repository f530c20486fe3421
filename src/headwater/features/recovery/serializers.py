"""Archives, base backups and recoveries as wire shapes."""

from __future__ import annotations

from headwater.features.jobs.api_models import JobOut
from headwater.features.jobs.models import Job
from headwater.features.recovery import api_models
from headwater.features.recovery.service.archives import ArchiveView, BaseView
from headwater.features.recovery.service.recoveries import RecoveryPlan, RecoveryView
from headwater.kit.clock import now

WINDOW_DAYS, BASE_DAYS = 7, 1


def status(view: ArchiveView) -> api_models.RecoveryStatusOut:
    """Return the recovery status of a database."""
    archive, windows = view.archive, view.windows
    on = bool(archive and archive.enabled)
    return api_models.RecoveryStatusOut(
        enabled=on,
        window_days=archive.window_days if archive else WINDOW_DAYS,
        base_days=archive.base_days if archive else BASE_DAYS,
        earliest=windows[0][0] if windows else None,
        latest=windows[-1][1] if windows else None,
        windows=[api_models.WindowOut(earliest=start, latest=end) for start, end in windows],
        covered_at=view.covered_at,
        lag_bytes=view.lag_bytes,
        lag_seconds=max(0.0, (now() - view.covered_at).total_seconds()) if on and view.covered_at else None,
        waiting=archive.spooled if archive else 0,
        log_bytes=view.log_bytes,
        problem=archive.problem or None if archive else None,
        problem_at=archive.problem_at if archive else None,
        bases=[base(item) for item in view.bases],
        points=[
            api_models.PointOut(name=point.name, at=point.at, lsn=view.engine.format_position(point.position))
            for point in view.points
        ],
    )


def base(view: BaseView) -> api_models.BaseOut:
    """Return a base backup."""
    given = {"status": view.status, "usable": view.usable, "job": job(view.job)}
    fields = {name: getattr(view.base, name) for name in api_models.BaseOut.model_fields if name not in given}
    return api_models.BaseOut(**fields | given)


def job(row: Job | None) -> JobOut | None:
    """Return a job, if there is one."""
    return JobOut.model_validate(row) if row else None


def plan(recovery_plan: RecoveryPlan) -> api_models.RecoverPlanOut:
    """Return what a recovery would do."""
    return api_models.RecoverPlanOut(
        target_name=recovery_plan.target_name,
        moment=recovery_plan.moment,
        base_id=recovery_plan.base.id if recovery_plan.base else None,
        base_bytes=recovery_plan.base.raw_bytes if recovery_plan.base else 0,
        log_bytes=recovery_plan.log_bytes,
        sentences=list(recovery_plan.sentences),
        refusals=list(recovery_plan.refusals),
    )


def recovered(view: RecoveryView) -> api_models.RecoveredOut:
    """Return a recovery."""
    row = view.recovery
    return api_models.RecoveredOut(
        id=row.id,
        target_id=row.target_id,
        target_name=row.target_name,
        time=row.request["time"],
        lsn=row.request["position"],
        point=row.request["point"],
        inclusive=row.request["inclusive"],
        last=row.result.get("last"),
        seconds=row.result.get("seconds"),
        created_at=row.created_at,
        job=job(view.job),
    )
