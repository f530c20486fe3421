"""CREATE TABLE in all its forms: columns, constraints, LIKE, INHERITS, partitions, and tables of composite types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Final

from postgast import pg_query_pb2

from headwater.catalog import changes as c
from headwater.catalog.model import Attributes, Column, Index, Origin, Relation
from headwater.readers.sql.postgresql import names, types
from headwater.readers.sql.postgresql.constraints import index_of, with_constraint
from headwater.readers.sql.postgresql.expressions import expression
from headwater.readers.sql.postgresql.script_state import (
    Definition,
    ScriptState,
    key_of,
    with_attribute,
    with_attributes,
)
from headwater.readers.sql.postgresql.tree import Node, NotParsed, enum_name, kind_of, statement, strings

_TEMPORARY: Final = "t"
# What INCLUDING of LIKE copies, as bits; NOT NULL is always copied.
_COMMENTS, _CONSTRAINTS, _DEFAULTS, _GENERATED, _IDENTITY, _INDEXES = 1, 4, 8, 16, 32, 64


def create_table(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds the table of a CREATE TABLE statement."""
    target = node.relation
    if target.relpersistence == _TEMPORARY or target.schemaname == "pg_temp":
        state.temporary.add(target.relname)
        return
    space = state.creation_schema(target)
    if node.if_not_exists and state.lookup(target.relname, space):
        return
    relation = Relation(target.relname, schema=space, origins=(origin,))
    parents = [parent for each in node.inh_relations if (parent := state.find(each.range_var))]
    is_partition = node.HasField("partbound")
    for parent in parents:
        relation = _with_columns_of(relation, parent, origin)
    relation = _with_elements(state, relation, node, origin)
    if target.relpersistence == "u":
        relation = with_attributes(relation, unlogged="yes")
    if node.HasField("partspec"):
        relation = with_attributes(relation, partition_by=_partition_key(node.partspec))
    for parent in parents:
        state.adopt(parent, key_of(relation))
        state.own_columns[key_of(relation)] = {
            each.column_def.colname for each in node.table_elts if kind_of(each) == "column_def"
        }
    if is_partition and parents:
        relation = as_partition(relation, parents[0], bound_of(node.partbound))
    elif parents:
        relation = with_attributes(relation, inherits=", ".join(map(full_name, parents)))
    yield c.AddTable(relation.name, relation.schema, relation)


def full_name(relation: Relation) -> str:
    """Return the qualified, quoted name of a relation."""
    name = types.quoted(relation.name)
    return f"{types.quoted(relation.schema)}.{name}" if relation.schema else name


def bound_of(node: Node) -> str:
    """Return the text of a partition's bound: `FOR VALUES …` or DEFAULT."""
    wrapper = _table_wrapper()
    parent = wrapper.create_stmt.inh_relations.add().range_var
    parent.relname, parent.inh, parent.relpersistence = "t", True, "p"
    wrapper.create_stmt.partbound.CopyFrom(node)
    text = statement(wrapper)
    at = text.find("FOR VALUES")
    return text[at:] if at >= 0 else "DEFAULT"


def _partition_key(node: Node) -> str:
    wrapper = _table_wrapper()
    wrapper.create_stmt.partspec.CopyFrom(node)
    return statement(wrapper).partition("PARTITION BY ")[2]


def _table_wrapper() -> Node:
    """Return a CREATE TABLE without columns, to which a clause is added to print it."""
    wrapper = pg_query_pb2.Node()
    table = wrapper.create_stmt
    table.relation.relname, table.relation.inh, table.relation.relpersistence = "t", True, "p"
    table.oncommit = pg_query_pb2.ONCOMMIT_NOOP
    return wrapper


def _with_columns_of(relation: Relation, parent: Relation, origin: Origin) -> Relation:
    """Return a relation with the columns of a parent that it does not have yet.

    Inherited keys, indexes and checks stay with the parent: a Schema says of each where it was declared.
    """
    known = {column.name for column in relation.columns}
    columns = tuple(
        replace(column, origins=(origin,), identity=False, attrs=with_attribute(column.attrs, "identity", None))
        for column in parent.columns
        if column.name not in known
    )
    return replace(relation, columns=relation.columns + columns)


