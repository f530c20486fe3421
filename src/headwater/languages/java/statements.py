"""Java statements to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages import _grammar as g
from headwater.languages._grammar import Stmts, word
from headwater.languages.java.expressions import (
    STATEMENTS,
    annotations_of,
    case_test,
    expression,
    expressions,
    type_of,
)
from headwater.languages.java.grammar import GRAMMAR, SKIPPED, kinds

_DECLARATOR, _LABEL, _BLOCK = kinds("variable_declarator"), kinds("switch_label"), kinds("block", "constructor_body")
_CATCH, _FINALLY, _MODIFIERS = kinds("catch_clause"), kinds("finally_clause"), kinds("modifiers")
_STORED = {"static": "static", "transient": "transient"}


def statements(nodes: Iterable[Node], source: bytes) -> Stmts:
    """Lower statements in order."""
    result: list[f.Stmt] = []
    for node in nodes:
        handler = TABLE.get(node.kind_id)
        if handler:
            result.extend(handler(node, source))
    return tuple(result)


def block(node: Node | None, source: bytes) -> Stmts:
    """Lower a block, or a statement that stands in its place."""
    if node is None:
        return ()
    return statements(node.named_children if node.kind_id in _BLOCK else (node,), source)


STATEMENTS.append(block)


def modifiers_of(node: Node) -> Node | None:
    """Return the modifiers of a declaration."""
    first = node.named_children[0] if node.named_children else None
    return first if first is not None and first.kind_id in _MODIFIERS else None


def declaration(node: Node, source: bytes) -> Stmts:
    """Lower the declaration of fields or local variables: one assignment for each."""
    given = modifiers_of(node)
    decorators = annotations_of(given, source)
    if given is not None:
        marks = (c for c in given.children if c.type in _STORED)
        decorators += tuple(f.Name(c.start_byte, c.end_byte, c.type) for c in marks)
    typed = type_of(node.child_by_field_name("type"), source)
    return tuple(
        _variable(child, typed, decorators, source) for child in node.named_children if child.kind_id in _DECLARATOR
    )


def _variable(node: Node, typed: f.Expr | None, decorators: tuple[f.Expr, ...], source: bytes) -> f.Assign:
    name, value = node.child_by_field_name("name") or node, node.child_by_field_name("value")
    if typed is not None and node.child_by_field_name("dimensions") is not None:
        typed = f.Subscript(typed.start, typed.end, f.Name(typed.start, typed.start, "list"), typed)
    lowered = expression(value, source) if value else None
    start, end = name.start_byte, name.end_byte
    return f.Assign(start, end, (g.name(name, source),), lowered, typed, "=", decorators)


def _expression(node: Node, source: bytes) -> Stmts:
    return tuple(as_statement(value) for value in expressions(node.named_children, source))


def as_statement(value: f.Expr) -> f.Stmt:
    """Return an expression as a statement: an assignment, or an expression alone."""
    if isinstance(value, f.Bind):
        return f.Assign(value.start, value.end, (value.target,), value.value, None, value.op)
    return f.Do(value.start, value.end, value)


def _worded(node: Node, source: bytes) -> Stmts:
    kind = node.children[0].type
    return tuple(f.Do(value.start, value.end, value, kind) for value in expressions(node.named_children, source))


def _return(node: Node, source: bytes) -> Stmts:
    values = expressions(node.named_children, source)
    return (f.Return(node.start_byte, node.end_byte, values[0] if values else None),)


def _if(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_name("condition")
    body = block(node.child_by_field_name("consequence"), source)
    otherwise = block(node.child_by_field_name("alternative"), source)
    if condition is None:
        return body + otherwise
    return (f.Branch(node.start_byte, node.end_byte, expression(condition, source), body, otherwise),)


def _for_each(node: Node, source: bytes) -> Stmts:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    body = block(node.child_by_field_name("body"), source)
    if name is None or value is None:
        return (f.Scope(node.start_byte, node.end_byte, (), body),)
    target = g.name(name, source)
    if (typed := type_of(node.child_by_field_name("type"), source)) is not None:
        body = (f.Assign(target.start, target.end, (target,), target, typed), *body)
    return (f.Loop(node.start_byte, node.end_byte, target, expression(value, source), body),)


def _for(node: Node, source: bytes) -> Stmts:
    init = tuple(
        stmt for child in node.children_by_field_name("init") for stmt in (_init(child, source) if child else ())
    )
    condition = node.child_by_field_name("condition")
    updates = tuple(as_statement(expression(child, source)) for child in node.children_by_field_name("update"))
    body = block(node.child_by_field_name("body"), source) + updates
    test = expression(condition, source) if condition else None
    return (*init, f.Loop(node.start_byte, node.end_byte, None, test, body))


def _init(node: Node, source: bytes) -> Stmts:
    handler = TABLE.get(node.kind_id)
    if handler is not None and handler is not _none:
        return handler(node, source)
    return (as_statement(expression(node, source)),)


def _while(node: Node, source: bytes) -> Stmts:
    condition = node.child_by_field_name("condition")
    test = expression(condition, source) if condition else None
    return (f.Loop(node.start_byte, node.end_byte, None, test, block(node.child_by_field_name("body"), source)),)


def _try(node: Node, source: bytes) -> Stmts:
    items: list[f.Expr] = []
    resources = node.child_by_field_name("resources")
    for child in resources.named_children if resources else ():
        items.extend(_resource(child, source))
    body = block(node.child_by_field_name("body"), source)
    for child in node.named_children:
        if child.kind_id in _CATCH:
            body += block(child.child_by_field_name("body"), source)
        elif child.kind_id in _FINALLY:
            body += block(child.named_children[-1] if child.named_children else None, source)
    return (f.Scope(node.start_byte, node.end_byte, tuple(items), body),)


def _resource(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return expressions(node.named_children, source)
    start, end = node.start_byte, node.end_byte
    return (f.Binary(start, end, "as", expression(value, source), g.name(name, source)),)


def _switch(node: Node, source: bytes) -> Stmts:
    """Lower a `switch` to a chain of branches; a case that falls through is taken as one that ends."""
    condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
    if condition is None or body is None:
        return ()
    subject = expression(condition, source)
    chain: Stmts = ()
    for group in reversed(body.named_children):
        labels = [child for child in group.named_children if child.kind_id in _LABEL]
        if not labels:
            continue
        inner = statements([child for child in group.named_children if child.kind_id not in _LABEL], source)
        tests = [case_test(label, subject, source) for label in labels]
        test = tests[0]
        for other in tests[1:]:
            test = f.Binary(test.start, other.end, "||", test, other) if test and other else None
        if test is None:
            chain = inner + chain if chain else inner
        else:
            chain = (f.Branch(group.start_byte, group.end_byte, test, inner, chain),)
    return chain


def _nested(node: Node, source: bytes) -> Stmts:
    return (f.Scope(node.start_byte, node.end_byte, (), statements(node.named_children, source)),)


def _synchronized(node: Node, source: bytes) -> Stmts:
    return (f.Scope(node.start_byte, node.end_byte, (), block(node.child_by_field_name("body"), source)),)


def _labeled(node: Node, source: bytes) -> Stmts:
    return statements(node.named_children[1:], source)


def _super_call(node: Node, source: bytes) -> Stmts:
    """Lower `super(…)` and `this(…)` to calls of a constructor."""
    target, given = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
    if target is None:
        return ()
    start, end = node.start_byte, node.end_byte
    value = expression(target, source)
    args = expressions(given.named_children, source) if given else ()
    call = f.Call(start, end, f.Attr(target.start_byte, target.end_byte, value, "__init__"), args)
    return (f.Do(start, end, call),)


def _none(node: Node, source: bytes) -> Stmts:
    """Pass over a node, but not over the expressions in a broken one."""
    if not node.is_error:
        return ()
    return statements(node.named_children, source)


def text_of_package(node: Node, source: bytes) -> str:
    """Return a dotted name without spaces and comments."""
    return "".join(word(node, source).split())


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(("local_variable_declaration", "field_declaration", "constant_declaration"), declaration),
    **dict.fromkeys(("try_statement", "try_with_resources_statement"), _try),
    **dict.fromkeys(("while_statement", "do_statement"), _while),
    **dict.fromkeys(("throw_statement", "assert_statement"), _worded),
    **dict.fromkeys(("return_statement", "yield_statement"), _return),
    **dict.fromkeys(("block", "constructor_body", "static_initializer"), _nested),
    "expression_statement": _expression,
    "if_statement": _if,
    "enhanced_for_statement": _for_each,
    "for_statement": _for,
    "switch_expression": _switch,
    "synchronized_statement": _synchronized,
    "labeled_statement": _labeled,
    "explicit_constructor_invocation": _super_call,
}
TABLE: dict[int, Callable[[Node, bytes], Stmts]] = GRAMMAR.table(_HANDLERS, _none, SKIPPED)
TABLE[g.ERROR] = _none
