"""A vault of a machine that is gone is opened by a fresh Headwater: what it holds, and what can be done with it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI

from app_fixtures import opened, settings_of
from clusters import Cluster
from features.snapshots.lost_machine import LostMachine, administrator, lose, open_vault
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.vault import keys as keyring
from headwater.vault import leases
from headwater.vault import manifest as manifests
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.vault import Vault
from people import AppFixture, Person

ROWS = "SELECT * FROM album ORDER BY id"


@pytest.fixture
async def fresh(tmp_path: Path, store_url: str, module_application: FastAPI) -> AsyncIterator[AppFixture]:
    """A Headwater with another home, and so with another key."""
    settings = settings_of(tmp_path / "home", store_url)
    async with opened(settings, store_url, module_application) as app:
        yield app


@pytest.fixture
async def ada(fresh: AppFixture) -> Person:
    """The administrator of the fresh Headwater."""
    return await administrator(fresh)


async def fixture_of(fresh: AppFixture, person: Person, url: str) -> SnapshotFixture:
    return SnapshotFixture(fresh, person, await person.connected(url))


async def test_opened_vault_lists_its_snapshots_and_is_used_for_new_ones(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    first = await snapshot_fixture.take(label="before the sale")
    await snapshot_fixture.sql("DELETE FROM note")
    second = await snapshot_fixture.take(tables=["note"])
    lost = await lose(snapshot_fixture, tmp_path)
    answer = await open_vault(ada, **lost.location)
    assert (answer["added"], answer["recovery_manifests"]) == (2, 0)
    assert [(row["id"], row["state"], row["added"]) for row in answer["snapshots"]] == [
        (second["id"], "whole", True),
        (first["id"], "whole", True),
    ]
    for row, snapshot in zip(answer["snapshots"], (second, first), strict=True):
        assert row["organization"]
        for name in ("database_name", "engine", "label", "rows", "tables", "stored_bytes", "taken_at"):
            assert row[name] == snapshot[name], name
    vault = await ada.get(f"/organizations/{ada.organization}/vault")
    assert (vault["folder"], vault["current"], vault["read_only"]) == (str(lost.folder), True, False)
    listed = (await ada.get(f"/organizations/{ada.organization}/snapshots"))["items"]
    assert [(row["id"], row["partial"], row["database_id"]) for row in listed] == [
        (second["id"], True, None),
        (first["id"], False, None),
    ]


async def test_vault_that_is_opened_twice_adds_nothing_twice(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    assert (await open_vault(ada, **lost.location))["added"] == 1
    again = await open_vault(ada, **lost.location)
    assert (again["added"], [row["added"] for row in again["snapshots"]]) == (0, [False])
    assert len(await ada.get(f"/organizations/{ada.organization}/vaults")) == 1
    assert len((await ada.get(f"/organizations/{ada.organization}/snapshots"))["items"]) == 1
    slots = keyring.slots(LocalBlobs(lost.folder))
    assert sorted(slot.kind for slot in slots.values()) == ["key", "key", "passphrase"]


async def test_restored_rows_are_equal_and_the_next_snapshot_reuses_them(
    snapshot_fixture: SnapshotFixture, fresh: AppFixture, ada: Person, cluster: Cluster, tmp_path: Path
) -> None:
    rows = await snapshot_fixture.sql(ROWS)
    snapshot = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    await open_vault(ada, **lost.location)
    job = await ada.send("POST", f"/snapshots/{snapshot['id']}/verifications", 202, json={"kind": "deep"})
    await fresh.work(job["id"])
    assert (await ada.get(f"/snapshots/{snapshot['id']}"))["verification"]["problems"] == []
    target = await fixture_of(fresh, ada, cluster.clone())
    done = await target.restore(snapshot, target_id=target.database)
    assert done["job"]["state"] == "completed", done["job"]
    assert await target.sql(ROWS) == rows
    following = await target.take()
    assert (following["status"], following["parent_id"]) == ("complete", snapshot["id"]), following["job"]
    assert following["new_bytes"] < snapshot["stored_bytes"] / 50
    assert following["vault_id"] == (await ada.get(f"/organizations/{ada.organization}/vault"))["id"]


async def test_key_file_of_the_lost_machine_opens_its_vault(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    snapshot = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path, passphrase=False)
    renamed = lost.folder.rename(tmp_path / "vault")  # the slot says which organization it was
    answer = await open_vault(ada, kind="local", folder=str(renamed), key=lost.key)
    assert [row["id"] for row in answer["snapshots"]] == [snapshot["id"]]


def without_derivation(folder: Path) -> None:
    """Write the key slots of a vault as Headwater wrote them before slots said what their key is derived from."""
    for file in (folder / "keys").iterdir():
        slot = msgspec.msgpack.decode(file.read_bytes())
        del slot["derivation"]
        file.write_bytes(msgspec.msgpack.encode(slot))


async def test_key_file_opens_a_vault_of_an_older_version(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path, passphrase=False)
    without_derivation(lost.folder)
    elsewhere = lost.folder.rename(tmp_path / "vault")
    body = {"kind": "local", "folder": str(elsewhere), "key": lost.key, "read_only": True}
    refused = await open_vault(ada, 422, **body)
    assert "--former-organization" in refused["hint"]
    assert (await open_vault(ada, **body, former_organization_id=lost.organization))["added"] == 1


async def test_folder_name_says_the_organization_of_an_older_version(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path, passphrase=False)
    without_derivation(lost.folder)
    assert (await open_vault(ada, kind="local", folder=str(lost.folder), key=lost.key))["added"] == 1


async def test_vault_is_a_read_only_source_where_another_one_is_in_use(
    snapshot_fixture: SnapshotFixture, fresh: AppFixture, ada: Person, cluster: Cluster, tmp_path: Path
) -> None:
    snapshot = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    own = await fixture_of(fresh, ada, cluster.clone("CREATE TABLE t AS SELECT 1 AS a"))
    mine = await own.take()
    before = files(lost.folder)
    answer = await open_vault(ada, **lost.location)
    assert (answer["vault"]["read_only"], answer["vault"]["current"]) == (True, False)
    assert files(lost.folder) == before
    target = await fixture_of(fresh, ada, cluster.clone())
    assert (await target.restore(snapshot, target_id=target.database))["job"]["state"] == "completed"
    in_place = await target.restore(snapshot, target_id=target.database, mode="overwrite")
    assert in_place["job"]["state"] == "completed", in_place["job"]
    assert (await ada.get(f"/snapshots/{in_place['undo_id']}"))["vault_id"] == mine["vault_id"]
    refused = await ada.send("DELETE", f"/snapshots/{snapshot['id']}", 409)
    assert "read-only" in refused["detail"]
    assert files(lost.folder) == before
    path = f"/organizations/{ada.organization}/vault"
    used = await ada.send("PUT", path, 200, json={"kind": "local", "folder": str(lost.folder)})
    assert (used["id"], used["read_only"]) == (answer["vault"]["id"], False)
    assert (await target.take())["status"] == "complete"
    await ada.send("DELETE", f"/snapshots/{snapshot['id']}", 204)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_damaged_and_incomplete_snapshots_are_listed_as_such(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    damaged = await snapshot_fixture.take()
    await snapshot_fixture.sql("CREATE TABLE more AS SELECT g, md5(g::text) FROM generate_series(1, 3000) g")
    incomplete = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    manifest = lost.folder / "snapshots" / damaged["id"]
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"?")
    newest = max((lost.folder / "packs").rglob("*"), key=lambda path: (path.is_file(), path.stat().st_mtime))
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    answer = await open_vault(ada, **lost.location)
    states = {row["id"]: (row["state"], row["added"]) for row in answer["snapshots"]}
    assert states == {damaged["id"]: ("damaged", False), incomplete["id"]: ("incomplete", True)}
    assert all(row["problem"] for row in answer["snapshots"])
    row = await ada.get(f"/snapshots/{incomplete['id']}")
    assert row["verification"]["ok"] is False


async def test_manifest_of_an_older_version_opens_without_its_organization(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    snapshot = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    vault = Vault.open(LocalBlobs(lost.folder), KeySource.passphrase("seven wooden boats"))
    rewrite_as_older(vault, snapshot["id"])
    (row,) = (await open_vault(ada, **lost.location))["snapshots"]
    assert (row["organization"], row["state"], row["database_name"]) == (None, "whole", snapshot["database_name"])


def rewrite_as_older(vault: Vault, snapshot: str) -> None:
    manifest = msgspec.structs.replace(vault.manifest(snapshot), organization="", request=None)
    vault.delete(snapshot)
    manifests.commit(vault.blobs, vault.keys, manifest)


async def test_vault_in_use_is_opened_read_only_or_taken_over(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    vault = Vault.open(LocalBlobs(lost.folder), KeySource.passphrase("seven wooden boats"))
    leases.take(vault.blobs, vault.keys, str(uuid.uuid4()), [])
    before = files(lost.folder)
    refused = await open_vault(ada, 409, **lost.location)
    assert "has been writing" in refused["detail"] and "--take-over" in refused["hint"]
    assert files(lost.folder) == before
    assert await ada.get(f"/organizations/{ada.organization}/vaults") == []
    assert (await open_vault(ada, **lost.location, take_over=True))["added"] == 1


@pytest.fixture
async def lost(snapshot_fixture: SnapshotFixture, tmp_path: Path) -> LostMachine:
    await snapshot_fixture.take()
    return await lose(snapshot_fixture, tmp_path)


async def test_wrong_secrets_are_refused_and_change_nothing(lost: LostMachine, ada: Person) -> None:
    before = files(lost.folder)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"passphrase": "eight wooden boats"}, "This passphrase does not open the vault."),
        ({"passphrase": "", "key": "another key"}, "This key does not open the vault: its id is"),
        ({"passphrase": ""}, "Enter either a passphrase"),
        ({"key": lost.key}, "Enter either a passphrase"),
        ({"passphrase": "", "key": "\n"}, "Enter either a passphrase"),
        ({"passphrase": "", "key": "\0\ufffd"}, "This key does not open the vault"),
    ]
    for body, sentence in cases:
        refused = await open_vault(ada, 422, **(lost.location | body))
        assert sentence in refused["detail"], body
    assert files(lost.folder) == before
    assert await ada.get(f"/organizations/{ada.organization}/vaults") == []


async def test_vault_without_a_passphrase_asks_for_the_key_file(
    snapshot_fixture: SnapshotFixture, ada: Person, tmp_path: Path
) -> None:
    await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path, passphrase=False)
    refused = await open_vault(ada, 422, **lost.location)
    assert "No passphrase was added" in refused["detail"] and "--key-file" in refused["hint"]


async def test_folders_that_are_no_vault_are_refused(lost: LostMachine, ada: Person, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("nothing")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config").write_text('{"a": 1}')
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "keys").mkdir()
    (tmp_path / "half" / "keys" / "aa").write_bytes(b"x")
    cases = [
        ("empty", 404, "is empty"),
        ("other", 404, "There is no vault in"),
        ("missing", 404, "There is no folder"),
        ("other/notes.txt", 404, "There is no folder"),
        ("rescued", 404, "There is no vault in"),
        ("odd", 503, "not a vault"),
        ("half", 503, "has no file named config"),
    ]
    for folder, status, sentence in cases:
        refused = await open_vault(ada, status, **(lost.location | {"folder": str(tmp_path / folder)}))
        assert sentence in refused["detail"] and refused["hint"], (folder, refused)
    near = await open_vault(ada, 404, **(lost.location | {"folder": str(lost.folder.parent)}))
    assert str(lost.folder) in near["hint"]
    relative = await open_vault(ada, 422, **(lost.location | {"folder": "rescued"}))
    assert "full path" in relative["detail"]
    assert await ada.get(f"/organizations/{ada.organization}/vaults") == []


async def test_vault_that_is_open_here_is_not_opened_at_another_location(
    lost: LostMachine, fresh: AppFixture, ada: Person, tmp_path: Path
) -> None:
    await open_vault(ada, **lost.location)
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in files(lost.folder):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((lost.folder / file).read_bytes())
    refused = await open_vault(ada, 409, **(lost.location | {"folder": str(copy)}))
    assert str(lost.folder) in refused["detail"]
    other = await administrator(fresh, "olga")
    assert "another organization" in (await open_vault(other, 409, **lost.location))["detail"]


async def test_only_an_administrator_names_folders_and_only_admins_open_vaults(
    lost: LostMachine, fresh: AppFixture, ada: Person
) -> None:
    member = await fresh.person("mia")
    assert "administrator" in (await open_vault(member, 403, **lost.location))["detail"]
    await member.send("POST", f"/organizations/{ada.organization}/vaults", 404, json=lost.location)
    stranger = await fresh.stranger()
    path = f"/api/v1/organizations/{ada.organization}/vaults"
    assert (await stranger.post(path, json=lost.location)).status_code == 401


async def test_location_with_a_vault_of_another_headwater_is_not_used_for_new_snapshots(
    lost: LostMachine, ada: Person
) -> None:
    path = f"/organizations/{ada.organization}/vault"
    refused = await ada.send("PUT", path, 409, json={"kind": "local", "folder": str(lost.folder)})
    assert "another Headwater" in refused["detail"] and "vault open" in refused["hint"]
    assert (await ada.get(path))["folder"] == ""


async def test_closed_vault_leaves_the_lists_and_is_unchanged(
    snapshot_fixture: SnapshotFixture, fresh: AppFixture, ada: Person, cluster: Cluster, tmp_path: Path
) -> None:
    snapshot = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    own = await fixture_of(fresh, ada, cluster.clone("CREATE TABLE t AS SELECT 1 AS a"))
    mine = await own.take()
    opened_vault = (await open_vault(ada, **lost.location))["vault"]
    path, before = f"/organizations/{ada.organization}/vaults", files(lost.folder)
    stranger, neighbour = await fresh.stranger(), await fresh.person("nora")
    assert (await stranger.delete(f"/api/v1{path}/{opened_vault['id']}")).status_code == 401
    await neighbour.send("DELETE", f"{path}/{opened_vault['id']}", 404)
    await neighbour.send("DELETE", f"/organizations/{neighbour.organization}/vaults/{opened_vault['id']}", 404)
    await ada.send("DELETE", f"{path}/{opened_vault['id']}", 204)
    assert files(lost.folder) == before
    listed = (await ada.get(f"/organizations/{ada.organization}/snapshots"))["items"]
    assert [row["id"] for row in listed] == [mine["id"]]
    assert [row["id"] for row in await ada.get(path)] == [mine["vault_id"]]
    await ada.send("GET", f"/snapshots/{snapshot['id']}", 404)
    await ada.send("DELETE", f"{path}/{opened_vault['id']}", 404)
    (entry,) = (await ada.get("/audit", action="vault.close"))["items"]
    assert entry["details"]["snapshots"] == 1
    again = await open_vault(ada, **lost.location)
    assert (again["added"], again["vault"]["snapshots"]) == (1, 1)


async def test_vault_that_is_gone_is_closed_and_one_in_use_is_not(
    snapshot_fixture: SnapshotFixture, fresh: AppFixture, ada: Person, cluster: Cluster, tmp_path: Path
) -> None:
    snapshot = await snapshot_fixture.take()
    lost = await lose(snapshot_fixture, tmp_path)
    vault = (await open_vault(ada, **lost.location))["vault"]
    path = f"/organizations/{ada.organization}/vaults/{vault['id']}"
    refused = await ada.send("DELETE", path, 409)
    assert (refused["code"], refused["detail"]) == ("vault_needed", "New snapshots are stored in this vault.")
    body = {"kind": "local", "folder": str(tmp_path / "other")}
    await ada.send("PUT", f"/organizations/{ada.organization}/vault", 200, json=body)
    target = await ada.connected(cluster.clone())
    restore = await ada.send("POST", f"/snapshots/{snapshot['id']}/restores", 202, json={"target_id": target})
    assert "restore is reading" in (await ada.send("DELETE", path, 409))["detail"]
    await fresh.work(restore["job"]["id"])
    shutil.rmtree(lost.folder)
    await ada.send("DELETE", path, 204)
    await ada.send("GET", f"/snapshots/{snapshot['id']}", 404)
