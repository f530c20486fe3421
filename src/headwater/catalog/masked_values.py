"""Statements without their values, for the audit log: what was done to what, but with no text, number or comment.

The structure is kept, every literal becomes `?`. A text need not be valid. Where it is not certain which part of it is
a literal, the rest of the statement is left out, so that no value is ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.catalog.secret_text import ESCAPED_TOKEN, TOKEN

VALUE, REST = "?", "…"
# Of a statement that is read, and of the text that is kept of it, in characters.
LONGEST_READ, LONGEST_TEXT = 100_000, 2_000
# What a text in double quotes is: a name, a value, or (in SQLite) a name only where one is expected.
Quoted: TypeAlias = Literal["name", "value", "unclear"]
Part: TypeAlias = tuple[Literal["word", "name", "value", "mark", "body", "unclear"], str]

_READ_NAMES = """
SELECT WITH VALUES TABLE SHOW EXPLAIN DESCRIBE DESC USE HELP SET RESET BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT
RELEASE PREPARE DEALLOCATE DECLARE FETCH MOVE CLOSE LISTEN UNLISTEN NOTIFY DISCARD ANALYZE ANALYSE PRAGMA
"""
READS = frozenset(_READ_NAMES.split())
ENDS = frozenset({"COMMIT", "END", "ROLLBACK", "ABORT"})
_NEVER = frozenset({"SHOW", "DESCRIBE", "DESC", "USE", "HELP", *ENDS})
_CHANGE_NAMES = """
INSERT UPDATE DELETE MERGE REPLACE TRUNCATE CREATE ALTER DROP INTO COPY CALL DO GRANT REVOKE EXECUTE GLOBAL PERSIST
SETVAL NEXTVAL LO_UNLINK LO_IMPORT LO_PUT LO_FROM_BYTEA DBLINK_EXEC PG_TERMINATE_BACKEND PG_CANCEL_BACKEND
"""
_CHANGES = frozenset(_CHANGE_NAMES.split())
# Words that are also names of functions, which change nothing.
_FUNCTIONS = frozenset({"REPLACE", "INSERT", "TRUNCATE"})
_PLAIN_PRAGMA = re.compile(r"\w*(?:_info|_list|_xinfo|_check|_log)")
_EXPECT_NAMES = frozenset({"INTO", "FROM", "TABLE", "UPDATE", "JOIN", "INDEX", "VIEW", "TRIGGER", "EXISTS", "ON", "."})
_CODE = frozenset({"SQL", "PLPGSQL"})
_ROWS = re.compile(r"(\((?:\?(?:, )?)+\))(?:, \((?:\?(?:, )?)+\))+")
_MANY = re.compile(r"\?(?:, \?){9,}")
_SPACE_BEFORE = re.compile(r" ([,;.)\]])")
_SPACE_AFTER = re.compile(r"([(.\[]) ")
# What MySQL and MariaDB run although it is in a comment.
_EXECUTED_COMMENT = re.compile(r"/\*M?!\d*")
_AMBIGUOUS = re.compile(r"\\['\"]")


@dataclass(frozen=True, slots=True)
class MaskedStatement:
    """A statement without its values, what it begins with, and whether it may change data or structure."""

    text: str
    verb: str = ""
    changes: bool = False


def mask_values(text: str, *, backslashes: bool = False, double_quotes: Quoted = "name") -> MaskedStatement:
    """Return a statement of SQL without its values.

    Args:
        text: one statement, valid or not.
        backslashes: whether a backslash in any string is an escape character, as in MySQL.
        double_quotes: what a text in double quotes is.
    """
    text = text[:LONGEST_READ]
    if backslashes:
        text = _EXECUTED_COMMENT.sub(" ", text)
    return from_parts(_parts(text, backslashes=backslashes, double_quotes=double_quotes))


def from_parts(parts: Iterable[Part]) -> MaskedStatement:
    """Return a statement from its parts, as an engine's own lexer tells them apart."""
    shown: list[str] = []
    words: list[tuple[str, str, str]] = []  # a word in upper case, and what stands before and after it
    previous = ""
    for kind, part in _without_bodies(list(parts)):
        if words and not words[-1][2]:
            words[-1] = (*words[-1][:2], part)
        if kind == "word":
            words.append((part.upper(), previous, ""))
        shown.append(VALUE if kind == "value" else part)
        previous = part.upper()
        if kind == "unclear":
            break
    return MaskedStatement(_laid_out(shown), _verb(words), _changes(words, {part for part in shown if len(part) == 1}))


