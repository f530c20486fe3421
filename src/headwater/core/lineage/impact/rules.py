"""Which usages each kind of change breaks, and how certainly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from headwater.catalog import changes as c
from headwater.catalog.usages import Usage
from headwater.core.lineage.impact.code import ScannedCode


class Hit(msgspec.Struct, frozen=True):
    """A line that a change concerns, before it is ranked."""

    file_path: str
    line_number: int
    certainty: Literal["breaks", "may_break", "carries"]
    reason: str
    table_name: str
    column_name: str
    kind: str = ""
    symbol: str = ""
    language: str = ""
    code_snippet: str = ""


def hits(change: c.Change, code: ScannedCode) -> Iterator[Hit]:
    """Yield the lines that a change breaks."""
    rule = _RULES.get(type(change))
    if rule:
        yield from rule(change, code)


def _hit(usage: Usage, certainty: Literal["breaks", "may_break", "carries"], reason: str) -> Hit:
    return Hit(
        usage.file_path,
        usage.line_number,
        certainty,
        reason,
        usage.table_name,
        usage.column_name,
        usage.usage_type,
        usage.symbol,
        usage.language,
        usage.code_snippet.split("\n")[0].strip(),
    )


def _of_column(code: ScannedCode, table: str, column: str) -> Iterator[Usage]:
    for usage in code.usages:
        same = usage.table_name.casefold() == table.casefold() and usage.column_name.casefold() == column.casefold()
        # A relationship that is loaded when it is read names the foreign key's attribute.
        if same and usage.sub_type != "implicit":
            yield usage


def _column_goes(change: c.DropColumn | c.RenameColumn, code: ScannedCode) -> Iterator[Hit]:
    name = f"{change.table}.{change.column}"
    then = f"will be named {change.new_name}" if isinstance(change, c.RenameColumn) else "will no longer exist"
    for usage in _of_column(code, change.table, change.column):
        if usage.tier == "A":
            yield _hit(usage, "breaks", f"{_VERBS[usage.usage_type]} {name}, which {then}.")
        else:
            yield _hit(usage, "may_break", f"{_VERBS[usage.usage_type]} {name} as far as can be inferred; it {then}.")
    yield from _declarations(code, change.table, change.column, then)


def _declarations(code: ScannedCode, table: str, column: str, then: str) -> Iterator[Hit]:
    """Yield the lines of models that declare a column or a relationship over it."""
    for model in code.models:
        if model.table.casefold() != table.casefold():
            continue
        for field in model.fields:
            own = field.column is not None and field.column.casefold() == column.casefold()
            over = column.casefold() in (name.casefold() for name in field.local)
            if field.line and (own or over):
                reason = f"{model.name}.{field.name} is mapped to {table}.{column}, which {then}."
                yield Hit(model.path, field.line, "breaks", reason, table, column, "declaration", model.name)


def _table_goes(change: c.DropTable | c.RenameTable, code: ScannedCode) -> Iterator[Hit]:
    then = f"will be named {change.new_name}" if isinstance(change, c.RenameTable) else "will no longer exist"
    is_renamed = isinstance(change, c.RenameTable)
    for usage in code.usages:
        if usage.table_name.casefold() != change.table.casefold() or usage.sub_type == "lazy":
            continue
        # A model hides the name of its table; SQL does not.
        certain = usage.tier == "A" and (usage.via == "sql" or not is_renamed)
        if is_renamed and usage.via != "sql":
            continue
        yield _hit(usage, "breaks" if certain else "may_break", f"Uses {change.table}, which {then}.")
    for model in code.models:
        if model.table.casefold() == change.table.casefold() and model.line:
            reason = f"{model.name} is mapped to {change.table}, which {then}."
            yield Hit(model.path, model.line, "breaks", reason, change.table, "*", "declaration", model.name)


def _type_changes(change: c.AlterType, code: ScannedCode) -> Iterator[Hit]:
    for usage in _of_column(code, change.table, change.column):
        reason = (
            f"{_VERBS[usage.usage_type]} {change.table}.{change.column}, whose values will be of type {change.type}."
        )
        yield _hit(usage, "may_break", reason)
    yield from _declarations(code, change.table, change.column, f"will be of type {change.type}")


def _null_changes(change: c.SetNullable, code: ScannedCode) -> Iterator[Hit]:
    name = f"{change.table}.{change.column}"
    for usage in _of_column(code, change.table, change.column):
        if not change.nullable and usage.usage_type in ("write", "update"):
            yield _hit(usage, "may_break", f"Sets {name}, which will not accept NULL.")
        if change.nullable and usage.usage_type in ("read", "projection"):
            yield _hit(usage, "may_break", f"Reads {name}, which can then be NULL.")
    if not change.nullable:
        yield from _inserts_without(code, change.table, change.column)


def _column_comes(change: c.AddColumn, code: ScannedCode) -> Iterator[Hit]:
    column = change.column
    if not column.nullable and column.default is None and not column.identity and column.generated is None:
        yield from _inserts_without(code, change.table, column.name)


def _inserts_without(code: ScannedCode, table: str, column: str) -> Iterator[Hit]:
    """Yield where rows are written by code that does not write this column."""
    written: dict[tuple[str, str], list[Usage]] = {}
    for usage in code.usages:
        if usage.table_name.casefold() == table.casefold() and usage.usage_type == "write":
            written.setdefault((usage.file_path, usage.symbol), []).append(usage)
    for usages in written.values():
        if all(usage.column_name.casefold() != column.casefold() for usage in usages):
            first = min(usages, key=lambda usage: usage.line_number)
            yield _hit(first, "may_break", f"Writes rows of {table} without {column}, which will not accept NULL.")


_VERBS = {
    "read": "Reads",
    "write": "Writes",
    "update": "Updates",
    "delete": "Deletes rows by",
    "join": "Joins on",
    "filter": "Filters, sorts or groups by",
    "projection": "Selects",
}
_RULES: dict[type[c.Change], Callable[[Any, ScannedCode], Iterator[Hit]]] = {
    c.DropColumn: _column_goes,
    c.RenameColumn: _column_goes,
    c.DropTable: _table_goes,
    c.RenameTable: _table_goes,
    c.AlterType: _type_changes,
    c.SetNullable: _null_changes,
    c.AddColumn: _column_comes,
}
