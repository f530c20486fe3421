"""Scripts and dumps: how an engine writes a snapshot as one, and runs the statements of one on a session."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from headwater.catalog.model import Schema
from headwater.catalog.results import QueryError
from headwater.catalog.secret_text import mask_any_dialect
from headwater.engines._session import Session
from headwater.engines._snapshots import Batch, SnapshotTable
from headwater.kit.errors import Unreadable


@dataclass(frozen=True, slots=True)
class ScriptStatement:
    """A statement of a script.

    `number` and `line` are counted from 1. `text` has the bytes of the file, without comments before the statement.
    `rows` are the lines that follow a COPY, in blocks; they must be read before the next statement is.
    """

    number: int
    line: int
    text: bytes
    rows: Iterator[bytes] | None = None

    @property
    def head(self) -> str:
        """The beginning of the statement in one line without secrets, for users."""
        line = mask_any_dialect(" ".join(self.text[:400].decode(errors="replace").split()))
        return line if len(line) <= 120 else f"{line[:119]}…"


@dataclass(frozen=True, slots=True)
class ScriptOutcome:
    """What became of a statement: how many rows it wrote, and its command.

    `skipped` says why it was left out, `changed` what was run instead; both are sentences for users.
    """

    rows: int = 0
    command: str = ""
    skipped: str = ""
    changed: str = ""


class ScriptLoader(Protocol):
    """Runs the statements of a script on one session; everything is surveyed before anything runs."""

    def survey(self, statement: ScriptStatement) -> None:
        """Look at a statement before the script runs. Blocks nothing: it sends nothing to the server.

        Raises:
            QueryError: the statement means something that an import cannot do.
        """

    async def begin(self) -> None:
        """Prepare the session, after the whole script was surveyed.

        Raises:
            BadInput: the server lacks something that the script needs.
        """

    async def run(self, statement: ScriptStatement) -> ScriptOutcome:
        """Run a statement, or leave it out.

        Raises:
            QueryError: the server refused it.
        """

    async def finish(self) -> list[str]:
        """Check what was loaded, before it is committed; return sentences about it."""


class EncodingSurvey:
    """Finds out whether a script is in an encoding that it does not name."""

    def __init__(self, declaration: re.Pattern[str]) -> None:
        self._declaration = declaration
        self._declared = self._odd = False

    def add(self, statement: ScriptStatement) -> None:
        """Look at a statement."""
        if self._declared:
            return
        try:
            self._declared = self._declaration.match(statement.text[:200].decode(errors="replace")) is not None
            statement.text.decode()
        except UnicodeDecodeError:
            self._odd = True

    @property
    def is_unnamed(self) -> bool:
        """True if the script is not UTF-8 and does not say what it is."""
        return self._odd and not self._declared


READ_AS_WINDOWS = "The script is not UTF-8 and names no encoding: it was read as Windows-1252."


def refused(statement: ScriptStatement, sentence: str, hint: str) -> QueryError:
    """Return the error for a statement that an import cannot run."""
    return QueryError(sentence, hint=hint, statement=statement.number)


@dataclass(frozen=True, slots=True)
class ScriptContent:
    """What a script is written from: a Schema, tables with their rows, and `SnapshotReader.extras`.

    `archive` is the content of `SchemaArchive`, if there is one. Without `whole`, the script has only these tables and
    what they need.
    """

    schema: Schema
    tables: Iterable[tuple[SnapshotTable, Iterable[Batch]]]
    extras: Mapping[str, Any]
    archive: bytes | None = None
    whole: bool = True


class ScriptSupport(Protocol):
    """Writes snapshots as scripts that the engine's own command-line client can load, and loads scripts and dumps."""

    def chunks(self, content: ScriptContent) -> Iterator[bytes]:
        """Yield a script that creates a schema, its rows and its extras in an empty database."""

    def loader(self, session: Session) -> ScriptLoader:
        """Return the loader of one script."""

    def archive_name(self, head: bytes) -> str:
        """Return what a file that begins like this is if it is an archive of the engine's own program; else "".

        The programs of an engine that does not say otherwise write scripts only.
        """
        return ""

    def open_archive(self, path: Path) -> AbstractContextManager[IO[bytes]]:
        """Open an archive as the text of a script, which is produced while it is read.

        Raises:
            Unreadable: it is not an archive, or damaged, or too new.
        """
        raise Unreadable("The file is not an archive.")
