"""kill -9 of a process that writes, deletes and collects snapshots; and two writers during garbage collection."""

from __future__ import annotations

import multiprocessing
import random
import time
from pathlib import Path
from typing import Any

import pytest

from faults import vault_helpers
from headwater.kit.errors import HeadwaterError
from headwater.vault import leases, packs, verification
from headwater.vault.garbage_collection import collect
from headwater.vault.local import LocalBlobs
from headwater.vault.vault import Vault
from suite import profiles
from suite.profiles import rounds
from vault import builders

KILLS = 8 * rounds("KILLS", 4)
SECONDS = float(rounds("VAULT_SECONDS", 20, quick=4))


@pytest.fixture(scope="module")
def processes() -> Any:
    """Starts child processes from one that has loaded all modules, so that they start quickly."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults.vault_helpers"])
    return context


def test_committed_snapshots_survive_kills(tmp_path: Path, processes: Any) -> None:
    folder = tmp_path / "vault"
    vault = Vault.create(LocalBlobs(folder), builders.KEY)
    chance = random.Random(20261121)
    newest, under_way = "", 0
    for round_ in range(KILLS):
        begun, committed = processes.Event(), processes.Event()
        child = processes.Process(target=vault_helpers.loop, args=(folder, round_, begun, committed), daemon=True)
        child.start()
        # Every other kill comes after a snapshot was committed, however slow the machine is.
        assert (committed if round_ % 2 else begun).wait(240)
        time.sleep(chance.uniform(0.0, 0.25))  # the moment of the kill, not a wait for something
        child.kill()
        child.join(120)
        assert child.exitcode == -9
        vault = builders.reopened(LocalBlobs(folder))
        under_way += bool(list(vault.blobs.list(leases.FOLDER)))
        there = vault.snapshots()
        assert there[-1] >= newest if there else not newest
        assert verification.deep(vault, threads=1).findings == ()
        assert all(vault_helpers.is_what_its_id_says(vault, snapshot) for snapshot in there)
        # Nobody's hand is needed: leases end by age, which is now, and what was left behind is given back.
        for _ in range(2):
            collect(vault, vault_helpers.NONE, longest=vault_helpers.NONE)
        needed = {pack for snapshot in there for pack in vault.manifest(snapshot).packs}
        assert {pack for pack, _ in packs.listed(vault.blobs)} == needed
        assert not list((folder / "temporary").iterdir())
        assert {blob.name.split("/")[0] for blob in vault.blobs.list("")} <= {"config", "keys", "packs", "snapshots"}
        newest = there[-1] if there else ""
    assert newest
    assert under_way > (KILLS // 4 if profiles.LONG else 0), "hardly a kill came in the middle of anything"


def test_concurrent_writers_and_collector_lose_nothing(tmp_path: Path, processes: Any) -> None:
    folder = tmp_path / "vault"
    vault = Vault.create(LocalBlobs(folder), builders.KEY)
    output, over, until = processes.Queue(), processes.Event(), time.monotonic() + SECONDS
    writers = [
        processes.Process(target=vault_helpers.write, args=(folder, seed, over, output), daemon=True) for seed in (1, 2)
    ]
    for writer in writers:
        writer.start()
    deleted = passes = looked = 0
    while time.monotonic() < until or deleted <= 5 or min(passes, looked) <= 5:
        deleted += collect(vault, vault_helpers.NONE).deleted
        passes += 1
        for snapshot in vault.snapshots()[-2:]:
            try:
                sound = vault_helpers.is_what_its_id_says(vault, snapshot)
            except HeadwaterError as error:
                # The writers delete snapshots, too: only one that is still there must be whole.
                assert vault.blobs.find(f"snapshots/{snapshot}") is None, error
            else:
                assert sound
                looked += 1
    over.set()
    outcomes = [output.get(timeout=240) for _ in writers]
    for writer in writers:
        writer.join(120)
    assert [error for _, _, error in outcomes] == ["", ""]
    for _ in range(2):
        collect(vault, vault_helpers.NONE)
    fresh = builders.reopened(LocalBlobs(folder))
    assert verification.deep(fresh).findings == ()
    assert all(vault_helpers.is_what_its_id_says(fresh, snapshot) for snapshot in fresh.snapshots())
    assert {pack for pack, _ in packs.listed(fresh.blobs)} == {
        pack for snapshot in fresh.snapshots() for pack in fresh.manifest(snapshot).packs
    }
    assert min(done for done, _, _ in outcomes) >= 3
