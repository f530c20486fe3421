"""Files of transfers below `$HEADWATER_HOME/transfers`: uploads, reports of bad rows, exports.

Workers on other hosts need the same folder (a shared file system).
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from headwater.kit import atomic_upload
from headwater.kit.settings import Settings

Part = Literal["upload", "errors", "export"]
KEPT_SECONDS = 7 * 86_400.0


def path_of(settings: Settings, transfer_id: uuid.UUID, part: Part) -> Path:
    """Return the path of a file of a transfer; its folder is created."""
    folder = settings.home_folder / "transfers"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{transfer_id}.{part}"


async def receive(settings: Settings, transfer_id: uuid.UUID, chunks: AsyncIterator[bytes], filename: str) -> int:
    """Store an upload as it arrives and return its size; if it fails, nothing is left behind.

    Raises:
        TooLarge: the upload exceeds `max_upload_mb`; raised as soon as that happens.
    """
    return await atomic_upload.receive(
        path_of(settings, transfer_id, "upload"),
        chunks,
        limit_mb=settings.max_upload_mb,
        display_name=filename,
        hint="Import it in parts, or raise HEADWATER_MAX_UPLOAD_MB.",
    )


def remove(settings: Settings, transfer_id: uuid.UUID) -> None:
    """Delete all files of a transfer."""
    for part in ("upload", "errors", "export"):
        path_of(settings, transfer_id, part).unlink(missing_ok=True)


def remove_old(settings: Settings) -> None:
    """Delete files that are older than a week."""
    old = time.time() - KEPT_SECONDS
    for file in (settings.home_folder / "transfers").glob("*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < old:
                file.unlink()
