"""Creates the schema of a snapshot from its archive: the statements as the file stored them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines import ArchivePlan, ArchiveRefusal, ArchiveStatement
from headwater.engines.sqlite import archive_plan, queries, schema_archive
from headwater.engines.sqlite.errors import refusal
from headwater.engines.sqlite.session import SqliteSession
from headwater.kit.errors import HeadwaterError

_UNSUPPORTED = "this version of SQLite does not accept it"
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

    async def create(self, statement: ArchiveStatement) -> str | None:
        """Run a statement; what this version of SQLite does not have is left out if no row depends on it."""
        try:
            return await self._session.call(lambda: self._run(statement))
        except sqlite3.Error as error:
            if _is_unsupported(statement, error):
                return f"Left out, because {_UNSUPPORTED}: {statement.subject} ({error})."
            raise refused(statement.subject, statement.text, error) from error

    async def attempt(self, statement: ArchiveStatement) -> ArchiveRefusal | None:
        """Run a statement; return why it was refused."""
        try:
            await self._session.call(lambda: self._run(statement))
        except sqlite3.Error as error:
            if _is_unsupported(statement, error):
                return ArchiveRefusal(statement.subject, f"{_UNSUPPORTED} ({error})", supported=False)
            reason = refused(statement.subject, statement.text, error)
            return ArchiveRefusal(statement.subject, str(reason), supported=True)
        return None

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


def _is_unsupported(statement: ArchiveStatement, error: sqlite3.Error) -> bool:
    return not statement.essential and isinstance(error, sqlite3.OperationalError)


def refused(subject: str, text: str, error: sqlite3.Error) -> HeadwaterError:
    """Return SQLite's error, with the object that it is about."""
    reason = refusal(error, Statement(text, 0), 0, read_only=False)
    if not isinstance(reason, QueryError):
        return reason
    return QueryError(f"The database refused to create {subject}: {reason.message}", hint=reason.hint)
