"""Creates the schema of a snapshot from its archive: the statements as the file stored them."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headwater.catalog.statements import Statement
from headwater.engines import ArchivePlan, ArchiveRefusal, ArchiveStatement
from headwater.engines.sqlite import archive_plan, queries, schema_archive
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.session import SqliteSession

# What a program can add to SQLite by itself.
_OF_APPLICATION = re.compile("no such (collation sequence|function|module):")
PRAGMAS = ("encoding", "page_size", "auto_vacuum")


class SqliteArchiveRestore:
    """Creates the objects of an archive in a file."""

    def __init__(self, session: SqliteSession) -> None:
        self._session = session
        self._pragmas: Mapping[str, Any] = {}

    def plan(
        self, archive: bytes, extras: Mapping[str, Any], tables: Collection[tuple[str | None, str]]
    ) -> ArchivePlan:
        """Return the plan, compared with what the file has already."""
        with self._session.our_own() as connection:
            existing = [str(name) for (name,) in connection.execute(queries.EXISTING)]
        content = schema_archive.loaded(archive)
        self._pragmas = content.pragmas
        return archive_plan.plan(content, extras, [name for _, name in tables], existing)

    async def check(self, plan: ArchivePlan) -> None:
        """Do nothing: SQLite has no extensions that could be missing."""

    async def unavailable(self, plan: ArchivePlan) -> Sequence[tuple[str, str]]:
        """Return nothing: SQLite has no extensions."""
        return ()

    async def create(self, statement: ArchiveStatement) -> str | ArchiveRefusal | None:
        """Run a statement."""
        try:
            return await self._session.call(lambda: self._run(statement))
        except sqlite3.Error as error:
            reason = refusal(error, Statement(statement.text, 0), 0, read_only=False)
            if reason.transient:
                raise reason from error
            unsupported = _unsupported(statement, error)
            sentence = f"{unsupported} ({reason.message})" if unsupported else reason.message
            return ArchiveRefusal(statement.subject, sentence, unsupported is None, reason.hint)

    def _run(self, statement: ArchiveStatement) -> str | None:
        if statement.number == archive_plan.FILE_SETTINGS:
            return self._set_pragmas()
        with self._session.our_own() as connection:
            connection.execute(statement.text)
        return None

    def _set_pragmas(self) -> str | None:
        """Set what a file has from its beginning; return a sentence about what stays different."""
        with self._session.our_own() as connection:

            def value(name: str) -> Any:
                return connection.execute(f"PRAGMA {name}").fetchone()[0]

            wanted = {name: self._pragmas[name] for name in PRAGMAS if name in self._pragmas}
            if all(value(name) == setting for name, setting in wanted.items()):
                return None
            journal = value("journal_mode")
            with contextlib.suppress(sqlite3.Error):  # another connection may use the file
                for name, setting in wanted.items():
                    connection.execute(f"PRAGMA {name} = '{setting}'")
                connection.execute("PRAGMA journal_mode = delete")  # with a log, the page size cannot change
                connection.execute("VACUUM")
            with contextlib.suppress(sqlite3.Error):
                connection.execute(f"PRAGMA journal_mode = {journal}")
            differing = [f"{name} {value(name)}" for name, setting in wanted.items() if value(name) != setting]
        return f"The file keeps its own settings: {', '.join(differing)}." if differing else None


def _unsupported(statement: ArchiveStatement, error: sqlite3.Error) -> str | None:
    """Return why a statement may run elsewhere; None if SQLite refuses it everywhere."""
    if _OF_APPLICATION.match(str(error)):
        return "the application that uses the file adds this to SQLite"
    return "this version of SQLite does not accept it" if statement.number == archive_plan.STATISTICS else None
