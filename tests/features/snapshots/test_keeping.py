"""Snapshots kept: held, renamed, deleted, after their database is gone; who may do what; what the audit says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from features.snapshots.shelf import Shelf
from headwater.features.snapshots import maintenance
from headwater.features.snapshots.service import orphans, snapshots
from headwater.features.snapshots.service.capture import growth_of
from headwater.vault import garbage_collection
from people import Person


async def test_one_that_is_held_is_not_deleted_and_the_others_lose_nothing(shelf: Shelf) -> None:
    first = await shelf.take(label="first")
    await shelf.sql("DELETE FROM note WHERE body = 'n1'")
    second = await shelf.take()
    path = f"/snapshots/{first['id']}"
    held = await shelf.person.send("PATCH", path, 200, json={"held": True, "label": "kept"})
    assert (held["held"], held["label"]) == (True, "kept")
    refused = await shelf.person.send("DELETE", path, 409)
    assert "held" in refused["detail"]
    await shelf.person.send("PATCH", path, 200, json={"held": False})
    await shelf.person.send("DELETE", path, 204)
    await shelf.person.send("GET", path, 404)
    vault = await shelf.vault()
    assert vault.snapshots() == [second["id"]]
    done = await shelf.restore(second, name="back")
    assert all(one["same"] for one in done["tables"]), done["job"]


async def test_one_that_a_restore_reads_is_not_deleted(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    path = f"/snapshots/{snapshot['id']}"
    begun = await shelf.person.send("POST", f"{path}/restores", 202, json={"name": "back"})
    assert "reads" in (await shelf.person.send("DELETE", path, 409))["detail"]
    await shelf.person.send("POST", f"/jobs/{begun['job']['id']}/cancel", 202)
    await shelf.person.send("DELETE", path, 204)


async def test_it_outlives_its_database(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    await shelf.person.send("DELETE", f"/databases/{shelf.database}", 204)
    listed = await shelf.person.get(f"/organizations/{shelf.person.organization}/snapshots")
    assert [one["id"] for one in listed["items"]] == [snapshot["id"]]
    done = await shelf.restore(snapshot, name="back")
    assert done["job"]["state"] == "completed", done["job"]


async def member(shelf: Shelf, role: str) -> Person:
    person = await shelf.house.person(role)
    place = f"/organizations/{shelf.person.organization}/members"
    await shelf.person.send("POST", place, 201, json={"email": person.email, "role": role})
    return person


async def test_members_take_and_restore_beside_admins_in_place(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    viewer, someone, stranger = await member(shelf, "viewer"), await member(shelf, "member"), await shelf.house.person()
    path, take = f"/snapshots/{snapshot['id']}", f"/databases/{shelf.database}/snapshots"
    await viewer.get(path)
    await viewer.send("POST", take, 403, json={})
    await viewer.send("POST", f"{path}/restores", 403, json={"name": "back"})
    await stranger.send("GET", path, 404)
    await stranger.send("POST", f"{path}/restores", 404, json={"name": "back"})
    await someone.send("POST", take, 202, json={})
    await someone.send("POST", f"{path}/restores", 202, json={"name": "back"})
    in_place = {"target_id": shelf.database, "mode": "overwrite"}
    await someone.send("POST", f"{path}/restores", 403, json=in_place)
    await someone.send("DELETE", path, 403)
    await someone.send("PATCH", path, 403, json={"held": True})
    theirs = await stranger.database("sqlite")
    await shelf.person.send("POST", f"{path}/restores", 404, json={"target_id": theirs})


async def test_the_audit_says_who_and_how_it_was_encrypted(shelf: Shelf) -> None:
    snapshot = await shelf.take(label="a")
    await shelf.person.send("DELETE", f"/snapshots/{snapshot['id']}", 204)
    entries = (await shelf.person.get("/audit"))["items"]
    found = {one["action"]: one for one in entries if one["resource"]["id"] == snapshot["id"]}
    assert found.keys() == {"snapshot.create", "snapshot.complete", "snapshot.delete"}
    facts = found["snapshot.complete"]["details"]
    assert (facts["cipher"], facts["keys"], facts["packs"]) == ("AES-256-GCM", ["key"], 2)
    assert facts["pages_read_back"] > 0


async def test_a_deletion_that_ended_in_the_middle_is_finished_later(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = await shelf.take()

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "finish_removal", killed)
        await shelf.person.send("DELETE", f"/snapshots/{snapshot['id']}", 500)
    assert (await shelf.person.get(f"/snapshots/{snapshot['id']}"))["status"] == "deleting"
    server = shelf.house.server
    await maintenance.run_maintenance(server.database, server.settings)
    await shelf.person.send("GET", f"/snapshots/{snapshot['id']}", 404)
    assert (await shelf.vault()).snapshots() == []


async def test_a_verification_finds_what_is_damaged(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    path = f"/snapshots/{snapshot['id']}"

    async def verified(kind: str) -> Any:
        job = await shelf.person.send("POST", f"{path}/verifications", 202, json={"kind": kind})
        await shelf.house.work(job["id"])
        assert (await shelf.person.get(f"/jobs/{job['id']}"))["state"] == "completed"
        return (await shelf.person.get(path))["verification"]

    assert (await verified("quick"))["ok"]
    deep = await verified("deep")
    assert deep["ok"]
    assert deep["pages"] >= 3
    vault = await shelf.vault()
    largest = max(vault.blobs.list("packs/"), key=lambda one: one.size)
    file = vault.blobs.folder / largest.name  # type: ignore[attr-defined]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    wrong = await verified("deep")
    assert not wrong["ok"]
    assert "damaged" in wrong["problems"][0]
    assert await verified("quick") == wrong, "a look that reads less does not call it sound"
    actions = [one["action"] for one in (await shelf.person.get("/audit"))["items"]]
    assert "snapshot.damaged" in actions


async def test_a_drill_proves_that_it_can_be_restored_and_leaves_nothing(shelf: Shelf) -> None:
    snapshot = await shelf.take()
    path = f"/projects/{shelf.person.project['id']}/databases"
    before = [one["id"] for one in (await shelf.person.get(path))["items"]]
    made = await shelf.person.send("POST", f"/snapshots/{snapshot['id']}/drills", 202)
    await shelf.house.work(made["job"]["id"])
    done = await shelf.person.get(f"/restores/{made['id']}")
    assert (done["job"]["state"], done["target_id"]) == ("completed", None), done["job"]
    assert [(one["found"], one["same"]) for one in done["tables"]] == [(12_000, True), (1500, True), (700, True)]
    found = await shelf.person.get(f"/snapshots/{snapshot['id']}")
    assert found["drilled_at"]
    assert found["drill_seconds"] == done["seconds"]
    assert [one["id"] for one in (await shelf.person.get(path))["items"]] == before


async def test_the_upkeep_gives_room_back(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = await shelf.take()
    await shelf.person.send("DELETE", f"/snapshots/{snapshot['id']}", 204)
    server, vault = shelf.house.server, await shelf.vault()
    await maintenance.run_maintenance(server.database, server.settings)
    assert len(list(vault.blobs.list("gc/"))) == 1  # listed; deleted by a pass of another day
    await maintenance.run_maintenance(server.database, server.settings)
    assert len(list(vault.blobs.list("packs/"))) == 2
    monkeypatch.setattr(orphans, "COLLECT_EVERY", timedelta(0))
    monkeypatch.setattr(orphans, "pass_over", lambda vault: garbage_collection.collect(vault, margin=timedelta(0)))
    await maintenance.run_maintenance(server.database, server.settings)
    assert list(vault.blobs.list("packs/")) == []


@pytest.mark.parametrize(
    ("new", "before", "expected"),
    [
        (10_000_000, [1_000_000, 1_000_000], False), (10_000_000, [1_000_000] * 3, True),
        (5_000_000, [1_000_000] * 9, False), (1_000_000, [0] * 9, False), (2_000_000, [0] * 9, True),
        (10_000_000, [1_000_000, 90_000_000, 80_000_000], False),
    ],
)  # fmt: skip
def test_growth_is_told_by_what_is_usual(new: int, before: list[int], expected: bool) -> None:
    assert growth_of(new, before) is expected
