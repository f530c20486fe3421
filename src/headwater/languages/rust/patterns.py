"""Rust patterns to facts: what `let`, `match`, closures and loops bind."""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.rust import types
from headwater.languages.rust.grammar import COMMENTS, GRAMMAR, Code, name, plain_text

_IDENTIFIER = GRAMMAR.kinds("identifier", "shorthand_field_identifier")
_TUPLE, _SLICE = GRAMMAR.kinds("tuple_pattern"), GRAMMAR.kinds("slice_pattern")
_VARIANT, _STRUCT = GRAMMAR.kinds("tuple_struct_pattern"), GRAMMAR.kinds("struct_pattern")
_FIELD, _TYPE = GRAMMAR.kinds("field_pattern"), GRAMMAR.field("type")
_NAME, _PATTERN = GRAMMAR.field("name"), GRAMMAR.field("pattern")
_WRAPPERS = GRAMMAR.kinds("mut_pattern", "ref_pattern", "reference_pattern", "or_pattern", "match_pattern")
_CAPTURED = GRAMMAR.kinds("captured_pattern")
_MUTABLE = GRAMMAR.kinds("mutable_specifier")
_SELF, _ATTRIBUTES = GRAMMAR.kinds("self_parameter"), GRAMMAR.kinds("attribute_item")
# Variants that only say that there is a value.
_PRESENT = frozenset({"Some", "Ok", "Ready"})


def target(node: Node, code: Code) -> f.Expr | None:
    """Lower a pattern to the target of an assignment, or None if it binds nothing to a value of known shape."""
    kind = node.kind_id
    if kind in _IDENTIFIER:
        spelt = code.word(node)
        return None if spelt[:1].isupper() else name(node, code)
    if kind in _WRAPPERS or kind in _CAPTURED:
        inner = [child for child in node.named_children if child.kind_id not in _MUTABLE]
        return target(inner[0], code) if inner else None
    if kind in _TUPLE or kind in _SLICE:
        start, end = node.start_byte, node.end_byte
        items = tuple(
            target(child, code) or f.Const(child.start_byte, child.end_byte, "_") for child in _items(node, code)
        )
        return f.SequenceExpr(start, end, items)
    if kind in _VARIANT:
        return _variant(node, code)
    return _struct(node, code) if kind in _STRUCT else None


def _items(node: Node, code: Code) -> Iterable[Node]:
    """Return the patterns of a tuple; `_` is a node without a name in the grammar."""
    return [child for child in node.children if (child.is_named and child.kind_id not in COMMENTS) or child.type == "_"]


def _variant(node: Node, code: Code) -> f.Expr | None:
    title = node.child_by_field_id(_TYPE)
    inner = [child for child in node.named_children[1:] if child.kind_id not in COMMENTS]
    if title is None or len(inner) != 1 or types.last(types.lower(title, code)) not in _PRESENT:
        return None
    return target(inner[0], code)


def _struct(node: Node, code: Code) -> f.Expr | None:
    """Lower `User { email, name: n, .. }` as a destructured object."""
    entries: list[f.DictEntry] = []
    for child in node.named_children:
        field = child.child_by_field_id(_NAME) if child.kind_id in _FIELD else None
        if field is None:
            continue
        start, end = field.start_byte, field.end_byte
        pattern = child.child_by_field_id(_PATTERN)
        value = name(field, code) if pattern is None else target(pattern, code)
        key = plain_text(start, end, code.word(field))
        entries.append(f.DictEntry(start, end, key, value or f.Const(start, end, "_")))
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries)) if entries else None


def is_struct(node: Node) -> bool:
    """Return True if a pattern takes a struct apart."""
    return node.kind_id in _STRUCT


def struct_type(node: Node, code: Code) -> f.Expr | None:
    """Return the type that a struct pattern names."""
    title = node.child_by_field_id(_TYPE)
    return None if title is None else types.lower(title, code)


def parameters(node: Node | None, code: Code) -> tuple[f.Param, ...]:
    """Lower the parameters of a function or closure; `self` is a receiver."""
    params: list[f.Param] = []
    for child in node.named_children if node is not None else ():
        start, end = child.start_byte, child.end_byte
        if child.kind_id in _SELF:
            params.append(f.Param(start, end, "self", None, None, "self"))
            continue
        if child.kind_id in COMMENTS or child.kind_id in _ATTRIBUTES:
            continue
        pattern = child.child_by_field_id(_PATTERN) or child
        annotation = types.optional(child.child_by_field_id(_TYPE), code) if pattern is not child else None
        bound = target(pattern, code)
        if isinstance(bound, f.Name):
            params.append(f.Param(bound.start, bound.end, bound.id, annotation))
        else:
            params.append(f.Param(start, start, "", annotation, None, "", bound))
    return tuple(params)


def bindings(node: Node, code: Code) -> tuple[f.Expr, ...]:
    """Return the names that a pattern binds to parts of a value of unknown shape."""
    if node.kind_id in _IDENTIFIER:
        spelt = code.word(node)
        return () if spelt[:1].isupper() else (name(node, code),)
    return tuple(bound for child in node.named_children for bound in bindings(child, code))
