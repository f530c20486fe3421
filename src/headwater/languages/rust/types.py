"""Rust types to facts: `&T`, `Box<T>`, `Option<T>` and `Result<T, E>` are `T`, `Vec<T>` is `list[T]`."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.rust.grammar import COMMENTS, GRAMMAR, Code, constant, grouped, name

_TYPE, _NAME, _PATH, _TRAIT = (GRAMMAR.field(n) for n in ("type", "name", "path", "trait"))
_ARGUMENTS, _ELEMENT, _RETURN = (GRAMMAR.field(n) for n in ("type_arguments", "element", "return_type"))
_LIFETIME, _BINDING = GRAMMAR.kinds("lifetime"), GRAMMAR.kinds("type_binding")
_PARAMETER = GRAMMAR.kinds("type_parameter")
# Pointers, locks, results and futures: what `?`, `.await` and dereferencing take away.
_TRANSPARENT = frozenset(
    [
        "Option",
        "Result",
        "Box",
        "Arc",
        "Rc",
        "Cow",
        "Mutex",
        "RwLock",
        "RefCell",
        "Cell",
        "Pin",
        "MutexGuard",
        "Ref",
        "RefMut",
        "OnceCell",
        "OnceLock",
        "Lazy",
        "LazyLock",
        "Future",
        "BoxFuture",
        "LocalBoxFuture",
        "QueryResult",
    ]
)
_LISTS = frozenset(
    [
        "Vec",
        "VecDeque",
        "HashSet",
        "BTreeSet",
        "IndexSet",
        "Iterator",
        "IntoIterator",
        "LinkedList",
        "SmallVec",
        "Stream",
    ]
)
_MAPS = frozenset(["HashMap", "BTreeMap", "IndexMap"])


def lower(node: Node, code: Code) -> f.Expr:
    """Lower any type."""
    return _TABLE.get(node.kind_id, constant)(node, code)


def optional(node: Node | None, code: Code) -> f.Expr | None:
    """Lower a type that may be absent."""
    return None if node is None else lower(node, code)


def arguments(node: Node, code: Code) -> tuple[f.Expr, ...]:
    """Lower the arguments of a generic, without lifetimes; `Output = T` is `T`."""
    return tuple(
        lower(child, code)
        for child in node.named_children
        if child.kind_id not in _LIFETIME and child.kind_id not in COMMENTS
    )


def generic_base(node: Node | None, code: Code) -> tuple[f.Expr, ...]:
    """Lower the type parameters of a class, `<T: X>`, to a base `Generic[T]`."""
    if node is None:
        return ()
    start, end = node.start_byte, node.end_byte
    params = (child.child_by_field_id(_NAME) for child in node.named_children if child.kind_id in _PARAMETER)
    names = tuple(name(param, code) for param in params if param is not None)
    return (f.Subscript(start, end, f.Name(start, start, "Generic"), grouped(names, start, end)),) if names else ()


def last(kind: f.Expr | None) -> str:
    """Return the last part of the name of a type."""
    kind = kind.value if isinstance(kind, f.Subscript) else kind
    return kind.name if isinstance(kind, f.Attr) else kind.id if isinstance(kind, f.Name) else ""


def path(node: Node, code: Code) -> f.Expr:
    """Lower `a::b` in types and expressions."""
    member, base = node.child_by_field_id(_NAME), node.child_by_field_id(_PATH)
    if member is None:
        return constant(node, code)
    if base is None:
        return name(member, code)
    start, end = member.start_byte, member.end_byte
    return f.Attr(start, end, lower(base, code), code.word(member).removeprefix("r#"))


def _generic(node: Node, code: Code) -> f.Expr:
    base, given = node.child_by_field_id(_TYPE), node.child_by_field_id(_ARGUMENTS)
    if base is None or given is None:
        return constant(node, code)
    return applied(lower(base, code), arguments(given, code), node)


def applied(base: f.Expr, items: tuple[f.Expr, ...], node: Node) -> f.Expr:
    """Return a generic type with its arguments, in the terms that all languages share."""
    title, start, end = last(base), node.start_byte, node.end_byte
    if not items:
        return base
    if title in _TRANSPARENT or title.endswith("Result"):
        return items[0]
    if title in _LISTS:
        return f.Subscript(start, end, f.Name(start, start, "list"), items[0])
    if title in _MAPS:
        return f.Subscript(start, end, f.Name(start, start, "dict"), f.SequenceExpr(start, end, items[:2]))
    return f.Subscript(start, end, base, grouped(items, start, end))


def _list(node: Node, code: Code) -> f.Expr:
    element = node.child_by_field_id(_ELEMENT)
    start, end = node.start_byte, node.end_byte
    inside = constant(node, code) if element is None else lower(element, code)
    return f.Subscript(start, end, f.Name(start, start, "list"), inside)


def _tuple(node: Node, code: Code) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    items = tuple(lower(child, code) for child in node.named_children if child.kind_id not in COMMENTS)
    return f.Subscript(start, end, f.Name(start, start, "tuple"), f.SequenceExpr(start, end, items))


def _inner(node: Node, code: Code) -> f.Expr:
    inner = node.child_by_field_id(_TYPE) or node.child_by_field_id(_TRAIT)
    if inner is None:
        inner = next((child for child in node.named_children if child.kind_id not in _LIFETIME), None)
    return constant(node, code) if inner is None else lower(inner, code)


def _function(node: Node, code: Code) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    returned = node.child_by_field_id(_RETURN)
    inside = f.Const(start, start, "()") if returned is None else lower(returned, code)
    return f.Subscript(start, end, f.Name(start, start, "Callable"), inside)


_HANDLERS: dict[str, Callable[[Node, Code], f.Expr]] = {
    **dict.fromkeys(("type_identifier", "identifier", "primitive_type", "crate", "self", "super"), name),
    **dict.fromkeys(("scoped_type_identifier", "scoped_identifier"), path),
    **dict.fromkeys(("generic_type", "generic_type_with_turbofish"), _generic),
    **dict.fromkeys(
        (
            "reference_type",
            "pointer_type",
            "abstract_type",
            "dynamic_type",
            "bounded_type",
            "bracketed_type",
            "qualified_type",
            "type_binding",
        ),
        _inner,
    ),
    "array_type": _list,
    "tuple_type": _tuple,
    "function_type": _function,
}
_TABLE = GRAMMAR.table(_HANDLERS, constant, frozenset())
