"""Runs `OnModelCreating` and the configurations of entity types: what the calls of the builders say.

A value is a builder or None. Bodies of helper methods that take a builder are run too. Both sides of a branch count.
"""

from __future__ import annotations

from collections.abc import Iterator

from headwater.catalog import facts as f
from headwater.readers._annotations import ConstantScope, items, last, text
from headwater.readers.ef_core.builder_calls import METHODS
from headwater.readers.ef_core.builders import FluentBuilder, FluentFrame
from headwater.readers.ef_core.clrtypes import ClrType, ClrTypes
from headwater.readers.ef_core.configuration import ContextConfig

_DEPTH = 12


class Fluent:
    """Applies the configuration code of one context to its model."""

    def __init__(self, types: ClrTypes, config: ContextConfig) -> None:
        self.types, self.config = types, config
        self._running: set[int] = set()
        self.configurations: list[ClrType] = []

    def run(self, path: str, owner: str, method: f.Function, given: FluentBuilder) -> None:
        """Run a method whose first parameter is a builder."""
        params = [param for param in method.params if param.kind in ("", "self")]
        frame = FluentFrame(ConstantScope(path, owner), {params[0].name: given} if params else {})
        self.body(frame, method.body)

    def configure(self, configuration: ClrType) -> None:
        """Run an `IEntityTypeConfiguration<T>`, from its base classes down."""
        for member in reversed(list(self.types.chain(configuration))):
            for path, stmt in member.parts:
                for method in stmt.body:
                    if isinstance(method, f.Function) and method.name == "Configure" and method.params:
                        self._configure(configuration, member, path, method)

    def _configure(self, configuration: ClrType, member: ClrType, path: str, method: f.Function) -> None:
        typed = method.params[0].annotation
        inner = items(typed.index)[0] if isinstance(typed, f.Subscript) else None
        bound = member.bindings.get(last(inner)) if isinstance(inner, f.Name) else None
        clr = self.types.find(*(bound or (path, inner)), owner=configuration.name)
        if clr is not None:
            self.run(path, configuration.name, method, FluentBuilder("entity", self.config.entity(clr)))

    def body(self, frame: FluentFrame, body: tuple[f.Stmt, ...]) -> None:
        """Run the statements of a body."""
        for stmt in body:
            if isinstance(stmt, f.Assign):
                value = self._value(frame, stmt.value)
                for target in stmt.targets:
                    if isinstance(target, f.Name):
                        frame.env[target.id] = value
            elif isinstance(stmt, (f.Do, f.Return)) and stmt.value is not None:
                self._value(frame, stmt.value)
            elif isinstance(stmt, f.Branch):
                self.body(frame, stmt.body)
                self.body(frame, stmt.otherwise)
            elif isinstance(stmt, f.Loop):
                self._loop(frame, stmt)
            elif isinstance(stmt, f.Scope):
                self.body(frame, stmt.body)

    def _loop(self, frame: FluentFrame, stmt: f.Loop) -> None:
        """Run a loop once; one over all entity types may rename them in ways that are not read."""
        renames = any(last(call) in ("SetTableName", "SetColumnName", "SetColumnBaseName") for call in _calls(stmt))
        if renames:
            self.config.has_unread_loop = (frame.scope.path, stmt.start)
        self.body(frame, stmt.body)

    def _value(self, frame: FluentFrame, expr: f.Expr | None) -> FluentBuilder | None:
        if isinstance(expr, f.Name):
            return frame.env.get(expr.id)
        if isinstance(expr, (f.Bind, f.Cast)):
            return self._value(frame, expr.value)
        if isinstance(expr, f.Attr):
            return self._value(frame, expr.value)
        return self._call(frame, expr) if isinstance(expr, f.Call) else None

    def _call(self, frame: FluentFrame, call: f.Call) -> FluentBuilder | None:
        func: f.Expr = call.func
        generics: tuple[f.Expr, ...] = ()
        if isinstance(func, f.Subscript):
            generics, func = items(func.index), func.value
        receiver = self._value(frame, func.value) if isinstance(func, f.Attr) else None
        name = last(func)
        if receiver is not None:
            handler = METHODS.get((receiver.kind, name))
            if handler is not None:
                return handler(self, frame, receiver, call, generics)
            given = [receiver, *(self._value(frame, arg) for arg in call.args)]
            return self._helper(frame, call, name, given) or receiver
        values = [self._value(frame, arg) for arg in call.args]
        if any(value is not None for value in values):
            return self._helper(frame, call, name, values)
        return None

    def _helper(
        self, frame: FluentFrame, call: f.Call, name: str, given: list[FluentBuilder | None]
    ) -> FluentBuilder | None:
        """Run a method of the code base that was given a builder: of this class, or an extension method."""
        found = self._method(frame, call, name, len(given)) if frame.depth < _DEPTH else None
        if found is None or id(found[2]) in self._running:
            return None
        path, owner, method = found
        params = [param.name for param in method.params]
        inner = FluentFrame(ConstantScope(path, owner), dict(zip(params, given, strict=False)), frame.depth + 1)
        self._running.add(id(method))
        self.body(inner, method.body)
        self._running.discard(id(method))
        return None

    def _method(self, frame: FluentFrame, call: f.Call, name: str, count: int) -> tuple[str, str, f.Function] | None:
        owners = [clr for clr in (self.types.find(frame.scope.path, f.Name(0, 0, frame.scope.owner)),) if clr]
        if isinstance(call.func, f.Attr) and (named := self.types.find(frame.scope.path, call.func.value)):
            owners.insert(0, named)
        candidates = [member for owner in owners for member in self.types.chain(owner)]
        for clr in (*candidates, *self.types.extension_owners(name)):
            for path, stmt in clr.parts:
                for method in stmt.body:
                    if isinstance(method, f.Function) and method.name == name and len(method.params) >= count > 0:
                        return path, clr.name, method
        return None

    def text(self, frame: FluentFrame, expr: f.Expr | None) -> str | None:
        """Return the text of an argument."""
        return text(self.types.project, frame.scope, expr)

    def names(self, frame: FluentFrame, args: tuple[f.Expr, ...]) -> tuple[str, ...]:
        """Return the members that arguments name: by a lambda, by a text, by several texts."""
        names: list[str] = []
        for arg in args:
            if isinstance(arg, f.Lambda):
                names += [name for value in _returned(arg) for name in _members(value)]
            elif (named := self.text(frame, arg)) is not None:
                names.append(named)
            elif isinstance(arg, f.SequenceExpr):
                names += self.names(frame, arg.items)
        return tuple(names)

    def run_lambdas(self, frame: FluentFrame, call: f.Call, builder: FluentBuilder) -> None:
        """Run the lambdas among the arguments with a builder as their parameter."""
        for arg in call.args:
            if isinstance(arg, f.Lambda) and arg.params:
                inner = FluentFrame(frame.scope, {**frame.env, arg.params[0].name: builder}, frame.depth + 1)
                self.body(inner, arg.body)


def _returned(arg: f.Lambda) -> Iterator[f.Expr]:
    return (stmt.value for stmt in arg.body if isinstance(stmt, f.Return) and stmt.value is not None)


def _members(expr: f.Expr) -> list[str]:
    """Return the members that the value of a lambda names: `x.A`, `new { x.A, x.B }`."""
    if isinstance(expr, f.Mapping):
        return [name for entry in expr.entries for name in _members(entry.value)]
    if isinstance(expr, f.Cast):
        return _members(expr.value)
    return [expr.name] if isinstance(expr, f.Attr) else []


def _calls(stmt: f.Stmt) -> Iterator[f.Expr]:
    """Yield the functions of the calls that stand as statements in a loop, at any depth."""
    for inner in getattr(stmt, "body", ()):
        value = getattr(inner, "value", None)
        if isinstance(value, f.Call):
            yield value
        yield from _calls(inner)
