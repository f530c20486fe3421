"""Go statements and functions to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import ERROR
from headwater.languages.go import declarations, types
from headwater.languages.go.expressions import Stmts, expression, expressions, register
from headwater.languages.go.grammar import GRAMMAR, SKIPPED, constant, grouped, name, word

_LEFT, _RIGHT, _OPERATOR = GRAMMAR.field("left"), GRAMMAR.field("right"), GRAMMAR.field("operator")
_NAME, _TYPE, _VALUE = GRAMMAR.field("name"), GRAMMAR.field("type"), GRAMMAR.field("value")
_BODY, _PARAMETERS, _RESULT = GRAMMAR.field("body"), GRAMMAR.field("parameters"), GRAMMAR.field("result")
_RECEIVER, _INITIALIZER = GRAMMAR.field("receiver"), GRAMMAR.field("initializer")
_CONDITION, _CONSEQUENCE = GRAMMAR.field("condition"), GRAMMAR.field("consequence")
_ALTERNATIVE, _UPDATE, _ALIAS = GRAMMAR.field("alternative"), GRAMMAR.field("update"), GRAMMAR.field("alias")
_COMMUNICATION = GRAMMAR.field("communication")
_SPECS = GRAMMAR.kinds("var_spec", "const_spec")
_CLAUSE, _RANGE = GRAMMAR.kinds("for_clause"), GRAMMAR.kinds("range_clause")
_BLOCK, _CASES = GRAMMAR.kinds("block"), GRAMMAR.kinds("expression_case", "type_case", "default_case")
_TYPE_CASE, _COMMUNICATIONS = GRAMMAR.kinds("type_case"), GRAMMAR.kinds("communication_case")
_STATEMENT_LIST = GRAMMAR.kinds("statement_list")
# Expressions that give a second value, which says whether there was a first: `v, ok := m[k]`.
_TWO_VALUED = GRAMMAR.kinds("type_assertion_expression", "index_expression")


def statements(nodes: Iterable[Node], source: bytes) -> Stmts:
    """Lower the statements or declarations of a list."""
    result: list[f.Stmt] = []
    for node in nodes:
        kind = node.kind_id
        if kind == ERROR:
            result.extend(statements(node.named_children, source))
        elif handler := _TABLE.get(kind):
            result.extend(handler(node, source))
    return tuple(result)


def _block(node: Node | None, source: bytes) -> Stmts:
    return () if node is None else statements(node.named_children, source)


def function_body(node: Node, source: bytes) -> Stmts:
    """Lower the body of a function; its named results are variables, which a bare `return` returns."""
    body = _block(node.child_by_field_id(_BODY), source)
    _, named = types.result(node.child_by_field_id(_RESULT), source)
    if not named:
        return body
    declared: Stmts = tuple(
        f.Assign(p.start, p.end, (f.Name(p.start, p.end, p.name),), None, p.annotation) for p in named if p.name != "_"
    )
    return declared + body


def _lambda(node: Node, source: bytes) -> f.Expr:
    params = types.parameters(node.child_by_field_id(_PARAMETERS), source)
    return f.Lambda(node.start_byte, node.end_byte, params, function_body(node, source))


def _nothing(node: Node, source: bytes) -> Stmts:
    return ()


def _nested(node: Node, source: bytes) -> Stmts:
    return statements(node.named_children, source)


def _scope(node: Node, source: bytes) -> Stmts:
    return (f.Scope(node.start_byte, node.end_byte, (), statements(node.named_children, source)),)


def _do(node: Node, source: bytes) -> Stmts:
    """Lower an expression statement, `go f()`, `defer f()`, `ch <- value`."""
    return tuple(f.Do(value.start, value.end, value) for value in expressions(node.named_children, source))


def _step(node: Node, source: bytes) -> Stmts:
    value = expression(node.named_children[0], source)
    op = "+=" if node.type == "inc_statement" else "-="
    return (f.Assign(value.start, value.end, (value,), f.Const(node.end_byte, node.end_byte, "1"), None, op),)


def _assignment(node: Node, source: bytes) -> Stmts:
    left, right = node.child_by_field_id(_LEFT), node.child_by_field_id(_RIGHT)
    if left is None or right is None:
        return _do(node, source)
    op = node.child_by_field_id(_OPERATOR)
    spelt = "=" if op is None or op.type == ":=" else op.type
    return _assigned(_listed(left), _listed(right), None, spelt, source)


def _listed(node: Node) -> list[Node]:
    return node.named_children if node.type == "expression_list" else [node]


def _assigned(left: list[Node], right: list[Node], kind: f.Expr | None, op: str, source: bytes) -> Stmts:
    """Lower `a, b = c, d` to two assignments, and `a, b = f()` to one with a sequence as its target."""
    targets, values = expressions(left, source), expressions(right, source)
    if len(targets) == len(values):
        return tuple(f.Assign(t.start, v.end, (t,), v, kind, op) for t, v in zip(targets, values, strict=True))
    if not targets or not values:
        return tuple(f.Assign(t.start, t.end, (t,), None, kind) for t in targets)
    start, end = targets[0].start, values[-1].end
    if len(values) == 1 and len(targets) == 2 and right[-1].kind_id in _TWO_VALUED:
        return (f.Assign(start, end, targets[:1], values[0], kind, op),)
    target = f.SequenceExpr(start, targets[-1].end, targets)
    return (f.Assign(start, end, (target,), grouped(values, values[0].start, end), kind, op),)


def _declaration(node: Node, source: bytes) -> Stmts:
    """Lower `var` and `const`, one or a block; a constant without a value repeats the one before."""
    result: list[f.Stmt] = []
    for child in node.named_children:
        if child.kind_id in _SPECS:
            names = [part for part in child.children_by_field_id(_NAME) if part.is_named]
            kind = types.optional(child.child_by_field_id(_TYPE), source)
            value = child.child_by_field_id(_VALUE)
            result.extend(_assigned(names, _listed(value) if value is not None else [], kind, "=", source))
        elif child.named_child_count:
            result.extend(_declaration(child, source))
    return tuple(result)


def _return(node: Node, source: bytes) -> Stmts:
    values = expressions((v for child in node.named_children for v in _listed(child)), source)
    value = grouped(values, node.start_byte, node.end_byte) if values else None
    return (f.Return(node.start_byte, node.end_byte, value),)


def _if(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_id(_CONDITION)
    test = constant(node, source) if condition is None else expression(condition, source)
    body = _block(node.child_by_field_id(_CONSEQUENCE), source)
    other = node.child_by_field_id(_ALTERNATIVE)
    otherwise: Stmts = ()
    if other is not None:
        otherwise = _block(other, source) if other.kind_id in _BLOCK else _if(other, source)
    return (*_initial(node, source), f.Branch(node.start_byte, node.end_byte, test, body, otherwise))


def _initial(node: Node, source: bytes) -> Stmts:
    first = node.child_by_field_id(_INITIALIZER)
    return () if first is None else statements([first], source)


def _for(node: Node, source: bytes) -> Stmts:
    start, end = node.start_byte, node.end_byte
    body = _block(node.child_by_field_id(_BODY), source)
    head = next((child for child in node.named_children if child.kind_id not in _BLOCK), None)
    if head is None:
        return (f.Loop(start, end, None, None, body),)
    if head.kind_id in _RANGE:
        return (_range(head, body, source),)
    if head.kind_id not in _CLAUSE:
        return (f.Loop(start, end, None, expression(head, source), body),)
    condition, update = head.child_by_field_id(_CONDITION), head.child_by_field_id(_UPDATE)
    test = None if condition is None else expression(condition, source)
    after = () if update is None else statements([update], source)
    return (*_initial(head, source), f.Loop(start, end, None, test, body + after))


def _range(head: Node, body: Stmts, source: bytes) -> f.Loop:
    """Lower `for i, v := range xs` to a loop over `enumerate(xs)`; a single variable is an index."""
    start, end = head.start_byte, head.end_byte
    left, right = head.child_by_field_id(_LEFT), head.child_by_field_id(_RIGHT)
    over = constant(head, source) if right is None else expression(right, source)
    targets = () if left is None else expressions(_listed(left), source)
    if not targets:
        return f.Loop(start, end, None, over, body)
    function = "enumerate" if len(targets) > 1 else "range"
    iterable = f.Call(over.start, over.end, f.Name(over.start, over.start, function), (over,))
    return f.Loop(start, end, grouped(targets, targets[0].start, targets[-1].end), iterable, body)


def _switch(node: Node, source: bytes) -> Stmts:
    value = node.child_by_field_id(_VALUE)
    subject = None if value is None else expression(value, source)
    first = _initial(node, source)
    head: Stmts = () if subject is None else (f.Do(subject.start, subject.end, subject),)
    chain: Stmts = ()
    for case in reversed([child for child in node.named_children if child.kind_id in _CASES]):
        values = expressions((v for child in case.children_by_field_id(_VALUE) for v in _listed(child)), source)
        chain = _case(case, grouped(values, case.start_byte, case.end_byte) if values else None, chain, source)
    return first + head + chain


def _case(case: Node, test: f.Expr | None, chain: Stmts, source: bytes) -> Stmts:
    body = tuple(s for child in case.named_children if child.kind_id in _STATEMENT_LIST for s in _nested(child, source))
    start, end = case.start_byte, case.end_byte
    return (f.Branch(start, end, test or f.Const(start, start, "default"), body, chain),)


def _type_switch(node: Node, source: bytes) -> Stmts:
    """Lower `switch v := x.(type)` to an assignment and a chain of tests by `isinstance`."""
    value, alias = node.child_by_field_id(_VALUE), node.child_by_field_id(_ALIAS)
    if value is None:
        return ()
    subject = expression(value, source)
    head: Stmts = (f.Do(subject.start, subject.end, subject),)
    if alias is not None:
        variable = _listed(alias)[0]
        head = (f.Assign(variable.start_byte, subject.end, (name(variable, source),), subject),)
        subject = name(variable, source)
    chain: Stmts = ()
    for case in reversed([child for child in node.named_children if child.kind_id in _CASES]):
        kinds = tuple(types.lower(child, source) for child in case.children_by_field_id(_TYPE) if child.is_named)
        start, end = case.start_byte, case.end_byte
        test: f.Expr | None = None
        if kinds and case.kind_id in _TYPE_CASE:
            function = f.Name(start, start, "isinstance")
            test = f.Call(start, end, function, (subject, grouped(kinds, start, end)))
        chain = _case(case, test, chain, source)
    return _initial(node, source) + head + chain


def _select(node: Node, source: bytes) -> Stmts:
    chain: Stmts = ()
    for case in reversed([c for c in node.named_children if c.kind_id in _COMMUNICATIONS or c.kind_id in _CASES]):
        message = case.child_by_field_id(_COMMUNICATION)
        received = () if message is None else statements([message], source)
        start, end = case.start_byte, case.end_byte
        lists = [child for child in case.named_children if child.kind_id in _STATEMENT_LIST]
        body = received + tuple(s for child in lists for s in _nested(child, source))
        chain = (f.Branch(start, end, f.Const(start, start, "case"), body, chain),)
    return chain


def _function(node: Node, source: bytes) -> Stmts:
    title = node.child_by_field_id(_NAME)
    if title is None:
        return _scope(node, source)
    spelt = word(title, source)
    params = types.parameters(node.child_by_field_id(_PARAMETERS), source)
    returned, _ = types.result(node.child_by_field_id(_RESULT), source)
    body = function_body(node, source)
    receiver = next(iter(types.parameters(node.child_by_field_id(_RECEIVER), source)), None)
    head = (title.start_byte, title.end_byte, spelt)
    if receiver is None:
        return (f.Function(*head, params, returned, (), body, spelt[:1].isupper()),)
    own = f.Param(receiver.start, receiver.end, receiver.name, receiver.annotation, None, "self")
    method = f.Function(*head, (own, *params), returned, (), body, spelt[:1].isupper())
    base = receiver.annotation.value if isinstance(receiver.annotation, f.Subscript) else receiver.annotation
    if not isinstance(base, f.Name):
        return (method,)
    return (f.Class(base.start, base.end, base.id, (), (), (), (method,), "extension"),)


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(("function_declaration", "method_declaration"), _function),
    **dict.fromkeys(("var_declaration", "const_declaration"), _declaration),
    **dict.fromkeys(("assignment_statement", "short_var_declaration", "receive_statement"), _assignment),
    **dict.fromkeys(("expression_statement", "go_statement", "defer_statement", "send_statement"), _do),
    **dict.fromkeys(("inc_statement", "dec_statement"), _step),
    **dict.fromkeys(("labeled_statement", "statement_list"), _nested),
    "import_declaration": declarations.imports,
    "type_declaration": declarations.declared_types,
    "block": _scope,
    "return_statement": _return,
    "if_statement": _if,
    "for_statement": _for,
    "expression_switch_statement": _switch,
    "type_switch_statement": _type_switch,
    "select_statement": _select,
}
_TABLE = GRAMMAR.table(_HANDLERS, _nothing, SKIPPED)
register("func_literal", _lambda)
