"""Reads a folder of migrations from an uploaded archive, with limits on its size."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from headwater.core.lineage.archives import open_container
from headwater.core.lineage.limits import MB, IntakeLimits
from headwater.kit.errors import Invalid, TooLarge

SUFFIXES = (".sql", ".py")
LIMITS = IntakeLimits(entries=20_000, file_bytes=5 * MB, total_bytes=64 * MB)


async def texts(chunks: AsyncIterator[bytes], limit_mb: int) -> dict[str, str]:
    """Return the texts of an archive's SQL and Python files.

    Raises:
        TooLarge: more bytes than allowed.
        Unreadable: not an archive.
        Invalid: a file is not a text file.
    """
    with tempfile.NamedTemporaryFile(prefix="hw-migrations-") as file:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > limit_mb * MB:
                raise TooLarge(
                    f"The archive is larger than {limit_mb} MB.", hint="Upload only the folder of migrations."
                )
            file.write(chunk)
        file.flush()
        return await asyncio.to_thread(_read, Path(file.name))


def _read(path: Path) -> dict[str, str]:
    texts: dict[str, str] = {}
    total = 0
    with open_container(path, LIMITS) as entries:
        for entry in entries:
            if entry.refused or not entry.path.endswith(SUFFIXES) or entry.size > LIMITS.file_bytes:
                continue
            with entry.open() as source:
                data = source.read(LIMITS.file_bytes + 1)
            total += len(data)
            if len(data) > LIMITS.file_bytes or total > LIMITS.total_bytes:
                raise TooLarge("The migrations are too large.", hint="Upload only the folder of migrations.")
            try:
                texts[entry.path] = data.decode("utf-8-sig").replace("\r\n", "\n")
            except UnicodeDecodeError as error:
                raise Invalid({"file": f"{entry.path} is not UTF-8 text."}) from error
    return texts
