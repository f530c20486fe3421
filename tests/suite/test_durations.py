"""Files that take longer than before are found, and a busy machine is not mistaken for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite import durations
from suite.durations import Growth

RECORDED = {"tests/a.py": 20.0, "tests/b.py": 30.0, "tests/c.py": 9.0, "tests/d.py": 0.5}


def times(factor: float, **changed: float) -> dict[str, float]:
    measured = {file: seconds * factor for file, seconds in RECORDED.items()}
    return measured | {f"tests/{name}.py": seconds for name, seconds in changed.items()}


def test_same_durations_are_no_growth() -> None:
    assert durations.grown(times(1.0), RECORDED) == []


def test_file_that_grew_by_a_third_is_named_in_one_sentence() -> None:
    (growth,) = durations.grown(times(1.0, a=31.0), RECORDED)
    assert str(growth) == "tests/a.py took 31 s, a third more than the 20 s recorded"


@pytest.mark.parametrize(("seconds", "is_growth"), [(26.0, False), (29.9, False), (30.1, True)])
def test_growth_below_a_third_or_ten_seconds_passes(seconds: float, is_growth: bool) -> None:
    assert bool(durations.grown(times(1.0, a=seconds), RECORDED)) is is_growth


def test_short_file_may_grow_many_times() -> None:
    assert durations.grown(times(1.0, d=10.0), RECORDED) == []


def test_new_and_missing_files_are_not_compared() -> None:
    assert durations.grown({"tests/new.py": 500.0}, RECORDED) == []


def test_busy_machine_slows_every_file_and_none_fails() -> None:
    measured = times(3.0)
    assert durations.grown(measured, RECORDED, durations.slowdown(measured, RECORDED)) == []


def test_file_that_grew_on_a_busy_machine_is_found() -> None:
    measured = times(3.0, a=150.0)
    slow = durations.slowdown(measured, RECORDED)
    assert [growth.file for growth in durations.grown(measured, RECORDED, slow)] == ["tests/a.py"]


def test_faster_machine_makes_no_file_look_slower() -> None:
    measured = times(0.5, a=20.0)
    assert durations.grown(measured, RECORDED, durations.slowdown(measured, RECORDED)) == []


def test_slowdown_without_anything_in_common_is_one() -> None:
    assert durations.slowdown({"tests/new.py": 5.0}, RECORDED) == 1.0
    assert durations.slowdown({}, {}) == 1.0


def test_suspect_that_is_quick_alone_passes() -> None:
    assert durations.confirmed([Growth("tests/a.py", 31.0, 20.0)], lambda file: 21.0) == []


def test_suspect_that_is_slow_only_once_passes() -> None:
    seconds = iter([40.0, 20.0])
    assert durations.confirmed([Growth("tests/a.py", 31.0, 20.0)], lambda file: next(seconds)) == []


def test_suspect_that_is_slow_each_time_fails_with_what_was_measured_alone() -> None:
    (failure,) = durations.confirmed([Growth("tests/a.py", 90.0, 20.0)], lambda file: 33.0)
    assert str(failure) == "tests/a.py took 33 s, a third more than the 20 s recorded"


def test_durations_are_written_and_read(tmp_path: Path) -> None:
    durations.save(tmp_path / "x" / "durations.json", {"tests/b.py": 1.26, "tests/a.py": 2.0})
    assert dict(durations.load(tmp_path / "x" / "durations.json")) == {"tests/a.py": 2.0, "tests/b.py": 1.3}
    assert durations.load(tmp_path / "none.json") == {}


def test_contention_of_a_core_of_our_own_is_about_one() -> None:
    assert durations._contention() >= 0.99
