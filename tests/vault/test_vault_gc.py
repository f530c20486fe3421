"""Garbage collection deletes unused packs in two passes, and never one that a snapshot or a writer needs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headwater.testing.vaults import FaultyBlobs
from headwater.vault import garbage_collection, leases, packs
from headwater.vault.blobs import Blobs
from headwater.vault.errors import Damaged, Missing, StorageUnavailable
from headwater.vault.garbage_collection import collect
from headwater.vault.local import LocalBlobs
from headwater.vault.vault import Vault
from vault import builders
from vault.builders import Given

# A negative margin: packs that were just listed are old enough by any clock.
NONE = timedelta(seconds=-5)


def one_table(*rows: bytes) -> dict[str, Given]:
    return {"t": Given(("text",), [(row,) for row in rows])}


def stored_packs(vault: Vault) -> set[bytes]:
    return {pack for pack, _ in packs.listed(vault.blobs)}


def test_packs_of_deleted_snapshot_are_deleted_in_second_pass(place: Callable[[], Blobs]) -> None:
    vault = Vault.create(place(), builders.KEY)
    snapshot = builders.snapshot(vault, one_table(b"a"))
    two = builders.snapshot(vault, one_table(b"a"), parent=snapshot)  # shares all with the first
    three = builders.snapshot(vault, one_table(b"c"))
    assert collect(vault, NONE).deleted == 0
    vault.delete(snapshot.id)
    vault.delete(three.id)
    first = collect(vault, NONE)
    assert (first.deleted, first.listed, first.live) == (0, 2, 2)
    assert stored_packs(vault) == two.packs.keys() | three.packs.keys()
    second = collect(vault, NONE)
    assert (second.deleted, second.listed) == (2, 0)
    assert second.freed > 0
    assert stored_packs(vault) == two.packs.keys()
    assert builders.rows(builders.reopened(vault.blobs), two, "t") == [(b"a",)]
    assert list(vault.blobs.list(garbage_collection.FOLDER)) == []
    assert collect(vault, NONE).deleted == 0


def test_nothing_is_deleted_before_the_margin(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    vault.delete(builders.snapshot(vault, one_table(b"a")).id)
    for _ in range(5):
        assert collect(vault).deleted == 0
    assert len(list(vault.blobs.list(garbage_collection.FOLDER))) == 1  # one list, not one a pass
    assert len(stored_packs(vault)) == 2
    assert collect(vault, NONE).deleted == 2


def test_pack_needed_since_listing_is_kept(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    snapshot = builders.snapshot(vault, one_table(b"a"))
    stored = vault.blobs.read(f"snapshots/{snapshot.id}")
    vault.delete(snapshot.id)
    assert collect(vault, NONE).listed == 2
    vault.blobs.create(f"snapshots/{snapshot.id}", stored)  # whatever the way: it is needed now
    assert collect(vault, NONE).deleted == 0
    assert builders.rows(vault, snapshot, "t") == [(b"a",)]


def test_active_writer_loses_nothing(tmp_path: Path) -> None:
    """Not what it builds on, though its snapshot is deleted; not what it wrote, though no manifest names it yet."""
    vault = builders.vault(tmp_path)
    parent = builders.snapshot(vault, one_table(b"a"))

    class Meanwhile(LocalBlobs):
        def find(self, name: str) -> Any:
            result = super().find(name)
            if name.startswith(packs.FOLDER):  # a pack was written a moment ago
                if parent.id in vault.snapshots():
                    vault.delete(parent.id)
                for _ in range(3):
                    assert collect(builders.reopened(vault.blobs), NONE).deleted == 0
            return result

    writer = Vault.open(Meanwhile(vault.blobs.folder), builders.KEY)  # type: ignore[attr-defined]
    snapshot = builders.snapshot(writer, {**one_table(b"a"), "more": Given(("text",), [(b"b",)])}, parent=parent)
    fresh = builders.reopened(vault.blobs)
    assert builders.rows(fresh, snapshot, "t") == [(b"a",)]
    assert builders.rows(fresh, snapshot, "more") == [(b"b",)]
    for _ in range(3):
        assert collect(fresh, NONE).deleted == 0


def test_leftovers_of_killed_writer_are_deleted_after_lease(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    snapshot = builders.snapshot(vault, one_table(b"a"))
    with vault.write_snapshot("never", parent=snapshot) as writing:
        writing.ink.data.add(packs.PAGE, bytes(16), b"half a table")
        writing.ink.data.finish()
        assert len(stored_packs(vault)) == 3
        for _ in range(3):
            assert collect(vault, NONE).deleted == 0
        for _ in range(2):  # the writer hangs: its lease is over by age, while it still is there
            last = collect(vault, NONE, longest=NONE)
        assert last.deleted == 1
        assert list(vault.blobs.list(leases.FOLDER)) == []
    assert stored_packs(vault) == snapshot.packs.keys()


def test_unreadable_lease_blocks_deletion(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    vault.delete(builders.snapshot(vault, one_table(b"a")).id)
    collect(vault, NONE)
    vault.blobs.create("leases/0badc0de", b"\xc1")
    waiting = collect(vault, NONE)
    assert (waiting.deleted, waiting.blocking_leases) == (0, ("leases/0badc0de",))
    assert collect(vault, NONE, longest=NONE).deleted == 2


def test_unreadable_manifest_blocks_deletion(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    left, two = builders.snapshot(vault, one_table(b"a")), builders.snapshot(vault, one_table(b"b"))
    vault.delete(two.id)
    collect(vault, NONE)
    data = vault.blobs.read(f"snapshots/{left.id}")
    vault.blobs.delete(f"snapshots/{left.id}")
    vault.blobs.create(f"snapshots/{left.id}", data[:-1] + bytes([data[-1] ^ 1]))
    for _ in range(2):
        with pytest.raises(Damaged, match="nothing is deleted"):
            collect(vault, NONE)
    assert stored_packs(vault) == left.packs.keys() | two.packs.keys()
    vault.delete(left.id)
    for _ in range(2):
        collect(vault, NONE)
    assert stored_packs(vault) == set()


def test_unreadable_lists_are_ignored(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    snapshot = builders.snapshot(vault, one_table(b"a"))
    gone = builders.snapshot(vault, one_table(b"b"))
    vault.delete(gone.id)
    for number, data in enumerate((b"", b"HWGONE", b"nonsense" * 9, b"HWGONE\x00\x01" + b"".join(stored_packs(vault)))):
        vault.blobs.create(f"gc/{number}", data)
    for _ in range(2):
        collect(vault, NONE)
    assert stored_packs(vault) == snapshot.packs.keys()
    assert list(vault.blobs.list("gc/")) == []


def test_collecting_requires_a_vault(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    builders.snapshot(vault, one_table(b"a"))
    vault.blobs.delete("config")
    with pytest.raises(Missing):
        collect(vault, NONE)


def test_dead_bytes_are_reported(tmp_path: Path) -> None:
    vault = builders.vault(tmp_path)
    rows = [bytes([number % 251]) * 999 + str(number).encode() for number in range(500)]
    snapshot = builders.snapshot(vault, {"t": one_table(*rows)["t"], "u": one_table(*rows[::-1])["t"]})
    second = builders.snapshot(vault, {"t": one_table(*rows)["t"]}, parent=snapshot)
    sizes = dict(packs.listed(vault.blobs))
    assert collect(vault, NONE).dead_bytes < 400  # footers
    vault.delete(snapshot.id)
    result = collect(vault, NONE)
    assert result.dead_bytes == sum(sizes[pack].size - size for pack, size in second.packs.items())
    assert result.dead_bytes > 1000
    assert result.live_bytes == sum(sizes[pack].size for pack in second.packs)


@pytest.mark.parametrize("fault", ["error", "lost", "half", "slow"])
def test_interrupted_pass_is_harmless(tmp_path: Path, fault: Any) -> None:
    at = 0
    while True:
        vault = builders.vault(tmp_path)
        snapshot = builders.snapshot(vault, one_table(b"a"))
        two = builders.snapshot(vault, one_table(b"a", b"b"), parent=snapshot)
        lost = builders.snapshot(vault, one_table(b"c"))
        vault.delete(snapshot.id)
        vault.delete(lost.id)
        collect(vault, NONE)
        faulty = FaultyBlobs(vault.blobs, at, fault)
        with contextlib.suppress(StorageUnavailable, Damaged):
            collect(Vault(faulty, vault.config, vault.keys), NONE)
        assert builders.rows(builders.reopened(vault.blobs), two, "t") == [(b"a",), (b"b",)]
        for _ in range(2):
            collect(vault, NONE)
        assert stored_packs(vault) == two.packs.keys()
        if not faulty.failed:
            break
        at += 1
    assert at > 12
