"""The plan of a retention policy.

The rules are those of `restic forget`, with small differences also those of borg and Proxmox Backup:

- Each rule considers all snapshots independently, newest first, and keeps the newest of each of its periods, so many of
  them. A snapshot may be kept by several rules, and each number means what it says without the others. (borg and
  Proxmox let a later rule skip what an earlier one has kept, so that "4 weekly" reaches further back behind "7 daily".)
- Periods without a snapshot do not count: a server that was off for a month loses no snapshots.
- Weeks are those of ISO 8601, from Monday on. All periods are those of the policy's time zone; an hour that the clock
  repeats is two.
- A rule that finds fewer periods than it may keep also keeps the oldest snapshot (restic since 0.17, borg's
  "[oldest]"): without it, a yearly rule would have nothing to keep for the first year.
- `within` counts back from the newest snapshot, not from now: the result does not depend on the current time.

A damaged snapshot counts for no rule: it never stands for a sound one. It is kept only as long as the rules would keep
it if it were sound, because some of its tables may still be readable.

Snapshots of different groups, such as those of other tables, never stand for each other. The newest sound one of a
group is always kept, and so is one that is pinned: held by somebody, or in use. Without rules, all are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Rule = Literal["hourly", "daily", "weekly", "monthly", "yearly"]


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How many to keep: the last ones, the newest of this many periods of each kind, and all within a time."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: timedelta = timedelta(0)
    zone: str = "UTC"

    @property
    def has_rules(self) -> bool:
        """True if any rule says what to keep; without one, everything is kept."""
        return bool(self.last or self.within or any(getattr(self, rule) for rule in _PERIODS))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A complete snapshot: when it was taken (aware), its group, what protects it, and whether it is damaged."""

    id: str
    at: datetime
    group: str = ""
    pins: tuple[str, ...] = ()
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on a snapshot, with short reasons; a deleted one has a reason from each rule."""

    id: str
    at: datetime
    keep: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Period:
    """One hour, day, week, month or year: its identity, and its name for users."""

    key: tuple[object, ...]
    label: str


def _hour(at: datetime) -> _Period:
    return _Period((at.year, at.month, at.day, at.hour, at.utcoffset()), f"{at:%Y-%m-%d %H}:00")


def _day(at: datetime) -> _Period:
    return _Period((at.year, at.month, at.day), f"{at:%Y-%m-%d}")


def _week(at: datetime) -> _Period:
    year, week, _ = at.isocalendar()
    return _Period((year, week), f"{year}-W{week:02}")


def _month(at: datetime) -> _Period:
    return _Period((at.year, at.month), f"{at:%Y-%m}")


def _year(at: datetime) -> _Period:
    return _Period((at.year,), f"{at:%Y}")


_PERIODS: dict[Rule, Callable[[datetime], _Period]] = {
    "hourly": _hour,
    "daily": _day,
    "weekly": _week,
    "monthly": _month,
    "yearly": _year,
}


class _Judged:
    """The collected reasons for and against a snapshot."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.reasons = list(candidate.pins)
        self.against: list[str] = []

    @property
    def decision(self) -> Decision:
        """The decision on it."""
        candidate = self.candidate
        return Decision(candidate.id, candidate.at, bool(self.reasons), tuple(self.reasons or self.against))


def plan(policy: RetentionPolicy, snapshots: Iterable[Candidate]) -> tuple[Decision, ...]:
    """Return the decision on each snapshot, newest first.

    Args:
        policy: what to keep; its zone is a name of the IANA time zone database.
        snapshots: the complete ones; failed or running ones must not be among them, nor may they stand for any.
    """
    ordered = [
        _Judged(snapshot)
        for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.at, snapshot.id), reverse=True)
    ]
    groups: dict[str, list[_Judged]] = {}
    for one in ordered:
        groups.setdefault(one.candidate.group, []).append(one)
    for group in groups.values():
        _judge(policy, [judged for judged in group if not judged.candidate.damaged])
        _judge_damaged(policy, group)
    return tuple(judged.decision for judged in ordered)


def _judge(policy: RetentionPolicy, group: Sequence[_Judged]) -> None:
    """Decide on the snapshots of one group, newest first."""
    if not policy.has_rules:
        for judged in group:
            judged.reasons.append("the policy has no rules")
    if not policy.has_rules or not group:
        return
    group[0].reasons.append("newest")
    if policy.last:
        _keep_last(policy.last, group)
    if policy.within:
        _keep_within(policy.within, group)
    zone = ZoneInfo(policy.zone)
    for rule, period in _PERIODS.items():
        if count := getattr(policy, rule):
            _keep_periods(rule, count, [(judged, period(judged.candidate.at.astimezone(zone))) for judged in group])


def _judge_damaged(policy: RetentionPolicy, group: Sequence[_Judged]) -> None:
    """Decide on the damaged snapshots of a group as if all were sound; the sound ones are decided on without them."""
    if not any(judged.candidate.damaged for judged in group):
        return
    as_sound = [_Judged(replace(judged.candidate, pins=())) for judged in group]
    _judge(policy, as_sound)
    for judged, alike in zip(group, as_sound, strict=True):
        if judged.candidate.damaged:
            judged.reasons += [f"{reason}, although damaged" for reason in alike.reasons]
            judged.against += alike.against


def _keep_last(count: int, group: Sequence[_Judged]) -> None:
    for judged in group[:count]:
        judged.reasons.append(f"last {count}")
    for judged in group[count:]:
        judged.against.append(f"not among the last {count}")


def _keep_within(within: timedelta, group: Sequence[_Judged]) -> None:
    since = group[0].candidate.at - within
    for judged in group:
        if judged.candidate.at > since:
            judged.reasons.append(f"within {_period_text(within)}")
        else:
            judged.against.append(f"more than {_period_text(within)} before the newest")


def _keep_periods(rule: Rule, count: int, dated: Sequence[tuple[_Judged, _Period]]) -> None:
    """Keep the newest of this many periods; and the oldest of all while there are fewer."""
    periods: set[tuple[object, ...]] = set()
    for judged, period in dated:
        if period.key in periods:
            judged.against.append(f"not the newest of {period.label}")
        elif len(periods) < count:
            periods.add(period.key)
            judged.reasons.append(f"{rule} {period.label}")
        else:
            judged.against.append(f"older than {count} {rule}")
    oldest, period = dated[-1]
    reason = f"{rule} {period.label}"
    if len(periods) < count and reason not in oldest.reasons:
        oldest.reasons.append(f"oldest, for {rule}")


def _period_text(within: timedelta) -> str:
    hours = int(within.total_seconds() // 3600)
    amount, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"
