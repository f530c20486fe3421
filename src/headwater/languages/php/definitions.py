"""PHP classes, traits, enums, functions and imports to facts."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.php import docs, types
from headwater.languages.php.expressions import HANDLERS, TABLE, call_arguments, expression
from headwater.languages.php.source import SKIPPED, PhpSource, Stmts, dotted, kinds, word
from headwater.languages.php.statements import STATEMENTS, constants, statements

_NOTHING = kinds(*SKIPPED)
_BASES, _GROUP = kinds("base_clause", "class_interface_clause"), kinds("namespace_use_group")
_CLAUSE, _STATIC = kinds("namespace_use_clause"), kinds("static_modifier")
_KINDS = {"trait_declaration": "trait", "interface_declaration": "interface", "enum_declaration": "enum"}


# -------------------------------------------------------------------- functions


def _function(node: Node, source: PhpSource) -> Stmts:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return ()
    params = _parameters(node, source)
    returns = types.lower(node.child_by_field_name("return_type"), source)
    if says := docs.tags(node.prev_named_sibling, source):
        params = tuple([_documented(param, says) for param in params])
        stated = says.get(("return", ""))
        returns = stated if returns is None or isinstance(stated, f.Subscript) else returns
    decorators = attributes(node, source)
    if any(child.kind_id in _STATIC for child in node.named_children):
        decorators = (*decorators, f.Name(name.start_byte, name.start_byte, "staticmethod"))
    stmts = statements(body.named_children, source) if body is not None else ()
    return (f.Function(name.start_byte, name.end_byte, word(name, source), params, returns, decorators, stmts, True),)


def _documented(param: f.Param, says: dict[tuple[str, str], f.Expr]) -> f.Param:
    """Return a parameter with the type that the doc comment states, if it declares none itself."""
    stated = says.get(("param", param.name))
    if stated is None or (param.annotation is not None and not isinstance(stated, f.Subscript)):
        return param
    return msgspec.structs.replace(param, annotation=stated)


def _parameters(node: Node, source: PhpSource) -> tuple[f.Param, ...]:
    listed = node.child_by_field_name("parameters")
    if listed is None:
        return ()
    return tuple(p for child in listed.named_children if (p := _parameter(child, source)) is not None)


def _parameter(node: Node, source: PhpSource) -> f.Param | None:
    name = node.child_by_field_name("name")
    while name is not None and name.type == "by_ref" and name.named_children:
        name = name.named_children[0]
    if name is None:
        return None
    start, end = name.start_byte + 1, name.end_byte
    annotation = types.lower(node.child_by_field_name("type"), source)
    value = node.child_by_field_name("default_value")
    default = expression(value, source) if value is not None else None
    kind = "*" if node.type == "variadic_parameter" else ""
    return f.Param(start, end, source[start:end].decode("utf-8", "replace"), annotation, default, kind)


def _lambda(node: Node, source: PhpSource) -> f.Expr:
    body = node.child_by_field_name("body")
    stmts: Stmts = ()
    if body is not None and node.type == "arrow_function":
        stmts = (f.Return(body.start_byte, body.end_byte, expression(body, source)),)
    elif body is not None:
        stmts = statements(body.named_children, source)
    return f.Lambda(node.start_byte, node.end_byte, _parameters(node, source), stmts)


def attributes(node: Node, source: PhpSource) -> tuple[f.Expr, ...]:
    """Lower the attributes `#[…]` of a definition."""
    listed = node.child_by_field_name("attributes")
    if listed is None:
        return ()
    result: list[f.Expr] = []
    for group in listed.named_children:
        for attribute in group.named_children:
            parts = attribute.named_children
            if not parts:
                continue
            name = types.qualified(parts[0], source)
            given = attribute.child_by_field_name("parameters")
            if given is None:
                result.append(name)
                continue
            args, keywords = call_arguments(given, source)
            result.append(f.Call(attribute.start_byte, attribute.end_byte, name, args, keywords))
    return tuple(result)


# ---------------------------------------------------------------------- classes


def _class(node: Node, source: PhpSource) -> Stmts:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return ()
    outer, source.class_name = source.class_name, word(name, source)
    bases = [
        types.qualified(base, source)
        for child in node.named_children
        if child.kind_id in _BASES
        for base in child.named_children
        if base.kind_id not in _NOTHING
    ]
    members = body.named_children if body is not None else []
    for member in members:
        if member.type == "use_declaration":
            used = [child for child in member.named_children if child.type in ("name", "qualified_name")]
            bases += [types.qualified(child, source) for child in used]
    bases = _with_types(bases, docs.tags(node.prev_named_sibling, source))
    stmts = statements(members, source)
    stmts = (*_promoted(members, source), *stmts)
    bases = _of_constructor(bases, stmts)
    head = (name.start_byte, name.end_byte, word(name, source), tuple(bases), (), attributes(node, source), stmts)
    source.class_name = outer
    return (f.Class(*head, kind=_KINDS.get(node.type, "class"), exported=True),)


def _with_types(bases: list[f.Expr], says: dict[tuple[str, str], f.Expr]) -> list[f.Expr]:
    """Return the bases with the type argument that a doc comment states: `@extends EntityRepository<User>`."""
    stated = says.get(("extends", ""))
    if not isinstance(stated, f.Subscript) or not bases:
        return bases
    return [f.Subscript(bases[0].start, bases[0].end, bases[0], stated.index), *bases[1:]]


def _of_constructor(bases: list[f.Expr], stmts: Stmts) -> list[f.Expr]:
    """Return the bases with the class that a constructor hands to its parent as its type argument.

    `parent::__construct($registry, User::class)` says which rows a repository has.
    """
    if not bases or isinstance(bases[0], f.Subscript):
        return bases
    for stmt in stmts:
        for inner in stmt.body if isinstance(stmt, f.Function) and stmt.name == "__construct" else ():
            call = inner.value if isinstance(inner, f.Do) else None
            is_parent = isinstance(call, f.Call) and isinstance(call.func, f.Attr) and call.func.name == "__construct"
            given = call.args[1] if is_parent and isinstance(call, f.Call) and len(call.args) == 2 else None
            if isinstance(given, f.Name) and given.id[:1].isupper():
                return [f.Subscript(bases[0].start, bases[0].end, bases[0], given), *bases[1:]]
    return bases


def _promoted(members: list[Node], source: PhpSource) -> Iterator[f.Stmt]:
    """Yield the properties that a constructor declares in its parameters."""
    for member in members:
        listed = member.child_by_field_name("parameters") if member.type == "method_declaration" else None
        for child in listed.named_children if listed is not None else ():
            if child.type == "property_promotion_parameter" and (param := _parameter(child, source)):
                goal = f.Name(param.start, param.end, param.name)
                yield f.Assign(param.start, param.end, (goal,), None, param.annotation, "=", attributes(child, source))


def _property(node: Node, source: PhpSource) -> Stmts:
    annotation = types.lower(node.child_by_field_name("type"), source)
    decorators = attributes(node, source)
    stmts: list[f.Stmt] = []
    for child in node.named_children:
        name = child.child_by_field_name("name") if child.type == "property_element" else None
        if name is None:
            continue
        start, end = name.start_byte + 1, name.end_byte
        goal = f.Name(start, end, source[start:end].decode("utf-8", "replace"))
        value = child.child_by_field_name("default_value")
        default = expression(value, source) if value is not None else None
        if annotation is None:
            stated = docs.tags(node.prev_named_sibling, source)
            annotation = stated.get(("var", "")) or stated.get(("var", goal.id))
        stmts.append(f.Assign(start, end, (goal,), default, annotation, "=", decorators))
    return tuple(stmts)


def _case(node: Node, source: PhpSource) -> Stmts:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None:
        return ()
    goal = f.Name(name.start_byte, name.end_byte, word(name, source))
    return (f.Assign(goal.start, goal.end, (goal,), expression(value, source) if value is not None else None),)


def _anonymous(node: Node, source: PhpSource) -> f.Expr:
    """Lower an anonymous class to the class that it extends; the class itself follows after the statement."""
    outer, source.class_name = source.class_name, f"class@{source.stem}_{node.start_byte}"
    pending, source.anonymous = source.anonymous, []
    bases = tuple(
        types.qualified(base, source)
        for child in node.named_children
        if child.kind_id in _BASES
        for base in child.named_children
        if base.kind_id not in _NOTHING
    )
    body = node.child_by_field_name("body")
    stmts = statements(body.named_children, source) if body is not None else ()
    start = node.start_byte
    source.anonymous = [*pending, f.Class(start, start + 5, source.class_name, bases, (), (), stmts)]
    source.class_name = outer
    return bases[0] if bases else f.Name(start, start, "object")


# ------------------------------------------------------------------- namespaces


def _import(node: Node, source: PhpSource) -> Stmts:
    prefix = next((dotted(c, source) for c in node.named_children if c.type == "namespace_name"), "")
    return tuple(_clauses(node, prefix, source))


def _clauses(node: Node, prefix: str, source: PhpSource) -> Iterator[f.Stmt]:
    for child in node.named_children:
        if child.kind_id in _GROUP:
            yield from _clauses(child, prefix, source)
        elif child.kind_id in _CLAUSE:
            alias = child.child_by_field_name("alias")
            names = [c for c in child.named_children if c != alias and c.kind_id not in _NOTHING]
            if not names:
                continue
            whole = dotted(names[0], source)
            whole = f"{prefix}.{whole}" if prefix else whole
            module, _, name = whole.rpartition(".")
            at = alias or names[0]
            bound = word(alias, source) if alias is not None else name
            yield f.Import(at.start_byte, at.end_byte, module, name, bound)


def _namespace(node: Node, source: PhpSource) -> Stmts:
    body = node.child_by_field_name("body")
    return statements(body.named_children, source) if body is not None else ()


def _nothing(node: Node, source: PhpSource) -> Stmts:
    return ()


_HANDLERS = {
    **dict.fromkeys(("function_definition", "method_declaration"), _function),
    **dict.fromkeys(("class_declaration", "trait_declaration", "interface_declaration", "enum_declaration"), _class),
    **dict.fromkeys(("declaration_list", "enum_declaration_list"), lambda n, s: statements(n.named_children, s)),
    "property_declaration": _property,
    "const_declaration": constants,
    "enum_case": _case,
    "use_declaration": _nothing,
    "namespace_use_declaration": _import,
    "namespace_definition": _namespace,
}
STATEMENTS.update({kind: handler for name, handler in _HANDLERS.items() for kind in kinds(name)})
for _name, _handler in (("anonymous_function", _lambda), ("arrow_function", _lambda), ("anonymous_class", _anonymous)):
    HANDLERS[_name] = _handler
    TABLE.update(dict.fromkeys(kinds(_name), _handler))
