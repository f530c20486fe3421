"""TypeScript types to facts: `User[]` is `Array<User>`, a union is a Binary `|`, an object type is a Mapping."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f


def annotation(node: Node | None, source: bytes) -> f.Expr | None:
    """Lower a type annotation (`: T`) or a type; None stays None."""
    if node is None:
        return None
    if node.type in ("type_annotation", "type_predicate_annotation", "asserts_annotation"):
        return lower(node.named_children[0], source) if node.named_children else None
    return lower(node, source)


def lower(node: Node, source: bytes) -> f.Expr:
    """Lower any type."""
    handler = _TABLE.get(node.type)
    return handler(node, source) if handler else _constant(node, source)


def arguments(node: Node | None, source: bytes) -> f.Expr | None:
    """Lower the arguments of a generic: one as it is, several as a Sequence."""
    if node is None:
        return None
    inside = tuple(lower(child, source) for child in node.named_children)
    return inside[0] if len(inside) == 1 else f.SequenceExpr(node.start_byte, node.end_byte, inside)


def _constant(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Const(start, end, source[start:end].decode(errors="replace"))


def _name(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Name(start, end, source[start:end].decode(errors="replace"))


def _dotted(node: Node, source: bytes) -> f.Expr:
    value: f.Expr | None = None
    for child in node.named_children:
        part = lower(child, source) if value is None else None
        if value is None:
            value = part
        else:
            start, end = child.start_byte, child.end_byte
            value = f.Attr(start, end, value, source[start:end].decode(errors="replace"))
    return value or _constant(node, source)


def _generic(node: Node, source: bytes) -> f.Expr:
    children = node.named_children
    inside = arguments(children[-1], source) if len(children) > 1 else None
    base = lower(children[0], source)
    return base if inside is None else f.Subscript(node.start_byte, node.end_byte, base, inside)


def _lookup(node: Node, source: bytes) -> f.Expr:
    value, index = (lower(child, source) for child in node.named_children[:2])
    return f.Subscript(node.start_byte, node.end_byte, value, index)


def _array(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    item = lower(node.named_children[0], source) if node.named_children else f.Const(start, end, "any")
    return f.Subscript(start, end, f.Name(start, end, "Array"), item)


def _union(node: Node, source: bytes) -> f.Expr:
    op = "|" if node.type == "union_type" else "&"
    children = node.named_children
    value = lower(children[0], source)
    for child in children[1:]:
        value = f.Binary(node.start_byte, node.end_byte, op, value, lower(child, source))
    return value


def _inner(node: Node, source: bytes) -> f.Expr:
    return lower(node.named_children[0], source) if node.named_children else _constant(node, source)


def _tuple(node: Node, source: bytes) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, tuple(lower(child, source) for child in node.named_children))


def _object(node: Node, source: bytes) -> f.Expr:
    return f.Mapping(node.start_byte, node.end_byte, tuple(members(node, source)))


def members(node: Node, source: bytes) -> list[f.DictEntry]:
    """Lower the properties of an object type or interface body."""
    entries = []
    for child in node.named_children:
        name = child.child_by_field_name("name")
        if child.type == "property_signature" and name is not None:
            start, end = name.start_byte, name.end_byte
            key = f.Text(start, end, (f.Chunk(start, end, source[start:end].decode(errors="replace").strip("'\"")),))
            typed = annotation(child.child_by_field_name("type"), source) or f.Const(start, end, "any")
            entries.append(f.DictEntry(start, end, key, typed))
    return entries


def _typed_member(node: Node, source: bytes) -> f.Expr:
    child_by_field_name = node.child_by_field_name("type")
    return annotation(child_by_field_name, source) or _constant(node, source)


def _typeof(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Unary(start, end, "typeof", _inner(node, source))


_TABLE: dict[str, Callable[[Node, bytes], f.Expr]] = {
    "type_identifier": _name,
    "identifier": _name,
    "this_type": _name,
    "predefined_type": _name,
    "nested_type_identifier": _dotted,
    "nested_identifier": _dotted,
    "member_expression": _dotted,
    "generic_type": _generic,
    "array_type": _array,
    "readonly_type": _inner,
    "parenthesized_type": _inner,
    "optional_type": _inner,
    "rest_type": _inner,
    "union_type": _union,
    "intersection_type": _union,
    "tuple_type": _tuple,
    "object_type": _object,
    "interface_body": _object,
    "required_parameter": _typed_member,
    "optional_parameter": _typed_member,
    "type_query": _typeof,
    "lookup_type": _lookup,
}
