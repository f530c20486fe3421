"""The times of a cron expression in a time zone, as UTC.

`cronsim` parses the expressions and follows Debian's cron at clock changes: a job at a fixed time of the day runs once
a day, at the end of the gap if that time does not exist, and the first time if it occurs twice; a job every few minutes
or hours runs at regular intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from headwater.kit.errors import Invalid, did_you_mean

EXAMPLE = "Minute, hour, day of the month, month, day of the week: '0 3 * * *' is every day at 03:00."
_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
# How far back to search for the last time of a schedule before all earlier times are computed.
_SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=367))


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron expression of five fields, and the name of a time zone of the IANA database."""

    cron: str
    zone: str = "UTC"


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())


def checked(cron: str, zone: str) -> Schedule:
    """Return a schedule after checking it.

    Raises:
        Invalid: the expression cannot be read, never comes true, or there is no such time zone.
    """
    if zone not in zone_names():
        raise Invalid({"timezone": f"There is no time zone {zone!r}."}, hint=did_you_mean(zone, zone_names()))
    schedule = Schedule(" ".join(cron.split()), zone)
    if len(cron.split()) != 5:
        raise Invalid({"cron": "A cron expression has five fields."}, hint=EXAMPLE)
    try:
        first = list(islice(times(schedule, _LONG_AGO), 1))
    except CronSimError as error:
        raise Invalid({"cron": f"This is not a cron expression: {str(error).lower()}."}, hint=EXAMPLE) from error
    if not first:
        raise Invalid({"cron": "This schedule never runs."}, hint=EXAMPLE)
    return schedule


def times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the times of a schedule after a moment, in order."""
    last = after.astimezone(UTC)
    for due in CronSim(schedule.cron, last.astimezone(ZoneInfo(schedule.zone))):
        moment = due.astimezone(UTC)
        if moment > last:  # within a repeated hour, cronsim counts from the start of the first one
            last = moment
            yield moment


def latest(schedule: Schedule, first: datetime, until: datetime) -> datetime:
    """Return the last time of a schedule up to a moment, starting from one of its times, `first`."""
    for span in _SPANS:
        if until - span <= first:
            break
        due = _last_between(schedule, until - span, until)
        if due:
            return due
    return _last_between(schedule, first, until) or first


def _last_between(schedule: Schedule, after: datetime, until: datetime) -> datetime | None:
    last = None
    for moment in takewhile(lambda one: one <= until, times(schedule, after)):
        last = moment
    return last
