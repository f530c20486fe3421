"""Reads the statements of an SQL script one by one: memory does not grow with the file, nor with the rows of a COPY."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Protocol

from headwater.catalog.grammar import Grammar
from headwater.catalog.statements import Splitter, Statement, reads_rows
from headwater.core.transfer import script_zip
from headwater.engines import ScriptStatement
from headwater.kit.errors import TooLarge, Unreadable

BLOCK = 256 * 1024
LARGEST_STATEMENT = 512 * 2**20
_ROWS_END, _GZIP, _ZIP = b"\\.", b"\x1f\x8b", b"PK\x03\x04"
_DOCUMENTS = frozenset(
    {
        "authors",
        "changelog",
        "changes",
        "contributing",
        "copying",
        "dockerfile",
        "license",
        "makefile",
        "notice",
        "readme",
    }
)
_DOCUMENT_EXTENSIONS = frozenset(
    {
        "bat",
        "gif",
        "html",
        "jpeg",
        "jpg",
        "md",
        "pdf",
        "png",
        "ps1",
        "py",
        "rb",
        "rst",
        "sh",
        "svg",
        "webp",
        "yaml",
        "yml",
    }
)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Recoded:
    """A file in another encoding, read as UTF-8."""

    def __init__(self, file: _Readable, encoding: str) -> None:
        self._file, self._decoder = file, codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int, /) -> bytes:
        """Return about `size` bytes; none at the end."""
        while block := self._file.read(size):
            if text := self.recode(block):
                return text
        return b""

    def recode(self, block: bytes) -> bytes:
        """Return a block of the file in UTF-8."""
        return self._decoder.decode(block).encode()


@contextlib.contextmanager
def open_script(path: Path) -> Iterator[IO[bytes]]:
    """Open a script, which may be compressed: with gzip, or as the only script of a ZIP, or the one with its others.

    Documents of a ZIP (a README, a license, pictures) are ignored; files that may have rows are not.

    Raises:
        Unreadable: a ZIP has no script, or several of which none includes the others.
    """
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith(_GZIP):
            with gzip.open(file) as content:
                yield content  # type: ignore[misc]
        elif head.startswith(_ZIP):
            with contextlib.ExitStack() as stack:
                yield _script_of_zip(stack, file)
        else:
            yield file


def _script_of_zip(stack: contextlib.ExitStack, file: IO[bytes]) -> IO[bytes]:
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
        names = [name for name in archive.namelist() if not name.endswith("/") and not _of_an_archiver(name)]
        if main := script_zip.main_script(archive, names):
            return script_zip.IncludingScript(archive, main, names)  # type: ignore[return-value]
        names = [name for name in names if not _is_document(name)]
        if len(names) == 1 and names[0].lower().endswith(".sql"):
            return stack.enter_context(archive.open(names[0]))
    except (zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: it needs a password
        raise Unreadable("The ZIP cannot be read.", hint="Unpack it, and import the script.") from error
    listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    raise Unreadable(
        f"It contains {listed or 'no script'}, and can be imported only if it contains a single SQL script, or one "
        f"that includes the others.",
        hint="Import the files one by one, the script that creates the tables first.",
    )


def _of_an_archiver(name: str) -> bool:
    """Return True for what programs add to a ZIP by themselves."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _is_document(name: str) -> bool:
    """Return True for what explains or builds a dump, and has no rows."""
    stem, dot, extension = name.rpartition("/")[2].lower().rpartition(".")
    if not dot or extension == "txt":
        return (stem or extension) in _DOCUMENTS
    return extension in _DOCUMENT_EXTENSIONS


def is_compressed(head: bytes) -> bool:
    """Return True if a file that begins like this may be a compressed script."""
    return head.startswith((_GZIP, _ZIP))


