"""The Schema: tables, columns, keys, indexes, enums, as plain frozen values.

Foreign keys contain names, not pointers, so values can be compared, hashed, pickled and serialised. Consumers must not
ask which engine or file a Schema came from; each object has `origins` that say where it was declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

Named = TypeVar("Named", "Column", "Relation")
# Attributes of an object that only one engine has, under names that the engine declares; sorted by name.
Attributes = tuple[tuple[str, str], ...]
DIALECT = "dialect"  # of a Schema that was read from text
# Of a column or foreign key of models, what the ORM only assumes: the database may differ.
ASSUMED = "assumed"
Assumption = Literal["column", "type", "nullability", "default", "key"]
RelationKind = Literal["table", "view", "materialized_view", "collection", "keyspace"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was declared: a file and 1-based line, or the name of a database with line 0."""

    file: str
    line: int = 0


def is_assumed(part: Column | ForeignKey, what: Assumption) -> bool:
    """Return True if an ORM assumes a column, its type, its default or NULL, or a key: nobody declares them."""
    return (ASSUMED, what) in part.attrs


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `type` is the type as its source spells it, in the source's own dialect."""

    name: str
    type: str = ""
    nullable: bool = True
    default: str | None = None
    generated: str | None = None
    identity: bool = False
    comment: str | None = None
    origins: tuple[Origin, ...] = ()
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that refer to the columns of another table (empty `ref_columns` means its primary key)."""

    columns: tuple[str, ...]
    ref_table: str
    ref_columns: tuple[str, ...] = ()
    name: str | None = None
    ref_schema: str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Index:
    """An index or, with `unique`, a unique constraint; an expression is in `columns` in parentheses."""

    name: str | None
    columns: tuple[str, ...]
    unique: bool = False
    where: str | None = None
    comment: str | None = None
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that every row must satisfy."""

    expression: str
    name: str | None = None
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum type: a named, closed list of values."""

    name: str
    values: tuple[str, ...]
    schema: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """A named type based on another type, with a condition, a default or NOT NULL."""

    name: str
    type: str
    schema: str | None = None
    nullable: bool = True
    default: str | None = None
    checks: tuple[Check, ...] = ()
    comment: str | None = None
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """A counter; `owned_by` is the (table, column) that it numbers."""

    name: str
    type: str = ""
    schema: str | None = None
    owned_by: tuple[str, str] | None = None
    comment: str | None = None
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Routine:
    """A function, procedure or aggregate; `definition` is its CREATE statement."""

    name: str
    kind: Literal["function", "procedure", "aggregate", "window"] = "function"
    schema: str | None = None
    arguments: str = ""
    returns: str = ""
    language: str = ""
    definition: str | None = None
    comment: str | None = None
    attrs: Attributes = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """Code that runs when rows of its table change; `definition` is its CREATE statement."""

    name: str
    definition: str = ""
    enabled: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view, collection or keyspace.

    `definition` is the SQL of a view. `inferred_from` is the number of sampled documents or keys when the
    columns were inferred rather than declared. `rows` (an estimate) and `size_bytes` (with indexes) are what the
    engine last measured; they do not count when Schemas are compared.
    """

    name: str
    columns: tuple[Column, ...] = ()
    schema: str | None = None
    kind: RelationKind = "table"
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    comment: str | None = None
    definition: str | None = None
    inferred_from: int | None = None
    triggers: tuple[Trigger, ...] = ()
    rows: int | None = field(default=None, compare=False)
    size_bytes: int | None = field(default=None, compare=False)
    origins: tuple[Origin, ...] = ()
    attrs: Attributes = ()

    @property
    def qualified_name(self) -> str:
        """The name with its schema in front when it has one."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def column(self, name: str) -> Column | None:
        """Return the column with this name (an exact match first, then ignoring case), or None."""
        return _find(self.columns, name)

    def is_same(self, other: Relation) -> bool:
        """Return True if two definitions may be of one relation: of the same name, and not in different schemas."""
        if self.name.casefold() != other.name.casefold():
            return False
        return None in (self.schema, other.schema) or self.schema == other.schema

    def references(self, column: str) -> tuple[str, str] | None:
        """Return the (table, column) that a column references by a single-column foreign key, or None."""
        for key in self.foreign_keys:
            if key.columns == (column,):
                return key.ref_table, key.ref_columns[0] if key.ref_columns else ""
        return None


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything that one source declares. Relations keep the order of their declaration."""

    relations: tuple[Relation, ...] = ()
    enums: tuple[Enum, ...] = ()
    source: str = ""
    domains: tuple[Domain, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    routines: tuple[Routine, ...] = ()
    attrs: Attributes = ()

    @property
    def dialect(self) -> str:
        """The engine whose dialect types and expressions are written in, if a reader of text knows it; else empty."""
        return dict(self.attrs).get(DIALECT, "")

    def relation(self, name: str, schema: str | None = None) -> Relation | None:
        """Return the relation with this name (and schema, if given), an exact match first, or None."""
        rs = [r for r in self.relations if schema is None or r.schema is None or r.schema == schema]
        return _find(rs, name)

    def base_type(self, type_: str) -> str:
        """Return the type that a domain is based on, also over other domains; another type as it is."""
        domains = {
            name: domain.type for domain in self.domains for name in (domain.name, f"{domain.schema}.{domain.name}")
        }
        seen: set[str] = set()
        while type_ in domains and type_ not in seen:
            seen.add(type_)
            type_ = domains[type_]
        return type_

    def __iter__(self) -> Iterator[Relation]:
        return iter(self.relations)

    def map_relations(self, change: Callable[[Relation], Relation]) -> Schema:
        """Return this Schema with a function applied to each relation."""
        return replace(self, relations=tuple(change(relation) for relation in self.relations))


def united_attributes(schemas: Iterable[Schema]) -> Attributes:
    """Return the attributes of several Schemas; the dialect only if all that have one agree."""
    known = tuple(schemas)
    attributes = {name: value for schema in known for name, value in schema.attrs}
    if len({schema.dialect for schema in known if schema.dialect}) > 1:
        del attributes[DIALECT]
    return tuple(sorted(attributes.items()))


def _find(things: Iterable[Named], name: str) -> Named | None:
    folded = None
    for thing in things:
        if thing.name == name:
            return thing
        if folded is None and thing.name.casefold() == name.casefold():
            folded = thing
    return folded
