"""The schema archive of a MySQL or MariaDB snapshot: the server's own CREATE statement of every object.

A statement means the same only under the settings of the session that created the object, which the server keeps for
views, triggers, routines and events; they are part of the archive. Texts are the server's bytes: a routine that was
created over a latin1 connection is stored, and restored, in latin1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

from headwater.kit.errors import BadInput

Kind = Literal[
    "sequence", "table", "function", "procedure", "package", "package body", "view", "trigger", "event", "database"
]
FORMAT, VERSION = "headwater mysql schema", 1
# Quoted texts and names, comments, and what is between them.
_TOKEN = re.compile(
    rb"(?P<quoted>'(?:[^'\\]++|''|\\.)*+'|\"(?:[^\"\\]++|\"\"|\\.)*+\"|`(?:[^`]++|``)*+`)"
    rb"|(?P<comment>/\*.*?\*/|--[ \t][^\n]*|\#[^\n]*)|(?P<word>[\w$]+)|(?P<mark>.)",
    re.DOTALL,
)
_NAME = rb"`((?:[^`]|``)*)`"
# An archive contains no other statements: a server may have been made to show any text.
_CREATES = re.compile(
    rb"CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?"
    rb"(?:DEFINER\s*=\s*(?:`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|[^\s@`\"]+)(?:\s*@\s*(?:`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|\S+))?\s+)?"
    rb"(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?"
    rb"(?P<kind>SEQUENCE|TABLE|FUNCTION|PROCEDURE|PACKAGE\s+BODY|PACKAGE|VIEW|TRIGGER|EVENT)\b",
    re.IGNORECASE,
)
_FOREIGN_KEY = re.compile(rb"\s*(?:CONSTRAINT\s+" + _NAME + rb"\s+)?FOREIGN\s+KEY\b", re.IGNORECASE)
_REFERENCED = re.compile(rb"\bREFERENCES\s+" + _NAME + rb"(\s*\.\s*`)?", re.IGNORECASE)
_COUNTER = re.compile(rb" AUTO_INCREMENT=\d+")


@dataclass(frozen=True, slots=True)
class MysqlObject:
    """An object of a schema and its CREATE statement.

    `text` are the bytes of the statement, those that are not UTF-8 as surrogates. `character_set`, `collation`,
    `database_collation`, `sql_mode` and `time_zone` are the settings under which it was created; "" for those that do
    not matter. `table` is the table of a trigger. `altered` is when an event was last changed, in seconds since 1970.
    A view is not `valid` if it refers to something that does not exist.
    """

    kind: Kind
    name: str
    text: str
    sql_mode: str = ""
    character_set: str = ""
    collation: str = ""
    database_collation: str = ""
    time_zone: str = ""
    table: str = ""
    altered: int | None = None
    valid: bool = True

    @property
    def display_name(self) -> str:
        """The kind and the name, for users."""
        if self.kind == "database":
            return "default collation of the database"
        return f"{self.kind} {self.name}" + (f" of {self.table}" if self.table else "")

    @property
    def data(self) -> bytes:
        """The bytes of the statement."""
        return self.text.encode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class MysqlSchema:
    """The objects of a schema in the order of their creation, and the default collation of the database."""

    collation: str
    objects: tuple[MysqlObject, ...]


def text_of(data: bytes) -> str:
    """Return the bytes of a statement as `MysqlObject.text`."""
    return data.decode(errors="surrogateescape")


def dumped(content: MysqlSchema) -> bytes:
    """Return the archive; the same schema gives the same bytes."""
    standard = {item.name: item.default for item in fields(MysqlObject)}
    objects = [
        {name: value for name, value in asdict(item).items() if value != standard[name]} for item in content.objects
    ]
    header = {"format": FORMAT, "version": VERSION, "collation": content.collation}
    return json.dumps({**header, "objects": objects}, separators=(",", ":")).encode()


def loaded(archive: bytes) -> MysqlSchema:
    """Return the content of an archive.

    Raises:
        BadInput: it is damaged, or of a newer version.
    """
    try:
        plain = json.loads(archive)
        if plain["format"] != FORMAT:
            raise ValueError(plain["format"])
        if plain["version"] > VERSION:
            raise BadInput(
                f"The schema archive of this snapshot has version {plain['version']}, which is not supported.",
                hint="Update Headwater.",
            )
        objects = tuple(MysqlObject(**item) for item in plain["objects"])
        if not all(_is_of_kind(item) for item in objects):
            raise ValueError(FORMAT)
        return MysqlSchema(plain["collation"], objects)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("The schema archive of this snapshot cannot be read.", hint="Verify the snapshot.") from error


def _is_of_kind(item: MysqlObject) -> bool:
    match = _CREATES.match(item.data)
    return match is not None and b" ".join(match["kind"].lower().split()).decode() == item.kind


def names_database(text: bytes, database: bytes) -> bool:
    """Return True if a statement qualifies a name with this database, quoted or not."""
    parts = [token[0].strip(b"`") for token in _TOKEN.finditer(text) if token["comment"] is None]
    return any(part == database and parts[at + 1 : at + 2] == [b"."] for at, part in enumerate(parts))


def without_counter(text: bytes) -> bytes:
    """Return a CREATE TABLE statement without AUTO_INCREMENT, which is one of the extras: it changes with the rows."""
    end = max((end for _, end in _items(text)), default=0)
    for token in _TOKEN.finditer(text, end):
        if token["word"] and (option := _COUNTER.match(text, token.start() - 1)):
            return text[: option.start()] + text[option.end() :]
    return text


def without_foreign_keys(text: bytes, absent: Collection[str]) -> tuple[bytes, tuple[str, ...]]:
    """Return a CREATE TABLE statement without its foreign keys to some tables, and the names of these keys."""
    items = list(_items(text))
    keys = [(start, end, name) for start, end in items if (name := _key_to(text[start:end], absent)) is not None]
    if not keys:
        return text, ()
    gone = {start for start, _, _ in keys}
    left = [text[start:end] for start, end in items if start not in gone]
    first, last = items[0][0], items[-1][1]
    space = text[len(text[:last].rstrip()) : last]
    return text[:first] + b",".join(left).rstrip() + space + text[last:], tuple(name for _, _, name in keys)


def _key_to(item: bytes, absent: Collection[str]) -> str | None:
    """Return the name of a foreign key to one of some tables of the same database; None for anything else."""
    head, target = _FOREIGN_KEY.match(item), _REFERENCED.search(item)
    if head is None or target is None or target[2] or _unquoted(target[1]) not in absent:
        return None
    return _unquoted(head[1] or b"")


def _unquoted(name: bytes) -> str:
    return name.replace(b"``", b"`").decode(errors="replace")


def _items(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the positions of the columns, keys and constraints of a CREATE TABLE statement."""
    depth = start = 0
    for token in _TOKEN.finditer(text):
        match token["mark"]:
            case b"(":
                depth += 1
                start = token.end() if depth == 1 else start
            case b")":
                depth -= 1
                if depth == 0:
                    yield start, token.start()
                    return
            case b"," if depth == 1:
                yield start, token.start()
                start = token.end()


