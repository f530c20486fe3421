"""Rust blocks to statements: what `let`, `if`, `match` and loops do, and where the value of a block goes.

A block is an expression whose value is its last expression. A `Sink` makes a statement of that value: a return, an
assignment, or an expression statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import ERROR
from headwater.languages.rust import patterns, types
from headwater.languages.rust.expressions import expression, register
from headwater.languages.rust.grammar import COMMENTS, GRAMMAR, Code, constant
from headwater.languages.rust.marks import Marks

Stmts = tuple[f.Stmt, ...]
Sink = Callable[[f.Expr], f.Stmt]

_VALUE, _TYPE, _PATTERN, _ALTERNATIVE = (GRAMMAR.field(n) for n in ("value", "type", "pattern", "alternative"))
_PARAMETERS = GRAMMAR.field("parameters")
_CONDITION, _CONSEQUENCE, _BODY = (GRAMMAR.field(n) for n in ("condition", "consequence", "body"))
_LET, _STATEMENT = GRAMMAR.kinds("let_declaration"), GRAMMAR.kinds("expression_statement")
_LET_CONDITION, _LET_CHAIN = GRAMMAR.kinds("let_condition"), GRAMMAR.kinds("let_chain")
_ARM, _BLOCK, _MACRO = GRAMMAR.kinds("match_arm"), GRAMMAR.kinds("block"), GRAMMAR.kinds("macro_invocation")
_LABEL, _ASSIGNMENTS = GRAMMAR.kinds("label"), GRAMMAR.kinds("assignment_expression", "compound_assignment_expr")
_MATCH_PATTERN = GRAMMAR.kinds("match_pattern")


def returning(value: f.Expr) -> f.Stmt:
    """Return the value of a block."""
    return f.Return(value.start, value.end, value)


def doing(value: f.Expr) -> f.Stmt:
    """Drop the value of a block."""
    return f.Do(value.start, value.end, value)


def into(node: Node, code: Code, sink: Sink) -> Stmts:
    """Lower an expression to statements; the last of each of its branches passes its value to the sink."""
    handler = _TABLE.get(node.kind_id)
    return handler(node, code, sink) if handler else (sink(expression(node, code)),)


def valued(node: Node, code: Code) -> f.Expr:
    """Lower a block among expressions: its value, or else a function that is called at once."""
    return value_of_statements(into(node, code, returning), node)


def value_of_statements(stmts: Stmts, node: Node) -> f.Expr:
    """Return statements that end with returns as an expression."""
    simple = _simple(stmts)
    if simple is not None:
        return simple
    start, end = node.start_byte, node.end_byte
    return f.Call(start, end, f.Lambda(start, end, (), stmts))


def _simple(stmts: Stmts) -> f.Expr | None:
    last = stmts[-1] if len(stmts) == 1 else None
    if isinstance(last, f.Return):
        return last.value
    if not isinstance(last, f.Branch):
        return None
    then, otherwise = _simple(last.body), _simple(last.otherwise)
    if then is None or otherwise is None:
        return None
    return f.Choice(last.start, last.end, last.test, then, otherwise)


def block(node: Node, code: Code, sink: Sink) -> Stmts:
    """Lower a block: statements, and its last expression into the sink."""
    result: list[f.Stmt] = []
    children = [child for child in node.named_children if child.kind_id not in COMMENTS and child.kind_id not in _LABEL]
    marks = Marks()
    for position, child in enumerate(children):
        kind = child.kind_id
        item = _ITEMS.get(kind)
        if item is not None:
            result.extend(item(child, code, marks))
        elif kind in _LET:
            result.extend(_let(child, code))
        elif kind == ERROR:
            result.extend(block(child, code, doing))
        else:
            is_last = position == len(children) - 1 and not _has_semicolon(child)
            inner = child.named_children[0] if kind in _STATEMENT and child.named_children else child
            result.extend(into(inner, code, sink if is_last else doing))
    return tuple(result)


def _has_semicolon(node: Node) -> bool:
    return node.kind_id in _STATEMENT and node.children[-1].type == ";"


def _let(node: Node, code: Code) -> Stmts:
    pattern, value = node.child_by_field_id(_PATTERN), node.child_by_field_id(_VALUE)
    if pattern is None:
        return ()
    annotation = types.optional(node.child_by_field_id(_TYPE), code)
    target = patterns.target(pattern, code)
    if value is None:
        return () if target is None else (f.Assign(target.start, target.end, (target,), None, annotation),)
    result = into(value, code, doing if target is None else _assigning(target, annotation))
    other = node.child_by_field_id(_ALTERNATIVE)
    if other is None:
        return result
    start, end = other.start_byte, other.end_byte
    return (*result, f.Branch(start, end, f.Const(start, start, "else"), block(other, code, doing)))


def _assigning(target: f.Expr, annotation: f.Expr | None) -> Sink:
    return lambda value: f.Assign(target.start, value.end, (target,), value, annotation)


def _assignment(node: Node, code: Code, sink: Sink) -> Stmts:
    bound = expression(node, code)
    if not isinstance(bound, f.Bind):
        return (sink(bound),)
    return (f.Assign(bound.start, bound.end, (bound.target,), bound.value, None, bound.op),)


def _condition(node: Node | None, code: Code) -> tuple[Stmts, f.Expr]:
    """Return what a condition binds (`let Some(x) = y`), and its test."""
    if node is None:
        return (), f.Const(0, 0, "")
    if node.kind_id in _LET_CHAIN:
        parts = [_condition(child, code) for child in node.named_children if child.kind_id not in COMMENTS]
        tests = f.SequenceExpr(node.start_byte, node.end_byte, tuple(test for _, test in parts))
        return tuple(stmt for bound, _ in parts for stmt in bound), tests
    if node.kind_id not in _LET_CONDITION:
        return (), expression(node, code)
    pattern, value = node.child_by_field_id(_PATTERN), node.child_by_field_id(_VALUE)
    test = f.Const(node.start_byte, node.start_byte, "let")
    if pattern is None or value is None:
        return (), test
    target = patterns.target(pattern, code)
    return into(value, code, doing if target is None else _assigning(target, None)), test


def _if(node: Node, code: Code, sink: Sink) -> Stmts:
    bound, test = _condition(node.child_by_field_id(_CONDITION), code)
    consequence, other = node.child_by_field_id(_CONSEQUENCE), node.child_by_field_id(_ALTERNATIVE)
    body = () if consequence is None else block(consequence, code, sink)
    otherwise: Stmts = ()
    if other is not None and other.named_children:
        otherwise = into(other.named_children[-1], code, sink)
    return (*bound, f.Branch(node.start_byte, node.end_byte, test, body, otherwise))


def _match(node: Node, code: Code, sink: Sink) -> Stmts:
    """Lower `match` to its subject and a chain of branches, each with what its pattern binds."""
    value, body = node.child_by_field_id(_VALUE), node.child_by_field_id(_BODY)
    if value is None or body is None:
        return ()
    subject = expression(value, code)
    start = node.start_byte
    head: Stmts = (f.Do(subject.start, subject.end, subject),)
    if not isinstance(subject, f.Name):
        variable = f.Name(start, start, f"match at {start}")
        head, subject = (f.Assign(subject.start, subject.end, (variable,), subject),), variable
    chain: Stmts = ()
    for arm in reversed([child for child in body.named_children if child.kind_id in _ARM]):
        chain = _arm(arm, subject, chain, code, sink)
    return head + chain


def _arm(arm: Node, subject: f.Expr, chain: Stmts, code: Code, sink: Sink) -> Stmts:
    pattern, value = arm.child_by_field_id(_PATTERN), arm.child_by_field_id(_VALUE)
    start, end = arm.start_byte, arm.end_byte
    bound: Stmts = ()
    test: f.Expr = f.Const(start, start, "case")
    if pattern is not None:
        guard = pattern.child_by_field_id(_CONDITION)
        target = patterns.target(pattern, code)
        if target is not None:
            bound = (f.Assign(target.start, target.end, (target,), subject),)
        else:
            inner = pattern.named_children[0] if pattern.named_children else pattern
            bound = tuple(
                f.Assign(n.start, n.end, (n,), f.Const(n.end, n.end, "_")) for n in patterns.bindings(inner, code)
            )
        if guard is not None:
            more, test = _condition(guard, code)
            bound += more
    body = () if value is None else into(value, code, sink)
    return (*bound, f.Branch(start, end, test, body, chain))


def _loop(node: Node, code: Code, sink: Sink) -> Stmts:
    body = node.child_by_field_id(_BODY)
    bound, test = _condition(node.child_by_field_id(_CONDITION), code)
    inner = () if body is None else block(body, code, doing)
    return (f.Loop(node.start_byte, node.end_byte, None, test, (*bound, *inner)),)


def _for(node: Node, code: Code, sink: Sink) -> Stmts:
    pattern, value, body = (node.child_by_field_id(field) for field in (_PATTERN, _VALUE, _BODY))
    target = None if pattern is None else patterns.target(pattern, code)
    inner = () if body is None else block(body, code, doing)
    over = constant(node, code) if value is None else expression(value, code)
    return (f.Loop(node.start_byte, node.end_byte, target, over, inner),)


def _wrapped(node: Node, code: Code, sink: Sink) -> Stmts:
    """Lower `unsafe { … }`, `async move { … }`."""
    inner = next((child for child in node.named_children if child.kind_id in _BLOCK), None)
    return () if inner is None else block(inner, code, sink)


def _return(node: Node, code: Code, sink: Sink) -> Stmts:
    values = [child for child in node.named_children if child.kind_id not in COMMENTS and child.kind_id not in _LABEL]
    if not values:
        return (f.Return(node.start_byte, node.end_byte),)
    return into(values[-1], code, returning)


def _break(node: Node, code: Code, sink: Sink) -> Stmts:
    values = [child for child in node.named_children if child.kind_id not in COMMENTS and child.kind_id not in _LABEL]
    return into(values[-1], code, sink) if values else ()


def _nothing(node: Node, code: Code, sink: Sink) -> Stmts:
    return ()


# Statements that are lowered as assignments among expressions, and those without a value.
_NO_VALUES = frozenset({"assignment_expression", "compound_assignment_expr", "continue_expression", "empty_statement"})
_HANDLERS: dict[str, Callable[[Node, Code, Sink], Stmts]] = {
    **dict.fromkeys(("unsafe_block", "async_block", "const_block", "try_block", "gen_block"), _wrapped),
    **dict.fromkeys(("loop_expression", "while_expression"), _loop),
    **dict.fromkeys(("assignment_expression", "compound_assignment_expr"), _assignment),
    **dict.fromkeys(("continue_expression", "empty_statement"), _nothing),
    "block": block,
    "if_expression": _if,
    "match_expression": _match,
    "for_expression": _for,
    "return_expression": _return,
    "break_expression": _break,
}
_TABLE = {kind: handler for name, handler in _HANDLERS.items() for kind in GRAMMAR.kinds(name)}
# Items contain blocks, and blocks items; macros likewise. Whoever knows both adds them here.
_ITEMS: dict[int, Callable[[Node, Code, Marks], Stmts]] = {}


def register_items(items: Mapping[int, Callable[[Node, Code, Marks], Stmts]]) -> None:
    """Let blocks contain items."""
    _ITEMS.update(items)


def register_macros(handler: Callable[[Node, Code, Sink], Stmts]) -> None:
    """Let blocks contain macros."""
    _TABLE.update(dict.fromkeys(GRAMMAR.kinds("macro_invocation"), handler))


def _closure(node: Node, code: Code) -> f.Expr:
    params = patterns.parameters(node.child_by_field_id(_PARAMETERS), code)
    body = node.child_by_field_id(_BODY)
    return f.Lambda(node.start_byte, node.end_byte, params, () if body is None else into(body, code, returning))


register(_closure, "closure_expression")
register(valued, *(kind for kind in _HANDLERS if kind not in _NO_VALUES))
