"""Compression of the content of segments: a byte for the codec, then the compressed bytes."""

from __future__ import annotations

import gzip
import threading
import zlib
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import zstandard

from headwater.vault.errors import Damaged

Name = Literal["none", "zstd", "gzip", "deflate", "lz4"]
_CODES: dict[Name, int] = {"none": 0, "zstd": 1, "gzip": 2, "deflate": 3, "lz4": 4}
_NAMES = {code: name for name, code in _CODES.items()}
LEVELS: dict[Name, range] = {
    "none": range(1),
    "zstd": range(1, 20),
    "gzip": range(1, 10),
    "deflate": range(1, 10),
    "lz4": range(1),
}
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Codec:
    """A compression codec and level; zstd 3 is the default, `bench/RESULTS.md` says why."""

    name: Name = "zstd"
    level: int = 3

    def __post_init__(self) -> None:
        if self.name not in LEVELS or self.level not in LEVELS[self.name]:
            raise ValueError(f"no codec {self.name} {self.level}")

    def compress(self, content: bytes) -> bytes:
        """Return the compressed content after the byte of its codec; uncompressed if that is smaller."""
        packed = _compressed(self, content)
        return bytes([_CODES[self.name]]) + packed if len(packed) < len(content) else b"\0" + content


DEFAULT = Codec()


def _compressed(codec: Codec, content: bytes) -> bytes:
    if codec.name == "zstd":
        entry: dict[int, zstandard.ZstdCompressor] = _local.__dict__.setdefault("zstd", {})
        if codec.level not in entry:
            entry[codec.level] = zstandard.ZstdCompressor(level=codec.level)
        packed: bytes = entry[codec.level].compress(content)
        return packed
    if codec.name == "gzip":
        return gzip.compress(content, codec.level, mtime=0)
    if codec.name == "deflate":
        return zlib.compress(content, codec.level)
    if codec.name == "lz4":
        return len(content).to_bytes(4, "little") + bytes(pa.compress(content, codec="lz4_raw", asbytes=True))
    return content


def decompress(body: bytes) -> bytes:
    """Return the decompressed content of a segment.

    Raises:
        Damaged: it is not output of `compress`.
    """
    name, packed = _NAMES.get(body[0]) if body else None, body[1:]
    try:
        if name == "none":
            return packed
        if name == "zstd":
            if "unzstd" not in _local.__dict__:
                _local.unzstd = zstandard.ZstdDecompressor()
            content: bytes = _local.unzstd.decompress(packed)
            return content
        if name == "gzip" and packed:  # gzip accepts an empty input
            return gzip.decompress(packed)
        if name == "deflate":
            return zlib.decompress(packed)
        if name == "lz4":
            size = int.from_bytes(packed[:4], "little")
            return bytes(pa.decompress(packed[4:], size, codec="lz4_raw", asbytes=True))
    except (zstandard.ZstdError, zlib.error, OSError, EOFError, pa.ArrowException) as error:
        raise Damaged("A page of the vault cannot be decompressed.") from error
    raise Damaged(
        "A page of the vault uses a compression that this version of Headwater does not support.",
        hint="Update Headwater.",
    )
