"""Packs: many small segments in one blob, each encrypted and readable separately.

The key of a pack is derived from its random id, and the nonce of a segment is its offset in the pack, so no pair of key
and nonce is ever used twice. The footer lists the segments; garbage collection and repair read it, while readers of a
snapshot have a `Ref` with the position of a segment. Layout: docs/reference/vault-format.md.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headwater.vault import repair_log
from headwater.vault.blobs import Blob, Blobs
from headwater.vault.errors import Damaged
from headwater.vault.keys import Keys
from headwater.vault.repair_log import Ref as Ref  # a reference to a segment, also exported from here

FOLDER = "packs/"
MAGIC, END = b"HWPACK\x00\x01", b"HWPACKEN"
PAGE, DELTA, LEAF, ROOT, FOOTER = range(5)
TARGET = 8 * 2**20
TAG = 16
_ENTRY = struct.Struct("<B16sII")  # kind, id, offset, length
_TRAILER = struct.Struct("<I8s")
_UPLOADS = 2
_NAME = re.compile(r"packs/([0-9a-f]{2})/\1[0-9a-f]{30}")


@dataclass(frozen=True, slots=True)
class PackEntry:
    """A segment in the footer of its pack."""

    kind: int
    ref: Ref


def blob_name(pack: bytes) -> str:
    """Return the blob name of a pack."""
    text = pack.hex()
    return f"{FOLDER}{text[:2]}/{text}"


def _nonce(offset: int) -> bytes:
    return offset.to_bytes(12, "big")


def _bound(pack: bytes, offset: int, kind: int) -> bytes:
    return pack + struct.pack("<IB", offset, kind)


@dataclass(slots=True)
class _Open:
    """A pack that is being filled."""

    cipher: AESGCM
    id: bytes
    parts: list[bytes] = field(default_factory=lambda: [MAGIC])
    size: int = len(MAGIC)
    entries: list[PackEntry] = field(default_factory=list)

    def add(self, kind: int, content: bytes, body: bytes) -> Ref:
        ref = Ref(content, self.id, self.size, self._append(kind, body))
        self.entries.append(PackEntry(kind, ref))
        return ref

    def sealed(self) -> bytes:
        listed = b"".join(
            _ENTRY.pack(entry.kind, entry.ref.id, entry.ref.offset, entry.ref.length) for entry in self.entries
        )
        length = self._append(FOOTER, listed)
        return b"".join((*self.parts, _TRAILER.pack(length, END)))

    def _append(self, kind: int, body: bytes) -> int:
        """Encrypt and append a segment, and return its length."""
        self.parts.append(self.cipher.encrypt(_nonce(self.size), body, _bound(self.id, self.size, kind)))
        length = len(self.parts[-1])
        self.size += length
        return length


class PackWriter:
    """Fills packs and uploads them, a few in parallel; `add` waits if uploads cannot keep up.

    Args:
        written: called with id and size of each stored pack.
    """

    def __init__(self, blobs: Blobs, keys: Keys, written: Callable[[bytes, int], None], target: int = TARGET) -> None:
        self._blobs, self._keys, self._written, self._target = blobs, keys, written, target
        self._lock = threading.Lock()
        self._uploads = ThreadPoolExecutor(_UPLOADS, thread_name_prefix="vault-upload")
        self._room = threading.Semaphore(_UPLOADS)
        self._running: list[Future[None]] = []
        self._open: _Open | None = None
        self._failed: BaseException | None = None

    def add(self, kind: int, content: bytes, body: bytes) -> Ref:
        """Add a segment and return its position; raises the error of an earlier upload."""
        with self._lock:
            self._check()
            if self._open is None:
                pack = secrets.token_bytes(16)
                self._open = _Open(self._keys.pack(pack), pack)
            ref = self._open.add(kind, content, body)
            if self._open.size >= self._target:
                self._seal()
            return ref

    def finish(self) -> None:
        """Upload the rest and wait until everything is stored; raises the error of any upload."""
        with self._lock:
            self._check()
            if self._open:
                self._seal()
            self._collect(len(self._running))

    def close(self) -> None:
        """Stop; unfinished packs are discarded, and nothing refers to them."""
        self._uploads.shutdown(wait=True, cancel_futures=True)

    def _seal(self) -> None:
        assert self._open
        done, self._open = self._open, None
        self._collect(sum(upload.done() for upload in self._running))
        self._room.acquire()
        self._running.append(self._uploads.submit(self._upload, done.id, done.sealed()))

    def _collect(self, number: int) -> None:
        for _ in range(number):
            error = self._running.pop(0).exception()
            self._failed = self._failed or error
        self._check()

    def _check(self) -> None:
        if self._failed:  # no snapshot with segments in the lost pack may commit, whichever caller gets the error first
            raise self._failed

    def _upload(self, pack: bytes, data: bytes) -> None:
        try:
            name = blob_name(pack)
            if not self._blobs.create(name, data):
                raise Damaged(f"{name} already exists in the vault.")
            blob = self._blobs.find(name)
            if blob is None or blob.size != len(data):
                raise Damaged(f"{name} was not stored completely.", hint="Try again. No data was lost.")
            self._written(pack, len(data))
        finally:
            self._room.release()


class PackReader:
    """Reads segments, and caches the ciphers of packs."""

    def __init__(self, blobs: Blobs, keys: Keys) -> None:
        self._blobs, self._keys = blobs, keys
        self._ciphers: dict[bytes, AESGCM] = {}

    def segment(self, kind: int, ref: Ref) -> bytes:
        """Return the content of a segment, decrypted; raises Damaged or Missing."""
        return self.segments(kind, [ref])[0]

    def segments(self, kind: int, refs: Sequence[Ref]) -> list[bytes]:
        """Return many segments in the given order, with few requests; repaired ones from their new position."""
        contents: dict[Ref, bytes] = {}
        for pack, wanted in _by_pack(refs).items():
            try:
                contents.update(self._read(kind, pack, wanted))
            except Damaged:
                moved = repair_log.moved(self._blobs, self._keys, pack)
                if not moved:
                    raise
                for ref in wanted:
                    contents[ref] = self._one(kind, ref, moved)
        return [contents[ref] for ref in refs]

    def _read(self, kind: int, pack: bytes, refs: Sequence[Ref]) -> Mapping[Ref, bytes]:
        parts = self._blobs.read_parts(blob_name(pack), [(ref.offset, ref.length) for ref in refs])
        return {ref: self._opened(kind, ref, part) for ref, part in zip(refs, parts, strict=True)}

    def _one(self, kind: int, ref: Ref, moved: Mapping[int, Sequence[Ref]]) -> bytes:
        """Return a segment from its original position, or from the first replacement that can be read."""
        for ref_ in moved.get(ref.offset, ()):
            with contextlib.suppress(Damaged):
                return self._read(kind, ref_.pack, [ref_])[ref_]
        return self._read(kind, ref.pack, [ref])[ref]

    def entries(self, pack: bytes) -> list[PackEntry]:
        """Return the contents of a pack, from its footer."""
        name = blob_name(pack)
        blob = self._blobs.find(name)
        size = blob.size if blob else 0
        length, end = _TRAILER.unpack(self._blobs.read(name, max(0, size - _TRAILER.size), _TRAILER.size))
        start = size - _TRAILER.size - length
        if end != END or start < len(MAGIC):
            raise Damaged(f"{name} of the vault has no footer.", hint="Verify the vault.")
        footer = self._opened(FOOTER, Ref(b"", pack, start, length), self._blobs.read(name, start, length))
        return [PackEntry(kind, Ref(content, pack, at, long)) for kind, content, at, long in _ENTRY.iter_unpack(footer)]

    def _opened(self, kind: int, ref: Ref, data: bytes) -> bytes:
        cipher = self._ciphers.get(ref.pack)
        if cipher is None:
            cipher = self._ciphers[ref.pack] = self._keys.pack(ref.pack)
        try:
            return cipher.decrypt(_nonce(ref.offset), data, _bound(ref.pack, ref.offset, kind))
        except InvalidTag as error:
            raise Damaged(
                f"{blob_name(ref.pack)} of the vault is damaged at byte {ref.offset}.", hint="Verify the vault."
            ) from error


def size_of(entries: Sequence[PackEntry]) -> int:
    """Return the size of a pack with these segments."""
    footer = len(entries) * _ENTRY.size + TAG
    return len(MAGIC) + sum(entry.ref.length for entry in entries) + footer + _TRAILER.size


def _by_pack(refs: Sequence[Ref]) -> Mapping[bytes, list[Ref]]:
    packs: dict[bytes, list[Ref]] = {}
    for ref in dict.fromkeys(refs):
        packs.setdefault(ref.pack, []).append(ref)
    return packs


def listed(blobs: Blobs) -> Iterator[tuple[bytes, Blob]]:
    """Yield all packs by id; other blobs in the folder are skipped."""
    for blob in blobs.list(FOLDER):
        if _NAME.fullmatch(blob.name):
            yield bytes.fromhex(blob.name[-32:]), blob
