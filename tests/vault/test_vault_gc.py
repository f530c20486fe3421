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

# Nothing is older than this by any clock: what was listed a moment ago is old enough.
NONE = timedelta(seconds=-5)


def given_(*rows: bytes) -> dict[str, Given]:
    return {"t": Given(("text",), [(row,) for row in rows])}


def there(of: Vault) -> set[bytes]:
    return {pack for pack, _ in packs.listed(of.blobs)}


def test_packs_of_deleted_snapshot_are_deleted_in_second_pass(place: Callable[[], Blobs]) -> None:
    of = Vault.create(place(), builders.KEY)
    snapshot = builders.snapshot(of, given_(b"a"))
    two = builders.snapshot(of, given_(b"a"), parent=snapshot)  # shares all with the first
    three = builders.snapshot(of, given_(b"c"))
    assert collect(of, NONE).deleted == 0
    of.delete(snapshot.id)
    of.delete(three.id)
    first = collect(of, NONE)
    assert (first.deleted, first.listed, first.live) == (0, 2, 2)
    assert there(of) == two.packs.keys() | three.packs.keys()
    second = collect(of, NONE)
    assert (second.deleted, second.listed) == (2, 0)
    assert second.freed > 0
    assert there(of) == two.packs.keys()
    assert builders.rows(builders.again(of.blobs), two, "t") == [(b"a",)]
    assert list(of.blobs.list(garbage_collection.FOLDER)) == []
    assert collect(of, NONE).deleted == 0


