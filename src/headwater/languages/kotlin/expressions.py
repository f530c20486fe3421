"""Kotlin expressions, types and annotations to facts.

`x ?: y` is a binary, `x!!` and `x?.y` are x and `x.y`, `a to b` is a sequence of two; `if`, `when` and `try` that are
values are choices.
"""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Lower, constant, mark, several, word
from headwater.languages.kotlin import lambdas, strings
from headwater.languages.kotlin.grammar import (
    COMMENTS,
    EXPRESSIONS,
    GRAMMAR,
    SKIPPED,
    expression,
    expressions,
    kinds,
    parts,
    statements,
    valued,
)

_ARGUMENTS, _TYPE_ARGUMENTS = kinds("value_arguments"), kinds("type_arguments")
_ARGUMENT, _LAMBDA = kinds("value_argument"), kinds("annotated_lambda", "lambda_literal")
_BLOCK, _ENTRY, _SUBJECT = kinds("block"), kinds("when_entry"), kinds("when_subject")
_TYPE_TEST, _RANGE_TEST, _UNARY = kinds("type_test"), kinds("range_test"), kinds("unary_expression")
_ANNOTATION, _CONSTRUCTED = kinds("annotation"), kinds("constructor_invocation")
_CLASS_FORMS = frozenset({"java", "javaObjectType", "javaClass"})
_CONSTANTS = frozenset({"null", "true", "false"})
_CATCH, _IDENTIFIER = kinds("catch_block", "finally_block"), kinds("identifier")


def _name(node: Node, source: bytes) -> f.Expr:
    value = g.name(node, source)
    return f.Const(value.start, value.end, value.id) if isinstance(value, f.Name) and value.id in _CONSTANTS else value


