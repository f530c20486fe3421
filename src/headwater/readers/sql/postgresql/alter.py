"""ALTER TABLE: one function for each action; partitions and inheriting tables follow their parent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from headwater.catalog import changes as c
from headwater.catalog.apply import mentions
from headwater.catalog.model import Column, Origin, Relation
from headwater.readers.sql.postgresql import names, tables, types
from headwater.readers.sql.postgresql.constraints import with_constraint
from headwater.readers.sql.postgresql.expressions import expression
from headwater.readers.sql.postgresql.script_state import ScriptState, key_of, with_attribute, with_attributes
from headwater.readers.sql.postgresql.tree import Node, enum_name, kind_of


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an ALTER TABLE on one table."""

    state: ScriptState
    table: Relation
    node: Node
    origin: Origin
    inherited: bool = False

    @property
    def column(self) -> Column | None:
        """The column that the action names."""
        return next((each for each in self.table.columns if each.name == self.node.name), None)

    def replaced(self, **given: object) -> c.AddTable:
        """Return the change that gives the table other attributes."""
        return c.AddTable(self.table.name, self.table.schema, replace(self.table, **given))  # type: ignore[arg-type]

    def with_column(self, column: Column) -> c.AddTable:
        """Return the change that replaces the column of the same name."""
        return self.replaced(columns=tuple(column if each.name == column.name else each for each in self.table.columns))


