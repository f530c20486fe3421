"""Staged edits of rows: previewed as SQL, then applied all or none, and only if nobody else changed their rows.

A row is read and locked before it is changed, and compared with the values that the editor showed (optimistic locking;
Fowler, Patterns of Enterprise Application Architecture, "Optimistic Offline Lock"). Both values were read in the same
way, so equal values compare as equal in every engine.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headwater.catalog.results import Cell, Limits, QueryError, ResultColumn, Rows, Started
from headwater.engines import Session
from headwater.features.accounts.service.audit import Outcome
from headwater.features.query.service import access as doors
from headwater.features.query.service import statement_audit, tables
from headwater.features.query.service.access import Access
from headwater.features.query.service.statement_audit import AuditedStatement
from headwater.features.query.service.tables import GridTable
from headwater.kit.errors import HeadwaterError, Invalid
from headwater.store.context import Context

LIMITS = Limits(rows=10, bytes=None, seconds=60)


@dataclass(frozen=True, slots=True)
class Edit:
    """A staged edit; `was` holds the values that the editor showed for the columns that it changes."""

    kind: Literal["insert", "update", "delete"]
    key: Mapping[str, Cell] = field(default_factory=dict)
    was: Mapping[str, Cell] = field(default_factory=dict)
    values: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditConflict:
    """A row that has changed since it was read; `now` holds its current values, None if it was deleted."""

    edit: int
    now: dict[str, Cell] | None


@dataclass(slots=True)
class EditResult:
    """The result of staged edits."""

    statements: list[str]
    applied: bool = False
    conflicts: list[EditConflict] = field(default_factory=list)
    error: str | None = None
    failed_edit: int | None = None


async def edit(
    context: Context, access: Access, table_name: str, schema_name: str | None, edits: Sequence[Edit], *, apply: bool
) -> EditResult:
    """Return the SQL of edits; with `apply`, run it in one transaction.

    Raises:
        Invalid: an edit has an unknown column or an incomplete key, or changes nothing.
    """
    table = await tables.find(context, access, table_name, schema_name)
    for number, change in enumerate(edits):
        _check(table, change, number)
    outcome = EditResult([f"{_text(table, change, table.literal)};" for change in edits])
    if apply:
        async with doors.open_session(context, access, fixed_text=True) as session:
            began = time.perf_counter()
            try:
                await _apply(session, table, edits, outcome)
            finally:
                seconds = time.perf_counter() - began
                await statement_audit.record(context, access, "grid", _audited(access, table, edits, outcome, seconds))
    return outcome


def _audited(
    access: Access, table: GridTable, edits: Sequence[Edit], outcome: EditResult, seconds: float
) -> list[AuditedStatement]:
    """Return what was done to the table; edits that did not fit the rows any more have changed nothing."""
    how: Outcome = "ok" if outcome.applied else "rolled_back" if outcome.conflicts else "failed"
    texts = [_statement(table, each)[0] for each in edits]
    rows = 1 if outcome.applied else 0
    return statement_audit.changes_of(access, texts, how, seconds=seconds, rows=rows)


def _check(table: GridTable, change: Edit, number: int) -> None:
    for column in (*change.values, *change.was):
        table.quoted(column)
    if change.kind != "insert":
        table.check_key(change.key, number)
    if change.kind == "update" and not change.values:
        raise Invalid({f"edits.{number}.values": "An update needs at least one value."})


async def _apply(session: Session, table: GridTable, edits: Sequence[Edit], outcome: EditResult) -> None:
    number = 0
    await _run(session, table.grammar.begin, [])
    try:
        for number, change in enumerate(edits):
            if change.kind != "insert":
                now = await _now(session, table, change)
                if now is None or any(now[column] != value for column, value in change.was.items()):
                    outcome.conflicts.append(EditConflict(number, now))
                    continue
            await _run(session, *_statement(table, change))
        if not outcome.conflicts:
            await _run(session, "COMMIT", [])
            outcome.applied = True
    except QueryError as error:
        outcome.error, outcome.failed_edit = _sentence(error), number
    finally:
        if not outcome.applied:
            with contextlib.suppress(HeadwaterError):
                await _run(session, "ROLLBACK", [])


def _sentence(error: QueryError) -> str:
    return f"{error.message} {error.detail.splitlines()[0]}" if error.detail else error.message


async def _run(session: Session, text: str, values: Sequence[Cell]) -> list[dict[str, Cell]]:
    columns: tuple[ResultColumn, ...] = ()
    rows: list[dict[str, Cell]] = []
    async for frame in session.run(text, list(values), LIMITS):
        if isinstance(frame, Started):
            columns = frame.columns or ()
        elif isinstance(frame, Rows):
            rows += [dict(zip((column.name for column in columns), row, strict=True)) for row in frame.rows]
    return rows


async def _now(session: Session, table: GridTable, change: Edit) -> dict[str, Cell] | None:
    """Return the current row of an edit, locked until the transaction ends; None if it was deleted."""
    values = _Values(table)
    text = f"SELECT * FROM {table.name} WHERE {_key(table, change, values.mark)}{table.grammar.lock}"  # noqa: S608 - names are quoted
    rows = await _run(session, text, values.cells)
    return rows[0] if rows else None


class _Values:
    """The values of a statement's placeholders, in order."""

    def __init__(self, table: GridTable) -> None:
        self.cells: list[Cell] = []
        self._table = table

    def mark(self, column: str, value: Cell) -> str:
        """Return a placeholder for a value, or its literal if it cannot be bound."""
        if self._table.grammar.bytes_of(value, self._table.column(column).type) is not None:
            return self._table.literal(column, value)
        self.cells.append(value)
        return f"${len(self.cells)}"


Spell: TypeAlias = Callable[[str, Cell], str]


def _statement(table: GridTable, change: Edit) -> tuple[str, list[Cell]]:
    """Return an edit as a statement with placeholders, and their values."""
    values = _Values(table)
    return _text(table, change, values.mark), values.cells


def _text(table: GridTable, change: Edit, spell: Spell) -> str:
    """Return an edit as a statement whose values are formatted by `spell`."""
    assignments = [(table.quoted(name), spell(name, value)) for name, value in change.values.items()]
    match change.kind:
        case "insert" if not assignments:
            return f"INSERT INTO {table.name} {table.grammar.no_values}"
        case "insert":
            names, values = zip(*assignments, strict=True)
            return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(values)})"  # noqa: S608
        case "delete":
            return f"DELETE FROM {table.name} WHERE {_key(table, change, spell)}"  # noqa: S608
        case "update":
            changed = ", ".join(f"{name} = {value}" for name, value in assignments)
            return f"UPDATE {table.name} SET {changed} WHERE {_key(table, change, spell)}"  # noqa: S608


def _key(table: GridTable, change: Edit, spell: Spell) -> str:
    return " AND ".join(f"{table.quoted(name)} = {spell(name, value)}" for name, value in change.key.items())
