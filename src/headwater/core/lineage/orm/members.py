"""Members of classes and names of files, by their declarations: what needs no function to be interpreted."""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.index import CodeIndex, class_of
from headwater.core.lineage.orm.signatures import ClassInfo
from headwater.core.lineage.orm.values import (
    Callable,
    Cell,
    ClassValue,
    Entity,
    InstanceValue,
    Library,
    ListValue,
    Namespace,
    Object,
    QueryValue,
    TypeOf,
    Value,
    Variable,
    union,
)
from headwater.core.lineage.symbols import External, Found, Package, Symbol

# Decorators of Python, common libraries and JavaScript that turn a method into an attribute; ORMs add their own.
_PROPERTIES = frozenset({"property", "cached_property", "computed_field", "classproperty", "reify", "get"})


_CONSTRUCTORS = ("__init__", "constructor", "__construct", "initialize")


def member(index: CodeIndex, value: Object | ClassValue, name: str, bound: Value = None) -> Value:
    """Return the member of a class of the code base; `bound` is the model that it is used for, if any."""
    key = (f"{value.path}:{value.name}", name, type(bound or value).__name__)
    is_plain = not value.args and not isinstance(bound, InstanceValue)
    if is_plain and key in index.attributes:
        return index.attributes[key]
    if is_plain:
        index.attributes[key] = None
    result = _member(index, value, name, bound or value)
    if is_plain:
        index.attributes[key] = result
    return result


def _member(index: CodeIndex, value: Object | ClassValue, name: str, bound: Value) -> Value:
    where = index.member(value.path, value.name, name)
    if where is None:
        known = _assigned_in_constructor(index, value, name)
        return _assigned_in_methods(index, value, name) if known is None else known
    info, stmt = where
    bindings = types.bindings_of(index, value, info)
    if isinstance(stmt, f.Function):
        method = Callable(info.path, f"{info.name}.{name}", bound)
        properties = _PROPERTIES | index.words(value.path).properties
        is_value = any(_last(decorator) in properties for decorator in stmt.decorators)
        of_class = isinstance(bound, (Entity, ClassValue)) and not any(
            _last(d) in ("static", "staticmethod") for d in stmt.decorators
        )
        return returned(index, method, stmt) if is_value and not of_class else method
    if isinstance(stmt, f.Assign) and stmt.annotation is None and stmt.value is None:
        known = _assigned_in_constructor(index, value, name)
        return _assigned_in_methods(index, value, name) if known is None else known
    if isinstance(stmt, f.Assign):
        declared = types.read(index, info.path, stmt.annotation, bindings, bound)
        if declared is None or isinstance(declared, (Variable, TypeOf)):
            declared = of_expression(index, info.path, stmt.value) or declared
        return declared
    found = Found(info.path, f"{info.name}.{name}", stmt) if isinstance(stmt, f.Class) else None
    return of_symbol(index, info.path, found)


def _assigned_in_constructor(index: CodeIndex, value: Object | ClassValue, name: str) -> Value:
    """Find `self.name = …` in the constructor: a parameter's type, or a plain expression."""
    for info in index.lineage(value.path, value.name):
        init = next((info.members[n] for n in _CONSTRUCTORS if n in info.members), None)
        if not isinstance(init, f.Function):
            continue
        bindings = types.bindings_of(index, value, info)
        for stmt in init.body:
            if isinstance(stmt, f.Assign) and any(isinstance(t, f.Attr) and t.name == name for t in stmt.targets):
                return _constructor_value(index, info, init, stmt, bindings)
    return None


def _assigned_in_methods(index: CodeIndex, value: Object | ClassValue, name: str) -> Value:
    """Return what methods of a class assign to an attribute: instance variables of Ruby have no declaration."""
    for info in index.lineage(value.path, value.name):
        keys = ((info.path, f"{info.name}@{spelt}") for spelt in (name, f"@{name}"))
        summary = next((index.summaries[key] for key in keys if key in index.summaries), None)
        if summary is not None:
            return summary.returns
    return None


def _constructor_value(
    index: CodeIndex, info: ClassInfo, init: f.Function, stmt: f.Assign, bindings: dict[str, Value]
) -> Value:
    if stmt.annotation is not None:
        return types.read(index, info.path, stmt.annotation, bindings)
    if isinstance(stmt.value, f.Name):
        for param in init.params:
            if param.name == stmt.value.id:
                declared = types.read(index, info.path, param.annotation, bindings)
                return declared or types.injected(index, info.path, param.default)
    return of_expression(index, info.path, stmt.value)


def returned(index: CodeIndex, method: Callable, stmt: f.Function, bindings: dict[str, Value] | None = None) -> Value:
    """Return the value that a function returns: by its annotation, or else by its summary."""
    own = method.owner
    scope = dict(bindings or {})
    if own is not None:
        scope["Self"] = types.instance_of(own) or own
    declared = types.substitute(types.signature(index, method.path, method.name, stmt).returns, scope)
    if declared is None or isinstance(declared, Variable) or _says_little(index, method.path, declared):
        summary = index.summaries.get((method.path, method.name))
        inferred = types.substitute(summary.returns, scope) if summary else None
        declared = _less_sure(inferred) if inferred is not None else declared
    return _named_by(declared, method.name.rsplit(".", 1)[-1])


def _says_little(index: CodeIndex, path: str, declared: Value) -> bool:
    """Return True if a declared type says that there are rows, but not of which model."""
    if isinstance(declared, Library):
        return declared.name.rsplit(".", 1)[-1] in index.words(path).types
    return declared == ListValue() or (isinstance(declared, QueryValue) and not declared.sources)


