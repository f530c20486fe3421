"""PHP statements to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.php import docs
from headwater.languages.php.expressions import expression, expressions
from headwater.languages.php.source import SKIPPED, PhpSource, Stmts, kinds, several, word

Lower = Callable[[Node, PhpSource], Stmts]

_NOTHING = kinds(*SKIPPED)
_COMMENT = kinds("comment")
_CASES, _CATCH = kinds("case_statement", "default_statement"), kinds("catch_clause", "finally_clause")


def statements(nodes: Iterable[Node], source: PhpSource) -> Stmts:
    """Lower the statements of a program or block."""
    result: list[f.Stmt] = []
    comment: Node | None = None
    for node in nodes:
        kind = node.kind_id
        handler = STATEMENTS.get(kind)
        if handler is not None:
            stmts = handler(node, source)
            if comment is not None:
                stmts, comment = _typed(stmts, docs.tags(comment, source)), None
            result.extend(stmts)
        elif kind in _COMMENT:
            comment = node
        elif kind not in _NOTHING:
            value = expression(node, source)
            result.append(f.Do(value.start, value.end, value))
        if source.anonymous:
            result.extend(source.anonymous)
            source.anonymous.clear()
    return tuple(result)


def _typed(stmts: Stmts, says: dict[tuple[str, str], f.Expr]) -> Stmts:
    """Return statements with the types of variables that the comment before them states."""
    if not says or not stmts:
        return stmts
    first, *rest = stmts
    if isinstance(first, f.Assign) and len(first.targets) == 1 and isinstance(first.targets[0], f.Name):
        kind = says.get(("var", first.targets[0].id)) or says.get(("var", ""))
        first = msgspec.structs.replace(first, annotation=kind) if first.annotation is None else first
    elif isinstance(first, f.Loop) and isinstance(first.target, f.Name):
        kind = says.get(("var", first.target.id))
        if kind is not None:
            goal = first.target
            declared = f.Assign(goal.start, goal.end, (f.Name(goal.start, goal.start, goal.id),), None, kind)
            first = msgspec.structs.replace(first, body=(declared, *first.body))
    return (first, *rest)


def one(node: Node | None, source: PhpSource) -> Stmts:
    """Lower a block or a single statement."""
    return statements((node,), source) if node is not None else ()


def _inside(node: Node, source: PhpSource) -> Stmts:
    return statements(node.named_children, source)


def _expression(node: Node, source: PhpSource) -> Stmts:
    inner = [child for child in node.named_children if child.kind_id not in _NOTHING]
    if not inner:
        return ()
    value = expression(inner[0], source)
    if isinstance(value, f.Bind):
        return _assigned(value)
    if inner[0].type == "yield_expression":
        return (f.Return(value.start, value.end, value, "yield"),)
    return (f.Do(value.start, value.end, value, "throw" if inner[0].type == "throw_expression" else ""),)


def _assigned(value: f.Bind) -> Stmts:
    targets, right = [value.target], value.value
    while isinstance(right, f.Bind) and right.op == "=" and value.op == "=":
        targets.append(right.target)
        right = right.value
    return (f.Assign(value.start, value.end, tuple(targets), right, None, value.op),)


def _do(node: Node, source: PhpSource) -> Stmts:
    return tuple(f.Do(v.start, v.end, v) for v in expressions(node.named_children, source))


def _unset(node: Node, source: PhpSource) -> Stmts:
    return tuple(f.Do(v.start, v.end, v, "del") for v in expressions(node.named_children, source))


def _return(node: Node, source: PhpSource) -> Stmts:
    values = expressions(node.named_children, source)
    return (f.Return(node.start_byte, node.end_byte, several(node, values) if values else None),)


def _if(node: Node, source: PhpSource) -> Stmts:
    condition = node.child_by_field_name("condition")
    test = expression(condition, source) if condition is not None else f.Const(0, 0, "")
    body = one(node.child_by_field_name("body"), source)
    otherwise: Stmts = ()
    for part in reversed(node.children_by_field_name("alternative")):
        if part.type == "else_clause":
            otherwise = one(part.child_by_field_name("body"), source)
        else:
            otherwise = _if(part, source)[:1] if not otherwise else _chained(part, otherwise, source)
    return (f.Branch(node.start_byte, node.end_byte, test, body, otherwise),)


def _chained(part: Node, otherwise: Stmts, source: PhpSource) -> Stmts:
    branch = _if(part, source)[0]
    if not isinstance(branch, f.Branch):
        return otherwise
    return (f.Branch(branch.start, branch.end, branch.test, branch.body, otherwise),)


def _foreach(node: Node, source: PhpSource) -> Stmts:
    """Lower `foreach`; with a key the target is a sequence of key and value over the pairs of the iterable."""
    body = node.child_by_field_name("body")
    parts = [c for c in node.named_children if c.kind_id not in _NOTHING and c != body]
    if len(parts) < 2:
        return one(body, source)
    iterable = expression(parts[0], source)
    if parts[1].type == "pair":
        key, value = expressions(parts[1].named_children, source)[:2]
        target: f.Expr = value
        keys: Stmts = (f.Assign(key.start, key.end, (key,), f.Const(key.start, key.start, "key")),)
    else:
        target, keys = expression(parts[1], source), ()
    return (f.Loop(node.start_byte, node.end_byte, target, iterable, keys + one(body, source)),)


def _while(node: Node, source: PhpSource) -> Stmts:
    condition = node.child_by_field_name("condition")
    test = expression(condition, source) if condition is not None else None
    return (f.Loop(node.start_byte, node.end_byte, None, test, one(node.child_by_field_name("body"), source)),)


def _for(node: Node, source: PhpSource) -> Stmts:
    first = node.child_by_field_name("initialize")
    before: Stmts = ()
    if first is not None:
        value = expression(first, source)
        before = _assigned(value) if isinstance(value, f.Bind) else (f.Do(value.start, value.end, value),)
    condition = node.child_by_field_name("condition")
    test = expression(condition, source) if condition is not None else None
    bodies = node.children_by_field_name("body")
    return (*before, f.Loop(node.start_byte, node.end_byte, None, test, statements(bodies, source)))


def _switch(node: Node, source: PhpSource) -> Stmts:
    condition, block = node.child_by_field_name("condition"), node.child_by_field_name("body")
    subject = expression(condition, source) if condition is not None else f.Const(0, 0, "")
    chain: Stmts = ()
    for case in reversed(block.named_children if block is not None else []):
        if case.kind_id not in _CASES:
            continue
        value = case.child_by_field_name("value")
        body = statements([c for c in case.named_children if c != value], source)
        if value is None:
            chain = body
            continue
        right = expression(value, source)
        test = f.Binary(right.start, right.end, "==", subject, right)
        chain = (f.Branch(case.start_byte, case.end_byte, test, body, chain),)
    return chain


def _try(node: Node, source: PhpSource) -> Stmts:
    body = one(node.child_by_field_name("body"), source)
    for child in node.named_children:
        if child.kind_id in _CATCH:
            body += one(child.child_by_field_name("body"), source)
    return (f.Scope(node.start_byte, node.end_byte, (), body),)


def _static_variable(node: Node, source: PhpSource) -> Stmts:
    stmts: list[f.Stmt] = []
    for child in node.named_children:
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if name is not None and value is not None:
            goal = expression(name, source)
            stmts.append(f.Assign(goal.start, goal.end, (goal,), expression(value, source)))
    return tuple(stmts)


def constants(node: Node, source: PhpSource) -> Stmts:
    """Lower `const NAME = value`."""
    stmts: list[f.Stmt] = []
    for child in node.named_children:
        if child.type == "const_element" and child.named_children:
            name = child.named_children[0]
            start, end = name.start_byte, name.end_byte
            value = expression(child.named_children[-1], source)
            stmts.append(f.Assign(start, end, (f.Name(start, end, word(name, source)),), value))
    return tuple(stmts)


def _nothing(node: Node, source: PhpSource) -> Stmts:
    return ()


_HANDLERS: dict[str, Lower] = {
    **dict.fromkeys(("compound_statement", "colon_block", "else_clause"), _inside),
    "expression_statement": _expression,
    "echo_statement": _do,
    "exit_statement": _do,
    "unset_statement": _unset,
    "return_statement": _return,
    "if_statement": _if,
    "else_if_clause": _if,
    "foreach_statement": _foreach,
    "while_statement": _while,
    "do_statement": _while,
    "for_statement": _for,
    "switch_statement": _switch,
    "try_statement": _try,
    "function_static_declaration": _static_variable,
    "const_declaration": constants,
    **dict.fromkeys(
        ("break_statement", "continue_statement", "goto_statement", "named_label_statement", "empty_statement"),
        _nothing,
    ),
    **dict.fromkeys(("global_declaration", "declare_statement"), _nothing),
}
STATEMENTS: dict[int, Lower] = {kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)}
