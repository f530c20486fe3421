"""The parts of a SELECT that the query builder supports, as plain frozen values.

GROUP BY is not one of them: as soon as anything is aggregated, rows are grouped by all selected terms that are not
aggregated.
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
# The LIMIT before an OFFSET, for engines that require one.
NO_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SqlStyle:
    """How an engine writes SQL: its dialect in sqlglot, its features, and how it quotes names."""

    sqlglot: str
    grammar: Grammar
    quote: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Term:
    """A column (`table` is its alias in this query), every column, the name of a pick, a constant or an expression.

    `value` is the column's or pick's name, the digits, the text, `true` or `false`, or the expression as SQL.
    """

    kind: TermKind
    value: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class QueryTable:
    """A table and its alias, by which terms refer to it."""

    name: str
    alias: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a term, aggregated or not, with values; `holds` takes none: the term itself is the condition."""

    term: Term
    operator: Operator = "="
    values: tuple[Term, ...] = ()
    aggregate: Aggregate = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all or any must be true; an empty group accepts every row."""

    all: bool = True
    items: tuple[Condition | Group, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """Yield every condition, including those of nested groups."""
        for item in self.items:
            yield from item.conditions() if isinstance(item, Group) else (item,)


@dataclass(frozen=True, slots=True)
class Join:
    """One more table, and its join condition."""

    table: QueryTable
    kind: JoinKind = "inner"
    on: Group = field(default_factory=Group)


@dataclass(frozen=True, slots=True)
class Pick:
    """A selected term."""

    term: Term
    aggregate: Aggregate = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort term; `nulls` of "" leaves NULLs where the engine sorts them."""

    term: Term
    aggregate: Aggregate = ""
    descending: bool = False
    nulls: Literal["", "first", "last"] = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT; without picks it selects every column."""

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
    """Why a text is not supported: the clause, and a sentence."""

    clause: str
    message: str


QueryDrawing: TypeAlias = Query | BuilderRefusal
