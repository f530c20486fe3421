"""Converts CREATE TABLE, CREATE VIEW and column definitions to catalog values."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlglot import exp

from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Check, Column, ForeignKey, Index, Origin, Relation, RelationKind


def relation_of(create: exp.Create, schema: SchemaDraft, dialect: str, origin: Origin) -> Relation | None:
    """Return the table or view of a CREATE statement, or None if it creates neither."""
    target = create.this
    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table) or not table.name or _is_partition(create):
        return None
    relation = Relation(table.name, schema=table.db or None, kind=_kind(create), origins=(origin,))
    if isinstance(target, exp.Schema):
        relation = _with_parts(relation, target.expressions, dialect, origin, schema)
    if comment := create.find(exp.SchemaCommentProperty):
        relation = replace(relation, comment=comment.this.name or None)
    if like := create.find(exp.LikeProperty):
        relation = _like(relation, schema.relation(like.this.name))
    query = create.expression
    if isinstance(query, exp.Query):
        relation = _from_query(relation, query, schema, dialect, origin)
    return relation


def is_temporary(create: exp.Create) -> bool:
    """Return True if a CREATE statement creates a temporary table or view."""
    if create.find(exp.TemporaryProperty):
        return True
    table = create.find(exp.Table)
    identifier = table.this if table else None
    return isinstance(identifier, exp.Identifier) and bool(
        identifier.args.get("temporary") or identifier.args.get("global_")
    )


def _kind(create: exp.Create) -> RelationKind:
    if create.kind != "VIEW":
        return "table"
    return "materialized_view" if create.find(exp.MaterializedProperty) else "view"


def _is_partition(create: exp.Create) -> bool:
    properties = create.args.get("properties")
    return bool(properties and properties.find(exp.PartitionedOfProperty))


def _like(relation: Relation, model: Relation | None) -> Relation:
    return replace(relation, columns=model.columns, primary_key=model.primary_key) if model else relation


def _from_query(relation: Relation, query: exp.Query, schema: SchemaDraft, dialect: str, origin: Origin) -> Relation:
    names = [column.name for column in relation.columns] or list(_outputs(query, schema))
    columns = tuple(Column(name, origins=(origin,)) for name in names)
    if relation.kind == "table":
        return replace(relation, columns=columns)
    return replace(relation, columns=columns, definition=query.sql(dialect=dialect))


def _outputs(query: exp.Query, schema: SchemaDraft) -> list[str]:
    names: list[str] = []
    for item in query.selects:
        if not item.is_star:
            names.append(item.alias_or_name)
            continue
        tables = [table for table in query.find_all(exp.Table) if table.parent_select is query]
        wanted = item.table if isinstance(item, exp.Column) else ""
        for table in tables:
            relation = schema.relation(table.name)
            if relation and wanted in ("", table.alias_or_name):
                names += [column.name for column in relation.columns]
    return [name for name in names if name]


def _with_parts(
    relation: Relation, parts: list[exp.Expr], dialect: str, origin: Origin, schema: SchemaDraft
) -> Relation:
    for part in parts:
        if isinstance(part, exp.ColumnDef):
            relation = with_column(relation, part, dialect, origin)
        elif isinstance(part, exp.Identifier):
            relation = replace(relation, columns=(*relation.columns, Column(part.name, origins=(origin,))))
        elif isinstance(part, exp.LikeProperty):
            relation = _like(relation, schema.relation(part.this.name))
        else:
            relation = with_constraint(relation, part, dialect)
    return relation


def with_column(relation: Relation, part: exp.ColumnDef, dialect: str, origin: Origin) -> Relation:
    """Return the relation with one more column and the keys in its definition."""
    column = column_of(part, dialect, origin)
    if any(known.name == column.name for known in relation.columns):
        return relation
    relation = replace(relation, columns=(*relation.columns, column))
    for constraint in part.find_all(exp.ColumnConstraint):
        kind = constraint.args.get("kind")
        if isinstance(kind, exp.PrimaryKeyColumnConstraint):
            relation = replace(relation, primary_key=(column.name,))
        elif isinstance(kind, exp.UniqueColumnConstraint):
            relation = replace(relation, indexes=(*relation.indexes, Index(None, (column.name,), unique=True)))
        elif isinstance(kind, exp.Reference):
            relation = replace(relation, foreign_keys=(*relation.foreign_keys, foreign_key((column.name,), kind)))
    return relation


def column_of(part: exp.ColumnDef, dialect: str, origin: Origin) -> Column:
    """Return the column that a definition describes."""
    column = Column(part.name, _type(part, dialect), origins=(origin,))
    for constraint in part.find_all(exp.ColumnConstraint):
        column = _constrained(column, constraint.args.get("kind"), dialect)
    if "serial" in column.type:
        column = replace(column, nullable=False)
    return column


def _type(part: exp.ColumnDef, dialect: str) -> str:
    kind = part.args.get("kind")
    if kind is None:
        return ""
    parts = re.split(r"('(?:[^'\\]|''|\\.)*')", kind.sql(dialect=dialect))
    return "".join(part if part.startswith("'") else part.lower() for part in parts)


def _constrained(column: Column, kind: object, dialect: str) -> Column:
    if isinstance(kind, exp.NotNullColumnConstraint):
        return replace(column, nullable=bool(kind.args.get("allow_null")))
    if isinstance(kind, exp.PrimaryKeyColumnConstraint):
        return replace(column, nullable=False)
    if isinstance(kind, exp.DefaultColumnConstraint):
        return replace(column, default=kind.this.sql(dialect=dialect))
    if isinstance(kind, exp.CommentColumnConstraint):
        return replace(column, comment=kind.this.name)
    if isinstance(kind, exp.ComputedColumnConstraint):
        return replace(column, generated=kind.this.sql(dialect=dialect))
    if isinstance(kind, exp.GeneratedAsIdentityColumnConstraint):
        expression = kind.args.get("expression")
        return (
            replace(column, generated=expression.sql(dialect=dialect)) if expression else replace(column, identity=True)
        )
    return replace(column, identity=True) if isinstance(kind, exp.AutoIncrementColumnConstraint) else column


def with_constraint(relation: Relation, part: exp.Expr, dialect: str, name: str | None = None) -> Relation:
    """Return the relation with a table constraint added; an unknown constraint changes nothing."""
    if isinstance(part, exp.Constraint):
        for inner in part.expressions:
            relation = with_constraint(relation, inner, dialect, part.name or None)
    elif isinstance(part, exp.PrimaryKey):
        relation = replace(relation, primary_key=names_of(part.expressions))
        columns = tuple(replace(c, nullable=False) if c.name in relation.primary_key else c for c in relation.columns)
        relation = replace(relation, columns=columns)
    elif isinstance(part, exp.ForeignKey) and isinstance(part.args.get("reference"), exp.Reference):
        key = foreign_key(names_of(part.expressions), part.args["reference"], name)
        relation = replace(relation, foreign_keys=(*relation.foreign_keys, key))
    elif isinstance(part, (exp.UniqueColumnConstraint, exp.IndexColumnConstraint)):
        relation = replace(relation, indexes=(*relation.indexes, _index(part, name)))
    elif isinstance(part, exp.CheckColumnConstraint):
        relation = replace(relation, checks=(*relation.checks, Check(part.this.sql(dialect=dialect), name)))
    return relation


def _index(part: exp.Expr, name: str | None) -> Index:
    unique = isinstance(part, exp.UniqueColumnConstraint)
    listed = part.this if isinstance(part.this, exp.Schema) else part
    own_name = part.this.name if isinstance(part.this, exp.Identifier) else listed.this.name if listed.this else None
    kind = str(part.args.get("kind") or "").upper()
    attributes = (("method", kind),) if kind in ("FULLTEXT", "SPATIAL") else ()
    return Index(name or own_name or None, names_of(listed.expressions), unique=unique, attrs=attributes)


def names_of(parts: list[exp.Expr]) -> tuple[str, ...]:
    """Return the column names in a key or index list; expressions are in parentheses."""
    return tuple(_name_of(part) for part in parts)


def _name_of(part: exp.Expr) -> str:
    inner = part.this if isinstance(part, exp.Ordered) else part
    if isinstance(inner, (exp.Identifier, exp.Column)):
        return inner.name
    if isinstance(inner, exp.ColumnPrefix) or (isinstance(inner, exp.Anonymous) and len(inner.expressions) == 1):
        return inner.this if isinstance(inner.this, str) else inner.this.name
    return f"({inner.sql()})"


def foreign_key(columns: tuple[str, ...], reference: exp.Reference, name: str | None = None) -> ForeignKey:
    """Return the foreign key of `columns REFERENCES …`."""
    target = reference.this
    table = target.this if isinstance(target, exp.Schema) else target
    remote = names_of(target.expressions) if isinstance(target, exp.Schema) else ()
    options = " ".join(str(option) for option in reference.args.get("options") or []).upper()
    return ForeignKey(
        columns,
        table.name,
        remote,
        name=name,
        ref_schema=table.args["db"].name if table.args.get("db") else None,
        on_delete=_action(options, "ON DELETE "),
        on_update=_action(options, "ON UPDATE "),
    )


def _action(options: str, lead: str) -> str | None:
    if lead not in options:
        return None
    words = options.split(lead)[1].split()
    return " ".join(words[:2]) if words[0] in ("SET", "NO") else words[0]
