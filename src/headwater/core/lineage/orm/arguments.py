"""The arguments of query methods: texts by what they name, functions by what they are called with."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import returned_value
from headwater.core.lineage.orm import fragments, sql_tables, table_texts, texts
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.closures import with_each
from headwater.core.lineage.orm.frame import MODES, Frame, resolve_pending, set_default_usage
from headwater.core.lineage.orm.values import (
    Cell,
    Closure,
    ColumnValue,
    Dict,
    Entity,
    InstanceValue,
    Literal,
    NameText,
    Object,
    QueryValue,
    Row,
    SqlText,
    Value,
    each,
)
from headwater.readers import Operation

Span = tuple[int, int]
_SQL = ("sql", "relation")


class QueryArguments(msgspec.Struct, frozen=True):
    """The arguments of a call, evaluated: values with their spans, then names with theirs, and the expressions."""

    values: tuple[tuple[Value, Span], ...] = ()
    named: tuple[tuple[str | None, Value, Span], ...] = ()
    exprs: tuple[f.Expr, ...] = ()
    keywords: tuple[f.Keyword, ...] = ()

    @property
    def first(self) -> Value:
        """The first positional argument."""
        return self.values[0][0] if self.values else None


def prepared(
    frame: Frame, operation: Operation, query: QueryValue, args: QueryArguments
) -> tuple[QueryValue, QueryArguments]:
    """Use the texts in the arguments, and evaluate functions for what they are called with."""
    query, related = _with_texts(frame, operation, query, args)
    given = (*(value for value, _ in args.values), *(value for _, value, _ in args.named))
    _use_sql(frame, operation, query, given)
    for text in _names(given):
        texts.columns(frame, query, text, _role(operation))
    if operation.lambdas == "keys":
        return _joined(frame, query, args)
    if operation.lambdas:
        args = _called(frame, operation, query, args, related)
    return _with_joins(frame, operation, query, args, related), args


def _with_texts(
    frame: Frame, operation: Operation, query: QueryValue, args: QueryArguments
) -> tuple[QueryValue, tuple[str, ...]]:
    """Use the texts; return the query with the names that they add, and the models to which relationships lead."""
    values = tuple(value for value, _ in args.values)
    if operation.texts in ("table", "column") and frame.words.names_tables:
        values = tuple(_constant(frame, value, expr) for value, expr in zip(values, args.exprs, strict=False))
    if operation.texts in ("alias", "join"):
        return texts.named(frame, operation, query, tuple(args.values), args.exprs), ()
    if operation.texts == "table":
        return table_texts.tables(frame, operation, query, values), ()
    if not operation.texts:
        return query, ()
    pairs = tuple(zip(values, args.exprs, strict=False))
    if operation.only is not None:
        pairs = pairs[operation.only : operation.only + 1]
    related = texts.use(frame, operation, query, pairs)
    for name, value, span in args.named if operation.texts == "relation" else ():
        ends = texts.path(frame, query.sources[0], name or "", span, operation.args)
        inner = texts.relations(frame, ends[-1], value, operation.args) if ends else []
        related = (*related, *ends, *inner)
    return query, related


def _constant(frame: Frame, value: Value, expr: f.Expr) -> Value:
    """Return the text of an argument that is put together from constants: `T.USERS`, `${TABLE}.id`."""
    if isinstance(value, Row) and isinstance(expr, f.SequenceExpr):
        pairs = zip(value.items, expr.items, strict=False)
        return Row(tuple(_constant(frame, item, inner) for item, inner in pairs))
    if value is not None or not isinstance(expr, (f.Name, f.Attr, f.Text, f.Binary)):
        return value
    flat = sql_tables.text_of(frame, value, expr)
    return Literal(flat.text, (expr.start, expr.end)) if flat is not None else value


def _with_joins(
    frame: Frame, operation: Operation, query: QueryValue, args: QueryArguments, related: tuple[str, ...]
) -> QueryValue:
    """Return the query with the tables that it joins."""
    if operation.args != "join":
        return query
    if related:
        return replace(query, sources=tuple(dict.fromkeys((*query.sources, *related))))
    for (value, _), expr in zip(args.values, args.exprs, strict=False) if operation.texts in _SQL else ():
        query = sql_tables.with_joins(frame, query, value, expr)
    return query


def _role(operation: Operation) -> str:
    """Return how names in an expression are used: in what a change sets, they are read."""
    if operation.named in ("write", "update"):
        return "read"
    return operation.args if operation.args in MODES else "projection"


def _use_sql(frame: Frame, operation: Operation, query: QueryValue, values: tuple[Value, ...]) -> None:
    for text in _sql_texts(values):
        fragments.use(frame, text.text, Operation(operation.args, texts="sql"), query)


def _names(values: tuple[Value, ...]) -> Iterator[Literal]:
    for value in values:
        for item in each(value):
            if isinstance(item, NameText):
                yield from item.names
            elif isinstance(item, Row):
                yield from _names(item.items)
            elif isinstance(item, Dict):
                yield from _names(tuple(entry.value for entry in item.entries))


def _sql_texts(values: tuple[Value, ...]) -> Iterator[SqlText]:
    for value in values:
        if isinstance(value, SqlText):
            yield value
        elif isinstance(value, Row):
            yield from _sql_texts(value.items)
        elif isinstance(value, Dict):
            yield from _sql_texts(tuple(entry.value for entry in value.entries))


def _called(
    frame: Frame, operation: Operation, query: QueryValue, args: QueryArguments, related: tuple[str, ...]
) -> QueryArguments:
    """Replace anonymous functions by what they return for a row of the query, or for a query."""
    values = tuple((_call(frame, operation, query, value, related), span) for value, span in args.values)
    return QueryArguments(values, args.named, args.exprs, args.keywords)


def _joined(frame: Frame, query: QueryValue, args: QueryArguments) -> tuple[QueryValue, QueryArguments]:
    """Evaluate a join by functions: the keys of both sides, and the result of a row of each."""
    other = next((value for value, _ in args.values if isinstance(value, (QueryValue, Entity))), None)
    if isinstance(other, Entity):
        other = QueryValue((InstanceValue(other.model),), sources=(other.model,))
    functions = [value.function for value, _ in args.values if isinstance(value, Closure)]
    if other is None or len(functions) < 2:
        return query, args
    left, right = row_of(frame, query), row_of(frame, other)
    keys = tuple(with_each(frame, function, row) for function, row in zip(functions, (left, right), strict=False))
    for key in keys:
        resolve_pending(key, "join")
    known = len(frame.pending)
    results = tuple(with_each(frame, function, left, right) for function in functions[2:3])
    for draft in frame.pending[known:]:
        if not draft.settled:
            draft.usage_type, draft.settled = "projection", True
    spans = tuple(span for _, span in args.values[-len(results) :]) if results else ()
    values = tuple(zip(results, spans, strict=False))
    sources = tuple(dict.fromkeys((*query.sources, *other.sources)))
    return replace(query, sources=sources), QueryArguments(values, (), args.exprs[-len(results) :] if results else ())


def _call(frame: Frame, operation: Operation, query: QueryValue, value: Value, related: tuple[str, ...]) -> Value:
    if not isinstance(value, Closure) or value.function is None:
        return value
    if operation.lambdas == "row":
        _forget(frame, value.function)
        known = len(frame.pending)
        result = with_each(frame, value.function, row_of(frame, query))
        if operation.args in MODES:  # also what the function only compares or passes on
            set_default_usage(frame.pending[known:], operation.args)
        return result
    if operation.lambdas == "last":
        return with_each(frame, value.function, Entity(query.sources[-1])) if query.sources else None
    if operation.lambdas == "element":
        item: Value = query.items[0] if len(query.items) == 1 else Row(query.items, query.names)
        if operation.row == "write" or operation.named == "write":
            item = replace(item, new=True) if isinstance(item, InstanceValue) else item
        with_each(frame, value.function, item, item, own=item if frame.words.holders else None)
        return None
    if operation.lambdas == "relation":
        target = related[-1:]
        query = QueryValue(tuple(InstanceValue(model) for model in target), sources=target)
    is_method = frame.words.opens is not None and not value.function.params
    result = with_each(frame, value.function, query, own=query if is_method else None)
    text = returned_value(value.function)
    if operation.texts in ("sql", "entities") and isinstance(text, (f.Text, f.Binary)):
        texts.use(frame, operation, query, ((None, text),))
    if operation.texts == "column":
        for part in texts.literals(result):
            texts.columns(frame, query, part, operation.args)
        _use_sql(frame, operation, query, (result,))
    return None if isinstance(result, QueryValue) else result


def _forget(frame: Frame, function: f.Lambda) -> None:
    """Remove what a function with a declared parameter was taken to read: it is about columns, not about a row."""
    if any(param.annotation is not None for param in function.params):
        first, last = function.start, function.end
        frame.pending[:] = [draft for draft in frame.pending if not first <= draft.start < last]


def with_model(frame: Frame, query: QueryValue, args: QueryArguments) -> QueryValue:
    """Return a query of nothing yet as one of the model that a function in the arguments declares: `User::getName`."""
    functions = (value.function for value, _ in args.values if isinstance(value, Closure))
    for param in (function.params[0] for function in functions if function and function.params):
        item = types.read(frame.index, frame.path, param.annotation, {})
        if isinstance(item, InstanceValue):
            return replace(query, items=(item,), sources=(item.model,))
    return query


def _of_class(frame: Frame, value: Object) -> Value:
    """Return an object that a query selects as the rows in it, by the types of its attributes."""
    info = frame.index.class_info(value.path, value.name)
    typed = ((name, stmt) for name, stmt in info.members.items() if isinstance(stmt, f.Assign)) if info else ()
    known = [(name, types.read(frame.index, value.path, stmt.annotation, {})) for name, stmt in typed]
    rows = [(name, Entity(item.model)) for name, item in known if isinstance(item, InstanceValue)]
    return Row(tuple(row for _, row in rows), tuple(name for name, _ in rows))


def row_of(frame: Frame, query: QueryValue) -> Value:
    """Return a row of a query as the SQL expressions of its columns."""
    if len(query.items) == 1 and isinstance(query.items[0], Object):
        return _of_class(frame, query.items[0])
    if len(query.items) == 1 and isinstance(query.items[0], InstanceValue):
        return Entity(query.items[0].model, query.items[0].sure)
    columns = (
        Entity(item.model)
        if isinstance(item, InstanceValue)
        else ColumnValue((item.model,), item.attribute)
        if isinstance(item, Cell)
        else item
        for item in query.items
    )
    return Row(tuple(columns), query.names)
