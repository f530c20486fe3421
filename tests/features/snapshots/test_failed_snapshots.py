"""Snapshots and restores that are cancelled, fail or are killed leave nothing incomplete."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.snapshots import maintenance
from headwater.features.snapshots.service.capture import capture_job
from headwater.features.snapshots.service.restore import restore_job, targets
from headwater.features.snapshots.service.threads import RowProgress
from headwater.vault import local
from headwater.vault.errors import StorageFull
from headwater.vault.vault import Vault


@pytest.fixture
def at_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Run a function while the rows of the table `album` are being read or written."""

    def set_up(happen: Callable[[], None]) -> None:
        real = RowProgress.counted

        def counted(self: RowProgress, batches: Iterator[Any], shown: str) -> Iterator[Any]:
            for number, batch in enumerate(real(self, batches, shown)):
                if shown == "public.album" and not number:
                    happen()
                yield batch

        monkeypatch.setattr(RowProgress, "counted", counted)

    return set_up


async def begun(snapshot_fixture: SnapshotFixture, path: str, **body: Any) -> Any:
    return await snapshot_fixture.person.send("POST", path, 202, json=body)


async def work_cancelled(snapshot_fixture: SnapshotFixture, job: str, middle: threading.Event) -> None:
    """Run a job and cancel it halfway."""
    running = asyncio.create_task(snapshot_fixture.app.work(job))
    assert await asyncio.to_thread(middle.wait, 120)
    await snapshot_fixture.person.send("POST", f"/jobs/{job}/cancel", 202)
    await asyncio.wait_for(running, 120)


async def test_cancelled_snapshot_is_discarded(snapshot_fixture: SnapshotFixture, at_rows: Any) -> None:
    middle = threading.Event()

    def wait() -> None:
        middle.set()
        snapshot_fixture.app.wait_for_stop()

    at_rows(wait)
    created = await begun(snapshot_fixture, f"/databases/{snapshot_fixture.database}/snapshots")
    await work_cancelled(snapshot_fixture, created["job"]["id"], middle)
    result = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert (result["status"], result["error"], result["job"]["state"]) == ("failed", "It was cancelled.", "cancelled")
    vault = await snapshot_fixture.vault()
    assert vault.snapshots() == []
    assert list(vault.blobs.list("leases/")) == []
    refused = await snapshot_fixture.person.send(
        "POST", f"/snapshots/{created['id']}/restores", 409, json={"name": "x"}
    )
    assert "not complete" in refused["detail"]
    await snapshot_fixture.person.send("DELETE", f"/snapshots/{created['id']}", 204)


async def test_cancelled_restore_deletes_its_new_database(snapshot_fixture: SnapshotFixture, at_rows: Any) -> None:
    snapshot = await snapshot_fixture.take()
    middle = threading.Event()

    def wait() -> None:
        middle.set()
        snapshot_fixture.app.wait_for_stop()

    at_rows(wait)
    created = await begun(snapshot_fixture, f"/snapshots/{snapshot['id']}/restores", name="back")
    await work_cancelled(snapshot_fixture, created["job"]["id"], middle)
    restore = await snapshot_fixture.person.get(f"/restores/{created['id']}")
    assert (restore["job"]["state"], restore["target_id"], restore["tables"]) == ("cancelled", None, [])
    names = [
        database["name"]
        for database in (
            await snapshot_fixture.person.get(f"/projects/{snapshot_fixture.person.project['id']}/databases")
        )["items"]
    ]
    assert "back" not in names


async def test_failed_restore_leaves_an_empty_database_unchanged(
    snapshot_fixture: SnapshotFixture, at_rows: Any
) -> None:
    snapshot = await snapshot_fixture.take()
    target = await snapshot_fixture.person.database("postgresql")
    await snapshot_fixture.sql("CREATE TABLE mine (a int)", target)

    def fail() -> None:
        raise restore_job.CountMismatch("A fault of the test.")

    at_rows(fail)
    done = await snapshot_fixture.restore(snapshot, target_id=target)
    assert (done["job"]["state"], done["job"]["error"]) == ("failed", "A fault of the test.")
    left = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'"
    assert await snapshot_fixture.sql(left, target) == [["mine"]]
    types = "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')"
    assert await snapshot_fixture.sql(types, target) == []


