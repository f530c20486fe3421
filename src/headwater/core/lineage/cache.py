"""The cache of facts and claims by content hash: the interface, and two implementations."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Protocol

import headwater
from headwater.core.lineage.shares import WorkShare, in_turn

_SCHEMA = "CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
_MAX_BYTES = 2_000_000_000
_AT_ONCE = 500  # keys in one query
_SHARED_ITEMS = 40  # of a batch, after which a worker looks at what others have computed; about 300 KB of source


class Cache(Protocol):
    """Stores bytes by key; may forget any of them at any time.

    `share` is set while several workers scan the same code base, each with this cache.
    """

    share: WorkShare | None

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values of those keys that are known."""

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Remember these values."""


@cache
def _code() -> bytes:
    """Return a digest of the code that computes facts and claims: when it changes, the cache is invalid."""
    root = Path(headwater.__file__).parent
    rooms = ("catalog", "languages", "readers", "frameworks", "core/lineage")
    files = sorted(file for room in rooms for file in (root / room).rglob("*.py"))
    digest = hashlib.blake2b(digest_size=20)
    for file in files:
        digest.update(file.read_bytes())
    return digest.digest()


def key_of(kind: str, *parts: bytes) -> bytes:
    """Return the key of a value computed from `parts` by the current code (BLAKE2b, 20 bytes)."""
    digest = hashlib.blake2b(kind.encode() + b"\0" + _code(), digest_size=20)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def remembered(
    cache: Cache, keys: Mapping[str, bytes], compute: Callable[[list[str]], Mapping[str, bytes]]
) -> dict[str, bytes]:
    """Return the value of each item: what the cache knows by its key, else what is computed now, and cached.

    Args:
        cache: where values are looked up and stored.
        keys: the key of each item, a digest of everything that its value depends on.
        compute: returns the values of items that are not in the cache.
    """
    values: dict[str, bytes] = {}

    def unknown(items: list[str]) -> list[str]:
        known = cache.get_many([keys[item] for item in items])
        values.update({item: known[keys[item]] for item in items if keys[item] in known})
        return [item for item in items if item not in values]

    absent = unknown(list(keys))
    size = _SHARED_ITEMS if cache.share else len(absent) or 1
    batches = [absent[at : at + size] for at in range(0, len(absent), size)]
    for batch in in_turn(cache.share, batches, unknown):
        fresh = compute(batch)
        cache.put_many({keys[item]: value for item, value in fresh.items()})
        values |= fresh
    return {item: values[item] for item in keys}


class NoCache:
    """Stores nothing."""

    share: WorkShare | None = None

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return nothing."""
        return {}

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Do nothing."""


class FileCache:
    """One SQLite file, for the command line; it is recreated when it is damaged or too large."""

    share: WorkShare | None = None

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > _MAX_BYTES:
            file.unlink()
        try:
            self._open(file)
        except sqlite3.DatabaseError:
            file.unlink(missing_ok=True)
            self._open(file)

    def _open(self, file: Path) -> None:
        self._database = sqlite3.connect(file, timeout=30)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(_SCHEMA)

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the values of those keys that are known."""
        values: dict[bytes, bytes] = {}
        waiting = iter(keys)
        while batch := list(islice(waiting, _AT_ONCE)):
            marks = ", ".join("?" * len(batch))
            query = f"SELECT key, value FROM entry WHERE key IN ({marks})"  # noqa: S608 - nothing but question marks
            values.update(self._database.execute(query, batch))
        return values

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Remember these values."""
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?)", list(entries.items()))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
