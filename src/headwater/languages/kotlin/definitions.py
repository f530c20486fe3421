"""Kotlin packages, imports, classes and members to facts.

A property of a class is a field; one that only has a getter is a function with the decorator `property`.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import ERROR, Stmts, mark, several, word
from headwater.languages.kotlin.expressions import annotations_of, arguments
from headwater.languages.kotlin.grammar import STATEMENTS, expression, kinds, parts, statements
from headwater.languages.kotlin.lambdas import function_body, parameters
from headwater.languages.kotlin.statements import declared, modifiers_of

_PACKAGE, _QUALIFIED, _IDENTIFIER = kinds("package_header"), kinds("qualified_identifier"), kinds("identifier")
_SPECIFIERS, _GENERICS = kinds("delegation_specifiers"), kinds("type_parameters")
_PRIMARY, _BODY = kinds("primary_constructor"), kinds("class_body", "enum_class_body")
_CLASS_PARAMETER, _COMPANION = kinds("class_parameter"), kinds("companion_object")
_ENTRY, _ARGUMENTS, _MODIFIERS = kinds("enum_entry"), kinds("value_arguments"), kinds("modifiers")
_PARAMETERS, _FUNCTION_BODY = kinds("function_value_parameters"), kinds("function_body")
_TYPES = kinds("user_type", "nullable_type", "function_type", "parenthesized_type", "non_nullable_type")
_GETTER, _SETTER, _VARIABLE = kinds("getter"), kinds("setter"), kinds("variable_declaration")
_ANNOTATED, _PARENTHESES = kinds("annotated_expression"), kinds("parenthesized_expression")
_DELEGATION, _PROPERTY = kinds("constructor_delegation_call"), kinds("property_declaration")


def source_file(root: Node, source: bytes) -> tuple[Stmts, str]:
    """Lower a file to its statements and its package."""
    header = next((child for child in root.named_children if child.kind_id in _PACKAGE), None)
    package = "".join(word(parts(header)[0], source).split()) if header is not None and parts(header) else ""
    return statements(root.named_children, source), package


def _import(node: Node, source: bytes) -> Stmts:
    inside = parts(node)
    if not inside:
        return ()
    at, whole = (inside[0].start_byte, inside[0].end_byte), "".join(word(inside[0], source).split()).replace("`", "")
    if any(child.type == "*" for child in node.children) or source[inside[0].end_byte : node.end_byte].strip() == b".*":
        return (f.Import(*at, whole, "*", "*"),)
    module, _, name = whole.rpartition(".")
    alias = word(inside[1], source) if len(inside) > 1 else name
    return (f.Import(*at, module, name, alias),)


def _class(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name")
    if name is None:
        return ()
    title = word(name, source).strip("`")
    given = modifiers_of(node)
    body = next((child for child in node.named_children if child.kind_id in _BODY), None)
    members = _body(body, title, source) if body is not None else ()
    primary = next((child for child in node.named_children if child.kind_id in _PRIMARY), None)
    if primary is not None:
        members = _primary(primary, source) + members
    words = source[given.start_byte : given.end_byte].split() if given is not None else []
    kind = "enum" if b"enum" in words else "interface" if any(c.type == "interface" for c in node.children) else "class"
    if node.type == "object_declaration":
        members = tuple(_static(member) for member in members)
    annotations = annotations_of(given, source) if given is not None else _annotations_before(node, source)
    decorators = annotations + ((mark(name, "abstract"),) if b"abstract" in words else ())
    at = (name.start_byte, name.end_byte)
    return (f.Class(*at, title, _bases(node, source), (), decorators, members, kind, b"private" not in words),)


def _annotations_before(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the annotations of a class that the grammar takes for those of an expression before it."""
    before = node.prev_named_sibling
    annotations: list[f.Expr] = []
    while before is not None and before.kind_id in _ANNOTATED:
        annotations += annotations_of(before, source)
        before = before.named_children[-1] if before.named_children else None
    if before is not None and annotations and before.kind_id in _PARENTHESES:
        last = annotations.pop()  # what is in parentheses is the argument of the last one
        annotations.append(
            f.Call(last.start, before.end_byte, last, tuple(expression(child, source) for child in parts(before)))
        )
    return tuple(annotations) if before is not None else ()


