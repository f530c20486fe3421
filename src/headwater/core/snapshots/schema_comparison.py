"""Compares the schemas of two databases object by object."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

import msgspec

from headwater.catalog.model import Relation, Schema

# The definition of each object, by its kind and its name for users.
Objects: TypeAlias = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class SchemaComparison:
    """Two compared schemas: how many objects are equal, and the names of those that are not.

    `missing` objects are only in the first schema, `extra` ones only in the second. Without a comparison, `reason` says
    why there is none.
    """

    equal: int = 0
    different: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_equal(self) -> bool:
        """True if the schemas were compared and nothing differs."""
        return not (self.reason or self.differing)

    @property
    def differing(self) -> int:
        """How many objects differ."""
        return len(self.different) + len(self.missing) + len(self.extra)

    @property
    def sentence(self) -> str:
        """What was compared, for users: `214 objects equal, 1 missing (view public.v)`."""
        if self.reason:
            return f"not compared: {self.reason}"
        parts = [f"{self.equal:,} object{'' if self.equal == 1 else 's'} equal"]
        for word, names in (("different", self.different), ("missing", self.missing), ("extra", self.extra)):
            if names:
                parts.append(f"{len(names):,} {word} ({', '.join(names[:5])}{' …' if len(names) > 5 else ''})")
        return ", ".join(parts)

    @property
    def plain(self) -> dict[str, Any]:
        """The comparison as a row of our store holds it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def compare(
    first: Objects,
    second: Objects,
    *,
    whole: bool = True,
    equivalent: Callable[[str, str], bool] = str.__eq__,
) -> SchemaComparison:
    """Compare two schemas.

    Args:
        first: the objects that should be there.
        second: the objects that are there.
        whole: whether `second` should have no other objects.
        equivalent: whether two definitions that are not equal mean the same.
    """
    different = [key for key in first if key in second and not _same(first[key], second[key], equivalent)]
    missing = [key for key in first if key not in second]
    extra = [key for key in second if key not in first] if whole else []
    return SchemaComparison(
        len(first) - len(different) - len(missing), _names(different), _names(missing), _names(extra)
    )


def _same(first: str, second: str, equivalent: Callable[[str, str], bool]) -> bool:
    return first == second or equivalent(first, second)


def _names(keys: Collection[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{kind} {name}" for kind, name in sorted(keys))


def model_objects(schema: Schema) -> dict[tuple[str, str], str]:
    """Return the objects of a Schema; what is measured or inferred from rows does not count."""
    return {key: msgspec.json.encode(value, order="sorted").decode() for key, value in _objects(schema)}


def _objects(schema: Schema) -> Iterator[tuple[tuple[str, str], Any]]:
    for relation in schema:
        yield (relation.kind.replace("_", " "), relation.qualified_name), _declared(relation)
    for kind, members in (
        ("type", schema.enums),
        ("domain", schema.domains),
        ("sequence", schema.sequences),
    ):
        for member in members:
            yield (kind, _qualified(member.schema, member.name)), member
    for routine in schema.routines:
        yield (routine.kind, f"{_qualified(routine.schema, routine.name)}({routine.arguments})"), routine


def _declared(relation: Relation) -> Relation:
    """Return a relation without estimates, origins and columns that were inferred from rows."""
    columns = tuple(replace(column, origins=()) for column in relation.columns)
    if relation.inferred_from is not None:
        columns = ()
    return replace(relation, columns=columns, inferred_from=None, rows=None, size_bytes=None, origins=())


def _qualified(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name
