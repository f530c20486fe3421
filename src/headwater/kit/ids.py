"""Identifiers: UUID version 7 (RFC 9562), which sort by creation time."""

from __future__ import annotations

import os
import time
import uuid

# No id sorts after it: the position of the first page of a list that begins with the newest.
LAST_ID = uuid.UUID(int=2**128 - 1)


def new_id() -> uuid.UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    stamp = time.time_ns() // 1_000_000
    value = (stamp << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)


_last_id = uuid.UUID(int=0)


def next_id() -> uuid.UUID:
    """Return a new UUIDv7 that is greater than all that this function has returned in this process."""
    global _last_id
    _last_id = max(new_id(), uuid.UUID(int=_last_id.int + 1))
    return _last_id
