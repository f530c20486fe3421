"""Statements and definitions of TypeScript and JavaScript to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._script import types
from headwater.languages._script.common_js import assigned
from headwater.languages._script.expressions import HANDLERS, expression, word
from headwater.languages._script.imports import imports, require, required, unquoted

_FUNCTIONS = {"arrow_function", "function_expression", "generator_function", "function"}
_MEMBERS = {"public_field_definition", "field_definition", "property_signature", "enum_assignment"}
# Keywords before a method, as the decorators that say the same in Python.
_MARKS = {"get": "property", "static": "staticmethod"}
_METHODS = {"method_definition", "method_signature", "abstract_method_signature"}


def statements(nodes: Iterable[Node], source: bytes) -> tuple[f.Stmt, ...]:
    """Lower the statements of a program or block."""
    result: list[f.Stmt] = []
    for node in nodes:
        handler = _TABLE.get(node.type)
        if handler:
            result.extend(handler(node, source))
        elif node.type not in _NOTHING:
            result.append(f.Do(node.start_byte, node.end_byte, expression(node, source)))
    return tuple(result)


def parameters(node: Node, source: bytes) -> tuple[f.Param, ...]:
    """Lower the parameters of any function."""
    single = node.child_by_field_name("parameter")
    if single is not None:
        return (f.Param(single.start_byte, single.end_byte, word(single, source)),)
    listed = node.child_by_field_name("parameters")
    return (
        tuple(_parameter(child, source) for child in listed.named_children if child.type != "comment") if listed else ()
    )


def _parameter(node: Node, source: bytes) -> f.Param:
    pattern = node.child_by_field_name("pattern") or node.child_by_field_name("left") or node
    kind = "*" if pattern.type == "rest_pattern" else ""
    if kind and pattern.named_children:
        pattern = pattern.named_children[0]
    typed = types.annotation(node.child_by_field_name("type"), source)
    given = node.child_by_field_name("value") or node.child_by_field_name("right")
    default = expression(given, source) if given else None
    start, end = pattern.start_byte, pattern.end_byte
    if pattern.type in ("object_pattern", "array_pattern"):
        return f.Param(start, end, "", typed, default, kind, expression(pattern, source))
    return f.Param(start, end, word(pattern, source), typed, default, kind)


def body_of(node: Node, source: bytes) -> tuple[f.Stmt, ...]:
    """Lower the body of any function; an expression is what it returns."""
    body = node.child_by_field_name("body")
    if body is None:
        return ()
    if body.type == "statement_block":
        return statements(body.named_children, source)
    return (f.Return(body.start_byte, body.end_byte, expression(body, source)),)


def _lambda(node: Node, source: bytes) -> f.Expr:
    return f.Lambda(node.start_byte, node.end_byte, parameters(node, source), body_of(node, source))


# Functions are expressions that contain statements: the table below would need a circular import.
HANDLERS.update(dict.fromkeys((*_FUNCTIONS, "method_definition"), _lambda))


def _function(node: Node, source: bytes, named: Node | None = None) -> list[f.Stmt]:
    name = named or node.child_by_field_name("name")
    start, end = (name.start_byte, name.end_byte) if name else (node.start_byte, node.end_byte)
    returns = types.annotation(node.child_by_field_name("return_type"), source)
    decorators = tuple(expression(child, source) for child in node.named_children if child.type == "decorator")
    title = word(name, source) if name else "default"
    body = body_of(node, source)
    return [f.Function(start, end, title, parameters(node, source), returns, decorators, body)]


def _declaration(node: Node, source: bytes) -> list[f.Stmt]:
    return [
        stmt
        for child in node.named_children
        if child.type == "variable_declarator"
        for stmt in _variable(child, source)
    ]


def _variable(node: Node, source: bytes) -> list[f.Stmt]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None:
        return []
    if value is not None and value.type in _FUNCTIONS and name.type == "identifier":
        return _function(value, source, name)
    if value is not None and value.type == "class" and name.type == "identifier":
        return _class(value, source, name)
    if value is not None and (module := required(value, source)):
        return require(name, module, source)
    annotation = types.annotation(node.child_by_field_name("type"), source)
    lowered = expression(value, source) if value else None
    return [f.Assign(node.start_byte, node.end_byte, (expression(name, source),), lowered, annotation)]


def _import_alias(node: Node, source: bytes) -> list[f.Stmt]:
    """Lower `import A = B.C`: A is another name of B.C."""
    names = node.named_children
    if len(names) != 2:
        return []
    at, (first, *rest) = names[1], word(names[1], source).replace(" ", "").split(".")
    value: f.Expr = f.Name(at.start_byte, at.start_byte + len(first.encode()), first)
    for part in rest:
        value = f.Attr(at.end_byte - len(part.encode()), at.end_byte, value, part)
    return [f.Assign(node.start_byte, node.end_byte, (expression(names[0], source),), value)]


def _export(node: Node, source: bytes) -> list[f.Stmt]:
    start, end = node.start_byte, node.end_byte
    is_default = any(child.type == "default" for child in node.children)
    origin = node.child_by_field_name("source")
    module = unquoted(origin, source) if origin else None
    if (declaration := node.child_by_field_name("declaration")) is not None:
        inner = _decorated(statements([declaration], source), node, source)
        local = getattr(inner[0], "name", None) if inner else None
        return [*inner, f.Export(start, end, "default", local)] if is_default and local else list(inner)
    if (value := node.child_by_field_name("value")) is not None:
        return _export_value(value, source)
    clause = next((child for child in node.named_children if child.type in ("export_clause", "namespace_export")), None)
    if clause is None:
        return [f.Export(start, end, "*", None, module)] if module else []
    return [_exported(child, module, source) for child in clause.named_children if child.child_by_field_name("name")]


def _decorated(body: tuple[f.Stmt, ...], node: Node, source: bytes) -> tuple[f.Stmt, ...]:
    """Add the decorators that stand before `export` to the class after it."""
    marks = tuple(expression(child, source) for child in node.named_children if child.type == "decorator")
    if not marks or not body or not isinstance(body[0], f.Class):
        return body
    return (replace(body[0], decorators=(*marks, *body[0].decorators)), *body[1:])


def _exported(node: Node, module: str | None, source: bytes) -> f.Stmt:
    name, alias = node.child_by_field_name("name") or node, node.child_by_field_name("alias")
    return f.Export(node.start_byte, node.end_byte, word(alias or name, source), word(name, source), module)


def _export_value(value: Node, source: bytes) -> list[f.Stmt]:
    start, end = value.start_byte, value.end_byte
    if value.type == "identifier":
        return [f.Export(start, end, "default", word(value, source))]
    if value.type in _FUNCTIONS:
        return [*_function(value, source), f.Export(start, end, "default", "default")]
    if value.type == "class":
        return [*_class(value, source), f.Export(start, end, "default", "default")]
    assigned = f.Assign(start, end, (f.Name(start, start, "default"),), expression(value, source))
    return [assigned, f.Export(start, end, "default", "default")]


def _class(node: Node, source: bytes, named: Node | None = None) -> list[f.Stmt]:
    name = named or node.child_by_field_name("name")
    start, end = (name.start_byte, name.end_byte) if name else (node.start_byte, node.end_byte)
    body = node.child_by_field_name("body")
    decorators = tuple(expression(child, source) for child in node.named_children if child.type == "decorator")
    title = word(name, source) if name else "default"
    return [f.Class(start, end, title, _bases(node, source), (), decorators, _members(body, source), _kind(node))]


def _kind(node: Node) -> str:
    return {"interface_declaration": "interface", "enum_declaration": "enum"}.get(node.type, "class")


def _bases(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    bases: list[f.Expr] = []
    for clause in node.named_children:
        parts = clause.named_children if clause.type == "class_heritage" else [clause]
        for part in parts:
            if part.type in ("extends_clause", "extends_type_clause", "implements_clause"):
                bases.extend(_heritage(part, source))
            elif clause.type == "class_heritage":
                bases.append(expression(part, source))
    return tuple(bases)


def _heritage(node: Node, source: bytes) -> list[f.Expr]:
    if node.type != "extends_clause":
        return [types.lower(child, source) for child in node.named_children]
    value, given = node.child_by_field_name("value"), node.child_by_field_name("type_arguments")
    if value is None:
        return []
    base, inside = expression(value, source), types.arguments(given, source)
    return [base if inside is None else f.Subscript(value.start_byte, value.end_byte, base, inside)]


def _members(body: Node | None, source: bytes) -> tuple[f.Stmt, ...]:
    members: list[f.Stmt] = []
    pending: list[f.Expr] = []
    for child in body.named_children if body else ():
        if child.type == "decorator":
            pending.append(expression(child, source))
        elif child.type in _METHODS:
            members.extend(_method(child, source, tuple(pending)))
            pending = []
        elif child.type in _MEMBERS:
            members.append(_field(child, source, tuple(pending)))
            pending = []
    return tuple(members)


def _method(node: Node, source: bytes, decorators: tuple[f.Expr, ...]) -> list[f.Stmt]:
    statements: list[f.Stmt] = _function(node, source)
    words = (
        f.Name(child.start_byte, child.end_byte, _MARKS[child.type]) for child in node.children if child.type in _MARKS
    )
    decorators = (*decorators, *words)
    name = node.child_by_field_name("name")
    if decorators and isinstance(statements[0], f.Function):
        whole = statements[0]
        statements = [
            f.Function(whole.start, whole.end, whole.name, whole.params, whole.returns, decorators, whole.body)
        ]
    if name is not None and word(name, source) == "constructor":
        statements = [*_parameter_fields(node, source), *statements]
    return statements


def _parameter_fields(node: Node, source: bytes) -> list[f.Stmt]:
    """A constructor parameter with an access modifier is a field of the class."""
    listed = node.child_by_field_name("parameters")
    fields: list[f.Stmt] = []
    for child in listed.named_children if listed else ():
        if any(part.type in ("accessibility_modifier", "readonly") for part in child.children):
            param = _parameter(child, source)
            name = f.Name(param.start, param.end, param.name)
            fields.append(f.Assign(param.start, param.end, (name,), param.default, param.annotation))
    return fields


def _field(node: Node, source: bytes, decorators: tuple[f.Expr, ...]) -> f.Stmt:
    name = node.child_by_field_name("name") or node.child_by_field_name("property") or node
    value = node.child_by_field_name("value")
    typed = types.annotation(node.child_by_field_name("type"), source)
    own = tuple(expression(child, source) for child in node.named_children if child.type == "decorator")
    target = f.Name(name.start_byte, name.end_byte, word(name, source))
    lowered = expression(value, source) if value else None
    if isinstance(lowered, f.Lambda) and typed is None:  # a method that is written as a function
        marks = (*decorators, *own)
        return f.Function(name.start_byte, name.end_byte, target.id, lowered.params, None, marks, lowered.body)
    return f.Assign(name.start_byte, name.end_byte, (target,), lowered, typed, "=", (*decorators, *own))


def _alias(node: Node, source: bytes) -> list[f.Stmt]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return []
    start, end, title = name.start_byte, name.end_byte, word(name, source)
    if value.type == "object_type":
        return [f.Class(start, end, title, (), (), (), _members(value, source), "type")]
    return [f.Assign(start, end, (f.Name(start, end, title),), types.lower(value, source), None)]


def _if(node: Node, source: bytes) -> list[f.Stmt]:
    test, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    otherwise = node.child_by_field_name("alternative")
    after = otherwise.named_children if otherwise else []
    lowered = expression(test, source) if test else f.Const(node.start_byte, node.end_byte, "")
    body = statements(_block(then), source)
    inner = [child for node in after for child in _block(node)]
    return [f.Branch(node.start_byte, node.end_byte, lowered, body, statements(inner, source))]


def _block(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.named_children) if node.type == "statement_block" else [node]


def _for_in(node: Node, source: bytes) -> list[f.Stmt]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    target = expression(left, source) if left else None
    iterable = expression(right, source) if right else None
    body = statements(_block(node.child_by_field_name("body")), source)
    return [f.Loop(node.start_byte, node.end_byte, target, iterable, body)]


def _while(node: Node, source: bytes) -> list[f.Stmt]:
    test = node.child_by_field_name("condition")
    head = node.child_by_field_name("initializer")
    first = statements([head], source) if head is not None else ()
    body = statements(_block(node.child_by_field_name("body")), source)
    lowered = expression(test, source) if test else None
    return [*first, f.Loop(node.start_byte, node.end_byte, None, lowered, body)]


def _switch(node: Node, source: bytes) -> list[f.Stmt]:
    value, body = node.child_by_field_name("value"), node.child_by_field_name("body")
    test = expression(value, source) if value else f.Const(node.start_byte, node.end_byte, "")
    inner: list[f.Stmt] = []
    for case in body.named_children if body else ():
        inner.extend(statements(case.children_by_field_name("body"), source))
    return [f.Branch(node.start_byte, node.end_byte, test, tuple(inner))]


def _try(node: Node, source: bytes) -> list[f.Stmt]:
    body = statements(_block(node.child_by_field_name("body")), source)
    for name in ("handler", "finalizer"):
        part = node.child_by_field_name(name)
        if part is not None:
            body += statements(_block(part.child_by_field_name("body")), source)
    return [f.Scope(node.start_byte, node.end_byte, (), body)]


def _nested(node: Node, source: bytes) -> list[f.Stmt]:
    body = node.child_by_field_name("body")
    inner = body.named_children if body is not None else node.named_children
    return [f.Scope(node.start_byte, node.end_byte, (), statements(inner, source))]


def _return(node: Node, source: bytes) -> list[f.Stmt]:
    values = [child for child in node.named_children if child.type != "comment"]
    value = expression(values[0], source) if values else None
    return [f.Return(node.start_byte, node.end_byte, value)]


def _expression(node: Node, source: bytes) -> list[f.Stmt]:
    if not node.named_children:
        return []
    if node.named_children[0].type == "internal_module":  # `namespace Express { … }`
        return _nested(node.named_children[0], source)
    value = expression(node.named_children[0], source)
    if node.named_children[0].type == "yield_expression":
        passes_on = any(child.type == "*" for child in node.named_children[0].children)
        return [f.Return(node.start_byte, node.end_byte, value, "yield from" if passes_on else "yield")]
    if isinstance(value, f.Bind):
        return assigned(value)
    return [f.Do(node.start_byte, node.end_byte, value)]


def _throw(node: Node, source: bytes) -> list[f.Stmt]:
    return [f.Do(node.start_byte, node.end_byte, expression(c, source), "throw") for c in node.named_children[:1]]


_NOTHING = {
    "comment",
    "hash_bang_line",
    "empty_statement",
    "break_statement",
    "continue_statement",
    "debugger_statement",
}
_TABLE: dict[str, Callable[[Node, bytes], list[f.Stmt]]] = {
    **dict.fromkeys(("function_declaration", "generator_function_declaration", "function_signature"), _function),
    **dict.fromkeys(("lexical_declaration", "variable_declaration"), _declaration),
    **dict.fromkeys(("class_declaration", "abstract_class_declaration", "interface_declaration"), _class),
    **dict.fromkeys(("while_statement", "do_statement", "for_statement"), _while),
    **dict.fromkeys(
        (
            "statement_block",
            "module",
            "internal_module",
            "ambient_declaration",
            "labeled_statement",
            "with_statement",
            "ERROR",
        ),
        _nested,
    ),
    "import_statement": imports,
    "import_alias": _import_alias,
    "export_statement": _export,
    "enum_declaration": _class,
    "type_alias_declaration": _alias,
    "if_statement": _if,
    "for_in_statement": _for_in,
    "switch_statement": _switch,
    "try_statement": _try,
    "return_statement": _return,
    "expression_statement": _expression,
    "throw_statement": _throw,
}
