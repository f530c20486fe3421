"""Retention done: what goes and what stays, the preview that is the same plan, and what ends in the middle."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from features.policies.rota import HOURLY, Rota
from headwater.features.policies import maintenance
from headwater.features.policies.service import retention
from headwater.features.snapshots import maintenance as upkeep_of_snapshots
from headwater.features.snapshots.service import snapshots

DAY = timedelta(days=1)


async def taken(rota: Rota, *ages: float) -> list[str]:
    """Take scheduled snapshots, each so many days before now; return their ids, oldest first."""
    made = []
    for age in sorted(ages, reverse=True):
        run = await rota.person.send("POST", f"{rota.path}/runs", 202)
        await rota.house.work(run["job"]["id"])
        found = await rota.person.get(f"/snapshots/{run['snapshot_id']}")
        assert found["status"] == "complete", await rota.person.get(f"/jobs/{run['job']['id']}/log")
        await rota.tick(datetime.now(UTC))
        await rota.sql(f"UPDATE book SET title = 'at {age}' WHERE id = 1")
        made.append(run["snapshot_id"])
        await dated(rota, run["snapshot_id"], datetime.now(UTC) - age * DAY)
    return made


async def dated(rota: Rota, snapshot: str, moment: datetime) -> None:
    async with rota.house.server.database.transaction() as db:
        await db.execute(text("UPDATE snapshots SET taken_at = :at WHERE id = :id"), {"at": moment, "id": snapshot})


async def test_after_a_scheduled_snapshot_what_is_not_kept_goes_for_a_reason(rota: Rota) -> None:
    await rota.put(**HOURLY)
    first, second, third = await taken(rota, 3, 2, 1)
    await rota.put(**HOURLY, retention={"last": 2})
    assert (await rota.scheduled())["outcome"] == "complete"
    left = await rota.shelf()
    assert len(left) == 2
    assert left[1] == third
    entries = [one for one in (await rota.person.get("/audit"))["items"] if one["action"] == "snapshot.delete"]
    assert {one["resource"]["id"] for one in entries} == {first, second}
    assert {one["details"]["reason"] for one in entries} == {"not among the last 2"}
    assert {one["actor"]["kind"] if "actor" in one else one["actor_kind"] for one in entries} == {"system"}
    assert sorted((await rota.vault()).snapshots()) == sorted(left)
    done = await rota.restore(await rota.person.get(f"/snapshots/{third}"), name="back")
    assert all(one["same"] for one in done["tables"])


async def test_the_preview_is_what_then_happens_and_does_nothing(rota: Rota) -> None:
    await rota.put(**HOURLY)
    made = await taken(rota, 40, 39, 20, 9, 8, 2, 1)
    policy = {**HOURLY, "retention": {"daily": 2, "monthly": 2}}
    shown = await rota.person.send("POST", f"{rota.path}/preview", 200, json={"policy": policy})
    assert await rota.shelf() == made[::-1], "nothing was done"
    assert (await rota.person.get(rota.path))["retention"] is None
    assert shown["deleted"] == sum(not one["keep"] for one in shown["snapshots"]) > 0
    assert all(one["reasons"] for one in shown["snapshots"])
    await rota.put(**policy)
    assert await rota.person.send("POST", f"{rota.path}/preview", 200, json={}) == {
        **shown, "next": (await rota.person.get(rota.path))["next"],
    }  # fmt: skip
    await retention.apply(rota.house.server.settings, rota.house.server.database, _id(rota), datetime.now(UTC))
    assert await rota.shelf() == [one["id"] for one in shown["snapshots"] if one["keep"]]


def _id(rota: Rota) -> uuid.UUID:
    return uuid.UUID(rota.database)


async def test_held_ones_by_hand_and_of_other_tables_stay(rota: Rota) -> None:
    await rota.put(**HOURLY, tables=["book"])
    (narrow,) = await taken(rota, 5)
    await rota.put(**HOURLY)
    held, older = await taken(rota, 4, 3)
    await rota.person.send("PATCH", f"/snapshots/{held}", 200, json={"held": True})
    by_hand = await rota.take(label="Before the sale")
    await dated(rota, by_hand["id"], datetime.now(UTC) - 2 * DAY)
    await rota.put(**HOURLY, retention={"last": 1})
    shown = await rota.person.send("POST", f"{rota.path}/preview", 200, json={})
    reasons = {one["id"]: one["reasons"] for one in shown["snapshots"]}
    assert reasons[by_hand["id"]] == ["not taken by the policy"]
    assert reasons[held] == ["legal hold"]
    assert reasons[narrow] == ["newest", "last 1"]
    assert (await rota.scheduled())["outcome"] == "complete"
    left = await rota.shelf()
    assert {narrow, held, by_hand["id"]} < set(left)
    assert len(left) == 4
    assert older not in left
    await rota.put(**HOURLY, retention={"last": 1, "scope": "every"})
    await rota.scheduled()
    left = await rota.shelf()
    assert by_hand["id"] not in left
    assert {narrow, held} < set(left)


async def test_failed_and_running_ones_stand_for_none(rota: Rota) -> None:
    await rota.put(**HOURLY)
    (good,) = await taken(rota, 3)
    await rota.put(**HOURLY, tables=["loan"])
    await rota.sql("ALTER TABLE loan RENAME TO loans")
    assert (await rota.scheduled())["outcome"] == "failed"
    await rota.sql("ALTER TABLE loans RENAME TO loan")
    await rota.put(**HOURLY, retention={"last": 1})
    await rota.tick(await rota.due() + timedelta(minutes=1))
    server, path = rota.house.server, f"/databases/{rota.database}/snapshots"
    await retention.apply(server.settings, server.database, _id(rota), datetime.now(UTC))
    assert await rota.shelf() == [good]
    assert [one["status"] for one in (await rota.person.get(path))["items"]] == ["taking", "failed", "complete"]
    await retention.apply(server.settings, server.database, _id(rota), datetime.now(UTC) + 8 * DAY)
    left = [one["status"] for one in (await rota.person.get(path))["items"]]
    assert left == ["taking", "complete"], "a failed one is shown for a week"


async def test_one_that_is_being_restored_is_not_taken_away(rota: Rota) -> None:
    await rota.put(**HOURLY)
    first, second = await taken(rota, 2, 1)
    made = await rota.person.send("POST", f"/snapshots/{first}/restores", 202, json={"name": "back"})
    await rota.put(**HOURLY, retention={"last": 1})
    shown = await rota.person.send("POST", f"{rota.path}/preview", 200, json={})
    assert shown["snapshots"][1]["reasons"] == ["a restore reads it"]
    await rota.house.work(made["job"]["id"])
    await retention.apply(rota.house.server.settings, rota.house.server.database, _id(rota), datetime.now(UTC))
    assert await rota.shelf() == [second]


async def test_a_changed_retention_gives_an_hour_to_think_again(rota: Rota) -> None:
    await rota.put(retention={"last": 1})
    made = await taken(rota, 2)
    await rota.put()
    made += await taken(rota, 1)
    await rota.put(retention={"last": 1})
    await rota.tick(datetime.now(UTC) + timedelta(minutes=50))
    assert await rota.shelf() == made[::-1]
    await rota.tick(datetime.now(UTC) + timedelta(minutes=70))
    assert await rota.shelf() == made[1:]


async def test_a_deletion_that_is_killed_is_finished_by_the_upkeep(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    await rota.put(**HOURLY)
    made = await taken(rota, 3, 2, 1)
    await rota.put(**HOURLY, retention={"last": 1})

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    server = rota.house.server
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "finish_removal", killed)
        with pytest.raises(RuntimeError):
            await retention.apply(server.settings, server.database, _id(rota), datetime.now(UTC))
    assert await rota.shelf() == made[2:]
    await upkeep_of_snapshots.run_maintenance(server.database, server.settings)
    assert (await rota.vault()).snapshots() == made[2:]
    await maintenance.run_maintenance(server.database, server.settings)


async def test_a_long_history_goes_in_parts(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    await rota.put(**HOURLY)
    made = await taken(rota, 4, 3, 2, 1)
    await rota.put(**HOURLY, retention={"last": 1})
    server = rota.house.server
    assert await retention.apply(server.settings, server.database, _id(rota), datetime.now(UTC)) == 2
    assert await rota.shelf() == made[:1:-1], "the oldest first"
    assert await retention.apply(server.settings, server.database, _id(rota), datetime.now(UTC)) == 1
    assert await rota.shelf() == made[3:]
