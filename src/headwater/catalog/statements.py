"""Splits SQL text into statements, in the same way for readers of migrations and for all engines."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from headwater.catalog.grammar import Grammar

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
_BACKSLASH_TOKEN = re.compile(_QUOTED + r"|\#[^\n]*|'(?:[^'\\]++|''|\\.)*'" + _MARKS, _FLAGS)
_HAS_BACKSLASHES = re.compile(r"`|^\s*DELIMITER\b", re.IGNORECASE | re.MULTILINE)
_ROUTINE = re.compile(r"CREATE\b[^;]{0,200}?\b(PROCEDURE|FUNCTION|TRIGGER|EVENT|PROC)\b", re.IGNORECASE)
_COPY = re.compile(r"COPY\b[^;]*\bFROM\s+stdin\b", re.IGNORECASE)
_LEAD = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*(?!!).*?\*/)*", re.DOTALL)


class Statement(msgspec.Struct, frozen=True):
    """One statement: its text without leading comments, and its start in the whole text (in characters)."""

    text: str
    start: int


def split(text: str, grammar: Grammar | None = None) -> Iterator[Statement]:
    """Split SQL text into statements, respecting quotes, comments, dollar quotes, routines, GO, DELIMITER and COPY.

    Without a grammar, the text itself shows whether backslashes escape quotes.
    """
    backslashes = grammar.backslashes if grammar else _HAS_BACKSLASHES.search(text) is not None
    token = _BACKSLASH_TOKEN if backslashes else _TOKEN
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
    """Return how a word changes the nesting depth of a routine's body; outside routines nothing is nested."""
    if not _ROUTINE.match(text, _LEAD.match(text, start).end()):  # type: ignore[union-attr]
        return 0
    return 1 if word in ("BEGIN", "CASE") else -1 if word in ("END", "END CASE") else 0


def _after_copy(text: str, end: int, start: int) -> int:
    """Return the position after a statement: after the rows if it is a COPY FROM stdin in a dump."""
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
