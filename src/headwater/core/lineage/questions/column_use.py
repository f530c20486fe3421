"""Which columns and tables are unused, written but never read, or read but never written, each with the reason.

What counts is what somebody who wants to drop the column would accept:

- A use names the column in code: a read, filter, join or projection reads it, a write or update writes it. Migrations
  do not count, because they have been applied already; tests do not count, but the reason mentions them.
- Code that loads or stores a whole row (`SELECT *`, an object) does not name the column. It is no use, but it may be
  one: the answer is then only likely, and the reason counts these places. `INSERT INTO t VALUES …` writes every column.
- A column that the schema itself needs is used: the primary key, the target of a foreign key, a part of a unique index
  of several columns, of a view, routine, trigger, generated column, or check with another column.
- A foreign key is not used by being declared, but deleted rows may go with it: the answer is only likely.
- The database writes generated columns, identities and defaults, libraries write the times of creation and change, and
  relations between objects write foreign keys: these columns are not "never written".
- An answer is certain only if the code is seen to name other columns of the table in the same way: a table that the
  code never names may be used by a library.
- A part of a document (`address.city`) is used with the whole (`address`), and the whole with its parts.
- A table is read by a whole row that is loaded, too, and written by one that is stored. Views are never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import msgspec

from headwater.catalog.model import Column, Origin, Relation, Schema
from headwater.catalog.names import words
from headwater.core.lineage.questions.counts import ColumnCounts, TableCounts, UsageCount, by_table
from headwater.core.lineage.questions.dependencies import SchemaDependencies, dependencies

UseState = Literal["used", "unused", "never_read", "never_written"]
Certainty = Literal["certain", "likely"]
USE_STATES: tuple[UseState, ...] = get_args(UseState)
_EMPTY = TableCounts()
_AUTOMATIC_TIMES = frozenset({"created", "updated", "modified", "inserted", "changed"})


class ColumnUse(msgspec.Struct, frozen=True):
    """Whether and how a column is used; `whole_rows` counts places that load or store its row as a whole."""

    table_name: str
    column_name: str
    type: str
    state: UseState
    certainty: Certainty
    reason: str
    reads: int
    writes: int
    whole_rows: int
    file_path: str = ""
    line_number: int = 0


class TableUse(msgspec.Struct, frozen=True):
    """Whether and how a table is used, by its columns or by whole rows."""

    table_name: str
    kind: str
    columns: int
    state: UseState
    certainty: Certainty
    reason: str
    reads: int
    writes: int
    deletes: int
    file_path: str = ""
    line_number: int = 0


def columns_in_use(schema: Schema, counts: Iterable[UsageCount]) -> list[ColumnUse]:
    """Return how each column of a schema is used, in the order of the schema."""
    tables, needed = by_table(counts), dependencies(schema)
    return [
        _column(relation, column, tables.get(relation.name.casefold(), _EMPTY), needed)
        for relation in schema
        for column in relation.columns
    ]


def tables_in_use(schema: Schema, counts: Iterable[UsageCount]) -> list[TableUse]:
    """Return how each table and view of a schema is used, in the order of the schema."""
    tables, needed = by_table(counts), dependencies(schema)
    referring: dict[str, list[str]] = {}
    for relation in schema:
        for key in relation.foreign_keys:
            if key.ref_table.casefold() != relation.name.casefold():
                referring.setdefault(key.ref_table.casefold(), []).append(relation.name)
    return [_table(relation, tables, needed, referring.get(relation.name.casefold(), [])) for relation in schema]


# ------------------------------------------------------ columns


def _column(relation: Relation, column: Column, table: TableCounts, needed: SchemaDependencies) -> ColumnUse:
    key = relation.name.casefold(), column.name.casefold()
    own = _with_parts(relation, column, table)
    writes = own.writes + (0 if column.generated else table.stored)
    own = ColumnCounts(own.reads, writes, own.deletes, own.tests)
    needs, reference = needed.columns.get(key, ()), needed.references.get(key)
    state = _state(own, is_filled=bool(reference) or _is_filled(relation, column), is_needed=bool(needs))
    is_open = bool(reference) or _whole_rows(state, table) or not _is_visible(state, table)
    origin = _origin(column.origins or relation.origins)
    return ColumnUse(
        relation.name,
        column.name,
        column.type,
        state,
        "likely" if is_open and state != "used" else "certain",
        _sentence(_parts(own), _remarks(state, own, table, needs, reference)),
        own.reads,
        own.writes,
        table.rows.reads + table.rows.writes,
        origin.file,
        origin.line,
    )


def _with_parts(relation: Relation, column: Column, table: TableCounts) -> ColumnCounts:
    """Return the counts of a column; of documents with those of the parts that it has or belongs to."""
    name = column.name.casefold()
    if relation.kind != "collection":
        return table.columns.get(name, ColumnCounts())
    related = (
        counts
        for other, counts in table.columns.items()
        if other == name or other.startswith(f"{name}.") or name.startswith(f"{other}.")
    )
    return sum(related, ColumnCounts())


def _is_filled(relation: Relation, column: Column) -> bool:
    """Return True if the database itself gives the column its values."""
    automatic = column.generated or column.identity or column.default is not None or _is_automatic_time(column)
    return bool(automatic) or relation.kind in ("view", "materialized_view") or column.name in relation.primary_key


def _is_automatic_time(column: Column) -> bool:
    """Return True for the time of creation or change, which libraries set by themselves."""
    is_time = any(word in column.type.casefold() for word in ("date", "time"))
    return is_time and bool(_AUTOMATIC_TIMES.intersection(words(column.name)))


def _state(own: ColumnCounts, *, is_filled: bool, is_needed: bool) -> UseState:
    if not own.reads and not is_needed:
        return "never_read" if own.writes else "unused"
    if own.reads and not own.writes and not is_filled:
        return "never_written"
    return "used"


def _is_visible(state: UseState, table: TableCounts) -> bool:
    """Return True if code is seen to name columns of the table in the way in which this one is not used."""
    named = sum(table.columns.values(), ColumnCounts())
    return bool({"used": 1, "unused": named.reads, "never_read": named.reads, "never_written": named.writes}[state])


def _whole_rows(state: UseState, table: TableCounts) -> int:
    """Return how many places may use the column after all, without naming it."""
    loads, stores = table.rows.reads, table.rows.writes
    return {"used": 0, "unused": loads + stores, "never_read": loads, "never_written": stores}[state]


def _remarks(
    state: UseState, own: ColumnCounts, table: TableCounts, needs: tuple[str, ...], reference: str | None
) -> list[str]:
    remarks = [_places(table.rows.reads, "whole-row load")] if state != "never_written" and not own.reads else []
    if not own.writes:
        remarks.append(_places(table.rows.writes, "whole-row write"))
    if own.tests:
        remarks.append(f"{own.tests} in tests")
    if reference:
        remarks.append(f"foreign key to {reference}")
    return [*(remark for remark in remarks if remark), *(needs[:2] if not own.reads else ())]


# ------------------------------------------------------ tables


def _table(
    relation: Relation, tables: Mapping[str, TableCounts], needed: SchemaDependencies, referring: list[str]
) -> TableUse:
    table = tables.get(relation.name.casefold(), _EMPTY)
    own = table.total
    own = ColumnCounts(own.reads, own.writes + table.stored, own.deletes, own.tests)
    needs = list(needed.tables.get(relation.name.casefold(), ()))
    used_by = [name for name in referring if name.casefold() in tables]
    needs += [f"{name} refers to it" for name in used_by[:2]]
    state = _table_state(own, relation, is_needed=bool(needs))
    remarks = [f"{own.deletes} {'delete' if own.deletes == 1 else 'deletes'}"] if own.deletes else []
    remarks += [f"{own.tests} in tests"] if own.tests else []
    origin = _origin(relation.origins)
    return TableUse(
        relation.name,
        relation.kind,
        len(relation.columns),
        state,
        "likely" if state == "unused" and referring else "certain",
        _sentence(_parts(own), [*remarks, *(needs[:2] if not own.reads else ())]),
        own.reads,
        own.writes,
        own.deletes,
        origin.file,
        origin.line,
    )


def _table_state(own: ColumnCounts, relation: Relation, *, is_needed: bool) -> UseState:
    if not own.reads and not is_needed:
        return "never_read" if own.writes or own.deletes else "unused"
    is_view = relation.kind in ("view", "materialized_view")
    return "never_written" if own.reads and not own.writes and not is_view else "used"


# ------------------------------------------------------ words


def _parts(own: ColumnCounts) -> str:
    if not own.reads and not own.writes:
        return "read and written nowhere"
    written = f"written {_times(own.writes)}"
    read = f"read {_times(own.reads)}"
    return f"{written}, {read}" if own.writes >= own.reads else f"{read}, {written}"


def _times(number: int) -> str:
    return "nowhere" if not number else f"in {number:,} {'place' if number == 1 else 'places'}"


def _places(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""


def _sentence(first: str, remarks: list[str]) -> str:
    return "; ".join((first[:1].upper() + first[1:], *remarks))


def _origin(origins: tuple[Origin, ...]) -> Origin:
    return origins[0] if origins else Origin("")
