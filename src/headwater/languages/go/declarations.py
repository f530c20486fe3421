"""Go types and imports to facts."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.go import types
from headwater.languages.go.expressions import Stmts, expression
from headwater.languages.go.grammar import GRAMMAR, name, word

_NAME, _TYPE, _TAG = GRAMMAR.field("name"), GRAMMAR.field("type"), GRAMMAR.field("tag")
_PATH, _PARAMETERS, _RESULT = GRAMMAR.field("path"), GRAMMAR.field("parameters"), GRAMMAR.field("result")
_TYPE_PARAMETERS = GRAMMAR.field("type_parameters")
_IMPORT_SPEC, _DOT, _BLANK = GRAMMAR.kinds("import_spec"), GRAMMAR.kinds("dot"), GRAMMAR.kinds("blank_identifier")
_STRUCT, _INTERFACE = GRAMMAR.kinds("struct_type"), GRAMMAR.kinds("interface_type")
_NAMED = GRAMMAR.kinds("type_identifier", "qualified_type", "generic_type")
_ALIAS_SPEC = GRAMMAR.kinds("type_alias")
_FIELD, _METHOD = GRAMMAR.kinds("field_declaration"), GRAMMAR.kinds("method_elem")
_EMBEDDED = GRAMMAR.kinds("type_elem")
_BUILTINS = frozenset(
    [
        "any",
        "bool",
        "byte",
        "error",
        "rune",
        "string",
        "uintptr",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)
_VERSION = re.compile(r"/v\d+$|\.v\d+$")


def declared_types(node: Node, source: bytes) -> Stmts:
    """Lower a declaration of types."""
    return tuple(stmt for child in node.named_children if (stmt := _type(child, source)) is not None)


def _type(node: Node, source: bytes) -> f.Stmt | None:
    """Lower one type: a struct or interface is a class, a type based on a struct inherits its fields."""
    title, kind = node.child_by_field_id(_NAME), node.child_by_field_id(_TYPE)
    if title is None or kind is None:
        return None
    spelt = word(title, source)
    head = (title.start_byte, title.end_byte, spelt)
    generic = types.generic_base(node.child_by_field_id(_TYPE_PARAMETERS), source)
    if kind.kind_id in _STRUCT:
        fields, bases, tags = _fields(kind, source)
        return f.Class(*head, bases + generic, tags, (), fields, "struct", spelt[:1].isupper())
    if kind.kind_id in _INTERFACE:
        methods, parents = _interface(kind, source)
        return f.Class(*head, parents + generic, (), (), methods, "interface", spelt[:1].isupper())
    lowered = types.lower(kind, source)
    is_plain = isinstance(lowered, f.Name) and lowered.id in _BUILTINS
    if node.kind_id in _ALIAS_SPEC or is_plain or kind.kind_id not in _NAMED:
        return f.Assign(title.start_byte, kind.end_byte, (name(title, source),), lowered)
    return f.Class(*head, (lowered, *generic), (), (), (), "type", spelt[:1].isupper())


def _fields(kind: Node, source: bytes) -> tuple[Stmts, tuple[f.Expr, ...], tuple[f.Keyword, ...]]:
    """Return the fields of a struct, the structs that it embeds, and the tags of these as keywords."""
    fields: list[f.Stmt] = []
    bases: list[f.Expr] = []
    tags: list[f.Keyword] = []
    for child in (part for listed in kind.named_children for part in listed.named_children):
        declared = child.child_by_field_id(_TYPE) if child.kind_id in _FIELD else None
        if declared is None:
            continue
        lowered = types.lower(declared, source)
        tag = child.child_by_field_id(_TAG)
        marks = () if tag is None else (expression(tag, source),)
        names = child.children_by_field_id(_NAME)
        targets = tuple(name(part, source) for part in names)
        if targets:
            fields.append(f.Assign(targets[0].start, lowered.end, targets, None, lowered, "=", marks))
            continue
        bases.append(lowered)
        spelt = types.last(lowered)
        if spelt:  # the embedded struct is a field as well
            fields.append(
                f.Assign(lowered.start, lowered.end, (f.Name(lowered.start, lowered.end, spelt),), None, lowered)
            )
        tags.extend(f.Keyword(lowered.start, lowered.end, spelt, mark) for mark in marks)
    return tuple(fields), tuple(bases), tuple(tags)


def _interface(kind: Node, source: bytes) -> tuple[Stmts, tuple[f.Expr, ...]]:
    methods: list[f.Stmt] = []
    parents: list[f.Expr] = []
    for child in kind.named_children:
        title = child.child_by_field_id(_NAME) if child.kind_id in _METHOD else None
        if title is not None:
            params = types.parameters(child.child_by_field_id(_PARAMETERS), source)
            returned, _ = types.result(child.child_by_field_id(_RESULT), source)
            spelt = word(title, source)
            own = f.Param(title.start_byte, title.start_byte, "", None, None, "self")
            head = (title.start_byte, title.end_byte, spelt, (own, *params), returned)
            methods.append(f.Function(*head, (), (), spelt[:1].isupper()))
        elif child.kind_id in _EMBEDDED and child.named_child_count == 1:
            parents.append(types.lower(child, source))
    return tuple(methods), tuple(parents)


def imports(node: Node, source: bytes) -> Stmts:
    """Lower a declaration of imports."""
    result: list[f.Stmt] = []
    for child in node.named_children:
        path = child.child_by_field_id(_PATH) if child.kind_id in _IMPORT_SPEC else None
        if path is None:
            result.extend(imports(child, source))
            continue
        module = word(path, source).strip('"`')
        alias = child.child_by_field_id(_NAME)
        start, end = path.start_byte, path.end_byte
        if alias is None:
            result.append(f.Import(start, end, module, None, _package_name(module)))
        elif alias.kind_id in _DOT:
            result.append(f.Import(start, end, module, "*", "*"))
        elif alias.kind_id not in _BLANK:
            result.append(f.Import(start, end, module, None, word(alias, source)))
    return tuple(result)


def _package_name(module: str) -> str:
    """Return the usual name of a package: the last part of its path, without a version, `go-` or `.go`."""
    last = _VERSION.sub("", module).rsplit("/", 1)[-1]
    return last.removeprefix("go-").removesuffix(".go").removesuffix("-go")
