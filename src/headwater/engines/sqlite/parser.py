"""Parses CREATE statements as SQLite stores them, for details that its pragmas do not report.

This is not a full SQL grammar: words, quotes and parentheses are recognised, and expressions are kept as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from headwater.catalog.model import Check, ForeignKey
from headwater.engines.sqlite import attributes as a

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))|(?P<quoted>\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\])"
    r"|(?P<string>[xX]?'(?:[^']|'')*')|(?P<word>[\w$]+(?:\.\d+)?)|(?P<mark>.)",
    re.DOTALL,
)
_CONSTRAINTS_NAMES = """
CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS FOREIGN
"""
_CONSTRAINTS = frozenset(_CONSTRAINTS_NAMES.split())
_CONTENT = re.compile(r"^fts[45]\s*\(.*\bcontent\s*=\s*(?:(['\"`])(.*?)\1|\[?([\w$]+))", re.IGNORECASE | re.DOTALL)
_OF_TABLE = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted name, a string or a punctuation mark, with its position in the text."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The position after the token."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The word in upper case; empty if it is quoted or not a word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name without quotes."""
        if self.kind == "quoted":
            inner = self.text[1:-1]
            return inner if self.text[0] == "[" else inner.replace(self.text[0] * 2, self.text[0])
        return self.text[1:-1].replace("''", "'") if self.kind == "string" else self.text


@dataclass(slots=True)
class ColumnText:
    """What only the CREATE statement says about a column."""

    collation: str | None = None
    generated: str | None = None
    conflict: str | None = None


@dataclass(slots=True)
class Unique:
    """A unique constraint."""

    name: str | None
    columns: tuple[str, ...]
    conflict: str | None = None


