"""Java expressions, types, patterns and annotations to facts.

`o instanceof User u` is `isinstance(o, User)` and a binding of `u`; `User::getName` is a lambda; `new A() { … }` is a
call of A with each of its methods as a named lambda; a `switch` that is a value is a chain of choices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Lower, constant, mark, several, word
from headwater.languages.java import strings
from headwater.languages.java.grammar import GRAMMAR, SKIPPED, kinds

_IDENTIFIER, _TYPE_ARGUMENTS = kinds("identifier", "type_identifier"), kinds("type_arguments")
_TYPE_NAME = kinds("type_identifier", "scoped_type_identifier", "generic_type")
_PAIR, _BLOCK, _COMMENT = kinds("element_value_pair"), kinds("block"), kinds(*SKIPPED)
_ANNOTATIONS, _CLASS_BODY = kinds("annotation", "marker_annotation"), kinds("class_body")
_LABEL, _GUARD = kinds("switch_label"), kinds("guard")
_TYPE_PATTERN, _RECORD_PATTERN = kinds("type_pattern"), kinds("record_pattern")
_PATTERN, _STATIC = kinds("pattern"), ("Type", "Class")
_PARAMETER, _SPREAD, _DECLARATOR = kinds("formal_parameter"), kinds("spread_parameter"), kinds("variable_declarator")
_MODIFIERS, _EXPRESSION, _THROW = kinds("modifiers"), kinds("expression_statement"), kinds("throw_statement")

# Filled by `statements.py` and `definitions.py`: statements contain expressions and the other way round.
STATEMENTS: list[Callable[[Node, bytes], g.Stmts]] = []
METHODS: list[Callable[[Node, bytes], g.Stmts]] = []


def expression(node: Node, source: bytes) -> f.Expr:
    """Lower any expression, pattern or type."""
    return TABLE.get(node.kind_id, constant)(node, source)


def expressions(nodes: Iterable[Node], source: bytes) -> tuple[f.Expr, ...]:
    """Lower nodes, passing over punctuation and comments."""
    return tuple([handler(n, source) for n in nodes if (handler := TABLE.get(n.kind_id))])


def annotations_of(node: Node | None, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the annotations among modifiers."""
    if node is None:
        return ()
    return tuple(expression(child, source) for child in node.named_children if child.kind_id in _ANNOTATIONS)


def parameters(node: Node | None, source: bytes) -> tuple[f.Param, ...]:
    """Lower the parameters of a method or lambda."""
    if node is None:
        return ()
    if node.kind_id in _IDENTIFIER:
        return (f.Param(node.start_byte, node.end_byte, word(node, source)),)
    params = []
    for child in node.named_children:
        kind = child.kind_id
        if kind in _IDENTIFIER:
            params.append(f.Param(child.start_byte, child.end_byte, word(child, source)))
        elif kind in _PARAMETER and (name := child.child_by_field_name("name")):
            typed = type_of(child.child_by_field_name("type"), source)
            params.append(f.Param(name.start_byte, name.end_byte, word(name, source), typed))
        elif kind in _SPREAD and child.named_children[-1].kind_id in _DECLARATOR:
            name = child.named_children[-1]
            types = expressions((c for c in child.named_children[:-1] if c.kind_id not in _MODIFIERS), source)
            typed = types[-1] if types else None
            params.append(f.Param(name.start_byte, name.end_byte, word(name, source), typed, None, "*"))
    return tuple(params)


def type_of(node: Node | None, source: bytes) -> f.Expr | None:
    """Lower a declared type; `var` is none."""
    if node is None:
        return None
    lowered = expression(node, source)
    return None if isinstance(lowered, f.Name) and lowered.id == "var" else lowered


def arguments(node: Node | None, source: bytes) -> tuple[f.Expr, ...]:
    """Lower an argument list."""
    return () if node is None else expressions(node.named_children, source)


def statements_of(node: Node, source: bytes) -> g.Stmts:
    """Lower a block or a single statement."""
    return STATEMENTS[0](node, source)


