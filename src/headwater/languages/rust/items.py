"""Rust items to facts: functions, structs, enums, traits, `impl` blocks, modules, `use` trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import ERROR
from headwater.languages.rust import blocks, derives, macros, patterns, tokens, types
from headwater.languages.rust.blocks import Stmts, doing, returning
from headwater.languages.rust.expressions import expression, register
from headwater.languages.rust.grammar import GRAMMAR, Code, name
from headwater.languages.rust.marks import Marks

_NAME, _TYPE, _BODY, _VALUE = (GRAMMAR.field(n) for n in ("name", "type", "body", "value"))
_PARAMETERS, _RETURN, _TRAIT = (GRAMMAR.field(n) for n in ("parameters", "return_type", "trait"))
_TYPE_PARAMETERS, _BOUNDS, _ARGUMENT = (GRAMMAR.field(n) for n in ("type_parameters", "bounds", "argument"))
_PATH, _LIST, _ALIAS = (GRAMMAR.field(n) for n in ("path", "list", "alias"))
_FIELD, _VISIBILITY = GRAMMAR.kinds("field_declaration"), GRAMMAR.kinds("visibility_modifier")
_ATTRIBUTE, _VARIANT = GRAMMAR.kinds("attribute_item"), GRAMMAR.kinds("enum_variant")
_ORDERED, _FIELDS = GRAMMAR.kinds("ordered_field_declaration_list"), GRAMMAR.kinds("field_declaration_list")
_SCOPED_LIST, _USE_LIST = GRAMMAR.kinds("scoped_use_list"), GRAMMAR.kinds("use_list")
_AS, _STAR, _SCOPED = GRAMMAR.kinds("use_as_clause"), GRAMMAR.kinds("use_wildcard"), GRAMMAR.kinds("scoped_identifier")
_SELF = GRAMMAR.kinds("self")
_COMMENTS = GRAMMAR.kinds("line_comment", "block_comment")
# Attributes that say nothing about data.
_IDLE = frozenset(
    [
        "allow",
        "warn",
        "deny",
        "expect",
        "inline",
        "doc",
        "must_use",
        "cold",
        "test",
        "ignore",
        "track_caller",
        "rustfmt",
        "non_exhaustive",
        "automatically_derived",
    ]
)


def items(nodes: Iterable[Node], code: Code) -> Stmts:
    """Lower the items of a file, module, trait or `impl` block."""
    result: list[f.Stmt] = []
    marks = Marks()
    for node in nodes:
        kind = node.kind_id
        if handler := _ITEMS.get(kind):
            result.extend(handler(node, code, marks))
        elif kind == ERROR:
            result.extend(items(node.named_children, code))
        elif kind not in _COMMENTS:
            inner = node.named_children[0] if node.type == "expression_statement" and node.named_children else node
            result.extend(blocks.into(inner, code, doing))
            marks.take()
    return tuple(result)


def _attribute(node: Node, code: Code, marks: Marks) -> Stmts:
    inner = node.named_children[0] if node.named_children else None
    if inner is not None and inner.named_children and code.word(inner.named_children[0]) not in _IDLE:
        marks.add(tokens.attribute(node, code))
    return ()


def _nothing(node: Node, code: Code, marks: Marks) -> Stmts:
    marks.take()
    return ()


def _is_public(node: Node) -> bool:
    return any(child.kind_id in _VISIBILITY for child in node.children[:2])


def _function(node: Node, code: Code, marks: Marks) -> Stmts:
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    decorators = marks.take()
    if title is None:
        return ()
    params = patterns.parameters(node.child_by_field_id(_PARAMETERS), code)
    if code.self_type and not any(param.kind == "self" for param in params):
        decorators += (f.Name(title.start_byte, title.start_byte, "staticmethod"),)
    returned = types.optional(node.child_by_field_id(_RETURN), code)
    inner = () if body is None else blocks.block(body, code, returning)
    spelt = name(title, code)
    return (f.Function(spelt.start, spelt.end, spelt.id, params, returned, decorators, inner, _is_public(node)),)


def _struct(node: Node, code: Code, marks: Marks) -> Stmts:
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    decorators = marks.take()
    if title is None:
        return ()
    spelt = name(title, code)
    bases = types.generic_base(node.child_by_field_id(_TYPE_PARAMETERS), code)
    fields = () if body is None else _fields(body, code)
    stmt = f.Class(spelt.start, spelt.end, spelt.id, bases, (), decorators, fields, "struct", _is_public(node))
    return (stmt, *derives.generated(stmt))


def _fields(body: Node, code: Code) -> Stmts:
    """Lower the fields of a struct; those of a tuple have numbers as names."""
    result: list[f.Stmt] = []
    marks = Marks()
    for child in body.named_children:
        if child.kind_id in _ATTRIBUTE:
            _attribute(child, code, marks)
        elif child.kind_id in _FIELD:
            title, kind = child.child_by_field_id(_NAME), types.optional(child.child_by_field_id(_TYPE), code)
            if title is not None:
                target = name(title, code)
                result.append(f.Assign(target.start, child.end_byte, (target,), None, kind, "=", marks.take()))
        elif body.kind_id in _ORDERED and child.kind_id not in _VISIBILITY and child.kind_id not in _COMMENTS:
            kind = types.lower(child, code)
            target = f.Name(kind.start, kind.start, str(len(result)))
            result.append(f.Assign(kind.start, kind.end, (target,), None, kind, "=", marks.take()))
    return tuple(result)


def _enum(node: Node, code: Code, marks: Marks) -> Stmts:
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    decorators = marks.take()
    if title is None or body is None:
        return ()
    variants: list[f.Stmt] = []
    inner = Marks()
    for child in body.named_children:
        if child.kind_id in _ATTRIBUTE:
            _attribute(child, code, inner)
        elif child.kind_id in _VARIANT:
            variants.append(_variant(child, code, inner))
    spelt = name(title, code)
    return (f.Class(spelt.start, spelt.end, spelt.id, (), (), decorators, tuple(variants), "enum", _is_public(node)),)


def _variant(node: Node, code: Code, marks: Marks) -> f.Stmt:
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    target = name(title or node, code)
    parts = () if body is None else _fields(body, code)
    kinds = tuple(p.annotation for p in parts if isinstance(p, f.Assign) and p.annotation is not None)
    annotation = f.SequenceExpr(node.start_byte, node.end_byte, kinds) if kinds else None
    return f.Assign(target.start, target.end, (target,), None, annotation, "=", marks.take())


def _trait(node: Node, code: Code, marks: Marks) -> Stmts:
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    decorators = marks.take()
    if title is None:
        return ()
    spelt = name(title, code)
    bounds = node.child_by_field_id(_BOUNDS)
    bases = () if bounds is None else types.arguments(bounds, code)
    bases += types.generic_base(node.child_by_field_id(_TYPE_PARAMETERS), code)
    methods = () if body is None else items(body.named_children, code)
    return (f.Class(spelt.start, spelt.end, spelt.id, bases, (), decorators, methods, "trait", _is_public(node)),)


def _impl(node: Node, code: Code, marks: Marks) -> Stmts:
    """Lower `impl Trait for Type { … }`: members that are added to the class of the type."""
    kind, body = node.child_by_field_id(_TYPE), node.child_by_field_id(_BODY)
    decorators = marks.take()
    if kind is None or body is None:
        return ()
    lowered = types.lower(kind, code)
    title = types.last(lowered)
    trait = node.child_by_field_id(_TRAIT)
    bases = () if trait is None else (types.lower(trait, code),)
    with code.inside(title):
        members = items(body.named_children, code)
    base = lowered.value if isinstance(lowered, f.Subscript) else lowered
    return (f.Class(base.start, base.end, title, bases, (), decorators, members, "extension"),) if title else members


def _module(node: Node, code: Code, marks: Marks) -> Stmts:
    """Lower `mod a { … }` to a class of kind `module`, and `mod a;` to the import of a file."""
    title, body = node.child_by_field_id(_NAME), node.child_by_field_id(_BODY)
    decorators = marks.take()
    if title is None:
        return ()
    spelt = name(title, code)
    if body is None:
        return (f.Import(spelt.start, spelt.end, "self", spelt.id, spelt.id),)
    with code.inside(""):
        inner = items(body.named_children, code)
    return (f.Class(spelt.start, spelt.end, spelt.id, (), (), decorators, inner, "module", _is_public(node)),)


def _constant(node: Node, code: Code, marks: Marks) -> Stmts:
    title, value = node.child_by_field_id(_NAME), node.child_by_field_id(_VALUE)
    decorators = marks.take()
    if title is None:
        return ()
    target = name(title, code)
    kind = types.optional(node.child_by_field_id(_TYPE), code)
    lowered = None if value is None else expression(value, code)
    return (f.Assign(target.start, node.end_byte, (target,), lowered, kind, "=", decorators),)


def _alias(node: Node, code: Code, marks: Marks) -> Stmts:
    title, kind = node.child_by_field_id(_NAME), node.child_by_field_id(_TYPE)
    marks.take()
    if title is None or kind is None:
        return ()
    target = name(title, code)
    return (f.Assign(target.start, kind.end_byte, (target,), types.lower(kind, code)),)


def _use(node: Node, code: Code, marks: Marks) -> Stmts:
    marks.take()
    argument = node.child_by_field_id(_ARGUMENT)
    return () if argument is None else tuple(_imports(argument, (), code))


def _imports(node: Node, prefix: tuple[str, ...], code: Code) -> Iterator[f.Stmt]:
    """Yield an import for each name of a `use` tree."""
    kind = node.kind_id
    if kind in _SCOPED_LIST or kind in _USE_LIST:
        path = node.child_by_field_id(_PATH) if kind in _SCOPED_LIST else None
        listed = node.child_by_field_id(_LIST) if kind in _SCOPED_LIST else node
        inner = prefix if path is None else (*prefix, *_path(path, code))
        for child in listed.named_children if listed is not None else ():
            yield from _imports(child, inner, code)
        return
    if kind in _COMMENTS:
        return
    start, end = node.start_byte, node.end_byte
    if kind in _STAR:
        base = node.named_children[0] if node.named_children else None
        whole = prefix if base is None else (*prefix, *_path(base, code))
        yield f.Import(start, end, ".".join(whole), "*", "*")
        return
    alias = node.child_by_field_id(_ALIAS) if kind in _AS else None
    target = node.child_by_field_id(_PATH) if kind in _AS else node
    parts = (*prefix, *(_path(target, code) if target is not None else ()))
    if len(parts) > 1 and parts[-1] == "self":
        parts = parts[:-1]
    if not parts:
        return
    bound = code.word(alias) if alias is not None else parts[-1]
    if len(parts) == 1:
        yield f.Import(start, end, parts[0], None, bound)
    else:
        yield f.Import(start, end, ".".join(parts[:-1]), parts[-1], bound)


def _path(node: Node, code: Code) -> tuple[str, ...]:
    return tuple(part.strip().removeprefix("r#") for part in code.word(node).split("::") if part.strip())


def _extern(node: Node, code: Code, marks: Marks) -> Stmts:
    title = node.child_by_field_id(_NAME)
    marks.take()
    if title is None:
        return ()
    alias = node.child_by_field_id(_ALIAS) or title
    return (f.Import(title.start_byte, title.end_byte, code.word(title), None, code.word(alias)),)


_HANDLERS: dict[str, Callable[[Node, Code, Marks], Stmts]] = {
    **dict.fromkeys(("function_item", "function_signature_item"), _function),
    **dict.fromkeys(("struct_item", "union_item"), _struct),
    **dict.fromkeys(("const_item", "static_item"), _constant),
    **dict.fromkeys(("type_item", "associated_type"), _alias),
    **dict.fromkeys(("macro_definition", "foreign_mod_item", "empty_statement", "inner_attribute_item"), _nothing),
    "attribute_item": _attribute,
    "enum_item": _enum,
    "trait_item": _trait,
    "impl_item": _impl,
    "mod_item": _module,
    "use_declaration": _use,
    "extern_crate_declaration": _extern,
}
_ITEMS = {kind: handler for title, handler in _HANDLERS.items() for kind in GRAMMAR.kinds(title)}
blocks.register_items(_ITEMS)
blocks.register_macros(macros.statements)
register(macros.value, "macro_invocation")
