"""Signatures without bodies or positions: what other files need to know about a file, unaffected by edits of bodies.

Equal parts are the same object, so a symbol table of stubs pickles to few bytes, and to the same bytes for the same
signatures, wherever they are in their files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from headwater.catalog import facts as f
from headwater.core.lineage.file_names import Names

_OPAQUE = f.Const(0, 0, "")
_MAX_ENTRIES = 100  # of a constant object
_KEPT_BODIES = ("__init__", "constructor")


class Stubs:
    """Creates stubs, without duplicates."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], Any] = {}

    def names(self, file: Names) -> Names:
        """Return the names of a file, reduced to signatures."""
        names = {name: self._shallow(stmt) for name, stmt in file.names.items()}
        extensions = {name: tuple(map(self._class, parts)) for name, parts in file.extensions.items()}
        return Names(file.language, names, file.stars, file.package, extensions, file.shared)

    def _shallow(self, stmt: f.Stmt) -> f.Stmt:
        """Return a definition reduced to its signature; one that is nested too deeply says nothing to other files."""
        try:
            return self.statement(stmt)
        except RecursionError:
            return f.Do(0, 0, _OPAQUE)

    def statement(self, stmt: f.Stmt) -> f.Stmt:
        """Return a definition or import reduced to its signature."""
        if isinstance(stmt, f.Function):
            return self._function(stmt)
        if isinstance(stmt, f.Class):
            return self._class(stmt)
        if isinstance(stmt, f.Assign):
            return self._assign(stmt)
        if isinstance(stmt, f.Import):
            return f.Import(0, 0, stmt.module, stmt.name, stmt.alias)
        if isinstance(stmt, f.Export):
            return f.Export(0, 0, stmt.name, stmt.local, stmt.module)
        return f.Do(0, 0, _OPAQUE)

    def expression(self, expr: f.Expr | None) -> f.Expr | None:
        """Return an expression without positions; one that is not a type becomes an opaque constant."""
        if expr is None:
            return None
        make = _EXPRESSIONS.get(type(expr))
        return make(self, expr) if make else _OPAQUE

    def _function(self, stmt: f.Function) -> f.Function:
        params = tuple(self._param(param) for param in stmt.params)
        returns, decorators = self._returned(stmt.returns), self._all(stmt.decorators)
        # A constructor keeps its assignments to attributes, because they determine the types of attributes.
        statements = (s for s in _flat(stmt.body) if _gives_attribute(s)) if stmt.name in _KEPT_BODIES else ()
        body = tuple(self.statement(inner) for inner in statements)
        return f.Function(0, 0, stmt.name, params, returns, decorators, body, stmt.exported)

    def _returned(self, expr: f.Expr | None) -> f.Expr | None:
        """Return a declared type; one with named parts keeps them, unlike the value of a mapping."""
        if not isinstance(expr, f.Mapping):
            return self.expression(expr)
        pairs = ((self.expression(entry.key), self.expression(entry.value)) for entry in expr.entries)
        return f.Mapping(0, 0, tuple(f.DictEntry(0, 0, key, value or _OPAQUE) for key, value in pairs))

    def _param(self, param: f.Param) -> f.Param:
        default = self.expression(param.default) if isinstance(param.default, f.Call) else None
        annotation, pattern = self.expression(param.annotation), self.expression(param.pattern)
        stub: f.Param = self._once(f.Param, param.name, annotation, default, param.kind, pattern)
        return stub

    def _class(self, stmt: f.Class) -> f.Class:
        wanted = (f.Function, f.Class, f.Assign)
        body = tuple(self.statement(inner) for inner in _flat(stmt.body) if isinstance(inner, wanted))
        bases, decorators = self._all(stmt.bases), self._all(stmt.decorators)
        return f.Class(0, 0, stmt.name, bases, (), decorators, body, stmt.kind, stmt.exported)

    def _assign(self, stmt: f.Assign) -> f.Assign:
        targets = self._all(stmt.targets)
        return f.Assign(0, 0, targets, self.expression(stmt.value), self.expression(stmt.annotation), stmt.op)

    def _all(self, exprs: Iterable[f.Expr]) -> tuple[f.Expr, ...]:
        return tuple(self.expression(expr) or _OPAQUE for expr in exprs)

    def _once(self, kind: Any, *fields: object) -> Any:
        """Return the only node of this kind with these fields; the nodes in them are already shared."""
        key = (
            kind,
            *[tuple(map(id, x)) if isinstance(x, tuple) else x if isinstance(x, str) else id(x) for x in fields],
        )
        if key not in self._made:
            self._made[key] = kind(0, 0, *fields)
        return self._made[key]

    def _call(self, expr: f.Call) -> f.Call:
        keywords = tuple(self._once(f.Keyword, k.name, self.expression(k.value)) for k in expr.keywords)
        return self._once(f.Call, self.expression(expr.func), self._all(expr.args), keywords)  # type: ignore[no-any-return]

    def _mapping(self, expr: f.Mapping) -> f.Expr:
        """Return the texts of a constant object, which can be names of tables; others say nothing."""
        entries = [e for e in expr.entries if isinstance(e.key, f.Text) and isinstance(e.value, f.Text)]
        if not entries or len(expr.entries) > _MAX_ENTRIES:
            return _OPAQUE
        made = (self._once(f.DictEntry, self.expression(e.key), self.expression(e.value)) for e in entries)
        return self._once(f.Mapping, tuple(made))  # type: ignore[no-any-return]

    def _text(self, expr: f.Text) -> f.Text:
        parts = tuple(self._once(f.Chunk, p.text) if isinstance(p, f.Chunk) else _OPAQUE for p in expr.parts)
        return self._once(f.Text, parts)  # type: ignore[no-any-return]


def _flat(body: Iterable[f.Stmt]) -> Iterable[f.Stmt]:
    for stmt in body:
        if isinstance(stmt, f.Branch):
            yield from _flat(stmt.body)
            yield from _flat(stmt.otherwise)
        elif isinstance(stmt, (f.Scope, f.Loop)):
            yield from _flat(stmt.body)
        else:
            yield stmt


def _gives_attribute(stmt: f.Stmt) -> bool:
    return isinstance(stmt, f.Assign) and any(isinstance(target, f.Attr) for target in stmt.targets)


_EXPRESSIONS: dict[type, Callable[[Stubs, Any], f.Expr]] = {
    f.Name: lambda s, e: s._once(f.Name, e.id),
    f.Attr: lambda s, e: s._once(f.Attr, s.expression(e.value), e.name),
    f.Subscript: lambda s, e: s._once(f.Subscript, s.expression(e.value), s.expression(e.index)),
    f.Binary: lambda s, e: s._once(f.Binary, e.op, s.expression(e.left), s.expression(e.right)),
    f.Unary: lambda s, e: s._once(f.Unary, e.op, s.expression(e.operand)),
    f.SequenceExpr: lambda s, e: s._once(f.SequenceExpr, s._all(e.items)),
    f.Const: lambda s, e: s._once(f.Const, e.text),
    f.Cast: lambda s, e: s._once(f.Cast, s.expression(e.value), s.expression(e.type)),
    f.Call: Stubs._call,
    f.Text: Stubs._text,
    f.Mapping: Stubs._mapping,
}
