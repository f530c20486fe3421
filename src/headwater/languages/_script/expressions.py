"""Expressions and patterns of TypeScript and JavaScript to facts."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._script import strings, types

_SKIPPED = {"comment", "hash_bang_line", "jsx_text", "html_comment"}


def expression(node: Node, source: bytes) -> f.Expr:
    """Lower any expression or pattern."""
    handler = HANDLERS.get(node.type)
    return handler(node, source) if handler else _other(node, source)


def word(node: Node, source: bytes) -> str:
    """Return the text of a node."""
    return source[node.start_byte : node.end_byte].decode(errors="replace")


def _other(node: Node, source: bytes) -> f.Expr:
    """Convert a node without a meaning of its own to its content, or to a constant."""
    children = [child for child in node.named_children if child.type not in _SKIPPED]
    if not children:
        return f.Const(node.start_byte, node.end_byte, word(node, source))
    if len(children) == 1:
        return expression(children[0], source)
    return _sequence(node, source)


def _name(node: Node, source: bytes) -> f.Expr:
    return f.Name(node.start_byte, node.end_byte, word(node, source))


def _text(node: Node, source: bytes) -> f.Expr:
    return strings.text(node, source, expression)


def _plain_key(node: Node, source: bytes) -> f.Text:
    start, end = node.start_byte, node.end_byte
    return f.Text(start, end, (f.Chunk(start, end, word(node, source)),))


def _member(node: Node, source: bytes) -> f.Expr:
    value, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    if value is None or name is None:
        return _other(node, source)
    return f.Attr(name.start_byte, name.end_byte, expression(value, source), word(name, source))


def _subscript(node: Node, source: bytes) -> f.Expr:
    value, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if value is None or index is None:
        return _other(node, source)
    return f.Subscript(node.start_byte, node.end_byte, expression(value, source), expression(index, source))


def _call(node: Node, source: bytes) -> f.Expr:
    func = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    given = node.child_by_field_name("arguments")
    if func is None:
        return _other(node, source)
    called = expression(func, source)
    if generic := types.arguments(node.child_by_field_name("type_arguments"), source):
        called = f.Subscript(func.start_byte, func.end_byte, called, generic)
    if given is None:
        return f.Call(node.start_byte, node.end_byte, called)
    if given.type == "template_string":
        return f.Call(node.start_byte, node.end_byte, called, (_text(given, source),))
    return f.Call(node.start_byte, node.end_byte, called, _items(given, source))


def _items(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    return tuple(expression(child, source) for child in node.named_children if child.type not in _SKIPPED)


def _binary(node: Node, source: bytes) -> f.Expr:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    op = node.child_by_field_name("operator")
    if left is None or right is None or op is None:
        return _other(node, source)
    sides = expression(left, source), expression(right, source)
    if op.type == ">" and isinstance(sides[0], f.Binary) and sides[0].op == "<":
        tagged = _tagged(sides[0].left, sides[1])
        if tagged is not None:
            return tagged
    return f.Binary(node.start_byte, node.end_byte, word(op, source), *sides)


def _tagged(tag: f.Expr, expr: f.Expr) -> f.Expr | None:
    """Return the call in sql<T>`…`.as("x"), which the grammar takes for comparisons; None for real comparisons."""
    if isinstance(expr, f.Text):
        return f.Call(tag.start, expr.end, tag, (expr,)) if isinstance(tag, (f.Name, f.Attr)) else None
    if isinstance(expr, f.Attr):
        inner = _tagged(tag, expr.value)
        return replace(expr, value=inner) if inner is not None else None
    if isinstance(expr, f.Call):
        inner = _tagged(tag, expr.func)
        return replace(expr, func=inner) if inner is not None else None
    return None


def _unary(node: Node, source: bytes) -> f.Expr:
    operand = node.child_by_field_name("argument")
    op = node.child_by_field_name("operator")
    if operand is None or op is None:
        return _other(node, source)
    return f.Unary(node.start_byte, node.end_byte, word(op, source), expression(operand, source))


def _sequence(node: Node, source: bytes) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, _items(node, source))


def _object(node: Node, source: bytes) -> f.Expr:
    entries = [entry for child in node.named_children if (entry := _entry(child, source))]
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries))


def _entry(node: Node, source: bytes) -> f.DictEntry | None:
    start, end = node.start_byte, node.end_byte
    kind = node.type
    if kind in ("shorthand_property_identifier", "shorthand_property_identifier_pattern"):
        return f.DictEntry(start, end, _plain_key(node, source), _name(node, source))
    if kind in ("pair", "pair_pattern"):
        return _pair(node, source)
    if kind in ("spread_element", "rest_pattern"):
        return f.DictEntry(start, end, None, _inner(node, source))
    if kind == "object_assignment_pattern":
        left = node.named_children[0]
        return f.DictEntry(left.start_byte, left.end_byte, _plain_key(left, source), _name(left, source))
    if kind == "method_definition":
        name = node.child_by_field_name("name")
        return name and f.DictEntry(name.start_byte, name.end_byte, _plain_key(name, source), expression(node, source))
    return None


def _pair(node: Node, source: bytes) -> f.DictEntry | None:
    key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
    if key is None or value is None:
        return None
    if key.type == "computed_property_name":
        return f.DictEntry(key.start_byte, key.end_byte, _inner(key, source), expression(value, source))
    if key.type == "string":
        start = min(key.start_byte + 1, key.end_byte)
        return f.DictEntry(start, max(start, key.end_byte - 1), _text(key, source), expression(value, source))
    return f.DictEntry(key.start_byte, key.end_byte, _plain_key(key, source), expression(value, source))


def _inner(node: Node, source: bytes) -> f.Expr:
    children = [child for child in node.named_children if child.type not in _SKIPPED]
    return expression(children[0], source) if children else f.Const(node.start_byte, node.end_byte, "")


def _spread(node: Node, source: bytes) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, _inner(node, source))


def _ternary(node: Node, source: bytes) -> f.Expr:
    parts = [node.child_by_field_name(name) for name in ("condition", "consequence", "alternative")]
    test, then, otherwise = (expression(part, source) if part else f.Const(0, 0, "") for part in parts)
    return f.Choice(node.start_byte, node.end_byte, test, then, otherwise)


def _cast(node: Node, source: bytes) -> f.Expr:
    children = node.named_children
    if len(children) < 2:
        return _inner(node, source)
    value, kind = (children[1], children[0]) if node.type == "type_assertion" else (children[0], children[1])
    inside = types.arguments(kind, source) if kind.type == "type_arguments" else types.lower(kind, source)
    return f.Cast(node.start_byte, node.end_byte, expression(value, source), inside or f.Const(0, 0, ""))


def _assignment(node: Node, source: bytes) -> f.Expr:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return _other(node, source)
    op = node.child_by_field_name("operator")
    spelt = word(op, source) if op else "="
    return f.Bind(node.start_byte, node.end_byte, expression(left, source), spelt, expression(right, source))


def _default(node: Node, source: bytes) -> f.Expr:
    left = node.child_by_field_name("left")
    return expression(left, source) if left else _other(node, source)


def _new_name(node: Node, source: bytes) -> f.Expr:
    return f.Name(node.start_byte, node.end_byte, word(node, source))


def _class(node: Node, source: bytes) -> f.Expr:
    name = node.child_by_field_name("name")
    return _name(name, source) if name else f.Const(node.start_byte, node.end_byte, "class")


def _jsx(node: Node, source: bytes) -> f.Expr:
    """Lower an element to the sequence of the expressions inside it."""
    parts: list[f.Expr] = []
    stack = list(reversed(node.named_children))
    while stack:
        child = stack.pop()
        if child.type == "jsx_expression":
            parts.extend(_items(child, source))
        elif child.type.startswith("jsx_"):
            stack.extend(reversed(child.named_children))
    return f.SequenceExpr(node.start_byte, node.end_byte, tuple(parts))


HANDLERS: dict[str, Callable[[Node, bytes], f.Expr]] = {
    **dict.fromkeys(("identifier", "this", "super", "private_property_identifier", "undefined"), _name),
    **dict.fromkeys(("shorthand_property_identifier", "shorthand_property_identifier_pattern"), _new_name),
    **dict.fromkeys(("string", "template_string"), _text),
    **dict.fromkeys(("call_expression", "new_expression"), _call),
    **dict.fromkeys(("array", "array_pattern", "sequence_expression"), _sequence),
    **dict.fromkeys(("object", "object_pattern"), _object),
    **dict.fromkeys(("spread_element", "rest_pattern"), _spread),
    **dict.fromkeys(("as_expression", "satisfies_expression", "type_assertion"), _cast),
    **dict.fromkeys(("assignment_expression", "augmented_assignment_expression"), _assignment),
    **dict.fromkeys(("jsx_element", "jsx_self_closing_element", "jsx_fragment"), _jsx),
    **dict.fromkeys(
        ("parenthesized_expression", "await_expression", "non_null_expression", "yield_expression"), _inner
    ),
    "member_expression": _member,
    "subscript_expression": _subscript,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "ternary_expression": _ternary,
    "assignment_pattern": _default,
    "class": _class,
}
