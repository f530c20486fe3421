"""Members of C# types to facts: properties, fields, methods, constructors.

A property with a setter is a field; one without is a function with the decorator `property` if it computes its value,
else a field with the mark `readonly`. Marks are decorators too: `static`, `private` (whatever is not public), and
`field` for a field that is no property.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import Stmts, mark, word
from headwater.languages.csharp.creation import created
from headwater.languages.csharp.expressions import attributes_of, block_or_value, parameters, type_of
from headwater.languages.csharp.grammar import expression, kinds
from headwater.languages.csharp.statements import STATEMENTS, declared

_MODIFIER, _VARIABLES = kinds("modifier"), kinds("variable_declaration")
_ACCESSOR, _ARROW = kinds("accessor_declaration"), kinds("arrow_expression_clause")
_INITIALIZER, _ARGUMENTS = kinds("constructor_initializer"), kinds("argument_list")


def modifiers_of(node: Node, source: bytes) -> frozenset[str]:
    """Return the modifiers of a declaration."""
    return frozenset(word(child, source) for child in node.named_children if child.kind_id in _MODIFIER)


def _marks(node: Node, source: bytes, *more: str) -> tuple[f.Expr, ...]:
    given = modifiers_of(node, source)
    marks = list(more)
    if "static" in given or "const" in given:
        marks.append("static")
    if "public" not in given:
        marks.append("private")
    return attributes_of(node, source) + tuple(mark(node, text) for text in marks)


def _field(node: Node, source: bytes) -> Stmts:
    marks = _marks(node, source, "field")
    return tuple(
        stmt for child in node.named_children if child.kind_id in _VARIABLES for stmt in declared(child, source, marks)
    )


def _property(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name")
    if name is None:
        return ()
    typed, value = type_of(node.child_by_field_name("type"), source), node.child_by_field_name("value")
    at, title = (name.start_byte, name.end_byte), word(name, source)
    if value is not None and value.kind_id in _ARROW:
        return (_computed(node, name, typed, block_or_value(value, source), source),)
    bodies = _accessors(node.child_by_field_name("accessors"), source)
    if "set" not in bodies and "init" not in bodies and bodies.get("get"):
        return (_computed(node, name, typed, bodies["get"], source),)
    is_readonly = "set" not in bodies and "init" not in bodies
    marks = _marks(node, source, *(("readonly",) if is_readonly else ()))
    start = created(value, typed, source) if value is not None else None
    field = f.Assign(*at, (f.Name(*at, title),), start, typed, "=", marks)
    return (field, *_accessor_functions(name, title, typed, bodies))


def _computed(node: Node, name: Node, typed: f.Expr | None, body: Stmts, source: bytes) -> f.Function:
    decorators = (*_marks(node, source), mark(name, "property"))
    exported = "public" in modifiers_of(node, source)
    return f.Function(name.start_byte, name.end_byte, word(name, source), (), typed, decorators, body, exported)


def _accessors(node: Node | None, source: bytes) -> dict[str, Stmts]:
    bodies: dict[str, Stmts] = {}
    for child in node.named_children if node is not None else ():
        if child.kind_id in _ACCESSOR and (name := child.child_by_field_name("name")):
            bodies[name.type] = block_or_value(child.child_by_field_name("body"), source)
    return bodies


def _accessor_functions(name: Node, title: str, typed: f.Expr | None, bodies: dict[str, Stmts]) -> Stmts:
    """Return the accessors that have a body, as functions of their own."""
    start = name.start_byte
    value = f.Param(start, start, "value", typed)
    return tuple(
        f.Function(start, start, f"{kind}_{title}", () if kind == "get" else (value,), None, (), body)
        for kind, body in bodies.items()
        if body
    )


def _indexer(node: Node, source: bytes) -> Stmts:
    start, params = node.start_byte, parameters(node.child_by_field_name("parameters"), source)
    bodies = _accessors(node.child_by_field_name("accessors"), source)
    value = node.child_by_field_name("value")
    if value is not None:
        bodies["get"] = block_or_value(value, source)
    return tuple(f.Function(start, start, f"{kind}_Item", params, None, (), body) for kind, body in bodies.items())


def _method(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name")
    given = modifiers_of(node, source)
    returns = node.child_by_field_name("returns") or node.child_by_field_name("type")
    start, end = (name.start_byte, name.end_byte) if name is not None else (node.start_byte, node.start_byte)
    decorators = attributes_of(node, source) + ((mark(node, "staticmethod"),) if "static" in given else ())
    title = word(name, source) if name is not None else node.type.removesuffix("_declaration")
    if node.type == "destructor_declaration":
        title = "__del__"
    params = parameters(node.child_by_field_name("parameters"), source)
    body = block_or_value(node.child_by_field_name("body"), source)
    typed = expression(returns, source) if returns is not None else None
    return (f.Function(start, end, title, params, typed, decorators, body, "private" not in given),)


def _constructor(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name") or node
    params = parameters(node.child_by_field_name("parameters"), source)
    body = block_or_value(node.child_by_field_name("body"), source)
    for child in node.named_children:
        if child.kind_id in _INITIALIZER:
            body = _chained(child, source) + body
    decorators = attributes_of(node, source)
    exported = "private" not in modifiers_of(node, source)
    return (f.Function(name.start_byte, name.end_byte, "__init__", params, None, decorators, body, exported),)


def _chained(node: Node, source: bytes) -> Stmts:
    """Lower `: base(…)` and `: this(…)` to a call of that constructor."""
    given = next((child for child in node.named_children if child.kind_id in _ARGUMENTS), None)
    args = tuple(expression(child, source) for child in given.named_children) if given is not None else ()
    start, end = node.start_byte, node.end_byte
    is_base = any(child.type == "base" for child in node.children)
    owner = f.Call(start, end, mark(node, "super")) if is_base else mark(node, "this")
    return (f.Do(start, end, f.Call(start, end, f.Attr(start, start, owner, "__init__"), args)),)


def _event(node: Node, source: bytes) -> Stmts:
    bodies = _accessors(node.child_by_field_name("accessors"), source)
    start = node.start_byte
    return tuple(f.Function(start, start, kind, (), None, (), body) for kind, body in bodies.items() if body)


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(("method_declaration", "operator_declaration", "destructor_declaration"), _method),
    **dict.fromkeys(("field_declaration", "event_field_declaration"), _field),
    "conversion_operator_declaration": _method,
    "property_declaration": _property,
    "indexer_declaration": _indexer,
    "constructor_declaration": _constructor,
    "event_declaration": _event,
}
STATEMENTS.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})
