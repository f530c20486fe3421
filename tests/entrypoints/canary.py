"""Unique secrets, and a search for them in plain, base64, hex and URL-encoded, in files, processes and answers."""

from __future__ import annotations

import base64
import contextlib
import gzip
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import zstandard

from entrypoints.headwater_process import processes_of

# What all planted secrets begin with, so that one search finds any of them.
MARK = "qZc4n4ryV"
MAX_UNPACKED = 64 * 2**20


def encodings(text: str) -> frozenset[bytes]:
    """Return a text as bytes in plain, URL-encoded, hex and base64, wherever it begins in what was encoded."""
    data = text.encode()
    plain = {data, quote(text, safe="").encode(), data.hex().encode(), data.hex().upper().encode()}
    shifted = set()
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + data)
        first = (offset * 8 + 5) // 6  # the first character that no other byte takes part in
        shifted.add(whole[first : (offset + len(data)) * 8 // 6])
    return frozenset(plain | shifted | {each.replace(b"+", b"-").replace(b"/", b"_") for each in shifted})


@dataclass
class Canary:
    """The secrets of a test by their name: planted ones, and those that Headwater makes."""

    planted: dict[str, str] = field(default_factory=dict)
    watched: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str) -> str:
        """Return a new secret of this name; as a password it satisfies every rule."""
        self.planted[name] = f"{MARK}{secrets.token_hex(8)}+x"
        return self.planted[name]

    def watch(self, name: str, value: str) -> str:
        """Look for a secret that Headwater has made, and return it."""
        assert len(value) >= 8, name
        self.watched[name] = value
        return value

    def names_in(self, data: bytes) -> set[str]:
        """Return the names of the secrets that are in some bytes."""
        names = {name for name, value in self.watched.items() if any(each in data for each in encodings(value))}
        if any(each in data for each in encodings(MARK)):
            hits = {name for name, value in self.planted.items() if any(each in data for each in encodings(value))}
            names |= hits or {"a part of a planted secret"}
        return names


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield the bytes of a file, and what they unpack to if they are compressed."""
    yield data
    with contextlib.suppress(OSError, EOFError, zlib.error):
        if data[:2] == b"\x1f\x8b":
            yield gzip.decompress(data)[:MAX_UNPACKED]
    with contextlib.suppress(zstandard.ZstdError):
        if data[:4] == b"\x28\xb5\x2f\xfd":
            yield zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_UNPACKED)


def files_with_secrets(canary: Canary, folder: Path) -> set[tuple[str, str]]:
    """Return (name of the secret, path below the folder) for all files."""
    hits = set()
    # Headwater works on while its files are read: what vanishes is passed over.
    for path in (Path(place, name) for place, _, names in os.walk(folder) for name in names):
        with contextlib.suppress(OSError):
            if not path.is_symlink() and path.is_file():
                for data in unpacked(path.read_bytes()):
                    hits |= {(name, str(path.relative_to(folder))) for name in canary.names_in(data)}
    return hits


def processes_with_secrets(canary: Canary, home: Path) -> set[tuple[str, str]]:
    """Return (name of the secret, what shows it: command line or environment of which program)."""
    hits = set()
    for pid in processes_of(home):
        for what in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                program = (Path(f"/proc/{pid}/exe")).readlink().name
                data = Path(f"/proc/{pid}/{what}").read_bytes()
                hits |= {(name, f"{what} of {program}") for name in canary.names_in(data)}
    return hits
