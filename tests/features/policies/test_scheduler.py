"""The scheduler: each run happens once; missed, overlapping, failed and killed runs block nothing."""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from features.policies.policy_fixture import HOURLY, PolicyFixture
from headwater.features.policies.service import scheduler
from headwater.features.snapshots.service import snapshots
from headwater.kit.errors import Conflict

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_scheduled_run_from_due_to_complete(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY, label="Hourly")
    first = await policy_fixture.due()
    await policy_fixture.tick(first - MINUTE)
    assert await policy_fixture.runs() == []
    run = await policy_fixture.scheduled()
    assert (run["outcome"], run["detail"]) == ("complete", "")
    assert run["scheduled_for"] == first.isoformat().replace("+00:00", "Z")
    result = await policy_fixture.person.get(f"/snapshots/{run['snapshot_id']}")
    assert (result["status"], result["label"], result["scheduled"], result["by"]) == ("complete", "Hourly", True, None)
    assert await policy_fixture.due() == first + HOUR
    assert (await policy_fixture.person.get(policy_fixture.path))["last_run"]["id"] == run["id"]
    await policy_fixture.tick(first + MINUTE)
    assert len(await policy_fixture.runs()) == 1
    assert await policy_fixture.alerts() == []


async def test_concurrent_tickers_take_one_snapshot(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    at = await policy_fixture.due() + MINUTE
    await asyncio.gather(*(policy_fixture.tick(at) for _ in range(5)))
    assert len(await policy_fixture.runs()) == 1
    items = (await policy_fixture.person.get(f"/databases/{policy_fixture.database}/snapshots"))["items"]
    assert len(items) == 1


async def test_ticker_with_a_slow_clock_does_not_repeat_a_run(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    at = await policy_fixture.due()
    await policy_fixture.tick(at + 30 * MINUTE)
    await policy_fixture.tick(at + MINUTE)
    assert len(await policy_fixture.runs()) == 1


async def test_kill_between_claim_and_snapshot_keeps_it_due(
    policy_fixture: PolicyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await policy_fixture.put(**HOURLY)
    at = await policy_fixture.due() + MINUTE
    real = snapshots.begin

    async def killed(*given: Any) -> Any:
        await real(*given)
        raise asyncio.CancelledError  # after the snapshot and its job were written, before anything was committed

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "begin", killed)
        with pytest.raises(asyncio.CancelledError):
            await policy_fixture.tick(at)
    assert await policy_fixture.runs() == []
    assert (await policy_fixture.person.get(f"/databases/{policy_fixture.database}/snapshots"))["items"] == []
    run = await policy_fixture.scheduled()
    assert run["outcome"] == "complete"


@pytest.mark.parametrize(("misfire", "outcome", "taken"), [("run_once", "complete", 1), ("skip", "missed", 0)])
async def test_missed_run_follows_the_misfire_rule(
    policy_fixture: PolicyFixture, misfire: str, outcome: str, taken: int
) -> None:
    await policy_fixture.put(schedule={"cron": "0 * * * *", "misfire": misfire, "grace_seconds": 600})
    first = await policy_fixture.due()
    run = await policy_fixture.scheduled(late=5 * HOUR + 30 * MINUTE)
    assert run["outcome"] == outcome
    assert run["scheduled_for"] == (first + 5 * HOUR).isoformat().replace("+00:00", "Z"), "the last one that was due"
    assert f"was not running when snapshots were due, since {first:%Y-%m-%d %H:%M} UTC" in run["detail"]
    assert len(await policy_fixture.runs()) == 1, "once, not six times"
    assert len(await policy_fixture.complete_snapshots()) == taken
    assert [alert["kind"] for alert in await policy_fixture.alerts("open")] == ([] if taken else ["missed"])
    assert await policy_fixture.due() == first + 6 * HOUR
    if not taken:
        assert (await policy_fixture.scheduled())["outcome"] == "complete"
        assert [alert["status"] for alert in await policy_fixture.alerts()] == ["resolved"]


async def test_each_missed_run_opens_an_alert_if_the_last_one_is_within_the_grace(
    policy_fixture: PolicyFixture,
) -> None:
    await policy_fixture.put(schedule={"cron": "0 * * * *", "misfire": "skip", "grace_seconds": 600})
    first = await policy_fixture.due()
    assert (await policy_fixture.scheduled(late=3 * HOUR + 5 * MINUTE))["outcome"] == "complete"
    (alert,) = await policy_fixture.alerts()
    assert (alert["kind"], alert["status"]) == ("missed", "resolved")
    assert f"from {first:%Y-%m-%d %H:%M} UTC on" in alert["message"]


async def test_run_within_the_grace_is_not_missed(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(schedule={"cron": "0 * * * *", "misfire": "skip", "grace_seconds": 600})
    assert (await policy_fixture.scheduled(late=9 * MINUTE))["outcome"] == "complete"


async def test_run_is_skipped_while_the_last_snapshot_is_taken(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    first = await policy_fixture.due()
    await policy_fixture.tick(first + MINUTE)
    await policy_fixture.tick(first + HOUR + MINUTE)
    later, item = await policy_fixture.runs()
    assert (later["outcome"], item["outcome"]) == ("skipped", "running")
    assert later["detail"] == f"The snapshot of {first:%Y-%m-%d %H:%M} UTC was still being taken."
    await policy_fixture.app.work(item["job_id"])
    assert (await policy_fixture.scheduled())["outcome"] == "complete"
    assert [run["outcome"] for run in await policy_fixture.runs()] == ["complete", "skipped", "complete"]


async def test_paused_policy_runs_nothing_and_catches_up_nothing(policy_fixture: PolicyFixture) -> None:
    created = await policy_fixture.put(**HOURLY)
    first = await policy_fixture.due()
    paused = await policy_fixture.put(**HOURLY, paused=True)
    assert (paused["next"], paused["due_at"]) == ([], None)
    await policy_fixture.tick(first + 3 * HOUR)
    assert await policy_fixture.runs() == []
    resumed = await policy_fixture.put(**HOURLY)
    assert resumed["next"] == created["next"]


async def test_snapshot_that_cannot_start_is_a_failed_run_and_an_alert(
    policy_fixture: PolicyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await policy_fixture.put(**HOURLY)

    async def refused(*_: Any) -> Any:
        raise Conflict("The project of shop was deleted.")

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "begin", refused)
        run = await policy_fixture.scheduled()
        await policy_fixture.scheduled()
    assert (run["outcome"], run["detail"]) == ("failed", "The project of shop was deleted.")
    (alert,) = await policy_fixture.alerts("open")
    assert (alert["kind"], alert["times"]) == ("failed", 2)
    assert "The project of shop was deleted." in alert["message"]
    assert (await policy_fixture.scheduled())["outcome"] == "complete"
    assert [alert["status"] for alert in await policy_fixture.alerts()] == ["resolved"]


async def test_failed_job_is_an_alert_and_a_cancelled_one_is_not(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY, tables=["loan"])
    await policy_fixture.sql("DROP TABLE loan")
    run = await policy_fixture.scheduled()
    assert run["outcome"] == "failed"
    assert "no table 'loan'" in run["detail"]
    (alert,) = await policy_fixture.alerts("open")
    assert (alert["kind"], alert["snapshot_id"], alert["job_id"]) == ("failed", run["snapshot_id"], run["job_id"])
    at = await policy_fixture.due() + MINUTE
    await policy_fixture.tick(at)
    (running, _) = await policy_fixture.runs()
    await policy_fixture.person.send("POST", f"/jobs/{running['job_id']}/cancel", 202)
    await policy_fixture.tick(at + MINUTE)
    assert (await policy_fixture.runs())[0]["outcome"] == "cancelled"
    assert (await policy_fixture.alerts("open"))[0]["times"] == 1


async def test_deleted_database_is_ignored(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    at = await policy_fixture.due() + MINUTE
    await policy_fixture.tick(at)
    await policy_fixture.person.send("DELETE", f"/databases/{policy_fixture.database}", 204)
    await policy_fixture.tick(at + 2 * HOUR)
    async with policy_fixture.app.server.database.transaction() as db:
        actual = await scheduler.repository.runs(db, uuid.UUID(policy_fixture.database), None, 10)
    assert [item.outcome for item in actual] == ["running"], "its job goes on by itself"


async def test_invalid_policy_does_not_stop_the_others(policy_fixture: PolicyFixture) -> None:
    other = PolicyFixture(policy_fixture.app, policy_fixture.person, await policy_fixture.person.database("sqlite"))
    await policy_fixture.put(**HOURLY)
    await other.put(**HOURLY)
    at = await policy_fixture.due() + MINUTE
    async with policy_fixture.app.server.database.transaction() as db:
        gone = "UPDATE snapshot_policies SET timezone = 'Europe/Atlantis' WHERE database_id = :id"
        await db.execute(text(gone), {"id": policy_fixture.database})
    await policy_fixture.tick(at)
    assert len(await other.runs()) == 1
    assert await policy_fixture.runs() == []


async def test_policy_wakes_a_sleeping_database(policy_fixture: PolicyFixture) -> None:
    shop = PolicyFixture(policy_fixture.app, policy_fixture.person, await policy_fixture.person.database("postgresql"))
    await shop.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    await shop.put(**HOURLY)
    asleep = await shop.person.send("PUT", f"/databases/{shop.database}/desired", 200, json={"state": "asleep"})
    assert asleep["state"] == "asleep"
    assert (await shop.scheduled())["outcome"] == "complete"


async def test_runs_across_daylight_saving_happen_once(policy_fixture: PolicyFixture) -> None:
    """Run three tickers with different clocks around the hours that occur twice or not at all."""
    chance = random.Random(7)
    for first in ("2027-10-30T22:00", "2027-03-27T22:00"):
        begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
        await policy_fixture.put(schedule={"cron": "0,30 * * * *", "timezone": "Europe/Berlin"})
        async with policy_fixture.app.server.database.transaction() as db:
            await db.execute(text("DELETE FROM policy_runs"))
            await db.execute(text("UPDATE snapshot_policies SET next_at = :at, due_at = :at"), {"at": begin})
        for step in range(24):
            at = begin + step * timedelta(minutes=20)
            clocks = [at + timedelta(seconds=chance.uniform(-90, 90)) for _ in range(3)]
            await asyncio.gather(*(policy_fixture.tick(clock) for clock in clocks))
        times = sorted(datetime.fromisoformat(run["scheduled_for"]) for run in await policy_fixture.runs())
        assert times == [begin + number * timedelta(minutes=30) for number in range(16)]
        await policy_fixture.person.send("DELETE", policy_fixture.path, 204)
