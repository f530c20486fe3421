"""What differs between any two sides, databases as they are now or snapshots: numbers by table, and pages of rows.

Nothing is stored: each answer reads the sides again. Two snapshots of one vault are compared by the vault.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headwater.engines import SnapshotTable
from headwater.features.accounts.rights import Actor
from headwater.features.diffs.service import sides, snapshot_diffs
from headwater.features.diffs.service.change_reader import RowChange
from headwater.features.diffs.service.sides import OpenSide, SideReference
from headwater.features.diffs.service.snapshot_diffs import ChangesPage, ChangesWindow
from headwater.features.diffs.service.streamed_tables import ColumnChoice, StreamedTable, TimeUp
from headwater.features.diffs.service.table_versions import TableSummary
from headwater.features.extracts.service import snapshot_access
from headwater.features.extracts.service.snapshot_access import OpenSnapshot
from headwater.features.query.service.rows import LONGEST_CELL
from headwater.kit.errors import BadInput, NotFound, did_you_mean
from headwater.kit.paging import decode_cursor, encode_cursor
from headwater.store.context import Context


@dataclass(frozen=True)
class Comparison:
    """What to compare: from side `a` to side `b`, all tables if `tables` is empty, for at most so many seconds."""

    a: SideReference
    b: SideReference
    tables: Sequence[str] = ()
    choice: ColumnChoice = ColumnChoice()
    seconds: float = 10.0


@dataclass(frozen=True)
class SideDiff:
    """What differs between two sides, by table, sorted by name."""

    a: str
    b: str
    tables: tuple[TableSummary, ...]
    milliseconds: float


@dataclass(frozen=True)
class SideChangesPage(ChangesPage):
    """Some rows that differ; if not `complete`, time was up before all rows were compared."""

    complete: bool


@contextlib.asynccontextmanager
async def opened(context: Context, actor: Actor, wanted: Comparison) -> AsyncIterator[tuple[OpenSide, OpenSide]]:
    """Open both sides of a comparison.

    Raises:
        NotFound, Forbidden, Conflict: a side cannot be read; see `sides.opened`.
        BadInput: the sides are of two engines, or the same.
    """
    if wanted.a == wanted.b:
        raise BadInput("Both sides are the same.", hint="Choose two different sides.")
    async with sides.opened(context, actor, wanted.a) as before, sides.opened(context, actor, wanted.b) as after:
        if before.engine.name != after.engine.name:
            raise BadInput(
                f"One side is of {before.engine.display_name}, the other one of {after.engine.display_name}.",
                hint="Choose two sides of one engine.",
            )
        yield before, after


async def compare(context: Context, actor: Actor, wanted: Comparison) -> SideDiff:
    """Return how many rows of each table differ; raises as `opened`, and NotFound for a table or column."""
    began = time.monotonic()
    if (snapshots := await _of_one_vault(context, actor, wanted)) and not wanted.tables:
        diff = await snapshot_diffs.compare_opened(*snapshots)
        return SideDiff(wanted.a.text, wanted.b.text, diff.tables, diff.milliseconds)
    async with opened(context, actor, wanted) as both:
        pairs = pair_up(both, wanted)

        def work() -> list[TableSummary]:
            return [_summary(both, pair, wanted.choice, began + wanted.seconds) for pair in pairs]

        tables = await sides.run(both, wanted.seconds, work)
    return SideDiff(wanted.a.text, wanted.b.text, tuple(tables), (time.monotonic() - began) * 1000)


async def changes(context: Context, actor: Actor, wanted: Comparison, window: ChangesWindow) -> SideChangesPage:
    """Return a page of rows of a table that differ; raises as `compare`."""
    began = time.monotonic()
    if snapshots := await _of_one_vault(context, actor, wanted):
        page = await snapshot_diffs.changes_opened(*snapshots, window)
        return SideChangesPage(**vars(page), complete=True)
    async with opened(context, actor, wanted) as both:
        ((old, new),) = pair_up(both, replace(wanted, tables=[window.table]))
        if not old or not new:
            side, table = (both[1], old) if old else (both[0], new)
            assert table
            known = [each.display_name for each in side.tables]
            raise NotFound(
                f"{side.name} has no table {table.display_name}.", hint=did_you_mean(table.display_name, known)
            )
        streamed = streamed_table(both, old, new, wanted.choice)
        return await sides.run(both, wanted.seconds, lambda: _page(streamed, window, began + wanted.seconds))


async def _of_one_vault(context: Context, actor: Actor, wanted: Comparison) -> tuple[OpenSnapshot, OpenSnapshot] | None:
    """Return both sides if the vault can compare them: it knows what they have in common without reading it."""
    if {wanted.a.kind, wanted.b.kind} != {"snapshot"} or wanted.a == wanted.b or wanted.choice != ColumnChoice():
        return None
    before, after = [await snapshot_access.open_snapshot(context, actor, side.id) for side in (wanted.a, wanted.b)]
    for opened_ in (before, after):
        sides.check(opened_.engine)
    is_one = before.vault_id == after.vault_id and before.engine.name == after.engine.name
    return (before, after) if is_one else None


TablePairs = list[tuple[SnapshotTable | None, SnapshotTable | None]]


def pair_up(both: tuple[OpenSide, OpenSide], wanted: Comparison) -> TablePairs:
    """Return the tables of both sides side by side, sorted by name.

    Raises:
        NotFound: no side has such a table or column.
        BadInput: a name without its schema means several tables.
    """
    old, new = ({table.display_name: table for table in side.tables} for side in both)
    names = sorted({*old, *new})
    if wanted.tables:
        chosen = {
            _resolve(name, {display: (old.get(display) or new[display]).name for display in names})
            for name in wanted.tables
        }
        names = [name for name in names if name in chosen]
    pairs = [(old.get(name), new.get(name)) for name in names]
    known = {column.name for pair in pairs for table in pair if table for column in table.columns if not column.hidden}
    for column in (*wanted.choice.only, *wanted.choice.ignored):
        if column not in known:
            raise NotFound(f"No table has a column {column!r}.", hint=did_you_mean(column, known))
    return pairs


def _resolve(name: str, short_names: dict[str, str]) -> str:
    """Return the display name of a table that is given with or without its schema."""
    if name in short_names:
        return name
    matches = [display for display, short in short_names.items() if short == name]
    if not matches:
        known = {*short_names, *short_names.values()}
        raise NotFound(f"No side has a table {name!r}.", hint=did_you_mean(name, known))
    if len(matches) > 1:
        raise BadInput(f"Several tables are called {name!r}.", hint=did_you_mean(name, matches))
    return matches[0]


def streamed_table(
    both: tuple[OpenSide, OpenSide], old: SnapshotTable, new: SnapshotTable, choice: ColumnChoice
) -> StreamedTable:
    """Return a table that both sides have, ready to be compared."""
    return StreamedTable(before=both[0], after=both[1], old=old, new=new, choice=choice)


def _summary(
    both: tuple[OpenSide, OpenSide],
    pair: tuple[SnapshotTable | None, SnapshotTable | None],
    choice: ColumnChoice,
    deadline: float,
) -> TableSummary:
    old, new = pair
    if old and new:
        return streamed_table(both, old, new, choice).summary(deadline)
    if old:
        rows, exact = _count(both[0], old, deadline)
        return TableSummary(old.display_name, "removed", rows, 0, removed=rows, exact=exact)
    assert new
    rows, exact = _count(both[1], new, deadline)
    return TableSummary(new.display_name, "added", 0, rows, added=rows, exact=exact)


def _count(side: OpenSide, table: SnapshotTable, deadline: float) -> tuple[int, bool]:
    """Return the number of rows of a table, and whether all were counted."""
    rows = 0
    read: Any = side.read(table)
    with contextlib.closing(read) as batches:
        for batch in batches:
            rows += batch.num_rows
            if time.monotonic() > deadline:
                return rows, False
    return rows, True


def _page(table: StreamedTable, window: ChangesWindow, deadline: float) -> SideChangesPage:
    skip = int(decode_cursor(window.cursor, int)[0]) if window.cursor else 0
    start, reader, complete = skip, table.reader(LONGEST_CELL), True
    collected: list[RowChange] = []
    try:
        with contextlib.closing(table.differences(deadline)) as parts:
            for part in parts:
                added, removed, changed = part.counts
                size = {"added": added, "removed": removed, "changed": changed, None: sum(part.counts)}[window.kind]
                collected += reader.changes(part, window.kind, min(skip, size), window.limit + 1 - len(collected))
                skip -= min(skip, size)
                if len(collected) > window.limit:
                    break
    except TimeUp:
        complete = False
    more = len(collected) > window.limit
    key = tuple(table.columns[ordinal] for ordinal in table.key)
    following = encode_cursor(start + window.limit) if more else None
    rows = tuple(collected[: window.limit])
    return SideChangesPage(table.name, reader.columns, key, rows, reader.shortened, following, complete or more)
