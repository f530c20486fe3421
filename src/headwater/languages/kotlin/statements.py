"""Kotlin statements to facts."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Stmts
from headwater.languages.kotlin.expressions import annotations_of, entry_test, subject_of
from headwater.languages.kotlin.grammar import STATEMENTS, expression, expressions, kinds, parts, statements

_BLOCK, _ENTRY, _MODIFIERS = kinds("block"), kinds("when_entry"), kinds("modifiers")
_VARIABLE, _SEVERAL = kinds("variable_declaration"), kinds("multi_variable_declaration")
_DELEGATE, _GETTER, _SETTER = kinds("property_delegate"), kinds("getter"), kinds("setter")
_CATCH = kinds("catch_block", "finally_block")
_CONSTRAINTS = kinds("type_constraints", "type_parameters")


def block(node: Node | None, source: bytes) -> Stmts:
    """Lower a block, or a statement that stands in its place."""
    if node is None:
        return ()
    return statements(node.named_children if node.kind_id in _BLOCK else (node,), source)


def modifiers_of(node: Node) -> Node | None:
    """Return the modifiers of a declaration."""
    return next((child for child in node.named_children if child.kind_id in _MODIFIERS), None)


def declared(node: Node, source: bytes) -> f.Assign | None:
    """Lower a property: its name, type, value and annotations."""
    target: f.Expr | None = None
    typed: f.Expr | None = None
    value: f.Expr | None = None
    for child in parts(node):
        kind = child.kind_id
        if kind in _VARIABLE:
            name, *rest = parts(child)
            target, typed = g.name(name, source), expression(rest[-1], source) if rest else None
        elif kind in _SEVERAL:
            target = f.SequenceExpr(child.start_byte, child.end_byte, expressions(child.named_children, source))
        elif kind in _DELEGATE:
            value = _delegated(child, source)
        elif target is not None and kind not in _GETTER and kind not in _SETTER and kind not in _CONSTRAINTS:
            value = expression(child, source)
    if target is None:
        return None
    decorators = annotations_of(modifiers_of(node), source)
    return f.Assign(target.start, target.end, (target,), value, typed, "=", decorators)


def _delegated(node: Node, source: bytes) -> f.Expr | None:
    """Lower `by lazy { x }` to a call of the lambda; other delegates are unknown values."""
    value = expression(parts(node)[-1], source) if parts(node) else None
    if isinstance(value, f.Call) and isinstance(value.func, f.Name) and value.func.id == "lazy" and value.args:
        return f.Call(value.start, value.end, value.args[-1])
    return None


def _local(node: Node, source: bytes) -> Stmts:
    stmt = declared(node, source)
    return (stmt,) if stmt is not None else ()


def _assignment(node: Node, source: bytes) -> Stmts:
    left, op, right = (node.child_by_field_name(field) for field in ("left", "operator", "right"))
    if left is None or right is None:
        return ()
    spelled = op.type if op is not None else "="
    target, value = expression(left, source), expression(right, source)
    return (f.Assign(node.start_byte, node.end_byte, (target,), value, None, spelled),)


def _unary(node: Node, source: bytes) -> Stmts:
    value = expression(node, source)
    if isinstance(value, f.Bind):
        return (f.Assign(value.start, value.end, (value.target,), value.value, None, value.op),)
    return (f.Do(value.start, value.end, value),)


def _return(node: Node, source: bytes) -> Stmts:
    label = node.child_by_field_name("label")
    inside = [child for child in parts(node) if label is None or child.start_byte != label.start_byte]
    value = expression(inside[-1], source) if inside else None
    return (f.Return(node.start_byte, node.end_byte, value),)


def _throw(node: Node, source: bytes) -> Stmts:
    return tuple(f.Do(value.start, value.end, value, "throw") for value in expressions(node.named_children, source))


def _if(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_name("condition")
    if condition is None:
        return ()
    rest = [child for child in parts(node) if child.start_byte != condition.start_byte]
    body = block(rest[0], source) if rest else ()
    otherwise = block(rest[1], source) if len(rest) > 1 else ()
    return (f.Branch(node.start_byte, node.end_byte, expression(condition, source), body, otherwise),)


def _when(node: Node, source: bytes) -> Stmts:
    subject = subject_of(node, source)
    chain: Stmts = ()
    for entry in reversed([child for child in node.named_children if child.kind_id in _ENTRY]):
        test, body = entry_test(entry, subject, source), block(next(iter(parts(entry)[-1:]), None), source)
        branch = f.Branch(entry.start_byte, entry.end_byte, test, body, chain) if test is not None else None
        chain = (branch,) if branch is not None else body
    return chain


def _for(node: Node, source: bytes) -> Stmts:
    inside = parts(node)
    if len(inside) < 2:
        return ()
    target, iterable = expression(inside[0], source), expression(inside[1], source)
    body = block(inside[2], source) if len(inside) > 2 else ()
    return (f.Loop(node.start_byte, node.end_byte, target, iterable, body),)


def _while(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_name("condition")
    rest = [child for child in parts(node) if condition is None or child.start_byte != condition.start_byte]
    test = expression(condition, source) if condition is not None else None
    return (f.Loop(node.start_byte, node.end_byte, None, test, block(rest[0], source) if rest else ()),)


def _try(node: Node, source: bytes) -> Stmts:
    body: Stmts = ()
    for child in parts(node):
        inner = parts(child)[-1:] if child.kind_id in _CATCH else [child]
        body += block(inner[0], source) if inner else ()
    return (f.Scope(node.start_byte, node.end_byte, (), body),)


def _nested(node: Node, source: bytes) -> Stmts:
    return (f.Scope(node.start_byte, node.end_byte, (), statements(node.named_children, source)),)


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(("while_statement", "do_while_statement"), _while),
    **dict.fromkeys(("block", "anonymous_initializer"), _nested),
    "property_declaration": _local,
    "assignment": _assignment,
    "unary_expression": _unary,
    "return_expression": _return,
    "throw_expression": _throw,
    "if_expression": _if,
    "when_expression": _when,
    "for_statement": _for,
    "try_expression": _try,
}
STATEMENTS.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})
