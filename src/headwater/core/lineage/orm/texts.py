"""Text arguments of query methods: names of columns, paths of relationships, names of tables, parts of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.usages import SubType, UsageType
from headwater.core.lineage.orm import fragments, sql_tables
from headwater.core.lineage.orm.frame import MODES, Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.joins import join_relation
from headwater.core.lineage.orm.syntax import singular
from headwater.core.lineage.orm.values import (
    ColumnValue,
    Dict,
    Embedded,
    Entity,
    InstanceValue,
    ListValue,
    Literal,
    QueryValue,
    RelationValue,
    Row,
    Value,
    each,
)
from headwater.readers import Operation

Span = tuple[int, int]
_COLUMN = re.compile(
    r"""\s*[-+]?(?:(?P<owner>\w+)\.)?(?P<name>\w+)(?:->.*)?"""
    r"""(?:\s+(?:as\s+\w+|asc|desc)(?:\s+nulls\s+\w+)?)?\s*""",
    re.IGNORECASE,
)
_PATH = re.compile(r"\w+(?:\.\w+)*")
QUOTES = re.compile(r"[\"`\[\]]")


def use(
    frame: Frame,
    operation: Operation,
    query: QueryValue,
    arguments: tuple[tuple[Value, f.Expr], ...],
) -> tuple[str, ...]:
    """Use the text arguments of a call on a query; the models that they add to the query are returned.

    Args:
        frame: the function in which the call stands.
        operation: what the method does.
        query: the query before the call.
        arguments: values and expressions of the positional arguments that count.
    """
    if operation.texts in ("sql", "entities"):
        paths: list[str] = []
        for value, expr in arguments:
            ends = _named_relation(frame, operation, query, value)
            is_name = operation.texts == "sql" and isinstance(value, Literal) and query.sources
            paths += ends
            if not ends and not (
                is_name and isinstance(value, Literal) and columns(frame, query, value, operation.args)
            ):
                fragments.use(frame, with_tables(frame, _unwrapped(frame, expr)), operation, query)
        return tuple(paths)
    added: list[str] = []
    for value, expr in arguments:
        if operation.texts == "words":
            words(frame, query.sources[0], value, operation.args)
        elif (part := _unwrapped(frame, expr)) is not expr:
            fragments.use(frame, part, msgspec.structs.replace(operation, texts="sql"), query)
        elif operation.texts == "relation":
            added += (ends := relations(frame, query.sources[0], value, operation.args))
            if not ends and operation.args == "join":  # SQL instead of the name of a relationship
                sql = msgspec.structs.replace(operation, texts="sql")
                fragments.use(frame, with_tables(frame, expr), sql, sql_tables.with_joins(frame, query, value, expr))
        elif operation.texts == "column":
            for text in (*literals(value), *_in_mappings(value, operation.args)):
                first = text.text.split()[:1] if operation.args == "join" else []
                models = frame.index.of_table(first[0])[:1] if first else ()
                added += models
                if not models:
                    columns(frame, query, text, operation.args)
    return tuple(added)


def _in_mappings(value: Value, role: str) -> Iterator[Literal]:
    """Yield the columns in mappings: `select({ who: "users.name" })`, `orderBy([{ column: "id", order: "desc" }])`."""
    for item in each(value):
        if isinstance(item, Row):
            for part in item.items:
                yield from _in_mappings(part, role)
        elif isinstance(item, Dict):
            for entry in item.entries:
                if role == "projection" or (role == "sort" and entry.key == "column"):
                    yield from literals(entry.value)


def attribute(frame: Frame, operation: Operation, query: QueryValue, value: Value, expr: f.Expr) -> Value:
    """Return what the name in an argument means: a column as an SQL expression, or the rows of a relationship."""
    literal = next(literals(value), None)
    text, span = (literal.text, literal.span) if literal else fragments.constant_text(frame, expr)
    mode = MODES.get(operation.args)
    for model in reversed(query.sources):
        place = frame.index.named_column(model, text)
        if place and mode:
            why = f"{text} is named as a column of {frame.index.models[model].name}."
            draft = frame.record_usage(model, place, span, mode[0], why, sub_type=mode[1], settled=False)
            return ColumnValue((model,), text, None, (draft,))
        ends = path(frame, model, text, span, "join")
        if ends:
            return QueryValue((InstanceValue(ends[-1]),), sources=(ends[-1],))
        if f"{text}" in frame.index.embedded(model):
            return Embedded(Entity(model), text)
    return None


def _named_relation(frame: Frame, operation: Operation, query: QueryValue, value: Value) -> list[str]:
    """Record the join along a relationship where SQL of a join is expected; return the models on the way."""
    if operation.args != "join" or not isinstance(value, Literal) or not query.sources:
        return []
    return path(frame, query.sources[0], value.text, value.span, "join") if _PATH.fullmatch(value.text) else []


def with_tables(frame: Frame, expr: f.Expr) -> f.Expr:
    """Return a text with the tables that it names through their models: `"#{News.table_name}.created_on"`."""
    if isinstance(expr, f.SequenceExpr):
        return msgspec.structs.replace(expr, items=tuple(with_tables(frame, item) for item in expr.items))
    if isinstance(expr, f.Attr) and isinstance(expr.value, f.Text):
        return msgspec.structs.replace(expr, value=with_tables(frame, expr.value))
    if not isinstance(expr, f.Text) or not frame.words.table_names:
        return expr
    parts = tuple(f.Chunk(p.start, p.end, name) if (name := _table_name(frame, p)) else p for p in expr.parts)
    return msgspec.structs.replace(expr, parts=parts)


def _table_name(frame: Frame, expr: f.Expr) -> str:
    called = expr.func if isinstance(expr, f.Call) and not expr.args else expr
    name = called.name if isinstance(called, f.Attr) else called.id if isinstance(called, f.Name) else ""
    if name not in frame.words.table_names:
        return ""
    owner = frame.evaluate(frame, called.value) if isinstance(called, f.Attr) else frame.env.get("this", frame.own)
    models = [item.model for item in each(owner) if isinstance(item, (Entity, InstanceValue))]
    return frame.index.models[models[0]].table if models else ""


def _unwrapped(frame: Frame, expr: f.Expr) -> f.Expr:
    """Return the text in a call that marks a part of SQL: `DB::raw('count(*)')`, `Arel.sql("a")`."""
    if isinstance(expr, f.Call) and expr.args and isinstance(expr.func, (f.Attr, f.Name)):
        name = expr.func.name if isinstance(expr.func, f.Attr) else expr.func.id
        if name in frame.words.raw:
            return expr.args[0]
    return expr


def of_tables(frame: Frame, values: tuple[tuple[Value, Span], ...]) -> QueryValue | None:
    """Return the query of the rows of a table that is named in a text, or None."""
    for value, span in values:
        name = value.text.split()[0] if isinstance(value, Literal) and value.text.strip() else ""
        named = frame.index.by_words.get(singular(name))
        models = frame.index.of_table(name)[:1] or ((named,) if named else ())
        if models:
            return QueryValue((InstanceValue(models[0], f"It is a row of {name}."),), sources=models, at=span)
    return None


def literals(value: Value) -> Iterator[Literal]:
    """Yield the texts in an argument, also those in lists."""
    for item in each(value):
        if isinstance(item, Literal):
            yield item
        elif isinstance(item, Row):
            rows = item.items and all(isinstance(part, Row) for part in item.items)
            for part in item.items:
                yield from literals(part.items[0] if rows and isinstance(part, Row) and part.items else part)
        elif isinstance(item, ListValue):
            yield from literals(item.item)


def columns(frame: Frame, query: QueryValue, text: Literal, role: str) -> bool:
    """Record the columns that a text names; return False if it names none."""
    mode: tuple[UsageType, SubType | None] | None = ("read", None) if role == "read" else MODES.get(role)
    matches = [_COLUMN.fullmatch(part) for part in QUOTES.sub("", text.text).split(",")]
    if mode is None or not all(matches):
        return False
    named = False
    for match in matches:
        if match and _is_path(frame, query, match["name"]):
            names = match["name"].split(frame.index.words_of(query.sources[0]).separator)
            named = lookup(frame, query.sources[0], names, text.span, *mode) or named
            continue
        place = match and column_of(frame, query, match["owner"], match["name"])
        if match and place:
            model, column = place
            why = f"{match['name']} is named as a column of {frame.index.models[model].name}."
            frame.record_usage(model, column, text.span, mode[0], why, sub_type=mode[1])
            named = True
        elif match and query.sources:
            named = _relation(frame, query.sources[0], match["name"], text.span, mode) or named
    return named


def named(
    frame: Frame,
    operation: Operation,
    query: QueryValue,
    values: tuple[tuple[Value, Span], ...],
    exprs: tuple[f.Expr, ...],
) -> QueryValue:
    """Return the query with the alias that a call gives to its model, or with a join along a relationship."""
    if operation.texts == "join" and operation.only:  # what the rows are stored as stands before
        values, exprs = values[operation.only :], exprs[operation.only :]
    texts = [value.text if isinstance(value, Literal) else "" for value, _ in values]
    models = [item.model for value, _ in values for item in each(value) if isinstance(item, Entity)]
    if operation.texts == "alias":
        position = operation.only or 0
        alias = texts[position] if position < len(texts) else ""
        target = models[-1] if models else query.sources[-1] if query.sources else None
    else:
        alias, target = texts[1] if len(texts) > 1 else "", models[0] if models else None
        first = values[0][0] if values else None
        if isinstance(first, Literal) and "." in first.text:
            owner, _, path_text = first.text.partition(".")
            starts = owners(frame, query, owner)
            ends = path(frame, starts[0], path_text, first.span, "join") if starts else []
            target = ends[-1] if ends else None
    if target is None:
        return query
    aliases = ((alias, target), *query.aliases) if alias else query.aliases
    query = replace(query, sources=tuple(dict.fromkeys((*query.sources, target))), aliases=aliases)
    if operation.texts == "join" and len(exprs) > 2:
        fragments.use(frame, exprs[2], Operation("filter", texts="entities"), query, "join")
    return query


def words(frame: Frame, model: str, value: Value, role: str) -> None:
    """Record the columns that texts name with blanks between them: `"-createdAt address.city"`."""
    mode = MODES.get(role)
    for text in literals(value) if mode else ():
        for word in text.text.split():
            place = frame.index.named_column(model, word.lstrip("+-"))
            if place and mode:
                why = f"{word} is named as a column of {frame.index.models[model].name}."
                frame.record_usage(model, place, text.span, mode[0], why, sub_type=mode[1])


def _relation(frame: Frame, model: str, name: str, span: Span, mode: tuple[UsageType, SubType | None]) -> bool:
    """Record a relationship that is named where columns are: its foreign key, or else a join."""
    if frame.index.words_of(model).separator:
        return lookup(frame, model, [name], span, *mode)
    return bool(path(frame, model, name, span, "join"))


def _is_path(frame: Frame, query: QueryValue, name: str) -> bool:
    separator = frame.index.words_of(query.sources[0]).separator if query.sources else ""
    return bool(separator) and separator in name


def lookup(
    frame: Frame, model: str, names: list[str], span: Span, usage: UsageType, sub_type: SubType | None = None
) -> bool:
    """Record the joins and the column of a name that leads along relationships; what follows the column compares it."""
    index = frame.index
    for at, name in enumerate(names):
        why = f"{name} is named as a column of {index.models[model].name}."
        column = index.column_of(model, name)
        field = index.fields[model].get(name)
        if column is None and (field is None or field.target not in index.models):
            return False
        is_end = column is not None or _ends_at(index, model, names[at:])
        if is_end:
            owned = (index.owner_of(model, local) for local in field.local) if field and column is None else (column,)
            for place in owned:
                if place:
                    frame.record_usage(model, place, span, usage, why, sub_type=sub_type)
            return True
        join_relation(frame, RelationValue(model, name, span), "join")
        model = (field.target if field else None) or model
    return True


def _ends_at(index: CodeIndex, model: str, names: list[str]) -> bool:
    """Return True if the rest of a path needs no join: a foreign key, what it refers to, an operator."""
    field = index.fields[model][names[0]]
    if field.target is None or not field.local or not index.refers(model, field):
        return False
    target = index.fields[field.target].get(names[1]) if len(names) > 1 else None
    column = index.column_of(field.target, names[1]) if len(names) > 1 else None
    is_key = column is not None and (column[1] in field.remote or names[1] == "pk")
    return is_key or (target is None and column is None)


def column_of(frame: Frame, query: QueryValue, owner: str | None, name: str) -> tuple[str, tuple[str, str]] | None:
    """Return the model and the column that a name means in a query, with the name of a table or without."""
    models = owners(frame, query, owner) if owner else likeliest(frame, query)
    places = ((model, frame.index.named_column(model, name)) for model in models)
    return next(((model, column) for model, column in places if column), None)


def likeliest(frame: Frame, query: QueryValue) -> tuple[str, ...]:
    """Return the models of a query in the order in which a bare name is looked for.

    That is the model joined last, but the model queried where each model has its own query methods, or a call of a
    session with the name of a table begins the query.
    """
    first = query.sources[:1]
    words = frame.index.words_of(first[0]) if first else frame.words
    if first and words.separator:  # other models are named by paths
        return first
    if first and (words.queries_models or words.opens):
        return query.sources
    return tuple(reversed(query.sources))


def owners(frame: Frame, query: QueryValue, name: str) -> tuple[str, ...]:
    """Return the models that a name before a column may mean: an alias, a table, a model, a relationship."""
    word = name.casefold()
    aliased = [model for alias, model in query.aliases if alias.casefold() == word]
    if aliased:
        return tuple(aliased)
    index = frame.index
    named = [m for m in query.sources if word in (index.models[m].table.casefold(), index.models[m].name.casefold())]
    if named:
        return tuple(named)
    tables = index.of_table(word)
    if tables and index.words_of(query.sources[0] if query.sources else tables[0]).queries_models:
        return tables
    fields = (index.fields[model].get(name) for model in query.sources)
    related = [field.target for field in fields if field and field.target in index.models]
    return tuple(target for target in related if target) or tables


def relations(frame: Frame, model: str, value: Value, role: str) -> list[str]:
    """Record the joins along the relationships that texts, lists and keys of mappings name; return their targets."""
    targets: list[str] = []
    for item in each(value):
        if isinstance(item, Literal):
            targets += path(frame, model, item.text, item.span, role)
        elif isinstance(item, Dict):
            for entry in item.entries:
                ends = path(frame, model, entry.key, entry.span, role)
                targets += ends
                targets += relations(frame, ends[-1], entry.value, role) if ends else []
        elif isinstance(item, Row):
            for part in item.items:
                targets += relations(frame, model, part, role)
        elif isinstance(item, ListValue):
            targets += relations(frame, model, item.item, role)
    return targets


def path(frame: Frame, model: str, text: str, span: Span, role: str) -> list[str]:
    """Record the joins along a path of relationships (`orders.items`); return the models on the way."""
    targets: list[str] = []
    separator = frame.index.words_of(model).separator or "."
    for step in text.partition(":")[0].split(separator):
        field = frame.index.fields[model].get(step)
        if field is None or field.target not in frame.index.models:
            break
        join_relation(frame, RelationValue(model, step, span), "load" if role == "load" else "join")
        model = field.target or model
        targets.append(model)
    return targets
