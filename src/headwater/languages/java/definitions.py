"""Java packages, imports, classes and members to facts."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Stmts, mark, word
from headwater.languages.java.expressions import (
    METHODS,
    annotations_of,
    arguments,
    expression,
    expressions,
    parameters,
    type_of,
)
from headwater.languages.java.grammar import kinds
from headwater.languages.java.statements import TABLE, block, modifiers_of, statements, text_of_package

_PACKAGE, _IMPORT, _ASTERISK = kinds("package_declaration"), kinds("import_declaration"), kinds("asterisk")
_IDENTIFIERS = kinds("identifier", "scoped_identifier")
_TYPE_LIST, _EXTENDS = kinds("type_list"), kinds("extends_interfaces")
_CONSTANT, _MORE = kinds("enum_constant"), kinds("enum_body_declarations")
_KINDS = {
    "class_declaration": "class",
    "record_declaration": "record",
    "interface_declaration": "interface",
    "annotation_type_declaration": "interface",
    "enum_declaration": "enum",
}


def compilation_unit(root: Node, source: bytes) -> tuple[Stmts, str]:
    """Lower a file to its statements and its package."""
    package = ""
    for child in root.named_children:
        if child.kind_id in _PACKAGE:
            names = [c for c in child.named_children if c.kind_id in _IDENTIFIERS]
            package = text_of_package(names[-1], source) if names else ""
            break
    return statements(root.named_children, source), package


def _import(node: Node, source: bytes) -> Stmts:
    names = [child for child in node.named_children if child.kind_id in _IDENTIFIERS]
    if not names:
        return ()
    start, end = names[0].start_byte, names[0].end_byte
    whole = text_of_package(names[0], source)
    if any(child.kind_id in _ASTERISK for child in node.named_children):
        return (f.Import(start, end, whole, "*", "*"),)
    package, _, name = whole.rpartition(".")
    return (f.Import(start, end, package, name, name),)


def _class(node: Node, source: bytes) -> Stmts:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return ()
    given = modifiers_of(node)
    members = _body(body, source, word(name, source)) if body is not None else ()
    if node.type == "record_declaration":
        members = _record(node.child_by_field_name("parameters"), members, source)
    return (
        f.Class(
            name.start_byte,
            name.end_byte,
            word(name, source),
            _bases(node, source),
            (),
            annotations_of(given, source) + _marks(given),
            members,
            _KINDS.get(node.type, "class"),
            _is_exported(given),
        ),
    )


def _marks(given: Node | None) -> tuple[f.Expr, ...]:
    """Return the modifiers of a class that a reader needs, as decorators: an abstract class has no rows of its own."""
    marks = (child for child in given.children if child.type == "abstract") if given is not None else ()
    return tuple(f.Name(child.start_byte, child.end_byte, child.type) for child in marks)


def _is_exported(given: Node | None) -> bool:
    return given is None or all(child.type != "private" for child in given.children)


def _bases(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the superclass and the interfaces; type parameters are a base `Generic[T]`, as in Python."""
    bases: tuple[f.Expr, ...] = ()
    for field in ("superclass", "interfaces"):
        if (clause := node.child_by_field_name(field)) is not None:
            bases += _clause(clause, source)
    for child in node.named_children:
        if child.kind_id in _EXTENDS:
            bases += _clause(child, source)
    if (generics := node.child_by_field_name("type_parameters")) is not None:
        names = tuple(
            g.name(identifier, source)
            for parameter in generics.named_children
            for identifier in parameter.named_children
            if identifier.type in ("type_identifier", "identifier")
        )
        if names:
            index = g.several(generics, names)
            bases += (f.Subscript(generics.start_byte, generics.end_byte, mark(generics, "Generic"), index),)
    return bases


def _clause(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    inner = next((child for child in node.named_children if child.kind_id in _TYPE_LIST), node)
    return expressions(inner.named_children, source)


def _body(node: Node, source: bytes, owner: str) -> Stmts:
    members: list[f.Stmt] = []
    for child in node.named_children:
        if child.kind_id in _CONSTANT:
            members.append(_constant(child, owner, source))
        elif child.kind_id in _MORE:
            members.extend(statements(child.named_children, source))
        elif handler := TABLE.get(child.kind_id):
            members.extend(handler(child, source))
    return tuple(members)


def _constant(node: Node, owner: str, source: bytes) -> f.Stmt:
    """Lower `A(1)` of an enum to a static field that calls its class."""
    name = node.child_by_field_name("name") or node
    start, end = name.start_byte, name.end_byte
    args = arguments(node.child_by_field_name("arguments"), source)
    value = f.Call(start, node.end_byte, f.Name(start, start, owner), args)
    return f.Assign(start, end, (g.name(name, source),), value, None, "=", (f.Name(start, start, "static"),))


def _record(node: Node | None, members: Stmts, source: bytes) -> Stmts:
    """Return the fields of a record, its constructor with the body of a compact one, and its other members."""
    if node is None:
        return members
    params = parameters(node, source)
    fields: list[f.Stmt] = []
    for child in node.named_children:
        name = child.child_by_field_name("name")
        if name is not None:
            typed = type_of(child.child_by_field_name("type"), source)
            at, marks = (name.start_byte, name.end_byte), annotations_of(modifiers_of(child), source)
            fields.append(f.Assign(*at, (g.name(name, source),), None, typed, "=", marks))
    compact = [m for m in members if isinstance(m, f.Function) and m.name == "__init__" and not m.params]
    body = compact[0].body if compact else ()
    init = f.Function(node.start_byte, node.start_byte, "__init__", params, None, (), body)
    return (*fields, init, *(member for member in members if member not in compact))


def _method(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name")
    if name is None:
        return ()
    given = modifiers_of(node)
    decorators = annotations_of(given, source)
    if given is not None:
        statics = (child for child in given.children if child.type == "static")
        decorators += tuple(f.Name(c.start_byte, c.start_byte, "staticmethod") for c in statics)
    typed = node.child_by_field_name("type")
    is_constructor = node.type.endswith("constructor_declaration")
    return (
        f.Function(
            name.start_byte,
            name.end_byte,
            "__init__" if is_constructor else word(name, source),
            parameters(node.child_by_field_name("parameters"), source),
            None if typed is None or is_constructor else expression(typed, source),
            decorators,
            block(node.child_by_field_name("body"), source),
            _is_exported(given),
        ),
    )


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(_KINDS, _class),
    **dict.fromkeys(("method_declaration", "constructor_declaration", "compact_constructor_declaration"), _method),
    "annotation_type_element_declaration": _method,
    "import_declaration": _import,
}
TABLE.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})
METHODS.append(lambda node, source: _body(node, source, ""))
