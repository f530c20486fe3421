"""Compares two sides as a whole: tables, views and enum types; `parts.py` compares what is inside of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TypeAlias

from headwater.catalog import changes as c
from headwater.catalog.apply import apply_all
from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Column, Enum, Relation, Schema, is_assumed
from headwater.core.diff.equality import Equality
from headwater.core.diff.omissions import Omissions
from headwater.core.diff.order import ordered
from headwater.core.diff.parts import TablePair
from headwater.core.diff.renames import RenameCandidate, candidates
from headwater.core.diff.sides import Kind, Side, is_numbered

_Key: TypeAlias = tuple[str | None, str]
_VIEWS = ("view", "materialized_view")


@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """What differs: `changes` make A into B, `steps` are the same in an order that works, with what has to make way.

    `renames` are candidates: a column that was dropped and one that was added may be the same. `not_compared` has a
    sentence for each aspect that a side does not declare. `sides` are the Schemas that were compared.
    """

    changes: tuple[c.Change, ...]
    steps: tuple[c.Change, ...]
    renames: tuple[RenameCandidate, ...]
    not_compared: tuple[str, ...]
    sides: tuple[Schema, Schema]


def differences(a: Schema, b: Schema, dialect: Dialect | None = None, kind: Kind = "text") -> tuple[c.Change, ...]:
    """Return the changes that make Schema A into Schema B, in an order that works; nothing is taken for a rename."""
    return compare(Side(a, dialect, kind), Side(b, dialect, kind)).steps


def compare(
    a: Side, b: Side, *, renames: Sequence[c.RenameTable | c.RenameColumn] = (), ignored: Sequence[str] = ()
) -> SchemaDiff:
    """Compare two sides.

    Args:
        a: the side that is to become the other one.
        b: the other side.
        renames: renames that the user has confirmed; they are the first changes.
        ignored: patterns of names of tables that are not compared (`*` and `?` stand for other characters).
    """
    old, new = _without(apply_all(a.schema, renames), ignored), _without(b.schema, ignored)
    a, b = replace(a, schema=_declared_once(old, new)), replace(b, schema=_declared_once(new, old))
    comparison = _Comparison(a, b)
    again = len(old.relations) - len(a.schema.relations) + len(new.relations) - len(b.schema.relations)
    comparison.omissions.count("declarations", again)
    changes = tuple(comparison.omissions.compared(list(comparison.changes())))
    dialect = a.dialect or b.dialect
    steps = ordered(changes, a.schema, b.schema, dialect)
    return SchemaDiff(
        (*renames, *changes),
        (*renames, *steps),
        tuple(candidates(changes, comparison.equality)),
        comparison.omissions.sentences(),
        (a.schema, b.schema),
    )


def _without(schema: Schema, patterns: Sequence[str]) -> Schema:
    if not patterns:
        return schema
    names = [pattern.casefold() for pattern in patterns]

    def is_ignored(relation: Relation) -> bool:
        own = {relation.name.casefold(), relation.qualified_name.casefold()}
        return any(fnmatchcase(name, pattern) for name in own for pattern in names)

    return replace(schema, relations=tuple(relation for relation in schema if not is_ignored(relation)))


def _declared_once(schema: Schema, other: Schema) -> Schema:
    """Return a Schema in which a table that code declares several times is the one that fits the other side best."""
    tables: dict[_Key, list[Relation]] = {}
    for relation in schema:
        tables.setdefault((relation.schema, relation.name), []).append(relation)
    if len(tables) == len(schema.relations):
        return schema
    return replace(schema, relations=tuple(_fitting(several, other) for several in tables.values()))


def _fitting(declarations: Sequence[Relation], other: Schema) -> Relation:
    """Return the declaration that differs least from the other side; the fullest if there is nothing to compare."""
    counterpart = other.relation(declarations[0].name, declarations[0].schema)
    return min(declarations, key=lambda table: (_misfit(table, counterpart), -len(table.columns)))


def _misfit(table: Relation, other: Relation | None) -> int:
    if other is None:
        return 0
    pairs = [(column, other.column(column.name)) for column in table.columns]
    missing = sum(match is None for _, match in pairs) + sum(
        table.column(column.name) is None for column in other.columns
    )
    unlike = sum(
        (column.nullable != match.nullable) + ((column.default is None) != (match.default is None))
        for column, match in pairs
        if match is not None
    )
    parts = ((table.indexes, other.indexes), (table.foreign_keys, other.foreign_keys))
    return missing + unlike + sum(abs(len(left) - len(right)) for left, right in parts)


class _Comparison:
    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        self.equality = Equality(a, b)
        self.omissions = Omissions()

    def changes(self) -> Iterator[c.Change]:
        """Yield what differs: enum types, then tables and views in the order of A, then what only B has."""
        yield from self._enums()
        pairs = self._pairs()
        for relation in self.a.schema:
            other = pairs.get(id(relation))
            if other is None:
                yield from self._alone(relation, c.DropTable(relation.name, relation.schema, relation))
            elif (relation.kind in _VIEWS) != (other.kind in _VIEWS):
                yield from self._other_kind(relation, other)
            elif relation.kind in _VIEWS:
                yield from self._view(relation, other)
            else:
                yield from TablePair(relation, other, self.equality, self.omissions).changes()
        taken = {id(other) for other in pairs.values()}
        for other in self.b.schema:
            if id(other) not in taken:
                yield from self._alone(other, c.AddTable(other.name, other.schema, self._creatable(other)))
        self.omissions.count("objects", len(_objects(self.a.schema) ^ _objects(self.b.schema)))

    def _other_kind(self, a: Relation, b: Relation) -> Iterator[c.Change]:
        """Yield what replaces a table by a view or the other way round; models do not say which of them they read."""
        if "models" in (self.a.kind, self.b.kind):
            self.omissions.count("views")
            return
        yield c.DropTable(a.name, a.schema, a)
        yield c.AddTable(b.name, b.schema, self._creatable(b))

    def _pairs(self) -> dict[int, Relation]:
        """Return the relation of B for each relation of A: of the same schema first, then of one that is not known."""
        left = {self._key(self.b, other): other for other in self.b.schema}
        pairs: dict[int, Relation] = {}
        for relation in self.a.schema:
            if other := left.pop(self._key(self.a, relation), None):
                pairs[id(relation)] = other
        for relation in self.a.schema:
            if id(relation) not in pairs and (key := self._similar(relation, left)):
                pairs[id(relation)] = left.pop(key)
        return pairs

    def _key(self, side: Side, relation: Relation) -> _Key:
        return side.in_default_schema(relation.schema), relation.name

    def _similar(self, relation: Relation, others: dict[_Key, Relation]) -> _Key | None:
        own = self.a.in_default_schema(relation.schema)
        for schema, name in others:
            if name.casefold() == relation.name.casefold() and (own == schema or None in (own, schema)):
                return (schema, name)
        return None

    def _alone(self, relation: Relation, change: c.Change) -> Iterator[c.Change]:
        """Yield the change for what only one side has; models seldom declare views."""
        own = self.a if isinstance(change, c.DropTable) else self.b
        if relation.kind in _VIEWS and own.kind != "models" and "models" in (self.a.kind, self.b.kind):
            change = self.omissions.omit("views", change)
        yield change

    def _view(self, a: Relation, b: Relation) -> Iterator[c.Change]:
        if self.equality.expressions(a.definition or "", b.definition or ""):
            return
        if self.a.kind != self.b.kind or not self.equality.is_exact:
            self.omissions.count("definitions")
            return
        yield c.DropTable(a.name, a.schema, a)
        yield c.AddTable(b.name, b.schema, b)

    def _creatable(self, relation: Relation) -> Relation:
        """Return a table that can be created without its sequences: the columns number their rows themselves."""
        if relation.kind in _VIEWS:
            return relation
        keys = tuple(key for key in relation.foreign_keys if not is_assumed(key, "key"))
        return replace(relation, columns=tuple(map(_counted, relation.columns)), foreign_keys=keys)

    def _enums(self) -> Iterator[c.Change]:
        if not any(a.has_named_enums and b.has_named_enums for a, b in self.equality.pairs):
            return
        left, right = _by_name(self.a), _by_name(self.b)
        changed = [key for key in right if key not in left or not self._same_values(left[key], right[key])]
        gone = [key for key in left if key not in right]
        has_models = "models" in (self.a.kind, self.b.kind)
        self.omissions.agree("enums", len(left.keys() & right.keys()) if has_models else 0)
        for key in changed:
            enum = replace(right[key], schema=left[key].schema, name=left[key].name) if key in left else right[key]
            change = c.AddEnum(enum.name, enum.schema, enum)
            yield self.omissions.omit("enums", change) if key not in left and self.a.kind == "models" else change
        for key in gone:
            drop = c.DropEnum(left[key].name, left[key].schema, left[key])
            yield self.omissions.omit("enums", drop) if self.b.kind == "models" else drop

    def _same_values(self, a: Enum, b: Enum) -> bool:
        return a.values == b.values if self.equality.is_exact else set(a.values) == set(b.values)


def _counted(column: Column) -> Column:
    if column.identity or not is_numbered(column):
        return column
    return replace(column, identity=True, default=None)


def _by_name(side: Side) -> dict[tuple[str | None, str], Enum]:
    return {(side.in_default_schema(enum.schema), enum.name.casefold()): enum for enum in side.schema.enums}


def _objects(schema: Schema) -> set[tuple[str, str]]:
    """Return kind and name of the objects that are not compared."""
    names = {("trigger", f"{relation.name}.{trigger.name}") for relation in schema for trigger in relation.triggers}
    names |= {("routine", routine.name) for routine in schema.routines}
    names |= {("domain", domain.name) for domain in schema.domains}
    return names | {("sequence", each.name) for each in schema.sequences if each.owned_by is None}
