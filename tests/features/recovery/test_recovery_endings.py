"""What ends in the middle: cancelled, failed, killed; the new database goes away or is made anew, nothing runs on."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from features.recovery.timeline import Timeline
from headwater.features.recovery.service import base_backups, recovery_job, targets, vault_layout, wal_replay

ROWS = "SELECT count(*), sum(n) FROM step"


@pytest.fixture(autouse=True)
async def latest(line: Timeline) -> str:
    """A moment with one row more."""
    await line.sql("INSERT INTO step SELECT coalesce(max(n), 0) + 1, 'one more' FROM step")
    await line.ship()
    return str((await line.status())["latest"])


def folders(line: Timeline) -> list[Path]:
    """What is being recovered on the disk."""
    return list((line.house.server.settings.home_folder / "databases").glob("*.back"))


async def is_gone(line: Timeline, made: Any) -> None:
    """Look whether nothing is left of a recovery."""
    assert folders(line) == []
    found = await line.person.get(f"/recoveries/{made['id']}")
    assert found["target_id"] is None
    listed = await line.person.get(f"/projects/{line.person.project['id']}/databases")
    assert made["target_name"] not in {one["name"] for one in listed["items"]}


@pytest.mark.parametrize("middle", ["files", "replay"])
async def test_cancelled_in_the_middle_nothing_is_left(
    line: Timeline, latest: str, monkeypatch: pytest.MonkeyPatch, middle: str
) -> None:
    reached = threading.Event()
    if middle == "files":
        real = vault_layout.base_blocks

        def slowly(*given: Any) -> Any:
            for number, block in enumerate(real(*given)):
                if number == 20:
                    reached.set()
                    threading.Event().wait(2)  # the word to stop comes meanwhile
                yield block

        monkeypatch.setattr(vault_layout, "base_blocks", slowly)
    else:

        async def never(attempt: Any, *_: Any) -> bool:
            reached.set()
            while True:
                attempt.check()
                await asyncio.sleep(0.05)

        monkeypatch.setattr(wal_replay, "_until_arrived", never)
    made = await line.begin(time=latest)
    running = asyncio.create_task(line.house.work(made["job"]["id"]))
    assert await asyncio.to_thread(reached.wait, 30)
    await line.person.send("POST", f"/jobs/{made['job']['id']}/cancel", 202)
    await asyncio.wait_for(running, 120)
    assert (await line.person.get(f"/jobs/{made['job']['id']}"))["state"] == "cancelled"
    await is_gone(line, made)


async def test_failed_it_is_taken_away_and_the_next_attempt_begins_anew(
    line: Timeline, latest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await line.begin(time=latest)

    async def fails(*_: Any) -> Any:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(wal_replay, "replayed", fails)
        await line.house.work(made["job"]["id"])
    assert (await line.person.get(f"/jobs/{made['job']['id']}"))["state"] == "pending"
    await is_gone(line, made)
    await line.worked(made["job"]["id"])
    done = await line.person.get(f"/recoveries/{made['id']}")
    assert await line.sql(ROWS, done["target_id"]) == await line.sql(ROWS)
    await line.leave(done)


class Killed(BaseException):
    """What a kill is to the code: nothing handles it."""


@pytest.mark.parametrize("step", ["fill", "replay", "take_in", "built"])
async def test_killed_at_any_step_the_next_attempt_completes_it(
    line: Timeline, latest: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = await line.begin(time=latest)

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
            patch.setattr(recovery_job, "_answers", die)
        with pytest.raises(Killed):
            await line.house.work(made["job"]["id"])
    job = (await line.person.get(f"/jobs/{made['job']['id']}"))["state"]
    assert job == "running"  # nobody has told the store, as after a kill
    left = folders(line)
    assert bool(left) == (step in {"fill", "replay"})
    await as_swept(line, made["job"]["id"])
    await line.worked(made["job"]["id"])
    done = await line.person.get(f"/recoveries/{made['id']}")
    assert folders(line) == []
    assert await line.sql(ROWS, done["target_id"]) == await line.sql(ROWS)
    await line.leave(done)


async def as_swept(line: Timeline, job: str) -> None:
    """Put a job back into the queue, as the sweeper does with those of dead workers."""
    import uuid

    from headwater.features.jobs import repository

    async with line.house.server.database.transaction() as db:
        row = await repository.get(db, uuid.UUID(job), lock=True)
        assert row
        row.state = "pending"


async def test_a_base_that_was_killed_after_its_commit_is_only_finished(
    line: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await line.person.send("POST", f"/databases/{line.database}/recovery/bases", 202)
    again = await line.person.send("POST", f"/databases/{line.database}/recovery/bases", 409)
    assert "being made" in again["detail"]

    async def die(*_: Any) -> Any:
        raise OSError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(base_backups, "_shipped", die)
        await line.house.work(job["id"])
    bases = len([one for one in (await line.vault()).snapshots() if one.startswith("base-")])
    assert (await line.status())["bases"][0]["status"] == "taking"
    await line.worked(job["id"])
    newest = (await line.status())["bases"][0]
    assert (newest["status"], newest["usable"]) == ("complete", True)
    assert len([one for one in (await line.vault()).snapshots() if one.startswith("base-")]) == bases


async def test_a_database_that_stops_while_its_base_is_made_has_none(
    line: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await line.person.send("POST", f"/databases/{line.database}/recovery/bases", 202)
    loop = asyncio.get_running_loop()
    path = f"/databases/{line.database}/desired"
    real = vault_layout.write_base

    def stops(*given: Any) -> Any:
        stop = line.person.send("PUT", path, 200, json={"state": "asleep"}, params={"wait": 30})
        asyncio.run_coroutine_threadsafe(stop, loop).result(60)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(vault_layout, "keep_base", stops)
        await line.house.work(job["id"])
    log = (await line.person.get(f"/jobs/{job['id']}/log"))["items"]
    assert any("stopped while its base backup was made" in one["message"] for one in log), log
    await line.worked(job["id"])
    assert (await line.status())["bases"][0]["usable"]
