"""The files of exports below `$HEADWATER_HOME/personal-data`; only Headwater reads them, and they are deleted soon."""

from __future__ import annotations

import contextlib
import time
import uuid
from pathlib import Path

from headwater.kit.settings import Settings

KIND = "account.export"
SECONDS = 3 * 86_400.0
"""How long a file is available."""


def path_of(settings: Settings, job_id: uuid.UUID) -> Path:
    """Return the path of the file that a job writes; its folder is created."""
    folder = settings.home_folder / "personal-data"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{job_id}.zip"


def remove_old(settings: Settings) -> None:
    """Delete files that are no longer available."""
    old = time.time() - SECONDS
    for file in (settings.home_folder / "personal-data").glob("*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < old:
                file.unlink()