def trigger_body(text: bytes) -> bytes:
    """Return the body of a CREATE TRIGGER statement: what follows FOR EACH ROW."""
    words: list[bytes] = []
    for token in _TOKEN.finditer(text):
        if token["word"]:
            words = [*words[-2:], token["word"].upper()]
            if words == [b"FOR", b"EACH", b"ROW"]:
                return text[token.end() :].strip()
        elif token["quoted"]:
            words = []
    return text


def without_database(text: bytes, database: bytes) -> bytes:
    """Return the statement of a table or view without the name of its own database before other names.

    Where a table or an alias is called like the database, a name before a column is that of the table, and stays.
    """
    own = b"`" + database.replace(b"`", b"``") + b"`"
    if own + b"." not in text:
        return text
    tokens = [token for token in _TOKEN.finditer(text) if token["comment"] is None]
    parts = [token[0] for token in tokens]
    is_alias = any(part == own and parts[at + 1 : at + 2] != [b"."] for at, part in enumerate(parts))
    pieces, end = [], 0
    for at, part in enumerate(parts):
        if part == own and parts[at + 1 : at + 2] == [b"."] and parts[at - 1 : at] != [b"."]:
            after = parts[at + 3 : at + 4]
            if not is_alias or after in ([b"."], [b"("]):
                pieces.append(text[end : tokens[at].start()])
                end = tokens[at + 1].end()
    return b"".join([*pieces, text[end:]])


def names_in(text: bytes, names: Collection[str]) -> set[str]:
    """Return those of some names that a statement contains, quoted or not, outside of texts and comments."""
    by_bytes = {name.encode().lower(): name for name in names}
    contained = set()
    for token in _TOKEN.finditer(text):
        word = token["word"] or (token["quoted"] or b"''")
        if word[:1] == b"'" or token["comment"] is not None:
            continue
        plain = word[1:-1].replace(b"``", b"`") if word[:1] in {b"`", b'"'} else word
        if (name := by_bytes.get(plain.lower())) is not None:
            contained.add(name)
    return contained


def in_order(views: Sequence[MysqlObject]) -> list[MysqlObject]:
    """Return views so that each comes after those that its statement names."""
    by_name = {view.name: view for view in views}
    needs = {view.name: sorted(names_in(view.data, by_name) - {view.name}) for view in views}
    ordered: dict[str, None] = {}
    for start in by_name:
        open_, entered = [start], set()
        while open_:
            name = open_[-1]
            waiting = [other for other in needs[name] if other not in ordered and other not in entered]
            entered.add(name)
            if waiting:
                open_ += waiting[:1]
            else:
                ordered.setdefault(open_.pop())
    return [by_name[name] for name in ordered]
