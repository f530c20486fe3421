"""SQL as text: cut into statements, placeholders masked, parsed in whichever dialect fits.

Readers of migrations and the finder of SQL in strings both stand on this, so that neither has its own idea of
where a statement ends. Every mask has the length of what it hides: positions in a parsed tree stay positions in
the text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

# One warning for each statement that falls back to a Command; those are counted by the callers.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

DIALECTS: Final = ("postgres", "mysql", "sqlite", "tsql")

_QUOTED = r"--[^\n]*|/\*.*?\*/|\"(?:[^\"]|\"\")*\"|`[^`]*`"
_MARKS = (
    r"|(?P<dollar>\$(?:[A-Za-z_]\w*)?\$)"
    r"|(?P<go>^[ \t]*GO[ \t]*\r?$)"
    r"|^[ \t]*DELIMITER[ \t]+(?P<delimiter>\S+)[^\n]*$"
    r"|(?P<word>\b(?:BEGIN|CASE|END(?:[ \t]+(?:IF|LOOP|WHILE|REPEAT|CASE))?)\b)"
    r"|(?P<end>;|//)"
)
_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE
_TOKEN = re.compile(_QUOTED + r"|\bE'(?:[^'\\]++|''|\\.)*'|'(?:[^']++|'')*'" + _MARKS, _FLAGS)
_MYSQL_TOKEN = re.compile(_QUOTED + r"|\#[^\n]*|'(?:[^'\\]++|''|\\.)*'" + _MARKS, _FLAGS)
_IS_MYSQL = re.compile(r"`|^\s*DELIMITER\b", re.IGNORECASE | re.MULTILINE)
_ROUTINE = re.compile(r"CREATE\b[^;]{0,200}?\b(PROCEDURE|FUNCTION|TRIGGER|EVENT|PROC)\b", re.IGNORECASE)
_COPY = re.compile(r"COPY\b[^;]*\bFROM\s+stdin\b", re.IGNORECASE)
_LEAD = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*(?!!).*?\*/)*", re.DOTALL)


class Statement(msgspec.Struct, frozen=True):
    """One statement: its text without leading comments, and where that begins in the whole text (characters)."""

    text: str
    start: int


def split(text: str, dialect: str = "") -> Iterator[Statement]:
    """Cut SQL text into statements, respecting quotes, comments, dollar quotes, routines, GO, DELIMITER and COPY.

    Without a dialect the text itself shows whether its quotes are those of MySQL.
    """
    token = _MYSQL_TOKEN if dialect == "mysql" or (not dialect and _IS_MYSQL.search(text)) else _TOKEN
    start = position = depth = 0
    delimiter = ";"
    while match := token.search(text, position):
        position = match.end()
        if match["dollar"] and match["dollar"] != delimiter:
            position = _after_dollar(text, match)
        elif match["word"]:
            depth += _step(match["word"].upper(), text, start)
        elif match["delimiter"]:
            yield from _statement(text, start, match.start())
            start, depth, delimiter = position, 0, match["delimiter"]
        elif match["go"] or ((match["end"] or match["dollar"]) == delimiter and depth <= 0):
            yield from _statement(text, start, match.start())
            start, depth = position, 0
            position = start = _after_copy(text, match.start(), start)
    yield from _statement(text, start, len(text))


def _after_dollar(text: str, opening: re.Match[str]) -> int:
    closing = text.find(opening["dollar"], opening.end())
    return len(text) if closing < 0 else closing + len(opening["dollar"])


def _step(word: str, text: str, start: int) -> int:
    """Return how a word changes the nesting of a routine's body; outside routines nothing nests."""
    if not _ROUTINE.match(text, _LEAD.match(text, start).end()):  # type: ignore[union-attr]
        return 0
    return 1 if word in ("BEGIN", "CASE") else -1 if word in ("END", "END CASE") else 0


