"""C# namespaces, usings and types to facts.

A part of a partial class that has neither bases nor attributes, in a file of another name, adds to the class
(kind `extension`), as does a method whose first parameter is `this` of a plain type.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import Stmts, mark, several, word
from headwater.languages.csharp import members as _members  # noqa: F401 - fills the table of statements
from headwater.languages.csharp.expressions import attributes_of, parameters
from headwater.languages.csharp.grammar import expression, kinds
from headwater.languages.csharp.members import modifiers_of
from headwater.languages.csharp.statements import STATEMENTS, statements

_NAMESPACES = kinds("namespace_declaration", "file_scoped_namespace_declaration")
_BASES, _TYPE_PARAMETERS, _PARAMETERS = kinds("base_list"), kinds("type_parameter_list"), kinds("parameter_list")
_ARGUMENTS, _MEMBER = kinds("argument_list"), kinds("enum_member_declaration")
_MODIFIER, _PARAMETER, _METHOD = kinds("modifier"), kinds("parameter"), kinds("method_declaration")
_NAMES, _TYPE_PARAMETER = kinds("identifier", "qualified_name", "alias_qualified_name"), kinds("type_parameter")
_KINDS = {
    "class_declaration": "class",
    "struct_declaration": "struct",
    "record_declaration": "record",
    "interface_declaration": "interface",
    "enum_declaration": "enum",
}


def compilation_unit(root: Node, source: bytes, stem: str) -> tuple[Stmts, str]:
    """Lower a file to its statements and its namespace; `stem` is the file's name without its suffix."""
    body = statements(root.named_children, source)
    return tuple(_settled(stmt, stem) for stmt in body), _namespace(root, source)


def _settled(stmt: f.Stmt, stem: str) -> f.Stmt:
    """Return a statement; the part of a partial class that its file is named after is the class."""
    if not isinstance(stmt, f.Class) or stmt.kind != "extension" or stmt.name != stem:
        return stmt
    return f.Class(
        stmt.start, stmt.end, stmt.name, stmt.bases, stmt.keywords, stmt.decorators, stmt.body, "class", stmt.exported
    )


def _namespace(node: Node, source: bytes) -> str:
    for child in node.named_children:
        if child.kind_id in _NAMESPACES and (name := child.child_by_field_name("name")):
            own = "".join(word(name, source).split())
            body = child.child_by_field_name("body")
            inner = _namespace(body, source) if body is not None else ""
            return f"{own}.{inner}" if inner else own
    return ""


def _nested(node: Node, source: bytes) -> Stmts:
    body = node.child_by_field_name("body")
    return statements((body or node).named_children, source)


def _using(node: Node, source: bytes) -> Stmts:
    names = [child for child in node.named_children if child.kind_id in _NAMES]
    alias = node.child_by_field_name("name")
    targets = [child for child in names if alias is None or child.start_byte != alias.start_byte]
    if not targets:
        return ()
    at, whole = (targets[-1].start_byte, targets[-1].end_byte), "".join(word(targets[-1], source).split())
    whole = whole.removeprefix("global::")
    if alias is None:
        shared = any(child.type == "global" for child in node.children)
        return (f.Import(*at, whole, "*", "global" if shared else "*"),)
    module, _, name = whole.rpartition(".")
    return (f.Import(*at, module, name, word(alias, source)),)


def _type(node: Node, source: bytes) -> Stmts:
    name = node.child_by_field_name("name")
    if name is None:
        return ()
    title, body = word(name, source), node.child_by_field_name("body")
    given, kind = modifiers_of(node, source), _KINDS.get(node.type, "class")
    decorators, bases = attributes_of(node, source), _bases(node, source)
    members = _body(body, title, source) if body is not None else ()
    primary = next((child for child in node.named_children if child.kind_id in _PARAMETERS), None)
    if primary is not None:
        members = _primary(primary, node.type == "record_declaration", source) + members
    elif "partial" in given and not bases and not decorators:
        kind = "extension"
    at = (name.start_byte, name.end_byte)
    own = f.Class(*at, title, bases, (), decorators, members, kind, "private" not in given)
    return (own, *_extensions(body, source)) if body is not None and "static" in given else (own,)


