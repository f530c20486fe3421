"""Carriers: lines that have the name of a column without being seen to use it, such as DTOs, forms and front-end code.

A name of several words that no other table has is distinctive: wherever it stands, in any of its spellings, it is most
likely this column's value. A name that other tables have, too, is searched for in the files that use this table (if
many have it, only in those that use none of the others) or are named like its model or stand in a folder of its name
(`views/tags/_form.html.erb`), and after variables that are named like it (`lineItem.unit_price`, `item.unit_price`).
One word alone (`key`) is searched for only after a variable that is named like the whole model (`user.key`), and if
hardly any other table has it, as an attribute, key, symbol or text in files that use this table only.
The model of a dropped table is searched for by its name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from headwater.catalog import changes as c
from headwater.catalog.names import camel, pascal, snake, words
from headwater.core.lineage.impact.code import ScannedCode
from headwater.core.lineage.impact.rules import Hit
from headwater.core.lineage.path_kinds import is_code
from headwater.readers import Model

_Name = tuple[str, ...]
# The files that use each table, whose name is in lower case.
_Files = Mapping[str, Iterable[str]]
_ColumnChange = c.DropColumn | c.RenameColumn | c.AlterType
# The most other tables that may have a name for it to be called rare.
_RARE = 2
# From so many searches on it is quicker to look up the words of a file first.
_MANY = 8
_WORD = re.compile(rb"\w+")
_ACCESS = r"\s*(?:\?\.|!\.|\.|->|\?->)\s*"


class CarrierSearch(NamedTuple):
    """A pattern to look for, in `files` and where a file or its folder is named like one of `titles`; None: everywhere.

    Titles are in the singular. A text in which none of `keys`, words in lower case, occurs cannot match.
    """

    table: str
    column: str
    keys: frozenset[bytes]
    pattern: re.Pattern[bytes]
    certainty: Literal["may_break", "carries"]
    reason: str
    files: frozenset[str] | None = None
    titles: frozenset[_Name] = frozenset()


def searches(changes: Iterable[c.Change], code: ScannedCode) -> tuple[CarrierSearch, ...]:
    """Return what to look for in every file when tables and columns go away or columns change their meaning."""
    files: dict[str, set[str]] = defaultdict(set)
    for usage in code.usages:
        files[usage.table_name.casefold()].add(usage.file_path)
    return tuple(search for change in changes for search in _searches(change, code, files))


def matches(wanted: Sequence[CarrierSearch], path: str, text: bytes) -> Iterator[Hit]:
    """Yield a hit for each line of a file that a search matches."""
    if not is_code(path):
        return
    own = [search for search in wanted if _is_searched(search, path)]
    for search in own if len(own) < _MANY else _possible(own, text.lower()):
        if search.pattern.search(text):
            yield from _lines(search, path, text)


def _possible(wanted: Iterable[CarrierSearch], text: bytes) -> list[CarrierSearch]:
    """Return the searches of which a key occurs in a text in lower case."""
    present = set(_WORD.findall(text))
    return [
        search
        for search in wanted
        if not present.isdisjoint(search.keys) or any(b"-" in key and key in text for key in search.keys)
    ]


def tables(changes: Iterable[c.Change], code: ScannedCode) -> frozenset[str]:
    """Return the tables whose usages tell what changes break: their own, and those with columns of the same names."""
    wanted: set[str] = set()
    for change in changes:
        wanted.add(change.table)
        if isinstance(change, _ColumnChange):
            wanted |= _other_tables(change.table, _names(change.table, change.column, code.models), code)
    return frozenset(wanted)


def _searches(change: c.Change, code: ScannedCode, files: _Files) -> Iterator[CarrierSearch]:
    if isinstance(change, c.DropTable):
        yield from _of_table(change.table, code, files)
    elif isinstance(change, _ColumnChange):
        names = _names(change.table, change.column, code.models)
        yield _qualified(change)
        yield from _after_receivers(change, names, code)
        yield from _alone(change, frozenset(name for name in names if len(name) > 1), code, files)
        yield from _rare(change, frozenset(name for name in names if len(name) == 1), code, files)


def _qualified(change: _ColumnChange) -> CarrierSearch:
    """Return the search for texts that name the column with its table, such as parts of SQL: `"tags.inactive"`."""
    pattern = rf"""(?<=["'`\s(,=])["`\[]?{re.escape(change.table)}["`\]]?\.["`\[]?{re.escape(change.column)}(?!\w)"""
    reason = f"Names {change.table}.{change.column} in a text."
    keys = _keys([change.column])
    return CarrierSearch(change.table, change.column, keys, re.compile(pattern.encode()), "may_break", reason)


def _alone(change: _ColumnChange, names: frozenset[_Name], code: ScannedCode, files: _Files) -> Iterator[CarrierSearch]:
    """Yield the search for names of several words."""
    if names:
        texts = {text for name in names for text in _spellings(name)}
        pattern, keys = _whole(texts), _keys(texts)
        reason = f"Has the name of {change.table}.{change.column}"
        others = _other_tables(change.table, names, code)
        if not others:
            yield CarrierSearch(
                change.table, change.column, keys, pattern, "carries", f"{reason}, which no other table has."
            )
            return
        own, titles = _files([change.table], files), _stems(change.table, code.models)
        own -= _files(others, files) if len(others) > _RARE else frozenset()
        yield CarrierSearch(change.table, change.column, keys, pattern, "carries", f"{reason}.", own, titles)


def _rare(change: _ColumnChange, names: frozenset[_Name], code: ScannedCode, files: _Files) -> Iterator[CarrierSearch]:
    """Yield the search for names of one word that few tables have."""
    others = _other_tables(change.table, names, code)
    long = {text for (text,) in names if len(text) > 3}
    if long and len(others) <= _RARE:
        texts = _alternatives(long)
        forms = rf"(?:\.|->|::)(?:{texts})(?!\w)|(?<![\w.])(?:{texts})\s*[:=](?![=:])|[\"'](?:{texts})[\"']"
        pattern = re.compile(rf"{forms}|(?<![\w:]):(?:{texts})(?!\w)|^\s*(?:{texts}),?\s*$".encode(), re.MULTILINE)
        own, titles = _files([change.table], files) - _files(others, files), _stems(change.table, code.models)
        reason = f"Has the name of {change.table}.{change.column} in a file that uses {change.table}."
        yield CarrierSearch(change.table, change.column, _keys(long), pattern, "carries", reason, own, titles)


def _after_receivers(change: _ColumnChange, names: frozenset[_Name], code: ScannedCode) -> Iterator[CarrierSearch]:
    """Yield the search for names after a variable that is named like the model: `profile.api_key`."""
    models = _titles(change.table, code.models)
    if not models:
        return
    last = {name[at:] for name in models for at in range(1, len(name)) if len("".join(name[at:])) > 3}
    several = {name for name in names if len(name) > 1}
    parts = [_after(models, names), *([_after(last, several)] if last and several else [])]
    pattern = re.compile("|".join(parts).encode(), re.IGNORECASE)
    reason = f"Uses the name of {change.table}.{change.column} on a variable that is named like the model."
    keys = _keys(text for name in names for text in _spellings(name))
    yield CarrierSearch(change.table, change.column, keys, pattern, "may_break", reason)


def _after(receivers: Iterable[_Name], names: Iterable[_Name]) -> str:
    variables = _alternatives(text for name in receivers for text in ("_".join(name), camel("_".join(name))))
    attributes = _alternatives(text for name in names for text in _spellings(name))
    return rf"(?:{variables}){_ACCESS}(?:{attributes})(?!\w)"


def _of_table(table: str, code: ScannedCode, files: _Files) -> Iterator[CarrierSearch]:
    """Yield the searches for the models of a table: of several words everywhere, of one in files that use the table."""
    models = {model.name.rpartition(".")[2] for model in code.models if model.table.casefold() == table.casefold()}
    several = {name for name in models if len(words(name)) > 1}
    reason = f"Names the model of {table}, which will no longer exist."
    if several:
        yield CarrierSearch(table, "*", _keys(several), _whole(several), "may_break", reason)
    if models - several:
        own, titles = _files([table], files), _stems(table, code.models)
        single = models - several
        yield CarrierSearch(table, "*", _keys(single), _whole(single), "may_break", reason, own, titles)


def _is_searched(search: CarrierSearch, path: str) -> bool:
    if search.files is None or path in search.files:
        return True
    folder, _, file = path.rpartition("/")
    if _singular(words(folder.rpartition("/")[2])) in search.titles:
        return True
    name = _singular(words(file.partition(".")[0]))
    return any(_contains(name, title) for title in search.titles)


@lru_cache(maxsize=4096)
def _singular(name: _Name) -> _Name:
    return tuple(word.removesuffix("s") for word in name)


def _contains(name: _Name, part: _Name) -> bool:
    return any(name[at : at + len(part)] == part for at in range(len(name) - len(part) + 1))


def _lines(search: CarrierSearch, path: str, text: bytes) -> Iterator[Hit]:
    for number, line in enumerate(text.splitlines(), 1):
        if search.pattern.search(line):
            snippet = line.decode("utf-8", "replace").strip()[:200]
            yield Hit(path, number, search.certainty, search.reason, search.table, search.column, code_snippet=snippet)


def _names(table: str, column: str, models: Sequence[Model]) -> frozenset[_Name]:
    """Return the names of a column and of the attributes and relationships over it, as words."""
    names = {words(column)}
    for model in models:
        if model.table.casefold() == table.casefold():
            names |= {words(field.name) for field in model.fields if field.column == column or column in field.local}
    return frozenset(names)


def _stems(table: str, models: Sequence[Model]) -> frozenset[_Name]:
    """Return the names of the models of a table as words in the singular, as names of files are compared."""
    return frozenset(map(_singular, _titles(table, models)))


def _titles(table: str, models: Sequence[Model]) -> frozenset[_Name]:
    """Return the names of the models of a table, as words."""
    return frozenset(words(model.name) for model in models if model.table.casefold() == table.casefold())


def _other_tables(table: str, names: frozenset[_Name], code: ScannedCode) -> frozenset[str]:
    """Return the other tables that have a column, or whose models have a field, of one of these names."""
    own = table.casefold()
    by_column = (
        relation.name.casefold()
        for relation in code.schema
        if relation.kind == "table" and any(words(item.name) in names for item in relation.columns)
    )
    by_field = (
        model.table.casefold() for model in code.models if any(words(field.name) in names for field in model.fields)
    )
    return frozenset(name for name in (*by_column, *by_field) if name != own)


def _files(tables: Iterable[str], files: _Files) -> frozenset[str]:
    """Return the files that use any of these tables."""
    return frozenset().union(*(files.get(table.casefold(), ()) for table in tables))


def _alternatives(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(set(texts), key=lambda text: (-len(text), text)))


def _keys(texts: Iterable[str]) -> frozenset[bytes]:
    return frozenset(text.lower().encode() for text in texts)


def _whole(texts: Iterable[str]) -> re.Pattern[bytes]:
    """Return a pattern of whole words."""
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{_alternatives(texts)})(?![A-Za-z0-9_])".encode())


def _spellings(name: _Name) -> set[str]:
    """Return all usual spellings of a name, and its getters and setters."""
    text = "_".join(name)
    spellings = {snake(text), camel(text), pascal(text), "-".join(name), text.upper()} if len(name) > 1 else {text}
    return spellings | {f"{prefix}{pascal(text)}" for prefix in ("get", "set", "is", "Get", "Set", "Is")}
