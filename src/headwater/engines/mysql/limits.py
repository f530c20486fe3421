"""Fits a planned table into the limits of InnoDB: the bytes of a row without its long values, and those of a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from headwater.catalog.dialect import TableChange
from headwater.catalog.model import Column, Index, Relation

ROW_BYTES, KEY_BYTES, BYTES_OF_CHARACTER, BYTES_OF_OTHERS = 65_000, 3_072, 4, 16
_SIZED = re.compile(r"(?P<name>varchar|char|varbinary|binary)\((?P<size>\d+)\)")
_KEY = re.compile(r"\(`((?:[^`]|``)+)`.*\)", re.DOTALL)


def fit(table: Relation) -> tuple[Relation, list[TableChange]]:
    """Return a table that InnoDB accepts, and what had to change."""
    changes: list[TableChange] = []
    table = _with_short_key(table, changes)
    indexes = []
    for index in table.indexes:
        if not index.unique and _bytes_of(table, _names(index)) > KEY_BYTES:
            changes.append(("left_out", index.name or ", ".join(index.columns), "an index of more than 3,072 bytes"))
        else:
            indexes.append(index)
    return _with_short_row(replace(table, indexes=tuple(indexes)), changes), changes


def _with_short_key(table: Relation, changes: list[TableChange]) -> Relation:
    """Return a table whose primary key has no more bytes than a key may have."""
    texts = [column for column in table.columns if column.name in table.primary_key and _size(column)]
    if _bytes_of(table, table.primary_key) <= KEY_BYTES or not texts:
        return table
    left = KEY_BYTES - BYTES_OF_OTHERS * (len(table.primary_key) - len(texts))
    size = left // BYTES_OF_CHARACTER // len(texts)
    for column in texts:
        if (_size(column) or 0) > size:
            changes.append(("changed", column.name, f"a key of several texts needs shorter ones: {size} characters"))
            changes.append(("risk", column.name, "longer texts are refused"))
    short = {column.name for column in texts if (_size(column) or 0) > size}
    return _changed(table, short, f"varchar({size})")


def _with_short_row(table: Relation, changes: list[TableChange]) -> Relation:
    """Return a table whose longest texts are stored apart, so that its rows are short enough."""
    keyed = {*table.primary_key, *(name for index in table.indexes for name in _names(index))}
    keyed |= {name for key in table.foreign_keys for name in key.columns}
    loose = [column for column in table.columns if column.type.startswith("varchar(") and column.name not in keyed]
    for column in sorted(loose, key=lambda item: -(_size(item) or 0)):
        if _bytes_of(table, tuple(item.name for item in table.columns)) <= ROW_BYTES:
            break
        changes.append(("changed", column.name, "becomes longtext: a row has at most 65,535 bytes"))
        table = _changed(table, {column.name}, "longtext")
    return table


def _changed(table: Relation, names: set[str], type_: str) -> Relation:
    columns = tuple(replace(column, type=type_) if column.name in names else column for column in table.columns)
    return replace(table, columns=columns)


def _size(column: Column) -> int | None:
    match = _SIZED.fullmatch(column.type)
    return int(match["size"]) if match else None


def _bytes_of(table: Relation, names: tuple[str, ...]) -> int:
    total = 0
    for column in table.columns:
        match = _SIZED.fullmatch(column.type) if column.name in names else None
        if match:
            total += int(match["size"]) * (1 if "binary" in match["name"] else BYTES_OF_CHARACTER) + 2
        elif column.name in names:
            total += BYTES_OF_OTHERS
    return total


def _names(index: Index) -> tuple[str, ...]:
    """Return the columns of an index without their orders."""
    return tuple(_bare_names(index))


def _bare_names(index: Index) -> Iterator[str]:
    for key in index.columns:
        match = _KEY.fullmatch(key)
        yield match[1].replace("``", "`") if match else key
