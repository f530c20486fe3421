"""The life of a snapshot: hold, rename, verify, delete; rights, audit, and snapshots of deleted databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.snapshots import maintenance
from headwater.features.snapshots.service import orphans, snapshots
from headwater.features.snapshots.service.capture.parent import growth_of
from headwater.vault import garbage_collection
from people import Person


async def test_held_snapshot_cannot_be_deleted(snapshot_fixture: SnapshotFixture) -> None:
    first = await snapshot_fixture.take(label="first")
    await snapshot_fixture.sql("DELETE FROM note WHERE body = 'n1'")
    second = await snapshot_fixture.take()
    path = f"/snapshots/{first['id']}"
    held = await snapshot_fixture.person.send("PATCH", path, 200, json={"held": True, "label": "kept"})
    assert (held["held"], held["label"]) == (True, "kept")
    refused = await snapshot_fixture.person.send("DELETE", path, 409)
    assert "held" in refused["detail"]
    await snapshot_fixture.person.send("PATCH", path, 200, json={"held": False})
    await snapshot_fixture.person.send("DELETE", path, 204)
    await snapshot_fixture.person.send("GET", path, 404)
    vault = await snapshot_fixture.vault()
    assert vault.snapshots() == [second["id"]]
    done = await snapshot_fixture.restore(second, name="back")
    assert all(table["same"] for table in done["tables"]), done["job"]


async def test_snapshot_in_use_by_a_restore_cannot_be_deleted(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    path = f"/snapshots/{snapshot['id']}"
    begun = await snapshot_fixture.person.send("POST", f"{path}/restores", 202, json={"name": "back"})
    assert "is reading" in (await snapshot_fixture.person.send("DELETE", path, 409))["detail"]
    await snapshot_fixture.person.send("POST", f"/jobs/{begun['job']['id']}/cancel", 202)
    await snapshot_fixture.person.send("DELETE", path, 204)


async def test_snapshot_outlives_its_database(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.person.send("DELETE", f"/databases/{snapshot_fixture.database}", 204)
    listed = await snapshot_fixture.person.get(f"/organizations/{snapshot_fixture.person.organization}/snapshots")
    assert [item["id"] for item in listed["items"]] == [snapshot["id"]]
    done = await snapshot_fixture.restore(snapshot, name="back")
    assert done["job"]["state"] == "completed", done["job"]


async def member(snapshot_fixture: SnapshotFixture, role: str) -> Person:
    person = await snapshot_fixture.app.person(role)
    await snapshot_fixture.person.invite(person, role)
    return person


async def test_members_restore_into_new_and_admins_in_place(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    viewer, someone, stranger = (
        await member(snapshot_fixture, "viewer"),
        await member(snapshot_fixture, "member"),
        await snapshot_fixture.app.person(),
    )
    path, take = f"/snapshots/{snapshot['id']}", f"/databases/{snapshot_fixture.database}/snapshots"
    await viewer.get(path)
    await viewer.send("POST", take, 403, json={})
    await viewer.send("POST", f"{path}/restores", 403, json={"name": "back"})
    await stranger.send("GET", path, 404)
    await stranger.send("POST", f"{path}/restores", 404, json={"name": "back"})
    await someone.send("POST", take, 202, json={})
    await someone.send("POST", f"{path}/restores", 202, json={"name": "back"})
    in_place = {"target_id": snapshot_fixture.database, "mode": "overwrite"}
    await someone.send("POST", f"{path}/restores", 403, json=in_place)
    await someone.send("DELETE", path, 403)
    await someone.send("PATCH", path, 403, json={"held": True})
    theirs = await stranger.database("sqlite")
    await snapshot_fixture.person.send("POST", f"{path}/restores", 404, json={"target_id": theirs})


async def test_audit_records_user_and_encryption(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take(label="a")
    await snapshot_fixture.person.send("DELETE", f"/snapshots/{snapshot['id']}", 204)
    entries = (await snapshot_fixture.person.get("/audit"))["items"]
    actual = {entry["action"]: entry for entry in entries if entry["resource"]["id"] == snapshot["id"]}
    assert actual.keys() == {"snapshot.create", "snapshot.complete", "snapshot.delete"}
    facts = actual["snapshot.complete"]["details"]
    assert (facts["cipher"], facts["keys"], facts["packs"]) == ("AES-256-GCM", ["key"], 2)
    assert facts["pages_read_back"] > 0


async def test_interrupted_deletion_is_completed_later(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = await snapshot_fixture.take()

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "finish_removal", killed)
        await snapshot_fixture.person.send("DELETE", f"/snapshots/{snapshot['id']}", 500)
    assert (await snapshot_fixture.person.get(f"/snapshots/{snapshot['id']}"))["status"] == "deleting"
    server = snapshot_fixture.app.server
    await maintenance.run_maintenance(server.context)
    await snapshot_fixture.person.send("GET", f"/snapshots/{snapshot['id']}", 404)
    assert (await snapshot_fixture.vault()).snapshots() == []


async def test_verification_finds_damage(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    path = f"/snapshots/{snapshot['id']}"

    async def verified(kind: str) -> Any:
        job = await snapshot_fixture.person.send("POST", f"{path}/verifications", 202, json={"kind": kind})
        await snapshot_fixture.app.work(job["id"])
        assert (await snapshot_fixture.person.get(f"/jobs/{job['id']}"))["state"] == "completed"
        return (await snapshot_fixture.person.get(path))["verification"]

    assert (await verified("quick"))["ok"]
    deep = await verified("deep")
    assert deep["ok"]
    assert deep["pages"] >= 3
    vault = await snapshot_fixture.vault()
    largest = max(vault.blobs.list("packs/"), key=lambda element: element.size)
    file = vault.blobs.folder / largest.name  # type: ignore[attr-defined]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    wrong = await verified("deep")
    assert not wrong["ok"]
    assert "damaged" in wrong["problems"][0]
    assert await verified("quick") == wrong, "a look that reads less does not call it sound"
    actions = [entry["action"] for entry in (await snapshot_fixture.person.get("/audit"))["items"]]
    assert "snapshot.damaged" in actions


async def test_drill_restores_and_leaves_nothing(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    path = f"/projects/{snapshot_fixture.person.project['id']}/databases"
    before = [item["id"] for item in (await snapshot_fixture.person.get(path))["items"]]
    created = await snapshot_fixture.person.send("POST", f"/snapshots/{snapshot['id']}/drills", 202)
    await snapshot_fixture.app.work(created["job"]["id"])
    done = await snapshot_fixture.person.get(f"/restores/{created['id']}")
    assert (done["job"]["state"], done["target_id"]) == ("completed", None), done["job"]
    assert [(table["found"], table["same"]) for table in done["tables"]] == [(12_000, True), (1500, True), (700, True)]
    result = await snapshot_fixture.person.get(f"/snapshots/{snapshot['id']}")
    assert result["drilled_at"]
    assert result["drill_seconds"] == done["seconds"]
    assert [item["id"] for item in (await snapshot_fixture.person.get(path))["items"]] == before


async def test_maintenance_frees_space(snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = await snapshot_fixture.take()
    await snapshot_fixture.person.send("DELETE", f"/snapshots/{snapshot['id']}", 204)
    server, vault = snapshot_fixture.app.server, await snapshot_fixture.vault()
    await maintenance.run_maintenance(server.context)
    assert len(list(vault.blobs.list("gc/"))) == 1  # listed; deleted by a pass of another day
    await maintenance.run_maintenance(server.context)
    assert len(list(vault.blobs.list("packs/"))) == 2
    monkeypatch.setattr(orphans, "COLLECT_EVERY", timedelta(0))
    monkeypatch.setattr(orphans, "pass_over", lambda vault: garbage_collection.collect(vault, margin=timedelta(0)))
    await maintenance.run_maintenance(server.context)
    assert list(vault.blobs.list("packs/")) == []


@pytest.mark.parametrize(
    ("new", "before", "expected"),
    [
        (10_000_000, [1_000_000, 1_000_000], False),
        (10_000_000, [1_000_000] * 3, True),
        (5_000_000, [1_000_000] * 9, False),
        (1_000_000, [0] * 9, False),
        (2_000_000, [0] * 9, True),
        (10_000_000, [1_000_000, 90_000_000, 80_000_000], False),
    ],
)
def test_growth_is_compared_with_the_median(new: int, before: list[int], expected: bool) -> None:
    assert growth_of(new, before) is expected