def as_partition(relation: Relation, parent: Relation, bound: str) -> Relation:
    """Return a relation as a partition."""
    columns = tuple(
        replace(own, identity=True, nullable=False, attrs=model.attrs) if model and model.identity else own
        for own in relation.columns
        for model in (parent.column(own.name),)
    )
    return with_attributes(replace(relation, columns=columns), partition_of=full_name(parent), partition_bound=bound)


def merged_into(relation: Relation, parent: Relation) -> Relation:
    """Return a table that becomes a partition, without the checks, keys and indexes that it now inherits."""
    checks = {check.name for check in parent.checks}
    indexes = {(index.columns, index.unique, index.where) for index in parent.indexes}
    keys = {key.columns for key in parent.foreign_keys}
    return replace(
        relation,
        checks=tuple(check for check in relation.checks if check.name not in checks),
        primary_key=() if relation.primary_key == parent.primary_key else relation.primary_key,
        indexes=tuple(each for each in relation.indexes if (each.columns, each.unique, each.where) not in indexes),
        foreign_keys=tuple(key for key in relation.foreign_keys if key.columns not in keys),
    )


def on_its_own(relation: Relation, parent: Relation, *, is_partition: bool) -> Relation:
    """Return a relation that leaves its parent: it keeps what it inherited."""
    known = {check.name for check in relation.checks}
    checks = tuple(
        check for check in parent.checks if check.name not in known and not dict(check.attrs).get("no_inherit")
    )
    relation = replace(relation, checks=relation.checks + checks)
    if not is_partition:
        return relation
    relation = replace(relation, primary_key=relation.primary_key or parent.primary_key)
    own = {(index.columns, index.unique, index.where) for index in relation.indexes}
    for index in parent.indexes:
        if (index.columns, index.unique, index.where) not in own:
            relation = replace(relation, indexes=(*relation.indexes, _cloned(relation, index)))
    keys = {key.columns for key in relation.foreign_keys}
    missing = tuple(key for key in parent.foreign_keys if key.columns not in keys)
    return replace(relation, foreign_keys=relation.foreign_keys + missing)


def _cloned(relation: Relation, index: Index) -> Index:
    label = "key" if dict(index.attrs).get("constraint") else "excl" if dict(index.attrs).get("exclude") else "idx"
    words = [_word(name) for name in index.columns]
    return replace(index, name=names.choose(relation.name, words, label, names.of_constraints(relation)))


def _word(key: str) -> str:
    """Return what stands for a key of an index in its name: the column, the function that is called, or `expr`."""
    called = re.match(r'\(+(?:(\w+)\(|"?(\w+))', key)
    if not key.startswith("("):
        return key
    return (called[1] or (called[2] if not key.startswith("((") else "") or "expr") if called else "expr"


def _with_elements(state: ScriptState, relation: Relation, node: Node, origin: Origin) -> Relation:
    """Return a relation with the columns of a CREATE TABLE, then its keys and checks, foreign keys last."""
    later: list[tuple[Node, str | None]] = []
    if node.HasField("of_typename"):
        relation = _of_type(state, relation, node, origin)
    columns = {each.name: each for each in relation.columns}
    for element, following in zip_longest(node.table_elts, node.table_elts[1:]):
        match kind_of(element):
            case "column_def":
                defined, constraints = _column_of(state, element.column_def, following, origin)
                columns[defined.name] = _merged(columns.get(defined.name), defined)
                later += constraints
            case "constraint":
                later.append((element.constraint, None))
            case "table_like_clause":
                relation = replace(relation, columns=tuple(columns.values()))
                relation = _like(state, relation, element.table_like_clause, origin)
                columns = {each.name: each for each in relation.columns}
    relation = replace(relation, columns=tuple(columns.values()))
    later += [(each.constraint, None) for each in node.constraints]
    for constraint, column in sorted(later, key=lambda pair: _RANK.get(enum_name("ConstrType", pair[0].contype), 1)):
        relation = with_constraint(state, relation, constraint, column)
    return relation


