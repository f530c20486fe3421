"""The cache of facts and claims by content hash: the interface, and two implementations."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import headwater

_SCHEMA = "CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
_MAX_BYTES = 2_000_000_000


class Cache(Protocol):
    """Stores bytes by key; may forget any of them at any time."""

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


class NoCache:
    """Stores nothing."""

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return nothing."""
        return {}

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Do nothing."""


class FileCache:
    """One SQLite file, for the command line; it is recreated when it is damaged or too large."""

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
        query = "SELECT value FROM entry WHERE key = ?"
        rows = ((key, self._database.execute(query, (key,)).fetchone()) for key in keys)
        return {key: row[0] for key, row in rows if row}

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Remember these values."""
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?)", list(entries.items()))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
