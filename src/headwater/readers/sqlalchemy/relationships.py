"""Relationships: their target models, and the columns they join on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.model import Relation
from headwater.readers import Field
from headwater.readers.sqlalchemy import syntax as s
from headwater.readers.sqlalchemy.classes import MappedClass
from headwater.readers.sqlalchemy.columns import RELATIONSHIPS, is_declared_attr

_PAIR = re.compile(r"(\w+)(?:\.c)?\.(\w+)\s*\)?\s*==\s*(?:\w+\()?(\w+)(?:\.c)?\.(\w+)")
_NAMES = re.compile(r"(\w+)(?:\.c)?\.(\w+)")

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DeclaredRelationship:
    """A relationship as declared: the call, and the type annotation of the attribute."""

    name: str
    call: f.Call
    annotation: f.Expr | None
    owner: MappedClass
    at: int


@dataclass(frozen=True)
class Tables:
    """The data for resolving joins: tables of classes by key, relations by name, and the meaning of names."""

    table_of: Callable[[str], str | None]
    relation: Callable[[str], Relation | None]
    column_of: Callable[[str, str], tuple[str, str] | None]
    find_class: Callable[[str, str], str | None]
    find_table: Callable[[str, str], str | None]


def of_class(cls: MappedClass) -> Iterator[DeclaredRelationship]:
    """Yield the relationships that a class body declares."""
    for name, stmt in cls.body.items():
        if isinstance(stmt, f.Assign) and s.called(stmt.value) in RELATIONSHIPS and isinstance(stmt.value, f.Call):
            yield DeclaredRelationship(name, stmt.value, stmt.annotation, cls, stmt.start)
        elif isinstance(stmt, f.Function) and is_declared_attr(stmt):
            for value in s.returned(stmt.body):
                if isinstance(value, f.Call) and s.called(value) in RELATIONSHIPS:
                    yield DeclaredRelationship(name, value, stmt.returns, cls, stmt.start)
                    break


def target_name(declared: DeclaredRelationship) -> tuple[str, bool | None]:
    """Return the declared name of the target class, and whether there are many, if the type says so."""
    many: bool | None = None
    annotated = ""
    if declared.annotation is not None:
        annotated, many = _annotated_target(declared.annotation)
    if s.called(declared.call) == "dynamic_loader" or s.text_of(s.keyword(declared.call, "lazy")) == "dynamic":
        many = True
    uselist = s.keyword(declared.call, "uselist")
    if uselist is not None:
        many = s.is_true(uselist)
    argument = s.keyword(declared.call, "argument") or next(iter(declared.call.args), None)
    return _argument_target(argument) or annotated, many


def _argument_target(argument: f.Expr | None) -> str:
    if isinstance(argument, f.Lambda):
        argument = next(s.returned(argument.body), None)
    if isinstance(argument, f.Text):
        return (s.text_of(argument) or "").strip()
    return s.dotted(argument)


def _annotated_target(annotation: f.Expr) -> tuple[str, bool | None]:
    annotation = s.forward(annotation)
    if isinstance(annotation, f.Subscript):
        name = s.last(annotation.value)
        inner = [_annotated_target(arg) for arg in s.arguments(annotation)]
        target = next((i for i in reversed(inner) if i[0]), ("", None))
        many = True if name in s.LISTS or target[1] else False if name in s.MAPPED and target[0] else target[1]
        return target[0], many
    if isinstance(annotation, f.Binary):
        left = _annotated_target(annotation.left)
        return left if left[0] else _annotated_target(annotation.right)
    name = s.dotted(annotation)
    return ("" if name in ("None", "Optional") else name), None


def field(
    declared: DeclaredRelationship, owner: str, target: str | None, many: bool | None, tables: Tables, line: int
) -> Field:
    """Determine the columns that a relationship from one class (by key) to another joins on."""
    call, path = declared.call, declared.owner.path
    source, other = tables.table_of(owner), tables.table_of(target) if target else None
    if target is None or source is None or other is None:
        return Field(declared.name, target=target, many=bool(many), line=line)
    through = _secondary(path, call, tables)
    if through:
        many_to_many = Field(declared.name, target=target, many=True, through=through.name, line=line)
        return _through(many_to_many, source, other, through, tables)
    local, remote, to_many = _columns(declared, owner, target, tables)
    is_many = to_many if many is None else many
    return Field(declared.name, target=target, many=is_many, local=local, remote=remote, line=line)


def reverse(name: str, forward: Field, owner: str, many: bool | None) -> Field:
    """Return the field that a backref adds to the other class."""
    is_many = bool(forward.through) or not forward.many if many is None else many
    return Field(
        name,
        target=owner,
        many=is_many,
        local=forward.remote,
        remote=forward.local,
        through=forward.through,
        through_local=forward.through_remote,
        through_remote=forward.through_local,
        line=forward.line,
    )


def backref(call: f.Call) -> tuple[str, bool | None] | None:
    """Return the name of a relationship's backref, and whether it is a list, if it says so."""
    value = s.keyword(call, "backref")
    if isinstance(value, f.Call):
        name, uselist = s.text_of(next(iter(value.args), None)), s.keyword(value, "uselist")
        return (name, None if uselist is None else s.is_true(uselist)) if name else None
    text = s.text_of(value)
    return (text, None) if text else None