def _attribute(node: Node, source: bytes) -> f.Expr:
    """Lower `a.b`, also in types: an inner class, a package."""
    children = node.named_children
    if len(children) < 2:
        return constant(node, source)
    name = children[-1]
    return f.Attr(name.start_byte, name.end_byte, expression(children[0], source), word(name, source))


def _call(node: Node, source: bytes) -> f.Expr:
    name, receiver = node.child_by_field_name("name"), node.child_by_field_name("object")
    if name is None:
        return _inside(node, source)
    func: f.Expr
    if receiver is None:
        func = g.name(name, source)
    else:
        func = f.Attr(name.start_byte, name.end_byte, expression(receiver, source), word(name, source))
        if (generic := node.child_by_field_name("type_arguments")) is not None:
            func = _with_arguments(node, func, generic, source)
    return f.Call(node.start_byte, node.end_byte, func, arguments(node.child_by_field_name("arguments"), source))


def _new(node: Node, source: bytes) -> f.Expr:
    typed = node.child_by_field_name("type")
    if typed is None:
        return _inside(node, source)
    args = arguments(node.child_by_field_name("arguments"), source)
    body = next((child for child in node.named_children if child.kind_id in _CLASS_BODY), None)
    members = METHODS[0](body, source) if body is not None else ()
    methods = tuple(
        f.Keyword(m.start, m.end, m.name, f.Lambda(m.start, m.end, m.params, m.body))
        for m in members
        if isinstance(m, f.Function)
    )
    creation = f.Call(node.start_byte, node.end_byte, expression(typed, source), args, methods)
    rest = tuple(m for m in members if not isinstance(m, (f.Function, f.Class)))
    return _initialised(creation, rest) if rest else creation


def _initialised(creation: f.Call, body: g.Stmts) -> f.Expr:
    """Return `new User() {{ setName(name); }}` as a function that is called with the new object as `this`."""
    at = (creation.start, creation.end)
    returned = f.Return(*at, f.Name(*at, "this"))
    return f.Call(*at, f.Lambda(*at, (f.Param(*at, "this"),), (*body, returned)), (creation,))


def _generic(node: Node, source: bytes) -> f.Expr:
    children = node.named_children
    return _with_arguments(node, expression(children[0], source), children[-1], source)


def _with_arguments(node: Node, value: f.Expr, given: Node, source: bytes) -> f.Expr:
    inside = expressions(given.named_children, source) if given.kind_id in _TYPE_ARGUMENTS else ()
    if not inside:
        return value
    return f.Subscript(node.start_byte, node.end_byte, value, several(node, inside))