@dataclass(slots=True)
class TableText:
    """What only the CREATE statement says about a table."""

    columns: dict[str, ColumnText] = field(default_factory=dict)
    key_name: str | None = None
    key_terms: str | None = None
    autoincrement: bool = False
    uniques: list[Unique] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text without spaces and comments."""
    matches = ((match.lastgroup or "", match) for match in _TOKEN.finditer(text))
    return [Token(kind, match[0], match.start()) for kind, match in matches if kind != "space"]


def table(text: str) -> TableText:
    """Return the contents of a CREATE TABLE statement."""
    stream = _Stream(text, tokens(text))
    read = TableText()
    stream.skip_to("(")
    for item in stream.items():
        if item.peek().word in _OF_TABLE:
            _constraints(item, read, None)
        else:
            name = item.take().name
            read.columns[name.casefold()] = ColumnText()
            while item.more and item.peek().word not in _CONSTRAINTS:
                item.skip()
            _constraints(item, read, name)
    return read


def _constraints(item: _Stream, read: TableText, column: str | None) -> None:
    """Parse constraints up to the end of an item; `column` is the column that they follow."""
    name: str | None = None
    while item.more:
        word = item.take().word
        if word == "CONSTRAINT":
            name = item.take().name
            continue
        _constraint(word, item, read, column, name)
        name = None


def _constraint(word: str, item: _Stream, read: TableText, column: str | None, name: str | None) -> None:
    of_column = read.columns[column.casefold()] if column else ColumnText()
    match word:
        case "PRIMARY":
            _primary_key(item, read, column, name)
        case "UNIQUE":
            keys = (column,) if column else tuple(_keys(item))
            read.uniques.append(Unique(name, keys, _conflict(item)))
        case "CHECK":
            read.checks.append(Check(item.inside(), name))
        case "FOREIGN":
            item.take()
            columns = tuple(_keys(item))
            item.take()
            read.foreign_keys.append(_references(item, columns, name))
        case "REFERENCES" if column:
            read.foreign_keys.append(_references(item, (column,), name))
        case "NOT":
            item.take()
            of_column.conflict = _conflict(item)
        case "DEFAULT":
            item.skip_sign()
            item.skip()
        case "COLLATE":
            of_column.collation = item.take().name
        case "AS":
            of_column.generated = item.inside()
        case _:
            pass  # NULL, GENERATED ALWAYS, STORED, commas between constraints: said by the pragmas, or nothing


def _primary_key(item: _Stream, read: TableText, column: str | None, name: str | None) -> None:
    item.take()
    read.key_name = name
    terms = None
    if column is None:
        began = item.peek().start
        keys = list(_keys(item))
        if any(key.startswith("(") for key in keys):
            terms = item.text[began : item.last.end]
    elif item.more and item.peek().word in {"ASC", "DESC"}:
        terms = "(" + a_name(column) + " DESC)" if item.take().word == "DESC" else None
    if conflict := _conflict(item):
        names = terms or "(" + ", ".join(a_name(key) for key in ([column] if column else keys)) + ")"
        terms = f"{names} ON CONFLICT {conflict}"
    read.key_terms = terms
    if item.more and item.peek().word == "AUTOINCREMENT":
        item.take()
        read.autoincrement = True


def a_name(name: str) -> str:
    """Return a quoted name, whose meaning never changes."""
    return '"' + name.replace('"', '""') + '"'


def _conflict(item: _Stream) -> str | None:
    if item.more and item.peek().word == "ON":
        item.take()
        item.take()
        return item.take().word
    return None


def _keys(item: _Stream) -> Iterator[str]:
    """Return the keys in parentheses: names, or terms with their options in parentheses."""
    for key in item.items():
        if len(key.tokens) == 1:
            yield key.take().name
        else:
            yield f"({key.text[key.tokens[0].start : key.tokens[-1].end]})"


def _references(item: _Stream, columns: tuple[str, ...], name: str | None) -> ForeignKey:
    table_name = item.take().name
    referred = tuple(_keys(item)) if item.more and item.peek().text == "(" else ()
    rules: dict[str, str | None] = {}
    deferred = False
    while item.more and item.peek().word in {"ON", "MATCH", "NOT", "DEFERRABLE", "INITIALLY"}:
        match item.take().word:
            case "ON":
                event, action = item.take().word, item.take().word
                if action in {"SET", "NO"}:
                    action += f" {item.take().word}"
                rules[event] = None if action == "NO ACTION" else action
            case "NOT":
                if item.peek().word != "DEFERRABLE":
                    item.back()
                    break
                item.take()
            case "INITIALLY":
                deferred = item.take().word == "DEFERRED"
            case "MATCH":
                item.take()
    return ForeignKey(
        columns,
        table_name,
        referred,
        name,
        None,
        rules.get("DELETE"),
        rules.get("UPDATE"),
        a.attrs(deferrable="deferred" if deferred else None),
    )


class _Stream:
    """The tokens of a text, read one by one; parentheses can be read as a whole."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self.tokens)

    @property
    def last(self) -> Token:
        return self.tokens[self._at - 1]

    def peek(self) -> Token:
        return self.tokens[self._at]

    def take(self) -> Token:
        self._at += 1
        return self.tokens[self._at - 1]

    def back(self) -> None:
        self._at -= 1

    def skip(self) -> None:
        """Read a token, or everything up to its closing parenthesis."""
        if self.peek().text == "(":
            self.inside()
        else:
            self.take()

    def skip_sign(self) -> None:
        if self.peek().text in {"+", "-"}:
            self.take()

    def skip_to(self, mark: str) -> None:
        while self.peek().text != mark:
            self.take()

    def inside(self) -> str:
        """Read the parentheses that begin here, and return the text inside."""
        opening = self.peek()
        for _ in self.items():
            pass
        return self.text[opening.end : self.last.start].strip()

    def items(self) -> Iterator[_Stream]:
        """Read the parentheses that begin here, and yield the items between commas."""
        assert self.take().text == "("
        depth, item = 0, list[Token]()
        while depth >= 0:
            token = self.take()
            depth += {"(": 1, ")": -1}.get(token.text if token.kind == "mark" else "", 0)
            if depth < 0 or (depth == 0 and token.text == "," and token.kind == "mark"):
                if item:
                    yield _Stream(self.text, item)
                item = []
            else:
                item.append(token)


def index(text: str) -> tuple[tuple[str, ...], str | None]:
    """Return the keys of a CREATE INDEX and its WHERE."""
    stream = _Stream(text, tokens(text))
    while stream.take().word != "ON":
        pass
    stream.take()
    keys = tuple(_keys(stream))
    where = text[stream.take().end :].strip() if stream.more else None
    return keys, where


def view(text: str) -> str:
    """Return the query of a CREATE VIEW."""
    stream = _Stream(text, tokens(text))
    while stream.peek().word != "AS":
        stream.skip()
    return text[stream.take().end :].strip()


def module(text: str) -> str:
    """Return the text after USING in a CREATE VIRTUAL TABLE."""
    stream = _Stream(text, tokens(text))
    while stream.take().word != "USING":
        pass
    return text[stream.last.end :].strip()


def content_of(text: str) -> str | None:
    """Return the content table of a full-text index from its CREATE VIRTUAL TABLE; None if it stores its own text."""
    match = _CONTENT.search(module(text))
    return match and (match[2] or match[3] or "")
