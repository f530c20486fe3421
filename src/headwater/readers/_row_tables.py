"""Which table the rows of a class come from: one of its statements, called like it or with most of its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from headwater.readers import Field, SourceFile

_NAME = rb"(?:[`\"\[]?\w+[`\"\]]?\.)?[`\"\[]?(\w+)[`\"\]]?"
_CREATE = re.compile(rb"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?" + _NAME + rb"\s*\(([^;]*)", re.IGNORECASE)
_ALTER = re.compile(rb"\balter\s+table\s+" + _NAME + rb"\s+add\b([^;]{1,300})", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:from|join|into|update)\s+(?:[`\"\[]?\w+[`\"\]]?\.)?[`\"\[]?([A-Za-z_]\w*)[`\"\]]?"
    r"(?:[ \t]+(?:as\s+)?(?!on\b|where\b|set\b|left\b|inner\b|join\b|order\b|group\b|values\b)([A-Za-z_]\w*))?",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(
    r"(?<![\w.])[`\"\[]?([A-Za-z_]\w*)[`\"\]]?\.[`\"\[]?([A-Za-z_]\w*)[`\"\]]?"
    r"(?:\s+(?:as\s+)?(?!from\b)[`\"\[']?([A-Za-z_]\w*)[`\"\]']?\s*(?=,|\bfrom\b|<))?",
    re.IGNORECASE,
)
_CLAUSES = re.compile(r"\bfrom\b.*?(?=\bselect\b|\Z)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(rb"\w+")


class DeclaredTable(msgspec.Struct):
    """A table that SQL files declare, with the words in its declaration as they are spelled, by `plain` name."""

    name: str
    words: dict[str, str] = {}


def plain(name: str) -> str:
    """Return a name without case and underscores, as rows are often mapped to attributes."""
    return name.replace("_", "").lower()


def declared_tables(files: Iterable[SourceFile]) -> dict[str, DeclaredTable]:
    """Return the tables that SQL files create, by their names in lower case."""
    tables: dict[str, DeclaredTable] = {}
    for file in files:
        if file.language == "sql":
            for match in (*_CREATE.finditer(file.source), *_ALTER.finditer(file.source)):
                name = match[1].decode()
                table = tables.setdefault(name.lower(), DeclaredTable(name))
                for word in _WORD.findall(match[2]):
                    spelled = word.decode("utf-8", "replace")
                    table.words.setdefault(plain(spelled), spelled)
    return tables


class RowColumns(msgspec.Struct):
    """Where the attributes of a class of rows come from; `table` is the one that most of them are columns of."""

    table: str
    columns: dict[str, tuple[str, str]]

    def fields(self) -> tuple[Field, ...]:
        """Return the attributes that are columns of the table."""
        return tuple(Field(name, column) for name, (owner, column) in self.columns.items() if owner == self.table)

    def inherited(self) -> dict[str, tuple[str, str]]:
        """Return the attributes that are columns of other tables."""
        return {name: place for name, place in self.columns.items() if place[0] != self.table}


def columns_of(
    name: str, texts: Iterable[str], labels: Mapping[str, str], declared: Mapping[str, DeclaredTable]
) -> RowColumns | None:
    """Return the columns of a class's attributes, or None if no statement names a declared table with any of them.

    Args:
        name: the name of the class.
        texts: the SQL that makes or stores the rows.
        labels: the attributes of the class, and what the column is called in a result.
        declared: the result of `declared_tables`.
    """
    columns: dict[str, tuple[str, str]] = {}
    firsts: Counter[str] = Counter()
    for text in texts:
        tables = [(t, alias) for t, alias in _NAMED.findall(text) if t.lower() in declared]
        firsts.update(t.lower() for t, _ in tables[:1])
        named = _labelled(text, tables, declared)
        for attribute, label in labels.items():
            place = named.get(plain(label)) or _only(name, label, tables, declared)
            if place is not None:
                columns.setdefault(attribute, place)
    votes = Counter(table for table, _ in columns.values())
    if not votes:
        return None
    table = max(votes, key=lambda each: (_is_called(name, each), votes[each], firsts[each.lower()]))
    own = declared[table.lower()]
    for attribute, label in labels.items():
        if attribute not in columns and plain(label) in own.words:
            columns[attribute] = (own.name, own.words[plain(label)])
    return RowColumns(table, columns)


def _labelled(
    text: str, tables: list[tuple[str, str]], declared: Mapping[str, DeclaredTable]
) -> dict[str, tuple[str, str]]:
    """Return the columns that a text names with their table, by their labels: `u.name as userName`."""
    known = {word.lower(): declared[table.lower()] for table, alias in tables for word in (table, alias) if word}
    places: dict[str, tuple[str, str]] = {}
    for owner, column, label in _QUALIFIED.findall(_CLAUSES.sub(" from ", text)):
        table = known.get(owner.lower())
        if table is not None and plain(column) in table.words:
            places.setdefault(plain(label or column), (table.name, table.words[plain(column)]))
    return places


def _only(
    name: str, label: str, tables: list[tuple[str, str]], declared: Mapping[str, DeclaredTable]
) -> tuple[str, str] | None:
    """Return the column of this name in the table that is called like the class, in the only one, or in the first."""
    owners = [table for t, _ in tables if plain(label) in (table := declared[t.lower()]).words]
    called = next((table for table in owners if _is_called(name, table.name)), None)
    is_known = called or len({t.name for t in owners}) == 1 or (owners and owners[0].name == tables[0][0])
    owner = called or owners[0] if is_known else None
    return (owner.name, owner.words[plain(label)]) if owner is not None else None


def first_table(texts: Iterable[str]) -> str | None:
    """Return the table that most statements name first."""
    firsts = Counter(named[0][0] for text in texts if (named := _NAMED.findall(text)))
    return firsts.most_common(1)[0][0] if firsts else None


def _is_called(name: str, table: str) -> bool:
    """Return True if a table is called like a class, in the singular or a plural."""
    word, other = plain(name), plain(table)
    return other in (word, f"{word}s", f"{word}es", f"{word[:-1]}ies")
