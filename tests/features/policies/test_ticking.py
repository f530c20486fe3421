"""What is due is done once, whoever ticks; what was missed, overlaps, fails or is killed leaves nothing stuck."""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from features.policies.rota import HOURLY, Rota
from headwater.features.policies.service import scheduler
from headwater.features.snapshots.service import snapshots
from headwater.kit.errors import Conflict

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_a_time_of_the_schedule_from_due_to_complete(rota: Rota) -> None:
    await rota.put(**HOURLY, label="Hourly")
    first = await rota.due()
    await rota.tick(first - MINUTE)
    assert await rota.runs() == []
    run = await rota.scheduled()
    assert (run["outcome"], run["detail"]) == ("complete", "")
    assert run["scheduled_for"] == first.isoformat().replace("+00:00", "Z")
    found = await rota.person.get(f"/snapshots/{run['snapshot_id']}")
    assert (found["status"], found["label"], found["scheduled"], found["by"]) == ("complete", "Hourly", True, None)
    assert await rota.due() == first + HOUR
    assert (await rota.person.get(rota.path))["last_run"]["id"] == run["id"]
    await rota.tick(first + MINUTE)
    assert len(await rota.runs()) == 1
    assert await rota.alerts() == []


async def test_five_tickers_at_once_take_one(rota: Rota) -> None:
    await rota.put(**HOURLY)
    at = await rota.due() + MINUTE
    await asyncio.gather(*(rota.tick(at) for _ in range(5)))
    assert len(await rota.runs()) == 1
    items = (await rota.person.get(f"/databases/{rota.database}/snapshots"))["items"]
    assert len(items) == 1


async def test_one_whose_clock_is_behind_does_not_take_it_again(rota: Rota) -> None:
    await rota.put(**HOURLY)
    at = await rota.due()
    await rota.tick(at + 30 * MINUTE)
    await rota.tick(at + MINUTE)
    assert len(await rota.runs()) == 1


async def test_killed_between_the_claim_and_the_snapshot_it_is_still_due(
    rota: Rota, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rota.put(**HOURLY)
    at = await rota.due() + MINUTE
    real = snapshots.begin

    async def killed(*given: Any) -> Any:
        await real(*given)
        raise asyncio.CancelledError  # after the snapshot and its job were written, before anything was committed

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "begin", killed)
        with pytest.raises(asyncio.CancelledError):
            await rota.tick(at)
    assert await rota.runs() == []
    assert (await rota.person.get(f"/databases/{rota.database}/snapshots"))["items"] == []
    run = await rota.scheduled()
    assert run["outcome"] == "complete"


@pytest.mark.parametrize(("misfire", "outcome", "taken"), [("run_once", "complete", 1), ("skip", "missed", 0)])
async def test_a_missed_time_follows_its_rule(rota: Rota, misfire: str, outcome: str, taken: int) -> None:
    await rota.put(schedule={"cron": "0 * * * *", "misfire": misfire, "grace_seconds": 600})
    first = await rota.due()
    run = await rota.scheduled(late=5 * HOUR + 30 * MINUTE)
    assert run["outcome"] == outcome
    assert run["scheduled_for"] == (first + 5 * HOUR).isoformat().replace("+00:00", "Z"), "the last one that was due"
    assert f"did not run when a snapshot was due, since {first:%Y-%m-%d %H:%M} UTC" in run["detail"]
    assert len(await rota.runs()) == 1, "once, not six times"
    assert len(await rota.shelf()) == taken
    assert [one["kind"] for one in await rota.alerts("open")] == ([] if taken else ["missed"])
    assert await rota.due() == first + 6 * HOUR
    if not taken:
        assert (await rota.scheduled())["outcome"] == "complete"
        assert [one["status"] for one in await rota.alerts()] == ["resolved"]


async def test_a_little_late_is_not_missed(rota: Rota) -> None:
    await rota.put(schedule={"cron": "0 * * * *", "misfire": "skip", "grace_seconds": 600})
    assert (await rota.scheduled(late=9 * MINUTE))["outcome"] == "complete"


async def test_while_one_is_being_taken_the_next_is_skipped(rota: Rota) -> None:
    await rota.put(**HOURLY)
    first = await rota.due()
    await rota.tick(first + MINUTE)
    await rota.tick(first + HOUR + MINUTE)
    later, one = await rota.runs()
    assert (later["outcome"], one["outcome"]) == ("skipped", "running")
    assert later["detail"] == f"The one of {first:%Y-%m-%d %H:%M} UTC was still being taken."
    await rota.house.work(one["job_id"])
    assert (await rota.scheduled())["outcome"] == "complete"
    assert [one["outcome"] for one in await rota.runs()] == ["complete", "skipped", "complete"]


