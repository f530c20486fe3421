"""Scheduled checks: verifications read every page in time, damage opens alerts, and test restores run."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.policies.policy_fixture import HOURLY, PolicyFixture
from headwater.core.snapshots.schema_proof import SchemaProof
from headwater.features.snapshots import repository
from headwater.features.snapshots.service.restore import restores
from headwater.kit.errors import Conflict

DAY = timedelta(days=1)


async def checked(policy_fixture: PolicyFixture, kind: str, at: datetime) -> Any:
    """Make a check due at a point in time, run its job, record its result, and return its newest run."""
    await policy_fixture.tick(at)
    run = (await policy_fixture.runs(kind))[0]
    if run["job_id"] and run["outcome"] == "running":
        await policy_fixture.app.work(run["job_id"])
    await policy_fixture.tick(at + timedelta(seconds=15))
    return (await policy_fixture.runs(kind))[0]


async def largest(policy_fixture: PolicyFixture) -> Path:
    vault = await policy_fixture.vault()
    blob = max(vault.blobs.list("packs/"), key=lambda item: item.size)
    return Path(vault.blobs.folder / blob.name)  # type: ignore[attr-defined]


async def test_checks_wait_for_the_first_snapshot(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(verify={"kind": "quick"}, drill_every_days=1)
    await policy_fixture.tick(datetime.now(UTC))
    assert await policy_fixture.runs("verify") == await policy_fixture.runs("drill") == []
    await policy_fixture.take()
    assert (await checked(policy_fixture, "verify", datetime.now(UTC)))["outcome"] == "complete"


async def test_verification_shares_cover_all_pages(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.sql(
        "INSERT INTO book SELECT 100 + value, 'n' || value FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 60000) SELECT value FROM c)"
    )
    await policy_fixture.put(verify={"kind": "deep", "every_days": 2, "percent": 34})
    snapshot = await policy_fixture.take()
    at, rows = datetime.now(UTC), []
    for day in range(3):
        run = await checked(policy_fixture, "verify", at + 2 * day * DAY)
        assert run["outcome"] == "complete"
        log = (await policy_fixture.person.get(f"/jobs/{run['job_id']}/log"))["items"]
        rows.append(next(line["message"] for line in log if "were read" in line["message"]))
        await policy_fixture.tick(at + 2 * day * DAY + DAY)
    assert len(await policy_fixture.runs("verify")) == 3, "not on the days between"
    counted = [int(row.rsplit(" with ", 1)[1].split(" rows")[0].replace(",", "")) for row in rows]
    assert sum(counted) == snapshot["rows"]
    result = (await policy_fixture.person.get(f"/snapshots/{snapshot['id']}"))["verification"]
    assert (result["kind"], result["percent"], result["ok"]) == ("deep", 33, True)


async def test_damage_opens_an_alert_until_acknowledged(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(verify={"kind": "deep", "every_days": 1, "percent": 100})
    snapshot = await policy_fixture.take()
    file = await largest(policy_fixture)
    sound = file.read_bytes()
    data = bytearray(sound)
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    at = datetime.now(UTC)
    run = await checked(policy_fixture, "verify", at)
    assert (run["outcome"], run["detail"]) == (
        "damaged",
        "1 of 1 snapshots are damaged. See the log of the job for details.",
    )
    (alert,) = await policy_fixture.alerts("open")
    assert (alert["kind"], alert["snapshot_id"]) == ("damaged", snapshot["id"])
    assert not (await policy_fixture.person.get(f"/snapshots/{snapshot['id']}"))["verification"]["ok"]
    file.write_bytes(sound)
    assert (await checked(policy_fixture, "verify", at + 2 * DAY))["outcome"] == "complete"
    assert (await policy_fixture.person.get(f"/snapshots/{snapshot['id']}"))["verification"]["ok"]
    assert [alert["kind"] for alert in await policy_fixture.alerts("open")] == ["damaged"]


async def test_damage_found_by_hand_opens_an_alert_and_is_not_inherited(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put()
    before = await policy_fixture.take()
    damaged = await policy_fixture.take()
    file = await largest(policy_fixture)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    person = policy_fixture.person

    async def is_sound(snapshot: Any) -> bool:
        body = {"kind": "deep"}
        job = await person.send("POST", f"/snapshots/{snapshot['id']}/verifications", 202, json=body)
        await policy_fixture.app.work(job["id"])
        return bool((await person.get(f"/snapshots/{snapshot['id']}"))["verification"]["ok"])

    assert not await is_sound(damaged)
    at = datetime.now(UTC)
    for _ in range(2):  # known damage is reported once
        await policy_fixture.tick(at)
    (alert,) = await policy_fixture.alerts("open")
    assert (alert["kind"], alert["snapshot_id"], alert["times"]) == ("damaged", damaged["id"], 1)
    # `before` shares the damaged page, which nobody has verified: it is no parent either.
    assert before["verification"]["ok"]
    fresh = await policy_fixture.take()
    assert fresh["parent_id"] is None and await is_sound(fresh)
    after = await policy_fixture.take()
    assert after["parent_id"] == fresh["id"] and await is_sound(after)


async def test_damage_is_not_cleared_by_a_weaker_verification(
    policy_fixture: PolicyFixture,
) -> None:
    await policy_fixture.put(verify={"kind": "quick"})
    snapshot = await policy_fixture.take()
    file = await largest(policy_fixture)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    path = f"/snapshots/{snapshot['id']}"
    job = await policy_fixture.person.send("POST", f"{path}/verifications", 202, json={"kind": "deep"})
    await policy_fixture.app.work(job["id"])
    assert not (await policy_fixture.person.get(path))["verification"]["ok"]
    assert (await checked(policy_fixture, "verify", datetime.now(UTC)))["outcome"] == "complete"
    assert not (await policy_fixture.person.get(path))["verification"]["ok"]


async def test_unavailable_storage_is_an_alert_and_not_damage(
    policy_fixture: PolicyFixture,
) -> None:
    await policy_fixture.put(verify={"kind": "quick"})
    await policy_fixture.take()
    folder = (await policy_fixture.vault()).blobs.folder  # type: ignore[attr-defined]
    folder.rename(folder.with_suffix(".away"))
    at = datetime.now(UTC)
    await policy_fixture.tick(at)
    (run,) = await policy_fixture.runs("verify")
    for _ in range(3):  # as many attempts as a job has
        await policy_fixture.app.work(run["job_id"])
    await policy_fixture.tick(at)
    assert (await policy_fixture.runs("verify"))[0]["outcome"] == "failed"
    assert [alert["kind"] for alert in await policy_fixture.alerts("open")] == ["verify_failed"]
    folder.with_suffix(".away").rename(folder)
    assert (await checked(policy_fixture, "verify", at + 2 * DAY))["outcome"] == "complete"
    assert await policy_fixture.alerts("open") == []


async def test_newest_snapshot_is_drilled_and_nothing_is_left(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(drill_every_days=7)
    await policy_fixture.take()
    newest = await policy_fixture.take()
    before = (await policy_fixture.person.get(f"/projects/{policy_fixture.person.project['id']}/databases"))["items"]
    at = datetime.now(UTC)
    run = await checked(policy_fixture, "drill", at)
    assert (run["outcome"], run["snapshot_id"]) == ("complete", newest["id"])
    result = await policy_fixture.person.get(f"/snapshots/{newest['id']}")
    assert result["drilled_at"]
    assert result["drill_seconds"] > 0
    after = (await policy_fixture.person.get(f"/projects/{policy_fixture.person.project['id']}/databases"))["items"]
    assert [item["id"] for item in after] == [item["id"] for item in before]
    await policy_fixture.tick(at + 6 * DAY)
    assert len(await policy_fixture.runs("drill")) == 1


async def test_drill_that_misses_an_object_is_an_alert(policy_fixture: PolicyFixture) -> None:
    policy_fixture.database = await policy_fixture.person.database("postgresql")
    await policy_fixture.put(drill_every_days=1)
    ((here,),) = await policy_fixture.sql("SELECT current_database()")
    await policy_fixture.sql(
        "CREATE FUNCTION only_here(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        f"$$ BEGIN IF current_database() <> '{here}' THEN RAISE 'not here'; END IF; RETURN 1; END $$;"
        "CREATE TABLE book (id int); INSERT INTO book VALUES (1); CREATE INDEX of_it ON book (only_here(id))"
    )
    await policy_fixture.take()
    run = await checked(policy_fixture, "drill", datetime.now(UTC))
    detail = "All rows were restored, but 1 object not. index public.of_it: not here."
    assert (run["outcome"], run["detail"]) == ("failed", detail)
    (alert,) = [alert for alert in await policy_fixture.alerts("open") if alert["kind"] == "drill_failed"]
    assert alert["message"] == f"The test restore of the newest snapshot is incomplete. {detail}"


async def test_failed_drill_is_an_alert_until_one_succeeds(
    policy_fixture: PolicyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await policy_fixture.put(drill_every_days=1)
    await policy_fixture.take()

    async def refused(*_: Any) -> Any:
        raise Conflict("No more databases can be made here.")

    at = datetime.now(UTC)
    with monkeypatch.context() as patch:
        patch.setattr(restores, "begin_drill", refused)
        run = await checked(policy_fixture, "drill", at)
    assert (run["outcome"], run["detail"]) == ("failed", "No more databases can be made here.")
    file = await largest(policy_fixture)
    sound = file.read_bytes()
    file.write_bytes(bytes(len(sound)))
    run = await checked(policy_fixture, "drill", at + 2 * DAY)
    if run["outcome"] == "running":  # damage may be a storage that answers wrongly: it is tried again
        for _ in range(2):
            await policy_fixture.app.work(run["job_id"])
        run = await checked(policy_fixture, "drill", at + 2 * DAY)
    assert run["outcome"] == "failed"
    (alert,) = await policy_fixture.alerts("open")
    assert (alert["kind"], alert["times"]) == ("drill_failed", 2)
    file.write_bytes(sound)
    assert (await checked(policy_fixture, "drill", at + 4 * DAY))["outcome"] == "complete"
    assert [alert["status"] for alert in await policy_fixture.alerts()] == ["resolved"]


async def test_schema_that_cannot_be_restored_opens_one_alert_until_one_is_proven(
    policy_fixture: PolicyFixture,
) -> None:
    await policy_fixture.put(**HOURLY)
    for proof, statuses in (
        (SchemaProof("refuted", refused=("view v: it names another database.",)), ["open"]),
        (SchemaProof("proven", equal=3), ["resolved"]),
        (SchemaProof("refuted", different=("view v",)), ["open", "resolved"]),
    ):
        run = await policy_fixture.scheduled()
        async with policy_fixture.app.server.database.transaction() as db:
            await repository.mark(db, uuid.UUID(run["snapshot_id"]), proof=proof.plain)
        for _ in range(2):
            await policy_fixture.tick(datetime.now(UTC))
        alerts = await policy_fixture.alerts()
        assert [alert["status"] for alert in alerts] == statuses
        assert {(alert["kind"], alert["times"]) for alert in alerts} == {("not_restorable", 1)}
    assert alerts[0]["message"] == "The newest snapshot restored differently: 1 object. view v."
    assert alerts[1]["message"].endswith("cannot be restored: 1 object. view v: it names another database.")


async def test_unusual_growth_is_an_alert_above_the_threshold_of_the_policy(policy_fixture: PolicyFixture) -> None:
    await policy_fixture.put(**HOURLY, growth=2)
    for number in range(4):
        await policy_fixture.sql(f"INSERT INTO loan VALUES ({100 + number}, 1)")
        assert (await policy_fixture.scheduled())["outcome"] == "complete"
    assert await policy_fixture.alerts() == []
    many = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)"
    await policy_fixture.sql(f"INSERT INTO book SELECT 1000 + n, hex(randomblob(60)) FROM ({many} SELECT n FROM c)")
    run = await policy_fixture.scheduled()
    result = await policy_fixture.person.get(f"/snapshots/{run['snapshot_id']}")
    assert result["grew"]
    (alert,) = await policy_fixture.alerts("open")
    assert (alert["kind"], alert["snapshot_id"]) == ("grew", run["snapshot_id"])
    assert "more than 2 times as much as usual" in alert["message"]
    await policy_fixture.put(**HOURLY, growth=None)
    await policy_fixture.sql(f"INSERT INTO book SELECT 100000 + n, hex(randomblob(60)) FROM ({many} SELECT n FROM c)")
    await policy_fixture.scheduled()
    assert len(await policy_fixture.alerts("open")) == 1
