"""Errors of SQLite as sentences with hints, and the position of the error if it can be found."""

from __future__ import annotations

import re
import sqlite3

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement

READ_ONLY, NOT_ALLOWED = "25006", "42501"
_NAMED = re.compile(
    r"^near \"(?P<near>.+)\": |^no such (?:table|column|function): (?P<name>.+)$|column named (?P<col>.+)$"
)
_HINTS = {
    "database is locked": "Another connection is writing; try again when it is done.",
    "FOREIGN KEY constraint failed": "The row refers to a row that does not exist, or other rows refer to it.",
    "string or blob too big": "A value would be longer than 256 MB.",
}


# Errors that do not depend on the statement, by the byte of their primary code.
_PRIMARY = 0xFF
_NOT_THE_STATEMENT = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
    }
)


def refusal(error: Exception, statement: Statement, number: int, *, read_only: bool) -> QueryError:
    """Return SQLite's error for a statement."""
    message = str(error)
    if (
        message in {"not authorized", "authorizer malfunction"}
        or "prohibited" in message
        or "readonly database" in message
    ):
        return not_allowed(statement, number, read_only=read_only or "readonly" in message)
    if isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in message:
        return QueryError(
            "The result holds bytes that are not UTF-8.",
            hint="Select CAST(column AS BLOB) instead.",
            statement=number,
            position=statement.start,
        )
    if isinstance(error, OverflowError):
        message = "A number is too large: SQLite has integers of 64 bits."
    return QueryError(
        message[:1].upper() + message[1:] if message.islower() else message,
        hint=_HINTS.get(message),
        statement=number,
        sqlstate="",
        position=_place(message, statement),
        transient=getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY in _NOT_THE_STATEMENT,
    )


def not_allowed(statement: Statement, number: int, *, read_only: bool) -> QueryError:
    """Return the error for a statement that is not allowed."""
    word = statement.text.split(None, 1)[0].upper()
    if read_only:
        message, hint = f"{word} is not allowed in a read-only run.", "Only statements that read data are allowed."
    else:
        message, hint = (
            f"{word} is not allowed here.",
            "Other files, extensions and server settings are not accessible.",
        )
    return QueryError(
        message, hint=hint, statement=number, position=statement.start, sqlstate=READ_ONLY if read_only else NOT_ALLOWED
    )


def _place(message: str, statement: Statement) -> int | None:
    """Return the position of the word that SQLite names, if it occurs only once in the statement."""
    match = _NAMED.search(message)
    word = match and (match["near"] or match["name"] or match["col"])
    if not word:
        return None
    word = word.rpartition(".")[2]
    positions = [
        match.start() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", statement.text, re.IGNORECASE)
    ]
    return statement.start + positions[0] if len(positions) == 1 else None
