"""Which columns of a Schema hold personal data, by name, type and table, each with a reason and a certainty.

The rules are `data_classes.toml`. Free text is not personal by itself, a reference to another row is not, and neither
is a flag, a time or a setting about such a value (`email_verified`, `password_changed_at`). What a column really holds
only its rows can say: an answer is a place to look at, no proof.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from headwater.catalog.model import Column, Origin, Relation, Schema
from headwater.catalog.names import words
from headwater.core.lineage.questions.type_families import family_of

ClassCertainty = Literal["certain", "likely"]


_OF_PERSONS = frozenset({"email", "person_name", "birth_date"})
# The shortest phrase that is recognised with an ending that is not set apart: nationalidnumber.
_LONG_PHRASE = 6
# How many columns share a prefix at least, and how long one is at most.
_MANY_COLUMNS, _SHORT_PREFIX = 2, 4


class DataClass(msgspec.Struct, frozen=True):
    """A kind of personal data and the words that name it; `special` marks the special categories of article 9."""

    name: str
    title: str
    source: str
    types: tuple[str, ...]
    certain: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    qualified: tuple[str, ...] = ()
    of_persons: tuple[str, ...] = ()
    of_addresses: tuple[str, ...] = ()
    alone_of_persons: tuple[str, ...] = ()
    alone_of_access: tuple[str, ...] = ()
    alone_of_health: tuple[str, ...] = ()
    of_health: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    special: bool = False


class DataClassRules(msgspec.Struct, frozen=True, rename={"classes": "class"}):
    """The rules of all classes, and the words that they share."""

    endings: tuple[str, ...]
    spellings: dict[str, str]
    settings: tuple[str, ...]
    person_tables: tuple[str, ...]
    person_table_endings: tuple[str, ...]
    address_tables: tuple[str, ...]
    organization_tables: tuple[str, ...]
    access_tables: tuple[str, ...]
    health_tables: tuple[str, ...]
    health_table_endings: tuple[str, ...]
    carriers: tuple[str, ...]
    not_named_persons: tuple[str, ...]
    classes: tuple[DataClass, ...]


class PersonalColumn(msgspec.Struct, frozen=True):
    """A column that holds personal data."""

    table_name: str
    column_name: str
    type: str
    data_class: str
    title: str
    special: bool
    certainty: ClassCertainty
    reason: str
    source: str
    file_path: str = ""
    line_number: int = 0


@cache
def rules() -> DataClassRules:
    """Return the rules."""
    text = Path(__file__).with_name("data_classes.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), DataClassRules)


def personal_columns(schema: Schema) -> list[PersonalColumn]:
    """Return the columns of a schema that hold personal data, in the order of the schema."""
    return [answer for relation in schema for answer in _of_table(relation)]


def _of_table(relation: Relation) -> Iterator[PersonalColumn]:
    keys = {column for key in relation.foreign_keys for column in key.columns}
    keys |= {name for name in relation.primary_key if family_of(_type_of(relation, name)) == "integer"}
    columns = [column for column in relation.columns if column.name not in keys]
    table = _Table(relation.name, _subject(relation), _prefix(relation))
    if table.subject in ("", "access") and not _shared("organization_tables").intersection(_words(relation.name)):
        plain = table._replace(subject="")
        if any(_is_of_a_person(_match(column, plain)) for column in columns):
            table = table._replace(subject="persons")
    for column in columns:
        match = _match(column, table)
        if match is not None:
            yield _answer(relation, column, match)


def _type_of(relation: Relation, name: str) -> str:
    column = relation.column(name)
    return column.type if column else ""


def _answer(relation: Relation, column: Column, match: _Match) -> PersonalColumn:
    origin = next(iter(column.origins or relation.origins), Origin(""))
    return PersonalColumn(
        relation.name,
        column.name,
        column.type,
        match.data_class.name,
        match.data_class.title,
        match.data_class.special,
        match.certainty,
        match.reason,
        match.data_class.source,
        origin.file,
        origin.line,
    )


class _Table(NamedTuple):
    """A table: what its rows are of (persons, addresses, health, access, …, or empty), and a prefix of its columns."""

    name: str
    subject: str
    prefix: str = ""


class _Match(NamedTuple):
    """A class that a column belongs to, how certainly, and why."""

    data_class: DataClass
    certainty: ClassCertainty
    reason: str


class _Entry(NamedTuple):
    """A phrase of a class: what the table must be of (empty: anything), and what part of the name it must be."""

    data_class: DataClass
    phrase: str
    certainty: ClassCertainty
    needs: str = ""
    part: Literal["", "whole", "end"] = ""


# ------------------------------------------------------ columns


def _is_of_a_person(match: _Match | None) -> bool:
    """Return True for what only a table about persons has, so that its `name` is that of a person."""
    return match is not None and match.certainty == "certain" and match.data_class.name in _OF_PERSONS


def _match(column: Column, table: _Table) -> _Match | None:
    """Return the class of a column, of several the one with the longest phrase; without a prefix if that says more."""
    name = _words(column.name)
    family = family_of(column.type)
    match = _named(name, family, table)
    if match is None and len(name) > 1 and name[0] == table.prefix:
        match = _named(name[1:], family, table)
    return match or _carried(name, family, table)


def _named(name: Sequence[str], family: str, table: _Table) -> _Match | None:
    """Return the class that the words of a name say."""
    is_setting = bool(name) and name[0] in _shared("settings")
    for phrase, is_whole, dropped in _phrases_at_end(name):
        for entry in _index().get(phrase, ()):
            data_class = entry.data_class
            if is_setting and data_class.name != "credential":
                continue
            has_endings = dropped <= _shared("endings") | _own_endings(data_class)
            if has_endings and _fits(entry, is_whole, table) and (not family or family in data_class.types):
                context = f" in a table of {table.subject}" if entry.needs else ""
                return _Match(data_class, entry.certainty, f"Its name says “{entry.phrase}”{context}")
    return None


def _fits(entry: _Entry, is_whole: bool, table: _Table) -> bool:
    if is_whole and entry.data_class.name == "person_name" and _is_own_name(entry.phrase, table):
        return False
    if entry.part and (entry.part == "whole") != is_whole:
        return False
    return entry.needs in ("", table.subject) or (entry.needs == "addresses" and table.subject == "persons")


def _is_own_name(phrase: str, table: _Table) -> bool:
    """Return True for the name of the rows of a table that are not persons: `families.family_name`."""
    return table.subject != "persons" and _words(phrase)[0] == _words(table.name)[-1]


def _phrases_at_end(name: Sequence[str]) -> Iterator[tuple[str, bool, frozenset[str]]]:
    """Yield (words joined, whether they are the whole name, the words left out after them), the longest first."""
    endings = _shared("endings") | _all_own_endings()
    dropped: frozenset[str] = frozenset()
    for end in range(len(name), 0, -1):
        for start in range(end):
            yield "".join(name[start:end]), start == 0, dropped
        last = name[end - 1]
        if last not in endings and not last.isdigit():
            return
        dropped |= frozenset() if last.isdigit() else {last}


def _carried(name: Sequence[str], family: str, table: _Table) -> _Match | None:
    """Return the class of the table for a column that only carries the value: `avatar_images.bytes`."""
    if len(name) > 1:
        return None
    for phrase, _, dropped in _phrases_at_end(_words(table.name)):
        for entry in _index().get(phrase, ()):
            carriers = frozenset(entry.data_class.carriers) or _shared("carriers")
            fits = name[0] in carriers and entry.certainty == "certain" and dropped <= _shared("endings")
            if fits and (not family or family in entry.data_class.types):
                return _Match(entry.data_class, "likely", f"The name of its table says “{entry.phrase}”")
    return None


@cache
def _index() -> dict[str, list[_Entry]]:
    """Return the phrases of all classes by their joined words; a name written as one word may have an ending, too."""
    index: dict[str, list[_Entry]] = {}
    for entry in _entries():
        joined = "".join(_words(entry.phrase))
        index.setdefault(joined, []).append(entry)
        if len(joined) >= _LONG_PHRASE:
            for ending in sorted(_shared("endings")):
                index.setdefault(joined + ending, []).append(entry)
    return index


def _entries() -> Iterator[_Entry]:
    for item in rules().classes:
        yield from (_Entry(item, phrase, "certain") for phrase in item.certain)
        yield from (_Entry(item, phrase, "likely") for phrase in item.likely)
        yield from (_Entry(item, phrase, "likely", part="end") for phrase in item.qualified)
        yield from (_Entry(item, phrase, "likely", "persons") for phrase in item.of_persons)
        yield from (_Entry(item, phrase, "likely", "addresses") for phrase in item.of_addresses)
        yield from (_Entry(item, phrase, "likely", "persons", "whole") for phrase in item.alone_of_persons)
        yield from (_Entry(item, phrase, "likely", "access", "whole") for phrase in item.alone_of_access)
        yield from (_Entry(item, phrase, "likely", "health", "whole") for phrase in item.alone_of_health)
        yield from (_Entry(item, phrase, "likely", "health") for phrase in item.of_health)
        if item.name == "person_name":
            persons = [word for word in rules().person_tables if word not in rules().not_named_persons]
            yield from (_Entry(item, f"{word} name", "likely") for word in persons)


@cache
def _own_endings(item: DataClass) -> frozenset[str]:
    return frozenset(item.endings)


@cache
def _all_own_endings() -> frozenset[str]:
    return frozenset(ending for item in rules().classes for ending in item.endings)


# ------------------------------------------------------ tables


_SUBJECTS = {"person": "persons", "address": "addresses", "organization": "organizations"}


def _prefix(relation: Relation) -> str:
    """Return the short first word that most columns of a table share, such as `ec` of ec_name and ec_date; or empty."""
    firsts = Counter(word for name in relation.columns for word in words(name.name)[:-1][:1])
    for word, number in firsts.most_common(1):
        if number >= max(_MANY_COLUMNS, len(relation.columns) / 2) and len(word) <= _SHORT_PREFIX:
            return "".join(_words(word))
    return ""


def _is_of_health(name: Sequence[str]) -> bool:
    """Return True for a table of health: `medical_alerts`, `immunizations`, but not `patients` or `diagnosis_types`."""
    end = len(name)
    while end and name[end - 1] in _shared("health_table_endings"):
        end -= 1
    words_ = ("".join(name[start:end]) for start in range(end))
    is_person = end == len(name) and end > 0 and name[-1] in _shared("person_tables")
    return not is_person and any(word in _shared("health_tables") for word in words_)


def _refers_to_person(relation: Relation) -> bool:
    """Return True if a table has a column for a person besides its own key, or for the record of one."""
    own = set(relation.primary_key)
    named = (_words(column.name) for column in relation.columns if column.name not in own)
    wanted = _shared("person_tables") | _shared("health_tables") | {"admission"}
    return any(wanted.intersection(name[:-1]) and name[-1] in ("id", "key", "uid") for name in named if name)


def _subject(relation: Relation) -> str:
    """Return what the rows of a table are: persons, addresses, organizations, access, or unknown (empty)."""
    name = list(_words(relation.name))
    if name and name[-1] in _shared("access_tables"):
        return "access"
    if _is_of_health(name) and _refers_to_person(relation):
        return "health"
    while len(name) > 1 and (name[-1] in _shared("person_table_endings") or name[-1].isdigit()):
        name.pop()
    for kind, subject in _SUBJECTS.items():
        if name and name[-1] in _shared(f"{kind}_tables"):
            return subject
    return ""


@cache
def _shared(field: str) -> frozenset[str]:
    values: Any = getattr(rules(), field)
    return frozenset("".join(_words(value)) for value in values)


# ------------------------------------------------------ words


@cache
def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, in the singular, without accents and without digits at their ends."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", name.replace("ß", "ss")) if not unicodedata.combining(char)
    )
    parts = (_singular(re.sub(r"(?<=\D)\d+$", "", word)) for word in words(plain))
    return tuple(rules().spellings.get(part, part) for part in parts)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("sses"):
        return word[:-2]
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3
    return word[:-1] if is_plural else word