def annotations_of(node: Node | None, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the annotations among modifiers, whatever they are set on (`@field:`, `@get:`)."""
    if node is None:
        return ()
    return tuple(
        expression(parts(child)[-1], source)
        for child in node.named_children
        if child.kind_id in _ANNOTATION and parts(child)
    )


def arguments(node: Node | None, source: bytes) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Lower an argument list to its positional and its named arguments."""
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for child in node.named_children if node is not None else ():
        inside = parts(child) if child.kind_id in _ARGUMENT else []
        if not inside:
            continue
        value = expression(inside[-1], source)
        if len(inside) > 1 and inside[0].kind_id in _IDENTIFIER:
            at = (inside[0].start_byte, inside[0].end_byte)
            keywords.append(f.Keyword(*at, word(inside[0], source), value))
        else:
            args.append(value)
    return tuple(args), tuple(keywords)


def _call(node: Node, source: bytes) -> f.Expr:
    children = parts(node)
    func, generics = expression(children[0], source), next((c for c in children if c.kind_id in _TYPE_ARGUMENTS), None)
    given = next((child for child in children if child.kind_id in _ARGUMENTS), None)
    trailing = next((child for child in children[1:] if child.kind_id in _LAMBDA), None)
    if generics is not None and (inside := expressions(generics.named_children, source)):
        func = f.Subscript(func.start, func.end, func, several(generics, inside))
    args, keywords = arguments(given, source)
    if trailing is not None:
        if (scoped := lambdas.scope_function(node, func, args, trailing, source)) is not None:
            return scoped
        if isinstance(func, f.Call) and given is None:  # `f(a) { … }` is one call
            both = (*func.args, expression(trailing, source))
            return f.Call(node.start_byte, node.end_byte, func.func, both, func.keywords)
        args = (*args, expression(trailing, source))
    if isinstance(func, f.Unary):  # `!a.b()` is read by the grammar as `(!a).b()`
        inner = f.Call(node.start_byte, node.end_byte, func.operand, args, keywords)
        return f.Unary(node.start_byte, node.end_byte, func.op, inner)
    return f.Call(node.start_byte, node.end_byte, func, args, keywords)


def _navigation(node: Node, source: bytes) -> f.Expr:
    children = [child for child in node.children if child.kind_id not in COMMENTS]
    first, last = children[0], children[-1]
    if any(child.type == "::" for child in children):
        return _reference(node, first, last, source)
    value = expression(first, source)
    if word(last, source) in _CLASS_FORMS and b"::class" in source[first.start_byte : first.end_byte]:
        return value  # `User::class.java` is the class
    if isinstance(value, f.Unary) and first.kind_id in _UNARY:
        inner = f.Attr(last.start_byte, last.end_byte, value.operand, word(last, source))
        return f.Unary(node.start_byte, node.end_byte, value.op, inner)
    return f.Attr(last.start_byte, last.end_byte, value, word(last, source))


def _reference(node: Node, first: Node | None, last: Node, source: bytes) -> f.Expr:
    """Lower `User::name` to `(User it) -> it.name`, `::print` and `this::save` to a call; `User::class` is User."""
    start, end, name = node.start_byte, node.end_byte, word(last, source)
    it = f.Name(start, start, "it")
    owner = expression(first, source) if first is not None else None
    if name == "class" and owner is not None:
        return owner
    at = (last.start_byte, last.end_byte)
    if owner is None:
        body: f.Expr = f.Call(start, end, f.Name(*at, name), (it,))
        return f.Lambda(start, end, (f.Param(start, start, "it"),), g.returned(body))
    is_type = (getattr(owner, "name", "") or getattr(owner, "id", ""))[:1].isupper()
    member = f.Attr(*at, it if is_type else owner, name)
    body = member if is_type else f.Call(start, end, member, (it,))
    return f.Lambda(start, end, (f.Param(start, start, "it", owner if is_type else None),), g.returned(body))


def _callable(node: Node, source: bytes) -> f.Expr:
    children = parts(node)
    return _reference(node, children[0] if len(children) > 1 else None, children[-1], source)


def _inside(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return several(node, inside) if inside else constant(node, source)


def _last(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return inside[-1] if inside else constant(node, source)


def _type(node: Node, source: bytes) -> f.Expr:
    """Lower `a.B<C>` in a type."""
    value: f.Expr | None = None
    for child in parts(node):
        if child.kind_id in _TYPE_ARGUMENTS:
            inside = expressions(child.named_children, source)
            if value is not None and inside:
                value = f.Subscript(node.start_byte, node.end_byte, value, several(child, inside))
        elif value is None:
            value = g.name(child, source) if not child.named_children else expression(child, source)
        else:
            value = f.Attr(child.start_byte, child.end_byte, value, word(child, source))
    return value if value is not None else constant(node, source)


def _binary(node: Node, source: bytes) -> f.Expr:
    left, op, right = (node.child_by_field_name(field) for field in ("left", "operator", "right"))
    if left is None or right is None:
        return _inside(node, source)
    spelled = op.type if op is not None else "in"
    return f.Binary(node.start_byte, node.end_byte, spelled, expression(left, source), expression(right, source))


def _in(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    if len(inside) != 2:
        return several(node, inside) if inside else constant(node, source)
    op = "not in" if any(child.type == "!in" for child in node.children) else "in"
    return f.Binary(node.start_byte, node.end_byte, op, *inside)


def _infix(node: Node, source: bytes) -> f.Expr:
    children = parts(node)
    if len(children) != 3:
        return _inside(node, source)
    left, right = expression(children[0], source), expression(children[2], source)
    if word(children[1], source) == "to":
        return f.SequenceExpr(node.start_byte, node.end_byte, (left, right))
    func = f.Attr(children[1].start_byte, children[1].end_byte, left, word(children[1], source))
    return f.Call(node.start_byte, node.end_byte, func, (right,))


def _unary(node: Node, source: bytes) -> f.Expr:
    operand, op = node.child_by_field_name("argument"), node.child_by_field_name("operator")
    if operand is None or op is None:
        return _inside(node, source)
    value = expression(operand, source)
    if op.type == "!!":
        return value
    if op.type in ("++", "--"):
        step = f.Const(node.end_byte, node.end_byte, "1")
        return f.Bind(node.start_byte, node.end_byte, value, f"{op.type[0]}=", step)
    return f.Unary(node.start_byte, node.end_byte, op.type, value)


def _index(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    if len(inside) < 2:
        return several(node, inside) if inside else constant(node, source)
    return f.Subscript(node.start_byte, node.end_byte, inside[0], several(node, inside[1:]))


def _cast(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    return f.Cast(node.start_byte, node.end_byte, inside[0], inside[-1])


def _is(node: Node, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    test = f.Call(node.start_byte, node.end_byte, mark(node, "isinstance"), inside)
    negated = any(child.type == "!is" for child in node.children)
    return f.Unary(node.start_byte, node.end_byte, "!", test) if negated else test


def block_value(node: Node, source: bytes) -> f.Expr:
    """Lower a block or expression that is a value: several statements are a function that is called at once."""
    if node.kind_id not in _BLOCK:
        return expression(node, source)
    body = valued(statements(node.named_children, source))
    if len(body) == 1 and isinstance(body[0], f.Return) and body[0].value is not None:
        return body[0].value
    start, end = node.start_byte, node.end_byte
    return f.Call(start, end, f.Lambda(start, end, (), body))


def _if(node: Node, source: bytes) -> f.Expr:
    condition = node.child_by_field_name("condition")
    rest = [child for child in parts(node) if condition is None or child.start_byte != condition.start_byte]
    if condition is None or not rest:
        return _inside(node, source)
    then = block_value(rest[0], source)
    otherwise = block_value(rest[1], source) if len(rest) > 1 else f.Const(node.end_byte, node.end_byte, "null")
    return f.Choice(node.start_byte, node.end_byte, expression(condition, source), then, otherwise)


def _when(node: Node, source: bytes) -> f.Expr:
    subject = subject_of(node, source)
    result: f.Expr = f.Const(node.end_byte, node.end_byte, "null")
    for entry in reversed([child for child in node.named_children if child.kind_id in _ENTRY]):
        test, body = entry_test(entry, subject, source), parts(entry)[-1:]
        value = block_value(body[0], source) if body else result
        result = value if test is None else f.Choice(entry.start_byte, entry.end_byte, test, value, result)
    return result


def subject_of(node: Node, source: bytes) -> f.Expr | None:
    """Return the value that a `when` tests, or None; `when (val x = …)` is the value of x."""
    subject = next((child for child in node.named_children if child.kind_id in _SUBJECT), None)
    return expression(parts(subject)[-1], source) if subject is not None and parts(subject) else None


def entry_test(entry: Node, subject: f.Expr | None, source: bytes) -> f.Expr | None:
    """Return the test of an entry of a `when`, or None for `else`."""
    result: f.Expr | None = None
    for condition in entry.children_by_field_name("condition"):
        test = _condition(condition, subject, source)
        result = test if result is None else f.Binary(result.start, test.end, "||", result, test)
    return result


def _condition(node: Node, subject: f.Expr | None, source: bytes) -> f.Expr:
    inside = expressions(node.named_children, source)
    if subject is None:
        return expression(node, source)
    if node.kind_id in _TYPE_TEST and inside:
        return f.Call(node.start_byte, node.end_byte, mark(node, "isinstance"), (subject, inside[-1]))
    if node.kind_id in _RANGE_TEST and inside:
        return f.Binary(node.start_byte, node.end_byte, "in", subject, inside[-1])
    return f.Binary(node.start_byte, node.end_byte, "==", subject, expression(node, source))


def _try(node: Node, source: bytes) -> f.Expr:
    blocks = [child for child in parts(node) if child.kind_id in _BLOCK]
    return block_value(blocks[0], source) if blocks else constant(node, source)


def _constructed(node: Node, source: bytes) -> f.Expr:
    """Lower `Base<T>(a)` in a header and `Column(name = "x")` of an annotation."""
    children = parts(node)
    args, keywords = arguments(children[-1] if children[-1].kind_id in _ARGUMENTS else None, source)
    return f.Call(node.start_byte, node.end_byte, expression(children[0], source), args, keywords)


def _spread(node: Node, source: bytes) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, _inside(node, source))


def _sequence(node: Node, source: bytes) -> f.Expr:
    return f.SequenceExpr(node.start_byte, node.end_byte, expressions(node.named_children, source))


def _super(node: Node, source: bytes) -> f.Expr:
    return f.Call(node.start_byte, node.end_byte, mark(node, "super"))


def _this(node: Node, source: bytes) -> f.Expr:
    return f.Name(node.start_byte, node.start_byte + len(b"this"), "this")


def _text(node: Node, source: bytes) -> f.Expr:
    return strings.text(node, source, expression)


def _function_type(node: Node, source: bytes) -> f.Expr:
    return f.Subscript(node.start_byte, node.end_byte, mark(node, "Callable"), _last(node, source))


_WRAPPERS = (
    *("parenthesized_expression", "parenthesized_type", "nullable_type", "non_nullable_type", "type_projection"),
    *("annotated_lambda", "labeled_expression", "when_subject", "value_argument", "throw_expression"),
    *("return_expression", "delegation_specifier"),
)
_HANDLERS: dict[str, Lower] = {
    **dict.fromkeys(_WRAPPERS, _last),
    **dict.fromkeys(("string_literal", "multiline_string_literal"), _text),
    **dict.fromkeys(("user_type", "qualified_identifier"), _type),
    **dict.fromkeys(("range_expression", "multi_variable_declaration", "collection_literal"), _sequence),
    "identifier": _name,
    "call_expression": _call,
    "navigation_expression": _navigation,
    "callable_reference": _callable,
    "binary_expression": _binary,
    "in_expression": _in,
    "infix_expression": _infix,
    "unary_expression": _unary,
    "index_expression": _index,
    "as_expression": _cast,
    "is_expression": _is,
    "if_expression": _if,
    "when_expression": _when,
    "try_expression": _try,
    "constructor_invocation": _constructed,
    "spread_expression": _spread,
    "super_expression": _super,
    "this_expression": _this,
    "function_type": _function_type,
    "annotated_expression": _last,
    "explicit_delegation": lambda node, source: expression(parts(node)[0], source),
    "variable_declaration": lambda node, source: expression(parts(node)[0], source),
}
EXPRESSIONS.update({**GRAMMAR.table(_HANDLERS, constant, SKIPPED), **EXPRESSIONS})
