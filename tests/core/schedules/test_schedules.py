"""Schedules: times of cron expressions at clock changes, and invalid expressions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.core.schedules import Schedule, checked, latest, times
from headwater.kit.errors import Invalid
from suite.profiles import examples

EXAMPLES = json.loads((Path(__file__).parent / "times.json").read_text("utf-8"))
CRONS = ("0 3 * * *", "30 2 * * *", "0,30 1-3 * * *", "*/7 * * * *", "15 */6 * * 1", "0 0 1 * *", "5 2 * * 0")
ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo")
SCHEDULES = st.builds(Schedule, st.sampled_from(CRONS), st.sampled_from(ZONES))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))
CHANGES = st.builds(
    lambda day, minutes: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(["2026-03-28T22:00", "2026-10-24T22:00", "2026-04-04T12:00", "2026-10-03T12:00"]),
    st.integers(0, 600),
)


LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("example", EXAMPLES, ids=[item["what"] for item in EXAMPLES])
def test_schedule_examples(example: dict[str, Any]) -> None:
    result = times(checked(example["cron"], example["zone"]), at(example["after"]))
    assert [f"{item:%Y-%m-%dT%H:%M}" for item in islice(result, len(example["times"]))] == example["times"]


@LAW
@given(SCHEDULES, st.one_of(MOMENTS, CHANGES))
def test_times_are_increasing(schedule: Schedule, after: datetime) -> None:
    actual = [after, *islice(times(schedule, after), 10)]
    assert all(entry < two for entry, two in pairwise(actual))
    assert all(item.tzinfo is UTC for item in actual[1:])


@LAW
@given(SCHEDULES, st.one_of(MOMENTS, CHANGES))
def test_times_are_stable_when_resumed(schedule: Schedule, after: datetime) -> None:
    at_once = list(islice(times(schedule, after), 4))
    one_by_one, last = [], after
    for _ in at_once:
        last = next(times(schedule, last))
        one_by_one.append(last)
    assert one_by_one == at_once


@given(SCHEDULES, CHANGES, st.integers(0, 3 * 24 * 60))
@settings(LAW, max_examples=examples(50))
def test_latest_matches_times(schedule: Schedule, after: datetime, minutes: int) -> None:
    first = next(times(schedule, after))
    until = first + timedelta(minutes=minutes)
    every = [first]
    for time in times(schedule, first):
        if time > until:
            break
        every.append(time)
    assert latest(schedule, first, until) == every[-1]


def test_latest_is_fast_for_frequent_schedules() -> None:
    schedule = Schedule("* * * * *")
    assert latest(schedule, at("2025-01-01T00:00"), at("2026-11-20T10:00")) == at("2026-11-20T10:00")


@pytest.mark.parametrize(
    ("cron", "zone", "field", "said"),
    [
        ("61 * * * *", "UTC", "cron", "bad minute"),
        ("* * * *", "UTC", "cron", "five fields"),
        ("0 0 3 * * *", "UTC", "cron", "five fields"),
        ("@daily", "UTC", "cron", "five fields"),
        ("", "UTC", "cron", "five fields"),
        ("0 0 31 2 *", "UTC", "cron", "day-of-month"),
        ("0 3 * * *", "Europe/Berlim", "timezone", "no time zone"),
        ("0 3 * * *", "../../etc/passwd", "timezone", "no time zone"),
        ("0 3 * * *", "", "timezone", "no time zone"),
        ("\ud800 3 * * *", "UTC", "cron", "bad minute"),
        ("0 0 29 2 mon#6", "UTC", "cron", "day-of-week"),
    ],
)
def test_invalid_schedules_are_rejected(cron: str, zone: str, field: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(cron, zone)
    assert said in refused.value.fields[field]
    assert refused.value.hint
