"""Receives a file in chunks: it is written to a temporary file and moved to its path when complete."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from headwater.kit.errors import TooLarge, Unavailable

PART = ".part"


async def receive(
    target: Path,
    chunks: AsyncIterator[bytes],
    *,
    limit_mb: int,
    display_name: str,
    hint: str,
    check: Callable[[Path], None] | None = None,
) -> int:
    """Store chunks as a file and return its size in bytes; on any error, no file remains.

    Args:
        target: the path of the file; its folder is created.
        chunks: the received chunks.
        limit_mb: the size limit.
        display_name: its name for the sender.
        hint: the hint if the file is too large.
        check: checks the complete file before it is moved, and raises if it is not valid.

    Raises:
        TooLarge: more than `limit_mb`; raised as soon as the limit is exceeded.
        Unavailable: the file cannot be written.
    """
    part = target.with_name(target.name + PART)
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    size = 0
    try:
        with part.open("xb") as out:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit_mb * 1_048_576:
                    raise TooLarge(f"{display_name} is larger than {limit_mb} MB.", hint=hint)
                await asyncio.to_thread(out.write, chunk)
            out.flush()
            await asyncio.to_thread(os.fsync, out.fileno())
        if check:
            await asyncio.to_thread(check, part)
        part.rename(target)
        await asyncio.to_thread(_settle_folder, part.parent)
    except OSError as error:
        raise Unavailable(f"The upload cannot be stored: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _settle_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
