"""Resolves names in a statement: the table of a column, the pick of an alias or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from headwater.catalog.model import Relation, Schema
from headwater.core.query_builder.model import Pick, QueryTable, SqlStyle

# Implicit columns that every table of some engine has.
_HIDDEN = frozenset({"rowid", "oid", "_rowid_", "ctid", "xmin", "xmax", "tableoid"})


class CannotDraw(Exception):
    """The query builder does not support a clause."""

    def __init__(self, clause: str, message: str) -> None:
        super().__init__(message)
        self.clause, self.message = clause, message


def spelling(node: exp.Expr, style: SqlStyle) -> str:
    """Return a name as the database stores it: some databases fold unquoted names."""
    name = node.name
    quoted = isinstance(node, exp.Identifier) and node.args.get("quoted")
    return name if quoted or not style.grammar.folds_names else name.lower()


@dataclass(frozen=True)
class NameScope:
    """The tables of a statement and, where they can be used, its picks."""

    tables: Sequence[QueryTable]
    style: SqlStyle
    schema: Schema | None
    picks: Sequence[Pick] = ()

    def with_picks(self, picks: Sequence[Pick]) -> NameScope:
        """Return this scope with picks."""
        return replace(self, picks=picks)

    def column(self, node: exp.Column, clause: str) -> tuple[str, str]:
        """Return (alias of the table, name) of a column."""
        name = spelling(node.this, self.style)
        prefix = node.args.get("table")
        if prefix is None:
            return self._owner(name, clause), name
        wanted = spelling(prefix, self.style)
        for table in self.tables:
            if table.alias == wanted or (not self.style.grammar.folds_names and table.alias.lower() == wanted.lower()):
                self._check(table, name, clause)
                return table.alias, name
        raise CannotDraw(clause, f"There is no table {wanted} in FROM.")

    def _owner(self, column: str, clause: str) -> str:
        if len(self.tables) == 1:
            self._check(self.tables[0], column, clause)
            return self.tables[0].alias
        owners = [table.alias for table in self.tables if self._has(table, column)]
        if len(owners) != 1:
            raise CannotDraw(clause, f"The table of {column} is not clear: write it as table.{column}.")
        return owners[0]

    def _check(self, table: QueryTable, column: str, clause: str) -> None:
        """Refuse a name that is not a column: a text in the wrong quotes, or the alias of a selected term."""
        relation = self._relation(table)
        if relation is not None and relation.column(column) is None and column.lower() not in _HIDDEN:
            raise CannotDraw(clause, f"{table.name} has no column {column}.")

    def _has(self, table: QueryTable, column: str) -> bool:
        relation = self._relation(table)
        return relation is not None and relation.column(column) is not None

    def _relation(self, table: QueryTable) -> Relation | None:
        return self.schema.relation(table.name, table.schema) if self.schema else None

    def picked(self, node: exp.Expr, *, columns_first: bool = False) -> Pick | None:
        """Return the pick of an alias or a number in ORDER BY or GROUP BY.

        With `columns_first`, a column of a table of that name goes before the alias, as in GROUP BY.
        """
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
            position = int(node.name)
            before = self.picks[:position]
            if len(before) < position or any(pick.term.kind == "star" and not pick.aggregate for pick in before):
                raise CannotDraw("ORDER BY", f"{position} is not the position of a selected column.")
            return self.picks[position - 1]
        if not isinstance(node, exp.Column) or node.args.get("table"):
            return None
        name = spelling(node.this, self.style)
        if columns_first and any(self._has(table, name) for table in self.tables):
            return None
        return next((pick for pick in self.picks if pick.alias == name), None)
