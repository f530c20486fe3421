"""Tables that texts name: the joins in a part of an SQL statement, and the table that a query selects from."""

from __future__ import annotations

import re

from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import last_name, options
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.values import ClassValue, InstanceValue, Literal, QueryValue, Value
from headwater.core.lineage.ropes import Flat, Piece, flatten, rope_of
from headwater.core.lineage.symbols import Found

_NAME = r"""(?:[\w`"\[\]]+\.)?[`"\[]?(?P<table>\w+)[`"\]]?(?:\s+(?:as\s+)?[`"]?(?P<alias>[A-Za-z_]\w*)[`"]?)?"""
_JOINED = re.compile(rf"\b(?:from|join)\s+{_NAME}", re.IGNORECASE)
_TABLE = re.compile(rf"\s*{_NAME}\s*", re.IGNORECASE)
_QUALIFIER = re.compile(r"""[`"\[]?\b([A-Za-z_]\w*)[`"\]]?\s*\.\s*[`"\[]?\w""")
# Words that follow the name of a table and are no alias.
_NO_ALIAS = frozenset({"on", "using", "where", "inner", "left", "right", "cross", "full", "join", "natural", "and"})


def text_of(frame: Frame, value: Value, expr: f.Expr) -> Flat | None:
    """Return the text of an argument, by its expression or else its value; None if it has none."""
    rope = rope_of(expr, lambda name: constant(frame, name))
    if rope is None and isinstance(value, Literal):
        start, end = value.span
        inset = 1 if end - start == len(value.text.encode()) + 2 else 0
        rope = (Piece(value.text, start + inset, end - inset),)
    return flatten(rope) if rope and any(piece.text.strip() for piece in rope) else None


def constant(frame: Frame, name: str) -> f.Expr | None:
    """Return the text that a name stands for at the top level of a file; one of another file has no positions."""
    if name in frame.texts:
        return frame.texts[name]
    owner = frame.env.get("class")
    known = frame.index.member(owner.path, owner.name, name) if isinstance(owner, ClassValue) else None
    if known and isinstance(known[1], f.Assign) and isinstance(known[1].value, (f.Text, f.Binary)):
        return known[1].value  # a constant of the class around
    value = _value_of(frame, name)
    parts = value.parts if isinstance(value, f.Text) else ()
    return f.Text(-1, -1, tuple(f.Chunk(-1, -1, p.text) for p in parts if isinstance(p, f.Chunk))) if parts else None


def _value_of(frame: Frame, name: str) -> f.Expr | None:
    """Return the value of a constant, of a key of a constant object, or of a member of an enum (`Tables.Users`)."""
    symbol = frame.index.symbols.lookup(frame.path, name)
    if isinstance(symbol, Found) and isinstance(symbol.stmt, f.Assign):
        return symbol.stmt.value
    owner, _, member = name.rpartition(".")
    around = frame.index.symbols.lookup(frame.path, owner) if owner else None
    stmt = around.stmt if isinstance(around, Found) else None
    if isinstance(stmt, f.Assign):
        value = stmt.value.value if isinstance(stmt.value, f.Cast) else stmt.value
        return options(value).get(member)
    named = (s for s in stmt.body if isinstance(s, f.Assign)) if isinstance(stmt, f.Class) else ()
    return next((s.value for s in named if last_name(s.targets[0]) == member), None)


def with_joins(frame: Frame, query: QueryValue, value: Value, expr: f.Expr) -> QueryValue:
    """Return a query with the tables that the SQL of a join names, and their aliases."""
    flat = text_of(frame, value, expr)
    for match in _JOINED.finditer(flat.text if flat is not None else ""):
        models = frame.index.of_table(match["table"])
        if models:
            query = _with_table(query, models[0], match["alias"])
    return query


def _with_table(query: QueryValue, model: str, alias: str | None) -> QueryValue:
    is_alias = bool(alias) and (alias or "").casefold() not in _NO_ALIAS
    aliases = (*query.aliases, (alias, model)) if is_alias else query.aliases
    return replace(query, sources=tuple(dict.fromkeys((*query.sources, model))), aliases=aliases)


def selected_from(frame: Frame, query: QueryValue, value: Value, expr: f.Expr) -> QueryValue:
    """Return a query of the table that a text names: `users`, `users u`, `users AS u`."""
    flat = text_of(frame, value, expr)
    match = _TABLE.fullmatch(flat.text) if flat is not None else None
    models = frame.index.of_table(match["table"]) if match else ()
    if not match or not models or query.sources:
        return query
    item = InstanceValue(models[0], "It comes from a query.")
    return _with_table(replace(query, items=(item,)), models[0], match["alias"])


def mentioned(frame: Frame, query: QueryValue, text: str) -> list[str]:
    """Return the tables that stand before columns in a text and are not in the query yet: a later call joins them."""
    known = {frame.index.models[model].table.casefold() for model in query.sources}
    known |= {alias.casefold() for alias, _ in query.aliases}
    words = dict.fromkeys(match[1] for match in _QUALIFIER.finditer(text))
    return [word for word in words if word.casefold() not in known and word in frame.index.relations]
