"""C# expressions, types and attributes to facts.

An object initialiser is the keywords of a call, `new { … }` is a mapping, `nameof(User.Name)` is a text, `x?.y` is
`x.y`; a `switch` that is a value is a chain of choices.
"""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Lower, constant, mark, several, word
from headwater.languages.csharp import linq, patterns, strings
from headwater.languages.csharp.grammar import BLOCK, EXPRESSIONS, GRAMMAR, SKIPPED, expression, expressions, kinds

_IDENTIFIER, _COMMENT, _BLOCK = kinds("identifier"), kinds(*SKIPPED), kinds("block")
_ARGUMENT, _ARGUMENTS = kinds("argument"), kinds("argument_list", "bracketed_argument_list")
_ASSIGNMENT, _INITIALIZER = kinds("assignment_expression"), kinds("initializer_expression", "with_initializer")
_GENERIC, _ELEMENT = kinds("generic_name"), kinds("element_binding_expression")
_NEW, _PARAMETER, _IMPLICIT = kinds("implicit_object_creation_expression"), kinds("parameter"), kinds("implicit_type")
_ARM, _WHEN, _PARAMETERS = kinds("switch_expression_arm"), kinds("when_clause"), kinds("parameter_list")
_ATTRIBUTES, _ATTRIBUTE = kinds("attribute_list"), kinds("attribute")
_GIVEN, _GIVENS = kinds("attribute_argument"), kinds("attribute_argument_list")
_RANK, _ARRAY_INIT, _ARRAY = kinds("array_rank_specifier"), kinds("initializer_expression"), kinds("array_type")
_MODIFIER = kinds("modifier")


def type_of(node: Node | None, source: bytes) -> f.Expr | None:
    """Lower a declared type; `var` is none."""
    if node is None or node.kind_id in _IMPLICIT:
        return None
    return expression(node, source)


