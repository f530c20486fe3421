"""Functions without a name in Kotlin, and the scope functions, as calls of a lambda with the receiver.

`x.let { it.a }` is `{ it -> it.a }(x)`, `x.apply { a = 1 }` is `{ this -> this.a = 1; this }(x)`; a lambda without
parameters has one, `it`.
"""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import Stmts, word
from headwater.languages.kotlin.grammar import EXPRESSIONS, expression, kinds, parts, statements, valued

_PARAMETERS, _LITERAL = kinds("lambda_parameters"), kinds("lambda_literal")
_VARIABLE, _SEVERAL = kinds("variable_declaration"), kinds("multi_variable_declaration")
_FUNCTION_PARAMETERS, _BODY = kinds("function_value_parameters"), kinds("function_body")
_CLASS_BODY, _SPECIFIERS = kinds("class_body"), kinds("delegation_specifiers")
_PARAMETER, _BLOCK = kinds("parameter"), kinds("block")
_AS_IT = {"let": False, "also": True}
_AS_THIS = {"run": False, "apply": True, "with": False}


def parameters(node: Node | None, source: bytes) -> tuple[f.Param, ...]:
    """Lower the parameters of a function; a default stands after its parameter, `vararg` before it."""
    params: list[f.Param] = []
    is_rest = False
    for child in parts(node) if node is not None else ():
        if child.kind_id in _PARAMETER:
            inside = parts(child)
            typed = expression(inside[-1], source) if len(inside) > 1 else None
            at = (inside[0].start_byte, inside[0].end_byte)
            params.append(f.Param(*at, word(inside[0], source), typed, None, "*" if is_rest else ""))
            is_rest = False
        elif child.type == "parameter_modifiers":
            is_rest = b"vararg" in source[child.start_byte : child.end_byte]
        elif params:
            last = params.pop()
            default = expression(child, source)
            params.append(f.Param(last.start, last.end, last.name, last.annotation, default, last.kind))
    return tuple(params)


def function_body(node: Node | None, source: bytes) -> Stmts:
    """Lower a function's body: a block, or `= value`."""
    inside = parts(node) if node is not None else []
    if not inside:
        return ()
    if inside[-1].kind_id in _BLOCK:
        return statements(inside[-1].named_children, source)
    value = expression(inside[-1], source)
    return (f.Return(value.start, value.end, value),)


def _lambda(node: Node, source: bytes) -> f.Expr:
    params, body = _taken_apart(node, source)
    given = params or (f.Param(node.start_byte, node.start_byte, "it"),)
    return f.Lambda(node.start_byte, node.end_byte, given, valued(body))


def _taken_apart(node: Node, source: bytes) -> tuple[tuple[f.Param, ...], Stmts]:
    params: list[f.Param] = []
    rest: list[Node] = []
    for child in node.named_children:
        if child.kind_id not in _PARAMETERS:
            rest.append(child)
            continue
        for variable in child.named_children:
            start, end = variable.start_byte, variable.end_byte
            if variable.kind_id in _SEVERAL:
                params.append(f.Param(start, end, "", pattern=expression(variable, source)))
            elif variable.kind_id in _VARIABLE:
                name, *typed = parts(variable)
                kind = expression(typed[-1], source) if typed else None
                params.append(f.Param(name.start_byte, name.end_byte, word(name, source), kind))
    return tuple(params), statements(rest, source)


def scope_function(node: Node, func: f.Expr, args: tuple[f.Expr, ...], trailing: Node, source: bytes) -> f.Expr | None:
    """Return a call of a scope function as a call of its lambda, or None for other functions."""
    literal = trailing if trailing.kind_id in _LITERAL else next(iter(parts(trailing)[-1:]), None)
    if literal is None or literal.kind_id not in _LITERAL:
        return None
    if isinstance(func, f.Attr) and not args and func.name in (*_AS_IT, "run", "apply"):
        receiver, name = func.value, func.name
    elif isinstance(func, f.Call) and isinstance(func.func, f.Name) and func.func.id == "with" and len(func.args) == 1:
        receiver, name = func.args[0], "with"
    elif isinstance(func, f.Name) and func.id == "apply" and not args:  # of the object whose method this is
        receiver, name = f.Name(func.start, func.start, "this"), "apply"
    elif isinstance(func, f.Name) and func.id == "with" and len(args) == 1:
        receiver, name = args[0], "with"
    else:
        return None
    params, body = _taken_apart(literal, source)
    start, end = literal.start_byte, literal.end_byte
    if name in _AS_THIS:
        params, body = (f.Param(start, start, "this"),), _on_this(body)
    params = params or (f.Param(start, start, "it"),)
    if _AS_IT.get(name) or _AS_THIS.get(name):
        body = (*body, f.Return(end, end, f.Name(end, end, params[0].name)))
    else:
        body = valued(body)
    return f.Call(node.start_byte, node.end_byte, f.Lambda(start, end, params, body), (receiver,))


def _on_this(body: Stmts) -> Stmts:
    """Return a body in which assignments to names that it does not declare set members of `this`."""
    declared = {stmt.targets[0].id for stmt in body if _declares(stmt)}  # type: ignore[union-attr]
    result: list[f.Stmt] = []
    for stmt in body:
        if isinstance(stmt, f.Assign) and isinstance(stmt.targets[0], f.Name):
            target = stmt.targets[0]
            if target.id not in declared:
                member = f.Attr(target.start, target.end, f.Name(target.start, target.start, "this"), target.id)
                stmt = f.Assign(stmt.start, stmt.end, (member,), stmt.value, None, stmt.op)
        result.append(stmt)
    return tuple(result)


def _declares(stmt: f.Stmt) -> bool:
    """Return True for a `val` or `var`: its range is that of its name, an assignment's goes to its value."""
    return isinstance(stmt, f.Assign) and isinstance(stmt.targets[0], f.Name) and stmt.end == stmt.targets[0].end


def _function(node: Node, source: bytes) -> f.Expr:
    listed = next((child for child in node.named_children if child.kind_id in _FUNCTION_PARAMETERS), None)
    body = next((child for child in node.named_children if child.kind_id in _BODY), None)
    return f.Lambda(node.start_byte, node.end_byte, parameters(listed, source), function_body(body, source))


def _object(node: Node, source: bytes) -> f.Expr:
    """Lower `object : Base(1) { … }` to a call of Base with each method as a named lambda."""
    base: f.Expr = f.Name(node.start_byte, node.start_byte + len(b"object"), "object")
    args: tuple[f.Expr, ...] = ()
    methods: list[f.Keyword] = []
    for child in node.named_children:
        if child.kind_id in _SPECIFIERS and parts(child):
            value = expression(parts(child)[0], source)
            base, args = (value.func, value.args) if isinstance(value, f.Call) else (value, ())
        elif child.kind_id in _CLASS_BODY:
            methods.extend(
                f.Keyword(m.start, m.end, m.name, f.Lambda(m.start, m.end, m.params, m.body))
                for m in statements(child.named_children, source)
                if isinstance(m, f.Function)
            )
    return f.Call(node.start_byte, node.end_byte, base, args, tuple(methods))


EXPRESSIONS.update(dict.fromkeys(_LITERAL, _lambda))
EXPRESSIONS.update(dict.fromkeys(kinds("anonymous_function"), _function))
EXPRESSIONS.update(dict.fromkeys(kinds("object_literal"), _object))