def _after_copy(text: str, end: int, start: int) -> int:
    """Return where to go on after a statement: behind the rows when it was a COPY FROM stdin of a dump."""
    begin = text.rfind("COPY", max(0, end - 4000), end)
    if begin < 0 or not _COPY.match(text[begin:end]):
        return start
    rows_end = text.find("\n\\.", end)
    return len(text) if rows_end < 0 else rows_end + 3


def _statement(text: str, start: int, end: int) -> Iterator[Statement]:
    lead = _LEAD.match(text, start, end)
    begin = lead.end() if lead else start
    body = text[begin:end].rstrip()
    if body:
        yield Statement(body, begin)


_PLACEHOLDER = re.compile(
    r"'(?:[^']|'')*'"  # a string stays as it is
    r"|(?P<mustache>\{\{[^{}\n]*\}\}|\#\{[^{}\n]*\}|\$\{[^{}\n]*\}|<%=?.*?%>)"
    r"|(?P<named>%\(\w+\)s|(?<![\w:])@\w+|(?<![:\w]):[A-Za-z_]\w*)"
    r"|(?P<short>%s|%d|\?\d*|\$\d+)"
)
_NAME_NEXT = re.compile(r"\b(?:from|join|into|update|table)\s+$", re.IGNORECASE)


def mask(text: str) -> str:
    """Return the text with driver and template placeholders replaced by values of the same length."""
    return _PLACEHOLDER.sub(_mask_one, text)


def _mask_one(match: re.Match[str]) -> str:
    found = match[0]
    if found.startswith("'"):
        return found
    if _NAME_NEXT.search(match.string, max(0, match.start() - 12), match.start()):
        return "x" * len(found)
    return "0" if len(found) == 1 else f"'{'x' * (len(found) - 2)}'"


def likely_dialects(text: str) -> Sequence[str]:
    """Return the dialects to try, likeliest first, by marks that only one of them knows."""
    if "`" in text or re.search(r"\bENGINE\s*=|\bAUTO_INCREMENT\b", text, re.IGNORECASE):
        return ("mysql", "sqlite", "postgres", "tsql")
    if re.search(r"\[\w+\]\s*[.,()\s]|\bNVARCHAR\b|\bIDENTITY\s*\(|\bdbo\.", text, re.IGNORECASE):
        return ("tsql", "postgres", "sqlite", "mysql")
    if re.search(r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b", text, re.IGNORECASE):
        return ("sqlite", "postgres", "mysql", "tsql")
    return DIALECTS


@lru_cache(maxsize=4096)
def parse(text: str, dialects: Sequence[str] | None = None) -> tuple[tuple[exp.Expr, ...], str]:
    """Return the trees of a text in the first dialect that understands all of it, and that dialect.

    A tree of type Command means that the statement was only recognised by its first word; a text that no
    dialect parses gives no trees and dialect "".
    """
    fallback: tuple[tuple[exp.Expr, ...], str] = ((), "")
    for dialect in dialects or likely_dialects(text):
        try:
            trees = tuple(tree for tree in sqlglot.parse(text, read=dialect) if tree is not None)
        except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError):
            continue
        if not any(isinstance(tree, exp.Command) for tree in trees):
            return trees, dialect
        fallback = fallback if fallback[0] else (trees, dialect)
    return fallback


_CLICKHOUSE = re.compile(
    r"\bENGINE\s*=\s*\w*MergeTree\b|\bLowCardinality\s*\(|\bU?Int(?:8|16|32|64)\b.*\bCODEC\b"
    r"|\b(?:argMin|argMax|uniq|sum|count|min|max|groupArrayArray)State\s*\(|\bto(?:DateTime|StartOf)\w*\(",
    re.IGNORECASE,
)


def is_foreign(text: str) -> bool:
    """Tell whether SQL is of a database whose dialect is not read (ClickHouse)."""
    return _CLICKHOUSE.search(text) is not None
