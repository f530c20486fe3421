"""Repair fixes segments that have a copy, reports the others, and overwrites nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headwater.vault import packs, repair_log, verification
from headwater.vault.chunker import ChunkSizes
from headwater.vault.errors import Damaged
from headwater.vault.garbage_collection import collect
from headwater.vault.manifest import Manifest
from headwater.vault.repair import repair
from headwater.vault.repair_log import Ref
from headwater.vault.vault import Vault
from vault import builders
from vault.builders import Given

NONE = timedelta(seconds=-5)
SIZES = ChunkSizes(rows=64)
TABLE = Given(("integer", "text"), [(b"%d" % place, b"row %d" % (place * 7919 % 1000)) for place in range(4000)], (0,))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return builders.vault(tmp_path)


def take(vault: Vault, parent: Manifest | None = None) -> Manifest:
    return builders.snapshot(vault, {"t": TABLE}, sizes=SIZES, parent=parent)


def flip(vault: Vault, *refs: Ref) -> None:
    for ref in refs:
        name = packs.blob_name(ref.pack)
        data = bytearray(vault.blobs.read(name))
        data[ref.offset + ref.length // 2] ^= 1
        vault.blobs.delete(name)
        vault.blobs.create(name, bytes(data))


def pages(vault: Vault, taken: Manifest) -> list[Ref]:
    return [ref for chunk in vault.table(taken.tables[0]).chunks() for ref in chunk.pages]


def test_copies_in_other_snapshots_are_used(vault: Vault) -> None:
    first, two = take(vault), take(vault)  # without a parent, so that each has its own
    child = take(vault, parent=first)
    flip(vault, *pages(vault, first)[3:40:9])
    before = builders.content(vault)
    assert not verification.deep(vault).sound
    with pytest.raises(Damaged):
        builders.rows(vault, first, "t")
    done = repair(vault)
    assert (done.segments, done.left) == (5, ())
    fresh = builders.reopened(vault.blobs)
    for taken in (first, two, child):
        assert builders.rows(fresh, taken, "t") == TABLE.rows
    assert verification.deep(fresh).sound
    after = builders.content(vault)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in after.keys() - before.keys()} == {"packs", "moved"}
    assert repair(vault).segments == 0


def test_missing_pack_is_repaired_from_new_snapshot(vault: Vault) -> None:
    """Nothing else has what it had; the table has not changed, so reading it again gives the same pages."""
    snapshot = take(vault)
    (pack,) = {ref.pack for ref in pages(vault, snapshot)}
    vault.blobs.delete(packs.blob_name(pack))
    lost = repair(vault)
    assert lost.segments == 0
    assert lost.left
    take(vault)
    done = repair(vault)
    assert done.segments > 50
    assert done.left == ()
    assert builders.rows(builders.reopened(vault.blobs), snapshot, "t") == TABLE.rows
    assert verification.quick(vault).sound


def test_damaged_tree_is_reported(vault: Vault) -> None:
    """It says where its own pages lie, so that no other is like it."""
    first, two = take(vault), take(vault)
    root = first.tables[0].root.ref
    flip(vault, root)
    done = repair(vault)
    assert done.segments == 0
    assert {(finding.snapshot, finding.offset) for finding in done.left} == {(first.id, root.offset)}
    assert builders.rows(vault, two, "t") == TABLE.rows


def test_segments_without_copy_are_reported(vault: Vault) -> None:
    first, two = take(vault), take(vault)
    page, other, twin = pages(vault, first)[5], pages(vault, first)[11], pages(vault, two)[11]
    assert other.id == twin.id
    flip(vault, page, other, twin)
    done = repair(vault)
    assert done.segments == 1
    left = {(finding.snapshot, finding.offset) for finding in done.left}
    assert left == {(first.id, other.offset), (two.id, twin.offset)}
    third = take(vault)  # now there is a copy
    assert repair(vault).left == ()
    assert (
        builders.rows(vault, first, "t")
        == builders.rows(vault, two, "t")
        == builders.rows(vault, third, "t")
        == TABLE.rows
    )


def test_replacement_is_kept_while_used(vault: Vault) -> None:
    first, two = take(vault), take(vault)
    flip(vault, pages(vault, first)[3])
    repair(vault)
    vault.delete(two.id)
    for _ in range(3):
        collect(vault, NONE)
    fresh = builders.reopened(vault.blobs)
    assert builders.rows(fresh, first, "t") == TABLE.rows
    # What stands in is damaged in turn, and repaired again from a third copy.
    (name,) = [name for _, name in repair_log.records(vault.blobs)]
    (pack,) = repair_log.targets(vault.blobs, vault.keys, name)
    vault.blobs.delete(packs.blob_name(pack))
    assert not verification.deep(vault).sound
    take(vault)
    assert repair(vault).left == ()
    assert builders.rows(vault, first, "t") == TABLE.rows
    for snapshot in vault.snapshots():
        vault.delete(snapshot)
    for _ in range(3):
        collect(vault, NONE)
    assert {name.split("/")[0] for name in builders.content(vault)} == {"config", "keys"}


def test_damaged_record_is_ignored(vault: Vault) -> None:
    snapshot = take(vault)
    take(vault)
    flip(vault, pages(vault, snapshot)[3])
    repair(vault)
    (name,) = [name for _, name in repair_log.records(vault.blobs)]
    data = vault.blobs.read(name)
    for broken in (data[:-1], bytes([data[0] ^ 1]) + data[1:], b""):
        vault.blobs.delete(name)
        vault.blobs.create(name, broken)
        assert not verification.deep(vault).sound
        with pytest.raises(Damaged):
            builders.rows(builders.reopened(vault.blobs), snapshot, "t")
    vault.blobs.create(name.replace("moved/", "moved/zz"), data)
    assert repair(vault).left == ()
    assert builders.rows(vault, snapshot, "t") == TABLE.rows
