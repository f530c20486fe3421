"""Shipping logs into the vault: kills at each step, idle databases, gaps, and retention."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from features.recovery.recovery_fixture import RecoveryFixture
from headwater.features.accounts.rights import SYSTEM
from headwater.features.databases.service import databases, instances
from headwater.features.databases.service.instances import LocalInstance
from headwater.features.recovery import repository
from headwater.features.recovery.models import ArchiveBase
from headwater.features.recovery.service import wal_archiver
from headwater.kit.clock import now
from headwater.vault import garbage_collection, local, verification
from headwater.vault.blobs import Blob

CANARY = "canary-4f1d0c9be2"


async def here(recovery_fixture: RecoveryFixture) -> LocalInstance:
    async with recovery_fixture.app.server.database.transaction() as db:
        database = await databases.find(db, SYSTEM, uuid.UUID(recovery_fixture.database))
        return await instances.local(db, recovery_fixture.app.server.settings, database)


async def spooled(recovery_fixture: RecoveryFixture) -> LocalInstance:
    """Write rows and let the server put the log into the spool, without shipping it."""
    await recovery_fixture.sql("INSERT INTO step SELECT max(n) + 1, 'spooled' FROM step")
    result = await here(recovery_fixture)
    end = await result.engine.flush_log(result.instance)
    async with asyncio.timeout(120):
        while not any(item.end >= (end or 0) for item in result.engine.spooled_segments(result.instance)):
            await asyncio.sleep(0.05)
    return result


@pytest.fixture(autouse=True)
async def rows(recovery_fixture: RecoveryFixture) -> None:
    await recovery_fixture.sql("INSERT INTO step SELECT coalesce(max(n), 0) + 1, 'one more' FROM step")


async def names(recovery_fixture: RecoveryFixture) -> list[str]:
    return [snapshot for snapshot in (await recovery_fixture.vault()).snapshots() if snapshot.startswith("log-")]


async def test_spool_is_shipped_into_the_vault(recovery_fixture: RecoveryFixture) -> None:
    result, before = await spooled(recovery_fixture), await names(recovery_fixture)
    await recovery_fixture.tick()
    assert result.engine.spooled_segments(result.instance) == []
    assert len(await names(recovery_fixture)) == len(before) + 1
    status = await recovery_fixture.status()
    assert (status["waiting"], status["problem"]) == (0, None)
    assert status["earliest"] <= status["latest"]


class Killed(BaseException):
    """Simulates a kill: no code handles this exception."""


@pytest.mark.parametrize("step", ["before the manifest", "after the manifest", "after the row"])
async def test_shipping_killed_at_any_step_loses_nothing(
    recovery_fixture: RecoveryFixture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    result, before = await spooled(recovery_fixture), await names(recovery_fixture)

    def die(*_: Any, **__: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "before the manifest":
            patch.setattr("headwater.vault.manifest.commit", die)
        elif step == "after the manifest":
            patch.setattr(repository, "keep_log", die)
        else:
            patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            await recovery_fixture.tick()
    assert result.engine.spooled_segments(result.instance)
    await spooled(recovery_fixture)
    await recovery_fixture.ship()
    assert result.engine.spooled_segments(result.instance) == []
    async with recovery_fixture.app.server.database.transaction() as db:
        logs = await repository.logs(db, (await recovery_fixture.archive()).id)
    assert all(item.ends == next_.first for item, next_ in itertools.pairwise(logs))
    assert sorted(log.name for log in logs) == sorted(await names(recovery_fixture))
    assert len(logs) > len(before)
    done = await recovery_fixture.back(time=(await recovery_fixture.status())["latest"])
    query = "SELECT count(*), sum(n) FROM step"
    assert await recovery_fixture.sql(query, done["target_id"]) == await recovery_fixture.sql(query)
    await recovery_fixture.leave(done)


async def test_idle_database_is_not_woken_and_its_latest_moment_advances(
    recovery_fixture: RecoveryFixture,
) -> None:
    path = f"/databases/{recovery_fixture.database}"
    await recovery_fixture.person.send("PUT", f"{path}/desired", 200, json={"state": "asleep"}, params={"wait": 30})
    await recovery_fixture.tick()
    before, latest = await names(recovery_fixture), (await recovery_fixture.status())["latest"]
    for _ in range(3):
        await recovery_fixture.tick()
    assert await names(recovery_fixture) == before
    status = await recovery_fixture.status()
    assert status["latest"] > latest
    assert status["lag_bytes"] == 0
    assert (await recovery_fixture.person.get(path))["state"] == "asleep"


async def test_old_commits_are_flushed_before_a_segment_is_full(
    recovery_fixture: RecoveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recovery_fixture.ship()
    await recovery_fixture.sql("INSERT INTO step SELECT max(n) + 1, 'alone' FROM step")
    before = now()
    await recovery_fixture.tick()
    assert (await recovery_fixture.status())["lag_bytes"] > 0
    monkeypatch.setattr(wal_archiver, "FLUSH_AFTER", timedelta(0))
    await recovery_fixture.tick()
    status = await recovery_fixture.status()
    assert status["lag_bytes"] == 0
    assert datetime.fromisoformat(status["latest"]) > before
    parts = await names(recovery_fixture)
    for _ in range(3):  # what a server writes by itself is no reason to end a part
        await recovery_fixture.tick()
    assert await names(recovery_fixture) == parts


async def test_shipping_problem_is_reported_and_a_retry_succeeds(
    recovery_fixture: RecoveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = await spooled(recovery_fixture)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(local, "_write", full)
        await recovery_fixture.tick()
    assert "is full" in (await recovery_fixture.status())["problem"]
    assert result.engine.spooled_segments(result.instance)
    await recovery_fixture.tick()
    assert (await recovery_fixture.status())["problem"] is None
    assert result.engine.spooled_segments(result.instance) == []


async def test_only_one_worker_ships_a_log(recovery_fixture: RecoveryFixture) -> None:
    await spooled(recovery_fixture)
    before = await names(recovery_fixture)
    server, archive = recovery_fixture.app.server, (await recovery_fixture.archive()).id
    turns = await asyncio.gather(*(wal_archiver.ship(server.context, archive) for _ in range(3)))
    assert True in turns
    assert len(await names(recovery_fixture)) == len(before) + 1


async def test_archived_rows_are_encrypted(recovery_fixture: RecoveryFixture) -> None:
    await recovery_fixture.sql(f"INSERT INTO step SELECT max(n) + 1, repeat('{CANARY}', 50) FROM step")
    await recovery_fixture.base()
    vault = await recovery_fixture.vault()
    blobs: list[Blob] = list(vault.blobs.list(""))
    assert len(blobs) > 5
    assert not [blob.name for blob in blobs if CANARY.encode() in vault.blobs.read(blob.name)]
    result = await asyncio.to_thread(verification.deep, vault)
    assert result.sound, result.findings
    assert result.rows > 1000


async def test_second_base_stores_only_changes_and_is_consistent(
    recovery_fixture: RecoveryFixture,
) -> None:
    """Transfer money between accounts while the base backup is read: the sum never changes."""
    await recovery_fixture.sql(
        "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL, pad text DEFAULT repeat('x', 200));"
        "INSERT INTO account SELECT g, 100 FROM generate_series(1, 2000) g"
    )
    await recovery_fixture.base()
    over, moved = asyncio.Event(), 0

    async def move() -> None:
        nonlocal moved
        while not over.is_set():
            await recovery_fixture.sql(  # one statement: a moment between two would see money on its way
                f"UPDATE account SET balance = balance + CASE WHEN id % 2 = {moved % 2} THEN 7 ELSE -7 END"
                f" + CASE id WHEN {moved % 1000 + 1} THEN 1 WHEN {moved % 1000 + 1001} THEN -1 ELSE 0 END"
            )
            moved += 1

    mover = asyncio.create_task(move())

    async def moves_on() -> None:
        until = moved + 3
        while moved < until:
            await asyncio.sleep(0.01)

    await recovery_fixture.base()
    await moves_on()
    middle = await recovery_fixture.one(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    )
    await moves_on()
    over.set()
    await mover
    newest = (await recovery_fixture.status())["bases"][0]
    assert newest["usable"]
    assert newest["new_bytes"] < newest["stored_bytes"] / 2
    done = await recovery_fixture.back(time=middle)
    assert await recovery_fixture.sql("SELECT count(*), sum(balance) FROM account", done["target_id"]) == [
        [2000, 200_000]
    ]
    assert done["last"] <= middle.replace("Z", "+00:00")
    await recovery_fixture.leave(done)


async def test_gap_is_reported_and_followed_by_a_new_base(
    recovery_fixture: RecoveryFixture,
) -> None:
    await recovery_fixture.ship()
    before = (await recovery_fixture.status())["latest"]
    result = await spooled(recovery_fixture)
    for part in result.engine.spooled_segments(result.instance):
        part.path.unlink()
    await spooled(recovery_fixture)
    lost = now()
    await recovery_fixture.tick()
    status = await recovery_fixture.status()
    assert status["bases"][0]["status"] == "taking"  # the upkeep has asked for it
    await recovery_fixture.begin(409, time=lost.isoformat())
    await recovery_fixture.worked(status["bases"][0]["job"]["id"])
    status = await recovery_fixture.status()
    assert len(status["windows"]) == 2
    refused = await recovery_fixture.begin(409, time=lost.isoformat())
    assert "is missing at" in refused["detail"]
    assert "Nothing can be restored after" in refused["hint"]
    done = await recovery_fixture.back(time=before)
    await recovery_fixture.leave(done)
    async with recovery_fixture.app.server.database.transaction() as db:
        logs = await repository.logs(db, (await recovery_fixture.archive()).id)
        gap = next(index for index, item in enumerate(logs) if index and item.first > logs[index - 1].ends)
        for item in logs[:gap]:
            item.reaches = (item.reaches or now()) - timedelta(days=8)
        await db.execute(
            update(ArchiveBase)
            .where(ArchiveBase.id != uuid.UUID(status["bases"][0]["id"]))
            .values(finished_at=now() - timedelta(days=9))
        )
    await recovery_fixture.tick()
    status = await recovery_fixture.status()
    assert (len(status["windows"]), len(status["bases"])) == (1, 1)
    assert (
        len([snapshot for snapshot in (await recovery_fixture.vault()).snapshots() if snapshot.startswith("base-")])
        == 1
    )
    stored = await names(recovery_fixture)  # the log before the base that is left is of no use, either
    assert stored and set(stored) <= {item.name for item in logs[gap:]}
    assert status["points"] == []
    vault = await recovery_fixture.vault()
    deleted = [
        (await asyncio.to_thread(garbage_collection.collect, vault, timedelta(seconds=-5))).deleted for _ in range(2)
    ]
    assert sum(deleted) > 0
    done = await recovery_fixture.back(time=status["latest"])
    query = "SELECT count(*), sum(n) FROM step"
    assert await recovery_fixture.sql(query, done["target_id"]) == await recovery_fixture.sql(query)
    await recovery_fixture.leave(done)


async def test_disabled_archive_is_kept_until_the_database_is_destroyed(
    recovery_fixture: RecoveryFixture,
) -> None:
    path = f"/databases/{recovery_fixture.database}"
    await recovery_fixture.ship()
    rows = await recovery_fixture.sql("SELECT count(*) FROM step")
    latest = (await recovery_fixture.status())["latest"]
    off = await recovery_fixture.person.send("PUT", f"{path}/recovery", 200, json={"enabled": False})
    assert not off["enabled"]
    async with asyncio.timeout(120):
        while await recovery_fixture.one("SELECT current_setting('archive_mode')") != "off":
            await asyncio.sleep(0.1)
    await recovery_fixture.sql("DELETE FROM step")
    await recovery_fixture.person.send("POST", f"{path}/recovery/points", 409, json={"name": "late"})
    done = await recovery_fixture.back(time=latest)
    assert await recovery_fixture.sql("SELECT count(*) FROM step", done["target_id"]) == rows
    await recovery_fixture.leave(done)
    await recovery_fixture.person.send("DELETE", path, 204)
    done = await recovery_fixture.back(time=latest)  # deleted, it can still be brought back
    assert await recovery_fixture.sql("SELECT count(*) FROM step", done["target_id"]) == rows
    await recovery_fixture.leave(done)
    vault = await recovery_fixture.vault()
    await recovery_fixture.person.send("POST", f"{path}/deletion/complete", 204)
    async with asyncio.timeout(120):
        while (await recovery_fixture.person.client.get(f"/api/v1{path}")).status_code != 404:
            await asyncio.sleep(0.1)
    await recovery_fixture.tick()
    assert vault.snapshots() == []
