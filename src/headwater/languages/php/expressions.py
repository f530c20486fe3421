"""PHP expressions to facts."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.php import strings, types
from headwater.languages.php.source import GRAMMAR, SKIPPED, Lower, PhpSource, kinds, relative, several, word

_NOTHING = kinds(*SKIPPED)
_NAME, _VARIABLE = kinds("name"), kinds("variable_name")
_ELEMENT, _ARGUMENTS = kinds("array_element_initializer"), kinds("arguments")
_STRINGS = kinds("string", "encapsed_string")
_ANONYMOUS = kinds("anonymous_class")


def expression(node: Node, source: PhpSource) -> f.Expr:
    """Lower any expression."""
    return TABLE.get(node.kind_id, _constant)(node, source)


def expressions(nodes: list[Node], source: PhpSource) -> tuple[f.Expr, ...]:
    """Lower the nodes that have a meaning."""
    return tuple([handler(n, source) for n in nodes if (handler := TABLE.get(n.kind_id))])


def _field(node: Node, name: str, source: PhpSource) -> f.Expr | None:
    child = node.child_by_field_name(name)
    return expression(child, source) if child is not None else None


def _constant(node: Node, source: PhpSource) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Const(start, end, source[start:end].decode("utf-8", "replace"))


def _content(node: Node, source: PhpSource) -> f.Expr:
    return several(node, expressions(node.named_children, source))


def _name(node: Node, source: PhpSource) -> f.Expr:
    start, end = node.start_byte, node.end_byte
    return f.Name(start, end, source[start:end].decode("utf-8", "replace"))


def variable(node: Node, source: PhpSource) -> f.Expr:
    """Lower `$name` to the name without its mark."""
    start, end = node.start_byte + 1, node.end_byte
    return f.Name(start, end, source[start:end].decode("utf-8", "replace"))


def _attribute(name: Node | None, value: f.Expr, source: PhpSource) -> f.Expr:
    """Return a member of a value; one that is computed is an element."""
    if name is None:
        return value
    if name.kind_id in _NAME:
        return f.Attr(name.start_byte, name.end_byte, value, word(name, source))
    return f.Subscript(name.start_byte, name.end_byte, value, expression(name, source))


def _member(node: Node, source: PhpSource) -> f.Expr:
    value = _field(node, "object", source) or _constant(node, source)
    return _attribute(node.child_by_field_name("name"), value, source)


def _member_call(node: Node, source: PhpSource) -> f.Expr:
    return _called(node, _member(node, source), node.child_by_field_name("arguments"), source)


def _static_member(node: Node, source: PhpSource) -> f.Expr:
    value = _field(node, "scope", source) or _constant(node, source)
    name = node.child_by_field_name("name")
    if name is not None and name.kind_id in _VARIABLE:
        start, end = name.start_byte + 1, name.end_byte
        return f.Attr(start, end, value, source[start:end].decode("utf-8", "replace"))
    return _attribute(name, value, source)


def _static_call(node: Node, source: PhpSource) -> f.Expr:
    return _called(node, _static_member(node, source), node.child_by_field_name("arguments"), source)


def _class_constant(node: Node, source: PhpSource) -> f.Expr:
    """Lower `User::NAME`; `User::class` is the class itself."""
    parts = node.named_children
    if not parts:
        return _constant(node, source)
    value = expression(parts[0], source)
    name = parts[-1]
    return value if word(name, source) == "class" else _attribute(name, value, source)


def _call(node: Node, source: PhpSource) -> f.Expr:
    func = node.child_by_field_name("function")
    called = expression(func, source) if func is not None else _constant(node, source)
    return _called(node, called, node.child_by_field_name("arguments"), source)


def _called(node: Node, func: f.Expr, arguments: Node | None, source: PhpSource) -> f.Expr:
    args, keywords = call_arguments(arguments, source) if arguments is not None else ((), ())
    return f.Call(node.start_byte, node.end_byte, func, args, keywords)


def call_arguments(node: Node, source: PhpSource) -> tuple[tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Lower an argument list to its positional and its named arguments."""
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    for child in node.named_children:
        if child.kind_id in _NOTHING:
            continue
        inner = [part for part in child.named_children if part.kind_id not in _NOTHING]
        if not inner:
            args.append(expression(child, source))
            continue
        name = child.child_by_field_name("name")
        value = expression(inner[-1], source)
        if name is not None and len(inner) > 1:
            keywords.append(f.Keyword(name.start_byte, name.end_byte, word(name, source), value))
        else:
            args.append(value)
    return tuple(args), tuple(keywords)


