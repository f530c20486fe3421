"""DROP and COMMENT of all objects; enums, domains, sequences and the search path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from headwater.catalog import changes as c
from headwater.catalog.model import Check, Column, Domain, Enum, Index, Origin, Sequence
from headwater.readers.sql.postgresql import names, types
from headwater.readers.sql.postgresql.alter import cascaded
from headwater.readers.sql.postgresql.expressions import expression
from headwater.readers.sql.postgresql.script_state import RELATIONS, Key, ScriptState, key_of
from headwater.readers.sql.postgresql.tree import Node, enum_name, kind_of, name_parts, strings

_CASCADE: Final = "DROP_CASCADE"


def drop(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of a DROP statement."""
    kind = enum_name("ObjectType", node.remove_type)
    cascade = enum_name("DropBehavior", node.behavior) == _CASCADE
    for each in node.objects:
        if kind in RELATIONS:
            yield from _drop_relation(state, name_parts(each.list.items), cascade=cascade)
        elif kind == "OBJECT_INDEX":
            owner = state.draft.index_owner(strings(each.list.items)[-1])
            if owner:
                yield c.DropIndex(owner.name, owner.schema, strings(each.list.items)[-1])
        elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
            yield from _drop_type(state, name_parts(each.type_name.names), cascade=cascade)
        elif kind == "OBJECT_SEQUENCE":
            yield from _drop_sequence(state, name_parts(each.list.items), cascade=cascade)
        elif kind == "OBJECT_SCHEMA":
            yield from _drop_schema(state, each.string.sval)


def _drop_relation(state: ScriptState, name: Key, *, cascade: bool) -> Iterator[c.Change]:
    if state.is_temporary(name[1], name[0]):
        state.temporary.discard(name[1])
        return
    relation = state.lookup(name[1], name[0])
    if relation is None:
        return
    for schema, child in tuple(state.children.pop(key_of(relation), ())):
        yield from _drop_relation(state, (schema, child), cascade=cascade)
    if cascade:
        yield from cascaded(state, relation)
    state.uses.pop(key_of(relation), None)
    for sequence in tuple(state.draft.sequences.values()):
        if sequence.owned_by and sequence.owned_by[0] == relation.name and sequence.schema == relation.schema:
            del state.draft.sequences[sequence.schema, sequence.name]
    yield c.DropTable(relation.name, relation.schema, relation)


def _drop_type(state: ScriptState, name: Key, *, cascade: bool) -> Iterator[c.Change]:
    enum = state.draft.enum(name[1], name[0])
    for key in [key for key in state.draft.domains if key[1] == name[1] and name[0] in (None, key[0])]:
        del state.draft.domains[key]
    state.composites.pop(types.qualified(*name), None)
    for relation in state.draft if cascade else ():
        for column in relation.columns:
            if column.type.removesuffix("[]") in (types.qualified(*name), types.quoted(name[1])):
                yield c.DropColumn(relation.name, relation.schema, column.name, column)
    if enum:
        yield c.DropEnum(enum.name, enum.schema, enum)


def _drop_sequence(state: ScriptState, name: Key, *, cascade: bool) -> Iterator[c.Change]:
    for key in [key for key in state.draft.sequences if key[1] == name[1] and name[0] in (None, key[0])]:
        del state.draft.sequences[key]
    for relation in state.draft if cascade else ():
        for column in relation.columns:
            if column.default and "nextval(" in column.default and f"{name[1]}'" in column.default:
                yield c.SetDefault(relation.name, relation.schema, column.name, None, column.default)


def _drop_schema(state: ScriptState, schema: str) -> Iterator[c.Change]:
    if schema in state.schemas:
        state.schemas.remove(schema)
    for relation in state.draft:
        if relation.schema == schema:
            yield from cascaded(state, relation)
            yield c.DropTable(relation.name, relation.schema, relation)
    for enum in tuple(state.draft.enums.values()):
        if enum.schema == schema:
            yield from _drop_type(state, (schema, enum.name), cascade=True)
    for objects in (state.draft.domains, state.draft.sequences):
        for key in [key for key in objects if key[0] == schema]:
            del objects[key]


