"""The timeline: which moments can be restored from which base backup and log, and what is outdated."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headwater.engines import LogPosition
from headwater.features.recovery.models import Archive, ArchiveBase, ArchiveLog
from headwater.features.recovery.service.archives import BaseView
from headwater.features.recovery.service.maintenance import base_is_due, outdated
from headwater.features.recovery.service.timeline import (
    ContinuousRange,
    OutOfReach,
    continuous_ranges,
    to_position,
    to_time,
)
from headwater.features.recovery.service.wal_archiver import advanced, marked, plain

DAWN = datetime(2026, 11, 21, tzinfo=UTC)


def at(hours: float) -> datetime:
    return DAWN + timedelta(hours=hours)


def base(hours: float, first: int, ends: int, **given: Any) -> ArchiveBase:
    values = {"timeline": 1, "status": "complete", "changes": 7, "created_at": at(hours)} | given
    return ArchiveBase(id=uuid.uuid4(), first=first, ends=ends, finished_at=at(hours), **values)


def log(first: int, ends: int, hours: float | None) -> ArchiveLog:
    reaches = at(hours) if hours is not None else None
    return ArchiveLog(name=f"log-{first}", timeline=1, first=first, ends=ends, reaches=reaches)


def day() -> tuple[list[ArchiveBase], list[ArchiveLog], list[ContinuousRange]]:
    """Return a log with two base backups, then a gap, then a log with one base backup."""
    bases = [base(1, 10, 12), base(5, 50, 52), base(9, 90, 92)]
    logs = [log(10, 20, 2), log(20, 45, 4), log(45, 60, 6), log(90, 100, 10)]
    return bases, logs, continuous_ranges(bases, logs, at(12), 100)


def test_each_continuous_range_has_a_window() -> None:
    assert [range_.window for range_ in day()[2]] == [(at(1), at(6)), (at(9), at(12))]


@pytest.mark.parametrize(
    ("hours", "which", "names"),
    [
        (1, 0, ["log-10"]),
        (2, 0, ["log-10"]),
        (3, 0, ["log-10", "log-20"]),
        (5, 1, ["log-45"]),
        (6, 1, ["log-45"]),
        (11, 2, ["log-90"]),
    ],
)
def test_path_to_a_time_uses_the_last_base_and_only_needed_log(hours: float, which: int, names: list[str]) -> None:
    bases, _, result = day()
    route = to_time(result, at(hours))
    assert (route.base, [log.name for log in route.logs]) == (bases[which], names)


@pytest.mark.parametrize(
    ("hours", "message"),
    [(0.5, "before the first base backup"), (7, "is missing at"), (13, "not in the vault")],
)
def test_unreachable_time_is_refused_with_the_nearest_ones(hours: float, message: str) -> None:
    with pytest.raises(OutOfReach, match=message) as refused:
        to_time(day()[2], at(hours))
    assert refused.value.hint and "UTC" in refused.value.hint


def test_base_without_its_log_is_unusable() -> None:
    assert [line.window for line in continuous_ranges([base(1, 10, 30)], [log(10, 20, 2)])] == [None]
    with pytest.raises(OutOfReach, match="no usable base backup"):
        to_time(continuous_ranges([base(1, 10, 30, status="taking")], [log(10, 40, 2)]), at(2))
    with pytest.raises(OutOfReach, match="no usable base backup"):
        to_position([], 5, "0/5")


def test_path_to_a_position() -> None:
    bases, _, result = day()
    route = to_position(result, 55, "0/37")
    assert (route.base, [log.name for log in route.logs]) == (bases[1], ["log-45"])
    assert to_position(result, 51, "0/33").base is bases[0]
    for wrong, said in ((11, "before the end of the first"), (70, "has a gap"), (101, "not in the vault")):
        with pytest.raises(OutOfReach, match=said):
            to_position(result, wrong, "it")


def test_duplicate_segments_are_no_gap() -> None:
    (item,) = continuous_ranges([], [log(10, 20, 1), log(10, 30, None), log(30, 40, 2)])
    assert (item.first, item.ends, item.reaches) == (10, 40, at(2))


def test_break_ends_a_range_although_the_log_goes_on() -> None:
    bases, logs = [base(1, 10, 12), base(5, 42, 43)], [log(10, 20, 2), log(20, 40, 3), log(40, 60, 6)]
    assert [range_.window for range_ in continuous_ranges(bases, logs, breaks=[40])] == [(at(1), at(3)), (at(5), at(6))]
    assert [range_.window for range_ in continuous_ranges(bases, logs, breaks=[10, 60])] == [(at(1), at(6))]


def test_data_older_than_the_window_is_deleted() -> None:
    bases, logs, result = day()
    assert outdated(result, bases, at(0)) == ([], [])
    assert outdated(result, bases, at(5)) == ([bases[0]], logs[:2])
    assert outdated(result, bases, at(6.5)) == (bases[:2], logs[:3])
    assert outdated(result, bases, at(100)) == (bases[:2], logs[:3])  # the last base reaches every moment since
    assert outdated(result, bases, at(100), ended=True) == (bases, logs)
    adrift = base(2, 200, 201)
    assert outdated(result, [*bases, adrift], at(3))[0] == [adrift]


def archive(**given: Any) -> Archive:
    values: dict[str, Any] = {"base_days": 1, "seen": {}, "covered": {}, "pending": {}} | given
    return Archive(**values)


def due(archive: Archive, bases: list[ArchiveBase], logs: list[ArchiveLog], hours: float) -> bool:
    views = [BaseView(base, None, True) for base in bases]
    return base_is_due(archive, views, continuous_ranges(bases, logs), at(hours))


def test_base_backup_is_due() -> None:
    item, logs = base(1, 10, 12), [log(10, 20, 2)]
    assert due(archive(), [], [], 2)
    assert not due(archive(), [item], logs, 24)
    assert due(archive(), [item], logs, 25)
    quiet = plain(LogPosition(at(25), 20, 7, True))
    assert not due(archive(seen=quiet), [item], logs, 25)
    assert due(archive(seen=quiet | {"changes": 8}), [item], logs, 25)
    assert due(archive(seen=quiet | {"quiet": False}), [item], logs, 25)
    assert due(archive(), [item], [*logs, log(30, 40, 3)], 4)
    assert not due(archive(), [base(1, 10, 12, status="taking")], logs, 1)  # its job is gone: it has failed just now
    assert due(archive(), [base(1, 10, 12, status="taking")], logs, 2)


def test_base_backup_is_due_in_a_new_vault() -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    item, logs = base(1, 10, 12, vault_id=old), [log(10, 20, 2)]
    assert not due(archive(vault_id=old), [item], logs, 2)
    assert due(archive(vault_id=new), [item], logs, 2)
    assert not due(archive(vault_id=new), [base(1.5, 14, 15, vault_id=new), item], logs, 2)


def test_log_position_is_covered() -> None:
    first, second = LogPosition(at(1), 15, 7, True), LogPosition(at(2), 17, 7, True)
    covered, pending = advanced({}, {}, first, 10)
    assert (covered, pending) == ({}, plain(first))
    busier = LogPosition(at(2), 17, 8, True)
    covered, pending = advanced({}, plain(first), busier, 15)
    assert (marked(covered), pending) == (first, plain(busier))
    covered, pending = advanced({}, plain(first), second, 15)  # nothing has changed since
    assert (marked(covered), pending) == (second, {})
    busy = LogPosition(at(3), 19, 8, False)
    assert advanced(plain(second), {}, busy, 15) == (plain(second), plain(busy))
    assert advanced(plain(second), plain(busy), None, 18) == (plain(second), plain(busy))
    assert advanced(plain(second), plain(busy), None, 30) == (plain(busy), {})
    assert advanced(plain(second), plain(busy), LogPosition(at(4), 25, 9, False), 20)[0] == plain(busy)
