"""Texts that name tables, with aliases, and the columns of these tables: builders of queries that need no models."""

from __future__ import annotations

import re

from msgspec.structs import replace

from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.texts import QUOTES, Span, column_of, columns, literals, owners
from headwater.core.lineage.orm.values import Cell, Dict, InstanceValue, Literal, QueryValue, Value, each
from headwater.readers import Operation

_SELECTED = re.compile(r"\s*(?:(?P<owner>\w+)\.)?(?P<name>\w+|\*)(?:\s+as\s+(?P<alias>\w+))?\s*", re.IGNORECASE)
_TABLE = re.compile(r"\s*(?:\w+\.)?(?P<name>\w+)(?:\s+as\s+(?P<alias>\w+))?\s*", re.IGNORECASE)


def tables(frame: Frame, operation: Operation, query: QueryValue, values: tuple[Value, ...]) -> QueryValue:
    """Return the query with the tables that texts name; with `blank`, a new one that sees the names of this one.

    In a join, the texts after the first name columns of the condition.
    """
    listed = [text for value in values for text in literals(value)]
    mappings = [item for value in values for item in each(value) if isinstance(item, Dict)]
    if operation.result == "blank":
        outer = tuple((frame.index.models[model].table, model) for model in query.sources)
        query = QueryValue(aliases=(*query.aliases, *outer), deferred=query.deferred)
    is_join = operation.args == "join"
    is_subquery = is_join and values[:1] and isinstance(values[0], QueryValue)
    if is_subquery:
        listed = [Literal("", (0, 0)), *listed]
    for text in listed[:1] if is_join else listed:
        match = _TABLE.fullmatch(QUOTES.sub("", text.text))
        models = frame.index.of_table(match["name"]) if match else ()
        if match and models:
            aliases = ((match["alias"], models[0]), *query.aliases) if match["alias"] else query.aliases
            query = replace(query, sources=(*query.sources, models[0]), aliases=aliases)
    for mapping in mappings:
        query = _table_aliases(frame, query, mapping)
    for text in listed[1:] if is_join else ():
        columns(frame, query, text, "join")
    for entry in (entry for mapping in mappings for entry in mapping.entries if is_join):
        for text in (Literal(entry.key, entry.span), *literals(entry.value)):
            columns(frame, query, text, "join")
    return query


def names_later(frame: Frame, query: QueryValue, values: tuple[tuple[Value, Span], ...]) -> bool:
    """Return True if texts name columns of a table that a later call joins: `select("r.id").join("roles as r")`."""
    matches = (_SELECTED.fullmatch(text.text) for value, _ in values for text in literals(value))
    return any(match and match["owner"] and not owners(frame, query, match["owner"]) for match in matches)


def _table_aliases(frame: Frame, query: QueryValue, mapping: Dict) -> QueryValue:
    """Return a query with the tables that a mapping gives aliases to: `from({ u: "users" })`."""
    for entry in mapping.entries:
        models = [model for text in literals(entry.value) for model in frame.index.of_table(text.text)[:1]]
        if models and entry.key:
            aliases = ((entry.key, models[0]), *query.aliases)
            query = replace(query, sources=(*query.sources, models[0]), aliases=aliases)
    return query


def selected(frame: Frame, query: QueryValue, text: Literal) -> tuple[str | None, Value]:
    """Return what a text selects, with its name in the rows: a column, or under "*" all columns of a table."""
    match = _SELECTED.fullmatch(QUOTES.sub("", text.text))
    if match is None or not query.sources:
        return "*", None
    if match["name"] == "*":
        models = owners(frame, query, match["owner"]) if match["owner"] else query.sources
        return "*", InstanceValue(models[0], "It comes from a query.") if models else None
    place = column_of(frame, query, match["owner"], match["name"])
    return match["alias"] or match["name"], Cell(place[0], match["name"]) if place else None
