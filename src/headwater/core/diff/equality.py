"""Which types, defaults and expressions of two sides mean the same.

Two sides of one dialect that declare everything are compared by the one spelling that the dialect has for each. Models
are compared by the kinds of values: an ORM's types say less than a server's.
"""

from __future__ import annotations

import re
from functools import cached_property

from headwater.catalog.dialect import Dialect
from headwater.catalog.model import Column, is_assumed
from headwater.catalog.spellings import plain_type
from headwater.catalog.value_kinds import ValueKind
from headwater.core.diff.expression_structure import structure
from headwater.core.diff.sides import Side, is_numbered
from headwater.engines import all_engines

_NUMBERS = frozenset({"integer", "decimal", "float", "boolean", "bits"})
_TRUE, _FALSE = frozenset({"true", "t", "1", "b'1'", "yes", "on"}), frozenset({"false", "f", "0", "b'0'", "no", "off"})
_FAMILIES = (frozenset({"integer", "boolean", "bits"}), frozenset({"text", "enum", "uuid", "json"}))
_BITS = re.compile(r"b'([01]+)'")
_DECIMAL = re.compile(r"([+-]?\d+)(?:\.(\d*?)0*)?$")


class Equality:
    """Compares parts of two sides."""

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        self.is_of_one_kind = a.kind == b.kind
        self.is_exact = a.kind != "models" and b.kind != "models" and a.dialect is b.dialect and a.dialect is not None

    @cached_property
    def dialect(self) -> Dialect | None:
        """The dialect of the database that is compared, if a side knows it."""
        return self.a.dialect or self.b.dialect

    @cached_property
    def pairs(self) -> tuple[tuple[Dialect, Dialect], ...]:
        """The dialects in which the two sides are read: of a side without one, the other's, or any that knows it."""
        left, right = _readings(self.a, self.dialect), _readings(self.b, self.dialect)
        return tuple((a, b) for a in left for b in right)

    def types(self, left: Column, right: Column) -> bool:
        """Return True if two columns have the same type, as far as both sides say it."""
        a, b = self.a.schema.base_type(left.type), self.b.schema.base_type(right.type)
        if not a or not b or left.type == right.type:
            return True
        if not self.is_of_one_kind and (is_assumed(left, "type") or is_assumed(right, "type")):
            return any(_family(_kind(of_a, a)) == _family(_kind(of_b, b)) for of_a, of_b in self.pairs)
        return any(self._same_type(a, b, *pair) for pair in self.pairs)

    def is_comparable(self, left: Column, right: Column) -> bool:
        """Return True if both types are declared, and known: models may use types of their own."""
        if not left.type or not right.type:
            return False
        if self.is_exact or self.is_of_one_kind or plain_type(left.type) == plain_type(right.type):
            return True
        own = [(left, self.a, 0), (right, self.b, 1)]
        return not any(side.kind == "models" and self._is_unknown(column.type, side, at) for column, side, at in own)

    def _is_unknown(self, type_: str, side: Side, at: int) -> bool:
        name = plain_type(type_).removesuffix("[]")
        if any(plain_type(enum.name) == name for enum in side.schema.enums):
            return False
        own = [pair[at] for pair in self.pairs]
        known = [dialect for dialect in own if not dialect.has_free_types] or _strict_dialects()
        return all(_kind(dialect, type_).name == "other" for dialect in known)

    def _same_type(self, a: str, b: str, of_a: Dialect, of_b: Dialect) -> bool:
        if of_a is of_b and of_a.canonical_type(a) == of_a.canonical_type(b):
            return True
        if self.is_exact:
            return False
        left, right = _kind(of_a, a), _kind(of_b, b)
        return self._same_kind(left, right, of_b) or self._same_kind(right, left, of_a)

    def _same_kind(self, left: ValueKind, right: ValueKind, target: Dialect) -> bool:
        """Return True if two kinds are the same, or the target has no other type for the left one."""
        if "any" in (left.name, right.name):
            return True
        if left.name == "other" or right.name == "other":
            return plain_type(left.written).rpartition(".")[2] == plain_type(right.written).rpartition(".")[2]
        if left.name == right.name:
            return _same_details(left, right)
        if target.has_free_types and left.name != right.name and _family(left) == _family(right):
            return True
        if left.name == "enum" and right.name == "text":
            return not target.has_named_enums
        if left.name == "bits" and right.name == "boolean":
            return left.size == 1
        spelt = target.types.spell(left, False).type if target.types and left.name != "array" else ""
        return bool(spelt) and target.canonical_type(spelt) == target.canonical_type(right.written)

    def defaults(self, left: Column, right: Column) -> bool:
        """Return True if two columns have the same default; what numbers its rows has one of its own."""
        if is_numbered(left) and is_numbered(right):
            return True
        return any(_default(left, a) == _default(right, b) for a, b in self.pairs)

    def conditions(self, left: str, right: str) -> bool:
        """Return True if two conditions or keys of indexes are the same; models spell theirs as their ORM does."""
        return (not self.is_of_one_kind and "models" in (self.a.kind, self.b.kind)) or self.expressions(left, right)

    def expressions(self, left: str, right: str) -> bool:
        """Return True if two conditions or other expressions mean the same."""
        for a, b in self.pairs:
            one, other = a.canonical_expression(left), b.canonical_expression(right)
            if one == other or structure(one, a.sqlglot) == structure(other, b.sqlglot):
                return True
        return False


