"""Aligns the kinds of columns that foreign keys connect: an engine may refuse to compare columns of different types."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from headwater.catalog.model import ForeignKey, Relation
from headwater.catalog.value_kinds import ValueKind
from headwater.core.transfer.column_kinds import column_kinds
from headwater.core.transfer.mapping_context import ColumnId, MappingContext

_BITS = (8, 16, 24, 32, 64)
_NUMBERS = frozenset({"integer", "decimal"})
_TEXTS = frozenset({"text", "uuid", "enum"})


def align(chosen: Sequence[Relation], work: MappingContext) -> None:
    """Widen the columns that refer to each other to one kind, where the target requires it, and record what changes.

    All columns of a chain of foreign keys get the same kind. Where no kind has the values of all, they stay: the
    foreign key is left out later.
    """
    for group in _groups(chosen, work):
        kinds = {column: work.kinds[column] for column in group}
        wide = _of_counter(group, work)
        if wide is None and not _differ(kinds.values(), work):
            continue
        wide = wide or widest(kinds.values())
        for column, kind in kinds.items() if wide else ():
            assert wide
            if _type(kind, work) != _type(wide, work):
                work.kinds[column] = replace(wide, written=kind.written)
                sentence = f"becomes {_type(wide, work)}, as the columns that foreign keys connect to it"
                work.record_loss("changed", ".".join(filter(None, column[:2])), column[2], sentence)


def comparable(first: ValueKind, second: ValueKind, work: MappingContext) -> bool:
    """Return True if the target allows a foreign key between columns of two kinds."""
    return not _differ((first, second), work)


def _differ(kinds: Collection[ValueKind], work: MappingContext) -> bool:
    names = {kind.name for kind in kinds}
    if work.target.key_types == "any":
        return False
    if len(names) > 1 or names <= {"text"}:
        return len(names) > 1
    if work.target.key_types == "comparable":
        return len({_is_huge(kind) for kind in kinds}) > 1
    return len({_type(kind, work) for kind in kinds}) > 1


def _is_huge(kind: ValueKind) -> bool:
    """Return True for an integer that an engine without unsigned integers stores as a decimal."""
    return kind.name == "integer" and kind.unsigned and (kind.size or 64) >= 64


def _of_counter(group: Sequence[ColumnId], work: MappingContext) -> ValueKind | None:
    """Return the kind of huge integers with a column among them that numbers its rows, which a decimal cannot."""
    counts = any(column in work.counters for column in group) and not work.target.has_unsigned_counters
    integers = all(work.kinds[column].name == "integer" for column in group)
    if not counts or not integers or not any(_is_huge(work.kinds[column]) for column in group):
        return None
    for schema, table, name in group:
        sentence = "numbers above 9,223,372,036,854,775,807 are refused"
        work.record_loss("risk", ".".join(filter(None, (schema, table))), name, sentence)
    return ValueKind("integer", 64)


def _type(kind: ValueKind, work: MappingContext) -> str:
    assert work.target.types
    return work.target.types.spell(kind, True).type


def _groups(chosen: Sequence[Relation], work: MappingContext) -> list[list[ColumnId]]:
    """Return the columns that are connected by foreign keys, each group in the order of its first key."""
    groups: dict[ColumnId, list[ColumnId]] = {}
    for relation in chosen:
        for key in relation.foreign_keys:
            for first, second in connected_columns(relation, key, work):
                left, right = groups.setdefault(first, [first]), groups.setdefault(second, [second])
                if left is not right:
                    left += right
                    groups |= dict.fromkeys(right, left)
    return list({id(group): group for group in groups.values()}.values())


def connected_columns(relation: Relation, key: ForeignKey, work: MappingContext) -> Iterator[tuple[ColumnId, ColumnId]]:
    """Yield each column of a foreign key with the column that it refers to, if that is copied, too."""
    target = work.referred(key)
    if target is None:
        return
    for name, other in zip(key.columns, key.ref_columns or target.primary_key, strict=False):
        column, referred = relation.column(name), target.column(other)
        if column and referred:
            column_kinds(relation, work)
            column_kinds(target, work)
            yield (relation.schema, relation.name, column.name), (target.schema, target.name, referred.name)


def widest(kinds: Collection[ValueKind]) -> ValueKind | None:
    """Return the kind that has the values of all kinds, or None if there is none."""
    names = {kind.name for kind in kinds}
    if names == {"integer"}:
        return _integer(kinds)
    if names <= _NUMBERS:
        return _decimal(kinds)
    if names == {"timestamp"} and len({kind.zoned for kind in kinds}) == 1:
        return max(kinds, key=lambda kind: 6 if kind.scale is None else kind.scale)
    if names <= _TEXTS and "text" in names:
        sizes = [kind.size for kind in kinds if kind.name == "text"]
        return ValueKind("text", None if None in sizes else max(255, *(size or 0 for size in sizes)))
    return None


def _integer(kinds: Collection[ValueKind]) -> ValueKind:
    signed = max((kind.size or 64 for kind in kinds if not kind.unsigned), default=0)
    unsigned = max((kind.size or 64 for kind in kinds if kind.unsigned), default=0)
    if not signed:
        return ValueKind("integer", unsigned, unsigned=True)
    needed = max(signed, unsigned + 1 if unsigned else 0)
    bits = next((bits for bits in _BITS if bits >= needed), None)
    return ValueKind("integer", bits) if bits else ValueKind("decimal", 20, 0)


def _decimal(kinds: Collection[ValueKind]) -> ValueKind:
    whole, scale = 0, 0
    for kind in kinds:
        if kind.name == "decimal" and kind.size is None:
            return ValueKind("decimal")
        digits = len(str(2 ** (kind.size or 64))) if kind.name == "integer" else (kind.size or 0) - (kind.scale or 0)
        whole, scale = max(whole, digits), max(scale, (kind.scale or 0) if kind.name == "decimal" else 0)
    return ValueKind("decimal", whole + scale, scale)
