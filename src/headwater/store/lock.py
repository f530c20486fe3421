"""The lock of a home folder, which only one process can hold; the kernel releases it when that process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from headwater.kit.errors import Conflict


class Lock:
    """A file lock that one process holds; the kernel releases it when that process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock, or raise Conflict with the process id of its holder."""
        self.path.parent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.parent.mkdir(exist_ok=True)
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise Conflict(
                f"Headwater is already running on {self.path.parent.parent} (process {holder or 'unknown'}).",
                hint="Stop it first, or set another HEADWATER_HOME.",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Release the lock."""
        if self._file:
            self._file.close()
            self._file = None