def _bases(node: Node, source: bytes) -> tuple[f.Expr, ...]:
    """Lower the base types; type parameters are a base `Generic[T]`, as in Python."""
    bases: list[f.Expr] = []
    for child in node.named_children:
        if child.kind_id in _BASES:
            bases += [expression(base, source) for base in child.named_children if base.kind_id not in _ARGUMENTS]
        elif child.kind_id in _TYPE_PARAMETERS:
            names = tuple(
                f.Name(name.start_byte, name.end_byte, word(name, source))
                for parameter in child.named_children
                if parameter.kind_id in _TYPE_PARAMETER and (name := parameter.child_by_field_name("name"))
            )
            if names:
                bases.append(
                    f.Subscript(child.start_byte, child.end_byte, mark(child, "Generic"), several(child, names))
                )
    return tuple(bases)


def _body(node: Node, owner: str, source: bytes) -> Stmts:
    result: list[f.Stmt] = []
    for child in node.named_children:
        if child.kind_id in _MEMBER:
            result.append(_constant(child, owner, source))
        elif handler := STATEMENTS.get(child.kind_id):
            result.extend(handler(child, source))
    return tuple(result)


def _constant(node: Node, owner: str, source: bytes) -> f.Stmt:
    """Lower a member of an enum to a static field."""
    name, value = node.child_by_field_name("name") or node, node.child_by_field_name("value")
    at = (name.start_byte, name.end_byte)
    args = (expression(value, source),) if value is not None else ()
    made = f.Call(*at, mark(node, owner), args)
    marks = (*attributes_of(node, source), mark(node, "static"))
    return f.Assign(*at, (f.Name(*at, word(name, source)),), made, None, "=", marks)


def _primary(node: Node, is_record: bool, source: bytes) -> Stmts:
    """Lower a primary constructor: properties of a record, else private fields, and the constructor."""
    params = parameters(node, source)
    attributes = {
        name.start_byte: attributes_of(child, source)
        for child in node.named_children
        if child.kind_id in _PARAMETER and (name := child.child_by_field_name("name"))
    }
    marks = () if is_record else (mark(node, "field"), mark(node, "private"))
    fields = tuple(
        f.Assign(
            p.start,
            p.end,
            (f.Name(p.start, p.end, p.name),),
            None,
            p.annotation,
            "=",
            attributes.get(p.start, ()) + marks,
        )
        for p in params
    )
    return (*fields, f.Function(node.start_byte, node.start_byte, "__init__", params, None, (), ()))


def _extensions(body: Node, source: bytes) -> Stmts:
    """Lower the extension methods of a static class whose receiver is a plain type to additions to that type."""
    result: list[f.Stmt] = []
    for child in body.named_children:
        params = child.child_by_field_name("parameters") if child.kind_id in _METHOD else None
        first = params.named_children[0] if params is not None and params.named_children else None
        if first is None or not any(c.kind_id in _MODIFIER and word(c, source) == "this" for c in first.named_children):
            continue
        typed = first.child_by_field_name("type")
        for stmt in STATEMENTS[child.kind_id](child, source) if typed is not None else ():
            receiver = expression(typed, source) if typed is not None else None
            if isinstance(receiver, f.Name) and isinstance(stmt, f.Function) and stmt.params:
                result.append(_extension(receiver, stmt))
    return tuple(result)


def _extension(receiver: f.Name, stmt: f.Function) -> f.Class:
    own, *others = stmt.params
    params = (f.Param(own.start, own.end, own.name, own.annotation, None, "self"), *others)
    decorators = tuple(d for d in stmt.decorators if not (isinstance(d, f.Name) and d.id == "staticmethod"))
    method = f.Function(stmt.start, stmt.end, stmt.name, params, stmt.returns, decorators, stmt.body, stmt.exported)
    return f.Class(receiver.start, receiver.end, receiver.id, (), (), (), (method,), "extension")


_HANDLERS: dict[str, Callable[[Node, bytes], Stmts]] = {
    **dict.fromkeys(_KINDS, _type),
    **dict.fromkeys(("namespace_declaration", "file_scoped_namespace_declaration"), _nested),
    "using_directive": _using,
}
STATEMENTS.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})
