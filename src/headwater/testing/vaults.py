"""The conformance suite of `Blobs`: requirements on every store of a vault; and two doubles.

Each check takes an empty store and raises AssertionError; `CHECKS` lists them. `MemoryBlobs` is a store in memory,
`FaultyBlobs` one that fails on demand.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from headwater.vault.blobs import Blob, Blobs
from headwater.vault.errors import Damaged, Missing, StorageFull, StorageUnavailable

Check = Callable[[Blobs], None]
Answer = TypeVar("Answer")
_RACERS = 16
_SIZES = (0, 1, 3, 4095, 4096, 4097, 65_537, 1_048_575, 20_000_003)


def fails(error: type[Exception], call: Callable[[], object]) -> None:
    """Assert that a call raises exactly this error, not a subclass."""
    try:
        call()
    except Exception as raised:
        assert type(raised) is error, repr(raised)
    else:
        raise AssertionError(f"nothing was raised, {error.__name__} was expected")


def _bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - not a secret


def is_created_once(blobs: Blobs) -> None:
    """The first create wins; creating the same bytes again is safe; other bytes change nothing."""
    assert blobs.create("snapshots/one", b"first")
    assert blobs.create("snapshots/one", b"first")
    assert not blobs.create("snapshots/one", b"other")
    assert not blobs.create("snapshots/one", b"")
    assert blobs.read("snapshots/one") == b"first"
    blobs.delete("snapshots/one")
    assert blobs.create("snapshots/one", b"again")
    assert blobs.read("snapshots/one") == b"again"


def has_one_winner(blobs: Blobs) -> None:
    """If several callers create one name at once, exactly one wins, and the blob is completely its own."""
    start = threading.Barrier(_RACERS)

    def race(racer: int) -> bool:
        start.wait()
        return blobs.create("race/it", bytes([racer]) * 100_000)

    with ThreadPoolExecutor(_RACERS) as threads:
        won = [racer for racer, first in enumerate(threads.map(race, range(_RACERS))) if first]
    assert len(won) == 1, won
    assert blobs.read("race/it") == bytes(won) * 100_000


def reads_parts(blobs: Blobs) -> None:
    """Reads a whole blob, a tail, a part, and several parts in any order, distance and repetition, also empty ones."""
    data = _bytes(3_000_000)
    blobs.create("packs/00/it", data)
    assert blobs.read("packs/00/it") == data
    assert blobs.read("packs/00/it", 2_999_990) == data[-10:]
    assert blobs.read("packs/00/it", 3_000_000) == b""
    assert blobs.read("packs/00/it", 7, 11) == data[7:18]
    assert blobs.read("packs/00/it", 7, 0) == b""
    parts = [(2_000_000, 10), (0, 1), (1, 5), (3, 9), (0, 1), (2_999_999, 1), (17, 0), (0, 3_000_000)]
    contents = blobs.read_parts("packs/00/it", parts)
    assert list(contents) == [data[start : start + length] for start, length in parts]
    assert list(blobs.read_parts("packs/00/it", [])) == []


def tells_what_is_cut_off(blobs: Blobs) -> None:
    """Reading past the end raises Damaged, for one byte or all; it never returns fewer bytes than requested."""
    blobs.create("packs/00/it", b"0123456789")
    blobs.create("packs/00/empty", b"")
    for start, length in ((9, 2), (10, 1), (50, 1), (0, 11)):
        fails(Damaged, lambda start=start, length=length: blobs.read("packs/00/it", start, length))  # type: ignore[misc]
        fails(Damaged, lambda part=(start, length): blobs.read_parts("packs/00/it", [(0, 2), part]))  # type: ignore[misc]
    fails(Damaged, lambda: blobs.read("packs/00/it", 11))
    fails(Damaged, lambda: blobs.read("packs/00/empty", 0, 1))


def tells_what_is_missing(blobs: Blobs) -> None:
    """A missing blob raises Missing for readers; `find` returns None; `list` and `delete` ignore it."""
    blobs.create("packs/00/it", b"x")
    for name in ("packs/00/other", "packs/11/it", "elsewhere/it", "alone"):
        fails(Missing, lambda name=name: blobs.read(name))  # type: ignore[misc]
        fails(Missing, lambda name=name: blobs.read(name, 1, 2))  # type: ignore[misc]
        fails(Missing, lambda name=name: blobs.read(name, 1))  # type: ignore[misc]
        fails(Missing, lambda name=name: blobs.read_parts(name, [(0, 1), (5, 5)]))  # type: ignore[misc]
        fails(Missing, lambda name=name: blobs.read_parts(name, [(0, 0)]))  # type: ignore[misc]
        assert blobs.find(name) is None
        blobs.delete(name)
    assert list(blobs.list("elsewhere/")) == []


def lists_what_is_there(blobs: Blobs) -> None:
    """A listing has new blobs at once, at any depth, only of its folder, and no deleted ones."""
    names = {f"packs/{number % 16:02x}/{number:032x}" for number in range(60)}
    for name in names:
        blobs.create(name, name.encode() * 2)
        assert blobs.find(name)
    blobs.create("packs2/00/it", b"")
    blobs.create("config", b"{}")
    listed = {blob.name: blob for blob in blobs.list("packs/")}
    assert set(listed) == names
    for name in sorted(names)[::7]:
        assert listed[name].size == 2 * len(name)
        assert listed[name] == blobs.find(name)
    gone = sorted(names)[::2]
    for name in gone:
        for _ in range(2):
            blobs.delete(name)
        assert blobs.find(name) is None
    assert {blob.name for blob in blobs.list("packs/")} == names - set(gone)
    assert {blob.name for blob in blobs.list("")} == names - set(gone) | {"packs2/00/it", "config"}


def keeps_any_size(blobs: Blobs) -> None:
    """Blobs of any size are read back unchanged: empty, a byte, around block sizes, 20 MB."""
    for size in _SIZES:
        data = _bytes(size)
        assert blobs.create(f"packs/00/{size}", data)
        blob = blobs.find(f"packs/00/{size}")
        assert blob and blob.size == size
        assert blobs.read(f"packs/00/{size}") == data


def has_a_clock(blobs: Blobs) -> None:
    """A later blob is not older than an earlier one, in `find` and in `list`; times have a time zone."""
    blobs.create("clock/1", b"")
    blobs.create("clock/2", b"")
    first, two = blobs.find("clock/1"), blobs.find("clock/2")
    assert first and two and first.modified.tzinfo
    assert first.modified <= two.modified
    assert {blob.name: blob.modified for blob in blobs.list("clock/")} == {
        first.name: first.modified,
        two.name: two.modified,
    }


def shows_nothing_half(blobs: Blobs) -> None:
    """While blobs are being written, readers see each of them complete or not at all, and nothing else."""
    data = _bytes(5_000_000)
    names = [f"packs/00/{number}" for number in range(8)]

    def write() -> None:
        for name in names:
            assert blobs.create(name, data)

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while True:
            over = writing.done()
            seen = list(blobs.list(""))
            assert {blob.name for blob in seen} <= set(names)
            assert all(blob.size == len(data) for blob in seen)
            if seen:
                assert blobs.read(seen[-1].name) == data
            if over:
                break
        writing.result()
    assert {blob.name for blob in seen} == set(names)


def is_swept(blobs: Blobs) -> None:
    """Sweeping deletes no created blob, however old, and works on an empty store."""
    blobs.sweep(timedelta(0))
    blobs.create("config", b"{}")
    blobs.sweep(timedelta(0))
    assert [blob.name for blob in blobs.list("")] == ["config"]


CHECKS: tuple[Check, ...] = (
    is_created_once,
    has_one_winner,
    reads_parts,
    tells_what_is_cut_off,
    tells_what_is_missing,
    lists_what_is_there,
    keeps_any_size,
    has_a_clock,
    shows_nothing_half,
    is_swept,
)


class MemoryBlobs:
    """A store in memory; `content` may be inspected and changed."""

    def __init__(self, content: dict[str, bytes] | None = None) -> None:
        self.content = dict(content or {})
        self._times = dict.fromkeys(self.content, datetime.now(UTC))
        self._lock = threading.Lock()

    def create(self, name: str, data: bytes) -> bool:
        """See `Blobs`."""
        with self._lock:
            self._times.setdefault(name, datetime.now(UTC))
            return self.content.setdefault(name, bytes(data)) == data

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Blobs`."""
        length = len(self._found(name)) - start if length is None else length
        return self.read_parts(name, [(start, length)])[0]

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """See `Blobs`."""
        data = self._found(name)
        if any(length < 0 or start + length > len(data) for start, length in parts):
            raise Damaged(f"{name} of the vault is truncated.")
        return [data[start : start + length] for start, length in parts]

    def find(self, name: str) -> Blob | None:
        """See `Blobs`."""
        with self._lock:
            data = self.content.get(name)
            return None if data is None else Blob(name, len(data), self._times[name])

    def list(self, prefix: str) -> Iterator[Blob]:
        """See `Blobs`."""
        for name in [name for name in tuple(self.content) if name.startswith(prefix)]:
            if blob := self.find(name):
                yield blob

    def delete(self, name: str) -> None:
        """See `Blobs`."""
        with self._lock:
            self.content.pop(name, None)
            self._times.pop(name, None)

    def sweep(self, older: timedelta) -> None:
        """See `Blobs`; memory outlives no writer."""

    def _found(self, name: str) -> bytes:
        with self._lock:
            if name not in self.content:
                raise Missing(f"{name} of the vault is missing.")
            return self.content[name]