def attributes_of(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the attributes of a declaration or parameter."""
    return tuple(
        _attribute(attribute, source)
        for child in node.named_children
        if child.kind_id in _ATTRIBUTES
        for attribute in child.named_children
        if attribute.kind_id in _ATTRIBUTE
    )


def parameters(node: Node | None, source: bytes) -> tuple[f.Param, ...]:
    """Lower the parameters of a method or lambda."""
    if node is None:
        return ()
    if node.kind_id not in _PARAMETERS and not node.type.endswith("parameter_list"):
        return (f.Param(node.start_byte, node.end_byte, word(node, source)),)
    params = [_parameter(child, source) for child in node.named_children if child.kind_id in _PARAMETER]
    rest, typed = node.child_by_field_name("name"), type_of(node.child_by_field_name("type"), source)
    if rest is not None:  # `params T[] rest` has no node of its own
        inner = typed.index if isinstance(typed, f.Subscript) else typed
        params.append(f.Param(rest.start_byte, rest.end_byte, word(rest, source), inner, None, "*"))
    return tuple(params)


def _parameter(node: Node, source: bytes) -> f.Param:
    name = node.child_by_field_name("name") or node
    typed = type_of(node.child_by_field_name("type"), source)
    last = node.named_children[-1] if node.named_children else name
    default = expression(last, source) if last.start_byte > name.end_byte else None
    return f.Param(name.start_byte, name.end_byte, word(name, source), typed, default)


def block_or_value(node: Node | None, source: bytes) -> g.Stmts:
    """Lower the body of a function: a block, `=> value`, or a value."""
    if node is None:
        return ()
    if node.kind_id in _BLOCK:
        return BLOCK[0](node, source)
    return g.returned(expression(node, source))


def arguments(node: Node | None, source: bytes) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Lower an argument list to its positional and its named arguments."""
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for child in node.named_children if node is not None else ():
        if child.kind_id not in _ARGUMENT:
            continue
        inside = [c for c in child.named_children if c.kind_id not in _COMMENT]
        if not inside:
            continue
        value, name = expression(inside[-1], source), child.child_by_field_name("name")
        if name is not None and len(inside) > 1:
            keywords.append(f.Keyword(name.start_byte, name.end_byte, word(name, source), value))
        else:
            args.append(value)
    return tuple(args), tuple(keywords)


def _member(node: Node, source: bytes) -> f.Expr:
    """Lower `a.b`, `A.B` in a type, `a?.b`; type arguments of the name are a subscript around it."""
    children = node.children
    if len(children) < 2:
        return _inside(node, source)
    value, name = expression(children[0], source), children[-1]
    if name.kind_id in _ELEMENT:
        args, _ = arguments(name, source)
        return f.Subscript(node.start_byte, node.end_byte, value, several(name, args))
    if name.named_children and name.kind_id not in _GENERIC and name.kind_id not in _IDENTIFIER:
        name = name.named_children[-1]  # a member binding
    if name.kind_id in _GENERIC:
        plain, given = name.named_children[0], name.named_children[-1]
        func = f.Attr(plain.start_byte, plain.end_byte, value, word(plain, source))
        return f.Subscript(
            node.start_byte, node.end_byte, func, several(given, expressions(given.named_children, source))
        )
    return f.Attr(name.start_byte, name.end_byte, value, word(name, source))


def _generic(node: Node, source: bytes) -> f.Expr:
    first, given = node.named_children[0], node.named_children[-1]
    inside = expressions(given.named_children, source)
    value = g.name(first, source)
    return f.Subscript(node.start_byte, node.end_byte, value, several(given, inside)) if inside else value


def _call(node: Node, source: bytes) -> f.Expr:
    func = node.child_by_field_name("function")
    if func is None:
        return _inside(node, source)
    args, keywords = arguments(node.child_by_field_name("arguments"), source)
    called = expression(func, source)
    if isinstance(called, f.Name) and called.id == "nameof" and len(args) == 1:
        return _name_of(node, args[0])
    return f.Call(node.start_byte, node.end_byte, called, args, keywords)


def _name_of(node: Node, value: f.Expr) -> f.Expr:
    name = value.id if isinstance(value, f.Name) else getattr(value, "name", "")
    return f.Text(node.start_byte, node.end_byte, (f.Chunk(value.start, value.end, name),))


def _array_type(node: Node, source: bytes) -> f.Expr:
    inner = node.child_by_field_name("type")
    element = expression(inner, source) if inner else constant(node, source)
    return f.Subscript(node.start_byte, node.end_byte, mark(node, "list"), element)


def _tuple_type(node: Node, source: bytes) -> f.Expr:
    """Lower `(User user, int count)` to a mapping of its names, without them to a tuple."""
    at = (node.start_byte, node.end_byte)
    pairs = [(child.child_by_field_name("name"), child.child_by_field_name("type")) for child in node.named_children]
    types = tuple(expression(typed, source) for _, typed in pairs if typed is not None)
    names = [(name.start_byte, name.end_byte, word(name, source)) for name, _ in pairs if name is not None]
    if len(names) < len(types):
        return f.Subscript(*at, mark(node, "tuple"), f.SequenceExpr(*at, types))
    keys = (f.Text(start, end, (f.Chunk(start, end, name),)) for start, end, name in names)
    return f.Mapping(*at, tuple(f.DictEntry(k.start, k.end, k, v) for k, v in zip(keys, types, strict=True)))


def _tuple(node: Node, source: bytes) -> f.Expr:
    args, keywords = arguments(node, source)
    return f.SequenceExpr(node.start_byte, node.end_byte, args + tuple(k.value for k in keywords))


def _inside(node: Node, source: bytes) -> f.Expr:
    """Lower nodes that only wrap others."""
    inside = expressions(node.named_children, source)
    return several(node, inside) if inside else constant(node, source)


def _first(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return inside[0] if inside else constant(node, source)


def _last(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return inside[-1] if inside else constant(node, source)


def _sequence(node: Node, source: bytes) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(node.named_children, source))


def _spread(node: Node, source: bytes) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, _inside(node, source))


def _binary(node: Node, source: bytes) -> f.Expr:
    left, op, right = (node.child_by_field_name(field) for field in ("left", "operator", "right"))
    if left is None or op is None or right is None:
        return _inside(node, source)
    return f.Binary(node.start_byte, node.end_byte, op.type, expression(left, source), expression(right, source))


def _unary(node: Node, source: bytes) -> f.Expr:
    """Lower `-x` and `!x`; `x!` and `*x` are x, `x++` is an assignment."""
    inside = expressions(node.named_children, source)
    if not inside:
        return constant(node, source)
    op = next((child.type for child in node.children if not child.is_named), "")
    if op in ("++", "--"):
        return f.Bind(
            node.start_byte, node.end_byte, inside[0], f"{op[0]}=", f.Const(node.end_byte, node.end_byte, "1")
        )
    if op in ("*", "&", "^") or node.children[0].is_named:
        return inside[0]
    return f.Unary(node.start_byte, node.end_byte, op, inside[0])


def _assignment(node: Node, source: bytes) -> f.Expr:
    left, op, right = (node.child_by_field_name(field) for field in ("left", "operator", "right"))
    if left is None or op is None or right is None:
        return _inside(node, source)
    return f.Bind(node.start_byte, node.end_byte, expression(left, source), op.type, expression(right, source))


def _choice(node: Node, source: bytes) -> f.Expr:
    parts = [node.child_by_field_name(field) for field in ("condition", "consequence", "alternative")]
    test, then, otherwise = (expression(part, source) if part else constant(node, source) for part in parts)
    return f.Choice(node.start_byte, node.end_byte, test, then, otherwise)


def _index(node: Node, source: bytes) -> f.Expr:
    value, index = node.child_by_field_name("expression"), node.child_by_field_name("subscript")
    if value is None or index is None:
        return _inside(node, source)
    args, _ = arguments(index, source)
    return f.Subscript(node.start_byte, node.end_byte, expression(value, source), several(index, args))


def _cast(node: Node, source: bytes) -> f.Expr:
    typed, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    if node.type == "as_expression":
        typed, value = node.child_by_field_name("right"), node.child_by_field_name("left")
    if typed is None or value is None:
        return _inside(node, source)
    return f.Cast(node.start_byte, node.end_byte, expression(value, source), expression(typed, source))


def _lambda(node: Node, source: bytes) -> f.Expr:
    params = parameters(node.child_by_field_name("parameters"), source)
    body = node.child_by_field_name("body") or (node.named_children[-1] if node.named_children else None)
    return f.Lambda(node.start_byte, node.end_byte, params, block_or_value(body, source))


def _is(node: Node, source: bytes) -> f.Expr:
    value, pattern = node.child_by_field_name("expression"), node.child_by_field_name("pattern")
    if value is None or pattern is None:
        parts = expressions(node.named_children, source)
        if len(parts) != 2:
            return _inside(node, source)
        return f.Call(node.start_byte, node.end_byte, mark(node, "isinstance"), parts)
    return patterns.match(expression(value, source), pattern, source, expression)


def _switch(node: Node, source: bytes) -> f.Expr:
    """Lower a `switch` that is a value to a chain of choices."""
    if not node.named_children:
        return constant(node, source)
    subject = expression(node.named_children[0], source)
    result: f.Expr = f.Const(node.end_byte, node.end_byte, "null")
    arms = [child for child in node.named_children if child.kind_id in _ARM]
    for arm in reversed(arms):
        parts = [child for child in arm.named_children if child.kind_id not in _COMMENT]
        if len(parts) < 2:
            continue
        value = expression(parts[-1], source)
        test = guarded(subject, parts[:-1], source)
        result = value if parts[0].type == "discard" else f.Choice(arm.start_byte, arm.end_byte, test, value, result)
    return result


def guarded(subject: f.Expr, parts: list[Node], source: bytes) -> f.Expr:
    """Return the test of a pattern and of the `when` after it."""
    test = patterns.match(subject, parts[0], source, expression)
    for clause in parts[1:]:
        if clause.kind_id in _WHEN:
            test = f.Binary(test.start, clause.end_byte, "&&", test, _inside(clause, source))
    return test


def _attribute(node: Node, source: bytes) -> f.Expr:
    name = node.child_by_field_name("name")
    if name is None:
        return constant(node, source)
    func = expression(name, source)
    given = next((child for child in node.named_children if child.kind_id in _GIVENS), None)
    if given is None:
        return func
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for child in given.named_children:
        parts = [c for c in child.named_children if c.kind_id not in _COMMENT]
        if child.kind_id not in _GIVEN or not parts:
            continue
        value = expression(parts[-1], source)
        if len(parts) > 1:
            keywords.append(f.Keyword(parts[0].start_byte, parts[0].end_byte, word(parts[0], source), value))
        else:
            args.append(value)
    return f.Call(node.start_byte, node.end_byte, func, tuple(args), tuple(keywords))


def _base(node: Node, source: bytes) -> f.Expr:
    return f.Call(node.start_byte, node.end_byte, mark(node, "super"))


def _interpolated(node: Node, source: bytes) -> f.Expr:
    return strings.interpolated(node, source, expression)


def _query(node: Node, source: bytes) -> f.Expr:
    return linq.query(node, source, expression)


def _declared(node: Node, source: bytes) -> f.Expr:
    name = node.child_by_field_name("name")
    return expression(name, source) if name is not None else _last(node, source)


_WRAPPERS = (
    *("parenthesized_expression", "await_expression", "checked_expression", "nullable_type", "ref_expression"),
    *("arrow_expression_clause", "throw_expression", "typeof_expression", "type_parameter_constraint", "argument"),
    *("ref_type", "pointer_type", "scoped_type", "expression_element", "collection_element", "constant_pattern"),
    *("default_expression", "sizeof_expression"),
)
_HANDLERS: dict[str, Lower] = {
    **dict.fromkeys(("identifier", "predefined_type", "this"), g.name),
    **dict.fromkeys(_WRAPPERS, _inside),
    **dict.fromkeys(("member_access_expression", "qualified_name", "conditional_access_expression"), _member),
    **dict.fromkeys(("cast_expression", "as_expression"), _cast),
    **dict.fromkeys(("lambda_expression", "anonymous_method_expression"), _lambda),
    **dict.fromkeys(("is_expression", "is_pattern_expression"), _is),
    **dict.fromkeys(("string_literal", "raw_string_literal"), strings.text),
    **dict.fromkeys(("prefix_unary_expression", "postfix_unary_expression"), _unary),
    **dict.fromkeys(("collection_expression", "tuple_pattern", "parenthesized_variable_designation"), _sequence),
    "alias_qualified_name": _last,
    "primary_constructor_base_type": _first,
    "generic_name": _generic,
    "invocation_expression": _call,
    "array_type": _array_type,
    "tuple_type": _tuple_type,
    "tuple_expression": _tuple,
    "spread_element": _spread,
    "binary_expression": _binary,
    "assignment_expression": _assignment,
    "conditional_expression": _choice,
    "element_access_expression": _index,
    "switch_expression": _switch,
    "base": _base,
    "verbatim_string_literal": strings.verbatim,
    "interpolated_string_expression": _interpolated,
    "query_expression": _query,
    "declaration_expression": _declared,
}
EXPRESSIONS.update({**GRAMMAR.table(_HANDLERS, constant, SKIPPED), **EXPRESSIONS})
