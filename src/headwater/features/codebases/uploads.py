"""Uploaded files in `$HEADWATER_HOME/uploads`: streamed to disk, and renamed to their final name when complete.

Workers on other hosts need the same folder (a shared file system), since a scan reads the upload from it.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from headwater.core.lineage.archives import open_container
from headwater.core.lineage.limits import IntakeLimits
from headwater.kit import atomic_upload
from headwater.kit.errors import HeadwaterError, Unreadable
from headwater.kit.settings import Settings

# An upload without a codebase after this time is left over from a crash or a deleted project.
ORPHAN_SECONDS = 3600.0


def folder(settings: Settings) -> Path:
    """Return the folder of the uploads."""
    return settings.home_folder / "uploads"


def path_of(settings: Settings, codebase_id: uuid.UUID) -> Path:
    """Return the path of the file of a codebase."""
    return folder(settings) / str(codebase_id)


async def receive(settings: Settings, codebase_id: uuid.UUID, chunks: AsyncIterator[bytes], filename: str) -> int:
    """Store an upload and return its size in bytes; if it fails, nothing is left behind.

    Raises:
        TooLarge: the upload exceeds `max_upload_mb`; raised as soon as that happens.
        Unreadable: the file is not an archive, or it is empty.
    """
    return await atomic_upload.receive(
        path_of(settings, codebase_id),
        chunks,
        limit_mb=settings.max_upload_mb,
        display_name=filename,
        hint="Leave out dependencies and build output, or raise HEADWATER_MAX_UPLOAD_MB.",
        check=lambda part: _check(part, filename),
    )


def put(settings: Settings, upload_id: uuid.UUID, codebase_id: uuid.UUID) -> None:
    """Make a file that was received under an id of its own the file of a codebase."""
    path_of(settings, upload_id).replace(path_of(settings, codebase_id))


def remove(settings: Settings, codebase_id: uuid.UUID) -> None:
    """Delete the file of a codebase, if there is one."""
    path_of(settings, codebase_id).unlink(missing_ok=True)


def abandoned(settings: Settings) -> list[uuid.UUID]:
    """Return the ids of uploads that are old enough to be orphans; also delete abandoned partial uploads."""
    old = time.time() - ORPHAN_SECONDS
    ids = []
    for file in folder(settings).glob("*"):
        with contextlib.suppress(OSError, ValueError):
            if file.stat().st_mtime > old:
                continue
            if file.suffix == atomic_upload.PART:
                file.unlink()
            else:
                ids.append(uuid.UUID(file.name))
    return ids


def _check(path: Path, filename: str) -> None:
    """Raise Unreadable at once if the file is not an archive; the scan checks its contents."""
    try:
        with open_container(path, IntakeLimits()) as entries:
            if next(iter(entries), None) is None:
                raise Unreadable(f"{filename} is empty.", hint="Put the source code into the archive.")
    except HeadwaterError as error:
        raise type(error)(error.message.replace(path.name, filename), hint=error.hint) from error
