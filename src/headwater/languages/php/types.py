"""PHP types to facts: marks of null vanish, a union is the sequence of its other members."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.php.source import SKIPPED, PhpSource, dotted, kinds, relative, word

_NOTHING = kinds(*SKIPPED)
_UNIONS = kinds("union_type", "intersection_type", "disjunctive_normal_form_type", "type_list")
_NAMES, _PRIMITIVE = kinds("named_type", "name", "qualified_name"), kinds("primitive_type")
_NULL = frozenset({"null", "void", "false", "never"})


def lower(node: Node | None, source: PhpSource) -> f.Expr | None:
    """Lower a type; None for none."""
    if node is None:
        return None
    kind = node.kind_id
    if kind in _NAMES:
        return qualified(node, source)
    if kind in _PRIMITIVE:
        if word(node, source) == "static":
            return relative(node, source)
        return f.Name(node.start_byte, node.end_byte, word(node, source))
    inner = [child for child in node.named_children if child.kind_id not in _NOTHING]
    if kind in _UNIONS:
        inner = [child for child in inner if word(child, source).lower() not in _NULL]
        if len(inner) != 1:
            every = tuple(t for child in inner if (t := lower(child, source)))
            return _union(every)
    return lower(inner[0], source) if inner else f.Name(node.start_byte, node.end_byte, word(node, source))


def _union(every: tuple[f.Expr, ...]) -> f.Expr | None:
    if not every:
        return None
    whole, *rest = every
    for other in rest:
        whole = f.Binary(whole.start, other.end, "|", whole, other)
    return whole


def qualified(node: Node, source: PhpSource) -> f.Expr:
    """Lower a name, qualified or not: a chain of attributes whose last range is that of the last part."""
    first, *rest = dotted(node, source).split(".")
    if not rest and first in ("self", "static", "parent"):
        return relative(node, source)
    start, end = node.start_byte, node.end_byte
    if not rest:
        return f.Name(end - len(first.encode()), end, first)
    value: f.Expr = f.Name(start, start, first)
    for part in rest[:-1]:
        value = f.Attr(start, start, value, part)
    return f.Attr(max(start, end - len(rest[-1].encode())), end, value, rest[-1])
