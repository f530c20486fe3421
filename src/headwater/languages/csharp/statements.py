"""C# statements to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Stmts
from headwater.languages.csharp.creation import created
from headwater.languages.csharp.expressions import block_or_value, guarded, parameters, type_of
from headwater.languages.csharp.grammar import BLOCK, GRAMMAR, SKIPPED, expression, expressions, kinds

_VARIABLES, _DECLARATOR = kinds("variable_declaration"), kinds("variable_declarator")
_BLOCK, _CATCH, _FINALLY = kinds("block"), kinds("catch_clause"), kinds("finally_clause")
_SECTION, _WHEN, _COMMENT = kinds("switch_section"), kinds("when_clause"), kinds(*SKIPPED)
_RANK = kinds("bracketed_argument_list", "tuple_pattern")
_LABELS = kinds(
    *("constant_pattern", "declaration_pattern", "recursive_pattern", "type_pattern", "negated_pattern", "or_pattern"),
    *("and_pattern", "relational_pattern", "var_pattern", "parenthesized_pattern", "list_pattern", "discard"),
)


def statements(nodes: Iterable[Node], source: bytes) -> Stmts:
    """Lower statements in order."""
    result: list[f.Stmt] = []
    for node in nodes:
        handler = STATEMENTS.get(node.kind_id)
        if handler:
            result.extend(handler(node, source))
    return tuple(result)


def block(node: Node | None, source: bytes) -> Stmts:
    """Lower a block, or a statement that stands in its place."""
    if node is None:
        return ()
    return statements(node.named_children if node.kind_id in _BLOCK else (node,), source)


BLOCK.append(block)


def declared(node: Node, source: bytes, decorators: tuple[f.Expr, ...] = ()) -> tuple[f.Assign, ...]:
    """Lower the declaration of variables or fields: one assignment for each."""
    typed = type_of(node.child_by_field_name("type"), source)
    return tuple(
        _variable(child, typed, decorators, source) for child in node.named_children if child.kind_id in _DECLARATOR
    )


def _variable(node: Node, typed: f.Expr | None, decorators: tuple[f.Expr, ...], source: bytes) -> f.Assign:
    name = node.child_by_field_name("name") or node.named_children[0]
    last = node.named_children[-1]
    has_value = last.start_byte > name.start_byte and last.kind_id not in _RANK
    value = created(last, typed, source) if has_value else None
    return f.Assign(name.start_byte, name.end_byte, (expression(name, source),), value, typed, "=", decorators)


def _local(node: Node, source: bytes) -> Stmts:
    return tuple(
        stmt for child in node.named_children if child.kind_id in _VARIABLES for stmt in declared(child, source)
    )


def _expression(node: Node, source: bytes) -> Stmts:
    return tuple(as_statement(value) for value in expressions(node.named_children, source))


def as_statement(value: f.Expr) -> f.Stmt:
    """Return an expression as a statement: an assignment, or an expression alone."""
    if isinstance(value, f.Bind):
        return f.Assign(value.start, value.end, (value.target,), value.value, None, value.op)
    return f.Do(value.start, value.end, value)


def _throw(node: Node, source: bytes) -> Stmts:
    return tuple(f.Do(value.start, value.end, value, "throw") for value in expressions(node.named_children, source))


def _return(node: Node, source: bytes) -> Stmts:
    values = expressions(node.named_children, source)
    return (f.Return(node.start_byte, node.end_byte, values[0] if values else None),)


def _yield(node: Node, source: bytes) -> Stmts:
    values = expressions(node.named_children, source)
    return (f.Return(node.start_byte, node.end_byte, values[0], "yield"),) if values else ()


def _if(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_name("condition")
    body = block(node.child_by_field_name("consequence"), source)
    otherwise = block(node.child_by_field_name("alternative"), source)
    if condition is None:
        return body + otherwise
    return (f.Branch(node.start_byte, node.end_byte, expression(condition, source), body, otherwise),)


def _for_each(node: Node, source: bytes) -> Stmts:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    body = block(node.child_by_field_name("body"), source)
    if left is None or right is None:
        return (f.Scope(node.start_byte, node.end_byte, (), body),)
    target = expression(left, source)
    if (typed := type_of(node.child_by_field_name("type"), source)) is not None and isinstance(target, f.Name):
        body = (f.Assign(target.start, target.end, (target,), target, typed), *body)
    return (f.Loop(node.start_byte, node.end_byte, target, expression(right, source), body),)


def _for(node: Node, source: bytes) -> Stmts:
    init: list[f.Stmt] = []
    for child in node.children_by_field_name("initializer"):
        if child.kind_id in _VARIABLES:
            init.extend(declared(child, source))
        elif child.is_named:
            init.append(as_statement(expression(child, source)))
    updates = tuple(
        as_statement(expression(child, source)) for child in node.children_by_field_name("update") if child.is_named
    )
    condition = node.child_by_field_name("condition")
    body = block(node.child_by_field_name("body"), source) + updates
    test = expression(condition, source) if condition else None
    return (*init, f.Loop(node.start_byte, node.end_byte, None, test, body))


def _while(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_name("condition")
    test = expression(condition, source) if condition else expressions(node.named_children[:1], source)[:1]
    body = node.child_by_field_name("body")
    value = test if not isinstance(test, tuple) else next(iter(test), None)
    return (f.Loop(node.start_byte, node.end_byte, None, value, block(body, source)),)


def _using(node: Node, source: bytes) -> Stmts:
    """Lower `using (var x = open()) …`, `lock (x) …` and `fixed (…) …`."""
    items: list[f.Expr] = []
    children = [child for child in node.named_children if child.kind_id not in _COMMENT]
    for child in children[:-1]:
        if child.kind_id in _VARIABLES:
            items.extend(
                f.Binary(stmt.start, stmt.value.end, "as", stmt.value, stmt.targets[0])
                for stmt in declared(child, source)
                if stmt.value is not None
            )
        else:
            items.extend(expressions((child,), source))
    return (f.Scope(node.start_byte, node.end_byte, tuple(items), block(children[-1] if children else None, source)),)


def _try(node: Node, source: bytes) -> Stmts:
    body = block(node.child_by_field_name("body"), source)
    for child in node.named_children:
        if child.kind_id in _CATCH:
            body += block(child.child_by_field_name("body"), source)
        elif child.kind_id in _FINALLY:
            body += block(child.named_children[-1] if child.named_children else None, source)
    return (f.Scope(node.start_byte, node.end_byte, (), body),)


def _switch(node: Node, source: bytes) -> Stmts:
    """Lower a `switch` to a chain of branches."""
    value, body = node.child_by_field_name("value"), node.child_by_field_name("body")
    if value is None or body is None:
        return ()
    subject = expression(value, source)
    chain: Stmts = ()
    sections = [child for child in body.named_children if child.kind_id in _SECTION]
    empty: list[f.Expr | None] = []
    branches: list[tuple[Node, f.Expr | None, Stmts]] = []
    for section in sections:
        test, inner = _section(section, subject, source)
        empty.append(test)
        if inner or any(child.kind_id not in _LABELS for child in section.named_children):
            branches.append((section, _any_of(empty), inner))
            empty = []
    for section, test, inner in reversed(branches):
        branch = f.Branch(section.start_byte, section.end_byte, test, inner, chain) if test is not None else None
        chain = (branch,) if branch is not None else inner + chain
    return chain


def _section(section: Node, subject: f.Expr, source: bytes) -> tuple[f.Expr | None, Stmts]:
    """Return the test (None for `default`) and the statements of one label."""
    parts = [child for child in section.named_children if child.kind_id not in _COMMENT]
    tests = [guarded(subject, parts[at : at + 2], source) for at, p in enumerate(parts) if p.kind_id in _LABELS]
    return _any_of(tests), statements((part for part in parts if part.kind_id not in _LABELS), source)


def _any_of(tests: Iterable[f.Expr | None]) -> f.Expr | None:
    """Return the test that one of several labels fits, None if one of them always does."""
    result: f.Expr | None = None
    for test in tests:
        if test is None:
            return None
        result = test if result is None else f.Binary(result.start, test.end, "||", result, test)
    return result


def _nested(node: Node, source: bytes) -> Stmts:
    return (f.Scope(node.start_byte, node.end_byte, (), statements(node.named_children, source)),)


def _flat(node: Node, source: bytes) -> Stmts:
    return statements(node.named_children, source)


def _local_function(node: Node, source: bytes) -> Stmts:
    name, typed = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name is None:
        return ()
    params = parameters(node.child_by_field_name("parameters"), source)
    body = block_or_value(node.child_by_field_name("body"), source)
    returns = expression(typed, source) if typed else None
    title = g.word(name, source)
    return (f.Function(name.start_byte, name.end_byte, title, params, returns, (), body),)


def _none(node: Node, source: bytes) -> Stmts:
    """Pass over a node, but not over the statements in a broken one."""
    return statements(node.named_children, source) if node.is_error else ()


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(("while_statement", "do_statement"), _while),
    **dict.fromkeys(("using_statement", "lock_statement", "fixed_statement"), _using),
    **dict.fromkeys(("block", "checked_statement", "unsafe_statement"), _nested),
    **dict.fromkeys(("preproc_if", "preproc_else", "preproc_elif", "global_statement", "labeled_statement"), _flat),
    "local_declaration_statement": _local,
    "expression_statement": _expression,
    "throw_statement": _throw,
    "return_statement": _return,
    "yield_statement": _yield,
    "if_statement": _if,
    "foreach_statement": _for_each,
    "for_statement": _for,
    "try_statement": _try,
    "switch_statement": _switch,
    "local_function_statement": _local_function,
}
STATEMENTS: dict[int, Callable[[Node, bytes], Stmts]] = GRAMMAR.table(_HANDLERS, _none, SKIPPED)
STATEMENTS[g.ERROR] = _none
