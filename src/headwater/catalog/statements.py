"""Splits SQL text into statements as the servers' own programs do, for readers of migrations and for all engines.

A grammar says what a comment, a quote and a command of the program is. Without one, as in a file whose dialect is not
known, the text itself shows it: backslashes escape quotes if it looks like MySQL, comments nest if they all close.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from headwater.catalog.grammar import Grammar

# A quote that is never closed reaches to the end of the text.
_UNCLOSED = r"|(?P<unclosed>['\"])"
_UNCLOSED_ESCAPED = r"|(?P<unclosed>['\"`])"
_WORDS = r"|(?P<word>\b(?:BEGIN|CASE|END(?:[ \t]+(?:IF|LOOP|WHILE|REPEAT|CASE))?)\b)"
_ESCAPE_STRINGS = r"|\bE'(?:[^'\\]++|''|\\.)*'"
_UNCLOSED_ESCAPE = r"|\bE(?P<unclosed_escape>')"
_STRINGS = r"|'(?:[^']++|'')*'|\"(?:[^\"]++|\"\")*\"|`(?:[^`]|``)*`"
_ESCAPED_STRINGS = r"|'(?:[^'\\]++|''|\\.)*'|\"(?:[^\"\\]++|\"\"|\\.)*\"|`(?:[^`]|``)*`"
_DOLLAR = r"|(?<![\w$])(?P<dollar>\$(?:[A-Za-z_]\w*)?\$)"
_GO = r"|(?P<go>^[ \t]*GO[ \t]*\r?$)"
# In COPY of PostgreSQL, DELIMITER is an option, followed by a text.
_DELIMITER = r"|^[ \t]*DELIMITER[ \t]+(?!AS\b|E?')(?P<delimiter>\S+)[^\n]*$"
_COMMAND = r"|^[ \t]*(?P<command>{mark})"
_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE

_HAS_BACKSLASHES = re.compile(r"`|^\s*DELIMITER\b(?!\s+(?:AS\b|E?'))", re.IGNORECASE | re.MULTILINE)
# A table may be called event, and its column begin.
_NO_ROUTINE = (
    r"(?:OR\s+\w+\s+)?(?:(?!TRIGGER|EVENT)\w+\s+){0,2}(?:TABLE|VIEW|INDEX|DATABASE|SCHEMA|SEQUENCE|TYPE|RULE)\b"
)
_ROUTINE = re.compile(
    rf"CREATE\b(?!\s+{_NO_ROUTINE})(?:[^;(]|\(\)){{0,200}}?\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|PROC)\b",
    re.IGNORECASE,
)
_RULE = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?RULE\b", re.IGNORECASE)
_COPY = re.compile(r"COPY\b[^;]*\bFROM\s+stdin\b", re.IGNORECASE)
_ROWS_END = re.compile(r"\n\\\.[ \t]*\r?$", re.MULTILINE)
# What a server runs although it is in a comment. No server has version 999999, which marks a real comment of dumps.
_EXECUTED = re.compile(r"/\*M?!(?!999999)")
_COMMENT_MARK = re.compile(r"/\*|\*/")


def reads_rows(text: str) -> bool:
    """Return True if a statement is a COPY whose rows follow it in a dump, up to a line with `\\.`."""
    return _COPY.match(text) is not None


class Statement(msgspec.Struct, frozen=True):
    """One statement: its text without leading comments, and its start in the whole text (in characters)."""

    text: str
    start: int


def split(text: str, grammar: Grammar | None = None) -> Iterator[Statement]:
    """Split SQL text into statements, respecting quotes, comments, dollar quotes, routines, GO, DELIMITER and COPY.

    A command of the database's own program, such as `\\d` of psql, is a statement of one line. Without a grammar, such
    lines are left out.
    """
    return Splitter(text, grammar).statements()


class Splitter:
    """A text, and the position up to which it was split; `delimiter` ends the statements from there on."""

    def __init__(self, text: str, grammar: Grammar | None, delimiter: str = ";") -> None:
        self._text = text
        self._guesses = grammar is None
        self._backslashes = grammar.backslashes if grammar else _HAS_BACKSLASHES.search(text) is not None
        self._nests = grammar.nested_comments if grammar else not self._backslashes
        self._mark = grammar.command_mark if grammar else ""
        self._closes = True  # comments that begin here or later have an end
        self._executes = self._guesses or self._backslashes  # what is in /*! */
        self._space = _space(self._backslashes, self._guesses)
        self._begin = self._depth = 0
        self._routine: bool | None = None
        self.delimiter = delimiter

    def statements(self) -> Iterator[Statement]:
        """Yield the statements."""
        position = self._restart(1 if self._text.startswith("\ufeff") else 0)  # after a byte order mark
        while match := self._token().search(self._text, position):
            position = match.end()
            match match.lastgroup:
                case "comment":
                    position = self._after_comment(match.start(), position)
                case "dollar":
                    position = self._after_dollar(match)
                case "unclosed" | "unclosed_escape":
                    position = len(self._text)
                case "word":
                    self._depth += self._step(match[0].upper())
                case "end" if self._depth <= 0 and not self._in_rule(match.start()):
                    yield from self._statement(match.start())
                    position = self._restart(self._after_copy(match.start(), position))
                case "go" | "delimiter":
                    yield from self._statement(match.start())
                    self.delimiter = match.groupdict().get("delimiter") or self.delimiter
                    position = self._restart(position)
                case "command" if match.start("command") <= self._begin:
                    end = self._line_end(position)
                    yield from self._statement(end)
                    position = self._restart(end)
        yield from self._statement(len(self._text))

    def _line_end(self, position: int) -> int:
        end = self._text.find("\n", position)
        return len(self._text) if end < 0 else end

    def _token(self) -> re.Pattern[str]:
        return _pattern(self._backslashes, self._guesses, self._mark, self.delimiter)

    def _restart(self, position: int) -> int:
        """Begin a statement at a position; return the position of its first line without comments before it."""
        self._depth, self._routine = 0, None
        self._begin = begin = self._lead(position, len(self._text))
        while begin > position and self._text[begin - 1] in " \t":
            begin -= 1
        return begin

    def _lead(self, position: int, end: int) -> int:
        """Return the position after white space and comments."""
        while True:
            position = self._space.match(self._text, position, end).end()  # type: ignore[union-attr]
            executed = self._executes and _EXECUTED.match(self._text, position)
            if executed or not self._text.startswith("/*", position) or position + 2 > end:
                return position
            after = self._comment_end(position)
            if after < 0:
                return position
            position = min(after, end)

    def _comment_end(self, start: int) -> int:
        """Return the position after a comment; -1 if it has no end."""
        if self._nests:
            depth = 0
            for mark in _COMMENT_MARK.finditer(self._text, start):
                depth += 1 if mark[0] == "/*" else -1
                if depth == 0:
                    return mark.end()
            if not self._guesses:
                return -1
            self._nests = False  # not a dialect in which comments are nested
        end = self._text.find("*/", start + 2) if self._closes else -1
        self._closes = end >= 0
        return end + 2 if self._closes else -1

    def _after_comment(self, start: int, position: int) -> int:
        end = self._comment_end(start)
        return end if end >= 0 else position if self._guesses else len(self._text)

    def _after_dollar(self, match: re.Match[str]) -> int:
        closing = self._text.find(match["dollar"], match.end())
        return len(self._text) if closing < 0 else closing + len(match["dollar"])

    def _step(self, word: str) -> int:
        """Return how a word changes the nesting depth of a routine's body; outside routines nothing is nested."""
        if self._routine is None:
            self._routine = _ROUTINE.match(self._text, self._begin) is not None
        if not self._routine:
            return 0
        return 1 if word in ("BEGIN", "CASE") else -1 if word in ("END", "END CASE") else 0

    def _in_rule(self, end: int) -> bool:
        """Return True inside the parentheses of a CREATE RULE with several actions."""
        if not _RULE.match(self._text, self._begin):
            return False
        parentheses = re.sub(
            r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", "", self._text[self._begin : end], flags=re.DOTALL
        )
        return parentheses.count("(") > parentheses.count(")")

    def _after_copy(self, end: int, position: int) -> int:
        """Return the position after a statement: after the rows if it is a COPY FROM stdin in a dump."""
        if not _COPY.match(self._text, self._begin, end):
            return position
        rows_end = _ROWS_END.search(self._text, end)
        return rows_end.end() if rows_end else len(self._text)

    def _statement(self, end: int) -> Iterator[Statement]:
        begin = min(self._begin, end)
        body = self._text[begin:end].rstrip()
        if body:
            yield Statement(body, begin)


