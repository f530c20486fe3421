"""Opens the container of a code base (folder, ZIP, tar) and lists its entries; never writes, never follows a link."""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from headwater.core.lineage.classify import language_of
from headwater.core.lineage.limits import IntakeLimits
from headwater.kit.errors import TooLarge, Unreadable

_VCS = {".git", ".hg", ".svn", ".jj"}


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One file of a container: its path, its stated size, why it cannot be opened (or ""), and its opener."""

    path: str
    size: int
    refused: str
    open: Callable[[], IO[bytes]]


@contextmanager
def open_container(source: Path, limits: IntakeLimits) -> Iterator[Iterator[ArchiveEntry]]:
    """Open a folder, ZIP, tar archive or single source file and yield an iterator over its entries.

    Raises:
        Unreadable: no such path, or neither a folder nor a complete archive.
        TooLarge: an archive of more entries than `limits.entries`.
    """
    if source.is_dir():
        yield _folder_entries(source)
    elif not source.exists():
        raise Unreadable(f"{source} does not exist.", hint="Give the path of a folder, a ZIP or a tar archive.")
    elif zipfile.is_zipfile(source):
        with closing(_open_zip(source, limits)) as archive:
            yield _zip_entries(archive, limits)
    elif tarfile.is_tarfile(source):
        with closing(_open_tar(source)) as tar:
            yield _tar_entries(tar, limits)
    elif language_of(source.name)[1]:
        yield iter([_folder_entry(str(source), source.name)])
    else:
        raise Unreadable(
            f"{source.name} is neither a folder nor a complete ZIP or tar archive.",
            hint="It may be truncated: create the archive again.",
        )


def _folder_entries(root: Path) -> Iterator[ArchiveEntry]:
    for folder, folders, files in os.walk(root, followlinks=False):
        inner = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if inner == "." else inner + "/"
        for name in [name for name in folders if os.path.islink(os.path.join(folder, name))]:
            folders.remove(name)
            yield ArchiveEntry(prefix + name, 0, "link", _nothing)
        folders[:] = sorted(name for name in folders if name not in _VCS and not _heavy(name))
        for name in sorted(files):
            yield _folder_entry(os.path.join(folder, name), prefix + name)


def _heavy(name: str) -> bool:
    """Return True if a folder is never worth walking: dependencies that can contain a hundred thousand files."""
    return name in {"node_modules", "__pycache__", ".venv", ".tox", ".mypy_cache", ".ruff_cache"}


def _folder_entry(full: str, path: str) -> ArchiveEntry:
    try:
        facts = os.lstat(full)
    except OSError:
        return ArchiveEntry(path, 0, "not_readable", _nothing)
    if stat.S_ISLNK(facts.st_mode):
        return ArchiveEntry(path, 0, "link", _nothing)
    if not stat.S_ISREG(facts.st_mode):
        return ArchiveEntry(path, 0, "device", _nothing)
    return ArchiveEntry(path, facts.st_size, "", lambda: open(full, "rb"))


def _open_zip(source: Path, limits: IntakeLimits) -> zipfile.ZipFile:
    count = _stated_entries(source)
    if count > limits.entries:
        raise _too_many(count, limits)
    try:
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(
            f"{source.name} is not a complete ZIP archive: {error}.", hint="Create the archive again."
        ) from error


def _stated_entries(source: Path) -> int:
    """Return the number of entries in the ZIP's end record, before its directory is read into memory."""
    with open(source, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 66_000))
        tail = file.read()
    big = tail.rfind(b"PK\x06\x06")
    if big >= 0:
        return int.from_bytes(tail[big + 32 : big + 40], "little")
    end = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[end + 10 : end + 12], "little") if end >= 0 else 0


def _zip_entries(archive: zipfile.ZipFile, limits: IntakeLimits) -> Iterator[ArchiveEntry]:
    infos = archive.infolist()
    if len(infos) > limits.entries:
        raise _too_many(len(infos), limits)
    seen: set[str] = set()
    for info in infos:
        if info.is_dir():
            continue
        path = info.filename.replace("\\", "/")
        yield ArchiveEntry(path, info.file_size, _zip_refusal(info, path, seen, limits), _zip_opener(archive, info))
        seen.add(path)


def _zip_refusal(info: zipfile.ZipInfo, path: str, seen: set[str], limits: IntakeLimits) -> str:
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        return "link"
    if kind and kind != stat.S_IFREG:
        return "device"
    if info.flag_bits & 0x1:
        return "encrypted"
    if info.file_size > limits.ratio_floor and info.file_size > limits.ratio * max(info.compress_size, 1):
        return "ratio_bomb"
    return path_refusal(path, limits) or ("twice" if path in seen else "")


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(info)


def _open_tar(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:*")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Unreadable(f"{source.name} is not a complete tar archive: {error}.") from error


def _tar_entries(tar: tarfile.TarFile, limits: IntakeLimits) -> Iterator[ArchiveEntry]:
    seen: set[str] = set()
    try:
        for count, member in enumerate(tar):
            if count > limits.entries:
                raise _too_many(count, limits)
            if member.isdir():
                continue
            path = member.name.removeprefix("./")
            yield ArchiveEntry(path, member.size, _tar_refusal(member, path, seen, limits), _tar_opener(tar, member))
            seen.add(path)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Unreadable(f"The tar archive is damaged: {error}.", hint="Create the archive again.") from error


def _tar_refusal(member: tarfile.TarInfo, path: str, seen: set[str], limits: IntakeLimits) -> str:
    if member.issym() or member.islnk():
        return "link"
    if not member.isreg():
        return "device"
    return path_refusal(path, limits) or ("twice" if path in seen else "")


def _tar_opener(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    return lambda: tar.extractfile(member) or _nothing()


def path_refusal(path: str, limits: IntakeLimits) -> str:
    """Return why a path in an archive is refused, or "" (OWASP ASVS 5.3.3: never trust archive paths)."""
    parts = path.split("/")
    if path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        return "absolute_path"
    if ".." in parts or "\0" in path or not path:
        return "path_escape"
    return "too_deep" if len(parts) > limits.depth else ""


def _too_many(count: int, limits: IntakeLimits) -> TooLarge:
    return TooLarge(
        f"The archive has {count:,} entries; up to {limits.entries:,} are read.",
        hint="Leave out dependencies such as node_modules.",
    )


def _nothing() -> IO[bytes]:
    raise Unreadable("This entry cannot be opened.")
