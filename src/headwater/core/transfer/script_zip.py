"""A ZIP whose main script includes its other files, read as one script.

What the clients' own commands include is inserted where they stand: `source` and `\\.` (mysql), `\\i` and `\\ir`
(psql), `.read` (sqlite3), and the rows of `\\copy … FROM` (psql). Only files of the ZIP are included; a command for any
other file stays as it is, and is refused with the other commands of clients.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator

from headwater.kit.errors import Unreadable

_LONGEST = 64 * 1024
# A few files that include each other several times are a script without end.
_MOST_INCLUSIONS = 10_000
_INCLUDE = re.compile(
    rb"\s*(?:source\s+|\\\.\s+|\\(?:i|ir|include|include_relative)\s+|\.read\s+)"
    rb"(?P<quote>['\"]?)(?P<file>[^'\"\r\n]+?)(?P=quote)\s*;?\s*",
    re.IGNORECASE,
)
_COPY = re.compile(
    rb"\s*\\copy\s+(?P<table>.+?)\s+from\s+(?P<quote>['\"]?)(?P<file>[^'\"\s]+)(?P=quote)(?P<options>[^\r\n]*?);?\s*",
    re.IGNORECASE,
)


def main_script(archive: zipfile.ZipFile, names: list[str]) -> str | None:
    """Return the script that includes others and that no other includes; None if no script includes any.

    Raises:
        Unreadable: there are several.
    """
    scripts = [name for name in names if name.lower().endswith(".sql")]
    included = {name: set(_ScriptZip(archive, name, names).included()) for name in scripts}
    below = set().union(*included.values())
    mains = [name for name in scripts if included[name] and name not in below]
    if len(mains) > 1:
        raise Unreadable(
            f"Several scripts of the ZIP include other files: {', '.join(mains[:5])}.",
            hint="Leave only the one that is to be run in it.",
        )
    return mains[0] if mains else None


class _ScriptZip:
    """The main script of a ZIP with what it includes."""

    def __init__(self, archive: zipfile.ZipFile, main: str, names: list[str]) -> None:
        self._archive, self._main, self._names = archive, main, frozenset(names)
        self._inclusions = 0

    def included(self) -> Iterator[str]:
        """Yield the files that the main script itself includes."""
        for line, begins in self._lines(self._main):
            if begins and (command := self._command(line, self._main)):
                yield command[0]

    def pieces(self, name: str, above: tuple[str, ...] = ()) -> Iterator[bytes]:
        """Yield a file with what it includes."""
        if name in above:
            raise Unreadable(f"{name} of the ZIP includes itself.")
        self._inclusions += 1
        if self._inclusions > _MOST_INCLUSIONS:
            raise Unreadable(f"The scripts of the ZIP include each other more than {_MOST_INCLUSIONS:,} times.")
        for line, begins in self._lines(name):
            command = self._command(line, name) if begins else None
            if command is None:
                yield line
            elif command[1] is None:
                yield from self.pieces(command[0], (*above, name))
                yield b"\n"
            else:
                yield command[1]
                yield from self._rows(command[0])

    def _command(self, line: bytes, name: str) -> tuple[str, bytes | None] | None:
        """Return the file that a line includes, and the statement that takes its rows; None if it includes none."""
        if match := _INCLUDE.fullmatch(line):
            file = self._resolved(match["file"], name)
            return (file, None) if file else None
        if match := _COPY.fullmatch(line):
            file = self._resolved(match["file"], name)
            statement = b"COPY %b FROM STDIN%b;\n" % (match["table"], match["options"].rstrip())
            return (file, statement) if file else None
        return None

    def _resolved(self, file: bytes, name: str) -> str | None:
        """Return the file of the ZIP that is meant, relative to the script that includes it or to the main one."""
        wanted = file.decode(errors="replace").replace("\\", "/")
        for start in (name, self._main):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(start), wanted))
            if path in self._names:
                return path
        return None

    def _rows(self, name: str) -> Iterator[bytes]:
        last = b"\n"
        for last, _ in self._lines(name):
            yield last
        yield b"\\.\n" if last.endswith(b"\n") else b"\n\\.\n"

    def _lines(self, name: str) -> Iterator[tuple[bytes, bool]]:
        """Yield the lines of a file, long ones in pieces, and whether each piece begins a line."""
        begins = True
        with self._archive.open(name) as file:
            while line := file.readline(_LONGEST):
                yield line, begins
                begins = line.endswith(b"\n")


class IncludingScript:
    """The main script of a ZIP with what it includes, to be read forward."""

    def __init__(self, archive: zipfile.ZipFile, main: str, names: list[str]) -> None:
        self._pieces = _ScriptZip(archive, main, names).pieces(main)

    def read(self, size: int = -1, /) -> bytes:
        """Return about `size` bytes, the rest if it is negative; none at the end."""
        taken, length = [], 0
        for piece in self._pieces:
            taken.append(piece)
            length += len(piece)
            if 0 <= size <= length:
                break
        return b"".join(taken)
