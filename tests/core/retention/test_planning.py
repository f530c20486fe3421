"""Retention: examples as data, and laws for every policy and every history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.core.retention import Candidate, RetentionPolicy, plan

EXAMPLES = json.loads((Path(__file__).parent / "plans.json").read_text("utf-8"))
RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")


# On a busy machine drawing a history can take long; that says nothing of the law.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("example", EXAMPLES, ids=[item["what"] for item in EXAMPLES])
def test_retention_examples(example: dict[str, Any]) -> None:
    rules = dict(example["policy"])
    policy = RetentionPolicy(within=timedelta(hours=rules.pop("within_hours", 0)), **rules)
    damaged = example.get("damaged", [])
    plan_ = plan(policy, [Candidate(item, at(item), damaged=item in damaged) for item in reversed(example["taken"])])
    assert [item.id for item in plan_] == example["taken"]
    assert {item.id: list(item.reasons) for item in plan_ if item.keep} == example["kept"]
    assert {item.id: list(item.reasons) for item in plan_ if not item.keep} == example["deleted"]


def test_groups_are_independent() -> None:
    narrow = Candidate("narrow", at("2026-11-20T23:00"), "only t")
    whole = [Candidate("whole", at("2026-11-20T03:00")), Candidate("before", at("2026-11-19T03:00"))]
    assert [item.id for item in plan(RetentionPolicy(daily=1), [narrow, *whole]) if item.keep] == ["narrow", "whole"]


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))
# Close together as well as far apart: around both changes of the clock, every few minutes.
NEAR = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from([at("2026-03-29T00:00"), at("2026-10-25T00:00"), at("2026-04-04T12:00"), at("2026-12-31T12:00")]),
    st.integers(0, 48 * 60),
)
HISTORIES = st.lists(
    st.tuples(st.one_of(MOMENTS, NEAR), st.sampled_from(["", "", "only t"]), st.booleans(), st.booleans()), max_size=40
).map(
    lambda rows: [
        Candidate(f"{number:03}", moment, group, ("legal hold",) if one and two else ())
        for number, (moment, group, one, two) in enumerate(rows)
    ]
)
POLICIES = st.builds(
    RetentionPolicy,
    *(st.integers(0, 6) for _ in RULES),
    within=st.integers(0, 2000).map(lambda hours: timedelta(hours=hours)),
    zone=st.sampled_from(ZONES),
)


def kept(policy: RetentionPolicy, history: list[Candidate]) -> set[str]:
    return {item.id for item in plan(policy, history) if item.keep}


@LAW
@given(POLICIES, HISTORIES, st.randoms(use_true_random=False))
def test_plan_ignores_input_order(policy: RetentionPolicy, history: list[Candidate], chance: Any) -> None:
    shuffled = list(history)
    chance.shuffle(shuffled)
    assert plan(policy, shuffled) == plan(policy, history)


@LAW
@given(POLICIES, HISTORIES)
def test_plan_is_idempotent(policy: RetentionPolicy, history: list[Candidate]) -> None:
    left = kept(policy, history)
    assert kept(policy, [item for item in history if item.id in left]) == left


@LAW
@given(POLICIES, HISTORIES, st.sampled_from(RULES), st.integers(1, 20))
def test_larger_numbers_never_delete_more(
    policy: RetentionPolicy, history: list[Candidate], rule: str, more: int
) -> None:
    if policy.has_rules:
        larger = replace(policy, **{rule: getattr(policy, rule) + more})
        assert kept(policy, history) <= kept(larger, history)
        assert kept(policy, history) <= kept(replace(policy, within=policy.within + timedelta(hours=more)), history)


@LAW
@given(POLICIES, HISTORIES)
def test_newest_and_pinned_snapshots_are_kept(policy: RetentionPolicy, history: list[Candidate]) -> None:
    left = kept(policy, history)
    assert {item.id for item in history if item.pins} <= left
    for group in {item.group for item in history}:
        newest = max((item for item in history if item.group == group), key=lambda item: (item.at, item.id))
        assert newest.id in left


@LAW
@given(POLICIES, HISTORIES)
def test_every_decision_has_a_reason(policy: RetentionPolicy, history: list[Candidate]) -> None:
    plan_ = plan(policy, history)
    assert sorted(item.id for item in plan_) == sorted(item.id for item in history)
    assert all(item.reasons for item in plan_)


@LAW
@given(POLICIES, HISTORIES, st.data())
def test_pinning_a_snapshot_deletes_no_other(
    policy: RetentionPolicy, history: list[Candidate], data: st.DataObject
) -> None:
    if history:
        entry = data.draw(st.sampled_from(history))
        held = [replace(other, pins=("legal hold",)) if other is entry else other for other in history]
        assert kept(policy, held) == kept(policy, history) | {entry.id}


@LAW
@given(POLICIES, HISTORIES)
def test_each_rule_keeps_its_number(policy: RetentionPolicy, history: list[Candidate]) -> None:
    plan_ = plan(policy, history)
    for group in {item.group for item in history}:
        mine = {item.id for item in history if item.group == group}
        for rule in RULES[1:]:
            number = sum(
                reason.startswith(f"{rule} ")
                for item in plan_
                if item.id in mine
                for reason in item.reasons
                if item.keep
            )
            assert number <= getattr(policy, rule)


DAMAGED_HISTORIES = st.tuples(HISTORIES, st.randoms(use_true_random=False)).map(
    lambda drawn: [replace(item, damaged=drawn[1].random() < 0.3) for item in drawn[0]]
)


@LAW
@given(POLICIES, DAMAGED_HISTORIES)
def test_damaged_snapshots_never_stand_for_sound_ones(policy: RetentionPolicy, history: list[Candidate]) -> None:
    sound = [item for item in history if not item.damaged]
    assert kept(policy, history) & {item.id for item in sound} == kept(policy, sound)


@LAW
@given(POLICIES, DAMAGED_HISTORIES)
def test_damaged_snapshots_are_kept_as_long_as_if_they_were_sound(
    policy: RetentionPolicy, history: list[Candidate]
) -> None:
    damaged = {item.id for item in history if item.damaged}
    assert kept(policy, history) & damaged == kept(policy, [replace(item, damaged=False) for item in history]) & damaged


@LAW
@given(POLICIES, DAMAGED_HISTORIES)
def test_plan_with_damaged_snapshots_is_idempotent(policy: RetentionPolicy, history: list[Candidate]) -> None:
    left = kept(policy, history)
    assert kept(policy, [item for item in history if item.id in left]) == left
