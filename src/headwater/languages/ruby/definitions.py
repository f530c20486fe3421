"""Ruby classes, modules and methods to facts, with what changes them from inside: `include`, concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.ruby.expressions import expression
from headwater.languages.ruby.source import GRAMMAR, RubySource
from headwater.languages.ruby.statements import (
    STATEMENTS,
    Stmts,
    body,
    parameters,
    returned_body,
    returning,
    statements,
)

_kinds = GRAMMAR.kinds
_BODY = _kinds("body_statement")
_METHODS = _kinds("method", "singleton_method")
_SCOPE, _CALL = _kinds("scope_resolution"), _kinds("call")
# Calls that take a definition as their argument and return it.
_WRAPPERS = frozenset(
    {"private", "public", "protected", "private_class_method", "public_class_method", "module_function", "memoize"}
    | {"helper_method", "ruby2_keywords", "private_constant"}
)
_MIXED_IN = frozenset({"include", "prepend"})
# The blocks of ActiveSupport::Concern: their contents are those of the classes that include the module.
_CONCERN_BLOCKS = frozenset({"included", "prepended", "class_methods"})
_CLASS_BLOCKS = frozenset({"class_eval", "class_exec", "instance_eval"})


def _function(node: Node, source: RubySource) -> Stmts:
    name, listed = node.child_by_field_name("name"), node.child_by_field_name("parameters")
    inner = node.child_by_field_name("body")
    if name is None:
        return ()
    before = source.variables
    source.variables = set()
    params = parameters(listed, source) if listed is not None else ()
    stmts: Stmts = ()
    if inner is not None:
        is_block = inner.kind_id in _BODY
        stmts = returned_body(inner, source) if is_block else returning(statements([inner], source))
    source.variables = before
    start, end = name.start_byte, name.end_byte
    decorators = (_static(start),) if node.type == "singleton_method" else ()
    return (f.Function(start, end, source.word(name), params, None, decorators, stmts),)


def _static(at: int) -> f.Expr:
    return f.Name(at, at, "staticmethod")


@dataclass
class _Members:
    """The contents of a class body: its statements, and the modules that are mixed in."""

    stmts: list[f.Stmt] = field(default_factory=list)
    bases: list[f.Expr] = field(default_factory=list)
    static: bool = False

    def add(self, stmts: Stmts) -> None:
        """Sort statements of a body."""
        for stmt in stmts:
            if isinstance(stmt, f.Function) and self.static:
                stmt = as_static(stmt)
            if isinstance(stmt, f.Function) and stmt.name in _CONCERN_BLOCKS and stmt.decorators:
                self.add(tuple(_evaluated_in_class(stmt)))
            call = stmt.value if isinstance(stmt, f.Do) else None
            if not isinstance(call, f.Call) or not isinstance(call.func, f.Name) or not self._sorted(call):
                self.stmts.append(stmt)

    def _sorted(self, call: f.Call) -> bool:
        """Take a call that changes the class itself; return False for others."""
        word = call.func.id if isinstance(call.func, f.Name) else ""
        if word in _MIXED_IN:
            self.bases.extend(call.args)
            return True
        if (word == "module_function" and not call.args) or (word == "extend" and _is_self(call.args)):
            self.static = True
        if word in _CONCERN_BLOCKS and call.args and isinstance(call.args[-1], f.Lambda):
            inner = _statements_of(call.args[-1])
            self.add(tuple(as_static(s) if word == "class_methods" else s for s in inner))
            return True
        if word == "define_method" and len(call.args) == 2 and isinstance(call.args[1], f.Lambda):
            function = _defined(call.args[0], call.args[1])
            self.stmts.extend(function)
            return bool(function)
        return False


def _evaluated_in_class(hook: f.Function) -> Iterator[f.Stmt]:
    """Yield what `def self.included(base)` does with the class: `base.class_eval do … end`, `base.has_many :posts`."""
    name = hook.params[0].name if hook.params else ""
    for stmt in hook.body:
        call = stmt.value if isinstance(stmt, (f.Do, f.Return)) else None
        if not isinstance(call, f.Call) or not isinstance(call.func, f.Attr) or not isinstance(call.func.value, f.Name):
            continue
        if call.func.value.id != name:
            continue
        block = call.args[-1] if call.args else None
        if call.func.name in _CLASS_BLOCKS and isinstance(block, f.Lambda):
            yield from _statements_of(block)
        elif call.func.name not in ("extend", "send"):
            func = f.Name(call.func.start, call.func.end, call.func.name)
            yield f.Do(stmt.start, stmt.end, msgspec.structs.replace(call, func=func))


def as_static(stmt: f.Stmt) -> f.Stmt:
    """Return a function as one of the class itself."""
    if not isinstance(stmt, f.Function) or stmt.decorators:
        return stmt
    return msgspec.structs.replace(stmt, decorators=(_static(stmt.start),))


def _is_self(args: tuple[f.Expr, ...]) -> bool:
    return len(args) == 1 and isinstance(args[0], f.Name) and args[0].id == "self"


def _defined(name: f.Expr, block: f.Lambda) -> Stmts:
    if not isinstance(name, f.Text) or len(name.parts) != 1 or not isinstance(name.parts[0], f.Chunk):
        return ()
    return (f.Function(name.start, name.end, name.parts[0].text, block.params, None, (), block.body),)


def _statements_of(block: f.Lambda) -> Iterator[f.Stmt]:
    """Yield the statements of a block whose value does not matter."""
    for stmt in block.body:
        if isinstance(stmt, f.Return) and stmt.value is not None:
            yield f.Do(stmt.start, stmt.end, stmt.value)
        else:
            yield stmt


def _class(node: Node, source: RubySource) -> Stmts:
    name, inner = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return ()
    parent = node.child_by_field_name("superclass")
    before = source.variables
    source.variables = set()
    bases = tuple(expression(child, source) for child in parent.named_children) if parent is not None else ()
    members = _Members()
    members.add(body(inner, source) if inner is not None else ())
    source.variables = before
    spaces, last = _parts(name)
    kind = "module" if node.type == "module" else "class"
    start, end = last.start_byte, last.end_byte
    stmt = f.Class(start, end, source.word(last), (*bases, *members.bases), (), (), tuple(members.stmts), kind)
    for space in reversed(spaces):
        word = source.word(space)
        stmt = f.Class(space.start_byte, space.end_byte, word, (), (), (), (stmt,), "extension")
    return (stmt,)


def _parts(name: Node) -> tuple[list[Node], Node]:
    """Return the names before the last one of `A::B::C`, and the last."""
    names: list[Node] = []
    while name.kind_id in _SCOPE:
        children = name.named_children
        names.insert(0, children[-1])
        if len(children) < 2:
            break
        name = children[0]
    else:
        names.insert(0, name)
    return names[:-1], names[-1]


def _singleton(node: Node, source: RubySource) -> Stmts:
    """Lower `class << self` to its contents; its methods belong to the class."""
    inner = node.child_by_field_name("body")
    return tuple(as_static(stmt) for stmt in body(inner, source)) if inner is not None else ()


def _call(node: Node, source: RubySource) -> Stmts:
    """Lower a call as a statement; a definition among its arguments is one of the body around it."""
    children = node.named_children
    if len(children) == 2 and children[1].type == "argument_list":
        arguments = children[1].named_children
        if len(arguments) == 1 and arguments[0].kind_id in _METHODS and source.word(children[0]) in _WRAPPERS:
            function = _function(arguments[0], source)
            static = source.word(children[0]) in ("private_class_method", "module_function")
            return tuple(as_static(stmt) for stmt in function) if static else function
    value = expression(node, source)
    return (f.Do(value.start, value.end, value),)


def _alias(node: Node, source: RubySource) -> Stmts:
    names = node.named_children
    start, end = node.start_byte, node.end_byte
    args = tuple(f.Text(n.start_byte, n.end_byte, (f.Chunk(n.start_byte, n.end_byte, source.word(n)),)) for n in names)
    return (f.Do(start, end, f.Call(start, end, f.Name(start, start, "alias_method"), args)),)


_HANDLERS = {
    "method": _function,
    "singleton_method": _function,
    "class": _class,
    "module": _class,
    "singleton_class": _singleton,
    "call": _call,
    "alias": _alias,
}
STATEMENTS.update({kind: handler for name, handler in _HANDLERS.items() for kind in _kinds(name)})
