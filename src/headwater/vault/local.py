"""Blobs as files in a folder.

A blob is written to a temporary file, synced, and linked to its name, which fails if the name exists; then the folder
is synced. obstore's own local store does not sync, so a crash could leave empty files after a commit.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headwater.vault.blobs import Blob
from headwater.vault.errors import AccessDenied, Damaged, Missing, StorageFull, StorageUnavailable

_TEMPORARY = "temporary"


class LocalBlobs:
    """A folder of this machine, created on first use, that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, name: str, data: bytes) -> bool:
        """See `Blobs`."""
        path = self.folder / name
        temporary = self.folder / _TEMPORARY / f"{os.getpid()}-{secrets.token_hex(8)}"
        with _told(name):
            if path.exists():
                return self._same(path, data)
            self._make(temporary.parent)
            self._make(path.parent)
            try:
                _write(temporary, data)
                os.link(temporary, path)
            except FileExistsError:
                return self._same(path, data)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)
            _sync_folder(path.parent)
        return True

    def _same(self, path: Path, data: bytes) -> bool:
        if path.read_bytes() != data:
            return False
        _sync_folder(path.parent)  # the writer that linked it may have crashed before this
        return True

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """See `Blobs`."""
        with _told(name), open(self.folder / name, "rb") as file:
            if length is None:
                length = os.fstat(file.fileno()).st_size - start
            return _part(file.fileno(), name, start, length)

    def read_parts(self, name: str, parts: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """See `Blobs`."""
        with _told(name), open(self.folder / name, "rb") as file:
            return [_part(file.fileno(), name, start, length) for start, length in parts]

    def find(self, name: str) -> Blob | None:
        """See `Blobs`."""
        with _told(name):
            try:
                info = (self.folder / name).stat()
            except FileNotFoundError:
                return None
            return Blob(name, info.st_size, datetime.fromtimestamp(info.st_mtime, UTC))

    def list(self, prefix: str) -> Iterator[Blob]:
        """See `Blobs`."""
        with _told(prefix):
            for folder, folders, files in os.walk(self.folder / prefix, onerror=_unlisted):
                if Path(folder) == self.folder:
                    folders[:] = [folder for folder in folders if folder != _TEMPORARY]
                for file in files:
                    if blob := self.find((Path(folder) / file).relative_to(self.folder).as_posix()):
                        yield blob

    def delete(self, name: str) -> None:
        """See `Blobs`."""
        with _told(name), contextlib.suppress(FileNotFoundError):
            (self.folder / name).unlink()

    def sweep(self, older: timedelta) -> None:
        """See `Blobs`; killed writers leave temporary files."""
        with _told(_TEMPORARY):
            self._make(self.folder / _TEMPORARY)
            with tempfile.TemporaryFile(dir=self.folder / _TEMPORARY) as clock:  # a network disk may have its own clock
                now = os.fstat(clock.fileno()).st_mtime
            for path in (self.folder / _TEMPORARY).iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if now - path.stat().st_mtime > older.total_seconds():
                        path.unlink()

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)  # a folder is durable when its parent is synced


def _unlisted(error: OSError) -> None:
    """Raise if a folder cannot be listed: garbage collection would take its blobs for missing."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _part(descriptor: int, name: str, start: int, length: int) -> bytes:
    block = os.pread(descriptor, max(0, length), start)
    while len(block) != length:
        more = os.pread(descriptor, max(0, length - len(block)), start + len(block))
        if not more:
            raise Damaged(f"{name} of the vault is truncated.", hint="Verify the vault.")
        block += more
    return block


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn errors of the operating system into sentences."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing(f"{name} of the vault is missing.", hint="Verify the vault.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull(hint="Free some space on its disk. No data was lost.") from error
        kind = AccessDenied if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} else StorageUnavailable
        raise kind(f"The folder of the vault cannot be used: {error.strerror}.") from error
