"""The parts of a SELECT that can be drawn, as plain frozen values.

What stands in GROUP BY is not among them: as soon as anything is aggregated, rows are grouped by all that is shown
and not aggregated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headwater.catalog.grammar import Grammar

TermKind = Literal["column", "star", "alias", "number", "text", "boolean", "expression"]
Aggregate = Literal["", "count", "count_distinct", "sum", "avg", "min", "max"]
JoinKind = Literal["inner", "left", "right", "full", "cross"]
Operator = Literal[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "like",
    "not like",
    "ilike",
    "not ilike",
    "in",
    "not in",
    "between",
    "not between",
    "is null",
    "is not null",
    "holds",
]
# What stands before an OFFSET where an engine knows none without a LIMIT.
NO_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SqlStyle:
    """How an engine writes SQL: its dialect in sqlglot, what it can say, and its quotes for a name."""

    sqlglot: str
    grammar: Grammar
    quote: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Term:
    """A column (`table` is the alias in this query), every column, the name of a pick, a constant or an expression.

    `value` is the column's or pick's name, the digits, the text, `true` or `false`, or the expression as SQL.
    """

    kind: TermKind
    value: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class QueryTable:
    """A table under its alias, by which terms name it."""

    name: str
    alias: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A term, aggregated or not, held against values; `holds` takes none: the term itself is the condition."""

    term: Term
    operator: Operator = "="
    values: tuple[Term, ...] = ()
    aggregate: Aggregate = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all or any must be fulfilled; without any, everything is let through."""

    all: bool = True
    items: tuple[Condition | Group, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """Yield every condition, also of the groups within."""
        for item in self.items:
            yield from item.conditions() if isinstance(item, Group) else (item,)


@dataclass(frozen=True, slots=True)
class Join:
    """One more table, and what makes its rows belong to those before."""

    table: QueryTable
    kind: JoinKind = "inner"
    on: Group = field(default_factory=Group)


@dataclass(frozen=True, slots=True)
class Pick:
    """Something that is shown."""

    term: Term
    aggregate: Aggregate = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Sort:
    """Something to sort by; `nulls` of "" leaves them where the engine puts them."""

    term: Term
    aggregate: Aggregate = ""
    descending: bool = False
    nulls: Literal["", "first", "last"] = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT; without picks it shows every column."""

    table: QueryTable
    joins: tuple[Join, ...] = ()
    picks: tuple[Pick, ...] = ()
    where: Group = field(default_factory=Group)
    having: Group = field(default_factory=Group)
    sort: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int | None = None
    distinct: bool = False

    @property
    def tables(self) -> tuple[QueryTable, ...]:
        """Every table, in order."""
        return (self.table, *(join.table for join in self.joins))


@dataclass(frozen=True, slots=True)
class BuilderRefusal:
    """Why a text cannot be drawn: the clause, and a sentence."""

    clause: str
    message: str


QueryDrawing: TypeAlias = Query | BuilderRefusal