def _wildcard(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return inside[-1] if inside else constant(node, source)


def _array_type(node: Node, source: bytes) -> f.Expr:
    element = node.child_by_field_name("element")
    inner = expression(element, source) if element else constant(node, source)
    return f.Subscript(node.start_byte, node.end_byte, mark(node, "list"), inner)


def _new_array(node: Node, source: bytes) -> f.Expr:
    value = node.child_by_field_name("value")
    return expression(value, source) if value else f.SequenceExpr(node.start_byte, node.end_byte)


def _last(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return inside[-1] if inside else constant(node, source)


def _inside(node: Node, source: bytes) -> f.Expr:
    """Lower nodes that only wrap others."""
    inside = expressions(node.named_children, source)
    return several(node, inside) if inside else constant(node, source)


def _sequence(node: Node, source: bytes) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(node.named_children, source))


def _binary(node: Node, source: bytes) -> f.Expr:
    left, op, right = (node.child_by_field_name(field) for field in ("left", "operator", "right"))
    if left is None or op is None or right is None:
        return _inside(node, source)
    return f.Binary(node.start_byte, node.end_byte, op.type, expression(left, source), expression(right, source))


def _unary(node: Node, source: bytes) -> f.Expr:
    operand, op = node.child_by_field_name("operand"), node.child_by_field_name("operator")
    if operand is None or op is None:
        return _inside(node, source)
    return f.Unary(node.start_byte, node.end_byte, op.type, expression(operand, source))


def _update(node: Node, source: bytes) -> f.Expr:
    """Lower `i++` to `i += 1`."""
    inside = expressions(node.named_children, source)
    if not inside:
        return constant(node, source)
    op = "+=" if b"+" in source[node.start_byte : node.end_byte] else "-="
    return f.Bind(node.start_byte, node.end_byte, inside[0], op, f.Const(node.end_byte, node.end_byte, "1"))


def _assignment(node: Node, source: bytes) -> f.Expr:
    left, op, right = (node.child_by_field_name(field) for field in ("left", "operator", "right"))
    if left is None or op is None or right is None:
        return _inside(node, source)
    target = expression(left, source)
    return f.Bind(node.start_byte, node.end_byte, target, op.type, expression(right, source))


def _choice(node: Node, source: bytes) -> f.Expr:
    parts = [node.child_by_field_name(field) for field in ("condition", "consequence", "alternative")]
    test, then, otherwise = (expression(part, source) if part else constant(node, source) for part in parts)
    return f.Choice(node.start_byte, node.end_byte, test, then, otherwise)


def _index(node: Node, source: bytes) -> f.Expr:
    value, index = node.child_by_field_name("array"), node.child_by_field_name("index")
    if value is None or index is None:
        return _inside(node, source)
    return f.Subscript(node.start_byte, node.end_byte, expression(value, source), expression(index, source))


def _cast(node: Node, source: bytes) -> f.Expr:
    typed, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    if typed is None or value is None:
        return _inside(node, source)
    return f.Cast(node.start_byte, node.end_byte, expression(value, source), expression(typed, source))


def _lambda(node: Node, source: bytes) -> f.Expr:
    params = parameters(node.child_by_field_name("parameters"), source)
    body = node.child_by_field_name("body")
    if body is None:
        inner: g.Stmts = ()
    elif body.kind_id in _BLOCK:
        inner = statements_of(body, source)
    else:
        inner = g.returned(expression(body, source))
    return f.Lambda(node.start_byte, node.end_byte, params, inner)


def _reference(node: Node, source: bytes) -> f.Expr:
    """Lower `User::getName` to `(User it) -> it.getName()`; `User::new` and `this::save` take the argument."""
    children = [child for child in node.children if child.kind_id not in _COMMENT]
    start, end = node.start_byte, node.end_byte
    first, last = children[0], children[-1]
    owner, it = expression(first, source), f.Name(start, start, "it")
    name, at = word(last, source), (last.start_byte, last.end_byte)
    if name == "new":
        return f.Lambda(start, end, (f.Param(start, start, "it"),), g.returned(f.Call(start, end, owner, (it,))))
    is_type = first.kind_id in _TYPE_NAME or word(first, source).rpartition(".")[2][:1].isupper()
    call = f.Call(start, end, f.Attr(*at, it if is_type else owner, name), () if is_type else (it,))
    param = f.Param(start, start, "it", owner if is_type else None)
    return f.Lambda(start, end, (param,), g.returned(call))


def _instance_of(node: Node, source: bytes) -> f.Expr:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    name, pattern = node.child_by_field_name("name"), node.child_by_field_name("pattern")
    if left is None:
        return _inside(node, source)
    value = expression(left, source)
    if pattern is not None:
        return match(node, value, pattern, source)
    if right is None:
        return value
    typed = expression(right, source)
    return is_instance(node, value, typed, g.name(name, source) if name else None)


def is_instance(node: Node, value: f.Expr, typed: f.Expr, bound: f.Expr | None) -> f.Expr:
    """Return a test of a type, which may bind a name to the value."""
    start, end = node.start_byte, node.end_byte
    test = f.Call(start, end, mark(node, "isinstance"), (value, typed))
    if bound is None:
        return test
    return f.Binary(
        start, end, "&&", test, f.Bind(bound.start, bound.end, bound, "=", f.Cast(start, end, value, typed))
    )


def match(node: Node, value: f.Expr, pattern: Node, source: bytes) -> f.Expr:
    """Return the test that a pattern makes of a value; the parts of a record pattern only bind names."""
    if pattern.kind_id in _PATTERN and pattern.named_children:
        pattern = pattern.named_children[0]
    inside = expressions(pattern.named_children, source)
    if pattern.kind_id in _TYPE_PATTERN and inside:
        return is_instance(node, value, inside[0], inside[-1] if len(inside) > 1 else None)
    if pattern.kind_id in _RECORD_PATTERN and inside:
        return is_instance(node, value, inside[0], None)
    right = expression(pattern, source)
    return f.Binary(node.start_byte, node.end_byte, "==", value, right)


def case_test(label: Node, subject: f.Expr, source: bytes) -> f.Expr | None:
    """Return the test of a `case`, or None for `default`."""
    tests: list[f.Expr] = []
    guard: f.Expr | None = None
    for child in label.named_children:
        if child.kind_id in _GUARD:
            guard = _inside(child, source)
        elif child.kind_id not in _COMMENT:
            tests.append(match(child, subject, child, source))
    if not tests:
        return None
    test = tests[0]
    for other in tests[1:]:
        test = f.Binary(test.start, other.end, "||", test, other)
    return test if guard is None else f.Binary(test.start, guard.end, "&&", test, guard)


def _switch(node: Node, source: bytes) -> f.Expr:
    """Lower a `switch` that is a value to a chain of choices."""
    condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
    if condition is None or body is None:
        return _inside(node, source)
    subject = expression(condition, source)
    result: f.Expr = f.Const(node.end_byte, node.end_byte, "null")
    for rule in reversed(body.named_children):
        label = next((child for child in rule.named_children if child.kind_id in _LABEL), None)
        if label is not None:
            value = _case_value(rule, source)
            test = case_test(label, subject, source)
            result = value if test is None else f.Choice(rule.start_byte, rule.end_byte, test, value, result)
    return result


def _case_value(rule: Node, source: bytes) -> f.Expr:
    last = rule.named_children[-1]
    if last.kind_id in _EXPRESSION or last.kind_id in _THROW:
        return _inside(last, source)
    body = statements_of(last, source)
    start, end = last.start_byte, last.end_byte
    return f.Call(start, end, f.Lambda(start, end, (), body))


def _annotation(node: Node, source: bytes) -> f.Expr:
    name, given = node.child_by_field_name("name"), node.child_by_field_name("arguments")
    if name is None:
        return constant(node, source)
    func = expression(name, source)
    if given is None:
        return func
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for child in given.named_children:
        if child.kind_id in _PAIR:
            key, value = child.named_children[0], child.named_children[-1]
            at = (key.start_byte, key.end_byte)
            keywords.append(f.Keyword(*at, word(key, source), expression(value, source)))
        elif child.kind_id not in _COMMENT:
            args.append(expression(child, source))
    return f.Call(node.start_byte, node.end_byte, func, tuple(args), tuple(keywords))


def _super(node: Node, source: bytes) -> f.Expr:
    return f.Call(node.start_byte, node.end_byte, g.name(node, source))


_HANDLERS: dict[str, Lower] = {
    **dict.fromkeys(("identifier", "type_identifier", "this", "underscore_pattern"), g.name),
    **dict.fromkeys(("integral_type", "floating_point_type", "boolean_type", "void_type"), g.name),
    **dict.fromkeys(("field_access", "scoped_identifier", "scoped_type_identifier"), _attribute),
    **dict.fromkeys(("array_initializer", "element_value_array_initializer"), _sequence),
    **dict.fromkeys(("annotation", "marker_annotation"), _annotation),
    **dict.fromkeys(("parenthesized_expression", "class_literal", "type_bound", "catch_type"), _inside),
    "annotated_type": _last,
    "type_parameter": _wildcard,
    "super": _super,
    "method_invocation": _call,
    "object_creation_expression": _new,
    "generic_type": _generic,
    "wildcard": _wildcard,
    "array_type": _array_type,
    "array_creation_expression": _new_array,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "update_expression": _update,
    "assignment_expression": _assignment,
    "ternary_expression": _choice,
    "array_access": _index,
    "cast_expression": _cast,
    "lambda_expression": _lambda,
    "method_reference": _reference,
    "instanceof_expression": _instance_of,
    "switch_expression": _switch,
    "string_literal": strings.text,
    "template_expression": _last,
}
TABLE = GRAMMAR.table(_HANDLERS, constant, SKIPPED)