_RANK: Final = {"CONSTR_PRIMARY": 0, "CONSTR_FOREIGN": 2}


def _merged(inherited: Column | None, column: Column) -> Column:
    """Return a column, merged with the inherited one of the same name, if there is one."""
    if inherited is None:
        return column
    return replace(
        column,
        type=column.type or inherited.type,
        nullable=column.nullable and inherited.nullable,
        default=column.default if column.default is not None else inherited.default,
    )


def constraints_of(node: Node) -> list[tuple[Node, str | None]]:
    """Return the constraints in the definition of a column; DEFERRABLE stands behind the one that it is about."""
    constraints: list[Node] = []
    for each in node.constraints:
        kind = enum_name("ConstrType", each.constraint.contype)
        if kind.startswith("CONSTR_ATTR_"):
            if constraints and kind == "CONSTR_ATTR_DEFERRABLE":
                constraints[-1].deferrable = True
            elif constraints and kind == "CONSTR_ATTR_DEFERRED":
                constraints[-1].initdeferred = True
        else:
            constraints.append(each.constraint)
    return [(each, node.colname) for each in constraints]


def _column_of(
    state: ScriptState, node: Node, following: Node | None, origin: Origin
) -> tuple[Column, list[tuple[Node, str | None]]]:
    """Return the column of a definition and its constraints; the tree of a text that was read before is not walked.

    The text ends where the next element begins. Columns with keys and checks are read each time, and so are those
    of types that are looked up in the search path.
    """
    text, searches = _text_of(state, node, following), bool(state.search_path)
    if text and (known := state.definitions.get((text, searches))):
        return _built(known, origin), []
    definition, constraints = _definition(state, node), constraints_of(node)
    if text and _is_plain(node, searches=searches):
        state.definitions[text, searches] = definition
    return _built(definition, origin), constraints


def _text_of(state: ScriptState, node: Node, following: Node | None) -> bytes:
    """Return the text of a column's definition, with what is before the next element; empty if it is not known."""
    if following is None or not state.source:
        return b""
    kind = kind_of(following)
    end = getattr(following, kind).location if kind in ("column_def", "constraint") else 0
    return state.source[node.location : end] if node.location < end else b""


def _is_plain(node: Node, *, searches: bool) -> bool:
    """Return True if the text alone says what a column is: its type, and no more than a default and NOT NULL."""
    if searches and len(node.type_name.names) < 2:
        return False
    return all(enum_name("ConstrType", each.constraint.contype) in _PLAIN for each in node.constraints)


_PLAIN: Final = ("CONSTR_NOTNULL", "CONSTR_NULL", "CONSTR_DEFAULT")


def column_of(state: ScriptState, node: Node, origin: Origin) -> Column:
    """Return the column of a definition.

    Raises:
        NotParsed: it is an index of another dialect: `KEY name (column)` reads like a column.
    """
    return _built(_definition(state, node), origin)


def _built(definition: Definition, origin: Origin) -> Column:
    name, spelled, attributes, given = definition
    return Column(name, spelled, origins=(origin,), attrs=attributes, **given)


def _definition(state: ScriptState, node: Node) -> Definition:
    spelled = state.type_of(node.type_name) if node.HasField("type_name") else ""
    if node.colname in ("key", "index") and node.type_name.typmods and _lists_columns(node.type_name.typmods):
        raise NotParsed(f"{node.colname} {spelled} is not a column")
    given: dict[str, Any] = {"nullable": spelled not in types.SERIALS}
    attributes: Attributes = ()
    if node.HasField("coll_clause"):
        attributes = (("collation", ".".join(map(types.quoted, strings(node.coll_clause.collname)))),)
    for each in node.constraints:
        kind = enum_name("ConstrType", each.constraint.contype)
        if kind in _COLUMN_CLAUSES:
            given |= _COLUMN_CLAUSES[kind](each.constraint)
    attributes = tuple(sorted(attributes + given.pop("attrs", ())))
    return node.colname, spelled, attributes, given


