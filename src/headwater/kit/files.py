"""Files in folders that belong to somebody else: to be read with our rights, but not wherever they point to."""

from __future__ import annotations

import os


def unlinked(path: str, flags: int) -> int:
    """Open a file, as `opener` of `open`, unless it is a link: then OSError is raised."""
    return os.open(path, flags | os.O_NOFOLLOW)
