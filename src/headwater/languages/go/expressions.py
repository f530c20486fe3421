"""Go expressions to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.go import strings, types
from headwater.languages.go.grammar import GRAMMAR, SKIPPED, constant, grouped, name, word

Stmts = tuple[f.Stmt, ...]

_FUNCTION, _ARGUMENTS = GRAMMAR.field("function"), GRAMMAR.field("arguments")
_TYPE_ARGUMENTS, _OPERAND = GRAMMAR.field("type_arguments"), GRAMMAR.field("operand")
_FIELD, _LEFT, _RIGHT = GRAMMAR.field("field"), GRAMMAR.field("left"), GRAMMAR.field("right")
_OPERATOR, _TYPE, _BODY = GRAMMAR.field("operator"), GRAMMAR.field("type"), GRAMMAR.field("body")
_KEY, _VALUE, _ELEMENT = GRAMMAR.field("key"), GRAMMAR.field("value"), GRAMMAR.field("element")
_PARAMETERS = GRAMMAR.field("parameters")
_KEYED, _ELIDED, _ITEM = (
    GRAMMAR.kinds("keyed_element"),
    GRAMMAR.kinds("literal_value"),
    GRAMMAR.kinds("literal_element"),
)
_IDENTIFIER, _GENERIC = GRAMMAR.kinds("identifier"), GRAMMAR.kinds("generic_type")
_LISTS = GRAMMAR.kinds("slice_type", "array_type", "implicit_length_array_type")
_MAP, _STRUCT = GRAMMAR.kinds("map_type"), GRAMMAR.kinds("struct_type")
_PLAIN = frozenset(
    [
        "any",
        "bool",
        "byte",
        "error",
        "rune",
        "string",
        "uintptr",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)


def expression(node: Node, source: bytes) -> f.Expr:
    """Lower any expression; a type among expressions is lowered as a type."""
    return _TABLE.get(node.kind_id, types.lower)(node, source)


def register(kind: str, handler: Callable[[Node, bytes], f.Expr]) -> None:
    """Let a handler lower nodes of a kind that contain statements, which this module does not know."""
    _TABLE.update(dict.fromkeys(GRAMMAR.kinds(kind), handler))


def expressions(nodes: Iterable[Node], source: bytes) -> tuple[f.Expr, ...]:
    """Lower the nodes of a list, passing over comments."""
    return tuple([handler(node, source) for node in nodes if (handler := _TABLE.get(node.kind_id))])


def _selector(node: Node, source: bytes) -> f.Expr:
    value, member = node.child_by_field_id(_OPERAND), node.child_by_field_id(_FIELD)
    if value is None or member is None:
        return constant(node, source)
    start, end = member.start_byte, member.end_byte
    return f.Attr(start, end, expression(value, source), source[start:end].decode("utf-8", "replace"))


def _call(node: Node, source: bytes) -> f.Expr:
    called, given = node.child_by_field_id(_FUNCTION), node.child_by_field_id(_ARGUMENTS)
    if called is None or given is None:
        return constant(node, source)
    func, args = expression(called, source), expressions(given.named_children, source)
    start, end = node.start_byte, node.end_byte
    if called.kind_id in _IDENTIFIER and args:
        if func.id == "new":  # type: ignore[union-attr]
            return f.Call(start, end, args[0])
        if func.id == "make":  # type: ignore[union-attr]
            empty = f.Mapping(start, end) if _is_map(args[0]) else f.SequenceExpr(start, end)
            return f.Cast(start, end, empty, args[0])
    generic = node.child_by_field_id(_TYPE_ARGUMENTS)
    if generic is not None:
        func = f.Subscript(called.start_byte, called.end_byte, func, types.arguments(generic, source))
    if isinstance(func, f.Attr) and func.name == "Sprintf" and args and isinstance(args[0], f.Text):
        return strings.formatted(args[0], args[1:])
    return f.Call(start, end, func, args)


def _is_map(kind: f.Expr) -> bool:
    return isinstance(kind, f.Subscript) and isinstance(kind.value, f.Name) and kind.value.id == "dict"


def _index(node: Node, source: bytes) -> f.Expr:
    parts = expressions(node.named_children, source)
    if len(parts) < 2:
        return constant(node, source)
    inside = grouped(parts[1:], node.start_byte, node.end_byte)
    return f.Subscript(node.start_byte, node.end_byte, parts[0], inside)


def _slice(node: Node, source: bytes) -> f.Expr:
    parts = expressions(node.named_children, source)
    start, end = node.start_byte, node.end_byte
    return f.Subscript(start, end, parts[0], f.SequenceExpr(start, end, parts[1:])) if parts else constant(node, source)


def _binary(node: Node, source: bytes) -> f.Expr:
    left, right = node.child_by_field_id(_LEFT), node.child_by_field_id(_RIGHT)
    op = node.child_by_field_id(_OPERATOR)
    if left is None or right is None or op is None:
        return constant(node, source)
    start, end = node.start_byte, node.end_byte
    return f.Binary(start, end, op.type, expression(left, source), expression(right, source))


def _unary(node: Node, source: bytes) -> f.Expr:
    """Lower a unary expression; addresses and pointers are the value itself."""
    value, op = node.child_by_field_id(_OPERAND), node.child_by_field_id(_OPERATOR)
    if value is None or op is None:
        return constant(node, source)
    inner = expression(value, source)
    return inner if op.type in ("&", "*") else f.Unary(node.start_byte, node.end_byte, op.type, inner)


def _inner(node: Node, source: bytes) -> f.Expr:
    parts = expressions(node.named_children, source)
    return grouped(parts, node.start_byte, node.end_byte) if parts else constant(node, source)


def _spread(node: Node, source: bytes) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, _inner(node, source))


def _assertion(node: Node, source: bytes) -> f.Expr:
    value, kind = node.child_by_field_id(_OPERAND), node.child_by_field_id(_TYPE)
    if value is None or kind is None:
        return constant(node, source)
    return f.Cast(node.start_byte, node.end_byte, expression(value, source), types.lower(kind, source))


def _conversion(node: Node, source: bytes) -> f.Expr:
    """Lower `[]byte(x)`, and `f[T](x)`, which the grammar takes for a conversion."""
    value, kind = node.child_by_field_id(_OPERAND), node.child_by_field_id(_TYPE)
    if value is None or kind is None:
        return constant(node, source)
    start, end = node.start_byte, node.end_byte
    inner, lowered = expression(value, source), types.lower(kind, source)
    return f.Call(start, end, lowered, (inner,)) if kind.kind_id in _GENERIC else f.Cast(start, end, inner, lowered)


def _instantiation(node: Node, source: bytes) -> f.Expr:
    children = node.named_children
    if len(children) < 2:
        return constant(node, source)
    start, end = node.start_byte, node.end_byte
    inside = grouped(tuple(types.lower(child, source) for child in children[1:]), start, end)
    return f.Subscript(start, end, types.lower(children[0], source), inside)


def _composite(node: Node, source: bytes) -> f.Expr:
    kind, body = node.child_by_field_id(_TYPE), node.child_by_field_id(_BODY)
    if kind is None or body is None:
        return constant(node, source)
    return _literal(kind, body, node, source)


def _literal(kind: Node | None, body: Node, whole: Node, source: bytes) -> f.Expr:
    """Lower the braces of a composite literal of a type; `kind` is None where the type is left out and unknown."""
    if kind is not None and kind.kind_id in _LISTS:
        return _list_literal(kind, body, whole, source)
    if kind is not None and kind.kind_id in _MAP:
        return _map_literal(kind, body, whole, source)
    outer = None if kind is None or kind.kind_id in _STRUCT else types.lower(kind, source)
    named, plain = _elements(body, outer, source)
    start, end = whole.start_byte, whole.end_byte
    is_mapping = kind is None or kind.kind_id in _STRUCT or (named and not all(_is_field(key) for key, _ in named))
    if plain and kind is not None and kind.kind_id in _STRUCT:
        return _positional(kind, plain, whole, source)
    if is_mapping and plain:
        return f.SequenceExpr(start, end, plain)
    if is_mapping or kind is None:
        return f.Mapping(start, end, tuple(_entry(key, value, source) for key, value in named))
    keywords = tuple(f.Keyword(key.start_byte, key.end_byte, word(key, source), value) for key, value in named)
    return f.Call(start, end, types.lower(kind, source), plain, keywords)


def _positional(kind: Node, plain: tuple[f.Expr, ...], whole: Node, source: bytes) -> f.Expr:
    """Lower the values of a nameless struct by its fields."""
    struct = types.lower(kind, source)
    keys = [entry.key for entry in struct.entries] if isinstance(struct, f.Mapping) else []
    if len(keys) != len(plain):
        return f.SequenceExpr(whole.start_byte, whole.end_byte, plain)
    entries = tuple(f.DictEntry(v.start, v.end, key, v) for key, v in zip(keys, plain, strict=True))
    return f.Mapping(whole.start_byte, whole.end_byte, entries)


def _elements(body: Node, outer: f.Expr | None, source: bytes) -> tuple[list[tuple[Node, f.Expr]], tuple[f.Expr, ...]]:
    """Return the keyed and the plain elements of a composite literal of a named type."""
    named: list[tuple[Node, f.Expr]] = []
    plain: list[f.Expr] = []
    for child in body.named_children:
        if child.kind_id in _KEYED:
            key, value = child.child_by_field_id(_KEY), child.child_by_field_id(_VALUE)
            if key is not None and value is not None:
                named.append((_unwrapped(key), _member(outer, _element(None, value, source))))
        elif child.kind_id in _ITEM:
            plain.append(_member(outer, _element(None, child, source)))
    return named, tuple(plain)


def _member(outer: f.Expr | None, value: f.Expr) -> f.Expr:
    """Return an element whose type is left out, in a literal of a named type, as a construction of `outer[…]`."""
    entries = value.entries if isinstance(value, f.Mapping) else ()
    fields = [entry for entry in entries if isinstance(entry.key, f.Text) and entry.key.start == entry.start]
    if outer is None or not fields or len(fields) != len(entries):
        return value
    named = tuple(f.Keyword(e.start, e.end, _field_name(e), e.value) for e in fields)
    element = f.Subscript(value.start, value.start, outer, f.Const(value.start, value.start, "element"))
    return f.Call(value.start, value.end, element, (), named)


def _field_name(entry: f.DictEntry) -> str:
    """Return the name of a field that is the key of an entry."""
    parts = entry.key.parts if isinstance(entry.key, f.Text) else ()
    return "".join(part.text for part in parts if isinstance(part, f.Chunk))


def _unwrapped(node: Node) -> Node:
    return node.named_children[0] if node.kind_id in _ITEM and node.named_children else node


def _is_field(key: Node) -> bool:
    return key.kind_id in _IDENTIFIER


def _entry(key: Node, value: f.Expr, source: bytes) -> f.DictEntry:
    """Return an entry of a nameless struct or of a map; the name of a field is a text."""
    start, end = key.start_byte, key.end_byte
    if _is_field(key):
        return f.DictEntry(start, end, f.Text(start, end, (f.Chunk(start, end, word(key, source)),)), value)
    lowered = expression(key, source)
    if isinstance(lowered, f.Text):
        start, end = start + 1, max(start + 1, end - 1)
    return f.DictEntry(start, end, lowered, value)


def _element(kind: Node | None, node: Node, source: bytes) -> f.Expr:
    """Lower an element of a literal whose own type may be left out."""
    inner = _unwrapped(node)
    if inner.kind_id not in _ELIDED:
        return expression(inner, source)
    while kind is not None and kind.type == "pointer_type":
        kind = kind.named_children[0]
    return _literal(kind, inner, inner, source)


def _list_literal(kind: Node, body: Node, whole: Node, source: bytes) -> f.Expr:
    element = kind.child_by_field_id(_ELEMENT)
    items: list[f.Expr] = []
    for child in body.named_children:
        value = child.child_by_field_id(_VALUE) if child.kind_id in _KEYED else child
        if value is not None and value.kind_id not in _NO_ELEMENT:
            items.append(_element(element, value, source))
    sequence = f.SequenceExpr(whole.start_byte, whole.end_byte, tuple(items))
    if items or element is None or word(element, source) in _PLAIN:
        return sequence
    return f.Cast(whole.start_byte, whole.end_byte, sequence, types.lower(kind, source))


def _map_literal(kind: Node, body: Node, whole: Node, source: bytes) -> f.Expr:
    of = kind.child_by_field_id(_VALUE)
    entries: list[f.DictEntry] = []
    for child in body.named_children:
        key, value = child.child_by_field_id(_KEY), child.child_by_field_id(_VALUE)
        if key is None or value is None:
            continue
        inner = _unwrapped(key)
        lowered = expression(inner, source)
        start, end = inner.start_byte, inner.end_byte
        if isinstance(lowered, f.Text):
            start, end = start + 1, max(start + 1, end - 1)
        entries.append(f.DictEntry(start, end, lowered, _element(of, value, source)))
    mapping = f.Mapping(whole.start_byte, whole.end_byte, tuple(entries))
    if entries or of is None or word(of, source) in _PLAIN or word(of, source).startswith("interface"):
        return mapping
    return f.Cast(whole.start_byte, whole.end_byte, mapping, types.lower(kind, source))


_NO_ELEMENT = GRAMMAR.kinds("comment")
_HANDLERS: dict[str, Callable[[Node, bytes], f.Expr]] = {
    **dict.fromkeys(
        ("identifier", "blank_identifier", "type_identifier", "package_identifier", "field_identifier"), name
    ),
    **dict.fromkeys(("parenthesized_expression", "expression_list", "literal_element"), _inner),
    **dict.fromkeys(
        (
            "qualified_type",
            "generic_type",
            "slice_type",
            "array_type",
            "map_type",
            "pointer_type",
            "struct_type",
            "interface_type",
            "function_type",
            "channel_type",
            "parenthesized_type",
            "implicit_length_array_type",
        ),
        types.lower,
    ),
    "interpreted_string_literal": strings.interpreted,
    "raw_string_literal": strings.raw,
    "selector_expression": _selector,
    "call_expression": _call,
    "index_expression": _index,
    "slice_expression": _slice,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "variadic_argument": _spread,
    "type_assertion_expression": _assertion,
    "type_conversion_expression": _conversion,
    "type_instantiation_expression": _instantiation,
    "composite_literal": _composite,
}
_TABLE = GRAMMAR.table(_HANDLERS, constant, SKIPPED)