def _lists_columns(modifiers: list[Node]) -> bool:
    return all(kind_of(each) == "column_ref" for each in modifiers)


def _not_null(node: Node) -> dict[str, Any]:
    return {"nullable": False}


def _default(node: Node) -> dict[str, Any]:
    return {"default": default_of(node.raw_expr)}


def _generated(node: Node) -> dict[str, Any]:
    virtual = (("virtual", "yes"),) if node.generated_kind == "v" else ()
    return {"generated": expression(node.raw_expr), "attrs": virtual}


def _identity(node: Node) -> dict[str, Any]:
    return {"nullable": False, "identity": True, "attrs": (("identity", IDENTITIES[node.generated_when]),)}


_COLUMN_CLAUSES: Final[dict[str, Callable[[Node], dict[str, Any]]]] = {
    "CONSTR_NOTNULL": _not_null,
    "CONSTR_PRIMARY": _not_null,
    "CONSTR_DEFAULT": _default,
    "CONSTR_GENERATED": _generated,
    "CONSTR_IDENTITY": _identity,
}
IDENTITIES: Final = {"a": "always", "d": "by default"}


def default_of(node: Node) -> str | None:
    """Return the text of a default; DEFAULT NULL is no default."""
    text = expression(node)
    return None if text == "NULL" else text


def with_identity(column: Column, when: str) -> Column:
    """Return a column as an identity column: `a` always, `d` by default."""
    attributes = with_attribute(column.attrs, "identity", IDENTITIES[when])
    return replace(column, identity=True, nullable=False, attrs=attributes)


def _of_type(state: ScriptState, relation: Relation, node: Node, origin: Origin) -> Relation:
    fields = state.composites.get(types.spell(node.of_typename), ())
    return replace(relation, columns=tuple(replace(column, origins=(origin,)) for column in fields))


def _like(state: ScriptState, relation: Relation, node: Node, origin: Origin) -> Relation:
    model = state.find(node.relation)
    if model is None:
        return relation
    bits = node.options
    columns = tuple(_like_column(column, bits, origin) for column in model.columns)
    relation = replace(relation, columns=relation.columns + columns)
    if bits & _CONSTRAINTS:
        relation = replace(relation, checks=relation.checks + model.checks)
    if bits & _INDEXES:
        relation = replace(relation, primary_key=model.primary_key)
        for index in model.indexes:
            relation = replace(relation, indexes=(*relation.indexes, _cloned(relation, index)))
    return relation


def _like_column(column: Column, bits: int, origin: Origin) -> Column:
    keeps = _IDENTITY if column.identity else _DEFAULTS
    serial = types.SERIALS.get(column.type)
    default = f"nextval('{column.name}'::regclass)" if serial else column.default
    return replace(
        column,
        type=serial or column.type,
        default=default if bits & _DEFAULTS and not serial else None,
        generated=column.generated if bits & _GENERATED else None,
        identity=column.identity and bool(bits & keeps),
        comment=column.comment if bits & _COMMENTS else None,
        origins=(origin,),
        attrs=column.attrs
        if not column.identity or bits & _IDENTITY
        else with_attribute(column.attrs, "identity", None),
    )


def create_foreign_table(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds a foreign table."""
    for change in create_table(state, node.base_stmt, origin):
        assert isinstance(change, c.AddTable)
        yield replace(change, relation=with_attributes(change.relation, foreign="yes"))


def create_type(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Record the fields of a composite type, for tables of it."""
    space = state.creation_schema(node.typevar)
    fields = tuple(column_of(state, each.column_def, origin) for each in node.coldeflist)
    name = types.quoted(node.typevar.relname)
    state.composites[f"{types.quoted(space)}.{name}" if space else name] = fields
    yield from ()


def create_index(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds an index; partitions get one like it."""
    table = state.find(node.relation)
    if table is None or (node.if_not_exists and any(index.name == node.idxname for index in table.indexes)):
        return
    yield c.AddIndex(table.name, table.schema, index_of(table, node))