def test_nothing_is_deleted_before_the_margin(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    of.delete(builders.snapshot(of, given_(b"a")).id)
    for _ in range(5):
        assert collect(of).deleted == 0
    assert len(list(of.blobs.list(garbage_collection.FOLDER))) == 1  # one list, not one a pass
    assert len(there(of)) == 2
    assert collect(of, NONE).deleted == 2


def test_pack_needed_since_listing_is_kept(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    snapshot = builders.snapshot(of, given_(b"a"))
    kept = of.blobs.read(f"snapshots/{snapshot.id}")
    of.delete(snapshot.id)
    assert collect(of, NONE).listed == 2
    of.blobs.create(f"snapshots/{snapshot.id}", kept)  # whatever the way: it is needed now
    assert collect(of, NONE).deleted == 0
    assert builders.rows(of, snapshot, "t") == [(b"a",)]


def test_active_writer_loses_nothing(tmp_path: Path) -> None:
    """Not what it builds on, though its snapshot is deleted; not what it wrote, though no manifest names it yet."""
    of = builders.vault(tmp_path)
    parent = builders.snapshot(of, given_(b"a"))

    class Meanwhile(LocalBlobs):
        def find(self, name: str) -> Any:
            result = super().find(name)
            if name.startswith(packs.FOLDER):  # a pack was written a moment ago
                if parent.id in of.snapshots():
                    of.delete(parent.id)
                for _ in range(3):
                    assert collect(builders.again(of.blobs), NONE).deleted == 0
            return result

    writer = Vault.open(Meanwhile(of.blobs.folder), builders.KEY)  # type: ignore[attr-defined]
    snapshot = builders.snapshot(writer, {**given_(b"a"), "more": Given(("text",), [(b"b",)])}, parent=parent)
    fresh = builders.again(of.blobs)
    assert builders.rows(fresh, snapshot, "t") == [(b"a",)]
    assert builders.rows(fresh, snapshot, "more") == [(b"b",)]
    for _ in range(3):
        assert collect(fresh, NONE).deleted == 0


def test_leftovers_of_killed_writer_are_deleted_after_lease(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    snapshot = builders.snapshot(of, given_(b"a"))
    with of.write_snapshot("never", parent=snapshot) as writing:
        writing.ink.data.add(packs.PAGE, bytes(16), b"half a table")
        writing.ink.data.finish()
        assert len(there(of)) == 3
        for _ in range(3):
            assert collect(of, NONE).deleted == 0
        for _ in range(2):  # the writer hangs: its lease is over by age, while it still is there
            last = collect(of, NONE, longest=NONE)
        assert last.deleted == 1
        assert list(of.blobs.list(leases.FOLDER)) == []
    assert there(of) == snapshot.packs.keys()


def test_unreadable_lease_blocks_deletion(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    of.delete(builders.snapshot(of, given_(b"a")).id)
    collect(of, NONE)
    of.blobs.create("leases/0badc0de", b"\xc1")
    waiting = collect(of, NONE)
    assert (waiting.deleted, waiting.blocking_leases) == (0, ("leases/0badc0de",))
    assert collect(of, NONE, longest=NONE).deleted == 2


def test_unreadable_manifest_blocks_deletion(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    one, two = builders.snapshot(of, given_(b"a")), builders.snapshot(of, given_(b"b"))
    of.delete(two.id)
    collect(of, NONE)
    data = of.blobs.read(f"snapshots/{one.id}")
    of.blobs.delete(f"snapshots/{one.id}")
    of.blobs.create(f"snapshots/{one.id}", data[:-1] + bytes([data[-1] ^ 1]))
    for _ in range(2):
        with pytest.raises(Damaged, match="nothing is deleted"):
            collect(of, NONE)
    assert there(of) == one.packs.keys() | two.packs.keys()
    of.delete(one.id)
    for _ in range(2):
        collect(of, NONE)
    assert there(of) == set()


def test_unreadable_lists_are_ignored(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    snapshot = builders.snapshot(of, given_(b"a"))
    gone = builders.snapshot(of, given_(b"b"))
    of.delete(gone.id)
    for number, data in enumerate((b"", b"HWGONE", b"nonsense" * 9, b"HWGONE\x00\x01" + b"".join(there(of)))):
        of.blobs.create(f"gc/{number}", data)
    for _ in range(2):
        collect(of, NONE)
    assert there(of) == snapshot.packs.keys()
    assert list(of.blobs.list("gc/")) == []


def test_collecting_requires_a_vault(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    builders.snapshot(of, given_(b"a"))
    of.blobs.delete("config")
    with pytest.raises(Missing):
        collect(of, NONE)


def test_dead_bytes_are_reported(tmp_path: Path) -> None:
    of = builders.vault(tmp_path)
    rows = [bytes([number % 251]) * 999 + str(number).encode() for number in range(500)]
    snapshot = builders.snapshot(of, {"t": given_(*rows)["t"], "u": given_(*rows[::-1])["t"]})
    second = builders.snapshot(of, {"t": given_(*rows)["t"]}, parent=snapshot)
    sizes = dict(packs.listed(of.blobs))
    assert collect(of, NONE).dead_bytes < 400  # footers
    of.delete(snapshot.id)
    result = collect(of, NONE)
    assert result.dead_bytes == sum(sizes[pack].size - size for pack, size in second.packs.items())
    assert result.dead_bytes > 1000
    assert result.live_bytes == sum(sizes[pack].size for pack in second.packs)


@pytest.mark.parametrize("fault", ["error", "lost", "half", "slow"])
def test_interrupted_pass_is_harmless(tmp_path: Path, fault: Any) -> None:
    at = 0
    while True:
        of = builders.vault(tmp_path)
        snapshot = builders.snapshot(of, given_(b"a"))
        two = builders.snapshot(of, given_(b"a", b"b"), parent=snapshot)
        lost = builders.snapshot(of, given_(b"c"))
        of.delete(snapshot.id)
        of.delete(lost.id)
        collect(of, NONE)
        faulty = FaultyBlobs(of.blobs, at, fault)
        with contextlib.suppress(StorageUnavailable, Damaged):
            collect(Vault(faulty, of.config, of.keys), NONE)
        assert builders.rows(builders.again(of.blobs), two, "t") == [(b"a",), (b"b",)]
        for _ in range(2):
            collect(of, NONE)
        assert there(of) == two.packs.keys()
        if not faulty.failed:
            break
        at += 1
    assert at > 12
