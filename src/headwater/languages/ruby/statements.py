"""Ruby statements to facts: branches, loops, assignments, and what a body returns."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.ruby.expressions import (
    HANDLERS,
    SKIPPED,
    TABLE,
    expression,
    expressions,
    several,
    target,
)
from headwater.languages.ruby.source import GRAMMAR, RubySource

Stmts = tuple[f.Stmt, ...]
Lower = Callable[[Node, RubySource], Stmts]

_kinds = GRAMMAR.kinds
_NOTHING = _kinds(*SKIPPED)
_ELSE, _ENSURE, _RESCUE = _kinds("else"), _kinds("ensure"), _kinds("rescue")
_WHEN, _IN, _THEN = _kinds("when"), _kinds("in_clause"), _kinds("then")
_PATTERN, _CONSTANTS = _kinds("pattern"), _kinds("constant", "scope_resolution")
_PARAMETERS = _kinds("block_parameters", "lambda_parameters", "method_parameters")
_EXCEPTION = _kinds("exception_variable")
_IDENTIFIER, _GUARD = _kinds("identifier"), _kinds("if_guard", "unless_guard")
_KEYWORD_PATTERN, _BLOCK_FORMS = _kinds("keyword_pattern"), _kinds("if", "unless", "case", "case_match", "begin")
_ARGUMENTS = _kinds("argument_list")
_IT = re.compile(rb"\bit\b")


def statements(nodes: list[Node], source: RubySource) -> Stmts:
    """Lower the statements of a body."""
    result: list[f.Stmt] = []
    for node in nodes:
        kind = node.kind_id
        handler = STATEMENTS.get(kind)
        if handler is not None:
            result.extend(handler(node, source))
        elif kind not in _NOTHING:
            value = expression(node, source)
            result.append(f.Do(value.start, value.end, value))
    return tuple(result)


def body(node: Node, source: RubySource) -> Stmts:
    """Lower a body that may have `rescue` and `ensure` parts: all parts in order."""
    return statements(node.named_children, source)


def returned_body(node: Node, source: RubySource) -> Stmts:
    """Lower the body of a method or block: its value is that of its last statement, or of one in a `rescue`."""
    children = node.named_children
    cut = next((at for at, child in enumerate(children) if child.kind_id in _RESCUE or child.kind_id in _ENSURE), None)
    if cut is None:
        return returning(statements(children, source))
    main = returning(statements(children[:cut], source))
    parts: Stmts = (f.Scope(node.start_byte, node.end_byte, (), main),)
    for child in children[cut:]:
        stmts = statements([child], source)
        parts += stmts if child.kind_id in _ENSURE else returning(stmts)
    return parts


def returning(stmts: Stmts) -> Stmts:
    """Return the statements of a function with the value of the last one returned, as Ruby does."""
    if not stmts:
        return stmts
    *first, last = stmts
    if isinstance(last, f.Do) and not last.word:
        last = f.Return(last.start, last.end, last.value)
    elif isinstance(last, f.Branch):
        last = f.Branch(last.start, last.end, last.test, returning(last.body), returning(last.otherwise))
    elif isinstance(last, f.Scope):
        last = f.Scope(last.start, last.end, last.items, returning(last.body))
    elif isinstance(last, f.Assign) and len(last.targets) == 1 and _is_variable(last.targets[0]):
        return (*stmts, f.Return(last.start, last.start, last.targets[0]))
    return (*first, last)


def _is_variable(expr: f.Expr) -> bool:
    """Return True for a local or an instance variable: to return it reads nothing else."""
    return isinstance(expr, f.Name) or (isinstance(expr, f.Attr) and expr.name.startswith("@"))


# ------------------------------------------------------------ branches and loops


def _if(node: Node, source: RubySource) -> Stmts:
    test: f.Expr | None = None
    then: Stmts = ()
    otherwise: Stmts = ()
    for child in node.named_children:
        kind = child.kind_id
        if kind in _NOTHING:
            continue
        if test is None:
            test = expression(child, source)
        elif kind in _THEN:
            then = body(child, source)
        else:
            otherwise = statements([child], source)
    if test is None:
        return ()
    if node.type == "unless":
        test = f.Unary(test.start, test.end, "!", test)
    return (f.Branch(node.start_byte, node.end_byte, test, then, otherwise),)


def _modifier(node: Node, source: RubySource) -> Stmts:
    inner = node.child_by_field_name("body")
    condition = node.child_by_field_name("condition")
    test = expression(condition, source) if condition is not None else f.Const(0, 0, "")
    if node.type == "unless_modifier":
        test = f.Unary(test.start, test.end, "!", test)
    then = statements([inner], source) if inner is not None else ()
    return (f.Branch(node.start_byte, node.end_byte, test, then),)


def _while(node: Node, source: RubySource) -> Stmts:
    inner, condition = node.child_by_field_name("body"), node.child_by_field_name("condition")
    test = expression(condition, source) if condition is not None else None
    stmts = statements([inner], source) if inner is not None else ()
    return (f.Loop(node.start_byte, node.end_byte, None, test, stmts),)


def _for(node: Node, source: RubySource) -> Stmts:
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    inner = node.child_by_field_name("body")
    iterable = several(value, expressions(value.named_children, source)) if value is not None else None
    goal = target(pattern, source) if pattern is not None else None
    stmts = statements([inner], source) if inner is not None else ()
    return (f.Loop(node.start_byte, node.end_byte, goal, iterable, stmts),)


def _begin(node: Node, source: RubySource) -> Stmts:
    return (f.Scope(node.start_byte, node.end_byte, (), body(node, source)),)


def _inside(node: Node, source: RubySource) -> Stmts:
    return statements(node.named_children, source)


def _rescue(node: Node, source: RubySource) -> Stmts:
    stmts: Stmts = ()
    for child in node.named_children:
        if child.kind_id in _EXCEPTION:
            source.assign(source.word(name) for name in child.named_children)
        elif child.kind_id in _THEN:
            stmts = body(child, source)
    return (f.Scope(node.start_byte, node.end_byte, (), stmts),)


def _case(node: Node, source: RubySource) -> Stmts:
    """Lower `case` to the evaluation of its subject and a chain of branches."""
    subject: f.Expr | None = None
    arms: list[tuple[Node, f.Expr, Stmts]] = []
    chain: Stmts = ()
    for child in node.named_children:
        kind = child.kind_id
        if kind in _WHEN:
            arms.append((child, _when_test(child, subject, source), _arm_body(child, source)))
        elif kind in _IN:
            test, bound = _in_test(child, subject, source)
            arms.append((child, test, bound + _arm_body(child, source)))
        elif kind in _ELSE:
            chain = body(child, source)
        elif kind not in _NOTHING:
            subject = expression(child, source)
    for arm, test, stmts in reversed(arms):
        chain = (f.Branch(arm.start_byte, arm.end_byte, test, stmts, chain),)
    return (f.Do(subject.start, subject.end, subject), *chain) if subject is not None else chain


def _arm_body(node: Node, source: RubySource) -> Stmts:
    inner = node.child_by_field_name("body")
    return body(inner, source) if inner is not None else ()


def _when_test(node: Node, subject: f.Expr | None, source: RubySource) -> f.Expr:
    patterns = [child.named_children[0] for child in node.named_children if child.kind_id in _PATTERN]
    return several(node, tuple([_same(subject, pattern, source) for pattern in patterns]))


def _same(subject: f.Expr | None, pattern: Node, source: RubySource) -> f.Expr:
    value = expression(pattern, source)
    if subject is None:
        return value
    if pattern.kind_id in _CONSTANTS:
        name = f.Name(value.start, value.start, "isinstance")
        return f.Call(value.start, value.end, name, (subject, value))
    return f.Binary(value.start, value.end, "==", subject, value)


def _in_test(node: Node, subject: f.Expr | None, source: RubySource) -> tuple[f.Expr, Stmts]:
    """Return the test of an `in` clause, and what its pattern binds."""
    pattern, guard = node.child_by_field_name("pattern"), node.child_by_field_name("guard")
    bound = _bound(pattern, subject, source) if pattern is not None else ()
    if pattern is not None and pattern.kind_id in _CONSTANTS:
        return _same(subject, pattern, source), bound
    if guard is not None:
        return several(guard, expressions(guard.named_children, source)), bound
    return f.Const(node.start_byte, node.start_byte, "case"), bound


def _bound(node: Node, subject: f.Expr | None, source: RubySource) -> Stmts:
    """Return the variables that a pattern binds; `{name:}` is the value under that key."""
    start, end = node.start_byte, node.end_byte
    if node.kind_id in _KEYWORD_PATTERN:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is None:
            return ()
        if value is not None:
            return _bound(value, None, source)
        word = source.symbol(key)
        name = f.Name(word.start, word.end, source.word(key))
        source.variables.add(name.id)
        picked = f.Subscript(word.start, word.end, subject, word) if subject is not None else None
        return (f.Assign(word.start, word.end, (name,), picked),)
    if node.kind_id in _IDENTIFIER:
        return (f.Assign(start, end, (target(node, source),), subject),)
    return tuple(stmt for child in node.named_children for stmt in _bound(child, subject, source))


def _match(node: Node, source: RubySource) -> Stmts:
    value, pattern = node.child_by_field_name("value"), node.child_by_field_name("pattern")
    subject = expression(value, source) if value is not None else None
    return _bound(pattern, subject, source) if pattern is not None else ()


# --------------------------------------------------------------------- assignments


def _assignment(node: Node, source: RubySource) -> Stmts:
    children = [child for child in node.children if child.kind_id not in _NOTHING]
    if len(children) < 3:
        return ()
    left, right = children[0], children[-1]
    targets = [target(left, source)]
    while right.type == "assignment" and len(right.children) == 3:
        targets.append(target(right.children[0], source))
        right = right.children[-1]
    op = children[1].type
    start, end = node.start_byte, node.end_byte
    if right.kind_id in _BLOCK_FORMS:
        return _assigned(STATEMENTS[right.kind_id](right, source), tuple(targets), op)
    return (f.Assign(start, end, tuple(targets), expression(right, source), None, op),)


def _assigned(stmts: Stmts, targets: tuple[f.Expr, ...], op: str) -> Stmts:
    """Assign the value of statements: that of the last one, in each branch."""
    if not stmts:
        return stmts
    *first, last = stmts
    if isinstance(last, f.Do):
        last = f.Assign(last.start, last.end, targets, last.value, None, op)
    elif isinstance(last, f.Branch):
        then, otherwise = _assigned(last.body, targets, op), _assigned(last.otherwise, targets, op)
        last = f.Branch(last.start, last.end, last.test, then, otherwise)
    elif isinstance(last, f.Scope):
        last = f.Scope(last.start, last.end, last.items, _assigned(last.body, targets, op))
    return (*first, last)


def _jump(node: Node, source: RubySource) -> Stmts:
    """Lower `return`, and `next` and `break` with a value, which end a block with it."""
    inner = node.named_children
    if node.type != "return" and not inner:
        return ()
    values = expressions(inner[0].named_children, source) if inner else ()
    value = several(node, values) if values else None
    return (f.Return(node.start_byte, node.end_byte, value),)


def _nothing(node: Node, source: RubySource) -> Stmts:
    return ()


# ------------------------------------------------------------------------- blocks


def block(node: Node, source: RubySource) -> f.Expr:
    """Lower a block or lambda; its parameters and variables are seen inside of it only."""
    before = set(source.variables)
    params: tuple[f.Param, ...] | None = None
    stmts: Stmts = ()
    for child in node.named_children:
        if child.kind_id in _PARAMETERS:
            params = parameters(child, source)
        elif child.type in ("block", "do_block"):
            inner = block(child, source)
            stmts = inner.body if isinstance(inner, f.Lambda) else ()
        elif child.kind_id not in _NOTHING:
            if params is None:
                params = _implicit(node, source)
            stmts += returned_body(child, source) if child.type in ("body_statement", "block_body") else ()
    source.variables = before
    return f.Lambda(node.start_byte, node.end_byte, params or (), stmts)


def _implicit(node: Node, source: RubySource) -> tuple[f.Param, ...]:
    """Return the parameters `_1` or `it` of a block that declares none and uses them."""
    start = node.start_byte
    text = source[start : node.end_byte]
    names = [name for name in ("_1", "_2") if name.encode() in text] or (["it"] if _IT.search(text) else [])
    if "it" in names and "it" in source.variables:
        return ()
    source.assign(names)
    return tuple(f.Param(start, start, name) for name in names)


def parameters(node: Node, source: RubySource) -> tuple[f.Param, ...]:
    """Lower parameters, which are local variables from here on."""
    return tuple(_parameter(child, source) for child in node.named_children if child.kind_id not in _NOTHING)


def _parameter(node: Node, source: RubySource) -> f.Param:
    if node.type == "destructured_parameter":
        pattern = target(node, source)
        return f.Param(node.start_byte, node.end_byte, "", pattern=pattern)
    name = node if node.kind_id in _IDENTIFIER else node.child_by_field_name("name")
    if name is None:
        return f.Param(node.start_byte, node.end_byte, "", kind=_STARS.get(node.type, ""))
    value = node.child_by_field_name("value")
    default = expression(value, source) if value is not None else None
    word = source.word(name)
    source.variables.add(word)
    return f.Param(name.start_byte, name.end_byte, word, None, default, _STARS.get(node.type, ""))


_STARS = {"splat_parameter": "*", "hash_splat_parameter": "**", "forward_parameter": "*"}


def _as_expression(node: Node, source: RubySource) -> f.Expr:
    """Lower a branch or block of statements in the place of a value."""
    return _value_of(STATEMENTS[node.kind_id](node, source), node)


def _value_of(stmts: Stmts, node: Node) -> f.Expr:
    values = [_single(stmt, node) for stmt in stmts]
    return several(node, tuple(values))


def _single(stmt: f.Stmt, node: Node) -> f.Expr:
    if isinstance(stmt, f.Branch):
        then, otherwise = _value_of(stmt.body, node), _value_of(stmt.otherwise, node)
        return f.Choice(stmt.start, stmt.end, stmt.test, then, otherwise)
    if isinstance(stmt, f.Scope):
        return _value_of(stmt.body, node)
    if isinstance(stmt, f.Assign) and stmt.value is not None:
        return f.Bind(stmt.start, stmt.end, stmt.targets[0], stmt.op, stmt.value)
    if isinstance(stmt, (f.Do, f.Return)) and stmt.value is not None:
        return stmt.value
    return f.Const(stmt.start, stmt.start, "nil")


_HANDLERS: dict[str, Lower] = {
    "if": _if,
    "unless": _if,
    "elsif": _if,
    "if_modifier": _modifier,
    "unless_modifier": _modifier,
    "while": _while,
    "until": _while,
    "while_modifier": _while,
    "until_modifier": _while,
    "for": _for,
    "begin": _begin,
    "rescue": _rescue,
    "case": _case,
    "case_match": _case,
    "match_pattern": _match,
    "test_pattern": _match,
    "assignment": _assignment,
    "operator_assignment": _assignment,
    "return": _jump,
    "next": _jump,
    "break": _jump,
    **dict.fromkeys(("redo", "retry", "undef"), _nothing),
    **dict.fromkeys(("else", "ensure", "then", "do", "parenthesized_statements"), _inside),
    **dict.fromkeys(("body_statement", "block_body", "begin_block", "end_block"), _inside),
}
STATEMENTS: dict[int, Lower] = {
    kind: handler for name, handler in _HANDLERS.items() for kind in _kinds(name) if name not in SKIPPED
}
_VALUES = ("if", "unless", "case", "case_match", "begin", "if_modifier", "unless_modifier", "while", "until")
_PATTERNS = ("match_pattern", "test_pattern", "return", "next", "break", "while_modifier", "until_modifier", "for")
for _name in (*_VALUES, *_PATTERNS):
    HANDLERS[_name] = _as_expression
for _name in ("block", "do_block", "lambda"):
    HANDLERS[_name] = block
TABLE.update(
    GRAMMAR.table(HANDLERS, expression, SKIPPED) | TABLE | {k: HANDLERS[n] for n in HANDLERS for k in _kinds(n)}
)