def comment(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change of COMMENT ON a table, a view or a column; an empty comment is none."""
    text = node.comment or None
    match enum_name("ObjectType", node.objtype):
        case kind if kind in RELATIONS:
            space, name = name_parts(node.object.list.items)
            relation = state.lookup(name, space)
            if relation:
                yield c.AddTable(relation.name, relation.schema, replace(relation, comment=text))
        case "OBJECT_COLUMN":
            *parents, column = strings(node.object.list.items)
            relation = state.lookup(parents[-1], parents[-2] if len(parents) > 1 else None) if parents else None
            if relation:
                columns = tuple(_commented(each, column, text) for each in relation.columns)
                yield c.AddTable(relation.name, relation.schema, replace(relation, columns=columns))
        case "OBJECT_INDEX":
            space, name = name_parts(node.object.list.items)
            relation = state.draft.index_owner(name)
            if relation:
                indexes = tuple(_index_commented(each, name, text) for each in relation.indexes)
                yield c.AddTable(relation.name, relation.schema, replace(relation, indexes=indexes))
        case "OBJECT_TYPE" | "OBJECT_DOMAIN":
            space, name = name_parts(node.object.type_name.names)
            enum = state.draft.enum(name, space)
            if enum:
                yield c.AddEnum(enum.name, enum.schema, replace(enum, comment=text))
            for key, domain in tuple(state.draft.domains.items()):
                if key[1] == name and space in (None, key[0]):
                    state.draft.domains[key] = replace(domain, comment=text)


def _commented(column: Column, name: str, text: str | None) -> Column:
    return replace(column, comment=text) if column.name == name else column


def _index_commented(index: Index, name: str, text: str | None) -> Index:
    return replace(index, comment=text) if index.name == name else index


def create_enum(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds an enum."""
    space, name = _created(state, node.type_name)
    yield c.AddEnum(name, space, Enum(name, strings(node.vals), space))


def _created(state: ScriptState, parts: Any) -> Key:
    """Return the (schema, name) under which a type is created."""
    space, name = name_parts(parts)
    if space is None:
        first = next(iter(state.search_path), None)
        space = first if first not in (None, "public", "$user") else None
    return space, name


def alter_enum(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change of ALTER TYPE … ADD VALUE or RENAME VALUE."""
    space, name = name_parts(node.type_name)
    enum = state.draft.enum(name, space)
    if enum is None:
        return
    values = list(enum.values)
    if node.old_val:
        values = [node.new_val if value == node.old_val else value for value in values]
    elif node.new_val not in values:
        at = values.index(node.new_val_neighbor) if node.new_val_neighbor in values else len(values)
        values.insert(at + (1 if node.new_val_is_after and node.new_val_neighbor else 0), node.new_val)
    yield c.AddEnum(enum.name, enum.schema, replace(enum, values=tuple(values)))


def create_domain(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Record a domain."""
    space, name = _created(state, node.domainname)
    domain = Domain(name, state.type_of(node.type_name), space)
    for each in node.constraints:
        domain = _domain_constrained(domain, each.constraint)
    state.draft.domains[space, name] = domain
    yield from ()


def _domain_constrained(domain: Domain, node: Node) -> Domain:
    match enum_name("ConstrType", node.contype):
        case "CONSTR_NOTNULL":
            return replace(domain, nullable=False)
        case "CONSTR_DEFAULT":
            return replace(domain, default=expression(node.raw_expr))
        case "CONSTR_CHECK":
            taken = [check.name for check in domain.checks]
            name = node.conname or names.choose(domain.name, (), "check", taken)
            return replace(domain, checks=(*domain.checks, Check(expression(node.raw_expr), name)))
    return domain


def alter_domain(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Record the change of a domain: its default, NOT NULL, or a constraint."""
    space, name = name_parts(node.type_name)
    key = next((key for key in state.draft.domains if key[1] == name and space in (None, key[0])), None)
    if key is not None:
        domain, definition = state.draft.domains[key], getattr(node, "def")
        match node.subtype:
            case "T":
                domain = replace(domain, default=expression(definition) if kind_of(definition) else None)
            case "N" | "O":
                domain = replace(domain, nullable=node.subtype == "N")
            case "C":
                domain = _domain_constrained(domain, definition.constraint)
            case "X":
                domain = replace(domain, checks=tuple(check for check in domain.checks if check.name != node.name))
        state.draft.domains[key] = domain
    yield from ()


def create_sequence(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Record a sequence; options are under the names that PostgreSQL gives them."""
    target = node.sequence
    if target.relpersistence == "t":
        return
    space = state.creation_schema(target)
    state.draft.sequences[space, target.relname] = _with_options(Sequence(target.relname, schema=space), node)
    yield from ()


def alter_sequence(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Record the options of a sequence, such as OWNED BY."""
    target = node.sequence
    for key, sequence in tuple(state.draft.sequences.items()):
        if key[1] == target.relname and (target.schemaname or None) in (None, key[0]):
            state.draft.sequences[key] = _with_options(sequence, node)
    yield from ()


_OPTIONS: Final = {
    "start": "start",
    "increment": "increment",
    "minvalue": "minimum",
    "maxvalue": "maximum",
    "cache": "cache",
}


def _with_options(sequence: Sequence, node: Node) -> Sequence:
    attributes = dict(sequence.attrs)
    for each in node.options:
        option = each.def_elem
        if option.defname in _OPTIONS and kind_of(option.arg):
            number = option.arg.integer.ival if kind_of(option.arg) == "integer" else option.arg.float.fval
            attributes[_OPTIONS[option.defname]] = str(number)
        elif option.defname == "owned_by":
            *table, column = strings(option.arg.list.items)
            sequence = replace(sequence, owned_by=(table[-1], column) if table else None)
        elif option.defname == "as":
            sequence = replace(sequence, type=types.spell(option.arg.type_name))
        elif option.defname == "cycle" and option.arg.boolean.boolval:
            attributes["cycle"] = "yes"
    return replace(sequence, attrs=tuple(sorted(attributes.items())))


def set_variable(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Follow SET and RESET of the search path; other settings change nothing."""
    if node.name == "search_path":
        values = [each.a_const.sval.sval for each in node.args]
        state.search_path = tuple(part for value in values for part in _path(value))
    yield from ()


def _path(text: str) -> list[str]:
    return [part.strip().strip('"') for part in text.split(",") if part.strip()]


def call_functions(state: ScriptState, node: Node) -> None:
    """Follow `SELECT set_config('search_path', …)`, with which dumps set the search path."""
    for each in node.target_list:
        call = each.res_target.val.func_call
        if strings(call.funcname)[-1:] == ("set_config",) and len(call.args) > 1:
            name, value = (part.a_const.sval.sval for part in call.args[:2])
            if name == "search_path":
                state.search_path = tuple(_path(value))
