"""CREATE TABLE with a clause that sqlglot refuses: its columns and constraints are read one by one.

What cannot be read of one is left out and named, so that a clause costs itself and not the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from sqlglot import exp

from headwater.catalog import sqltext
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Column, Index, Origin, Relation
from headwater.readers.sql.tables import relation_of

_NAME = r"(?:\"(?:[^\"]|\"\")+\"|`(?:[^`]|``)+`|\[[^\]]+\]|[\w$]+)"
_CREATE = re.compile(
    rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:\w+\s+){{0,2}}?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    rf"(?P<name>{_NAME}(?:\s*\.\s*{_NAME}){{0,2}})\s*(?=\()",
    re.IGNORECASE,
)
_TEMPORARY = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:GLOBAL\s+|LOCAL\s+)?TEMP(?:ORARY)?\b", re.IGNORECASE)
# What matters for the nesting of a list: texts and quoted names, comments, parentheses, commas.
_TOKEN = re.compile(
    r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|(?P<mark>[(),])", re.DOTALL
)
_CONSTRAINT = re.compile(
    r"(?:CONSTRAINT|PRIMARY|UNIQUE|FOREIGN|CHECK|INDEX|KEY|FULLTEXT|SPATIAL|PERIOD|EXCLUDE|LIKE)\b", re.IGNORECASE
)
_COLUMN = re.compile(
    rf"(?P<name>{_NAME})(?P<type>\s+(?!NOT\b|NULL\b|DEFAULT\b|PRIMARY\b|UNIQUE\b|CHECK\b|REFERENCES\b|COLLATE\b|GENERATED\b)"
    rf"{_NAME}(?:\s*\.\s*{_NAME})?(?:\s+(?:VARYING|PRECISION|UNSIGNED))*(?:\s*\([^()]*\))?)?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NOT_NULL = re.compile(r"\bNOT\s+NULL\b|\bPRIMARY\s+KEY\b", re.IGNORECASE)
_INDEX = re.compile(
    rf"(?P<kind>FULLTEXT|SPATIAL)\s+(?:INDEX|KEY)?\s*(?P<name>{_NAME})?\s*\((?P<columns>.*)\)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PartlyRead:
    """A table, and the clauses of it that were not understood."""

    relation: Relation
    missed: tuple[str, ...]


def table_of(text: str, schema: SchemaDraft, origin: Origin, dialects: tuple[str, ...]) -> PartlyRead | None:
    """Return the table of a CREATE TABLE statement that no dialect can parse as a whole; None if it is no such one.

    Args:
        text: the statement.
        schema: the Schema before it.
        origin: where it stands.
        dialects: the dialects to try for each part, likeliest first.
    """
    match = _CREATE.match(text)
    if match is None or _TEMPORARY.match(text):
        return None
    parts, end = _parts(text, match.end())
    name = match["name"]
    empty = _parsed(name, "x int", schema, origin, dialects)
    if empty is None or end < 0 or not all(parts):
        return None
    relation, missed = replace(empty, columns=()), []
    for part in parts:
        whole = _parsed(name, part, schema, origin, dialects)
        if whole is not None and (whole.columns or _CONSTRAINT.match(part)):
            relation = _with(relation, whole)
        else:
            relation, clause = _roughly(relation, part, origin)
            missed.append(clause)
    options = text[end:].strip().strip(";").strip()
    return PartlyRead(relation, (*missed, *([options] if options else [])))


def _parts(text: str, opening: int) -> tuple[list[str], int]:
    """Return the elements of a list in parentheses, and the position after it; -1 if it has no end."""
    parts, depth, start = [], 0, opening + 1
    for token in _TOKEN.finditer(text, opening):
        mark = token["mark"]
        depth += {"(": 1, ")": -1}.get(mark or "", 0)
        if (mark == "," and depth == 1) or (mark == ")" and depth == 0):
            parts.append(text[start : token.start()].strip())
            start = token.end()
        if mark == ")" and depth == 0:
            return parts, token.end()
    return parts, -1


def _parsed(name: str, part: str, schema: SchemaDraft, origin: Origin, dialects: tuple[str, ...]) -> Relation | None:
    """Return a table of this one element, or None."""
    trees, dialect = sqltext.parse(f"CREATE TABLE {name} (\n{part}\n)", dialects)
    if not trees or not isinstance(trees[0], exp.Create):
        return None
    return relation_of(trees[0], schema, dialect, origin)


def _with(relation: Relation, other: Relation) -> Relation:
    """Return a relation with the columns, keys, indexes and checks of another."""
    required = other.primary_key
    columns = tuple(replace(each, nullable=False) if each.name in required else each for each in relation.columns)
    return replace(
        relation,
        columns=columns + other.columns,
        primary_key=relation.primary_key or other.primary_key,
        foreign_keys=relation.foreign_keys + other.foreign_keys,
        indexes=relation.indexes + other.indexes,
        checks=relation.checks + other.checks,
    )


def _roughly(relation: Relation, part: str, origin: Origin) -> tuple[Relation, str]:
    """Return a relation with what shows in an element that cannot be parsed, and what was left out of it."""
    if index := _INDEX.match(part):
        columns = tuple(_bare(name) for name in index["columns"].split(","))
        method = (("method", index["kind"].upper()),)
        added = Index(_bare(index["name"]) if index["name"] else None, columns, attrs=method)
        return replace(relation, indexes=(*relation.indexes, added)), f"{index['kind'].upper()} of {part}"
    column = None if _CONSTRAINT.match(part) else _COLUMN.match(part)
    if column is None:
        return relation, part
    name, rest = _bare(column["name"]), column["rest"].strip()
    spelled = " ".join((column["type"] or "").split()).lower()
    added_column = Column(name, spelled, nullable=_NOT_NULL.search(rest) is None, origins=(origin,))
    keyed = re.search(r"\bPRIMARY\s+KEY\b", rest, re.IGNORECASE) is not None
    return (
        replace(
            relation,
            columns=(*relation.columns, added_column),
            primary_key=(name,) if keyed else relation.primary_key,
        ),
        f"{name} {rest}",
    )


def _bare(name: str) -> str:
    text = name.strip().split("(")[0].strip()
    return text[1:-1] if text[:1] in '"`[' else text


def statements_within(text: str) -> Iterator[str]:
    """Yield the definitions inside of `IF NOT EXISTS (…) BEGIN … END` of T-SQL, which are taken as run."""
    if not re.match(r"IF\b", text, re.IGNORECASE):
        return
    body = re.sub(r"\bEND\s*;?\s*$", "", text, flags=re.IGNORECASE)
    starts = [match.start() for match in re.finditer(r"^[ \t]*(?=(?:CREATE|ALTER|DROP|EXEC)\b)", body, _LINES)]
    for start, end in pairwise([*starts, len(body)]):
        yield re.sub(r"\bEND\s*$", "", body[start:end], flags=re.IGNORECASE).strip()


_LINES = re.IGNORECASE | re.MULTILINE
