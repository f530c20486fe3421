"""Policies over HTTP: who may set one, what is refused, what is shown, what the audit says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.policies.rota import HOURLY, Rota
from people import Person

DAILY = {"schedule": {"cron": "30 3 * * *", "timezone": "Europe/Berlin", "jitter_seconds": 60}}


async def member(rota: Rota, role: str) -> Person:
    person = await rota.house.person(role)
    place = f"/organizations/{rota.person.organization}/members"
    await rota.person.send("POST", place, 201, json={"email": person.email, "role": role})
    return person


async def test_strangers_and_neighbours_see_no_policy(rota: Rota) -> None:
    await rota.put(**HOURLY)
    stranger, neighbour = await rota.house.stranger(), await rota.house.person("neighbour")
    asked = [
        ("GET", "", None),
        ("PUT", "", HOURLY),
        ("DELETE", "", None),
        ("POST", "/preview", {}),
        ("GET", "/runs", None),
    ]
    for method, rest, body in [*asked, ("POST", "/runs", None)]:
        path = f"/api/v1{rota.path}{rest}"
        assert (await stranger.request(method, path, json=body)).status_code == 401
        assert (await neighbour.client.request(method, path, json=body)).status_code == 404
    assert (await stranger.get("/api/v1/alerts")).status_code == 401
    assert (await rota.person.get(rota.path))["schedule"]["cron"] == "0 * * * *"


async def test_a_viewer_looks_a_member_sets_and_an_admin_lets_things_be_deleted(rota: Rota) -> None:
    await rota.put(**HOURLY)
    viewer, someone = await member(rota, "viewer"), await member(rota, "member")
    assert (await viewer.get(rota.path))["next"]
    await viewer.send("POST", f"{rota.path}/preview", 200, json={"policy": {"retention": {"last": 1}}})
    await viewer.send("PUT", rota.path, 403, json=HOURLY)
    await viewer.send("POST", f"{rota.path}/runs", 403)
    await viewer.send("DELETE", rota.path, 403)
    await someone.send("PUT", rota.path, 200, json=DAILY)
    await someone.send("PUT", rota.path, 403, json={**DAILY, "retention": {"last": 1}})
    await rota.put(**DAILY, retention={"last": 3})
    await someone.send("PUT", rota.path, 200, json={**HOURLY, "retention": {"last": 3}})
    await someone.send("PUT", rota.path, 403, json=HOURLY)
    await someone.send("DELETE", rota.path, 403)
    await rota.person.send("DELETE", rota.path, 204)
    missing = await rota.person.send("GET", rota.path, 404)
    assert "no policy" in missing["detail"]


async def test_a_policy_says_its_next_five_times(rota: Rota) -> None:
    given = {
        **DAILY, "label": "Nightly", "exclude": ["loan"], "growth": 3.0, "drill_every_days": 7,
        "retention": {"daily": 14, "weekly": 8, "within_hours": 24},
        "verify": {"kind": "deep", "every_days": 2, "percent": 10},
    }  # fmt: skip
    made = await rota.put(**given)
    times = [datetime.fromisoformat(one) for one in made["next"]]
    assert len(times) == 5
    assert times[0] > datetime.now(UTC)
    assert all(one - other <= timedelta(hours=25) for one, other in zip(times[1:], times, strict=False))
    due = datetime.fromisoformat(made["due_at"])
    assert times[0] <= due <= times[0] + timedelta(seconds=60)
    assert made["schedule"] == {**DAILY["schedule"], "misfire": "run_once", "grace_seconds": 3600}
    assert (made["label"], made["exclude"], made["tables"], made["growth"]) == ("Nightly", ["loan"], None, 3.0)
    assert made["retention"]["weekly"] == 8
    assert made == await rota.person.get(rota.path)
    again = await rota.put(**{**given, "label": "By night"})
    assert again["due_at"] == made["due_at"], "what did not change keeps its time"
    entry = next(one for one in (await rota.person.get("/audit"))["items"] if one["action"] == "policy.set")
    assert entry["details"]["retention"]["daily"] == 14


@pytest.mark.parametrize(
    ("policy", "status", "said"),
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
        ({"tables": ["book"], "exclude": ["book"]}, 400, "No table"),
        ({"shedule": None}, 422, "shedule"),
        ({"growth": 0.5}, 422, "growth"),
    ],
)
async def test_what_cannot_be_followed_is_refused_in_words(
    rota: Rota, policy: dict[str, Any], status: int, said: str
) -> None:
    refused = await rota.person.send("PUT", rota.path, status, json=policy)
    assert said in str(refused)
    await rota.person.send("GET", rota.path, 404)


async def test_engines_without_snapshots_have_no_policy(rota: Rota) -> None:
    cache = await rota.person.database("redis")
    refused = await rota.person.send("PUT", f"/databases/{cache}/policy", 400, json=HOURLY)
    assert "no snapshots" in refused["detail"]


async def test_run_by_hand_takes_what_the_policy_would(rota: Rota) -> None:
    await rota.put(label="By night", exclude=["loan"])
    run = await rota.person.send("POST", f"{rota.path}/runs", 202)
    refused = await rota.person.send("POST", f"{rota.path}/runs", 409)
    assert "still being taken" in refused["detail"]
    await rota.house.work(run["job"]["id"])
    again = await rota.person.send("POST", f"{rota.path}/runs", 202)
    assert [one["outcome"] for one in await rota.runs()] == ["running", "complete"], "nobody had to tick for that"
    await rota.house.work(again["job"]["id"])
    found = await rota.person.get(f"/snapshots/{run['snapshot_id']}")
    assert (found["label"], found["tables"], found["scheduled"], found["by"]) == ("By night", 1, True, "tomas")
    await rota.tick(datetime.now(UTC))
    for done in await rota.runs():
        assert (done["outcome"], done["scheduled_for"]) == ("complete", None)
    by_hand = await rota.take()
    assert by_hand["scheduled"] is False


async def test_two_who_set_at_once_leave_one_policy(rota: Rota) -> None:
    answers = await asyncio.gather(
        *(rota.person.client.put(f"/api/v1{rota.path}", json=one) for one in (HOURLY, DAILY))
    )
    assert [one.status_code for one in answers] == [200, 200]
    assert (await rota.person.get(rota.path))["schedule"]["cron"] in {"0 * * * *", "30 3 * * *"}
