"""Files that every instance has in its folder: a socket (which may be elsewhere) and secrets."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from headwater.engines._provision import Instance
from headwater.kit.errors import Unavailable
from headwater.kit.process import Identity

# What fits in sockaddr_un on every platform.
SOCKET_PATH_LIMIT = 103


def socket_folder(instance: Instance, socket: str) -> Path:
    """Return the folder of the socket: inside the instance's folder, or a short path if that one is too long."""
    near = instance.folder / "run"
    if len(str(near / socket).encode()) <= SOCKET_PATH_LIMIT:
        return near
    digest = hashlib.sha256(str(instance.folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"headwater-{digest}"


def socket_file(instance: Instance, socket: str) -> Path:
    """Return the path of the socket."""
    return socket_folder(instance, socket) / socket


def make_private(instance: Instance, folder: Path) -> Path:
    """Create a folder that only the instance's server can enter, and return it.

    Raises:
        Unavailable: it belongs to another user.
    """
    folder.mkdir(exist_ok=True, mode=0o700)
    status, ours = folder.lstat(), {os.geteuid(), *([instance.owner.uid] if instance.owner else [])}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours:
        raise Unavailable(
            f"The folder {folder} belongs to another user.", hint="Remove it, or use a shorter HEADWATER_HOME."
        )
    give(instance.owner, folder)
    folder.chmod(0o700)
    return folder


def leave(instance: Instance, socket: str) -> None:
    """Delete the folder of the socket, which may be outside the instance's folder."""
    shutil.rmtree(socket_folder(instance, socket), ignore_errors=True)


def give(owner: Identity | None, path: Path) -> None:
    """Change the owner of a file or folder to the server's user, if the server has one."""
    if owner:
        os.chown(path, owner.uid, owner.gid)


def write_secret(file: Path, secret: str, owner: Identity | None = None) -> None:
    """Write a file that only its owner can read, atomically."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600)
    fresh.write_text(secret)
    give(owner, fresh)
    fresh.rename(file)
