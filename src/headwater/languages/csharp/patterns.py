"""C# patterns to tests of a value: `o is User u` is `isinstance(o, User)` and a binding of `u`."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import Lower, constant, mark, word
from headwater.languages.csharp.grammar import kinds

_CONSTANT, _NOT = kinds("constant_pattern"), kinds("negated_pattern")
_DECLARATION, _TYPE, _VAR = kinds("declaration_pattern"), kinds("type_pattern"), kinds("var_pattern")
_RECURSIVE, _PROPERTIES = kinds("recursive_pattern"), kinds("property_pattern_clause")
_COMBINED, _RELATION = kinds("and_pattern", "or_pattern"), kinds("relational_pattern")
_PARENTHESES, _DISCARD = kinds("parenthesized_pattern"), kinds("discard")
_SUBPATTERN, _COMMENT = kinds("subpattern"), kinds("comment")
_NAMES = kinds("identifier", "qualified_name", "member_access_expression")
_TYPES = kinds("generic_name", "predefined_type", "array_type", "nullable_type")


def match(value: f.Expr, pattern: Node, source: bytes, lower: Lower) -> f.Expr:
    """Return the test that a pattern makes of a value."""
    kind, start, end = pattern.kind_id, pattern.start_byte, pattern.end_byte
    if kind in _NOT and pattern.named_children:
        inner = pattern.named_children[-1]
        test = match(value, inner, source, lower)
        if isinstance(test, f.Binary) and test.op == "==":
            return f.Binary(start, end, "!=", test.left, test.right)
        return f.Unary(start, end, "!", test)
    if kind in _PARENTHESES and pattern.named_children:
        return match(value, pattern.named_children[0], source, lower)
    if kind in _COMBINED:
        left, right = pattern.named_children[0], pattern.named_children[-1]
        op = "&&" if pattern.type == "and_pattern" else "||"
        return f.Binary(start, end, op, match(value, left, source, lower), match(value, right, source, lower))
    if kind in _RELATION and pattern.named_children:
        right_value = lower(pattern.named_children[-1], source)
        return f.Binary(start, end, pattern.children[0].type, value, right_value)
    if kind in _DECLARATION or kind in _RECURSIVE:
        return _typed(value, pattern, source, lower)
    if kind in _TYPE and pattern.named_children:
        return _instance(pattern, value, lower(pattern.named_children[0], source))
    if kind in _DISCARD or kind in _VAR:
        return _bound(pattern, value, value, source)
    return _constant(value, pattern, source, lower)


def _constant(value: f.Expr, pattern: Node, source: bytes, lower: Lower) -> f.Expr:
    """Return the test of a constant; a name that begins with an upper-case letter may as well be a type."""
    inner = pattern.named_children[0] if pattern.kind_id in _CONSTANT and pattern.named_children else pattern
    right = lower(inner, source)
    plain = inner.kind_id in _NAMES and word(inner, source)[:1].isupper() and isinstance(right, f.Name)
    if plain or inner.kind_id in _TYPES:
        return _instance(pattern, value, right)
    return f.Binary(pattern.start_byte, pattern.end_byte, "==", value, right)


def _instance(node: Node, value: f.Expr, typed: f.Expr) -> f.Expr:
    return f.Call(node.start_byte, node.end_byte, mark(node, "isinstance"), (value, typed))


def _bound(pattern: Node, value: f.Expr, typed: f.Expr, source: bytes) -> f.Expr:
    name = pattern.child_by_field_name("name")
    if name is None:
        return f.Const(pattern.start_byte, pattern.end_byte, word(pattern, source))
    target = f.Name(name.start_byte, name.end_byte, word(name, source))
    given = value if typed is value else f.Cast(name.start_byte, name.end_byte, value, typed)
    return f.Bind(target.start, target.end, target, "=", given)


def _typed(value: f.Expr, pattern: Node, source: bytes, lower: Lower) -> f.Expr:
    """Return the test of `User { Name: "x" } u`: the type, each property, and the binding of the name."""
    tests: list[f.Expr] = []
    typed_at = pattern.child_by_field_name("type")
    typed = lower(typed_at, source) if typed_at is not None else value
    if typed is not value:
        tests.append(_instance(pattern, value, typed))
    for clause in pattern.named_children:
        if clause.kind_id in _PROPERTIES:
            parts = (child for child in clause.named_children if child.kind_id in _SUBPATTERN)
            tests.extend(test for part in parts if (test := _property(value, part, source, lower)))
    if pattern.child_by_field_name("name") is not None:
        tests.append(_bound(pattern, value, typed, source))
    result = tests[0] if tests else constant(pattern, source)
    for test in tests[1:]:
        result = f.Binary(pattern.start_byte, pattern.end_byte, "&&", result, test)
    return result


def _property(value: f.Expr, node: Node, source: bytes, lower: Lower) -> f.Expr | None:
    parts = [child for child in node.named_children if child.kind_id not in _COMMENT]
    if len(parts) != 2:
        return None
    names = word(parts[0], source).split(".")
    at = parts[0].start_byte
    for name in names:
        size = len(name.encode())
        value = f.Attr(at, at + size, value, name)
        at += size + 1
    return match(value, parts[1], source, lower)
