"""Python expressions, patterns and types to facts."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.python import strings
from headwater.languages.python.grammar import kinds, table
from headwater.languages.python.strings import Lower

_ARGUMENTS, _KEYWORD = kinds("argument_list"), kinds("keyword_argument")
_MAP_SPLAT, _PAIR = kinds("dictionary_splat"), kinds("pair")
_FOR, _IF = kinds("for_in_clause"), kinds("if_clause")
_IDENTIFIER, _DOT = kinds("identifier"), kinds("dotted_name")
_TYPED = kinds("typed_parameter", "typed_default_parameter")
_DEFAULT = kinds("default_parameter", "typed_default_parameter")
_STAR, _STARS = kinds("list_splat_pattern"), kinds("dictionary_splat_pattern")
_TYPE, _BODY_OF_LAMBDA = kinds("type"), kinds("lambda_parameters")


def expression(node: Node, source: bytes) -> f.Expr:
    """Lower any expression, pattern or type."""
    return _TABLE.get(node.kind_id, _constant)(node, source)


def expressions(nodes: list[Node], source: bytes) -> tuple[f.Expr, ...]:
    """Lower the named nodes of a list, passing over punctuation and comments."""
    return tuple([handler(n, source) for n in nodes if (handler := _TABLE.get(n.kind_id))])


def parameters(node: Node, source: bytes) -> tuple[f.Param, ...]:
    """Lower the parameters of a function or lambda."""
    params = (_parameter(child, source) for child in node.children if child.is_named)
    return tuple(param for param in params if param is not None)


def _constant(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Const(start, end, source[start:end].decode("utf-8", "replace"))


def _name(node: Node, source: bytes) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Name(start, end, source[start:end].decode("utf-8", "replace"))


def _attribute(node: Node, source: bytes) -> f.Expr:
    children = node.children
    name = children[-1]
    start, end = name.start_byte, name.end_byte
    return f.Attr(start, end, expression(children[0], source), source[start:end].decode("utf-8", "replace"))


def _dotted(node: Node, source: bytes) -> f.Expr:
    first, *rest = [child for child in node.children if child.kind_id in _IDENTIFIER] or [node]
    value = _name(first, source)
    for part in rest:
        value = f.Attr(part.start_byte, part.end_byte, value, source[part.start_byte : part.end_byte].decode())
    return value


def _call(node: Node, source: bytes) -> f.Expr:
    children = node.children
    func, arguments = expression(children[0], source), children[-1]
    if arguments.kind_id not in _ARGUMENTS:
        return f.Call(node.start_byte, node.end_byte, func, (expression(arguments, source),))
    args, keywords = call_arguments(arguments, source)
    return f.Call(node.start_byte, node.end_byte, func, args, keywords)


def call_arguments(node: Node, source: bytes) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Lower an argument list to its positional and its named arguments."""
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for child in node.children:
        kind = child.kind_id
        if kind in _KEYWORD:
            keywords.append(_keyword(child, source))
        elif kind in _MAP_SPLAT:
            inner = expression(child.children[-1], source)
            keywords.append(f.Keyword(child.start_byte, child.end_byte, None, inner))
        elif handler := _TABLE.get(kind):
            args.append(handler(child, source))
    return tuple(args), tuple(keywords)


def _keyword(node: Node, source: bytes) -> f.Keyword:
    children = node.children
    start, end = children[0].start_byte, children[0].end_byte
    name = source[start:end].decode("utf-8", "replace")
    return f.Keyword(start, end, name, expression(children[-1], source))


def _subscript(node: Node, source: bytes) -> f.Expr:
    children = node.children
    inside = expressions(children[1:], source)
    index = inside[0] if len(inside) == 1 else f.SequenceExpr(node.start_byte, node.end_byte, inside)
    return f.Subscript(node.start_byte, node.end_byte, expression(children[0], source), index)


def _generic(node: Node, source: bytes) -> f.Expr:
    children = node.children
    inside = expressions(children[-1].children, source)
    index = inside[0] if len(inside) == 1 else f.SequenceExpr(node.start_byte, node.end_byte, inside)
    return f.Subscript(node.start_byte, node.end_byte, expression(children[0], source), index)


def _binary(node: Node, source: bytes) -> f.Expr:
    named = [child for child in node.children if child.is_named]
    if len(named) != 2:
        return f.SequenceExpr(node.start_byte, node.end_byte, expressions(named, source))
    left, right = expression(named[0], source), expression(named[1], source)
    op = source[named[0].end_byte : named[1].start_byte]
    return f.Binary(node.start_byte, node.end_byte, _operator(node, op), left, right)


def _operator(node: Node, between: bytes) -> str:
    op = between.strip()
    if len(op) <= 3 and b"(" not in op and b")" not in op:
        return op.decode("utf-8", "replace").lower()
    return next((child.type for child in node.children if not child.is_named), "?")


def _comparison(node: Node, source: bytes) -> f.Expr:
    result: f.Expr | None = None
    left: f.Expr | None = None
    op = ""
    for child in node.children:
        if not child.is_named:
            op = child.type
            continue
        handler = _TABLE.get(child.kind_id)
        if handler is None:
            continue
        right = handler(child, source)
        if left is not None:
            step = f.Binary(left.start, right.end, op, left, right)
            result = step if result is None else f.Binary(node.start_byte, node.end_byte, "and", result, step)
        left = right
    return result or left or _constant(node, source)


def _unary(node: Node, source: bytes) -> f.Expr:
    children = node.children
    return f.Unary(node.start_byte, node.end_byte, children[0].type, expression(children[-1], source))


