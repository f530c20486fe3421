"""argon2id hashing of passwords: in few threads of low priority, with a bounded queue before them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from headwater.kit.errors import TooMany

Result = TypeVar("Result")
# argon2id takes 64 MiB and four threads for each hash.
AT_ONCE = max(1, min(4, (os.cpu_count() or 2) // 2))
MOST_WAITING = 16
LOW_PRIORITY = 10
_hasher = PasswordHash((Argon2Hasher(),))


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return await _queue.run(lambda: _hasher.hash(password))


async def verify(password: str, known: str | None) -> tuple[bool, str | None]:
    """Return whether a password is right, and a new hash if the stored one used older parameters.

    An unknown user (`known` None) takes as much time as a known one, so that timing reveals nothing.
    """
    right, renewed = await _queue.run(lambda: _hasher.verify_and_update(password, known or _decoy()))
    return (right, renewed) if known else (False, None)


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this password")


class HashingQueue:
    """Threads that hash, and the work that waits for them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "hashing", _lower_priority)
        self._waiting = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of work; raise TooMany at once if too much of it waits already."""
        if self._waiting >= AT_ONCE + MOST_WAITING:
            raise TooMany("Too many people sign in at this moment.", hint="Try again in a moment.", retry_after=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _lower_priority() -> None:
    """Let requests go before hashing; on Linux, the priority is that of the calling thread and of those it starts."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)


_queue = HashingQueue()
