"""Staged edits of rows: shown as SQL, then applied together or not at all, and only to rows that nobody changed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from headwater.catalog.results import Cell, Finished, Limits, QueryError, ResultColumn, Rows, Started
from headwater.engines import Session
from headwater.features.query.service import access as doors
from headwater.features.query.service import tables
from headwater.features.query.service.access import Access, Workplace
from headwater.features.query.service.rows import literal
from headwater.features.query.service.tables import Table
from headwater.kit.errors import HeadwaterError, Invalid

LIMITS = Limits(rows=10, bytes=None, seconds=60)


@dataclass(frozen=True, slots=True)
class Edit:
    """One staged edit: `was` holds what the editor showed of the columns that it changes."""

    kind: Literal["insert", "update", "delete"]
    key: Mapping[str, Cell] = field(default_factory=dict)
    was: Mapping[str, Cell] = field(default_factory=dict)
    values: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that is no longer as it was shown; `now` is what it holds, None when it is gone."""

    edit: int
    now: dict[str, Cell] | None


@dataclass(slots=True)
class Outcome:
    """What came of staged edits."""

    statements: list[str]
    applied: bool = False
    conflicts: list[Conflict] = field(default_factory=list)
    error: str | None = None
    failed_edit: int | None = None
    rows: list[dict[str, Cell] | None] = field(default_factory=list)


async def edit(
    place: Workplace, access: Access, table_name: str, schema_name: str | None, edits: Sequence[Edit], *, apply: bool
) -> Outcome:
    """Return the SQL of edits; with `apply`, carry them out in one transaction.

    Raises:
        Invalid: an edit names no column or not the whole key, or changes nothing.
    """
    table = await tables.find(place, access, table_name, schema_name)
    for number, one in enumerate(edits):
        _check(table, one, number)
    outcome = Outcome([_spelt(table, one) for one in edits])
    if apply:
        async with doors.session(place, access) as session:
            await _apply(session, table, edits, outcome)
    return outcome


def _check(table: Table, one: Edit, number: int) -> None:
    for column in (*one.values, *one.was):
        table.quoted(column)
    if one.kind != "insert":
        table.check_key(one.key, number)
    if one.kind == "update" and not one.values:
        raise Invalid({f"edits.{number}.values": "An update without values changes nothing."})


async def _apply(session: Session, table: Table, edits: Sequence[Edit], outcome: Outcome) -> None:
    number = 0
    await _run(session, "BEGIN", [])
    try:
        for number, one in enumerate(edits):
            text, values = _statement(table, one)
            rows, affected = await _run(session, text, values)
            if one.kind != "insert" and not affected:
                outcome.conflicts.append(Conflict(number, await _now(session, table, one)))
            outcome.rows.append(rows[0] if rows and one.kind != "delete" else None)
        if not outcome.conflicts:
            await _run(session, "COMMIT", [])
            outcome.applied = True
    except QueryError as error:
        outcome.error, outcome.failed_edit = _sentence(error), number
    finally:
        if not outcome.applied:
            outcome.rows = []
            with contextlib.suppress(HeadwaterError):
                await _run(session, "ROLLBACK", [])


def _sentence(error: QueryError) -> str:
    return f"{error.message} {error.detail.splitlines()[0]}" if error.detail else error.message


async def _run(session: Session, text: str, values: list[Cell]) -> tuple[list[dict[str, Cell]], int]:
    columns: tuple[ResultColumn, ...] = ()
    rows: list[dict[str, Cell]] = []
    affected = 0
    async for frame in session.run(text, values, LIMITS):
        if isinstance(frame, Started):
            columns = frame.columns or ()
        elif isinstance(frame, Rows):
            rows += [dict(zip((column.name for column in columns), row, strict=True)) for row in frame.rows]
        elif isinstance(frame, Finished):
            affected = frame.affected or 0
    return rows, affected


async def _now(session: Session, table: Table, one: Edit) -> dict[str, Cell] | None:
    values = list(one.key.values())
    conditions = " AND ".join(f"{table.quoted(name)} = ${place}" for place, name in enumerate(one.key, 1))
    rows, _ = await _run(session, f"SELECT * FROM {table.name} WHERE {conditions}", values)  # noqa: S608 - names are quoted
    return rows[0] if rows else None


def _statement(table: Table, one: Edit) -> tuple[str, list[Cell]]:
    """Return an edit as a statement with placeholders, and their values."""
    values: list[Cell] = []

    def mark(value: Cell) -> str:
        values.append(value)
        return f"${len(values)}"

    return _text(table, one, mark) + " RETURNING *", values


def _spelt(table: Table, one: Edit) -> str:
    return _text(table, one, literal) + ";"


def _text(table: Table, one: Edit, mark: object) -> str:
    spell = mark if callable(mark) else literal
    if one.kind == "insert":
        if not one.values:
            return f"INSERT INTO {table.name} DEFAULT VALUES"
        names = ", ".join(table.quoted(name) for name in one.values)
        return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(spell(value) for value in one.values.values())})"  # noqa: S608
    changed = ", ".join(f"{table.quoted(name)} = {spell(value)}" for name, value in one.values.items())
    conditions = [f"{table.quoted(name)} = {spell(value)}" for name, value in one.key.items()]
    for name, value in one.was.items():
        if name not in one.key:
            shown = f"CAST({table.quoted(name)} AS text)"
            conditions.append(f"{shown} IS NULL" if value is None else f"{shown} = {spell(_as_text(value))}")
    where = " AND ".join(conditions)
    if one.kind == "delete":
        return f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608
    return f"UPDATE {table.name} SET {changed} WHERE {where}"  # noqa: S608


def _as_text(value: Cell) -> str:
    """Return a cell as the server casts the value to text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