def _secondary(path: str, call: f.Call, tables: Tables) -> Relation | None:
    value = s.keyword(call, "secondary") or s.keyword(call, "link_model")
    if isinstance(value, f.Lambda):
        value = next(s.returned(value.body), None)
    if isinstance(value, f.Attr) and value.name == "__table__":
        value = value.value
    name = s.text_of(value) or s.dotted(value)
    table = tables.find_table(path, name) if name else None
    return tables.relation(table or name) if name else None


def _through(field: Field, source: str, other: str, middle: Relation, tables: Tables) -> Field:
    near, far = _keys_to(middle, source), _keys_to(middle, other)
    if source == other and len(near) > 1:
        near, far = near[:1], near[1:]
    local = tuple(ref or _primary(tables, source) for _, ref in near[:1])
    remote = tuple(ref or _primary(tables, other) for _, ref in far[:1])
    return msgspec.structs.replace(
        field,
        local=local,
        remote=remote,
        through_local=tuple(column for column, _ in near[:1]),
        through_remote=tuple(column for column, _ in far[:1]),
    )


def _keys_to(relation: Relation, table: str) -> Columns:
    return tuple(
        (column, ref)
        for key in relation.foreign_keys
        if key.ref_table == table
        for column, ref in zip(key.columns, key.ref_columns or ("",) * len(key.columns), strict=False)
    )


def _primary(tables: Tables, table: str) -> str:
    relation = tables.relation(table)
    return relation.primary_key[0] if relation and relation.primary_key else "id"