@lru_cache(maxsize=64)
def _pattern(backslashes: bool, guesses: bool, mark: str, delimiter: str) -> re.Pattern[str]:
    """Return the pattern of everything that matters for splitting."""
    comments = rf"(?P<comment>/\*)|{_line_comment(backslashes, guesses)}"
    parts = [f"(?P<end>{re.escape(delimiter)})|{comments}" if delimiter != ";" else f"{comments}|(?P<end>;)"]
    if guesses and not backslashes:
        parts.append(r"|^[ \t]*\#[ \t][^\n]*")
    if backslashes:
        parts += [_ESCAPED_STRINGS, "" if guesses else _UNCLOSED_ESCAPED]
    else:
        parts += [_ESCAPE_STRINGS, "" if guesses else _UNCLOSED_ESCAPE, _STRINGS, "" if guesses else _UNCLOSED]
    parts.append(_WORDS)
    if guesses or not backslashes:
        parts.append(_DOLLAR)
    if guesses:
        parts.append(_GO)
    if guesses or backslashes:
        parts.append(_DELIMITER)
    if mark:
        parts.append(_COMMAND.format(mark=re.escape(mark)))
    return re.compile(f"{_first(mark, delimiter)}(?:{''.join(parts)})", _FLAGS)


def _first(mark: str, delimiter: str) -> str:
    """Return the pattern of what everything begins with: most positions of a text are passed by it alone."""
    marks = "".join(re.escape(character) for character in dict.fromkeys(f";'\"`/-#${mark[:1]}{delimiter[:1]}"))
    return rf"(?=[{marks}]|(?<!\w)[bcdeg \t])"


@lru_cache(maxsize=4)
def _space(backslashes: bool, guesses: bool) -> re.Pattern[str]:
    """Return the pattern of what may stand before a statement, comments in `/* */` excepted."""
    more = r"|\#[^\n]*|\\[^\n]*" if guesses else ""
    return re.compile(rf"(?:\s+|{_line_comment(backslashes, guesses)}{more})*")


def _line_comment(backslashes: bool, guesses: bool) -> str:
    """Return the pattern of a comment up to the end of its line: for MySQL, `5--1` is a subtraction."""
    if not backslashes:
        return r"--[^\n]*"
    return (r"--[^\n]*" if guesses else r"--(?=\s|\Z)[^\n]*") + r"|\#[^\n]*"
