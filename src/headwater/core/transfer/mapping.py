"""Maps a Schema to another engine: the plan of a copy, with every loss."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Column, Enum, Relation, Schema
from headwater.catalog.value_kinds import ObservedValues, ValueKind
from headwater.core.transfer import (
    constraints,
    counters,
    documents,
    expressions,
    foreign_keys,
    key_types,
    loss_rules,
    partitions,
)
from headwater.core.transfer.choices import CopyChoices
from headwater.core.transfer.column_kinds import column_kinds, find_enum, with_nulls
from headwater.core.transfer.losses import Loss, Severity
from headwater.core.transfer.mapping_context import MappingContext, assign_names
from headwater.core.transfer.plan import ColumnPlan, CopyPlan, TablePlan
from headwater.kit.errors import BadInput


def plan(
    schema: Schema,
    source: Dialect,
    target: Dialect,
    tables: Collection[str] | None = None,
    choices: CopyChoices | None = None,
    observed: ObservedValues | None = None,
) -> CopyPlan:
    """Return the plan for copying a Schema to another dialect.

    Args:
        schema: the source.
        source: its dialect.
        target: the other dialect.
        tables: the tables to copy, by qualified or bare name; None for all.
        choices: what the user decided.
        observed: what is known about the stored values; None if nothing is.
    """
    work = MappingContext(
        schema, source, target, choices=choices or CopyChoices(), observed=observed or ObservedValues()
    )
    chosen = _chosen(schema, tables, work)
    assign_names(chosen, work)
    key_types.align(chosen, work)
    make = documents.collection if target.data_model == "document" else _table
    made = [make(relation, work) for relation in chosen]
    relations, plans = [table for table, _ in made], [planned for _, planned in made]
    if target.data_model == "relational":
        relations = foreign_keys.with_references(relations, chosen, work)
    _rest(schema, tables, work)
    losses = tuple(Loss(key[0], key[1], ", ".join(objects), key[2]) for key, objects in work.losses.items())
    order: dict[Severity, int] = {"left_out": 0, "changed": 1, "risk": 2}
    return CopyPlan(
        source,
        target,
        Schema(tuple(relations), tuple(work.enums)),
        tuple(plans),
        tuple(sorted(losses, key=lambda loss: (loss.table, order[loss.severity]))),
    )


def _chosen(schema: Schema, tables: Collection[str] | None, work: MappingContext) -> list[Relation]:
    """Return the tables to copy; one whose rows are rows of another one, too, is left to that."""
    wanted = [relation for relation in schema if relation.kind == "table" and _wanted(relation, tables)]
    absorbed = partitions.absorbed(wanted, schema)
    for relation in wanted:
        if "inherits" in {name for child in absorbed.get(id(relation), ()) for name, _ in child.attrs}:
            names = ", ".join(child.name for child in absorbed[id(relation)])
            sentence = "its rows and those of the tables that inherit from it become one table"
            work.record_loss("changed", relation.qualified_name, names, sentence)
            work.record_loss(
                "risk", relation.qualified_name, names, "keys that several of these tables have are refused"
            )
    gone = {id(child) for children in absorbed.values() for child in children}
    for relation in wanted if not work.target.has_empty_tables else ():
        if not relation.columns and work.target.data_model == "relational":
            gone.add(id(relation))
            work.record_loss("left_out", relation.qualified_name, relation.name, "a table without columns")
    return [relation for relation in wanted if id(relation) not in gone]


def _wanted(relation: Relation, tables: Collection[str] | None) -> bool:
    return tables is None or relation.name in tables or relation.qualified_name in tables


def _rest(schema: Schema, tables: Collection[str] | None, work: MappingContext) -> None:
    """Record what is not copied at all."""
    for relation in schema if tables is None else ():
        if relation.kind != "table":
            work.record_loss(
                "left_out", relation.qualified_name, relation.name, f"{relation.kind.replace('_', ' ')}s are not copied"
            )
    for routine in schema.routines if tables is None else ():
        work.record_loss("left_out", "", routine.name, "functions and procedures are not copied")
    for sequence in schema.sequences if tables is None else ():
        if not sequence.owned_by:
            work.record_loss("left_out", "", sequence.name, "sequences that no column owns are not copied")


def _check_column_names(relation: Relation, work: MappingContext) -> None:
    """Raise BadInput if the target cannot have the names of all columns."""
    target, longest = work.target, work.target.max_identifier_length
    taken: dict[str, str] = {}
    for column in relation.columns:
        length = len(column.name.encode()) if target.identifier_bytes else len(column.name)
        name = column.name.casefold() if target.case_insensitive_columns else column.name
        if length > longest:
            why = f"its column {column.name[:40]}… has {length} characters, and {target.display_name} allows {longest}"
        elif name in taken:
            why = f"its columns {taken[name]} and {column.name} would have the same name in {target.display_name}"
        else:
            taken[name] = column.name
            continue
        hint = "Rename the column in the source, or copy the other tables only."
        raise BadInput(f"{relation.qualified_name} cannot be copied: {why}.", hint=hint)


def _table(relation: Relation, work: MappingContext) -> tuple[Relation, TablePlan]:
    _check_column_names(relation, work)
    name = work.names[relation.schema, relation.name]
    keyed = _keyed(relation, work.schema)
    kinds = column_kinds(relation, work)
    relation = with_nulls(relation, kinds, work)
    columns, plans = [], []
    for column in relation.columns:
        new, planned = _column(relation, column, kinds[column.name], column.name in keyed, work)
        columns.append(new)
        plans.append(planned)
    loss_rules.table_losses(relation, kinds, work)
    target_columns = counters.supported(relation, columns, work)
    counting = tuple(column.name for column in target_columns if column.identity)
    built = Relation(
        name,
        target_columns,
        work.target.default_schema,
        primary_key=relation.primary_key,
        foreign_keys=foreign_keys.foreign_keys(relation, work),
        indexes=constraints.indexes(relation, kinds, work),
        checks=constraints.checks(relation, kinds, counting, work),
        comment=relation.comment if work.target.has_comments else None,
        attrs=_attributes(relation, counting, work),
    )
    planned_table = TablePlan(
        relation.schema, relation.name, work.target.default_schema, name, tuple(plans), counting, relation.rows
    )
    built, changes = work.target.fit_table(counters.with_index(relation, built, work))
    for severity, object_, sentence in changes:
        work.record_loss(severity, relation.qualified_name, object_, sentence)
    return built, replace(planned_table, columns=_with_types(planned_table.columns, built))


def _with_types(columns: tuple[ColumnPlan, ...], built: Relation) -> tuple[ColumnPlan, ...]:
    """Return the plans of columns with the types that their table got in the end."""
    types = {column.name: column.type for column in built.columns}
    return tuple(replace(column, target_type=types[column.name]) for column in columns)


def _attributes(relation: Relation, counting: tuple[str, ...], work: MappingContext) -> tuple[tuple[str, str], ...]:
    attributes = dict(work.target.table_attributes)
    attributes |= dict(work.target.counter_attributes) if counting else {}
    if work.source is work.target:
        attributes |= {name: value for name, value in relation.attrs if name in work.target.copied_attributes}
    return tuple(sorted(attributes.items()))


def _keyed(relation: Relation, schema: Schema) -> set[str]:
    """Return the columns that are part of a key or index, of the table itself or of a table that refers to it."""
    names = set(relation.primary_key)
    for index in relation.indexes:
        names |= set(constraints.plain_columns(index))
    for key in relation.foreign_keys:
        names |= set(key.columns)
    for other in schema:
        for key in other.foreign_keys:
            if key.ref_table == relation.name:
                names |= set(key.ref_columns)
    return names


def _unique(relation: Relation) -> set[str]:
    """Return the columns that identify rows."""
    names = set(relation.primary_key)
    for index in relation.indexes:
        names |= set(constraints.plain_columns(index)) if index.unique else set()
    return names


def _column(
    relation: Relation, column: Column, kind: ValueKind, keyed: bool, work: MappingContext
) -> tuple[Column, ColumnPlan]:
    table_name = relation.qualified_name
    counts = column.identity or loss_rules.is_counter(relation, column, work)
    if counts and not work.target.has_unsigned_counters and kind.unsigned and kind.size == 64:
        kind = replace(kind, unsigned=False)
        work.record_loss("risk", table_name, column.name, "numbers above 9,223,372,036,854,775,807 are refused")
    assert work.target.types
    spelling = work.target.types.spell(kind, keyed)
    same = work.source is work.target and kind.name not in {"enum", "json"} and not _is_named(column, work)
    type_ = column.type if same else _enum_type(relation, column, kind, work) or spelling.type
    if not same:
        for severity, sentence in (
            *(("changed", change) for change in spelling.changes),
            ("risk", spelling.risk),
            ("risk", loss_rules.risk(kind, column, relation, work)),
        ):
            if sentence:
                work.record_loss(severity, table_name, column.name, sentence)  # type: ignore[arg-type]
    if work.target.ignores_trailing_spaces and not same and kind.name == "text" and column.name in _unique(relation):
        work.record_loss("risk", table_name, column.name, "keys that differ only by trailing spaces are refused")
    loss_rules.column_losses(column, table_name, work)
    given = None if counts or column.generated else _default(relation, column, kind, type_, work)
    comment = column.comment if work.target.has_comments else None
    target_column = Column(
        column.name,
        type_,
        column.nullable and column.name not in relation.primary_key,
        given,
        identity=counts,
        comment=comment,
    )
    return target_column, ColumnPlan(
        column.name, column.type, type_, kind, "; ".join(spelling.changes) if not same else ""
    )


def _is_named(column: Column, work: MappingContext) -> bool:
    bare = column.type.rpartition(".")[2].strip('"')
    named = [enum.name for enum in work.schema.enums] + [domain.name for domain in work.schema.domains]
    return bare in named


def _enum_type(relation: Relation, column: Column, kind: ValueKind, work: MappingContext) -> str | None:
    """Create the type of an enum where types have names, and return its name."""
    if kind.name != "enum" or not work.target.has_named_enums:
        return None
    enum = find_enum(kind.written, work.schema.enums) if work.source.has_named_enums else None
    name = enum.name if enum else f"{relation.name}_{column.name}"[:63]
    if any(known.name == name and known.values != kind.values for known in work.enums):
        name, number = f"{name}_{column.name}"[:60], 2
        while any(known.name == name and known.values != kind.values for known in work.enums):
            name, number = f"{name.removesuffix(f'_{number - 1}')}_{number}", number + 1
        work.record_loss(
            "changed", relation.qualified_name, column.name, f"its type is renamed to {name}: another type has its name"
        )
    if all(known.name != name for known in work.enums):
        work.enums.append(Enum(name, kind.values, work.target.default_schema))
    return f'{work.target.default_schema}."' + name.replace('"', '""') + '"'


def _default(relation: Relation, column: Column, kind: ValueKind, type_: str, work: MappingContext) -> str | None:
    if column.default is None or column.default.upper() == "NULL" or column.default.upper().startswith("NULL::"):
        return None
    if work.source is work.target:
        return column.default
    given = expressions.default(column.default, work.source, work.target, kind.name, kind.scale)
    invalid = work.source.types.invalid.get(kind.name) if work.source.types else None
    if given is not None and invalid and invalid(given.strip("'")):
        given = None
    if given is None:
        work.record_loss("left_out", relation.qualified_name, column.name, f"the default {column.default} is not kept")
        return None
    if any(name in type_ for name in work.target.computed_defaults):
        return f"({given})"
    return given
