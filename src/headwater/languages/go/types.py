"""Go types to facts: `*T` is `T`, `[]T` is `list[T]`, `map[K]V` is `dict[K, V]`, a nameless struct is a Mapping."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.go.grammar import GRAMMAR, SKIPPED, constant, grouped, name, word

_TYPE, _ELEMENT, _KEY = GRAMMAR.field("type"), GRAMMAR.field("element"), GRAMMAR.field("key")
_VALUE, _RESULT, _PARAMETERS = GRAMMAR.field("value"), GRAMMAR.field("result"), GRAMMAR.field("parameters")
_NAME = GRAMMAR.field("name")
_LIST = GRAMMAR.kinds("parameter_list")
_DECLARED = GRAMMAR.kinds("parameter_declaration", "variadic_parameter_declaration")
_VARIADIC = GRAMMAR.kinds("variadic_parameter_declaration")
_FIELD = GRAMMAR.kinds("field_declaration")


def lower(node: Node, source: bytes) -> f.Expr:
    """Lower any type."""
    return _TABLE.get(node.kind_id, constant)(node, source)


def last(kind: f.Expr) -> str:
    """Return the last part of the name of a type, which is that of a field where it is embedded."""
    kind = kind.value if isinstance(kind, f.Subscript) else kind
    return kind.name if isinstance(kind, f.Attr) else kind.id if isinstance(kind, f.Name) else ""


def optional(node: Node | None, source: bytes) -> f.Expr | None:
    """Lower a type that may be absent."""
    return None if node is None else lower(node, source)


def arguments(node: Node, source: bytes) -> f.Expr:
    """Lower the arguments of a generic type or function."""
    items = tuple(lower(child, source) for child in node.named_children if child.kind_id in _TABLE)
    return grouped(items, node.start_byte, node.end_byte)


def generic_base(node: Node | None, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the type parameters of a class, `[T any]`, to a base `Generic[T]`."""
    if node is None:
        return ()
    start, end = node.start_byte, node.end_byte
    names = [name(part, source) for child in node.named_children for part in child.children_by_field_id(_NAME)]
    return (f.Subscript(start, end, f.Name(start, start, "Generic"), grouped(tuple(names), start, end)),)


def parameters(node: Node | None, source: bytes) -> tuple[f.Param, ...]:
    """Lower the parameters of a function; `a, b int` are two, a nameless one has an empty name."""
    params: list[f.Param] = []
    for child in node.named_children if node is not None else ():
        if child.kind_id not in _DECLARED:
            continue
        annotation = optional(child.child_by_field_id(_TYPE), source)
        kind = "*" if child.kind_id in _VARIADIC else ""
        names = child.children_by_field_id(_NAME)
        params.extend(f.Param(p.start_byte, p.end_byte, word(p, source), annotation, None, kind) for p in names)
        if not names:
            params.append(f.Param(child.start_byte, child.start_byte, "", annotation, None, kind))
    return tuple(params)


def result(node: Node | None, source: bytes) -> tuple[f.Expr | None, tuple[f.Param, ...]]:
    """Lower the result of a function to its type and, where they have names, its variables."""
    if node is None:
        return None, ()
    if node.kind_id not in _LIST:
        return lower(node, source), ()
    params = parameters(node, source)
    types = tuple(param.annotation for param in params if param.annotation is not None)
    return _tuple(types, node), tuple(param for param in params if param.name)


def _tuple(types: tuple[f.Expr, ...], node: Node) -> f.Expr | None:
    if len(types) < 2:
        return types[0] if types else None
    start, end = node.start_byte, node.end_byte
    return f.Subscript(start, end, f.Name(start, start, "tuple"), f.SequenceExpr(start, end, types))


def _qualified(node: Node, source: bytes) -> f.Expr:
    package, member = node.named_children[0], node.named_children[-1]
    return f.Attr(member.start_byte, member.end_byte, name(package, source), word(member, source))


def _generic(node: Node, source: bytes) -> f.Expr:
    base = node.child_by_field_id(_TYPE)
    if base is None:
        return constant(node, source)
    inside = arguments(node.named_children[-1], source)
    return f.Subscript(node.start_byte, node.end_byte, lower(base, source), inside)


def _list(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    element = node.child_by_field_id(_ELEMENT)
    inside = constant(node, source) if element is None else lower(element, source)
    return f.Subscript(start, end, f.Name(start, start, "list"), inside)


def _map(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    key, value = node.child_by_field_id(_KEY), node.child_by_field_id(_VALUE)
    if key is None or value is None:
        return constant(node, source)
    inside = f.SequenceExpr(start, end, (lower(key, source), lower(value, source)))
    return f.Subscript(start, end, f.Name(start, start, "dict"), inside)


def _channel(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    value = node.child_by_field_id(_VALUE)
    inside = constant(node, source) if value is None else lower(value, source)
    return f.Subscript(start, end, f.Name(start, start, "chan"), inside)


def _inner(node: Node, source: bytes) -> f.Expr:
    return lower(node.named_children[-1], source) if node.named_children else constant(node, source)


def _struct(node: Node, source: bytes) -> f.Expr:
    """Lower a struct without a name to a mapping of its fields to their types."""
    entries: list[f.DictEntry] = []
    for child in node.named_children[0].named_children if node.named_children else ():
        declared = child.child_by_field_id(_TYPE) if child.kind_id in _FIELD else None
        if declared is None:
            continue
        kind = lower(declared, source)
        names = [(part.start_byte, part.end_byte, word(part, source)) for part in child.children_by_field_id(_NAME)]
        for start, end, spelt in names or [(kind.start, kind.end, last(kind))]:
            key = f.Text(start, end, (f.Chunk(start, end, spelt),))
            entries.append(f.DictEntry(start, end, key, kind))
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries))


def _function(node: Node, source: bytes) -> f.Expr:
    """Lower `func(A) B` to `Callable[[A], B]`."""
    start, end = node.start_byte, node.end_byte
    params = parameters(node.child_by_field_id(_PARAMETERS), source)
    given = tuple(param.annotation for param in params if param.annotation is not None)
    returned, _ = result(node.child_by_field_id(_RESULT), source)
    inside = f.SequenceExpr(start, end, (f.SequenceExpr(start, end, given), returned or f.Const(start, start, "nil")))
    return f.Subscript(start, end, f.Name(start, start, "Callable"), inside)


_HANDLERS: dict[str, Callable[[Node, bytes], f.Expr]] = {
    **dict.fromkeys(("type_identifier", "identifier", "package_identifier"), name),
    **dict.fromkeys(("slice_type", "array_type", "implicit_length_array_type"), _list),
    **dict.fromkeys(("pointer_type", "parenthesized_type", "type_elem", "type_constraint", "negated_type"), _inner),
    "qualified_type": _qualified,
    "generic_type": _generic,
    "map_type": _map,
    "channel_type": _channel,
    "struct_type": _struct,
    "function_type": _function,
}
_TABLE = GRAMMAR.table(_HANDLERS, constant, SKIPPED)
