"""A policy as values (schedule, tables, retention, checks), and how its row stores them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from headwater.core import retention, schedules
from headwater.features.policies.models import SnapshotPolicy
from headwater.features.snapshots.service.snapshots import SnapshotRequest
from headwater.features.snapshots.service.verify.verification import Kind
from headwater.kit.errors import Invalid
from headwater.vault.verification import VerificationShare

Misfire = Literal["run_once", "skip"]
Scope = Literal["scheduled", "every"]
PERIODS = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
# Deep verifications must read all pages within this many days.
READ_WITHIN = 30


@dataclass(frozen=True, slots=True)
class Retention:
    """How many snapshots to keep; `scope` says whether it applies to `scheduled` snapshots or to `every` one."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within_hours: int = 0
    scope: Scope = "scheduled"

    @property
    def plain(self) -> dict[str, Any]:
        """The retention as the row of the policy stores it."""
        return {name: getattr(self, name) for name in (*PERIODS, "within_hours", "scope")}

    def core(self, zone: str) -> retention.RetentionPolicy:
        """Return the retention as `core.retention` takes it."""
        counts = {name: getattr(self, name) for name in PERIODS}
        return retention.RetentionPolicy(**counts, within=timedelta(hours=self.within_hours), zone=zone)


@dataclass(frozen=True, slots=True)
class Verify:
    """How to verify all snapshots every `every_days` days; a deep verification reads `percent` of their pages."""

    kind: Kind = "deep"
    every_days: int = 1
    percent: int = 4

    @property
    def parts(self) -> int:
        """The number of verifications after which all pages were read."""
        return -(-100 // self.percent) if self.kind == "deep" else 1

    def part(self, number: int) -> VerificationShare:
        """Return the share of the pages that a verification reads, by its number."""
        return VerificationShare(number % self.parts, self.parts)


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy as a user sets it."""

    cron: str | None = None
    timezone: str = "UTC"
    misfire: Misfire = "run_once"
    grace_seconds: int = 3600
    jitter_seconds: int = 0
    paused: bool = False
    request: SnapshotRequest = field(default_factory=SnapshotRequest)
    retention: Retention | None = None
    verify: Verify | None = None
    drill_days: int | None = None
    growth: float | None = 5.0

    @property
    def schedule(self) -> schedules.Schedule | None:
        """The schedule of snapshots, if there is one."""
        return schedules.Schedule(self.cron, self.timezone) if self.cron else None


def checked(rules: Rules) -> Rules:
    """Check rules, and return them with a normalized cron expression.

    Raises:
        Invalid: a time, a time zone or a number is invalid.
    """
    schedule = schedules.checked(rules.cron or "0 0 * * *", rules.timezone)
    if rules.retention and not rules.retention.core(rules.timezone).has_rules:
        raise Invalid({"retention": "Enter how many snapshots to keep."}, hint="Turn the retention off to keep all.")
    if rules.verify and rules.verify.parts * rules.verify.every_days > READ_WITHIN:
        days = rules.verify.parts * rules.verify.every_days
        raise Invalid(
            {"verify": f"Reading all pages would take {days} days, but at most {READ_WITHIN} are allowed."},
            hint="Verify more often, or a higher percentage each time.",
        )
    cron = schedule.cron if rules.cron else None
    return replace(rules, cron=cron)


def of_row(row: SnapshotPolicy) -> Rules:
    """Return the rules that a row stores."""
    given = row.request
    request = SnapshotRequest(
        given.get("label", ""), given.get("tables"), given.get("exclude"), scheduled=True, growth=row.growth
    )
    verify = row.checks.get("verify")
    return Rules(
        row.cron,
        row.timezone,
        row.misfire,  # type: ignore[arg-type]
        row.grace_seconds,
        row.jitter_seconds,
        row.paused,
        request,
        Retention(**row.retention) if row.retention else None,
        Verify(**verify) if verify else None,
        row.checks.get("drill_days"),
        row.growth,
    )


def values(rules: Rules) -> Mapping[str, Any]:
    """Return the values of the columns that store rules."""
    verify, request = rules.verify, rules.request
    return {
        "cron": rules.cron,
        "timezone": rules.timezone,
        "misfire": rules.misfire,
        "paused": rules.paused,
        "grace_seconds": rules.grace_seconds,
        "jitter_seconds": rules.jitter_seconds,
        "growth": rules.growth,
        "request": {"label": request.label, "tables": _list(request.tables), "exclude": _list(request.exclude)},
        "retention": rules.retention.plain if rules.retention else {},
        "checks": {
            "verify": {"kind": verify.kind, "every_days": verify.every_days, "percent": verify.percent}
            if verify
            else None,
            "drill_days": rules.drill_days,
        },
    }


def _list(names: Sequence[str] | None) -> list[str] | None:
    return list(names) if names is not None else None


def set_next(row: SnapshotPolicy, after: datetime) -> None:
    """Set the next time of the schedule, and the time with random delay at which it is due."""
    schedule = of_row(row).schedule
    row.next_at = next(schedules.times(schedule, after), None) if schedule else None
    spread = random.uniform(0, row.jitter_seconds)  # noqa: S311 - no secret
    row.due_at = row.next_at + timedelta(seconds=spread) if row.next_at else None
