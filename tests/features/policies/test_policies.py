"""Policies over HTTP: rights, refused values, responses and audit."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.policies.policy_fixture import HOURLY, PolicyFixture
from people import Person

DAILY = {"schedule": {"cron": "30 3 * * *", "timezone": "Europe/Berlin", "jitter_seconds": 60}}


async def member(policy_fixture: PolicyFixture, role: str) -> Person:
    person = await policy_fixture.app.person(role)
    await policy_fixture.person.invite(person, role)
    return person


async def test_policies_are_hidden_from_strangers_and_other_organizations(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    stranger, neighbour = await policy_fixture.app.stranger(), await policy_fixture.app.person("neighbour")
    asked = [
        ("GET", "", None),
        ("PUT", "", HOURLY),
        ("DELETE", "", None),
        ("POST", "/preview", {}),
        ("GET", "/runs", None),
    ]
    for method, rest, body in [*asked, ("POST", "/runs", None)]:
        path = f"/api/v1{policy_fixture.path}{rest}"
        assert (await stranger.request(method, path, json=body)).status_code == 401
        assert (await neighbour.client.request(method, path, json=body)).status_code == 404
    assert (await stranger.get("/api/v1/alerts")).status_code == 401
    assert (await policy_fixture.person.get(policy_fixture.path))["schedule"]["cron"] == "0 * * * *"


async def test_policy_rights_of_viewers_members_and_admins(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    viewer, someone = await member(policy_fixture, "viewer"), await member(policy_fixture, "member")
    assert (await viewer.get(policy_fixture.path))["next"]
    await viewer.send("POST", f"{policy_fixture.path}/preview", 200, json={"policy": {"retention": {"last": 1}}})
    await viewer.send("PUT", policy_fixture.path, 403, json=HOURLY)
    await viewer.send("POST", f"{policy_fixture.path}/runs", 403)
    await viewer.send("DELETE", policy_fixture.path, 403)
    await someone.send("PUT", policy_fixture.path, 200, json=DAILY)
    await someone.send("PUT", policy_fixture.path, 403, json={**DAILY, "retention": {"last": 1}})
    await policy_fixture.put(**DAILY, retention={"last": 3})
    await someone.send("PUT", policy_fixture.path, 200, json={**HOURLY, "retention": {"last": 3}})
    await someone.send("PUT", policy_fixture.path, 403, json=HOURLY)
    await someone.send("DELETE", policy_fixture.path, 403)
    await policy_fixture.person.send("DELETE", policy_fixture.path, 204)
    missing = await policy_fixture.person.send("GET", policy_fixture.path, 404)
    assert "no policy" in missing["detail"]


async def test_policy_shows_its_next_five_runs(policy_fixture: PolicyFixture) -> None:
    given = {
        **DAILY,
        "label": "Nightly",
        "exclude": ["loan"],
        "growth": 3.0,
        "drill_every_days": 7,
        "retention": {"daily": 14, "weekly": 8, "within_hours": 24},
        "verify": {"kind": "deep", "every_days": 2, "percent": 10},
    }
    created = await policy_fixture.put(**given)
    times = [datetime.fromisoformat(item) for item in created["next"]]
    assert len(times) == 5
    assert times[0] > datetime.now(UTC)
    assert all(item - other <= timedelta(hours=25) for item, other in zip(times[1:], times, strict=False))
    due = datetime.fromisoformat(created["due_at"])
    assert times[0] <= due <= times[0] + timedelta(seconds=60)
    assert created["schedule"] == {**DAILY["schedule"], "misfire": "run_once", "grace_seconds": 3600}
    assert (created["label"], created["exclude"], created["tables"], created["growth"]) == (
        "Nightly",
        ["loan"],
        None,
        3.0,
    )
    assert created["retention"]["weekly"] == 8
    assert created == await policy_fixture.person.get(policy_fixture.path)
    again = await policy_fixture.put(**{**given, "label": "By night"})
    assert again["due_at"] == created["due_at"], "what did not change keeps its time"
    entry = next(
        entry for entry in (await policy_fixture.person.get("/audit"))["items"] if entry["action"] == "policy.set"
    )
    assert entry["details"]["retention"]["daily"] == 14


@pytest.mark.parametrize(
    ("policy", "status", "message"),
    [
        ({"schedule": {"cron": "every night"}}, 422, "five fields"),
        ({"schedule": {"cron": "0 0 31 4 *"}}, 422, "day-of-month"),
        ({"schedule": {"cron": "0 3 * * *", "timezone": "Berlin"}}, 422, "no time zone 'Berlin'"),
        ({"schedule": {"cron": "0 3 * * *", "misfire": "often"}}, 422, "misfire"),
        ({"schedule": {"cron": "0 3 * * *", "grace_seconds": -1}}, 422, "grace_seconds"),
        ({"retention": {}}, 422, "how many"),
        ({"retention": {"daily": -1}}, 422, "daily"),
        ({"verify": {"every_days": 2, "percent": 5}}, 422, "40 days"),
        ({"exclude": ["lone"]}, 404, "no table 'lone'"),
        ({"tables": ["book"], "exclude": ["book"]}, 400, "contain no table"),
        ({"shedule": None}, 422, "shedule"),
        ({"growth": 0.5}, 422, "growth"),
    ],
)
async def test_invalid_policy_is_refused_with_a_reason(
    policy_fixture: PolicyFixture, policy: dict[str, Any], status: int, message: str
) -> None:
    refused = await policy_fixture.person.send("PUT", policy_fixture.path, status, json=policy)
    assert message in str(refused)
    await policy_fixture.person.send("GET", policy_fixture.path, 404)


async def test_engine_without_snapshots_has_no_policy(policy_fixture: PolicyFixture) -> None:
    cache = await policy_fixture.person.database("redis")
    refused = await policy_fixture.person.send("PUT", f"/databases/{cache}/policy", 400, json=HOURLY)
    assert "not supported yet" in refused["detail"]


async def test_manual_run_takes_the_snapshot_of_the_policy(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(label="By night", exclude=["loan"])
    run = await policy_fixture.person.send("POST", f"{policy_fixture.path}/runs", 202)
    refused = await policy_fixture.person.send("POST", f"{policy_fixture.path}/runs", 409)
    assert "still being taken" in refused["detail"]
    await policy_fixture.app.work(run["job"]["id"])
    again = await policy_fixture.person.send("POST", f"{policy_fixture.path}/runs", 202)
    assert [run["outcome"] for run in await policy_fixture.runs()] == ["running", "complete"], (
        "nobody had to tick for that"
    )
    await policy_fixture.app.work(again["job"]["id"])
    result = await policy_fixture.person.get(f"/snapshots/{run['snapshot_id']}")
    assert (result["label"], result["tables"], result["scheduled"], result["by"]) == ("By night", 1, True, "tomas")
    await policy_fixture.tick(datetime.now(UTC))
    for done in await policy_fixture.runs():
        assert (done["outcome"], done["scheduled_for"]) == ("complete", None)
    by_hand = await policy_fixture.take()
    assert by_hand["scheduled"] is False


async def test_concurrent_changes_leave_one_policy(policy_fixture: PolicyFixture) -> None:
    answers = await asyncio.gather(
        *(policy_fixture.person.client.put(f"/api/v1{policy_fixture.path}", json=answer) for answer in (HOURLY, DAILY))
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await policy_fixture.person.get(policy_fixture.path))["schedule"]["cron"] in {"0 * * * *", "30 3 * * *"}
