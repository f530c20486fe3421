"""What the statements about one table in a Knex migration change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Column, Index
from headwater.readers.knex.builder import BuilderCalls, TableBuilder, stamp_names

Changes = Iterator[c.Change]


class TableScript(Protocol):
    """What these statements ask of the migration around them."""

    draft: SchemaDraft

    def builder(self) -> TableBuilder:
        """Return what turns the statements of a table's function into columns."""

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression, or None."""

    def texts(self, expr: f.Expr | None) -> tuple[str, ...]:
        """Return the texts of a list, or of a single text."""


def chain_changes(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    """Yield the changes of one statement about a table."""
    operation = _TABLE.get(chain.method)
    if operation is not None:
        yield from operation(script, table, chain)
        return
    declared = script.builder().declared(chain)
    for column in declared.columns if declared else ():
        if "alter" in chain.after:
            was = column_of(script, table, column.name)
            yield c.AlterType(table, None, column.name, column.type, was.type if was else None)
            yield c.SetNullable(table, None, column.name, column.nullable)
        else:
            yield c.AddColumn(table, None, column)
            if "unique" in chain.after:
                yield c.AddIndex(table, None, Index(None, (column.name,), True))
    if declared and declared.primary:
        yield c.SetPrimaryKey(table, None, declared.primary)
    for key in declared.keys if declared else ():
        yield c.AddForeignKey(table, None, key)


def column_of(script: TableScript, table: str, column: str) -> Column | None:
    """Return a column as it is before a change, or None."""
    relation = script.draft.relation(table)
    return relation.column(column) if relation else None


def _dropped(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    for name in (text for arg in chain.call.args for text in script.texts(arg)):
        yield c.DropColumn(table, None, name, column_of(script, table, name))


def _drop_stamps(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    for name in stamp_names(chain.call):
        yield c.DropColumn(table, None, name, column_of(script, table, name))


def _rename_column(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    old, new = script.text(q.argument(chain.call, 0)), script.text(q.argument(chain.call, 1))
    if old and new:
        yield c.RenameColumn(table, None, old, new)


def _primary(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    columns = script.texts(q.argument(chain.call, 0))
    if columns:
        yield c.SetPrimaryKey(table, None, columns)


def _index(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    columns = script.texts(q.argument(chain.call, 0))
    if columns:
        name = script.text(q.argument(chain.call, 1))
        yield c.AddIndex(table, None, Index(name, columns, chain.method == "unique"))


def _foreign(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    columns = script.texts(q.argument(chain.call, 0))
    key = script.builder().referring(columns, chain) if columns else None
    if key:
        yield c.AddForeignKey(table, None, key)


def _drop_foreign(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    columns = script.texts(q.argument(chain.call, 0))
    if columns:
        yield c.DropForeignKey(table, None, None, columns)


def _nullable(script: TableScript, table: str, chain: BuilderCalls) -> Changes:
    name = script.text(q.argument(chain.call, 0))
    if name:
        yield c.SetNullable(table, None, name, chain.method == "setNullable")


_TABLE: Mapping[str, Callable[[TableScript, str, BuilderCalls], Changes]] = {
    **dict.fromkeys(("dropColumn", "dropColumns"), _dropped),
    "dropTimestamps": _drop_stamps,
    "renameColumn": _rename_column,
    "primary": _primary,
    **dict.fromkeys(("index", "unique"), _index),
    "foreign": _foreign,
    "dropForeign": _drop_foreign,
    **dict.fromkeys(("setNullable", "dropNullable"), _nullable),
}
