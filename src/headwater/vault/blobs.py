"""Where a vault keeps its bytes: named blobs that are written once, whole, and never changed.

`create` is the only way to write: of two that write one name, exactly one wins. A blob that was created is there for
good: it outlives a crash of the machine. All methods block and may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob as it is listed; `modified` is the time of the store's own clock."""

    name: str
    size: int
    modified: datetime


class Blobs(Protocol):
    """A place for blobs; names are of `a-z 0-9 - /`.

    Every method raises StorageUnavailable when the store does not answer or refuses, StorageFull when it has no room.
    """

    def create(self, name: str, data: bytes) -> bool:
        """Write a blob; False, and nothing is changed, when there is another one of this name.

        Writing the same bytes again is as good as once: who had no answer may ask again.
        """

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return a blob or a part of it.

        Raises:
            Missing: there is none.
            Damaged: it is shorter than what was asked for.
        """

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """Return parts (start, length) of a blob, with as few requests as make sense; raises as `read`."""

    def find(self, name: str) -> Blob | None:
        """Return what a listing says of a blob, or None when there is none."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Return the blobs below a folder such as `snapshots/`, in no order."""

    def delete(self, name: str) -> None:
        """Delete a blob, if it is there."""

    def sweep(self, older: timedelta) -> None:
        """Remove what writers that were killed longer ago than this left behind, where the store lets them."""
