"""Renders a query of the builder as SQL in the dialect of an engine."""

from __future__ import annotations

import re
from collections.abc import Mapping

from headwater.core.query_builder.expressions import enclosed, grouped_terms, read, written
from headwater.core.query_builder.model import (
    NO_LIMIT,
    Aggregate,
    Condition,
    Group,
    Join,
    Query,
    QueryTable,
    Sort,
    SqlStyle,
    Term,
)
from headwater.kit.errors import BadInput

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_JOINS: Mapping[str, str] = {
    "inner": "join",
    "left": "left join",
    "right": "right join",
    "full": "full join",
    "cross": "cross join",
}
# How many values an operator takes; `in` takes one or more.
_VALUES: Mapping[str, int] = {"is null": 0, "is not null": 0, "holds": 0, "between": 2, "not between": 2}


def render(query: Query, style: SqlStyle) -> str:
    """Return the SQL of a query, a line for each clause, without a semicolon.

    Raises:
        BadInput: a part is incomplete or contradicts another; the sentence names it.
    """
    return _Writer(query, style).text()


class _Writer:
    def __init__(self, query: Query, style: SqlStyle) -> None:
        self.query, self.style = query, style
        self.quote = style.quote
        self.aliases = [table.alias for table in query.tables]

    def text(self) -> str:
        query = self.query
        self._check()
        lines = [self._select(), f"from {self._table(query.table)}", *(self._join(join) for join in query.joins)]
        if query.where.items:
            lines.append(f"where {self._group(query.where)}")
        lines += self._grouping()
        if query.having.items:
            lines.append(f"having {self._group(query.having)}")
        if query.sort:
            lines.append("order by " + ", ".join(self._sort(sort) for sort in query.sort))
        lines += self._cut()
        return "\n".join(lines)

    def _check(self) -> None:
        twice = {alias for alias in self.aliases if self.aliases.count(alias) > 1}
        if twice:
            raise BadInput(f"Two tables are called {min(twice)}.", hint="Give one of them another alias.")
        if not all(self.aliases) or not all(table.name for table in self.query.tables):
            raise BadInput("A table has no name.", hint="Choose a table.")
        for condition in self.query.where.conditions():
            if condition.aggregate:
                raise BadInput("A row filter uses an aggregate.", hint="Move it to the group filters.")

    def _select(self) -> str:
        picks = [self._pick(pick.term, pick.aggregate, pick.alias) for pick in self.query.picks] or ["*"]
        start = "select distinct" if self.query.distinct else "select"
        if len(picks) == 1:
            return f"{start} {picks[0]}"
        return start + "\n  " + ",\n  ".join(picks)

    def _pick(self, term: Term, aggregate: Aggregate, alias: str) -> str:
        text = self._aggregated(term, aggregate)
        if alias and term.kind == "star" and not aggregate:
            raise BadInput("* cannot have an alias.", hint="Remove the alias.")
        return f"{text} as {self.quote(alias)}" if alias else text

    def _table(self, table: QueryTable) -> str:
        name = self.quote(table.name)
        full = f"{self.quote(table.schema)}.{name}" if table.schema else name
        return full if table.alias == table.name else f"{full} as {self.quote(table.alias)}"

    def _join(self, join: Join) -> str:
        start = f"{_JOINS[join.kind]} {self._table(join.table)}"
        if join.kind == "cross":
            return start
        if not join.on.items:
            raise BadInput(
                f"The join of {join.table.alias} has no condition.", hint="Choose the columns that must be equal."
            )
        return f"{start} on {self._group(join.on)}"

    def _grouping(self) -> list[str]:
        terms = grouped_terms(self.query, self.style.sqlglot)
        if any(term.kind == "star" for term in terms or ()) or (terms is not None and not self.query.picks):
            raise BadInput("* cannot be selected together with an aggregate.", hint="Choose single columns.")
        return ["group by " + ", ".join(self._term(term) for term in terms)] if terms else []

    def _cut(self) -> list[str]:
        limit, offset = self.query.limit, self.query.offset
        if min(limit or 0, offset or 0) < 0:
            raise BadInput("A limit cannot be negative.")
        if limit is None and offset is not None and self.style.grammar.needs_limit:
            limit = NO_LIMIT
        clauses = [] if limit is None else [f"limit {limit}"]
        return clauses if offset is None else [*clauses, f"offset {offset}"]

    def _sort(self, sort: Sort) -> str:
        text = self._aggregated(sort.term, sort.aggregate)
        if sort.term.kind in {"number", "text", "boolean", "star"} and not sort.aggregate:
            raise BadInput("Rows cannot be sorted by a constant.", hint="Choose a column.")
        if sort.nulls and not self.style.grammar.orders_nulls:
            raise BadInput(
                "This engine does not support NULLS FIRST and NULLS LAST.", hint="Remove the setting for NULLs."
            )
        return text + (" desc" if sort.descending else "") + (f" nulls {sort.nulls}" if sort.nulls else "")

    def _group(self, group: Group) -> str:
        items = [item for item in group.items if not isinstance(item, Group) or item.items]
        word = " and " if group.all else " or "
        return (
            word.join(
                f"({self._group(item)})"
                if isinstance(item, Group) and len(items) > 1
                else self._group(item)
                if isinstance(item, Group)
                else self._condition(item)
                for item in items
            )
            or "1 = 1"
        )

    def _condition(self, condition: Condition) -> str:
        if condition.operator == "holds":
            return self._side(condition.term, condition.aggregate)
        left = self._side(condition.term, condition.aggregate)
        values = [self._side(value, "") for value in condition.values]
        wanted = _VALUES.get(condition.operator, 1)
        if len(values) != wanted and not (values and condition.operator in {"in", "not in"}):
            raise BadInput(f"The filter on {left} has no value.", hint="Enter a value, or remove the filter.")
        if "ilike" in condition.operator and not self.style.grammar.has_ilike:
            raise BadInput(f"This engine does not support {condition.operator}.", hint="Use like.")
        if condition.operator in {"in", "not in"}:
            return f"{left} {condition.operator} ({', '.join(values)})"
        if "between" in condition.operator:
            return f"{left} {condition.operator} {values[0]} and {values[1]}"
        return " ".join([left, condition.operator, *values])

    def _side(self, term: Term, aggregate: Aggregate) -> str:
        if term.kind == "expression" and not aggregate:
            return enclosed(self._term(term), self.style.sqlglot)
        return self._aggregated(term, aggregate)

    def _aggregated(self, term: Term, aggregate: Aggregate) -> str:
        text = self._term(term)
        if not aggregate:
            return text
        if term.kind == "star" and (aggregate != "count" or term.table):
            raise BadInput("Only count() accepts *.", hint="Choose a column.")
        return f"count(distinct {text})" if aggregate == "count_distinct" else f"{aggregate}({text})"

    def _term(self, term: Term) -> str:
        match term.kind:
            case "column" | "star":
                if term.table and term.table not in self.aliases:
                    raise BadInput(f"There is no table {term.table} in the query.", hint="Add it, or choose another.")
                if term.kind == "column" and not (term.table and term.value):
                    raise BadInput("A column is missing.", hint="Choose one.")
                name = "*" if term.kind == "star" else self.quote(term.value)
                return f"{self.quote(term.table)}.{name}" if term.table else name
            case "alias":
                if term.value not in {pick.alias for pick in self.query.picks}:
                    raise BadInput(f"No selected column is called {term.value!r}.")
                return self.quote(term.value)
            case "number":
                if not _NUMBER.fullmatch(term.value):
                    raise BadInput(f"{term.value!r} is not a number.")
                return term.value
            case "boolean":
                return "true" if term.value == "true" else "false"
            case "text":
                value = term.value.replace("\\", "\\\\") if self.style.grammar.backslashes else term.value
                return "'" + value.replace("'", "''") + "'"
            case "expression":
                return written(read(term.value, self.style.sqlglot), self.style.sqlglot)
