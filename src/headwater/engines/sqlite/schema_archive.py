"""The schema archive of an SQLite snapshot: the text of every object as the file stores it, and settings of the file.

It has what an SQL text cannot say as well: the configuration of full-text indexes, and the statistics of ANALYZE.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from headwater.engines.sqlite import parser
from headwater.engines.sqlite.parser import Token
from headwater.kit.errors import BadInput

FORMAT, VERSION = "headwater sqlite schema", 1
# An archive contains no other statements: a file may have been made to contain any text.
_CREATES = re.compile(
    r"CREATE\s+(?:(?P<table>(?:VIRTUAL\s+)?TABLE)|(?P<index>(?:UNIQUE\s+)?INDEX)|(?P<view>VIEW)|(?P<trigger>TRIGGER))\b",
    re.IGNORECASE,
)
# The endings of the names of the tables that a full-text index keeps its data in.
SHADOWS = ("config", "content", "data", "docsize", "idx", "segdir", "segments", "stat")
Constant: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class SqliteObject:
    """An object of a file: its type, its name, the table that it belongs to, and its CREATE statement."""

    type: str
    name: str
    table: str
    sql: str

    @property
    def display_name(self) -> str:
        """The type and the name, for users."""
        return f"{self.type} {self.name}" + (f" of {self.table}" if self.type in {"index", "trigger"} else "")

    @property
    def is_virtual(self) -> bool:
        """True for a virtual table."""
        return self.type == "table" and self.sql.split(None, 2)[1].upper() == "VIRTUAL"

    @property
    def content(self) -> str | None:
        """The table whose text a full-text index indexes, "" for one without text; None for all other objects."""
        return parser.content_of(self.sql) if self.is_virtual else None

    def shadows_in(self, tables: Collection[str]) -> bool:
        """Return True if some of the shadow tables are among these tables."""
        return any(f"{self.name}_{ending}" in tables for ending in SHADOWS)


@dataclass(frozen=True, slots=True)
class SqliteSchema:
    """The objects of a file in the order of their creation, without shadow tables.

    `pragmas` are settings of a file that must be set before anything is in it. `configuration` are the settings of
    full-text indexes by name. `statistics` are the rows of the tables of ANALYZE by name; a blob is hexadecimal.
    """

    objects: tuple[SqliteObject, ...]
    pragmas: Mapping[str, Constant]
    configuration: Mapping[str, Sequence[Sequence[Constant]]]
    statistics: Mapping[str, Sequence[Sequence[Constant]]]


def dumped(content: SqliteSchema) -> bytes:
    """Return the archive; the same schema gives the same bytes."""
    plain = {"format": FORMAT, "version": VERSION, **asdict(content)}
    plain["objects"] = [[item.type, item.name, item.table, item.sql] for item in content.objects]
    return json.dumps(plain, separators=(",", ":")).encode()


def loaded(archive: bytes) -> SqliteSchema:
    """Return the content of an archive.

    Raises:
        BadInput: it is damaged, or of a newer version.
    """
    try:
        plain: dict[str, Any] = json.loads(archive)
        if plain.pop("format") != FORMAT:
            raise ValueError(FORMAT)
        if (version := plain.pop("version")) > VERSION:
            raise BadInput(
                f"The schema archive of this snapshot has version {version}, which is not supported.",
                hint="Update Headwater.",
            )
        objects = tuple(SqliteObject(*item) for item in plain.pop("objects"))
        if not all(_is_of_type(item) for item in objects):
            raise ValueError(FORMAT)
        return SqliteSchema(objects, **plain)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput("The schema archive of this snapshot cannot be read.", hint="Verify the snapshot.") from error


def _is_of_type(item: SqliteObject) -> bool:
    match = _CREATES.match(item.sql)
    return match is not None and match[item.type] is not None


def names_in(text: str, names: Collection[str]) -> set[str]:
    """Return those of some names that a statement contains, quoted or not."""
    by_name = {name.casefold(): name for name in names}
    words = {token.name.casefold() for token in parser.tokens(text) if token.kind in {"word", "quoted", "string"}}
    return {by_name[word] for word in words & by_name.keys()}


def without_foreign_keys(text: str, absent: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return a CREATE TABLE statement without its foreign keys to some tables, and the names of those tables.

    SQLite would refuse to change the rows of a table that refers to one that does not exist.
    """
    missing = {name.casefold() for name in absent}
    spans = [
        (start, end, table) for start, end, table in _foreign_keys(parser.tokens(text)) if table.casefold() in missing
    ]
    for start, end, _ in reversed(spans):
        text = text[:start] + text[end:]
    return text, tuple(table for _, _, table in spans)


def _foreign_keys(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Yield where each foreign key of a CREATE TABLE statement is, with the comma before it, and its table."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text if token.kind == "mark" else "", 0)
        if depth != 1 or token.word != "REFERENCES":
            continue
        start = _start(tokens, at)
        yield tokens[start].start, tokens[_end(tokens, at + 1)].end, tokens[at + 1].name


def _start(tokens: Sequence[Token], at: int) -> int:
    """Return the first token of a foreign key, whose word REFERENCES is at `at`."""
    start = at
    if tokens[at - 1].text == ")":
        opening = at - 1
        while tokens[opening].text != "(":
            opening -= 1
        if opening >= 2 and tokens[opening - 1].word == "KEY" and tokens[opening - 2].word == "FOREIGN":
            start = opening - 2
    if start >= 2 and tokens[start - 2].word == "CONSTRAINT":
        start -= 2
    return start - 1 if start != at and tokens[start - 1].text == "," else start


def _end(tokens: Sequence[Token], at: int) -> int:
    """Return the last token of a foreign key, whose table is at `at`."""
    if tokens[at + 1].text == "(":
        while tokens[at].text != ")":
            at += 1
    while True:
        words = [token.word for token in tokens[at + 1 : at + 5]]
        match words:
            case ["ON", "DELETE" | "UPDATE", "SET" | "NO", *_]:
                at += 4
            case ["ON", "DELETE" | "UPDATE", *_]:
                at += 3
            case ["MATCH", *_] | ["NOT", "DEFERRABLE", *_] | ["INITIALLY", *_]:
                at += 2
            case ["DEFERRABLE", *_]:
                at += 1
            case _:
                return at
