"""Evaluates type annotations: generics, unions, forward references, aliases, dependency injection."""

from __future__ import annotations

import re
from collections.abc import Callable as Fn
from typing import Any

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.orm.index import CodeIndex, parameters_of
from headwater.core.lineage.orm.signatures import Bindings, ClassInfo, Signature
from headwater.core.lineage.orm.syntax import arguments, is_type_variable
from headwater.core.lineage.orm.type_names import FUNCTIONS, INNER, KEYED, LAST, MANY, PLAIN
from headwater.core.lineage.orm.values import (
    ClassValue,
    Closure,
    Entity,
    InstanceValue,
    Keyed,
    Library,
    ListValue,
    Object,
    QueryValue,
    Row,
    Shaped,
    TypeOf,
    Union,
    Value,
    Variable,
    each,
    union,
)
from headwater.core.lineage.symbols import External, Found

_WORDS = re.compile(r"[A-Za-z_][\w.]*")


def read(index: CodeIndex, path: str, expr: f.Expr | None, bindings: Bindings, own: Value = None) -> Value:
    """Return the value of an annotated type; `own` is the meaning of `Self`."""
    if isinstance(expr, (f.Name, f.Attr)):
        return _named(index, path, dotted_name(expr), bindings, own)
    if isinstance(expr, f.Subscript):
        return _generic(index, path, expr, bindings, own)
    if isinstance(expr, f.Binary) and expr.op in ("|", "&"):
        left, right = (read(index, path, side, bindings, own) for side in (expr.left, expr.right))
        return union(left, right)
    if isinstance(expr, f.Text):
        return _quoted(index, path, expr, bindings, own)
    if isinstance(expr, f.SequenceExpr):
        return Row(tuple(read(index, path, item, bindings, own) for item in expr.items))
    if isinstance(expr, f.Unary) and expr.op == "typeof":
        return _type_query(index, path, dotted_name(expr.operand))
    return _object_type(index, path, expr, bindings, own) if isinstance(expr, f.Mapping) else None


def _type_query(index: CodeIndex, path: str, name: str) -> Value:
    """Return a row for `typeof users`, and for `typeof users.$inferSelect`, where `users` is a model."""
    while name:
        symbol = index.symbols.lookup(path, name)
        if isinstance(symbol, Found):
            key = f"{symbol.path}:{symbol.name}"
            return InstanceValue(key) if key in index.models else None
        name = name.rpartition(".")[0]
    return None


def _object_type(index: CodeIndex, path: str, expr: f.Mapping, bindings: Bindings, own: Value) -> Value:
    """Return the value of `{user: User; total: number}`: its properties by name, if any of them is known."""
    values = tuple(read(index, path, entry.value, bindings, own) for entry in expr.entries)
    known = any(value is not None and not isinstance(value, Library) for value in values)
    return Row(values, tuple(map(_property_name, expr.entries))) if known else None


def _property_name(entry: f.DictEntry) -> str | None:
    parts = entry.key.parts if isinstance(entry.key, f.Text) else ()
    return "".join(part.text for part in parts if isinstance(part, f.Chunk)) or None


def _named(index: CodeIndex, path: str, name: str, bindings: Bindings, own: Value) -> Value:
    if name in PLAIN or not name:
        return None
    if name in bindings:
        return bindings[name]
    if name == "Self":
        return own
    symbol = index.symbols.lookup(path, name)
    if isinstance(symbol, Found):
        return _defined(index, symbol, bindings)
    if isinstance(symbol, External):
        return _external(index, path, symbol.name)
    return Variable(name) if "." not in name else None


def _defined(index: CodeIndex, symbol: Found, bindings: Bindings) -> Value:
    key = f"{symbol.path}:{symbol.name}"
    if key in index.models:
        return InstanceValue(key)
    if isinstance(symbol.stmt, f.Class):
        return Object(symbol.path, symbol.name)
    if isinstance(symbol.stmt, f.Assign):
        if is_type_variable(symbol.stmt):
            return bindings.get(symbol.name, Variable(symbol.name))
        known = index.values.get((symbol.path, f"type {symbol.name}"), index)
        if known is index:
            index.values[symbol.path, f"type {symbol.name}"] = None
            known = read(index, symbol.path, symbol.stmt.value, {})
            index.values[symbol.path, f"type {symbol.name}"] = known
        return known  # type: ignore[return-value]
    return None


