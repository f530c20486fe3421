"""RENAME and SET SCHEMA of relations, columns, constraints, indexes, types, sequences and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.model import Origin, Relation
from headwater.readers.sql.postgresql import names, types
from headwater.readers.sql.postgresql.script_state import RELATIONS, Key, ScriptState, key_of, with_attribute
from headwater.readers.sql.postgresql.tree import Node, enum_name, name_parts


def rename(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of ALTER … RENAME."""
    match enum_name("ObjectType", node.rename_type):
        case kind if kind in RELATIONS:
            yield from _rename_relation(state, node)
        case "OBJECT_COLUMN":
            table = state.find(node.relation)
            for each in state.family(table, only=not node.relation.inh) if table else ():
                yield c.RenameColumn(each.name, each.schema, node.subname, node.newname)
        case "OBJECT_TABCONSTRAINT":
            table = state.find(node.relation)
            if table:
                yield c.AddTable(table.name, table.schema, _constraint_renamed(table, node.subname, node.newname))
        case "OBJECT_INDEX":
            table = state.draft.index_owner(node.relation.relname)
            if table:
                yield c.AddTable(
                    table.name, table.schema, _constraint_renamed(table, node.relation.relname, node.newname)
                )
        case "OBJECT_TYPE" | "OBJECT_DOMAIN":
            yield from _rename_type(state, node)
        case "OBJECT_SEQUENCE":
            _rename_sequence(state, node)
        case "OBJECT_SCHEMA":
            yield from _rename_schema(state, node.subname, node.newname)


def _rename_relation(state: ScriptState, node: Node) -> Iterator[c.Change]:
    relation = state.find(node.relation)
    if relation is None:
        owner = state.draft.index_owner(node.relation.relname)  # ALTER TABLE also renames indexes
        if owner:
            yield c.AddTable(owner.name, owner.schema, _constraint_renamed(owner, node.relation.relname, node.newname))
        return
    standard = names.choose(relation.name, (), "pkey", ())
    if relation.primary_key and "primary_key" not in dict(relation.attrs):
        named = replace(relation, attrs=with_attribute(relation.attrs, "primary_key", standard))
        yield c.AddTable(relation.name, relation.schema, named)
    state.moved(key_of(relation), (relation.schema, node.newname))
    yield c.RenameTable(relation.name, relation.schema, node.newname)


def _constraint_renamed(table: Relation, old: str, new: str) -> Relation:
    """Return a table in which a constraint or an index has another name."""
    standard = names.choose(table.name, (), "pkey", ())
    if table.primary_key and old == (dict(table.attrs).get("primary_key") or standard):
        return replace(table, attrs=with_attribute(table.attrs, "primary_key", new if new != standard else None))

    def renamed(each: Any) -> Any:
        return replace(each, name=new) if each.name == old else each

    return replace(
        table,
        foreign_keys=tuple(map(renamed, table.foreign_keys)),
        checks=tuple(map(renamed, table.checks)),
        indexes=tuple(map(renamed, table.indexes)),
    )


def _rename_type(state: ScriptState, node: Node) -> Iterator[c.Change]:
    space, name = name_parts(node.object.list.items)
    yield from _type_moved(state, (space, name), lambda key: (key[0], node.newname))


def _type_moved(state: ScriptState, old: Key, new: Any) -> Iterator[c.Change]:
    """Yield the changes that move an enum or a domain to another (schema, name), and its columns with it."""
    enum = state.draft.enum(old[1], old[0])
    domain = next(
        (each for each in state.draft.domains.values() if each.name == old[1] and old[0] in (None, each.schema)), None
    )
    known = enum or domain
    if known is None:
        return
    space, name = new((known.schema, known.name))
    before, after = types.qualified(known.schema, known.name), types.qualified(space, name)
    if enum:
        yield c.DropEnum(enum.name, enum.schema, enum)
        yield c.AddEnum(name, space, replace(enum, name=name, schema=space))
    elif domain:
        del state.draft.domains[domain.schema, domain.name]
        state.draft.domains[space, name] = replace(domain, name=name, schema=space)
    for relation in state.draft:
        for column in relation.columns:
            if column.type.removesuffix("[]") in (before, types.quoted(known.name)):
                brackets = "[]" if column.type.endswith("[]") else ""
                yield c.AlterType(relation.name, relation.schema, column.name, after + brackets, column.type)


def _rename_sequence(state: ScriptState, node: Node) -> None:
    for key, sequence in tuple(state.draft.sequences.items()):
        if key[1] == node.relation.relname and (node.relation.schemaname or None) in (None, key[0]):
            del state.draft.sequences[key]
            state.draft.sequences[key[0], node.newname] = replace(sequence, name=node.newname)


def _rename_schema(state: ScriptState, old: str, new: str) -> Iterator[c.Change]:
    for relation in state.draft:
        if relation.schema == old:
            yield from _moved(state, relation, new)
    for enum in tuple(state.draft.enums.values()):
        if enum.schema == old:
            yield from _type_moved(state, (old, enum.name), lambda key: (new, key[1]))


def set_schema(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of ALTER … SET SCHEMA."""
    kind = enum_name("ObjectType", node.object_type)
    if kind in RELATIONS:
        relation = state.find(node.relation)
        if relation:
            yield from _moved(state, relation, node.newschema)
    elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        yield from _type_moved(state, name_parts(node.object.list.items), lambda key: (node.newschema, key[1]))
    elif kind == "OBJECT_SEQUENCE":
        for key, sequence in tuple(state.draft.sequences.items()):
            if key[1] == node.relation.relname:
                del state.draft.sequences[key]
                state.draft.sequences[node.newschema, key[1]] = replace(sequence, schema=node.newschema)


def _moved(state: ScriptState, relation: Relation, schema: str) -> Iterator[c.Change]:
    """Yield the changes that move a relation to another schema; foreign keys to it follow."""
    state.moved(key_of(relation), (schema, relation.name))
    yield c.DropTable(relation.name, relation.schema, relation)
    yield c.AddTable(relation.name, schema, replace(relation, schema=schema))
    for other in state.draft.referrers(relation.name):
        keys = tuple(
            replace(key, ref_schema=schema)
            if key.ref_table == relation.name and key.ref_schema in (None, relation.schema)
            else key
            for key in other.foreign_keys
        )
        yield c.AddTable(other.name, other.schema, replace(other, foreign_keys=keys))