class ScriptFile:
    """The statements of an open script; reads forward only."""

    def __init__(self, file: _Readable, grammar: Grammar | None) -> None:
        self._file, self._grammar = file, grammar
        self._held, self._over = b"", False
        self._delimiter, self._line, self._number = ";", 1, 0

    def statements(self) -> Iterator[ScriptStatement]:
        """Yield the statements.

        Raises:
            Unreadable: the rows of a COPY have no end, or the file is damaged.
            TooLarge: a statement has more than 512 MB.
        """
        try:
            self._begin()
            while self._held or not self._over:
                before = len(self._held)
                yield from self._window()
                if len(self._held) == before:
                    self._fill(before)
                elif len(self._held) < BLOCK:
                    self._fill(BLOCK)
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise Unreadable("The file is damaged or truncated.", hint="Create the dump again.") from error

    def _begin(self) -> None:
        self._held = self._file.read(BLOCK)
        if encoding := _UTF16.get(self._held[:2]):
            file = _Recoded(self._file, encoding)
            self._held, self._file = file.recode(self._held[2:]), file

    def _fill(self, size: int) -> None:
        """Read more; a statement that was not complete is read with twice the bytes."""
        if len(self._held) > LARGEST_STATEMENT:
            raise TooLarge(
                f"The statement in line {self._line} has more than 512 MB.", hint="Is a quote in it never closed?"
            )
        block = self._file.read(max(size, BLOCK))
        self._over = not block
        self._held += block

    def _window(self) -> Iterator[ScriptStatement]:
        """Yield the complete statements of what is held, and keep the rest."""
        end = len(self._held) if self._over else self._held.rfind(b"\n") + 1
        text = self._held[:end].decode("utf-8", "surrogateescape")
        splitter = Splitter(text, self._grammar, self._delimiter)
        last: Statement | None = None
        at, delimiter = 0, self._delimiter
        for statement in splitter.statements():
            if last is not None:
                yield self._numbered(last, text, at)
                at = last.start
            last, delimiter = statement, splitter.delimiter
            if reads_rows(statement.text) and self._terminated(text, statement):
                yield from self._copy(statement, text, at)
                return
        if last is not None and self._over:
            yield self._numbered(last, text, at)
        self._delimiter = delimiter if last is not None else splitter.delimiter
        rest = len(text) if last is None or self._over else last.start
        self._line += text.count("\n", at, rest)
        self._held = text[rest:].encode("utf-8", "surrogateescape") + self._held[end:]

    def _numbered(self, statement: Statement, text: str, at: int) -> ScriptStatement:
        """Return a statement with its number and line; `at` is the position of the current line number."""
        self._line += text.count("\n", at, statement.start)
        self._number += 1
        return ScriptStatement(self._number, self._line, statement.text.encode("utf-8", "surrogateescape"))

    def _terminated(self, text: str, statement: Statement) -> bool:
        return text[statement.start + len(statement.text) :].lstrip().startswith(";") or self._over

    def _copy(self, statement: Statement, text: str, at: int) -> Iterator[ScriptStatement]:
        """Yield a COPY with its rows, which begin on the line after it; what is not read of them is passed over."""
        end = text.find("\n", statement.start + len(statement.text))
        end = len(text) if end < 0 else end + 1
        consumed = len(text[:end].encode("utf-8", "surrogateescape"))
        self._held = self._held[consumed:]
        numbered = self._numbered(statement, text, at)
        rows = self._rows(numbered.line)
        yield replace(numbered, rows=rows)
        self._line += text.count("\n", statement.start, end)
        for _ in rows:
            pass

    def _rows(self, first: int) -> Iterator[bytes]:
        """Yield whole lines up to the one that ends the rows, in blocks; the COPY is in line `first`."""
        lines = 0
        while True:
            end = self._held.rfind(b"\n") + 1
            lines_end = _end_of_rows(self._held, end if not self._over else len(self._held))
            if lines_end is not None:
                rows, rest = lines_end
                lines += self._held.count(b"\n", 0, rest)
                block, self._held = self._held[:rows], self._held[rest:]
                self._line += lines
                yield block
                return
            if self._over:
                raise Unreadable(
                    f"The rows of the COPY in line {first} do not end with a line \\.: the file is truncated.",
                    hint="Create the dump again.",
                )
            block, self._held = self._held[:end], self._held[end:]
            lines += block.count(b"\n")
            if block:
                yield block
            self._fill(BLOCK)


def _end_of_rows(held: bytes, end: int) -> tuple[int, int] | None:
    """Return where the rows end and where the next statement begins, if the line `\\.` is in a block of lines."""
    at = 0
    while (at := held.find(_ROWS_END, at, end)) >= 0:
        line_end = held.find(b"\n", at, end)
        line_end = end if line_end < 0 else line_end
        if (at == 0 or held[at - 1] == ord("\n")) and not held[at + 2 : line_end].strip():
            return at, min(line_end + 1, end)
        at += 2
    return None