async def test_a_paused_policy_does_nothing_and_makes_up_for_nothing(rota: Rota) -> None:
    made = await rota.put(**HOURLY)
    first = await rota.due()
    paused = await rota.put(**HOURLY, paused=True)
    assert (paused["next"], paused["due_at"]) == ([], None)
    await rota.tick(first + 3 * HOUR)
    assert await rota.runs() == []
    resumed = await rota.put(**HOURLY)
    assert resumed["next"] == made["next"]


async def test_a_snapshot_that_cannot_begin_is_a_failed_run_and_an_alert(
    rota: Rota, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rota.put(**HOURLY)

    async def refused(*_: Any) -> Any:
        raise Conflict("The project of shop is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "begin", refused)
        run = await rota.scheduled()
        await rota.scheduled()
    assert (run["outcome"], run["detail"]) == ("failed", "The project of shop is gone.")
    (alert,) = await rota.alerts("open")
    assert (alert["kind"], alert["times"]) == ("failed", 2)
    assert "The project of shop is gone." in alert["message"]
    assert (await rota.scheduled())["outcome"] == "complete"
    assert [one["status"] for one in await rota.alerts()] == ["resolved"]


async def test_a_job_that_fails_is_a_failed_run_and_a_cancelled_one_no_alert(rota: Rota) -> None:
    await rota.put(**HOURLY, tables=["loan"])
    await rota.sql("DROP TABLE loan")
    run = await rota.scheduled()
    assert run["outcome"] == "failed"
    assert "no table 'loan'" in run["detail"]
    (alert,) = await rota.alerts("open")
    assert (alert["kind"], alert["snapshot_id"], alert["job_id"]) == ("failed", run["snapshot_id"], run["job_id"])
    at = await rota.due() + MINUTE
    await rota.tick(at)
    (running, _) = await rota.runs()
    await rota.person.send("POST", f"/jobs/{running['job_id']}/cancel", 202)
    await rota.tick(at + MINUTE)
    assert (await rota.runs())[0]["outcome"] == "cancelled"
    assert (await rota.alerts("open"))[0]["times"] == 1


async def test_a_deleted_database_is_left_alone(rota: Rota) -> None:
    await rota.put(**HOURLY)
    at = await rota.due() + MINUTE
    await rota.tick(at)
    await rota.person.send("DELETE", f"/databases/{rota.database}", 204)
    await rota.tick(at + 2 * HOUR)
    async with rota.house.server.database.transaction() as db:
        found = await scheduler.repository.runs(db, uuid.UUID(rota.database), None, 10)
    assert [one.outcome for one in found] == ["running"], "its job goes on by itself"


async def test_one_policy_that_cannot_be_followed_does_not_hold_up_the_others(rota: Rota) -> None:
    other = Rota(rota.house, rota.person, await rota.person.database("sqlite"))
    await rota.put(**HOURLY)
    await other.put(**HOURLY)
    at = await rota.due() + MINUTE
    async with rota.house.server.database.transaction() as db:
        gone = "UPDATE snapshot_policies SET timezone = 'Europe/Atlantis' WHERE database_id = :id"
        await db.execute(text(gone), {"id": rota.database})
    await rota.tick(at)
    assert len(await other.runs()) == 1
    assert await rota.runs() == []


async def test_a_database_asleep_is_woken_by_its_policy(rota: Rota) -> None:
    shop = Rota(rota.house, rota.person, await rota.person.database("postgresql"))
    await shop.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    await shop.put(**HOURLY)
    asleep = await shop.person.send("PUT", f"/databases/{shop.database}/desired", 200, json={"state": "asleep"})
    assert asleep["state"] == "asleep"
    assert (await shop.scheduled())["outcome"] == "complete"


async def test_each_time_through_the_change_of_clocks_comes_once_whoever_ticks(rota: Rota) -> None:
    """Three tickers whose clocks differ, around the hour that comes twice and the one that does not come."""
    chance = random.Random(7)
    for first in ("2027-10-30T22:00", "2027-03-27T22:00"):
        begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
        await rota.put(schedule={"cron": "0,30 * * * *", "timezone": "Europe/Berlin"})
        async with rota.house.server.database.transaction() as db:
            await db.execute(text("DELETE FROM policy_runs"))
            await db.execute(text("UPDATE snapshot_policies SET next_at = :at, due_at = :at"), {"at": begin})
        for step in range(24):
            at = begin + step * timedelta(minutes=20)
            clocks = [at + timedelta(seconds=chance.uniform(-90, 90)) for _ in range(3)]
            await asyncio.gather(*(rota.tick(clock) for clock in clocks))
        times = sorted(datetime.fromisoformat(one["scheduled_for"]) for one in await rota.runs())
        assert times == [begin + number * timedelta(minutes=30) for number in range(16)]
        await rota.person.send("DELETE", rota.path, 204)
