"""Verification finds missing, truncated and changed data, locates it, and reads shared segments once."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.testing.vaults import FaultyBlobs
from headwater.vault import keys, packs, verification
from headwater.vault.chunker import ChunkSizes
from headwater.vault.errors import StorageUnavailable
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault
from vault import builders
from vault.builders import Given

SMALL = ChunkSizes(rows=64)


def big(count: int = 4000) -> Given:
    return Given(
        ("integer", "text"), [(b"%d" % index, b"row %d" % (index * 7919 % 1000)) for index in range(count)], (0,)
    )


def replace(vault: Vault, name: str, data: bytes | None) -> None:
    vault.blobs.delete(name)
    if data is not None:
        vault.blobs.create(name, data)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return builders.vault(tmp_path)


def pages_of(vault: Vault, taken: Manifest) -> list[packs.Ref]:
    return [ref for chunk in vault.table(taken.tables[0]).chunks() for ref in chunk.pages]


def test_a_sound_vault_has_no_findings(vault: Vault) -> None:
    snapshot = builders.snapshot(vault, {"t": big(), "empty": Given((), [])}, sizes=SMALL)
    two = builders.snapshot(vault, {"t": big(4100)}, parent=snapshot, sizes=SMALL)
    for result in (verification.quick(vault), verification.deep(vault)):
        assert result.findings == ()
        assert result.sound
        assert (result.snapshots, result.packs) == (2, 4)
    seen: list[tuple[int, int]] = []
    result = verification.deep(vault, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (8100, 8100)
    assert seen == sorted(seen)
    alone = verification.deep(vault, [two.id])
    assert (alone.rows, alone.snapshots) == (4100, 1)
    # What is shared is read once.
    assert alone.rows <= result.rows < 4000 + 600
    assert verification.deep(builders.vault(Path(vault.blobs.folder))).sound  # type: ignore[attr-defined]


def test_shares_partition_the_vault(vault: Vault) -> None:
    snapshot = builders.snapshot(vault, {"t": big(20_000)}, sizes=SMALL)
    parts = [verification.VerificationShare(number, 4) for number in range(4)]
    result = [verification.deep(vault, part=part) for part in parts]
    assert all(item.sound and 20_000 * 0.1 < item.rows < 20_000 * 0.45 for item in result)
    assert sum(item.rows for item in result) == 20_000
    assert verification.deep(vault, part=verification.VerificationShare(5, 4)).rows == result[1].rows
    ref = pages_of(vault, snapshot)[20]
    name = packs.blob_name(ref.pack)
    data = bytearray(vault.blobs.read(name))
    data[ref.offset + 3] ^= 1
    replace(vault, name, bytes(data))
    assert [verification.deep(vault, part=part).sound for part in parts].count(False) == 1


def test_damaged_pages_are_located(vault: Vault) -> None:
    entry = builders.snapshot(vault, {"t": big()}, sizes=SMALL)
    two = builders.snapshot(vault, {"t": big(4100)}, parent=entry, sizes=SMALL)
    # Where chunks end depends on the key of the vault, and the last chunk of `entry` goes on in `two`.
    shared = set(pages_of(vault, two))
    wrong = [ref for ref in pages_of(vault, entry) if ref in shared][3::17]
    assert len(wrong) > 2
    assert {ref.pack for ref in wrong} == {wrong[0].pack}
    name = packs.blob_name(wrong[0].pack)
    data = bytearray(vault.blobs.read(name))
    for ref in wrong:
        data[ref.offset + ref.length // 2] ^= 0x10
    replace(vault, name, bytes(data))
    assert verification.quick(vault).sound
    result = verification.deep(vault)
    assert {(finding.snapshot, finding.table, finding.pack, finding.offset) for finding in result.findings} == {
        (snapshot.id, "public.t", name, ref.offset) for snapshot in (entry, two) for ref in wrong
    }
    assert all(str(finding.offset) in finding.what for finding in result.findings)


@pytest.mark.parametrize("how", ["gone", "empty", "shorter", "longer", "without its end", "another pack", "no begin"])
def test_quick_verification_finds_incomplete_packs(vault: Vault, how: str) -> None:
    entry = builders.snapshot(vault, {"t": big()})
    builders.snapshot(vault, {"t": big(10)})
    pack = pages_of(vault, entry)[0].pack
    name = packs.blob_name(pack)
    data = vault.blobs.read(name)
    other = next(vault.blobs.read(packs.blob_name(other)) for other, _ in packs.listed(vault.blobs) if other != pack)
    replace(
        vault,
        name,
        {
            "gone": None,
            "empty": b"",
            "shorter": data[:-1],
            "longer": data + b"\0",
            "without its end": data[:-9],
            "another pack": other,
            "no begin": b"X" + data[1:],
        }[how],
    )
    result = verification.quick(vault)
    assert {(finding.snapshot, finding.table, finding.pack) for finding in result.findings} == {
        (entry.id, "public.t", name)
    }
    assert not verification.deep(vault).sound
    assert verification.quick(vault, [snapshot for snapshot in vault.snapshots() if snapshot != entry.id]).sound


def test_manifests_and_slots_are_verified(vault: Vault) -> None:
    first, two = builders.snapshot(vault, {"t": big(10)}), builders.snapshot(vault, {"t": big(11)})
    data = vault.blobs.read(f"snapshots/{first.id}")
    replace(vault, f"snapshots/{first.id}", data[:-3])
    vault.blobs.create(keys.SLOTS + "bad", b"?")
    for actual in (verification.quick(vault), verification.deep(vault)):
        assert [(finding.snapshot, finding.pack) for finding in actual.findings] == [(None, None), (first.id, None)]
    assert verification.deep(vault, [two.id, "no-such-snapshot"]).findings[-1].snapshot == "no-such-snapshot"


def test_pack_missing_in_manifest_is_reported(vault: Vault) -> None:
    """Collection would delete it."""
    import msgspec

    from headwater.vault import manifest

    snapshot = builders.snapshot(vault, {"t": big(10)})
    tables = tuple(msgspec.structs.replace(table, packs={}, rows=11) for table in snapshot.tables)
    vault.delete(snapshot.id)
    manifest.commit(vault.blobs, vault.keys, msgspec.structs.replace(snapshot, tables=tables))
    what = {finding.what for finding in verification.deep(vault).findings}
    assert any("does not name" in item for item in what)
    assert any("number of rows" in item for item in what)


def test_unreachable_storage_is_not_damage(vault: Vault) -> None:
    builders.snapshot(vault, {"t": big(10)})
    calls = FaultyBlobs(vault.blobs)
    verification.deep(Vault(calls, vault.config, vault.keys))
    for at in range(calls.calls):
        with pytest.raises(StorageUnavailable):
            verification.deep(Vault(FaultyBlobs(vault.blobs, at), vault.config, vault.keys), threads=1)
