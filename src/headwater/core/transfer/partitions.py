"""Finds the tables whose rows are rows of another table, too: partitions, and children without columns of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headwater.catalog.model import Relation, Schema

_PARTS = re.compile(r'"((?:[^"]|"")*)"|([^".,\s]+)|([.,])')


def absorbed(chosen: Sequence[Relation], schema: Schema) -> dict[int, list[Relation]]:
    """Return, by the id of a chosen table, the chosen tables whose rows it contains and that need no copy.

    A table that inherits columns and adds some is not one of them.
    """
    within: dict[int, list[Relation]] = {}
    for relation in chosen:
        ancestors = [parent for parent in _ancestors(relation, schema) if any(parent is table for table in chosen)]
        if ancestors:
            within.setdefault(id(ancestors[-1]), []).append(relation)
    return within


def _ancestors(relation: Relation, schema: Schema) -> list[Relation]:
    """Return the tables that contain the rows of a table in the same columns, the nearest first."""
    found: list[Relation] = []
    current: Relation | None = relation
    while current is not None:
        current = next((parent for parent in _parents(current, schema) if _contains(parent, current)), None)
        if current is None or any(current is known for known in found):
            return found
        found.append(current)
    return found


def _contains(parent: Relation, child: Relation) -> bool:
    return {column.name for column in child.columns} == {column.name for column in parent.columns}


def _parents(relation: Relation, schema: Schema) -> list[Relation]:
    attrs = dict(relation.attrs)
    listed = attrs.get("partition_of") or attrs.get("inherits") or ""
    return _listed(listed, schema)


def partitioned_parent(partition: Relation, schema: Schema) -> Relation | None:
    """Return the partitioned table of which a table is a partition, if it is one."""
    return next(iter(_listed(dict(partition.attrs).get("partition_of", ""), schema)), None)


def _listed(text: str, schema: Schema) -> list[Relation]:
    parents = [schema.relation(names[-1], names[-2] if len(names) > 1 else None) for names in _names(text)]
    return [parent for parent in parents if parent is not None]


def _names(listed: str) -> list[list[str]]:
    """Return the qualified names of a list as their parts."""
    names: list[list[str]] = [[]]
    for quoted, plain, mark in _PARTS.findall(listed):
        if mark == ",":
            names.append([])
        elif not mark:
            names[-1].append(plain or quoted.replace('""', '"'))
    return [name for name in names if name]