def _without_bodies(parts: list[Part]) -> Iterator[Part]:
    """Replace texts in dollar quotes by values; the body of a routine in SQL or PL/pgSQL keeps its structure."""
    words = [part.upper() for kind, part in parts if kind == "word"]
    named = (
        words[words.index("LANGUAGE") + 1 :][:1] if "LANGUAGE" in words else ["PLPGSQL"] if words[:1] == ["DO"] else []
    )
    is_code = words[:1] in (["DO"], ["CREATE"]) and bool(_CODE.intersection(named))
    previous = ""
    for kind, part in parts:
        if kind == "body" and is_code and previous in {"AS", "DO", *named}:
            yield "mark", "$$"
            yield from ((each, text) for each, text in _parts(part) if each != "body")
            yield "mark", "$$"
        else:
            yield ("value", part) if kind == "body" else (kind, part)
        previous = part.upper()


def _parts(text: str, *, backslashes: bool = False, double_quotes: Quoted = "name") -> Iterator[Part]:
    token_of, position, previous = ESCAPED_TOKEN if backslashes else TOKEN, 0, ""
    while match := token_of.match(text, position):
        position, kind, token = match.end(), match.lastgroup, match[0]
        if kind in {"string", "quoted"} and is_ambiguous(token, backslashes=backslashes):
            yield "unclear", f"{VALUE} {REST}"
            return
        if kind == "dollar":
            end = text.find(token, position)
            yield "body", text[position:] if end < 0 else text[position:end]
            position = len(text) if end < 0 else end + len(token)
        elif kind in {"string", "number"}:
            yield "value", token
        elif kind == "quoted":
            is_name = token.startswith("`") or double_quotes == "name"
            yield "name" if is_name or (double_quotes == "unclear" and previous in _EXPECT_NAMES) else "value", token
        elif kind in {"word", "mark"}:
            yield ("word" if kind == "word" else "mark"), token
        if kind not in {"space", "comment"}:
            previous = token.upper()


def is_ambiguous(token: str, *, backslashes: bool) -> bool:
    """Return True for a string whose end depends on a setting of the server: a backslash stands before a quote."""
    return token[:1] not in {"E", "e"} and bool(
        _AMBIGUOUS.search(token if not backslashes else token[1:-1] + token[-1:])
    )


def _laid_out(parts: list[str]) -> str:
    text = _SPACE_AFTER.sub(r"\1", _SPACE_BEFORE.sub(r"\1", " ".join(parts)))
    text = _MANY.sub(f"{VALUE}, {REST}", _ROWS.sub(rf"\1, {REST}", text)).strip(" ;")
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + REST


def _verb(words: list[tuple[str, str, str]]) -> str:
    """Return the word that says what a statement does: of one that begins with WITH or EXPLAIN, the first change."""
    if not words:
        return ""
    if words[0][0] in {"WITH", "EXPLAIN"}:
        return next((word for word, before, after in words[1:] if _is_change(word, before, after)), words[0][0])
    return words[0][0]


def _changes(words: list[tuple[str, str, str]], marks: set[str]) -> bool:
    """Return whether a statement may change data or structure; what is not known to be harmless may."""
    if not words or words[0][0] in _NEVER:
        return False
    head = words[0][0]
    if head not in READS:
        return True
    if head == "PRAGMA":
        named = words[1][0].lower() if len(words) > 1 else ""
        return "=" in marks or ("(" in marks and not _PLAIN_PRAGMA.fullmatch(named))
    if head == "EXPLAIN" and not {"ANALYZE", "ANALYSE"}.intersection(word for word, _, _ in words):
        return False
    if head == "SET":
        return any(word in {"GLOBAL", "PERSIST", "PASSWORD"} for word, _, _ in words[1:3])
    return any(_is_change(word, before, after) for word, before, after in words[1:])


def _is_change(word: str, before: str, after: str) -> bool:
    if word in _FUNCTIONS and after == "(":
        return False
    return word in _CHANGES and before not in {"FOR", "KEY", "."}