def _inside(node: Node, source: bytes) -> f.Expr:
    """Lower nodes that only wrap another: parentheses, await, type."""
    inside = expressions(node.children, source)
    if len(inside) == 1:
        return inside[0]
    return f.SequenceExpr(node.start_byte, node.end_byte, inside)


def _bind(node: Node, source: bytes) -> f.Expr:
    children = node.children
    target, value = expression(children[0], source), expression(children[-1], source)
    return f.Bind(target.start, target.end, target, "=", value)


def _choice(node: Node, source: bytes) -> f.Expr:
    parts = expressions(node.children, source)
    if len(parts) != 3:
        return f.SequenceExpr(node.start_byte, node.end_byte, parts)
    return f.Choice(node.start_byte, node.end_byte, parts[1], parts[0], parts[2])


def _sequence(node: Node, source: bytes) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(node.children, source))


def _spread(node: Node, source: bytes) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, expression(node.children[-1], source))


def _mapping(node: Node, source: bytes) -> f.Expr:
    entries = [entry for child in node.children if (entry := _entry(child, source))]
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries))


def _entry(node: Node, source: bytes) -> f.DictEntry | None:
    children = node.children
    if node.kind_id in _PAIR:
        key, value = expression(children[0], source), expression(children[-1], source)
        return f.DictEntry(key.start, key.end, key, value)
    if node.kind_id in _MAP_SPLAT:
        return f.DictEntry(node.start_byte, node.end_byte, None, expression(children[-1], source))
    return None


def _comprehension(node: Node, source: bytes) -> f.Expr:
    element: f.Expr | None = None
    clauses: list[f.Clause] = []
    for child in node.children:
        kind = child.kind_id
        if kind in _FOR:
            clauses.append(_clause(child, source))
        elif kind in _IF and clauses:
            last, condition = clauses[-1], expressions(child.children, source)
            clauses[-1] = f.Clause(last.start, last.end, last.target, last.iterable, last.conditions + condition)
        elif kind in _PAIR:
            pair = expressions(child.children, source)
            element = f.SequenceExpr(child.start_byte, child.end_byte, pair)
        elif element is None and (handler := _TABLE.get(kind)):
            element = handler(child, source)
    return f.Comprehension(node.start_byte, node.end_byte, element or _constant(node, source), tuple(clauses))


def _clause(node: Node, source: bytes) -> f.Clause:
    parts = expressions(node.children, source)
    target, iterable = (parts[0], parts[-1]) if parts else (_constant(node, source),) * 2
    return f.Clause(node.start_byte, node.end_byte, target, iterable)


def _lambda(node: Node, source: bytes) -> f.Expr:
    children = node.children
    params = next((parameters(c, source) for c in children if c.kind_id in _BODY_OF_LAMBDA), ())
    value = expression(children[-1], source)
    return f.Lambda(node.start_byte, node.end_byte, params, (f.Return(value.start, value.end, value),))


def _parameter(node: Node, source: bytes) -> f.Param | None:
    kind, children = node.kind_id, node.children
    if kind in _IDENTIFIER:
        return f.Param(node.start_byte, node.end_byte, _text(node, source))
    if kind in _STAR or kind in _STARS:
        return _named_parameter(node, None, None, source)
    if kind not in _TYPED and kind not in _DEFAULT:
        return None
    annotation = next((expression(c, source) for c in children if c.kind_id in _TYPE), None)
    default = expression(children[-1], source) if kind in _DEFAULT else None
    return _named_parameter(children[0], annotation, default, source)


def _named_parameter(node: Node, annotation: f.Expr | None, default: f.Expr | None, source: bytes) -> f.Param:
    stars = "*" if node.kind_id in _STAR else "**" if node.kind_id in _STARS else ""
    name = node.children[-1] if stars and node.children else node
    pattern = expression(name, source) if name.kind_id not in _IDENTIFIER else None
    text = "" if pattern else _text(name, source)
    return f.Param(name.start_byte, name.end_byte, text, annotation, default, stars, pattern)


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _string(node: Node, source: bytes) -> f.Expr:
    return strings.text(node, source, expression)


def _strings(node: Node, source: bytes) -> f.Expr:
    return strings.joined(node, source, expression)


_HANDLERS: dict[str, Lower] = {
    "identifier": _name,
    "attribute": _attribute,
    "member_type": _attribute,
    "dotted_name": _dotted,
    "call": _call,
    "subscript": _subscript,
    "generic_type": _generic,
    "binary_operator": _binary,
    "boolean_operator": _binary,
    "union_type": _binary,
    "comparison_operator": _comparison,
    "unary_operator": _unary,
    "not_operator": _unary,
    "await": _inside,
    "parenthesized_expression": _inside,
    "parenthesized_list_splat": _inside,
    "type": _inside,
    "as_pattern_target": _inside,
    "case_pattern": _inside,
    "constrained_type": lambda node, source: expression(node.children[0], source),
    "yield": _inside,
    "named_expression": _bind,
    "conditional_expression": _choice,
    "list": _sequence,
    "tuple": _sequence,
    "set": _sequence,
    "slice": _sequence,
    "expression_list": _sequence,
    "pattern_list": _sequence,
    "tuple_pattern": _sequence,
    "list_pattern": _sequence,
    "list_splat": _spread,
    "list_splat_pattern": _spread,
    "splat_type": _spread,
    "dictionary": _mapping,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "dictionary_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "lambda": _lambda,
    "string": _string,
    "concatenated_string": _strings,
}
_TABLE = table(_HANDLERS, _constant)
