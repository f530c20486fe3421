"""What queries return: rows, single elements, expressions."""

from __future__ import annotations

from headwater.core.lineage.orm.values import (
    ColumnValue,
    Entity,
    InstanceValue,
    ListValue,
    PendingUsage,
    QueryValue,
    Row,
    TypeOf,
    Value,
    Variable,
    drafts,
)


def rows(result: str, source: Value) -> Value:
    """Return the value of the rows of a query or result."""
    if isinstance(source, Entity):
        row = InstanceValue(source.model, "It is loaded by its key." if result == "one" else "It comes from a query.")
        return row if result == "one" else ListValue(row) if result == "many" else None
    if isinstance(source, TypeOf):
        return source.item if result == "one" else ListValue(source.item) if result == "many" else None
    if isinstance(source, ListValue):
        first = source.item.items[0] if isinstance(source.item, Row) and source.item.items else source.item
        taken = {"one": source.item, "scalar": first, "scalars": ListValue(first), "rows": source, "many": source}
        return taken.get(result)
    return _of_query(result, source) if isinstance(source, QueryValue) and source.kind != "derived" else None


def _of_query(result: str, source: QueryValue) -> Value:
    row = Row(source.items, source.names)
    first = source.items[0] if source.items else None
    item = first if len(source.items) == 1 and isinstance(first, (InstanceValue, Variable)) else row
    taken: dict[str, Value] = {
        "rows": ListValue(row),
        "scalar": first,
        "scalars": ListValue(first),
        "one": item,
        "many": ListValue(item),
        "counted": Row((ListValue(item), None)),
        "pair": Row((item, None)),
        "derived": QueryValue(kind="derived"),
    }
    return taken.get(result)


def column_of(*values: Value, extra: list[PendingUsage] | None = None) -> ColumnValue:
    """Return the SQL expression that combines these parts."""
    pending_usages = list(extra or ())
    models: list[str] = []
    for value in values:
        if isinstance(value, ColumnValue):
            models.extend(value.models)
            pending_usages.extend(value.drafts)
        elif isinstance(value, Row):
            pending_usages.extend(drafts(value))
            models.extend(m for item in value.items if isinstance(item, ColumnValue) for m in item.models)
    return ColumnValue(tuple(dict.fromkeys(models)), None, None, tuple(dict.fromkeys(pending_usages)))
