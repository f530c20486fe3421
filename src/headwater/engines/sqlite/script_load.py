"""Loads scripts and dumps of SQLite: what `.dump` of the program sqlite3 writes, in all its versions.

`.dump` writes virtual tables into the schema table, which nobody may change here. They are created by their own
statements instead; the rows of their tables then replace those that they begin with.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import Counter

from headwater.catalog.results import UNLIMITED, Finished, QueryError
from headwater.engines import ScriptLoader, ScriptOutcome, ScriptStatement
from headwater.engines._scripts import refused
from headwater.engines.sqlite.errors import NOT_ALLOWED
from headwater.engines.sqlite.session import SqliteSession

LARGEST_STATEMENT = 512 * 2**20
_I = re.IGNORECASE
_IGNORED_COMMANDS = frozenset(
    ["bail", "changes", "echo", "eqp", "explain", "header", "headers", "mode", "nullvalue", "print", "prompt"]
    + ["separator", "show", "stats", "timeout", "timer", "trace", "width"]
)
_NO_KEYS = re.compile(r"PRAGMA\s+foreign_keys\s*(?:=\s*|\(\s*)['\"]?(?:OFF|0|FALSE|NO)\b", _I)
_KEYS = re.compile(r"PRAGMA\s+foreign_keys\s*[=(]", _I)
_SCHEMA_WRITABLE = re.compile(r"PRAGMA\s+(?:main\.)?writable_schema\b", _I)
_PRAGMA = re.compile(r"PRAGMA\b", _I)
_VIRTUAL = re.compile(
    r"INSERT\s+INTO\s+\"?sqlite_(?:master|schema)\"?\s*(?:\([^)]*\)\s*)?VALUES\s*\(\s*'table'\s*,"
    r"\s*'(?P<name>(?:[^']|'')*)'\s*,\s*'(?:[^']|'')*'\s*,\s*0\s*,(?P<definition>.*)\)\s*",
    _I | re.DOTALL,
)
_INSERT = re.compile(r"INSERT\s+INTO\s+(?P<quote>['\"]?)(?P<name>[^'\"\s(]+)(?P=quote)", _I)
_TEXTS = re.compile(r"'(?:[^']++|'')*'")
_SURROGATES = re.compile("[\udc80-\udcff]")
_UNISTR = re.compile(r"\\(?:(\\)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4}))")


class SqliteScriptLoader(ScriptLoader):
    """Loads one script."""

    def __init__(self, session: SqliteSession) -> None:
        self._session = session
        self._without_keys = False
        self._virtual: list[str] = []

    def survey(self, statement: ScriptStatement) -> None:
        """Refuse commands of the program sqlite3, and note whether foreign keys are checked."""
        text = _text(statement)
        if text.startswith("."):
            command = text.split()[0]
            if command[1:] not in _IGNORED_COMMANDS:
                raise refused(
                    statement,
                    f"{command} is a command of the program sqlite3 that an import cannot run.",
                    "Remove it, or run the script with sqlite3.",
                )
        self._without_keys |= _NO_KEYS.match(text) is not None

    async def begin(self) -> None:
        """Prepare the connection; foreign keys can only be switched off outside a transaction."""
        await self._session.call(self._prepare)

    def _prepare(self) -> None:
        connection = self._session.connection
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, LARGEST_STATEMENT)
        if sqlite3.sqlite_version_info < (3, 50):
            connection.create_function("unistr", 1, unistr, deterministic=True)
        if self._without_keys:
            connection.execute("PRAGMA foreign_keys = OFF")

    async def run(self, statement: ScriptStatement) -> ScriptOutcome:
        """Run a statement as it is or as what it means here, or leave it out."""
        text = _text(statement)
        if text.startswith("."):
            self.survey(statement)
            return ScriptOutcome(skipped="A command of the program sqlite3 that changes nothing in the database.")
        if _SCHEMA_WRITABLE.match(text):
            return ScriptOutcome(skipped="Virtual tables are created by their own statements.")
        if _KEYS.match(text):
            return ScriptOutcome(skipped="Applied before the script began: it has no effect in a transaction.")
        if virtual := _VIRTUAL.fullmatch(text):
            return await self._create_virtual(virtual)
        try:
            rows, command = await self._sent(self._replacing(text))
        except QueryError as error:
            if error.sqlstate == NOT_ALLOWED and _PRAGMA.match(text):
                return ScriptOutcome(skipped="A setting of the file that an import does not change.")
            raise
        return ScriptOutcome(rows, command)

    async def _create_virtual(self, virtual: re.Match[str]) -> ScriptOutcome:
        ((definition,),) = await self._session.ask(f"SELECT {_readable(virtual['definition'])}")
        self._virtual.append(virtual["name"].replace("''", "'"))
        await self._sent(str(definition))
        return ScriptOutcome(0, "CREATE", changed=f"Run as {' '.join(str(definition).split())[:200]}.")

    def _replacing(self, text: str) -> str:
        """Return an INSERT into a table of a virtual table so that it replaces the rows which that began with."""
        match = _INSERT.match(text)
        if match and any(match["name"].startswith(f"{name}_") for name in self._virtual):
            return re.sub(r"INSERT\s+INTO", "INSERT OR REPLACE INTO", text, count=1, flags=_I)
        return text

    async def _sent(self, text: str) -> tuple[int, str]:
        rows, command = 0, ""
        async with contextlib.aclosing(self._session.run(_readable(text), None, UNLIMITED)) as frames:
            async for frame in frames:
                if isinstance(frame, Finished):
                    rows, command = rows + (frame.affected or 0), frame.command
        return rows, command

    async def finish(self) -> list[str]:
        """Check the foreign keys that were not checked while the rows were loaded."""
        if not self._without_keys:
            return []
        try:
            broken = Counter((row[0], row[2]) for row in await self._session.ask("PRAGMA foreign_key_check"))
        except QueryError as error:  # a key refers to columns that are not unique
            return [f"Foreign keys could not be checked: {error.message}."]
        return [
            f"{count:,} rows of {table} refer to rows of {parent} that do not exist."
            for (table, parent), count in broken.items()
        ]


def _text(statement: ScriptStatement) -> str:
    return statement.text.decode("utf-8", "surrogateescape")


def _readable(text: str) -> str:
    """Return a statement in which texts that are not UTF-8 are written as bytes."""
    if not _SURROGATES.search(text):
        return text
    return _TEXTS.sub(lambda match: _literal(match[0]), text)


def _literal(text: str) -> str:
    if not _SURROGATES.search(text):
        return text
    stored = text[1:-1].replace("''", "'").encode("utf-8", "surrogateescape")
    return f"CAST(x'{stored.hex()}' AS TEXT)"


def unistr(text: str | None) -> str | None:
    """Return a text with its escapes replaced, as the function `unistr` of SQLite 3.50 does."""
    if text is None:
        return None
    return _UNISTR.sub(lambda match: "\\" if match[1] else chr(int(next(filter(None, match.groups()[1:])), 16)), text)
