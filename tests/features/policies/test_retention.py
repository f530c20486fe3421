"""Retention: which snapshots are deleted and kept, the preview, and interrupted deletions."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from features.policies.policy_fixture import HOURLY, PolicyFixture
from headwater.features.policies import maintenance
from headwater.features.policies.service import retention
from headwater.features.snapshots import maintenance as upkeep_of_snapshots
from headwater.features.snapshots.service import snapshots

DAY = timedelta(days=1)


async def taken(policy_fixture: PolicyFixture, *ages: float) -> list[str]:
    """Take scheduled snapshots, dated the given days ago; return their ids, oldest first."""
    new = []
    for age in sorted(ages, reverse=True):
        run = await policy_fixture.person.send("POST", f"{policy_fixture.path}/runs", 202)
        await policy_fixture.app.work(run["job"]["id"])
        result = await policy_fixture.person.get(f"/snapshots/{run['snapshot_id']}")
        assert result["status"] == "complete", await policy_fixture.person.get(f"/jobs/{run['job']['id']}/log")
        await policy_fixture.tick(datetime.now(UTC))
        await policy_fixture.sql(f"UPDATE book SET title = 'at {age}' WHERE id = 1")
        new.append(run["snapshot_id"])
        await dated(policy_fixture, run["snapshot_id"], datetime.now(UTC) - age * DAY)
    return new


async def dated(policy_fixture: PolicyFixture, snapshot: str, moment: datetime) -> None:
    async with policy_fixture.app.server.database.transaction() as db:
        await db.execute(text("UPDATE snapshots SET taken_at = :at WHERE id = :id"), {"at": moment, "id": snapshot})


async def test_retention_after_a_scheduled_snapshot_records_reasons(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    first, second, third = await taken(policy_fixture, 3, 2, 1)
    await policy_fixture.put(**HOURLY, retention={"last": 2})
    assert (await policy_fixture.scheduled())["outcome"] == "complete"
    left = await policy_fixture.complete_snapshots()
    assert len(left) == 2
    assert left[1] == third
    entries = [
        entry for entry in (await policy_fixture.person.get("/audit"))["items"] if entry["action"] == "snapshot.delete"
    ]
    assert {entry["resource"]["id"] for entry in entries} == {first, second}
    assert {entry["details"]["reason"] for entry in entries} == {"not among the last 2"}
    assert {entry["actor"]["kind"] if "actor" in entry else entry["actor_kind"] for entry in entries} == {"system"}
    assert sorted((await policy_fixture.vault()).snapshots()) == sorted(left)
    done = await policy_fixture.restore(await policy_fixture.person.get(f"/snapshots/{third}"), name="back")
    assert all(table["same"] for table in done["tables"])


async def test_preview_matches_what_retention_does(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    snapshots = await taken(policy_fixture, 40, 39, 20, 9, 8, 2, 1)
    policy = {**HOURLY, "retention": {"daily": 2, "monthly": 2}}
    preview = await policy_fixture.person.send("POST", f"{policy_fixture.path}/preview", 200, json={"policy": policy})
    assert await policy_fixture.complete_snapshots() == snapshots[::-1], "nothing was done"
    assert (await policy_fixture.person.get(policy_fixture.path))["retention"] is None
    assert preview["deleted"] == sum(not snapshot["keep"] for snapshot in preview["snapshots"]) > 0
    assert all(snapshot["reasons"] for snapshot in preview["snapshots"])
    await policy_fixture.put(**policy)
    assert await policy_fixture.person.send("POST", f"{policy_fixture.path}/preview", 200, json={}) == {
        **preview,
        "next": (await policy_fixture.person.get(policy_fixture.path))["next"],
    }
    await retention.apply(policy_fixture.app.server.context, _id(policy_fixture), datetime.now(UTC))
    assert await policy_fixture.complete_snapshots() == [
        snapshot["id"] for snapshot in preview["snapshots"] if snapshot["keep"]
    ]


def _id(policy_fixture: PolicyFixture) -> uuid.UUID:
    return uuid.UUID(policy_fixture.database)


async def test_held_manual_and_other_snapshots_are_kept(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY, tables=["book"])
    (narrow,) = await taken(policy_fixture, 5)
    await policy_fixture.put(**HOURLY)
    held, older = await taken(policy_fixture, 4, 3)
    await policy_fixture.person.send("PATCH", f"/snapshots/{held}", 200, json={"held": True})
    by_hand = await policy_fixture.take(label="Before the sale")
    await dated(policy_fixture, by_hand["id"], datetime.now(UTC) - 2 * DAY)
    await policy_fixture.put(**HOURLY, retention={"last": 1})
    preview = await policy_fixture.person.send("POST", f"{policy_fixture.path}/preview", 200, json={})
    reasons = {snapshot["id"]: snapshot["reasons"] for snapshot in preview["snapshots"]}
    assert reasons[by_hand["id"]] == ["not taken by the policy"]
    assert reasons[held] == ["legal hold"]
    assert reasons[narrow] == ["newest", "last 1"]
    assert (await policy_fixture.scheduled())["outcome"] == "complete"
    left = await policy_fixture.complete_snapshots()
    assert {narrow, held, by_hand["id"]} < set(left)
    assert len(left) == 4
    assert older not in left
    await policy_fixture.put(**HOURLY, retention={"last": 1, "scope": "every"})
    await policy_fixture.scheduled()
    left = await policy_fixture.complete_snapshots()
    assert by_hand["id"] not in left
    assert {narrow, held} < set(left)


async def test_failed_and_running_snapshots_do_not_count(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    (good,) = await taken(policy_fixture, 3)
    await policy_fixture.put(**HOURLY, tables=["loan"])
    await policy_fixture.sql("ALTER TABLE loan RENAME TO loans")
    assert (await policy_fixture.scheduled())["outcome"] == "failed"
    await policy_fixture.sql("ALTER TABLE loans RENAME TO loan")
    await policy_fixture.put(**HOURLY, retention={"last": 1})
    await policy_fixture.tick(await policy_fixture.due() + timedelta(minutes=1))
    server, path = policy_fixture.app.server, f"/databases/{policy_fixture.database}/snapshots"
    await retention.apply(server.context, _id(policy_fixture), datetime.now(UTC))
    assert await policy_fixture.complete_snapshots() == [good]
    assert [item["status"] for item in (await policy_fixture.person.get(path))["items"]] == [
        "taking",
        "failed",
        "complete",
    ]
    await retention.apply(server.context, _id(policy_fixture), datetime.now(UTC) + 8 * DAY)
    left = [item["status"] for item in (await policy_fixture.person.get(path))["items"]]
    assert left == ["taking", "complete"], "a failed one is shown for a week"


async def test_snapshot_in_use_by_a_restore_is_not_deleted(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY)
    first, second = await taken(policy_fixture, 2, 1)
    created = await policy_fixture.person.send("POST", f"/snapshots/{first}/restores", 202, json={"name": "back"})
    await policy_fixture.put(**HOURLY, retention={"last": 1})
    preview = await policy_fixture.person.send("POST", f"{policy_fixture.path}/preview", 200, json={})
    assert preview["snapshots"][1]["reasons"] == ["in use by a restore"]
    await policy_fixture.app.work(created["job"]["id"])
    await retention.apply(policy_fixture.app.server.context, _id(policy_fixture), datetime.now(UTC))
    assert await policy_fixture.complete_snapshots() == [second]


async def test_changed_retention_is_applied_after_an_hour(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(retention={"last": 1})
    snapshots = await taken(policy_fixture, 2)
    await policy_fixture.put()
    snapshots += await taken(policy_fixture, 1)
    await policy_fixture.put(retention={"last": 1})
    await policy_fixture.tick(datetime.now(UTC) + timedelta(minutes=50))
    assert await policy_fixture.complete_snapshots() == snapshots[::-1]
    await policy_fixture.tick(datetime.now(UTC) + timedelta(minutes=70))
    assert await policy_fixture.complete_snapshots() == snapshots[1:]


async def test_killed_deletion_is_completed_by_maintenance(
    policy_fixture: PolicyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await policy_fixture.put(**HOURLY)
    new = await taken(policy_fixture, 3, 2, 1)
    await policy_fixture.put(**HOURLY, retention={"last": 1})

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    server = policy_fixture.app.server
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "finish_removal", killed)
        with pytest.raises(RuntimeError):
            await retention.apply(server.context, _id(policy_fixture), datetime.now(UTC))
    assert await policy_fixture.complete_snapshots() == new[2:]
    await upkeep_of_snapshots.run_maintenance(server.context)
    assert (await policy_fixture.vault()).snapshots() == new[2:]
    await maintenance.run_maintenance(server.context)


async def test_long_history_is_deleted_in_batches(
    policy_fixture: PolicyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    await policy_fixture.put(**HOURLY)
    snapshots = await taken(policy_fixture, 4, 3, 2, 1)
    await policy_fixture.put(**HOURLY, retention={"last": 1})
    server = policy_fixture.app.server
    assert await retention.apply(server.context, _id(policy_fixture), datetime.now(UTC)) == 2
    assert await policy_fixture.complete_snapshots() == snapshots[:1:-1], "the oldest first"
    assert await retention.apply(server.context, _id(policy_fixture), datetime.now(UTC)) == 1
    assert await policy_fixture.complete_snapshots() == snapshots[3:]
