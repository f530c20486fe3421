"""Rust expressions to facts; blocks, `if` and `match` among them are statements, which `blocks.py` converts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.rust import strings, types
from headwater.languages.rust.grammar import COMMENTS, GRAMMAR, SKIPPED, Code, constant, grouped, name

_FUNCTION, _ARGUMENTS, _VALUE = (GRAMMAR.field(n) for n in ("function", "arguments", "value"))
_FIELD, _LEFT, _RIGHT, _OPERATOR = (GRAMMAR.field(n) for n in ("field", "left", "right", "operator"))
_TYPE_ARGUMENTS, _NAME, _BODY = (GRAMMAR.field(n) for n in ("type_arguments", "name", "body"))
_PARAMETERS, _LENGTH, _TYPE = (GRAMMAR.field(n) for n in ("parameters", "length", "type"))
_METHOD = GRAMMAR.kinds("field_expression")
_NUMBER = GRAMMAR.kinds("integer_literal")
_SHORT = GRAMMAR.kinds("shorthand_field_initializer")
_INITIALIZER, _REST = GRAMMAR.kinds("field_initializer"), GRAMMAR.kinds("base_field_initializer")
_MUTABLE = GRAMMAR.kinds("mutable_specifier")
_ATTRIBUTES = GRAMMAR.kinds("attribute_item")
_PRESENT = frozenset({"Some", "Ok"})
_POINTERS = frozenset({"Box", "Arc", "Rc", "Cell", "RefCell", "Mutex", "RwLock"})


def expression(node: Node, code: Code) -> f.Expr:
    """Lower any expression."""
    return _TABLE.get(node.kind_id, constant)(node, code)


def register(handler: Callable[[Node, Code], f.Expr], *kinds: str) -> None:
    """Let a handler lower nodes of kinds that contain statements, which this module does not know."""
    _TABLE.update(dict.fromkeys(GRAMMAR.kinds(*kinds), handler))


def expressions(nodes: Iterable[Node], code: Code) -> tuple[f.Expr, ...]:
    """Lower the nodes of a list, passing over comments."""
    return tuple([handler(node, code) for node in nodes if (handler := _TABLE.get(node.kind_id))])


def _field(node: Node, code: Code) -> f.Expr:
    value, member = node.child_by_field_id(_VALUE), node.child_by_field_id(_FIELD)
    if value is None or member is None:
        return constant(node, code)
    start, end = member.start_byte, member.end_byte
    inner = expression(value, code)
    if member.kind_id in _NUMBER:
        return f.Subscript(node.start_byte, end, inner, constant(member, code))
    return f.Attr(start, end, inner, code.source[start:end].decode("utf-8", "replace").removeprefix("r#"))


def _call(node: Node, code: Code) -> f.Expr:
    func, given = node.child_by_field_id(_FUNCTION), node.child_by_field_id(_ARGUMENTS)
    if func is None or given is None:
        return constant(node, code)
    called, args = expression(func, code), expressions(given.named_children, code)
    if len(args) == 1 and _is_wrapper(called):
        return args[0]
    return f.Call(node.start_byte, node.end_byte, called, args)


def _is_wrapper(called: f.Expr) -> bool:
    """Return True for `Some`, `Ok`, `Box::new` and their like, whose types vanish too."""
    if isinstance(called, f.Name):
        return called.id in _PRESENT
    return isinstance(called, f.Attr) and called.name == "new" and types.last(called.value) in _POINTERS


def _turbofish(node: Node, code: Code) -> f.Expr:
    """Lower `f::<T>` to a generic `f[T]`; that of a method, whose result its receiver determines, vanishes."""
    func, given = node.child_by_field_id(_FUNCTION), node.child_by_field_id(_TYPE_ARGUMENTS)
    if func is None or given is None:
        return constant(node, code)
    items = () if func.kind_id in _METHOD else types.arguments(given, code)
    start, end = func.start_byte, func.end_byte
    called = expression(func, code)
    return f.Subscript(start, end, called, grouped(items, start, end)) if items else called


def _inner(node: Node, code: Code) -> f.Expr:
    """Lower nodes that only wrap a value: `&x`, `x?`, `x.await`, `(x)`, `x as T`."""
    inner = node.child_by_field_id(_VALUE)
    if inner is None:
        inner = next((child for child in node.named_children if child.kind_id not in COMMENTS), None)
    return constant(node, code) if inner is None else expression(inner, code)


def _binary(node: Node, code: Code) -> f.Expr:
    left, right = node.child_by_field_id(_LEFT), node.child_by_field_id(_RIGHT)
    op = node.child_by_field_id(_OPERATOR)
    if left is None or right is None or op is None:
        return constant(node, code)
    start, end = node.start_byte, node.end_byte
    return f.Binary(start, end, op.type, expression(left, code), expression(right, code))


def _unary(node: Node, code: Code) -> f.Expr:
    inner = expression(node.named_children[0], code) if node.named_children else constant(node, code)
    op = node.children[0].type
    return inner if op == "*" else f.Unary(node.start_byte, node.end_byte, op, inner)


def _assigned(node: Node, code: Code) -> f.Expr:
    left, right = node.child_by_field_id(_LEFT), node.child_by_field_id(_RIGHT)
    if left is None or right is None:
        return constant(node, code)
    op = node.child_by_field_id(_OPERATOR)
    target, value = expression(left, code), expression(right, code)
    return f.Bind(target.start, value.end, target, "=" if op is None else op.type, value)


def _index(node: Node, code: Code) -> f.Expr:
    parts = expressions(node.named_children, code)
    if len(parts) != 2:
        return constant(node, code)
    return f.Subscript(node.start_byte, node.end_byte, parts[0], parts[1])


def _sequence(node: Node, code: Code) -> f.Expr:
    items = (child for child in node.named_children if child.kind_id not in _ATTRIBUTES)
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(items, code))


def _array(node: Node, code: Code) -> f.Expr:
    """Lower `[a, b]` and `[a; length]`."""
    length = node.child_by_field_id(_LENGTH)
    items = (child for child in node.named_children if child != length)
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(items, code))


def _struct(node: Node, code: Code) -> f.Expr:
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    if title is None or body is None:
        return constant(node, code)
    keywords = tuple(k for child in body.named_children if (k := _initializer(child, code)) is not None)
    return f.Call(node.start_byte, node.end_byte, types.lower(title, code), (), keywords)


def _initializer(node: Node, code: Code) -> f.Keyword | None:
    kind = node.kind_id
    if kind in _SHORT:
        value = name(node.named_children[-1], code)
        return f.Keyword(value.start, value.end, value.id, value)
    if kind in _REST and node.named_children:
        return f.Keyword(node.start_byte, node.end_byte, None, expression(node.named_children[-1], code))
    field, given = node.child_by_field_id(_FIELD), node.child_by_field_id(_VALUE)
    if kind not in _INITIALIZER or field is None or given is None:
        return None
    start, end = field.start_byte, field.end_byte
    return f.Keyword(start, end, code.word(field).removeprefix("r#"), expression(given, code))


def _text(node: Node, code: Code) -> f.Expr:
    return strings.text(node, code)


_HANDLERS: dict[str, Callable[[Node, Code], f.Expr]] = {
    **dict.fromkeys(("identifier", "self", "super", "crate", "metavariable"), name),
    **dict.fromkeys(
        ("scoped_identifier", "generic_type", "bracketed_type", "generic_type_with_turbofish"), types.lower
    ),
    **dict.fromkeys(("string_literal", "raw_string_literal"), _text),
    **dict.fromkeys(
        (
            "reference_expression",
            "try_expression",
            "await_expression",
            "parenthesized_expression",
            "type_cast_expression",
            "expression_statement",
            "let_condition",
        ),
        _inner,
    ),
    **dict.fromkeys(("assignment_expression", "compound_assignment_expr"), _assigned),
    **dict.fromkeys(("tuple_expression", "range_expression", "let_chain"), _sequence),
    "type_identifier": types.lower,
    "field_expression": _field,
    "call_expression": _call,
    "generic_function": _turbofish,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "index_expression": _index,
    "array_expression": _array,
    "struct_expression": _struct,
}
_TABLE = GRAMMAR.table(_HANDLERS, constant, SKIPPED | {"mutable_specifier", "attribute_item", "label"})
