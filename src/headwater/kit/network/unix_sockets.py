"""Unix sockets that only the user who runs Headwater can open: their paths, and how one listens on them."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path

# The kernel stores at most 107 bytes; macOS 103.
PATH_LIMIT = 103


def private_path(folder: Path, name: str) -> Path:
    """Return the path of a socket: in the folder, or in the temporary folder if that path is too long."""
    near = folder / f"{name}.sock"
    if len(str(near).encode()) <= PATH_LIMIT:
        return near
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"headwater-{name}-{digest}.sock"


def listener(path: Path, backlog: int) -> socket.socket:
    """Return a socket that listens on a path with mode 0600; what was there before is removed."""
    path.unlink(missing_ok=True)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        opened.bind(str(path))
        opened.listen(backlog)
    except OSError:
        opened.close()
        raise
    finally:
        os.umask(mask)
    return opened