def _less_sure(value: Value) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, value.why, False)
    if isinstance(value, ListValue):
        return ListValue(_less_sure(value.item))
    return value


def _named_by(value: Value, name: str) -> Value:
    if isinstance(value, InstanceValue):
        return InstanceValue(value.model, f"{name} returns it.", value.sure)
    return value


def of_symbol(index: CodeIndex, path: str, symbol: Symbol | None) -> Value:
    """Return the value of a name at the top level of a file, for code in `path`."""
    if isinstance(symbol, External):
        last = symbol.name.rsplit(".", 1)[-1]
        loader = index.words(path).current.get(symbol.name)
        if loader is not None:
            return loaded_user(index, loader)
        model = types.index_by_name(index, last) if index.is_library(path, symbol.name) else None
        return Entity(model) if model else Library(symbol.name)
    if isinstance(symbol, Package):
        return Namespace(symbol.path)
    value = _defined(index, symbol) if isinstance(symbol, Found) else None
    if value is None and isinstance(symbol, Found) and symbol.name == "default" and isinstance(symbol.stmt, f.Assign):
        return Namespace(symbol.path)  # `module.exports = { find, remove }`: its members are names of the file
    return value


def loaded_user(index: CodeIndex, loader: str) -> Value:
    """Return the signed-in user: the value that its loader returns, or a row of the one model marked as user."""
    user = index.current_user(loader) if loader else None
    stmt = index.symbols.files[user[0]].names[user[1]] if user else None
    loaded = returned(index, Callable(*user), stmt) if user and isinstance(stmt, f.Function) else None
    if loaded is not None and not isinstance(loaded, (Variable, Library)):
        return loaded
    return current_user(index)


def current_user(index: CodeIndex) -> Value:
    """Return a row of the one model that is marked as the model of users, or else is called so."""
    users = [key for key in index.models if (owner := class_of(index, key)) and _is_user(index, owner)]
    users = users if len(users) == 1 else [key for key, model in index.models.items() if model.name == "User"]
    tables = {index.models[key].table for key in users}
    return InstanceValue(users[0], "It is the signed-in user.", False) if len(tables) == 1 else None


def _is_user(index: CodeIndex, owner: ClassValue) -> bool:
    mixins = index.words(owner.path).user_mixins
    lineage = index.lineage(owner.path, owner.name)
    return any(name.rsplit(".", 1)[-1] in mixins for info in lineage for name in info.outside)


def _defined(index: CodeIndex, symbol: Found) -> Value:
    key = (symbol.path, symbol.name)
    owner, _, last = symbol.name.rpartition(".")
    if owner and index.column_of(f"{symbol.path}:{owner}", last):
        return Cell(f"{symbol.path}:{owner}", last)
    if f"{symbol.path}:{symbol.name}" in index.models:
        return Entity(f"{symbol.path}:{symbol.name}")
    if isinstance(symbol.stmt, f.Assign):
        if key not in index.values:
            index.values[key] = None
            declared = types.read(index, symbol.path, symbol.stmt.annotation, {})
            index.values[key] = (
                declared if declared is not None else of_expression(index, symbol.path, symbol.stmt.value)
            )
        return index.values[key]
    return ClassValue(*key) if isinstance(symbol.stmt, f.Class) else Callable(*key)


def of_expression(index: CodeIndex, path: str, expr: f.Expr | None) -> Value:
    """Return the value of an expression outside any function, as far as no interpretation is needed."""
    if isinstance(expr, f.Name):
        return of_symbol(index, path, index.symbols.lookup(path, expr.id))
    if isinstance(expr, f.Attr):
        return _plain_member(index, path, of_expression(index, path, expr.value), expr.name)
    if isinstance(expr, f.Call):
        return _made(index, of_expression(index, path, expr.func))
    if isinstance(expr, f.Cast):
        return types.read(index, path, expr.type, {}) or of_expression(index, path, expr.value)
    if isinstance(expr, f.Binary) and expr.op in ("or", "||", "??"):
        return union(of_expression(index, path, expr.left), of_expression(index, path, expr.right))
    if isinstance(expr, f.Subscript) and isinstance(expr.value, f.Name) and expr.value.id in ("list", "dict"):
        return TypeOf(types.read(index, path, expr, {}))  # `type Users []User`
    return None


def _plain_member(index: CodeIndex, path: str, base: Value, name: str) -> Value:
    if isinstance(base, (Object, ClassValue)):
        return member(index, base, name)
    if isinstance(base, Library):
        return Library(f"{base.name}.{name}", base.instantiated)
    return of_symbol(index, path, index.symbols.lookup(base.path, name)) if isinstance(base, Namespace) else None


def _made(index: CodeIndex, function: Value) -> Value:
    """Return the value of a call at the top level of a file."""
    if isinstance(function, ClassValue):
        return Object(function.path, function.name, function.args)
    if isinstance(function, Entity):
        return InstanceValue(function.model, "It is constructed.")
    if isinstance(function, Library):
        return Library(function.name, True)
    symbol = index.symbols.lookup(function.path, function.name) if isinstance(function, Callable) else None
    if isinstance(function, Callable) and isinstance(symbol, Found) and isinstance(symbol.stmt, f.Function):
        return returned(index, function, symbol.stmt)
    return None


def _last(expr: f.Expr) -> str:
    expr = expr.func if isinstance(expr, f.Call) else expr
    return expr.name if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""
