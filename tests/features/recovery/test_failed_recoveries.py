"""Recoveries that are cancelled, fail or are killed: the new database is deleted or created again, no process stays."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from features.recovery.recovery_fixture import RecoveryFixture
from headwater.features.recovery.service import base_backups, recovery_job, targets, vault_layout, wal_replay

ROWS = "SELECT count(*), sum(n) FROM step"


@pytest.fixture(autouse=True)
async def latest(recovery_fixture: RecoveryFixture) -> str:
    """A moment after which one more row was inserted."""
    await recovery_fixture.sql("INSERT INTO step SELECT coalesce(max(n), 0) + 1, 'one more' FROM step")
    await recovery_fixture.ship()
    return str((await recovery_fixture.status())["latest"])


def folders(recovery_fixture: RecoveryFixture) -> list[Path]:
    """Return the staging folders on the disk."""
    return list((recovery_fixture.app.server.settings.home_folder / "databases").glob("*.back"))


async def is_gone(recovery_fixture: RecoveryFixture, made: Any) -> None:
    """Check that nothing is left of a recovery."""
    assert folders(recovery_fixture) == []
    answer = await recovery_fixture.person.get(f"/recoveries/{made['id']}")
    assert answer["target_id"] is None
    listed = await recovery_fixture.person.get(f"/projects/{recovery_fixture.person.project['id']}/databases")
    assert made["target_name"] not in {item["name"] for item in listed["items"]}


@pytest.mark.parametrize("middle", ["files", "replay"])
async def test_cancelled_recovery_leaves_nothing(
    recovery_fixture: RecoveryFixture, latest: str, monkeypatch: pytest.MonkeyPatch, middle: str
) -> None:
    reached = threading.Event()
    if middle == "files":
        real = vault_layout.base_blocks

        def slowly(*given: Any) -> Any:
            for number, block in enumerate(real(*given)):
                if number == 20:
                    reached.set()
                    recovery_fixture.app.wait_for_stop()
                yield block

        monkeypatch.setattr(vault_layout, "base_blocks", slowly)
    else:

        async def never(attempt: Any, *_: Any) -> bool:
            reached.set()
            while True:
                attempt.check()
                await asyncio.sleep(0.05)

        monkeypatch.setattr(wal_replay, "_until_arrived", never)
    created = await recovery_fixture.begin(time=latest)
    running = asyncio.create_task(recovery_fixture.app.work(created["job"]["id"]))
    assert await asyncio.to_thread(reached.wait, 120)
    await recovery_fixture.person.send("POST", f"/jobs/{created['job']['id']}/cancel", 202)
    await asyncio.wait_for(running, 120)
    assert (await recovery_fixture.person.get(f"/jobs/{created['job']['id']}"))["state"] == "cancelled"
    await is_gone(recovery_fixture, created)


async def test_failed_recovery_is_deleted_and_retried(
    recovery_fixture: RecoveryFixture, latest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = await recovery_fixture.begin(time=latest)

    async def fails(*_: Any) -> Any:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(wal_replay, "replayed", fails)
        await recovery_fixture.app.work(created["job"]["id"])
    assert (await recovery_fixture.person.get(f"/jobs/{created['job']['id']}"))["state"] == "pending"
    await is_gone(recovery_fixture, created)
    await recovery_fixture.worked(created["job"]["id"])
    done = await recovery_fixture.person.get(f"/recoveries/{created['id']}")
    assert await recovery_fixture.sql(ROWS, done["target_id"]) == await recovery_fixture.sql(ROWS)
    await recovery_fixture.leave(done)


class Killed(BaseException):
    """Simulates a kill: no code handles this exception."""


@pytest.mark.parametrize("step", ["fill", "replay", "take_in", "built"])
async def test_recovery_killed_at_any_step_is_completed(
    recovery_fixture: RecoveryFixture, latest: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    created = await recovery_fixture.begin(time=latest)

    async def die(*_: Any, **__: Any) -> Any:
        raise Killed

    async def nothing(*_: Any) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(targets, "clear_after", nothing)
        driver = "headwater.drivers.local.LocalDriver"
        if step in {"fill", "replay"}:
            patch.setattr(*((recovery_job, "_fill") if step == "fill" else (wal_replay, "_stopped")), die)
            patch.setattr(f"{driver}.unstage", nothing)
        elif step == "take_in":
            patch.setattr(f"{driver}.take_in", die)
        else:
            patch.setattr(recovery_job, "_check_connection", die)
        with pytest.raises(Killed):
            await recovery_fixture.app.work(created["job"]["id"])
    job = (await recovery_fixture.person.get(f"/jobs/{created['job']['id']}"))["state"]
    assert job == "running"  # nobody has told the store, as after a kill
    left = folders(recovery_fixture)
    assert bool(left) == (step in {"fill", "replay"})
    await as_swept(recovery_fixture, created["job"]["id"])
    await recovery_fixture.worked(created["job"]["id"])
    done = await recovery_fixture.person.get(f"/recoveries/{created['id']}")
    assert folders(recovery_fixture) == []
    assert await recovery_fixture.sql(ROWS, done["target_id"]) == await recovery_fixture.sql(ROWS)
    await recovery_fixture.leave(done)


async def as_swept(recovery_fixture: RecoveryFixture, job: str) -> None:
    """Enqueue a job again, as the sweeper does with jobs of dead workers."""
    import uuid

    from headwater.features.jobs import repository

    async with recovery_fixture.app.server.database.transaction() as db:
        row = await repository.get(db, uuid.UUID(job), lock=True)
        assert row
        row.state = "pending"


async def test_base_backup_killed_after_commit_is_only_recorded(
    recovery_fixture: RecoveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await recovery_fixture.person.send("POST", f"/databases/{recovery_fixture.database}/recovery/bases", 202)
    again = await recovery_fixture.person.send("POST", f"/databases/{recovery_fixture.database}/recovery/bases", 409)
    assert "being created" in again["detail"]

    async def die(*_: Any) -> Any:
        raise OSError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(base_backups, "_ship_log", die)
        await recovery_fixture.app.work(job["id"])
    bases = len([snapshot for snapshot in (await recovery_fixture.vault()).snapshots() if snapshot.startswith("base-")])
    assert (await recovery_fixture.status())["bases"][0]["status"] == "taking"
    await recovery_fixture.worked(job["id"])
    newest = (await recovery_fixture.status())["bases"][0]
    assert (newest["status"], newest["usable"]) == ("complete", True)
    assert (
        len([snapshot for snapshot in (await recovery_fixture.vault()).snapshots() if snapshot.startswith("base-")])
        == bases
    )


async def test_base_backup_fails_if_the_database_stops(
    recovery_fixture: RecoveryFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await recovery_fixture.person.send("POST", f"/databases/{recovery_fixture.database}/recovery/bases", 202)
    loop = asyncio.get_running_loop()
    path = f"/databases/{recovery_fixture.database}/desired"
    real = vault_layout.write_base

    def stops(*given: Any) -> Any:
        stop = recovery_fixture.person.send("PUT", path, 200, json={"state": "asleep"}, params={"wait": 30})
        asyncio.run_coroutine_threadsafe(stop, loop).result(60)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(vault_layout, "write_base", stops)
        await recovery_fixture.app.work(job["id"])
    log = (await recovery_fixture.person.get(f"/jobs/{job['id']}/log"))["items"]
    assert any("stopped during its base backup" in line["message"] for line in log), log
    await recovery_fixture.worked(job["id"])
    assert (await recovery_fixture.status())["bases"][0]["usable"]
