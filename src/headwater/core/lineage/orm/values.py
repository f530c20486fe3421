"""The values of the interpretation, as far as columns matter: models, instances, queries, rows, lists, functions.

None stands for an unknown value. Values are frozen, except Dict, which collects the keys that a function adds; pending
usages are attached to SQL expressions until a query method determines their kind.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.usages import Evidence, SubType, Tier, UsageType, Via


class PendingUsage:
    """A usage of a column whose kind is not known yet; `settled` once a query, or plain use, has determined it.

    `row` is the new row whose column is set, until it is known how the row is stored.
    """

    __slots__ = (
        "column",
        "end",
        "evidence",
        "row",
        "settled",
        "start",
        "sub_type",
        "table",
        "tier",
        "usage_type",
        "via",
    )

    def __init__(
        self,
        table: str,
        column: str,
        span: tuple[int, int],
        usage_type: UsageType,
        evidence: tuple[Evidence, ...],
        *,
        tier: Tier = "A",
        via: Via = "orm",
        sub_type: SubType | None = None,
        settled: bool = True,
    ) -> None:
        self.table, self.column = table, column
        self.start, self.end = span
        self.usage_type, self.sub_type, self.via, self.tier = usage_type, sub_type, via, tier
        self.evidence, self.settled = evidence, settled
        self.row: object = None


class InstanceValue(msgspec.Struct, frozen=True, gc=False):
    """A row of a model as an object. `why` says how we know, `sure` whether it is explicit in the code."""

    model: str
    why: str = ""
    sure: bool = True
    new: bool = False


class Entity(msgspec.Struct, frozen=True, gc=False):
    """A model itself: the mapped class, an alias of it, a Table object; `table` says that it is asked for columns."""

    model: str
    sure: bool = True
    table: bool = False


class Embedded(msgspec.Struct, frozen=True, gc=False):
    """An object that a row contains: its attributes are columns of the row, named with the path before them."""

    row: InstanceValue | Entity
    path: str


class Cell(msgspec.Struct, frozen=True, gc=False):
    """The value of one column of a row that was loaded by naming the column."""

    model: str
    attribute: str


class ColumnValue(msgspec.Struct, frozen=True):
    """An SQL expression over some models; with `attribute` it is that attribute of the first. `label` renames it."""

    models: tuple[str, ...] = ()
    attribute: str | None = None
    label: str | None = None
    drafts: tuple[PendingUsage, ...] = ()


class RelationValue(msgspec.Struct, frozen=True):
    """A relationship attribute of a model, not of an instance."""

    model: str
    attribute: str
    span: tuple[int, int] = (0, 0)


class QueryValue(msgspec.Struct, frozen=True):
    """A query: the items of one row, and the models that it selects from.

    `plain` distinguishes a query that returns single entities themselves (`session.query`) from one whose results are
    rows (`select`). `kind` is select, or the change that it makes. `at` is where its first model is named. `aliases`
    are names for models in texts. `deferred` are calls that name columns before it is known of which model.
    """

    items: tuple[Value, ...] = ()
    names: tuple[str | None, ...] = ()
    sources: tuple[str, ...] = ()
    plain: bool = True
    kind: str = "select"
    at: tuple[int, int] = (0, 0)
    aliases: tuple[tuple[str, str], ...] = ()
    deferred: tuple[Any, ...] = ()


class Loader(msgspec.Struct, frozen=True, gc=False):
    """A loading option at a model: `joinedload(User.team)` is at Team."""

    model: str | None = None


class ListValue(msgspec.Struct, frozen=True, gc=False):
    """Any number of these: a list, a set, an iterator, a result."""

    item: Value = None


class Row(msgspec.Struct, frozen=True, gc=False):
    """Values by position and perhaps by name: a result row, a tuple."""

    items: tuple[Value, ...] = ()
    names: tuple[str | None, ...] = ()


class Keyed(msgspec.Struct, frozen=True, gc=False):
    """A mapping with these values."""

    value: Value = None


class EntryValue(msgspec.Struct, frozen=True):
    """A literal key in a mapping, as text or as a column (`{User.name: …}`), and its value."""

    key: str
    span: tuple[int, int]
    value: Value = None
    column: Value = None


class Dict:
    """A mapping that this function builds: its literal keys, in order, in any alias of it.

    `parameter` is spread into it, if the caller passes it; `rest` stands for all other keys: other values that are
    spread into it, or its declared type.
    """

    __slots__ = ("entries", "parameter", "rest")

    def __init__(self, entries: list[EntryValue] | None = None, parameter: str | None = None) -> None:
        self.entries = entries or []
        self.parameter = parameter
        self.rest: Value = None


class Literal(msgspec.Struct, frozen=True, gc=False):
    """A string literal."""

    text: str
    span: tuple[int, int]


class NameText(msgspec.Struct, frozen=True, gc=False):
    """Names in an expression that belong to the query in which it will stand: `F("views") + 1`, `Count("orders")`."""

    names: tuple[Literal, ...]


class SqlText(msgspec.Struct, frozen=True):
    """A piece of SQL that a query will contain: the text of a tagged template."""

    text: f.Expr


class KeyOf(msgspec.Struct, frozen=True):
    """Any key of a mapping, as in a loop over it."""

    mapping: Value


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """A parameter of the current function whose type is unknown; what is done with it becomes an effect."""

    name: str


class ResultOf(msgspec.Struct, frozen=True, gc=False):
    """The return value of a function that the caller passes under this name."""

    parameter: str


class CallOf(msgspec.Struct, frozen=True, gc=False):
    """The unknown return value of a function of the code base; what is done with it becomes known to that function."""

    path: str
    name: str


class Object(msgspec.Struct, frozen=True, gc=False):
    """An instance of a class of the code base that is not a model."""

    path: str
    name: str
    args: tuple[Value, ...] = ()


class Super(msgspec.Struct, frozen=True):
    """The value of `super()` in a method of a class: `owner`, with lookup starting at its bases."""

    owner: Value
    path: str
    name: str


class ClassValue(msgspec.Struct, frozen=True, gc=False):
    """A class of the code base that is not a model."""

    path: str
    name: str
    args: tuple[Value, ...] = ()


class Callable(msgspec.Struct, frozen=True, gc=False):
    """A function or method of the code base; `owner` is the object that a method is bound to."""

    path: str
    name: str
    owner: Value = None


class Closure(msgspec.Struct, frozen=True):
    """A function that is defined inline, by its return value for unknown arguments."""

    returns: Value = None
    function: f.Lambda | None = None


class Namespace(msgspec.Struct, frozen=True, gc=False):
    """A module of the code base."""

    path: str


class Library(msgspec.Struct, frozen=True, gc=False):
    """Something outside the code base, by dotted name; `made` if it is the result of a call of that name."""

    name: str
    instantiated: bool = False


class Shaped(msgspec.Struct, frozen=True, gc=False):
    """An object of a type that the ORM generates: its keys are columns of the model, used in this role."""

    model: str
    role: str


class Variable(msgspec.Struct, frozen=True, gc=False):
    """A type variable."""

    name: str


class TypeOf(msgspec.Struct, frozen=True, gc=False):
    """The class of an unknown value: `type[M]`."""

    item: Value


class Union(msgspec.Struct, frozen=True):
    """One of several values."""

    items: tuple[Value, ...]


Value: TypeAlias = (
    InstanceValue
    | Entity
    | Embedded
    | Cell
    | ColumnValue
    | RelationValue
    | QueryValue
    | Loader
    | ListValue
    | Row
    | Keyed
    | Dict
    | Literal
    | NameText
    | SqlText
    | KeyOf
    | Parameter
    | ResultOf
    | CallOf
    | Super
    | Object
    | ClassValue
    | Callable
    | Closure
    | Namespace
    | Library
    | Shaped
    | Variable
    | TypeOf
    | Union
    | None
)
_LIMIT = 6


def union(*values: Value) -> Value:
    """Return the union of these values, without duplicates; more than a handful give an unknown value."""
    items: list[Value] = []
    columns: list[ColumnValue] = []
    for value in values:
        for item in value.items if isinstance(value, Union) else (value,):
            if isinstance(item, ColumnValue):
                columns.append(item)
            elif isinstance(item, QueryValue):
                _add_query(items, item)
            elif item is not None and not any(_same(item, other) for other in items):
                items.append(item)
    if columns:
        items.append(columns[0] if len(columns) == 1 else _merged(columns))
    if not items:
        return None
    models = sum(isinstance(item, (InstanceValue, Entity)) for item in items)
    if models > _LIMIT:
        items = [item for item in items if not isinstance(item, (InstanceValue, Entity))]
    return items[0] if len(items) == 1 else Union(tuple(items)) if items else None


def _add_query(items: list[Value], query: QueryValue) -> None:
    """Add a query, or unite it with one of the same rows: a chain of conditional filters is one query."""
    for position, other in enumerate(items):
        if other is query:
            return
        if isinstance(other, QueryValue) and (other.items, other.kind, other.plain) == (
            query.items,
            query.kind,
            query.plain,
        ):
            known = {id(call) for call in other.deferred}
            deferred = (*other.deferred, *(call for call in query.deferred if id(call) not in known))
            sources = tuple(dict.fromkeys((*other.sources, *query.sources)))
            aliases = tuple(dict.fromkeys((*other.aliases, *query.aliases)))
            items[position] = replace(other, sources=sources, aliases=aliases, deferred=deferred)
            return
    items.append(query)


def _merged(columns: list[ColumnValue]) -> ColumnValue:
    models = dict.fromkeys(model for column in columns for model in column.models)
    parts = dict.fromkeys(draft for column in columns for draft in column.drafts)
    return ColumnValue(tuple(models), None, None, tuple(parts))


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, InstanceValue) and isinstance(right, InstanceValue):
        return left.model == right.model
    return left is right or (type(left) is type(right) and not isinstance(left, Dict) and left == right)


def each(value: Value) -> tuple[Value, ...]:
    """Return the alternatives of a value."""
    return value.items if isinstance(value, Union) else (value,)


def drafts(value: Value) -> list[PendingUsage]:
    """Return the pending usages attached to an SQL expression, a list of them, or a mapping of them."""
    if isinstance(value, ColumnValue):
        return list(value.drafts)
    if isinstance(value, (Row, Union)):
        return [draft for item in value.items for draft in drafts(item)]
    if isinstance(value, ListValue):
        return drafts(value.item)
    if isinstance(value, Closure):
        return drafts(value.returns)
    if isinstance(value, Dict):
        return [draft for entry in value.entries for draft in drafts(entry.value)]
    return []
