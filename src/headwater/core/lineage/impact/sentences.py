"""Changes in a sentence each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.catalog import changes as c

_SENTENCES: dict[type[c.Change], Callable[[Any], str]] = {
    c.DropColumn: lambda change: f"Drop column {change.table}.{change.column}",
    c.RenameColumn: lambda change: f"Rename column {change.table}.{change.column} to {change.new_name}",
    c.AlterType: lambda change: f"Change the type of {change.table}.{change.column} to {change.type}",
    c.AddColumn: lambda change: f"Add column {change.table}.{change.column.name}",
    c.DropTable: lambda change: f"Drop table {change.table}",
    c.RenameTable: lambda change: f"Rename table {change.table} to {change.new_name}",
    c.AddTable: lambda change: f"Create table {change.table}",
}


def sentence(change: c.Change) -> str:
    """Return what a change does, without a full stop."""
    if isinstance(change, c.SetNullable):
        return f"{'Allow' if change.nullable else 'Forbid'} NULL in {change.table}.{change.column}"
    words = _SENTENCES.get(type(change))
    if words:
        return words(change)
    name = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(change).__name__).strip()
    return f"{name.capitalize()} on {change.table}"