def _readings(side: Side, adopted: Dialect | None) -> list[Dialect]:
    if side.dialect is not None:
        return [side.dialect]
    others = [dialect for dialect in _strict_dialects() if dialect is not adopted]
    return [adopted, *others] if adopted is not None else others


def _family(kind: ValueKind) -> frozenset[str]:
    """Return the kinds that a type of a programming language can stand for."""
    return next((family for family in _FAMILIES if kind.name in family), frozenset({kind.name}))


def _strict_dialects() -> list[Dialect]:
    """Return the dialects of SQL that know their types."""
    every = (engine.dialect for engine in all_engines().values())
    return [dialect for dialect in every if dialect.sqlglot and not dialect.has_free_types]


def _kind(dialect: Dialect, type_: str) -> ValueKind:
    """Return the kind of a type in its one spelling, which is the one that the dialect's mapping knows."""
    if dialect.types is None or dialect.types.read is None:
        return ValueKind("other", written=type_)
    kind = dialect.types.read(dialect.canonical_type(type_))
    kind = dialect.types.read(type_) if kind.name == "other" else kind
    return ValueKind("other", written=type_) if kind.name == "enum" and not kind.values else kind


def _same_details(left: ValueKind, right: ValueKind) -> bool:
    if left.name == "array" and left.item and right.item:
        return left.item.name == right.item.name
    if left.name == "enum":
        return set(left.values) == set(right.values)
    if left.name == "decimal":
        return None in (left.size, right.size) or (left.size, left.scale or 0) == (right.size, right.scale or 0)
    if left.name in ("integer", "text", "bits", "float"):
        return (None in (left.size, right.size) or left.size == right.size) and left.unsigned == right.unsigned
    return left.name not in ("timestamp", "time") or left.zoned == right.zoned


def _default(column: Column, dialect: Dialect) -> str | None:
    """Return a default in the one spelling that it has for its type."""
    if column.default is None or column.generated:
        return None
    text = dialect.canonical_expression(column.default)
    if text == "null":
        return None
    kind = _kind(dialect, column.type)
    inner = text[1:-1] if text.startswith("'") and text.endswith("'") else text
    if bits := _BITS.fullmatch(text):
        inner = str(int(bits[1], 2))
    if kind.name == "boolean" and inner.lower() in _TRUE | _FALSE:
        return "true" if inner.lower() in _TRUE else "false"
    if kind.name in _NUMBERS or not column.type:
        return _number(inner)
    if kind.name == "timestamp" and text.startswith("current_timestamp("):
        return "current_timestamp"
    return text


def _number(text: str) -> str:
    match = _DECIMAL.match(text)
    if match is None:
        return text
    fraction = (match[2] or "").rstrip("0")
    return f"{int(match[1])}.{fraction}" if fraction else str(int(match[1]))