def _external(index: CodeIndex, path: str, name: str) -> Value:
    last = name.rsplit(".", 1)[-1]
    kind = index.words(path).types.get(last)
    if kind == "query":
        return QueryValue(plain=last != "Select")
    if not index.is_library(path, name):
        return Library(name, instantiated=True)
    model = index_by_name(index, last)
    return InstanceValue(model) if model else _generated(index, path, last) or Library(name, instantiated=True)


def _generated(index: CodeIndex, path: str, name: str) -> Value:
    """Return the value of a type that the ORM's client generates: `UserWhereInput`, `UserFindManyArgs`."""
    shaped = (key for key, model in index.models.items() if name.startswith(model.name) and index.is_shaped(key))
    key = max(shaped, key=lambda k: len(index.models[k].name), default=None)
    if key is None:
        return None
    rest = name[len(index.models[key].name) :]
    role = next((r for end, r in index.words(path).shape.types.items() if rest == end), None)
    if role is None and rest.endswith("Args"):
        role = index.words(path).shape.types.get("Args")
    return (InstanceValue(key) if role == "value" else Shaped(key, role)) if role else None


def index_by_name(index: CodeIndex, name: str) -> str | None:
    """Return the model of that name that has no class in the code base, as generated clients export it."""
    return next((k for k, m in index.models.items() if m.name == name and not index.class_info(m.path, name)), None)


def _generic(index: CodeIndex, path: str, expr: f.Subscript, bindings: Bindings, own: Value) -> Value:
    name = dotted_name(expr.value).rsplit(".", 1)[-1]
    args = arguments(expr)
    if name == "Annotated":
        return read(index, path, args[0], bindings, own) or _injected(index, path, args[1:])
    if name in ("Literal", "Callable"):
        return None
    if name == "ReturnType":
        return _return_type(index, path, args[0])
    inner = [read(index, path, arg, bindings, own) for arg in args]
    form = _FORMS.get(name)
    if form is not None and inner:
        return form(inner, args)
    return _container(index, path, expr, inner, bindings, own)


def _return_type(index: CodeIndex, path: str, arg: f.Expr) -> Value:
    """Return the value of `ReturnType<typeof f>`, by the declaration of the function or by its summary."""
    name = dotted_name(arg.operand) if isinstance(arg, f.Unary) else ""
    symbol = index.symbols.lookup(path, name) if name else None
    if not isinstance(symbol, Found) or not isinstance(symbol.stmt, f.Function):
        return None
    declared = signature(index, symbol.path, symbol.name, symbol.stmt).returns
    summary = index.summaries.get((symbol.path, symbol.name))
    return summary.returns if declared is None and summary else declared


def _subset(value: Value) -> Value:
    """Return the value of `Pick<T, …>`; of a type outside the code base nothing is known."""
    return None if isinstance(value, Library) else value


def _tuple(inner: list[Value], args: tuple[f.Expr, ...]) -> Value:
    is_open = len(args) == 2 and isinstance(args[1], f.Const)
    return ListValue(inner[0]) if is_open else Row(tuple(inner))


def _container(
    index: CodeIndex, path: str, expr: f.Subscript, inner: list[Value], bindings: Bindings, own: Value
) -> Value:
    name = dotted_name(expr.value).rsplit(".", 1)[-1]
    first = inner[0] if inner else None
    kind = index.words(path).types.get(name)
    if kind == "query":
        items = first.items if isinstance(first, Row) else tuple(inner)
        return QueryValue(items, sources=sources(items), plain=name == "Query")
    role = index.words(path).shape.types.get(name)
    if role is not None and isinstance(first, InstanceValue):
        return Shaped(first.model, role)
    if kind == "class":
        return type_of(first)
    if kind == "repository":
        return QueryValue((first,), sources=sources((first,)))
    if kind == "rows":
        return ListValue(first if isinstance(first, Row) else Row((first,)))
    if kind == "many" or name in MANY:
        symbol = index.symbols.lookup(path, dotted_name(expr.value))
        if not isinstance(symbol, Found) or isinstance(symbol.stmt, f.Function):
            return ListValue(first.items[0] if isinstance(first, Row) and kind else first)
    if kind == "inner":
        return first
    base = read(index, path, expr.value, bindings, own)
    if isinstance(base, ListValue):
        return base.item  # `Users[number]`
    if isinstance(base, Object):
        return Object(base.path, base.name, tuple(inner))
    return base if isinstance(base, (InstanceValue, Library)) else None