async def test_killed_restore_starts_over(
    snapshot_fixture: SnapshotFixture, at_rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = await snapshot_fixture.take()
    created = await begun(snapshot_fixture, f"/snapshots/{snapshot['id']}/restores", name="back")

    def fail() -> None:
        raise OSError("the machine is gone")

    async def nothing(*_: Any) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(targets, "clear_after", nothing)
        at_rows(fail)
        await snapshot_fixture.app.work(created["job"]["id"])
    monkeypatch.undo()
    assert (await snapshot_fixture.person.get(f"/jobs/{created['job']['id']}"))["state"] == "pending"
    await snapshot_fixture.app.work(created["job"]["id"])
    done = await snapshot_fixture.person.get(f"/restores/{created['id']}")
    assert done["job"]["state"] == "completed", done["job"]
    assert done["target_id"] != created["target_id"]
    assert all(table["same"] for table in done["tables"])
    await snapshot_fixture.person.send("GET", f"/databases/{done['target_id']}", 200)


async def test_maintenance_deletes_abandoned_databases(
    snapshot_fixture: SnapshotFixture, at_rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = await snapshot_fixture.take()
    created = await begun(snapshot_fixture, f"/snapshots/{snapshot['id']}/restores", name="back")
    await snapshot_fixture.person.send("POST", f"/jobs/{created['job']['id']}/cancel", 202)  # before any worker saw it
    server = snapshot_fixture.app.server
    await maintenance.run_maintenance(server.context)
    assert (await snapshot_fixture.person.get(f"/restores/{created['id']}"))["target_id"] is None
    names = [
        database["name"]
        for database in (
            await snapshot_fixture.person.get(f"/projects/{snapshot_fixture.person.project['id']}/databases")
        )["items"]
    ]
    assert "back" not in names


async def test_kill_after_commit_only_completes_the_row(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = await begun(snapshot_fixture, f"/databases/{snapshot_fixture.database}/snapshots")

    def killed(*_: Any) -> Any:
        raise OSError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(capture_job, "_read_back", killed)
        await snapshot_fixture.app.work(created["job"]["id"])
    first = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert (first["status"], first["job"]["state"]) == ("taking", "pending")
    assert (await snapshot_fixture.vault()).snapshots() == [created["id"]]
    await snapshot_fixture.sql("DROP TABLE album")
    await snapshot_fixture.app.work(created["job"]["id"])
    result = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert (result["status"], result["tables"], result["rows"]) == ("complete", 3, 14_200)


async def test_full_disk_is_reported_and_a_retry_succeeds(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await snapshot_fixture.take()
    await snapshot_fixture.sql("UPDATE album SET title = md5(id::text)")
    created = await begun(snapshot_fixture, f"/databases/{snapshot_fixture.database}/snapshots")
    real = local._write

    def full(path: Path, data: bytes) -> None:
        if len(data) > 50_000:
            raise OSError(28, "No space left on device")
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(local, "_write", full)
        await snapshot_fixture.app.work(created["job"]["id"])
    waiting = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert (waiting["status"], waiting["job"]["state"]) == ("taking", "pending")
    log = (await snapshot_fixture.person.get(f"/jobs/{created['job']['id']}/log"))["items"]
    assert any(str(StorageFull()) in line["message"] for line in log), log
    assert (await snapshot_fixture.vault()).snapshots() == [first["id"]]
    await snapshot_fixture.app.work(created["job"]["id"])
    result = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert (result["status"], result["parent_id"]) == ("complete", first["id"])


async def test_rows_hidden_by_row_security_fail_the_snapshot(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.sql(
        "ALTER TABLE note ENABLE ROW LEVEL SECURITY; ALTER TABLE note FORCE ROW LEVEL SECURITY; "
        "CREATE POLICY seen ON note USING (body = 'n1')"
    )
    actual = await snapshot_fixture.take()
    assert (actual["status"], actual["job"]["attempts"]) == ("failed", 1)
    assert "row-level security" in actual["error"]
    assert (await snapshot_fixture.vault()).snapshots() == []


async def test_unreadable_page_discards_the_snapshot(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = await begun(snapshot_fixture, f"/databases/{snapshot_fixture.database}/snapshots")
    real = Vault.commit

    def damaging(self: Vault, *given: Any) -> int:
        size = real(self, *given)
        for blob in self.blobs.list("packs/"):
            path = self.blobs.folder / blob.name  # type: ignore[attr-defined]
            data = bytearray(path.read_bytes())
            for index in range(20, len(data) - 100, 64):
                data[index] ^= 1
            path.write_bytes(data)
        return size

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "commit", damaging)
        await snapshot_fixture.app.work(created["job"]["id"])
    result = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert (result["status"], result["job"]["state"]) == ("taking", "pending")
    assert (await snapshot_fixture.vault()).snapshots() == []
    await snapshot_fixture.app.work(created["job"]["id"])
    assert (await snapshot_fixture.person.get(f"/snapshots/{created['id']}"))["status"] == "complete"


async def test_parent_deleted_during_a_snapshot_is_replaced(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await snapshot_fixture.take(), await snapshot_fixture.take()
    created = await begun(snapshot_fixture, f"/databases/{snapshot_fixture.database}/snapshots")
    real, deleted = Vault.write_snapshot, []

    def writing(self: Vault, snapshot: str, **given: Any) -> Any:
        if not deleted:
            deleted.append(given["parent"].id)
            self.delete(given["parent"].id)
        return real(self, snapshot, **given)

    monkeypatch.setattr(Vault, "write_snapshot", writing)
    await snapshot_fixture.app.work(created["job"]["id"])
    result = await snapshot_fixture.person.get(f"/snapshots/{created['id']}")
    assert deleted == [second["id"]]
    assert (result["status"], result["parent_id"]) == ("complete", first["id"]), result["job"]
