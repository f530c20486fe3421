"""Children that take, delete and collect snapshots without an end, until somebody kills them or they are told."""

from __future__ import annotations

import hashlib
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from headwater.kit.errors import Conflict
from headwater.vault.chunker import ChunkSizes
from headwater.vault.errors import Missing
from headwater.vault.garbage_collection import collect
from headwater.vault.local import LocalBlobs
from headwater.vault.manifest import Manifest
from headwater.vault.vault import Vault
from vault import builders
from vault.builders import Given, Row

NONE = timedelta(seconds=-5)  # a margin that is always over
SIZES = ChunkSizes(rows=32)
_KEPT = 4


def rows(state: dict[int, int]) -> list[Row]:
    """Return the rows of a table whose content is a version for each key."""
    return [(b"%d" % key, hashlib.sha256(b"%d %d" % (key, state[key])).hexdigest().encode()) for key in sorted(state)]


def fingerprint(found: list[Row]) -> str:
    """Return what rows are recognised by; a snapshot carries it as its label of tables' facts."""
    return hashlib.sha256(repr(found).encode()).hexdigest()


def take(vault: Vault, seed: int, parent: Manifest | None) -> Manifest:
    """Take a snapshot of random rows, alike to those of others, whose id tells what is in it."""
    chance = random.Random(seed)
    state = {key: 0 if key % 40 else chance.randrange(50) for key in range(chance.randrange(300, 500))}
    content = rows(state)
    id_ = f"{time.time_ns():020d}-{chance.randrange(10**6):06d}-{fingerprint(content)}"
    return builders.snapshot(
        vault, {"t": Given(("integer", "hex"), content, (0,))}, parent=parent, sizes=SIZES, id_=id_
    )


def is_what_its_id_says(vault: Vault, snapshot: str) -> bool:
    """Say whether a snapshot has the rows that were given to it."""
    return fingerprint(builders.rows(vault, vault.manifest(snapshot), "t")) == snapshot.rsplit("-", 1)[1]


def loop(folder: Path, seed: int, begun: Any, committed: Any) -> None:
    """Take, delete and collect, until killed; the events are set at the start and after the first snapshot."""
    vault, created = Vault.open(LocalBlobs(folder), builders.KEY), random.Random(seed)
    begun.set()
    while True:
        there = vault.snapshots()
        take(vault, created.randrange(2**40), vault.manifest(there[-1]) if there and created.random() < 0.8 else None)
        committed.set()
        for old in there[: max(0, len(there) - _KEPT)]:
            vault.delete(old)
        if created.random() < 0.4:
            collect(vault, NONE)


def write(folder: Path, seed: int, over: Any, told: Any) -> None:
    """Take and delete beside others until it is over; what goes wrong is reported."""
    vault, created = Vault.open(LocalBlobs(folder), builders.KEY), random.Random(seed)
    done = refused = 0
    try:
        while not over.is_set() or done < 3:
            there = vault.snapshots()
            try:
                parent = vault.manifest(created.choice(there)) if there and created.random() < 0.8 else None
                take(vault, created.randrange(2**40), parent)
                done += 1
            except (Conflict, Missing) as error:
                if isinstance(error, Missing) and not str(error).startswith("snapshots/"):
                    raise
                refused += 1  # the other writer deleted the parent: told, and nothing was made
            if len(there) > _KEPT:
                vault.delete(created.choice(there))
        told.put((done, refused, ""))
    except Exception as error:
        told.put((done, refused, repr(error)))
