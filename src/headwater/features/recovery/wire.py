"""Values of this room as the wire shapes of its routes."""

from __future__ import annotations

from headwater.features.jobs.models import Job
from headwater.features.jobs.schemas import JobOut
from headwater.features.recovery import schemas
from headwater.features.recovery.service.archives import ArchiveView, BaseView
from headwater.features.recovery.service.recoveries import Plan, RecoveryView
from headwater.kit.clock import now

WINDOW_DAYS, BASE_DAYS = 7, 1


def status(view: ArchiveView) -> schemas.RecoveryStatusOut:
    """Return what is kept of a database."""
    archive, windows = view.archive, view.windows
    on = bool(archive and archive.enabled)
    return schemas.RecoveryStatusOut(
        enabled=on, window_days=archive.window_days if archive else WINDOW_DAYS,
        base_days=archive.base_days if archive else BASE_DAYS,
        earliest=windows[0][0] if windows else None, latest=windows[-1][1] if windows else None,
        windows=[schemas.WindowOut(earliest=start, latest=end) for start, end in windows],
        covered_at=view.covered_at, lag_bytes=view.lag_bytes,
        lag_seconds=max(0.0, (now() - view.covered_at).total_seconds()) if on and view.covered_at else None,
        waiting=archive.spooled if archive else 0, log_bytes=view.log_bytes,
        problem=archive.problem or None if archive else None, problem_at=archive.problem_at if archive else None,
        bases=[base(one) for one in view.bases],
        points=[
            schemas.PointOut(name=one.name, at=one.at, lsn=view.engine.format_position(one.position))
            for one in view.points
        ],
    )  # fmt: skip


def base(view: BaseView) -> schemas.BaseOut:
    """Return a base."""
    given = {"status": view.status, "usable": view.usable, "job": job(view.job)}
    fields = {name: getattr(view.base, name) for name in schemas.BaseOut.model_fields if name not in given}
    return schemas.BaseOut(**fields | given)


def job(row: Job | None) -> JobOut | None:
    """Return a job, if there is one."""
    return JobOut.model_validate(row) if row else None


def plan(found: Plan) -> schemas.RecoverPlanOut:
    """Return what a recovery would do."""
    return schemas.RecoverPlanOut(
        target_name=found.target_name, moment=found.moment, base_id=found.base.id if found.base else None,
        base_bytes=found.base.raw_bytes if found.base else 0, log_bytes=found.log_bytes,
        sentences=list(found.sentences), refusals=list(found.refusals),
    )  # fmt: skip


def recovered(view: RecoveryView) -> schemas.RecoveredOut:
    """Return a recovery."""
    row = view.recovery
    return schemas.RecoveredOut(
        id=row.id, target_id=row.target_id, target_name=row.target_name, time=row.request["time"],
        lsn=row.request["position"], point=row.request["point"], inclusive=row.request["inclusive"],
        last=row.result.get("last"), seconds=row.result.get("seconds"), created_at=row.created_at, job=job(view.job),
    )  # fmt: skip
