"""Methods whose names say which columns they use: `findByEmailAndStatus`, `find_by_email`, `whereEmail`.

The grammar is that of Spring Data ("Query methods", appendix "Repository query keywords"), which Grails, Rails'
dynamic finders and Eloquent's dynamic where share in its simple parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from headwater.catalog.names import snake
from headwater.core.lineage.orm.frame import MODES, Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.joins import relation_columns
from headwater.readers import Operation, Vocabulary

Span = tuple[int, int]


def operation_of(words: Vocabulary, name: str) -> tuple[Operation, str] | None:
    """Return what a method of this name does, and the part of its name that names columns."""
    name = name.removesuffix("!")
    for pattern, operation in words.derived.items():
        match = _pattern(pattern).match(name)
        if match and len(name) > match.end():
            return operation, name[match.end() :]
    return None


@cache
def _pattern(key: str) -> re.Pattern[str]:
    tail = "" if key.endswith("_") else "(?=[A-Z])"
    return re.compile(re.escape(key).replace(r"\*", r"(?:[A-Z0-9]\w*?)??") + tail)


def use(frame: Frame, model: str, name: str, span: Span) -> Operation | None:
    """Record the columns that the name of a method uses; return None if the name does not say any."""
    words = frame.index.words_of(model)
    known = operation_of(words, name)
    if known is None:
        return None
    operation, text = known
    places = _conditions(frame.index, model, text, words)
    if places is None:
        return None
    title = frame.index.models[model].name
    for place, role in places:
        mode = MODES.get(role)
        if mode:
            frame.record_usage(model, place, span, mode[0], f"{name} names attributes of {title}.", sub_type=mode[1])
    return operation


def _conditions(index: CodeIndex, model: str, text: str, words: Vocabulary) -> list[tuple[tuple[str, str], str]] | None:
    """Return the columns that a name uses, each with its role, or None if a part of it is no attribute."""
    if text == text.lower():
        return _named(index, model, re.split(r"_and_|_or_", text), "filter", words)
    conditions, _, order = text.partition("OrderBy")
    places = _named(index, model, re.split(r"(?:And|Or)(?=[A-Z])", conditions), "filter", words) if conditions else []
    keys = [key for key in re.split(r"(?:Asc|Desc)(?=[A-Z]|$)", order) if key]
    sorts = _named(index, model, keys, "sort", words) if keys else []
    return None if places is None or sorts is None else places + sorts


def _named(
    index: CodeIndex, model: str, names: list[str], role: str, words: Vocabulary
) -> list[tuple[tuple[str, str], str]] | None:
    places: list[tuple[tuple[str, str], str]] = []
    for name in names:
        ends = next((p for spelled in _spellings(name, words) if (p := _attribute(index, model, spelled))), None)
        if ends is None:
            return None
        places += [(place, "join" if is_join else role) for place, is_join in ends]
    return places


def _spellings(name: str, words: Vocabulary) -> Iterator[str]:
    """Yield a condition as it is, and without the operators at its end."""
    yield name
    rest = name
    shortened = True
    while shortened:
        shortened = False
        for operator in sorted(words.operators, key=len, reverse=True):
            if rest.endswith(operator) and len(rest) > len(operator):
                rest, shortened = rest[: -len(operator)], True
                yield rest
                break


def _attribute(index: CodeIndex, model: str, name: str) -> list[tuple[tuple[str, str], bool]] | None:
    """Return the columns of an attribute, or of a path of attributes; those of joins on the way are marked."""
    for spelled in (name, decapitalized(name), snake(name)):
        column = index.named_column(model, spelled)
        if column:
            return [(column, False)]
        field = index.fields[model].get(spelled)
        if field and field.target in index.models:
            columns = relation_columns(index, model, field)[: len(field.local)]
            return [(column, False) for column in columns]
    for cut in reversed([match.start() for match in re.finditer(r"(?<=.)(?=[A-Z_])", name)]):
        head, rest = decapitalized(name[:cut]), name[cut:].lstrip("_")
        field = index.fields[model].get(head)
        if field and field.target and field.target in index.models:
            inner = _attribute(index, field.target, rest)
            if inner:
                return [*((column, True) for column in relation_columns(index, model, field)), *inner]
        embedded = index.column_of(model, f"{head}.{decapitalized(rest)}")
        if embedded:
            return [(embedded, False)]
    return None


def decapitalized(name: str) -> str:
    """Return the attribute that a name of a method part means (`java.beans.Introspector.decapitalize`)."""
    return name if name[:2].isupper() and len(name) > 1 else name[:1].lower() + name[1:]