def _columns(
    declared: DeclaredRelationship, owner: str, target: str, tables: Tables
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Return the columns on this side, on the other side, and whether the other side is many."""
    source, other = tables.table_of(owner) or "", tables.table_of(target) or ""
    joined = _from_condition(declared, owner, target, tables)
    if joined:
        keyed = _foreign(declared, tables)
        many = (
            any(pair in keyed for pair in ((other, r) for _, r in joined))
            if keyed
            else _is_many(tables, source, other, joined[0][0])
        )
        return tuple(pair[0] for pair in joined), tuple(pair[1] for pair in joined), many
    mine, theirs = _keys(tables, source, other), _keys(tables, other, source)
    wanted = {column for _, column in _foreign(declared, tables)}
    if wanted:
        mine = tuple(pair for pair in mine if pair[0] in wanted)
        theirs = tuple(pair for pair in theirs if pair[0] in wanted)
    if source == other:
        return _self_reference(declared, tables, mine)
    if mine and not (theirs and target_name(declared)[1]):
        column, ref = mine[0]
        return (column,), (ref or _primary(tables, other),), False
    if theirs:
        column, ref = theirs[0]
        return (ref or _primary(tables, source),), (column,), True
    return (), (), False


def _keys(tables: Tables, table: str, other: str) -> Columns:
    relation = tables.relation(table)
    return _keys_to(relation, other) if relation else ()


def _self_reference(
    declared: DeclaredRelationship, tables: Tables, keys: Columns
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    if not keys:
        return (), (), False
    column, ref = keys[0]
    ref = ref or "id"
    side = s.keyword(declared.call, "remote_side")
    names = {match[1] for match in _names_in(side)}
    to_one = ref in names or target_name(declared)[1] is False
    return ((column,), (ref,), False) if to_one else ((ref,), (column,), True)


def _is_many(tables: Tables, source: str, other: str, local: str) -> bool:
    relation = tables.relation(source)
    points = (
        any(local in key.columns and key.ref_table == other for key in relation.foreign_keys) if relation else False
    )
    return not points


def _foreign(declared: DeclaredRelationship, tables: Tables) -> set[tuple[str, str]]:
    """Return the (table, column) pairs in `foreign_keys=`."""
    value = s.keyword(declared.call, "foreign_keys")
    if isinstance(value, f.Lambda):
        value = next(s.returned(value.body), None)
    pairs: set[tuple[str, str]] = set()
    for item in s.items(value):
        if isinstance(item, f.Name):
            pairs |= {pair for pair in [tables.column_of(declared.owner.key, item.id)] if pair}
        else:
            pairs |= set(_resolved(declared, _names_in(item), tables))
    return pairs


def _names_in(expr: f.Expr | None) -> list[tuple[str, str]]:
    text = s.text_of(expr)
    if text is not None:
        return _NAMES.findall(text)
    if isinstance(expr, f.SequenceExpr):
        return [name for item in expr.items for name in _names_in(item)]
    if isinstance(expr, f.Name):
        return [("", expr.id)]
    if isinstance(expr, f.Lambda):
        return [name for value in s.returned(expr.body) for name in _names_in(value)]
    dotted = s.dotted(expr).replace(".c.", ".")
    return [tuple(dotted.rsplit(".", 1))] if "." in dotted else []  # type: ignore[list-item]


def _resolved(
    declared: DeclaredRelationship, names: list[tuple[str, str]], tables: Tables
) -> Iterator[tuple[str, str]]:
    for owner, attribute in names:
        key = tables.find_class(declared.owner.path, owner) if owner not in ("", "cls") else declared.owner.key
        pair = tables.column_of(key, attribute) if key else None
        if pair is None and (table := tables.find_table(declared.owner.path, owner)):
            pair = (table, attribute)
        if pair:
            yield pair


def _from_condition(declared: DeclaredRelationship, owner: str, target: str, tables: Tables) -> list[tuple[str, str]]:
    """Return the pairs of columns that `primaryjoin=` compares for equality, this side first."""
    value = s.keyword(declared.call, "primaryjoin")
    text = s.text_of(value)
    pairs = _PAIR.findall(text) if text is not None else list(_equalities(value))
    source, other = tables.table_of(owner), tables.table_of(target)
    result: list[tuple[str, str]] = []
    for left, left_column, right, right_column in pairs:
        sides = list(_resolved(declared, [(left, left_column), (right, right_column)], tables))
        if len(sides) == 2 and {sides[0][0], sides[1][0]} == {source, other}:
            first, second = sides if sides[0][0] == source else reversed(sides)
            result.append((first[1], second[1]))
    return result


def _equalities(expr: f.Expr | None) -> Iterator[tuple[str, str, str, str]]:
    if isinstance(expr, f.Lambda):
        for value in s.returned(expr.body):
            yield from _equalities(value)
    elif isinstance(expr, f.Binary):
        if expr.op == "==":
            left, right = _names_in(_bare(expr.left)), _names_in(_bare(expr.right))
            if len(left) == len(right) == 1:
                yield (*left[0], *right[0])
        else:
            yield from _equalities(expr.left)
            yield from _equalities(expr.right)
    elif isinstance(expr, f.Call):
        for arg in expr.args:
            yield from _equalities(arg)


def _bare(expr: f.Expr) -> f.Expr:
    """Return x for `remote(x)` and `foreign(x)`."""
    return expr.args[0] if isinstance(expr, f.Call) and expr.args else expr
