"""Storage of a vault: named blobs that are written once, completely, and never changed.

`create` is the only way to write: if two writers create the same name, exactly one succeeds. A created blob is durable:
it survives a crash of the machine. All methods block and may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob in a listing; `modified` is the time by the store's own clock."""

    name: str
    size: int
    modified: datetime


class Blobs(Protocol):
    """A store of blobs; names consist of `a-z 0-9 - /`.

    Every method raises StorageUnavailable when the store does not answer or refuses, StorageFull when it has no room.
    """

    def create(self, name: str, data: bytes) -> bool:
        """Write a blob; return False, without any change, if a different blob of this name exists.

        Writing the same bytes again is safe: a caller that got no answer may retry.
        """

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return a blob or a part of it.

        Raises:
            Missing: it does not exist.
            Damaged: it is shorter than requested.
        """

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """Return parts (start, length) of a blob, with as few requests as make sense; raises as `read`."""

    def find(self, name: str) -> Blob | None:
        """Return the listing entry of a blob, or None if it does not exist."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Yield the blobs below a folder such as `snapshots/`, in any order."""

    def delete(self, name: str) -> None:
        """Delete a blob if it exists."""

    def sweep(self, older: timedelta) -> None:
        """Delete what writers that were killed longer ago than this left behind, if the store allows it."""