def _new(node: Node, source: PhpSource) -> f.Expr:
    """Lower `new X(…)` to a call of X; an anonymous class is what it extends."""
    func: f.Expr = f.Name(node.start_byte, node.start_byte, "object")
    arguments: Node | None = None
    for child in node.named_children:
        kind = child.kind_id
        if kind in _ARGUMENTS:
            arguments = child
        elif kind in _ANONYMOUS:
            func = expression(child, source)
            arguments = next((part for part in child.named_children if part.kind_id in _ARGUMENTS), None)
        elif kind not in _NOTHING:
            named = child.type in ("name", "qualified_name")
            func = types.qualified(child, source) if named else expression(child, source)
    return _called(node, func, arguments, source)


def _subscript(node: Node, source: PhpSource) -> f.Expr:
    inside = expressions(node.named_children, source)
    if not inside:
        return _constant(node, source)
    index = inside[1] if len(inside) > 1 else f.SequenceExpr(node.end_byte, node.end_byte)
    if isinstance(index, f.Name) and source[index.start - 1 : index.start] != b"$":
        index = f.Text(index.start, index.end, (f.Chunk(index.start, index.end, index.id),))
    return f.Subscript(node.start_byte, node.end_byte, inside[0], index)


def _array(node: Node, source: PhpSource) -> f.Expr:
    """Lower an array: with keys a mapping, else a sequence."""
    items = [child for child in node.named_children if child.kind_id not in _NOTHING]
    pairs = [_pair(item) for item in items]
    if not any(key is not None for key, _ in pairs):
        return f.SequenceExpr(node.start_byte, node.end_byte, tuple([expression(value, source) for _, value in pairs]))
    return f.Mapping(node.start_byte, node.end_byte, tuple([_entry(key, value, source) for key, value in pairs]))


def _pair(node: Node) -> tuple[Node | None, Node]:
    if node.kind_id not in _ELEMENT:
        return None, node
    parts = [child for child in node.named_children if child.kind_id not in _NOTHING]
    if len(parts) < 2:
        return None, parts[0] if parts else node
    return parts[0], parts[-1]


def _entry(key: Node | None, value: Node, source: PhpSource) -> f.DictEntry:
    if key is None:
        inner = expression(value, source)
        spread = inner.value if isinstance(inner, f.Spread) else inner
        return f.DictEntry(value.start_byte, value.end_byte, None, spread)
    start, end = key.start_byte, key.end_byte
    if key.kind_id in _STRINGS:
        start, end = min(start + 1, end), max(start + 1, end - 1)
    return f.DictEntry(start, end, expression(key, source), expression(value, source))


def _list(node: Node, source: PhpSource) -> f.Expr:
    """Lower a destructuring pattern: `['key' => $name]` is a mapping."""
    if not any(child.type == "=>" for child in node.children):
        return f.SequenceExpr(node.start_byte, node.end_byte, expressions(node.named_children, source))
    parts = [child for child in node.named_children if child.kind_id not in _NOTHING]
    entries = [_entry(key, value, source) for key, value in zip(parts[::2], parts[1::2], strict=False)]
    return f.Mapping(node.start_byte, node.end_byte, tuple(entries))


def _binary(node: Node, source: PhpSource) -> f.Expr:
    left, right = _field(node, "left", source), _field(node, "right", source)
    op = node.child_by_field_name("operator")
    if left is None or right is None:
        return _content(node, source)
    spelt = op.type.lower() if op is not None else "?"
    if spelt == "instanceof":
        return f.Call(node.start_byte, node.end_byte, f.Name(left.start, left.start, "isinstance"), (left, right))
    return f.Binary(node.start_byte, node.end_byte, spelt, left, right)


def _unary(node: Node, source: PhpSource) -> f.Expr:
    operand = _field(node, "argument", source) or _constant(node, source)
    return f.Unary(node.start_byte, node.end_byte, node.children[0].type, operand)


