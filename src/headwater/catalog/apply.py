"""Applies changes to a Schema: a list of migrations becomes the tables that they leave behind.

A change of a table or column that does not exist leaves the Schema as it was: real migrations say IF EXISTS, or use
tables that another tool created. `apply_all` returns the Schema after all changes. For thousands of changes, a
`SchemaDraft` looks up tables, the keys that refer to them and the owners of indexes without a search.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from headwater.catalog import changes as c
from headwater.catalog.model import Check, Column, Domain, Enum, ForeignKey, Index, Relation, Schema, Sequence

# A name in an expression; what is quoted with ' is a text.
_NAMES = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")+\"|[A-Za-z_][\w$]*")
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*$")


def apply_all(schema: Schema, steps: Iterable[c.Change]) -> Schema:
    """Return the Schema after all changes, in order."""
    draft = SchemaDraft(schema)
    for change in steps:
        draft.apply(change)
    return draft.schema()


def apply(schema: Schema, change: c.Change) -> Schema:
    """Return the Schema after one change."""
    return apply_all(schema, (change,))


def created(relation: Relation, fill: Callable[[SchemaDraft], Iterable[c.Change]]) -> Iterator[c.AddTable]:
    """Yield the creation of a table with the changes that its definition makes to it, unless they take it away.

    Args:
        relation: the table before them.
        fill: returns the changes, which can look at the table in the draft as it becomes.
    """
    draft = SchemaDraft()
    draft.add(relation)
    for change in fill(draft):
        draft.apply(change)
    filled = draft.relation(relation.name)
    if filled is not None:
        yield c.AddTable(relation.name, None, filled)


def mentions(expression: str, column: str) -> bool:
    """Return True if an SQL expression contains a name."""
    return any(_unquoted(match[0]) == column for match in _NAMES.finditer(expression))


class SchemaDraft:
    """A Schema under construction. Enums, domains and sequences are by (schema, name)."""

    def __init__(self, schema: Schema | None = None) -> None:
        self._base = schema or Schema()
        self._relations: dict[int, Relation] = {}
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._referrers: dict[str, set[int]] = defaultdict(set)
        self._index_owners: dict[str, set[int]] = defaultdict(set)
        self._next = 0
        self.enums: dict[tuple[str | None, str], Enum] = {(enum.schema, enum.name): enum for enum in self._base.enums}
        self.domains: dict[tuple[str | None, str], Domain] = {
            (domain.schema, domain.name): domain for domain in self._base.domains
        }
        self.sequences: dict[tuple[str | None, str], Sequence] = {
            (sequence.schema, sequence.name): sequence for sequence in self._base.sequences
        }
        for relation in self._base.relations:
            self.add(relation)

    def __iter__(self) -> Iterator[Relation]:
        """Iterate over the relations, in the order of their declaration."""
        return iter(tuple(self._relations.values()))

    def schema(self) -> Schema:
        """Return the Schema as it is now."""
        return replace(
            self._base,
            relations=tuple(self._relations.values()),
            enums=tuple(self.enums.values()),
            domains=tuple(self.domains.values()),
            sequences=tuple(self.sequences.values()),
        )

    def apply(self, change: c.Change) -> None:
        """Apply one change."""
        on_schema = _ON_SCHEMA.get(type(change))
        if on_schema:
            on_schema(self, change)
            return
        slot = self._slot(change.table, change.schema)
        if slot is not None:
            self._put(slot, _ON_RELATION[type(change)](self._relations[slot], change))

    def relation(self, name: str, schema: str | None = None) -> Relation | None:
        """Return the relation with this name (and schema, if given), an exact match first, or None."""
        slot = self._slot(name, schema)
        return None if slot is None else self._relations[slot]

    def referrers(self, name: str) -> tuple[Relation, ...]:
        """Return the relations that have a foreign key to a table of this name."""
        return tuple(self._relations[slot] for slot in sorted(self._referrers.get(name, ())))

    def index_owner(self, name: str) -> Relation | None:
        """Return the relation that has an index of this name, or None."""
        slots = self._index_owners.get(name)
        return self._relations[min(slots)] if slots else None

    def enum(self, name: str, schema: str | None = None) -> Enum | None:
        """Return the enum with this name (and schema, if given), or None."""
        return next((self.enums[key] for key in _keys(self.enums, name, schema)), None)

    def add(self, relation: Relation) -> None:
        """Add a relation, or replace the one of the same name and schema."""
        for slot in self._by_name.get(relation.name.casefold(), ()):
            known = self._relations[slot]
            if (known.name, known.schema) == (relation.name, relation.schema):
                self._put(slot, relation)
                return
        self._next += 1
        self._put(self._next, relation)

    def remove(self, name: str, schema: str | None = None) -> None:
        """Remove one relation."""
        slot = self._slot(name, schema)
        if slot is not None:
            self._forget(slot, self._relations.pop(slot))

    def map(self, slots: Iterable[int], change: Callable[[Relation], Relation]) -> None:
        """Replace relations by what a function returns for them."""
        for slot in tuple(slots):
            self._put(slot, change(self._relations[slot]))

    def slots(self, name: str, schema: str | None = None) -> tuple[int | None, set[int]]:
        """Return the slot of a relation, None if there is none, and the slots of those with a foreign key to it."""
        slot = self._slot(name, schema)
        if slot is None:
            return None, set()
        return slot, self._referrers.get(self._relations[slot].name, set()) | {slot}

    def index_slots(self, name: str) -> set[int]:
        """Return the slots of the relations that have an index of this name."""
        return self._index_owners.get(name, set())

    def _slot(self, name: str, schema: str | None) -> int | None:
        best, best_rank = None, (False, False)
        for slot in self._by_name.get(name.casefold(), ()):
            relation = self._relations[slot]
            if schema is not None and relation.schema not in (None, schema):
                continue
            rank = (relation.name == name, relation.schema == schema)
            if best is None or rank > best_rank:
                best, best_rank = slot, rank
        return best

    def _put(self, slot: int, relation: Relation) -> None:
        old = self._relations.get(slot)
        if old is relation:
            return
        if old is not None and (
            old.name != relation.name
            or old.foreign_keys is not relation.foreign_keys
            or old.indexes is not relation.indexes
        ):
            self._forget(slot, old)
            old = None
        self._relations[slot] = relation
        if old is None:
            self._by_name[relation.name.casefold()].append(slot)
            for key in relation.foreign_keys:
                self._referrers[key.ref_table].add(slot)
            for index in relation.indexes:
                if index.name:
                    self._index_owners[index.name].add(slot)

    def _forget(self, slot: int, relation: Relation) -> None:
        self._by_name[relation.name.casefold()].remove(slot)
        for key in relation.foreign_keys:
            self._referrers[key.ref_table].discard(slot)
        for index in relation.indexes:
            self._index_owners[index.name or ""].discard(slot)


def _keys(objects: Iterable[tuple[str | None, str]], name: str, schema: str | None) -> list[tuple[str | None, str]]:
    """Return the keys of the objects with a name: those of the very schema first, then those of any that fits."""
    fitting = [key for key in objects if key[1] == name and (schema is None or key[0] is None or key[0] == schema)]
    return sorted(fitting, key=lambda key: key[0] != schema)


def _add_table(draft: SchemaDraft, change: c.AddTable) -> None:
    draft.add(change.relation)


def _drop_table(draft: SchemaDraft, change: c.DropTable) -> None:
    draft.remove(change.table, change.schema)


def _rename_table(draft: SchemaDraft, change: c.RenameTable) -> None:
    slot, affected = draft.slots(change.table, change.schema)
    if slot is None:
        return
    old = draft.relation(change.table, change.schema)
    assert old

    def follow(relation: Relation) -> Relation:
        name = change.new_name if relation is old else relation.name
        keys = tuple(
            replace(key, ref_table=change.new_name) if key.ref_table == old.name else key
            for key in relation.foreign_keys
        )
        return replace(relation, name=name, foreign_keys=keys)

    draft.map(affected, follow)


def _rename_column(draft: SchemaDraft, change: c.RenameColumn) -> None:
    slot, affected = draft.slots(change.table, change.schema)
    owner = draft.relation(change.table, change.schema)
    if slot is None or owner is None or owner.column(change.column) is None:
        return

    def follow(relation: Relation) -> Relation:
        keys = tuple(_follow_ref(key, owner.name, change) for key in relation.foreign_keys)
        relation_with_keys = replace(relation, foreign_keys=keys)
        return _rename_own(relation_with_keys, change) if relation is owner else relation_with_keys

    draft.map(affected, follow)


def _follow_ref(key: ForeignKey, owner: str, change: c.RenameColumn) -> ForeignKey:
    if key.ref_table != owner:
        return key
    return replace(key, ref_columns=_renamed(key.ref_columns, change))


def _renamed(names: tuple[str, ...], change: c.RenameColumn) -> tuple[str, ...]:
    return tuple(
        change.new_name if name == change.column else _in_expression(name, change) if name[:1] == "(" else name
        for name in names
    )


def _in_expression(expression: str, change: c.RenameColumn) -> str:
    """Return an expression in which a column has its new name."""
    new = change.new_name
    quoted = new if _PLAIN.match(new) else '"' + new.replace('"', '""') + '"'
    return _NAMES.sub(lambda match: quoted if _unquoted(match[0]) == change.column else match[0], expression)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _rename_own(relation: Relation, change: c.RenameColumn) -> Relation:
    old = relation.column(change.column)
    return replace(
        relation,
        columns=tuple(_rename_in_column(col, change, renamed=col is old) for col in relation.columns),
        primary_key=_renamed(relation.primary_key, change),
        foreign_keys=tuple(replace(k, columns=_renamed(k.columns, change)) for k in relation.foreign_keys),
        indexes=tuple(_rename_in_index(index, change) for index in relation.indexes),
        checks=tuple(_rename_in_check(check, change) for check in relation.checks),
    )


def _rename_in_column(column: Column, change: c.RenameColumn, *, renamed: bool) -> Column:
    generated = column.generated and _in_expression(column.generated, change)
    return replace(column, name=change.new_name if renamed else column.name, generated=generated)


def _rename_in_index(index: Index, change: c.RenameColumn) -> Index:
    where = index.where and _in_expression(index.where, change)
    return replace(index, columns=_renamed(index.columns, change), where=where)


def _rename_in_check(check: Check, change: c.RenameColumn) -> Check:
    return replace(check, expression=_in_expression(check.expression, change))


def _add_column(relation: Relation, change: c.AddColumn) -> Relation:
    if relation.column(change.column.name):
        return relation
    return replace(relation, columns=(*relation.columns, change.column))


def _drop_column(relation: Relation, change: c.DropColumn) -> Relation:
    gone = relation.column(change.column)
    if gone is None:
        return relation
    return replace(
        relation,
        columns=tuple(col for col in relation.columns if col is not gone),
        primary_key=() if gone.name in relation.primary_key else relation.primary_key,
        foreign_keys=tuple(key for key in relation.foreign_keys if gone.name not in key.columns),
        indexes=tuple(index for index in relation.indexes if gone.name not in index.columns),
    )


def _change_column(relation: Relation, name: str, change: Callable[[Column], Column]) -> Relation:
    old = relation.column(name)
    return replace(relation, columns=tuple(change(col) if col is old else col for col in relation.columns))


def _alter_type(relation: Relation, change: c.AlterType) -> Relation:
    return _change_column(relation, change.column, lambda col: replace(col, type=change.type))


def _set_nullable(relation: Relation, change: c.SetNullable) -> Relation:
    return _change_column(relation, change.column, lambda col: replace(col, nullable=change.nullable))


def _set_default(relation: Relation, change: c.SetDefault) -> Relation:
    return _change_column(relation, change.column, lambda col: replace(col, default=change.default))


def _set_primary_key(relation: Relation, change: c.SetPrimaryKey) -> Relation:
    keyed = tuple(
        replace(col, nullable=False) if col.nullable and col.name in change.columns else col for col in relation.columns
    )
    return replace(relation, primary_key=change.columns, columns=keyed)


def _add_foreign_key(relation: Relation, change: c.AddForeignKey) -> Relation:
    return replace(relation, foreign_keys=(*relation.foreign_keys, change.key))


def _drop_foreign_key(relation: Relation, change: c.DropForeignKey) -> Relation:
    def gone(key: ForeignKey) -> bool:
        return key.name == change.name if change.name else key.columns == change.columns

    return replace(relation, foreign_keys=tuple(key for key in relation.foreign_keys if not gone(key)))


def _add_index(relation: Relation, change: c.AddIndex) -> Relation:
    return replace(relation, indexes=(*relation.indexes, change.index))


def _drop_index(draft: SchemaDraft, change: c.DropIndex) -> None:
    def without(relation: Relation) -> Relation:
        if change.table and relation.name != change.table:
            return relation
        return replace(relation, indexes=tuple(index for index in relation.indexes if index.name != change.name))

    draft.map(draft.index_slots(change.name), without)


def _add_check(relation: Relation, change: c.AddCheck) -> Relation:
    return replace(relation, checks=(*relation.checks, change.check))


def _drop_check(relation: Relation, change: c.DropCheck) -> Relation:
    return replace(
        relation,
        checks=tuple(check for check in relation.checks if check.name != change.name),
        foreign_keys=tuple(key for key in relation.foreign_keys if key.name != change.name),
        indexes=tuple(index for index in relation.indexes if index.name != change.name),
    )


def _add_enum(draft: SchemaDraft, change: c.AddEnum) -> None:
    draft.enums[change.enum.schema, change.enum.name] = change.enum


def _drop_enum(draft: SchemaDraft, change: c.DropEnum) -> None:
    for key in _keys(draft.enums, change.table, change.schema)[:1]:
        del draft.enums[key]


# The value types are Any because each function takes its own change type; `apply` selects the function by type.
_ON_SCHEMA: dict[type[c.Change], Callable[[SchemaDraft, Any], None]] = {
    c.AddTable: _add_table,
    c.DropTable: _drop_table,
    c.RenameTable: _rename_table,
    c.RenameColumn: _rename_column,
    c.DropIndex: _drop_index,
    c.AddEnum: _add_enum,
    c.DropEnum: _drop_enum,
}
_ON_RELATION: dict[type[c.Change], Callable[[Relation, Any], Relation]] = {
    c.AddColumn: _add_column,
    c.DropColumn: _drop_column,
    c.AlterType: _alter_type,
    c.SetNullable: _set_nullable,
    c.SetDefault: _set_default,
    c.SetPrimaryKey: _set_primary_key,
    c.AddForeignKey: _add_foreign_key,
    c.DropForeignKey: _drop_foreign_key,
    c.AddIndex: _add_index,
    c.AddCheck: _add_check,
    c.DropCheck: _drop_check,
}