def sources(items: tuple[Value, ...]) -> tuple[str, ...]:
    """Return the models that these values are rows of."""
    return tuple(item.model for item in items if isinstance(item, InstanceValue))


def type_of(value: Value) -> Value:
    """Return the class of which this is an instance."""
    if isinstance(value, InstanceValue):
        return Entity(value.model)
    if isinstance(value, Object):
        return ClassValue(value.path, value.name, value.args)
    if isinstance(value, Variable):
        return TypeOf(value)
    return union(*(type_of(item) for item in value.items)) if isinstance(value, Union) else None


def instance_of(value: Value) -> Value:
    """Return an instance of this class."""
    if isinstance(value, Entity):
        return InstanceValue(value.model)
    if isinstance(value, ClassValue):
        return Object(value.path, value.name, value.args)
    if isinstance(value, TypeOf):
        return value.item
    return union(*(instance_of(item) for item in value.items)) if isinstance(value, Union) else None


def _injected(index: CodeIndex, path: str, args: tuple[f.Expr, ...]) -> Value:
    return next((value for arg in args if (value := injected(index, path, arg)) is not None), None)


def injected(index: CodeIndex, path: str, expr: f.Expr | None) -> Value:
    """Return the value injected by `Depends(provider)`: the provider's return value, or an instance of it."""
    if not isinstance(expr, f.Call) or dotted_name(expr.func).rsplit(".", 1)[-1] not in (
        "Depends",
        "Security",
        "Provide",
    ):
        return None
    symbol = index.symbols.lookup(path, dotted_name(expr.args[0])) if expr.args else None
    if not isinstance(symbol, Found):
        return None
    if isinstance(symbol.stmt, f.Class):
        return _defined(index, symbol, {})
    if isinstance(symbol.stmt, f.Function):
        value = read(index, symbol.path, symbol.stmt.returns, {})
        if isinstance(value, ListValue):
            value = value.item
        summary = index.summaries.get((symbol.path, symbol.name))
        return value if value is not None or summary is None else summary.returns
    return None


def _quoted(index: CodeIndex, path: str, expr: f.Text, bindings: Bindings, own: Value) -> Value:
    text = "".join(part.text for part in expr.parts if isinstance(part, f.Chunk))
    values = [_named(index, path, name, bindings, own) for name in _WORDS.findall(text)]
    known = [value for value in values if value is not None and not isinstance(value, Variable)]
    if not known:
        return next((value for value in values if value is not None), None)
    head = _WORDS.match(text)
    is_many = head is not None and head[0].rsplit(".", 1)[-1] in MANY and "[" in text
    return ListValue(union(*known)) if is_many else union(*known)


def signature(index: CodeIndex, path: str, name: str, stmt: f.Function) -> Signature:
    """Return the declared types of a function, read once; `Self` is a variable of that name."""
    known = index.signatures.get((path, name))
    if known is None:
        own = Variable("Self")
        read_ = ((p.name, read(index, path, p.annotation, {}, own)) for p in stmt.params if p.annotation is not None)
        params = tuple(read_)
        patterns = tuple((param, value) for param, value in params if is_open(value))
        shaped = tuple((p, part) for p, value in params for part in each(value) if isinstance(part, Shaped))
        returns = read(index, path, stmt.returns, {}, own)
        known = index.signatures[path, name] = Signature(patterns, returns, shaped)
    return known


