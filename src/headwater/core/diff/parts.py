"""What differs in one table that both sides have: columns, keys, indexes and checks, as changes of the table of A."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from headwater.catalog import changes as c
from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, is_assumed
from headwater.core.diff.equality import Equality
from headwater.core.diff.omissions import Aspect, Omissions
from headwater.core.diff.sides import is_numbered, is_plain, referred

Part = TypeVar("Part", ForeignKey, Index, Check)
Same: TypeAlias = Callable[[Part, Part], bool]
_UNRULED = frozenset({None, "", "NO ACTION", "RESTRICT"})


class TablePair:
    """One table on both sides; `a` and `b` are its definitions."""

    def __init__(self, a: Relation, b: Relation, equality: Equality, omissions: Omissions) -> None:
        self.a, self.b, self.equality, self.omissions = a, b, equality, omissions
        sides = (equality.a, equality.b)
        # Two sets of models are compared as they are: what one of them leaves out, it has lost.
        self.models = () if equality.is_of_one_kind else tuple(side for side in sides if side.kind == "models")

    def changes(self) -> Iterator[c.Change]:
        """Yield the changes that make A's table into B's, in no order."""
        if _is_bare(self.a) or _is_bare(self.b):
            self.omissions.count("columns", max(len(self.a.columns), len(self.b.columns)))
            return
        yield from self._columns()
        yield from self._primary_key()
        yield from self._foreign_keys()
        yield from self._indexes()
        yield from self._checks()

    def _make(self, kind: type[c.Change], **given: object) -> c.Change:
        return kind(self.a.name, self.a.schema, **given)

    def _columns(self) -> Iterator[c.Change]:
        pairs = matched(self.a, self.b)
        for column in self.a.columns:
            if (other := pairs.get(column.name)) is None:
                yield self._make(c.DropColumn, column=column.name, was=column)
            else:
                yield from self._column(column, other)
        taken = {other.name for other in pairs.values()}
        for other in self.b.columns:
            if other.name not in taken:
                yield self._make(c.AddColumn, column=other)

    def _column(self, a: Column, b: Column) -> Iterator[c.Change]:
        if self._is_computed_differently(a, b):
            yield self._make(c.DropColumn, column=a.name, was=a)
            yield self._make(c.AddColumn, column=replace(b, name=a.name))
            return
        left, right = self._with_json(a, self.a), self._with_json(b, self.b)
        if not self.equality.is_comparable(left, right):
            self.omissions.count("types")
        elif not self.equality.types(left, right):
            yield self._make(c.AlterType, column=a.name, type=b.type, was=a.type)
        if self._has_own_nullability(a, b):
            change = self._make(c.SetNullable, column=a.name, nullable=b.nullable)
            yield from self._weighed("nullability", change, not a.nullable, not b.nullable)
        if not self.equality.defaults(a, b) and self._is_default_known(a, b):
            change = self._make(c.SetDefault, column=a.name, default=b.default, was=a.default)
            yield from self._weighed("defaults", change, a.default is not None, b.default is not None, differs=True)
        elif a.default is not None and b.default is not None and self.models:
            self.omissions.agree("defaults")

    def _weighed(
        self, aspect: Aspect, change: c.Change, in_a: bool, in_b: bool, *, differs: bool = False
    ) -> Iterator[c.Change]:
        """Yield a change if the sides differ; note it if models may just not declare what the other side has."""
        if in_a and in_b and self.models:
            self.omissions.agree(aspect)
        if in_a == in_b and not differs:
            return
        left_out = in_b if self.equality.a.kind == "models" else in_a
        is_omitted = in_a != in_b and bool(self.models) and left_out
        yield self.omissions.omit(aspect, change) if is_omitted else change

    def _with_json(self, column: Column, table: Relation) -> Column:
        """Return a column as JSON if it is a text with a check that says so."""
        dialect = self.equality.dialect
        if dialect is None or not dialect.declares_json_by_check:
            return column
        checked = any(_is_json_check(check, column.name, dialect) for check in table.checks)
        return replace(column, type="json") if checked else column

    def _has_own_nullability(self, a: Column, b: Column) -> bool:
        """Return True if NULL is allowed or not by the column itself: the columns of a primary key are never NULL."""
        keyed = b.name in self.b.primary_key or (self.models and a.name in self.a.primary_key)
        assumed = is_assumed(a, "nullability") or is_assumed(b, "nullability")
        return not keyed and not assumed and not (a.generated and b.generated)

    def _is_computed_differently(self, a: Column, b: Column) -> bool:
        if self.models or (a.generated is None and b.generated is None):
            return False
        return None in (a.generated, b.generated) or not self.equality.expressions(a.generated or "", b.generated or "")

    def _is_default_known(self, a: Column, b: Column) -> bool:
        """Return True if both sides can say the default; models do not say which columns number their rows."""
        if is_assumed(a, "default") or is_assumed(b, "default"):
            return False
        return not (self.models and (is_numbered(a) or is_numbered(b) or a.generated or b.generated))

    def _primary_key(self) -> Iterator[c.Change]:
        a, b = self.a.primary_key, self.b.primary_key
        if folded(a) == folded(b) or self.a.kind != "table":
            return
        if self.models and not (a and b):
            self.omissions.count("primary_keys")
            return
        own = {name.casefold(): name for name in (column.name for column in self.a.columns)}
        yield self._make(c.SetPrimaryKey, columns=tuple(own.get(name.casefold(), name) for name in b), was=a)

    def _parts(
        self, aspect: Callable[[Part], Aspect], left: Sequence[Part], right: Sequence[Part], same: Same[Part]
    ) -> tuple[list[Part], list[Part]]:
        """Return the parts that only A has and those that only B has, and count those that both have."""
        pairs = [(part, next((other for other in right if same(part, other)), None)) for part in left]
        new = [part for part in right if not any(same(other, part) for other in left)]
        for part, other in pairs if self.models else ():
            if other is not None and not (_is_assumed_key(part) or _is_assumed_key(other)):
                self.omissions.agree(aspect(part))
        return [part for part, other in pairs if other is None], new

    def _foreign_keys(self) -> Iterator[c.Change]:
        gone, new = self._parts(lambda _: "foreign_keys", self.a.foreign_keys, self.b.foreign_keys, self._same_key)
        for key in gone:
            if not _is_assumed_key(key):
                change = self._make(c.DropForeignKey, name=key.name, columns=key.columns, was=key)
                yield from self._weighed("foreign_keys", change, True, False)
        for key in new:
            if not _is_assumed_key(key):
                yield from self._weighed("foreign_keys", self._make(c.AddForeignKey, key=key), False, True)

    def _same_key(self, a: ForeignKey, b: ForeignKey) -> bool:
        if folded(a.columns) != folded(b.columns) or a.ref_table.casefold() != b.ref_table.casefold():
            return False
        left, right = referred(a, self.equality.a.schema), referred(b, self.equality.b.schema)
        if left and right and folded(left) != folded(right):
            return False
        return self._same_rule(a.on_delete, b.on_delete) and self._same_rule(a.on_update, b.on_update)

    def _same_rule(self, a: str | None, b: str | None) -> bool:
        """Return True if two rules are the same; models that name none leave it to their ORM."""
        left, right = (None if rule is None or rule.upper() in _UNRULED else rule.upper() for rule in (a, b))
        stated = [rule for side, rule in ((self.equality.a, a), (self.equality.b, b)) if side.kind == "models"]
        return left == right or None in stated

    def _indexes(self) -> Iterator[c.Change]:
        gone, new = self._parts(_aspect, self._compared(self.a), self._compared(self.b), self._same_index)
        for index in gone:
            if not self._is_implied(index, self.b):
                change = self._make(c.DropIndex, name=index.name or "", was=index)
                yield from self._weighed(_aspect(index), change, True, False)
        for index in new:
            if not self._is_implied(index, self.a):
                yield from self._weighed(_aspect(index), self._make(c.AddIndex, index=index), False, True)

    def _compared(self, table: Relation) -> list[Index]:
        """Return the indexes of a table but those that its primary key has, also if models do not name it."""
        keys = {folded(table.primary_key)}
        if self.models and not (self.a.primary_key and self.b.primary_key):
            keys |= {folded(self.a.primary_key), folded(self.b.primary_key)}
        return [index for index in table.indexes if not (index.unique and folded(index.columns) in keys)]

    def _same_index(self, a: Index, b: Index) -> bool:
        if a.unique != b.unique or len(a.columns) != len(b.columns):
            return False
        if not all(self._same_term(one, other) for one, other in zip(a.columns, b.columns, strict=True)):
            return False
        if self.equality.is_exact and _method(a) != _method(b):
            return False
        if a.where and b.where:
            return self.equality.conditions(a.where, b.where)
        silent = self.equality.b if a.where else self.equality.a
        return a.where == b.where or silent.kind == "models"

    def _same_term(self, a: str, b: str) -> bool:
        if a.casefold() == b.casefold():
            return True
        if self.models and len({_first_word(name) for name in (a, b)}) == 1:
            return True  # models seldom say in which order, and by which class of operators
        same = self.equality.conditions if a[:1] == b[:1] == "(" else self.equality.expressions
        return "(" in (a[:1], b[:1]) and same(a, b)

    def _is_implied(self, index: Index, table: Relation) -> bool:
        """Return True if the other side has an index that begins with the same columns for a foreign key."""
        dialects = {pair[0].indexes_foreign_keys and pair[1].indexes_foreign_keys for pair in self.equality.pairs}
        if index.unique or dialects != {True}:
            return False
        length = len(index.columns)
        return any(folded(key.columns)[:length] == folded(index.columns) for key in table.foreign_keys)

    def _checks(self) -> Iterator[c.Change]:
        left = [check for check in self.a.checks if not self._is_type(check, self.b)]
        right = [check for check in self.b.checks if not self._is_type(check, self.a)]
        gone, new = self._parts(lambda _: "checks", left, right, self._same_check)
        for check in gone:
            change = self._make(c.DropCheck, name=check.name or "", was=check)
            yield from self._weighed("checks", change, True, False)
        for check in new:
            yield from self._weighed("checks", self._make(c.AddCheck, check=check), False, True)

    def _is_type(self, check: Check, other: Relation) -> bool:
        """Return True if a check only says that a column is JSON, and the other side says so by its type."""
        dialect = self.equality.dialect
        if dialect is None or not dialect.declares_json_by_check:
            return False
        json = [column.name for column in other.columns if column.type.lower() == "json"]
        return any(_is_json_check(check, name, dialect) for name in json)

    def _same_check(self, a: Check, b: Check) -> bool:
        """Return True if two checks are the same: a server spells what a file says anew, but keeps its name."""
        if self.equality.expressions(a.expression, b.expression):
            return True
        return self.equality.a.kind != self.equality.b.kind and a.name is not None and a.name == b.name


def _first_word(term: str) -> str:
    match = re.match(r'[("`]*(\w+)["`)]*(?=\s|\)|$)', term)
    return match[1].casefold() if match else term


def _aspect(index: Index) -> Aspect:
    if index.where or not is_plain(index):
        return "conditions"
    return "unique" if index.unique else "indexes"


def _is_json_check(check: Check, column: str, dialect: Dialect) -> bool:
    return dialect.canonical_expression(check.expression) == f"json_valid({column.lower()})"


def _is_assumed_key(part: ForeignKey | Index | Check) -> bool:
    return isinstance(part, ForeignKey) and is_assumed(part, "key")


def _is_bare(table: Relation) -> bool:
    """Return True if nobody declares the columns of a table: an ORM knows that there is one, with a key."""
    return all(is_assumed(column, "column") for column in table.columns)


def _method(index: Index) -> tuple[tuple[str, str], ...]:
    """Return the attributes of an index that change what it is, such as its method."""
    return tuple(pair for pair in index.attrs if pair[0] in ("method", "include", "nulls_not_distinct", "exclude"))


def folded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names without regard to case and quotes."""
    return tuple(re.sub(r'[`"]', "", name).casefold() for name in names)


def matched(a: Relation, b: Relation) -> dict[str, Column]:
    """Return the column of B for each column of A by name: an exact match first, then one that differs by case."""
    exact = {column.name: column for column in b.columns}
    pairs = {column.name: exact[column.name] for column in a.columns if column.name in exact}
    left = {other.name.casefold(): other for other in b.columns if other.name not in pairs}
    for column in a.columns:
        if column.name not in pairs and column.name.casefold() in left:
            pairs[column.name] = left.pop(column.name.casefold())
    return pairs