def alter_table(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of an ALTER TABLE statement; each sees the table after those before it."""
    for each in node.cmds:
        command = each.alter_table_cmd
        handler = _ACTIONS.get(enum_name("AlterTableType", command.subtype))
        table = state.find(node.relation)
        if handler is None or table is None:
            continue
        only = not node.relation.inh
        for member in tuple(state.family(table, only=only)) if handler in _INHERITED else (table,):
            current = state.draft.relation(member.name, member.schema) or member
            yield from handler(Action(state, current, command, origin, member is not table))


def _add_column(action: Action) -> Iterator[c.Change]:
    node, table = getattr(action.node, "def").column_def, action.table
    if any(each.name == node.colname for each in table.columns):
        return
    column = tables.column_of(action.state, node, action.origin)
    yield c.AddColumn(table.name, table.schema, column)
    bare = replace(table, columns=(*table.columns, column))
    grown = bare
    for constraint, name in tables.constraints_of(node):
        grown = with_constraint(action.state, grown, constraint, name)
    yield from _differences(bare, grown)


def _differences(before: Relation, after: Relation) -> Iterator[c.Change]:
    """Yield the changes that add the keys, indexes and checks that a relation has got."""
    name, space = after.name, after.schema
    if after.attrs != before.attrs or after.indexes[: len(before.indexes)] != before.indexes:
        yield c.AddTable(name, space, after)
        return
    if after.primary_key != before.primary_key:
        yield c.SetPrimaryKey(name, space, after.primary_key)
    yield from (c.AddForeignKey(name, space, key) for key in after.foreign_keys[len(before.foreign_keys) :])
    yield from (c.AddIndex(name, space, index) for index in after.indexes[len(before.indexes) :])
    yield from (c.AddCheck(name, space, check) for check in after.checks[len(before.checks) :])
    for old, new in zip(before.columns, after.columns, strict=True):
        if old.nullable != new.nullable and new.name not in after.primary_key:
            yield c.SetNullable(name, space, new.name, new.nullable)


def _drop_column(action: Action) -> Iterator[c.Change]:
    table, column = action.table, action.column
    if column is None or (action.inherited and column.name in action.state.own_columns.get(key_of(table), ())):
        return
    if column.name in table.primary_key:
        yield action.replaced(primary_key=(), attrs=with_attribute(table.attrs, "primary_key", None))
    for relation in action.state.draft.referrers(table.name) if _cascades(action.node) else ():
        for key in relation.foreign_keys:
            if key.ref_table == table.name and column.name in key.ref_columns:
                yield c.DropForeignKey(relation.name, relation.schema, key.name, key.columns)
    for check in table.checks:
        if check.name and mentions(check.expression, column.name):
            yield c.DropCheck(table.name, table.schema, check.name)
    for index in table.indexes:
        expressions = [each for each in (*index.columns, f"({index.where})") if each.startswith("(")]
        if index.name and any(mentions(each, column.name) for each in expressions):
            yield c.DropIndex(table.name, table.schema, index.name)
    yield c.DropColumn(table.name, table.schema, column.name, was=column)


def _cascades(node: Node) -> bool:
    return enum_name("DropBehavior", node.behavior) == "DROP_CASCADE"


def _alter_type(action: Action) -> Iterator[c.Change]:
    column = action.column
    if column:
        spelled = action.state.type_of(getattr(action.node, "def").column_def.type_name)
        yield c.AlterType(action.table.name, action.table.schema, column.name, spelled, was=column.type)


def _set_default(action: Action) -> Iterator[c.Change]:
    node, column = getattr(action.node, "def"), action.column
    if column is None:
        return
    default = tables.default_of(node) if kind_of(node) else None
    if column.type in types.SERIALS:
        yield c.AlterType(action.table.name, action.table.schema, column.name, types.SERIALS[column.type])
    yield c.SetDefault(action.table.name, action.table.schema, column.name, default, was=column.default)


def _set_not_null(action: Action) -> Iterator[c.Change]:
    if action.column:
        yield c.SetNullable(action.table.name, action.table.schema, action.node.name, False)


def _drop_not_null(action: Action) -> Iterator[c.Change]:
    if action.column:
        yield c.SetNullable(action.table.name, action.table.schema, action.node.name, True)


def _add_identity(action: Action) -> Iterator[c.Change]:
    if action.column:
        when = getattr(action.node, "def").constraint.generated_when
        yield action.with_column(tables.with_identity(action.column, when))


def _set_identity(action: Action) -> Iterator[c.Change]:
    options = getattr(action.node, "def").list.items
    generated = [each.def_elem.arg.integer.ival for each in options if each.def_elem.defname == "generated"]
    if action.column and generated:
        yield action.with_column(tables.with_identity(action.column, chr(generated[0])))


def _drop_identity(action: Action) -> Iterator[c.Change]:
    if action.column:
        attributes = with_attribute(action.column.attrs, "identity", None)
        yield action.with_column(replace(action.column, identity=False, attrs=attributes))


def _drop_expression(action: Action) -> Iterator[c.Change]:
    if action.column:
        yield action.with_column(replace(action.column, generated=None))


def _set_expression(action: Action) -> Iterator[c.Change]:
    if action.column:
        yield action.with_column(replace(action.column, generated=expression(getattr(action.node, "def"))))


def _add_constraint(action: Action) -> Iterator[c.Change]:
    node = getattr(action.node, "def").constraint
    yield from _differences(action.table, with_constraint(action.state, action.table, node))


def _drop_constraint(action: Action) -> Iterator[c.Change]:
    table, name = action.table, action.node.name
    standard = names.choose(table.name, (), "pkey", ())
    if table.primary_key and name == (dict(table.attrs).get("primary_key") or standard):
        yield action.replaced(primary_key=(), attrs=with_attribute(table.attrs, "primary_key", None))
    elif name in names.of_constraints(table):
        yield c.DropCheck(table.name, table.schema, name)
    elif (column := name.removeprefix(f"{table.name}_").removesuffix("_not_null")) and name.endswith("_not_null"):
        yield c.SetNullable(table.name, table.schema, column, True)


def _validate(action: Action) -> Iterator[c.Change]:
    def valid(constraint: object) -> object:
        same = getattr(constraint, "name", None) == action.node.name
        attributes = getattr(constraint, "attrs", ())
        return replace(constraint, attrs=with_attribute(attributes, "not_valid", None)) if same else constraint  # type: ignore[type-var]

    table = action.table
    yield action.replaced(checks=tuple(map(valid, table.checks)), foreign_keys=tuple(map(valid, table.foreign_keys)))


def _attach_partition(action: Action) -> Iterator[c.Change]:
    command = getattr(action.node, "def").partition_cmd
    child = action.state.find(command.name)
    if child is None:
        return
    action.state.adopt(action.table, key_of(child))
    own = tables.merged_into(child, action.table)
    attached = tables.as_partition(own, action.table, tables.bound_of(command.bound))
    yield c.AddTable(child.name, child.schema, attached)


def _detach_partition(action: Action) -> Iterator[c.Change]:
    child = action.state.find(getattr(action.node, "def").partition_cmd.name)
    if child is not None:
        action.state.disown(action.table, key_of(child))
        detached = with_attributes(child, partition_of=None, partition_bound=None)
        yield c.AddTable(child.name, child.schema, tables.on_its_own(detached, action.table, is_partition=True))


def _inherit(action: Action) -> Iterator[c.Change]:
    parent = action.state.find(getattr(action.node, "def").range_var)
    if parent is not None:
        action.state.adopt(parent, key_of(action.table))
        action.state.own_columns[key_of(action.table)] = {column.name for column in action.table.columns}
        known = dict(action.table.attrs).get("inherits")
        parents = [*([known] if known else []), tables.full_name(parent)]
        yield action.replaced(attrs=with_attribute(action.table.attrs, "inherits", ", ".join(parents)))


def _no_inherit(action: Action) -> Iterator[c.Change]:
    parent = action.state.find(getattr(action.node, "def").range_var)
    if parent is not None:
        action.state.disown(parent, key_of(action.table))
        known = (dict(action.table.attrs).get("inherits") or "").split(", ")
        rest = ", ".join(name for name in known if name != tables.full_name(parent))
        alone = with_attributes(action.table, inherits=rest or None)
        yield c.AddTable(alone.name, alone.schema, tables.on_its_own(alone, parent, is_partition=False))


def _set_logged(action: Action) -> Iterator[c.Change]:
    unlogged = enum_name("AlterTableType", action.node.subtype) == "AT_SetUnLogged"
    yield action.replaced(attrs=with_attribute(action.table.attrs, "unlogged", "yes" if unlogged else None))


# Whatever is not listed, such as OWNER TO or SET STATISTICS, changes no table, column or key.
_ACTIONS: Final[dict[str, Callable[[Action], Iterator[c.Change]]]] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_AlterColumnType": _alter_type,
    "AT_ColumnDefault": _set_default,
    "AT_SetNotNull": _set_not_null,
    "AT_DropNotNull": _drop_not_null,
    "AT_AddIdentity": _add_identity,
    "AT_SetIdentity": _set_identity,
    "AT_DropIdentity": _drop_identity,
    "AT_DropExpression": _drop_expression,
    "AT_SetExpression": _set_expression,
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_ValidateConstraint": _validate,
    "AT_AttachPartition": _attach_partition,
    "AT_DetachPartition": _detach_partition,
    "AT_AddInherit": _inherit,
    "AT_DropInherit": _no_inherit,
    "AT_SetLogged": _set_logged,
    "AT_SetUnLogged": _set_logged,
}
_INHERITED: Final = frozenset(
    {_add_column, _drop_column, _alter_type, _set_default, _set_not_null, _drop_not_null, _drop_expression}
)


def cascaded(state: ScriptState, relation: Relation) -> Iterator[c.Change]:
    """Yield what else goes when a relation is dropped with CASCADE: foreign keys to it, and views on it."""
    for other in state.draft.referrers(relation.name):
        for key in other.foreign_keys:
            if key.ref_table == relation.name and other is not relation:
                yield c.DropForeignKey(other.name, other.schema, key.name, key.columns, was=key)
    for (schema, name), used in tuple(state.uses.items()):
        view = state.draft.relation(name, schema)
        if key_of(relation) in used and view is not None and view.kind != "table":
            state.uses.pop((schema, name), None)
            yield from cascaded(state, view)
            yield c.DropTable(view.name, view.schema, view)