def _bases(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    bases: list[f.Expr] = []
    for child in node.named_children:
        if child.kind_id in _SPECIFIERS:
            values = (expression(base, source) for base in parts(child))
            bases += [value.func if isinstance(value, f.Call) else value for value in values]
        elif child.kind_id in _GENERICS:
            named = [next((c for c in p.named_children if c.kind_id in _IDENTIFIER), None) for p in parts(child)]
            names = tuple(f.Name(n.start_byte, n.end_byte, word(n, source)) for n in named if n is not None)
            if names:
                generic = mark(child, "Generic")
                bases.append(f.Subscript(child.start_byte, child.end_byte, generic, several(child, names)))
    return tuple(bases)


def _primary(node: Node, source: bytes) -> Stmts:
    """Lower a primary constructor: a field for each `val` and `var`, and the constructor."""
    fields: list[f.Stmt] = []
    params: list[f.Param] = []
    listed = parts(node)[-1:]
    for child in listed[0].named_children if listed else ():
        if child.kind_id not in _CLASS_PARAMETER:
            continue
        inside = [c for c in parts(child) if c.kind_id not in _MODIFIERS]
        if not inside:
            continue
        name, rest = inside[0], inside[1:]
        typed = expression(rest[0], source) if rest else None
        default = expression(rest[1], source) if len(rest) > 1 else None
        at, title = (name.start_byte, name.end_byte), word(name, source).strip("`")
        params.append(f.Param(*at, title, typed, default))
        if any(c.type in ("val", "var") for c in child.children):
            decorators = annotations_of(modifiers_of(child), source)
            fields.append(f.Assign(*at, (f.Name(*at, title),), default, typed, "=", decorators))
    start = node.start_byte
    return (*fields, f.Function(start, start, "__init__", tuple(params), None, (), ()))


def _body(node: Node, owner: str, source: bytes) -> Stmts:
    result: list[f.Stmt] = []
    for child in node.named_children:
        if child.kind_id in _ENTRY:
            result.append(_entry(child, owner, source))
        elif child.kind_id in _COMPANION:
            inner = next((c for c in child.named_children if c.kind_id in _BODY), None)
            result.extend(_static(member) for member in (_body(inner, owner, source) if inner is not None else ()))
        elif child.kind_id in _PROPERTY:
            result.extend(_property(child, source))
        else:
            result.extend(statements((child,), source))
    return tuple(result)


def _static(stmt: f.Stmt) -> f.Stmt:
    """Return a member of an object as a static member of a class."""
    if isinstance(stmt, f.Function):
        decorators = (*stmt.decorators, f.Name(stmt.start, stmt.start, "staticmethod"))
        head = (stmt.start, stmt.end, stmt.name, stmt.params, stmt.returns)
        return f.Function(*head, decorators, stmt.body, stmt.exported)
    if isinstance(stmt, f.Assign):
        decorators = (*stmt.decorators, f.Name(stmt.start, stmt.start, "static"))
        return f.Assign(stmt.start, stmt.end, stmt.targets, stmt.value, stmt.annotation, stmt.op, decorators)
    return stmt


def _entry(node: Node, owner: str, source: bytes) -> f.Stmt:
    name = next((child for child in node.named_children if child.kind_id in _IDENTIFIER), node)
    given = next((child for child in node.named_children if child.kind_id in _ARGUMENTS), None)
    args, keywords = arguments(given, source)
    at = (name.start_byte, name.end_byte)
    value = f.Call(name.start_byte, node.end_byte, mark(name, owner), args, keywords)
    return f.Assign(*at, (f.Name(*at, word(name, source)),), value, None, "=", (mark(name, "static"),))


def _property(node: Node, source: bytes) -> Stmts:
    """Lower a property of a class: a field, or a function if only a getter computes it."""
    stmt = declared(node, source)
    if stmt is None or not isinstance(stmt.targets[0], f.Name):
        return (stmt,) if stmt is not None else ()
    name = stmt.targets[0]
    getter = next((child for child in node.named_children if child.kind_id in _GETTER), None)
    setter = next((child for child in node.named_children if child.kind_id in _SETTER), None)
    body = _accessor(getter, source)
    if body and setter is None and stmt.value is None:
        decorators = (*stmt.decorators, f.Name(stmt.start, stmt.start, "property"))
        return (f.Function(name.start, name.end, name.id, (), stmt.annotation, decorators, body),)
    result: list[f.Stmt] = [stmt]
    start = name.start
    if body:
        result.append(f.Function(start, start, f"get_{name.id}", (), None, (), body))
    if inner := _accessor(setter, source):
        param = f.Param(start, start, "value", stmt.annotation)
        result.append(f.Function(start, start, f"set_{name.id}", (param,), None, (), inner))
    return tuple(result)


def _accessor(node: Node | None, source: bytes) -> Stmts:
    body = next((c for c in node.named_children if c.kind_id in _FUNCTION_BODY), None) if node is not None else None
    return function_body(body, source)


def _function(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name")
    if name is None:
        return ()
    listed = next((child for child in node.named_children if child.kind_id in _PARAMETERS), None)
    body = next((child for child in node.named_children if child.kind_id in _FUNCTION_BODY), None)
    types = [child for child in node.named_children if child.kind_id in _TYPES]
    returned = next((t for t in types if listed is not None and t.start_byte > listed.start_byte), None)
    receiver = next((t for t in types if t.start_byte < name.start_byte), None)
    given = modifiers_of(node)
    is_private = given is not None and b"private" in source[given.start_byte : given.end_byte].split()
    typed = expression(returned, source) if returned is not None else None
    params, at = parameters(listed, source), (name.start_byte, name.end_byte)
    title = word(name, source).strip("`")
    own = _receiver(receiver, source) if receiver is not None else None
    params = (own, *params) if own is not None else params
    stmt = f.Function(
        *at, title, params, typed, annotations_of(given, source), function_body(body, source), not is_private
    )
    return (_extension(own, stmt),) if own is not None else (stmt,)


def _receiver(node: Node, source: bytes) -> f.Param:
    """Return the receiver of an extension as its first parameter."""
    return f.Param(node.start_byte, node.start_byte, "this", expression(node, source), None, "self")


def _extension(own: f.Param, stmt: f.Stmt) -> f.Stmt:
    """Return a function with a receiver as an addition to the receiver's class."""
    typed = own.annotation
    while isinstance(typed, f.Subscript):
        typed = typed.value
    name = typed.id if isinstance(typed, f.Name) else getattr(typed, "name", "")
    return f.Class(own.start, own.start, name, (), (), (), (stmt,), "extension")


def _top_property(node: Node, source: bytes) -> Stmts:
    """Lower a property outside of classes and functions, also one that extends a class."""
    variable = next((child for child in node.named_children if child.kind_id in _VARIABLE), node)
    types = (child for child in node.named_children if child.kind_id in _TYPES)
    receiver = next((child for child in types if child.start_byte < variable.start_byte), None)
    if receiver is None:
        return _property(node, source)
    own = _receiver(receiver, source)
    result: list[f.Stmt] = []
    for stmt in _property(node, source):
        if isinstance(stmt, f.Function):
            function = f.Function(
                stmt.start, stmt.end, stmt.name, (own, *stmt.params), stmt.returns, stmt.decorators, stmt.body
            )
            result.append(_extension(own, function))
    return tuple(result)


def _constructor(node: Node, source: bytes) -> Stmts:
    listed = next((child for child in node.named_children if child.kind_id in _PARAMETERS), None)
    block = parts(node)[-1] if parts(node) else None
    body = statements(block.named_children, source) if block is not None and block.type == "block" else ()
    for child in node.named_children:
        if child.kind_id in _DELEGATION:
            args, keywords = arguments(parts(child)[-1] if parts(child) else None, source)
            start, end = child.start_byte, child.end_byte
            is_super = any(c.type in ("super", "super_expression") for c in child.children)
            owner = f.Call(start, end, mark(child, "super")) if is_super else mark(child, "this")
            call = f.Call(start, end, f.Attr(start, start, owner, "__init__"), args, keywords)
            body = (f.Do(start, end, call), *body)
    start = node.start_byte
    return (f.Function(start, start, "__init__", parameters(listed, source), None, (), body),)


def _alias(node: Node, source: bytes) -> Stmts:
    inside = parts(node)
    if len(inside) < 2:
        return ()
    at = (inside[0].start_byte, inside[0].end_byte)
    return (f.Assign(*at, (f.Name(*at, word(inside[0], source)),), expression(inside[-1], source)),)


def _none(node: Node, source: bytes) -> Stmts:
    return ()


def _broken(node: Node, source: bytes) -> Stmts:
    return statements(node.named_children, source)


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(("class_declaration", "object_declaration"), _class),
    **dict.fromkeys(("package_header", "file_annotation"), _none),
    "import": _import,
    "function_declaration": _function,
    "secondary_constructor": _constructor,
    "type_alias": _alias,
}
STATEMENTS.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})


def top_level(node: Node, source: bytes) -> Stmts:
    """Lower a property where it stands: of a file, of a class, or of a function."""
    inside = node.parent is not None and node.parent.type in ("block", "lambda_literal", "ERROR")
    if inside:
        stmt = declared(node, source)
        return (stmt,) if stmt is not None else ()
    return _top_property(node, source)


STATEMENTS.update(dict.fromkeys(_PROPERTY, top_level))
STATEMENTS[ERROR] = _broken