Fault = Literal["full", "error", "half", "lost", "slow", "taken"]
FAULTS: tuple[Fault, ...] = ("full", "error", "half", "lost", "slow", "taken")


class FaultyBlobs:
    """A store in front of another that fails at one call, or from it on, and counts its calls.

    Args:
        at: the call that fails, from 0; None for none.
        fault: `full` no room (ENOSPC) · `error` the store does not respond (EIO, 500) · `half` a write is stored in
            part and reported as done, a read comes short · `lost` it is done, but the answer is lost · `slow` it
            takes a moment · `taken` somebody else has just written this name (412).
        lasting: whether all later calls fail as well.
    """

    def __init__(self, inner: Blobs, at: int | None = None, fault: Fault = "error", *, lasting: bool = False) -> None:
        self.inner, self._at, self._fault, self._lasting = inner, at, fault, lasting
        self.calls = 0
        self.failed = 0
        self._lock = threading.Lock()

    def create(self, name: str, data: bytes) -> bool:
        """See `Blobs`."""
        match self._due():
            case "half":
                return self.inner.create(name, data[: len(data) // 2])
            case "lost":
                self.inner.create(name, data)
                raise StorageUnavailable
            case "taken":
                self.inner.create(name, b"somebody else's")
                return self.inner.create(name, data)
        return self.inner.create(name, data)

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Blobs`."""
        due = self._due()
        content = self._unless_lost(due, self.inner.read(name, start, length))
        if due == "half" and length is None:
            return content[: len(content) // 2]
        return self._whole(due, content)

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """See `Blobs`."""
        due = self._due()
        return self._whole(due, self._unless_lost(due, self.inner.read_parts(name, parts)))

    def find(self, name: str) -> Blob | None:
        """See `Blobs`."""
        return self._unless_lost(self._due(), self.inner.find(name))

    def list(self, prefix: str) -> Iterator[Blob]:
        """See `Blobs`; it fails after the first blob, which is worse than before it."""
        due = self._due()
        for number, blob in enumerate(self.inner.list(prefix)):
            if number and due in {"half", "lost"}:
                raise StorageUnavailable
            yield blob

    def delete(self, name: str) -> None:
        """See `Blobs`."""
        due = self._due()
        self.inner.delete(name)
        self._unless_lost(due, None)

    def sweep(self, older: timedelta) -> None:
        """See `Blobs`."""
        due = self._due()
        self.inner.sweep(older)
        self._unless_lost(due, None)

    def _due(self) -> Fault | None:
        """Count a call, raise its error if it is immediate, and return any other fault."""
        with self._lock:
            number, self.calls = self.calls, self.calls + 1
            if self._at is None or number < self._at or (number > self._at and not self._lasting):
                return None
            self.failed += 1
        if self._fault == "full":
            raise StorageFull
        if self._fault == "error":
            raise StorageUnavailable
        if self._fault == "slow":
            time.sleep(0.005)
        return self._fault

    @staticmethod
    def _unless_lost(due: Fault | None, answer: Answer) -> Answer:
        if due == "lost":
            raise StorageUnavailable
        return answer

    @staticmethod
    def _whole(due: Fault | None, answer: Answer) -> Answer:
        if due == "half":
            raise Damaged("A blob of the vault is truncated.")
        return answer
