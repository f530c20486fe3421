"""Decides where tests keep files: in memory, where there is room, except tests of durability, which use the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 6 * 2**30
# The folder for temporary files before `use_memory`; workers of a test run inherit it.
_DISK = "HEADWATER_TEST_DISK"


def use_memory() -> None:
    """Put temporary files of this process and its children into memory, when it has room."""
    if _DISK in os.environ:
        return
    os.environ[_DISK] = tempfile.gettempdir()
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def disk() -> Path:
    """Return the folder for temporary files that must survive more than a killed process."""
    return Path(os.environ.get(_DISK) or tempfile.gettempdir())
