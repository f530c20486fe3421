"""Names in conditions and rows that are no columns: relationships, tables with columns under them, `table.column`.

`where(author: user)` compares the foreign key of the relationship, `where(users: { state: 1 })` a column of another
table, and `where("users.state" => 1)` the same; a row that is created with `author: user` gets that key.
"""

from __future__ import annotations

from headwater.catalog.usages import UsageType
from headwater.core.lineage.orm import texts
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import Dict, QueryValue, Value, each

Span = tuple[int, int]


def use(frame: Frame, owners: tuple[str, ...], key: tuple[str, Span], value: Value, usage: UsageType) -> bool:
    """Record what a name, with its span, means as a key; return False if it means nothing that is known."""
    name, span = key
    if not owners or not frame.index.words_of(owners[0]).queries_models:
        return False
    query = QueryValue(sources=tuple(reversed(owners)))
    if "." in name:
        table, _, column = name.rpartition(".")
        return _column(frame, texts.owners(frame, query, table.rpartition(".")[2]), (column, span), usage)
    inside = [item for item in each(value) if isinstance(item, Dict)]
    if inside:
        targets = texts.owners(frame, query, name)
        for mapping in inside:
            for entry in mapping.entries:
                if entry.key and not _column(frame, targets, (entry.key, entry.span), usage):
                    use(frame, targets, (entry.key, entry.span), entry.value, usage)
        return bool(targets)
    return any(_reference(frame, owner, key, usage) for owner in owners)


def _column(frame: Frame, owners: tuple[str, ...], key: tuple[str, Span], usage: UsageType) -> bool:
    name, span = key
    for owner in owners[:1]:
        column = frame.index.named_column(owner, name)
        if column:
            title = frame.index.models[owner].name
            frame.record_usage(owner, column, span, usage, f"{name} is named as a column of {title}.")
            return True
    return False


def _reference(frame: Frame, owner: str, key: tuple[str, Span], usage: UsageType) -> bool:
    """Record the foreign key of a relationship."""
    name, span = key
    field = frame.index.fields[owner].get(name)
    if field is None or field.column or not field.local or field.many or field.through:
        return False
    known = frame.index.relations.get(frame.index.models[owner].table)
    if known is None or not all(known.column(column) for column in field.local) or _is_own_key(field.local, known):
        return False
    title = frame.index.models[owner].name
    for column in field.local:
        frame.record_usage(owner, (known.name, column), span, usage, f"{name} is a relationship of {title}.")
    return True


def _is_own_key(columns: tuple[str, ...], relation: object) -> bool:
    return columns == getattr(relation, "primary_key", ())