def bindings_of(index: CodeIndex, value: Object | ClassValue, info: ClassInfo) -> dict[str, Value]:
    """Return the bindings of an ancestor's type parameters, by an object's class and its arguments."""
    start = index.class_info(value.path, value.name)
    if start is None:
        return {}
    queue = [(start, parameters_of(start, value.args))]
    seen: set[tuple[str, str]] = set()
    while queue:
        current, bindings = queue.pop(0)
        if (current.path, current.name) == (info.path, info.name):
            return bindings
        seen.add((current.path, current.name))
        for path, name, args in current.bases:
            base = index.class_info(path, name)
            if base is not None and (base.path, base.name) not in seen:
                values = tuple(read(index, current.path, arg, bindings) for arg in args)
                queue.append((base, parameters_of(base, values)))
    return {}


def is_open(value: Value) -> bool:
    """Return True if a type contains type variables."""
    if isinstance(value, Variable):
        return True
    if isinstance(value, (ListValue, TypeOf)):
        return is_open(value.item)
    if isinstance(value, Keyed):
        return is_open(value.value)
    parts = value.items if isinstance(value, (Union, Row, QueryValue)) else getattr(value, "args", ())
    return any(is_open(part) for part in parts)


def substitute(value: Value, bindings: Bindings) -> Value:
    """Replace type variables by their bindings."""
    replace = _SUBSTITUTIONS.get(type(value)) if bindings else None
    return replace(value, bindings) if replace else value


def _in_type(value: TypeOf, bindings: Bindings) -> Value:
    item = substitute(value.item, bindings)
    return value if isinstance(item, Variable) else type_of(item)


def _in_query(value: QueryValue, bindings: Bindings) -> Value:
    items = tuple(substitute(item, bindings) for item in value.items)
    return msgspec.structs.replace(value, items=items, sources=value.sources or sources(items), deferred=())


def _in_class(value: Object | ClassValue, bindings: Bindings) -> Value:
    return type(value)(value.path, value.name, tuple(substitute(arg, bindings) for arg in value.args))


def unify(pattern: Value, value: Value, bindings: Bindings) -> None:
    """Bind the type variables of a parameter's type by an argument."""
    if value is None or pattern is None:
        return
    if isinstance(pattern, Variable):
        bindings.setdefault(pattern.name, value)
    elif isinstance(pattern, TypeOf):
        unify(pattern.item, instance_of(value), bindings)
    elif isinstance(pattern, Union):
        for item in pattern.items:
            unify(item, value, bindings)
    elif isinstance(pattern, ListValue) and isinstance(value, ListValue):
        unify(pattern.item, value.item, bindings)
    elif isinstance(pattern, QueryValue) and isinstance(value, QueryValue):
        for left, right in zip(pattern.items, value.items, strict=False):
            unify(left, right, bindings)
    elif isinstance(pattern, (Object, ClassValue)) and isinstance(value, (Object, ClassValue)):
        for left, right in zip(pattern.args, value.args, strict=False):
            unify(left, right, bindings)


_Form = Fn[[list[Value], tuple[f.Expr, ...]], Value]
_FORMS: dict[str, _Form] = {
    **dict.fromkeys(INNER, lambda inner, args: inner[0]),
    **dict.fromkeys(LAST, lambda inner, args: inner[-1]),
    **dict.fromkeys(FUNCTIONS, lambda inner, args: Closure(inner[-1])),
    **dict.fromkeys(KEYED, lambda inner, args: Keyed(inner[-1])),
    **dict.fromkeys(("type", "Type"), lambda inner, args: type_of(inner[0])),
    **dict.fromkeys(("tuple", "Tuple"), _tuple),
    **dict.fromkeys(("Pick", "Omit", "Required", "Exclude", "Extract"), lambda inner, args: _subset(inner[0])),
    "Union": lambda inner, args: union(*inner),
}
_SUBSTITUTIONS: dict[type, Fn[[Any, Bindings], Value]] = {
    Variable: lambda value, bindings: bindings.get(value.name, value),
    Closure: lambda value, bindings: Closure(substitute(value.returns, bindings)),
    ListValue: lambda value, bindings: ListValue(substitute(value.item, bindings)),
    Keyed: lambda value, bindings: Keyed(substitute(value.value, bindings)),
    TypeOf: _in_type,
    Union: lambda value, bindings: union(*(substitute(item, bindings) for item in value.items)),
    Row: lambda value, bindings: Row(tuple(substitute(item, bindings) for item in value.items), value.names),
    QueryValue: _in_query,
    Object: _in_class,
    ClassValue: _in_class,
}
