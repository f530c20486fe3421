"""C# expressions that create something: `new`, initialisers, anonymous objects, `with`, arrays.

An object initialiser is the keywords of a call; `new { … }` is a mapping.
"""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import Lower, several, word
from headwater.languages.csharp.expressions import arguments
from headwater.languages.csharp.grammar import EXPRESSIONS, SKIPPED, expression, expressions, kinds

_COMMENT, _ARGUMENTS = kinds(*SKIPPED), kinds("argument_list", "bracketed_argument_list")
_ASSIGNMENT, _INITIALIZER = kinds("assignment_expression"), kinds("initializer_expression", "with_initializer")
_NEW, _ARRAY_INIT, _ARRAY = (
    kinds("implicit_object_creation_expression"),
    kinds("initializer_expression"),
    kinds("array_type"),
)


def created(node: Node, typed: f.Expr | None, source: bytes) -> f.Expr:
    """Lower a value that is assigned to something of a declared type: `new()` makes an object of that type."""
    if typed is None or node.kind_id not in _NEW:
        return expression(node, source)
    return _construct(node, typed, source)


def _new(node: Node, source: bytes) -> f.Expr:
    typed = node.child_by_field_name("type")
    if typed is None:
        return _construct(node, f.Name(node.start_byte, node.start_byte + 3, "new"), source)
    if typed.kind_id in _ARRAY:
        return f.SequenceExpr(node.start_byte, node.end_byte)
    return _construct(node, expression(typed, source), source)


def _construct(node: Node, typed: f.Expr, source: bytes) -> f.Expr:
    args: tuple[f.Expr, ...] = ()
    keywords: tuple[f.Keyword, ...] = ()
    for child in node.named_children:
        if child.kind_id in _ARGUMENTS:
            args, keywords = arguments(child, source)
        elif child.kind_id in _INITIALIZER:
            value = _initializer(child, source)
            if isinstance(value, f.Mapping) and all(isinstance(e.key, f.Name) for e in value.entries):
                keywords += tuple(f.Keyword(e.start, e.end, getattr(e.key, "id", None), e.value) for e in value.entries)
            else:
                args = (*args, value)
    return f.Call(node.start_byte, node.end_byte, typed, args, keywords)


def _initializer(node: Node, source: bytes) -> f.Expr:
    """Lower `{ A = 1 }` to a mapping of names, `{ ["a"] = 1 }` to one of texts, and `{ 1, 2 }` to a sequence."""
    entries: list[f.DictEntry] = []
    items: list[f.Expr] = []
    for child in node.named_children:
        if child.kind_id in _ASSIGNMENT and (right := child.child_by_field_name("right")):
            left = child.child_by_field_name("left") or child
            key = expression(left, source)
            entries.append(f.DictEntry(key.start, key.end, key, expression(right, source)))
        elif child.kind_id in _INITIALIZER and len(child.named_children) == 2:
            pair = expressions(child.named_children, source)  # fewer in broken code
            if len(pair) == 2:
                entries.append(f.DictEntry(pair[0].start, pair[0].end, *pair))
        elif handler := EXPRESSIONS.get(child.kind_id):
            items.append(handler(child, source))
    if entries:
        return f.Mapping(node.start_byte, node.end_byte, tuple(entries))
    return f.SequenceExpr(node.start_byte, node.end_byte, tuple(items))


def _element_key(node: Node, source: bytes) -> f.Expr:
    args, _ = arguments(node, source)
    return several(node, args)


def _anonymous(node: Node, source: bytes) -> f.Expr:
    entries: list[f.DictEntry] = []
    name: Node | None = None
    children = node.children
    for child, following in zip(children, [*children[1:], None], strict=True):
        if not child.is_named or child.kind_id in _COMMENT:
            continue
        if following is not None and following.type == "=":
            name = child
            continue
        value = expression(child, source)
        start, end = (name.start_byte, name.end_byte) if name is not None else (value.start, value.end)
        title = word(name, source) if name is not None else getattr(value, "name", "") or getattr(value, "id", "")
        entries.append(f.DictEntry(start, end, f.Text(start, end, (f.Chunk(start, end, title),)), value))
        name = None
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries))


def _with(node: Node, source: bytes) -> f.Expr:
    """Lower `a with { B = 1 }` to `a.with(B=1)`."""
    children = [child for child in node.named_children if child.kind_id not in _COMMENT]
    value = expression(children[0], source)
    keywords = []
    for child in children[1:]:
        inside = [c for c in child.named_children if c.kind_id not in _COMMENT]
        if len(inside) == 2:
            at = (inside[0].start_byte, inside[0].end_byte)
            keywords.append(f.Keyword(*at, word(inside[0], source), expression(inside[1], source)))
    func = f.Attr(node.start_byte, node.start_byte, value, "with")
    return f.Call(node.start_byte, node.end_byte, func, (), tuple(keywords))


def _new_array(node: Node, source: bytes) -> f.Expr:
    items = next((child for child in node.named_children if child.kind_id in _ARRAY_INIT), None)
    return _initializer(items, source) if items else f.SequenceExpr(node.start_byte, node.end_byte)


_HANDLERS: dict[str, Lower] = {
    **dict.fromkeys(("object_creation_expression", "implicit_object_creation_expression"), _new),
    **dict.fromkeys(("array_creation_expression", "implicit_array_creation_expression"), _new_array),
    "initializer_expression": _initializer,
    "element_binding_expression": _element_key,
    "anonymous_object_creation_expression": _anonymous,
    "with_expression": _with,
}
EXPRESSIONS.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})