def _choice(node: Node, source: PhpSource) -> f.Expr:
    test, then = _field(node, "condition", source), _field(node, "body", source)
    otherwise = _field(node, "alternative", source)
    if test is None or otherwise is None:
        return _content(node, source)
    return f.Choice(node.start_byte, node.end_byte, test, then if then is not None else test, otherwise)


def _bind(node: Node, source: PhpSource) -> f.Expr:
    left, right = _field(node, "left", source), _field(node, "right", source)
    op = node.child_by_field_name("operator")
    if left is None or right is None:
        return _content(node, source)
    return f.Bind(left.start, left.end, left, op.type if op is not None else "=", right)


def _update(node: Node, source: PhpSource) -> f.Expr:
    """Lower `$x++` to an assignment."""
    goal = _field(node, "argument", source)
    if goal is None:
        return _content(node, source)
    op = next((child.type for child in node.children if not child.is_named), "++")
    return f.Bind(goal.start, goal.end, goal, op[0] + "=", f.Const(node.end_byte, node.end_byte, "1"))


def _match(node: Node, source: PhpSource) -> f.Expr:
    """Lower `match` to a chain of choices."""
    subject, block = _field(node, "condition", source), node.child_by_field_name("body")
    result: f.Expr = f.Const(node.end_byte, node.end_byte, "null")
    for arm in reversed(block.named_children if block is not None else []):
        value = _field(arm, "return_expression", source)
        if value is None:
            continue
        tests = arm.child_by_field_name("conditional_expressions")
        if tests is None:
            result = value
            continue
        test = several(tests, expressions(tests.named_children, source))
        if subject is not None and not isinstance(subject, f.Const):
            test = f.Binary(test.start, test.end, "==", subject, test)
        result = f.Choice(arm.start_byte, arm.end_byte, test, value, result)
    return result


def _cast(node: Node, source: PhpSource) -> f.Expr:
    return _field(node, "value", source) or _constant(node, source)


def _spread(node: Node, source: PhpSource) -> f.Expr:
    return f.Spread(node.start_byte, node.end_byte, _content(node, source))


def _text(node: Node, source: PhpSource) -> f.Expr:
    return strings.text(node, source, expression)


def _qualified(node: Node, source: PhpSource) -> f.Expr:
    return types.qualified(node, source)


def _dynamic(node: Node, source: PhpSource) -> f.Expr:
    inner = [child for child in node.named_children if child.kind_id not in _NOTHING]
    if len(inner) == 1 and inner[0].kind_id in _NAME:
        return _name(inner[0], source)
    return _constant(node, source)


HANDLERS: dict[str, Lower] = {
    "name": _name,
    "variable_name": variable,
    "dynamic_variable_name": _dynamic,
    "relative_scope": relative,
    "qualified_name": _qualified,
    "relative_name": _qualified,
    "named_type": _qualified,
    "member_access_expression": _member,
    "nullsafe_member_access_expression": _member,
    "member_call_expression": _member_call,
    "nullsafe_member_call_expression": _member_call,
    "scoped_property_access_expression": _static_member,
    "scoped_call_expression": _static_call,
    "class_constant_access_expression": _class_constant,
    "function_call_expression": _call,
    "object_creation_expression": _new,
    "subscript_expression": _subscript,
    "array_creation_expression": _array,
    "list_literal": _list,
    "binary_expression": _binary,
    "unary_op_expression": _unary,
    "conditional_expression": _choice,
    "assignment_expression": _bind,
    "reference_assignment_expression": _bind,
    "augmented_assignment_expression": _bind,
    "update_expression": _update,
    "match_expression": _match,
    "cast_expression": _cast,
    "variadic_unpacking": _spread,
    **dict.fromkeys(("string", "encapsed_string", "heredoc", "nowdoc"), _text),
    **dict.fromkeys(("parenthesized_expression", "error_suppression_expression", "by_ref", "argument"), _content),
    **dict.fromkeys(("yield_expression", "array_element_initializer", "sequence_expression", "pair"), _content),
    **dict.fromkeys(("clone_expression", "throw_expression", "print_intrinsic", "match_condition_list"), _content),
    **dict.fromkeys(("include_expression", "include_once_expression"), _content),
    **dict.fromkeys(("require_expression", "require_once_expression"), _content),
}
TABLE: dict[int, Lower] = GRAMMAR.table(HANDLERS, _constant, SKIPPED)
