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
def of(tmp_path: Path) -> Vault:
    return builders.vault(tmp_path)


def take(of: Vault, parent: Manifest | None = None) -> Manifest:
    return builders.snapshot(of, {"t": TABLE}, sizes=SIZES, parent=parent)


def flip(of: Vault, *refs: Ref) -> None:
    for ref in refs:
        name = packs.blob_name(ref.pack)
        data = bytearray(of.blobs.read(name))
        data[ref.offset + ref.length // 2] ^= 1
        of.blobs.delete(name)
        of.blobs.create(name, bytes(data))


def pages(of: Vault, taken: Manifest) -> list[Ref]:
    return [ref for chunk in of.table(taken.tables[0]).chunks() for ref in chunk.pages]


def test_copies_in_other_snapshots_are_used(of: Vault) -> None:
    one, two = take(of), take(of)  # without a parent, so that each has its own
    child = take(of, parent=one)
    flip(of, *pages(of, one)[3:40:9])
    before = builders.content(of)
    assert not verification.deep(of).sound
    with pytest.raises(Damaged):
        builders.rows(of, one, "t")
    done = repair(of)
    assert (done.segments, done.left) == (5, ())
    fresh = builders.again(of.blobs)
    for taken in (one, two, child):
        assert builders.rows(fresh, taken, "t") == TABLE.rows
    assert verification.deep(fresh).sound
    after = builders.content(of)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in after.keys() - before.keys()} == {"packs", "moved"}
    assert repair(of).segments == 0


def test_missing_pack_is_repaired_from_new_snapshot(of: Vault) -> None:
    """Nothing else has what it had; the table has not changed, so reading it again gives the same pages."""
    snapshot = take(of)
    (pack,) = {ref.pack for ref in pages(of, snapshot)}
    of.blobs.delete(packs.blob_name(pack))
    lost = repair(of)
    assert lost.segments == 0
    assert lost.left
    take(of)
    done = repair(of)
    assert done.segments > 50
    assert done.left == ()
    assert builders.rows(builders.again(of.blobs), snapshot, "t") == TABLE.rows
    assert verification.quick(of).sound


def test_damaged_tree_is_reported(of: Vault) -> None:
    """It says where its own pages lie, so that no other is like it."""
    one, two = take(of), take(of)
    root = one.tables[0].root.ref
    flip(of, root)
    done = repair(of)
    assert done.segments == 0
    assert {(finding.snapshot, finding.offset) for finding in done.left} == {(one.id, root.offset)}
    assert builders.rows(of, two, "t") == TABLE.rows


def test_segments_without_copy_are_reported(of: Vault) -> None:
    one, two = take(of), take(of)
    page, other, twin = pages(of, one)[5], pages(of, one)[11], pages(of, two)[11]
    assert other.id == twin.id
    flip(of, page, other, twin)
    done = repair(of)
    assert done.segments == 1
    left = {(finding.snapshot, finding.offset) for finding in done.left}
    assert left == {(one.id, other.offset), (two.id, twin.offset)}
    third = take(of)  # now there is a copy
    assert repair(of).left == ()
    assert builders.rows(of, one, "t") == builders.rows(of, two, "t") == builders.rows(of, third, "t") == TABLE.rows


def test_replacement_is_kept_while_used(of: Vault) -> None:
    one, two = take(of), take(of)
    flip(of, pages(of, one)[3])
    repair(of)
    of.delete(two.id)
    for _ in range(3):
        collect(of, NONE)
    fresh = builders.again(of.blobs)
    assert builders.rows(fresh, one, "t") == TABLE.rows
    # What stands in is damaged in turn, and repaired again from a third copy.
    (name,) = [name for _, name in repair_log.records(of.blobs)]
    (pack,) = repair_log.targets(of.blobs, of.keys, name)
    of.blobs.delete(packs.blob_name(pack))
    assert not verification.deep(of).sound
    take(of)
    assert repair(of).left == ()
    assert builders.rows(of, one, "t") == TABLE.rows
    for snapshot in of.snapshots():
        of.delete(snapshot)
    for _ in range(3):
        collect(of, NONE)
    assert {name.split("/")[0] for name in builders.content(of)} == {"config", "keys"}


def test_damaged_record_is_ignored(of: Vault) -> None:
    snapshot = take(of)
    take(of)
    flip(of, pages(of, snapshot)[3])
    repair(of)
    (name,) = [name for _, name in repair_log.records(of.blobs)]
    data = of.blobs.read(name)
    for broken in (data[:-1], bytes([data[0] ^ 1]) + data[1:], b""):
        of.blobs.delete(name)
        of.blobs.create(name, broken)
        assert not verification.deep(of).sound
        with pytest.raises(Damaged):
            builders.rows(builders.again(of.blobs), snapshot, "t")
    of.blobs.create(name.replace("moved/", "moved/zz"), data)
    assert repair(of).left == ()
    assert builders.rows(of, snapshot, "t") == TABLE.rows
