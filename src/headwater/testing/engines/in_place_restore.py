"""Checks for engines with in-place restores: all tables get the rows of the snapshot, or nothing changes.

The subject's `refills` create `artist` (a numbered key, a unique `name`, `bio`), `album` (such a key, `artist_id` of an
artist, `title`) and `note` (`body`, no key), and `fired`, into which triggers of the first two write for each row that
is inserted, updated or deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from headwater.catalog.model import Schema
from headwater.catalog.results import QueryError
from headwater.engines import (
    STANDALONE_ROWS,
    Address,
    Batch,
    Mode,
    RowsDiffer,
    SnapshotTable,
    TableRestoreRequest,
    TableRestoreResult,
)
from headwater.kit.errors import HeadwaterError
from headwater.testing.engines.schemas import assert_equal
from headwater.testing.engines.snapshots import Texts, texts, unsized
from headwater.testing.engines.subject import Subject, rows, run_all

TABLES = ("artist", "album", "note")
ARTISTS, ALBUMS = 200, 500
_ARTISTS = ", ".join(f"('Name {n}', 'it''s {n}')" for n in range(1, ARTISTS + 1))
_ALBUMS = ", ".join(f"({n % ARTISTS + 1}, 'Title {n}')" for n in range(1, ALBUMS + 1))
FILLED = (
    f"INSERT INTO artist (name, bio) VALUES {_ARTISTS}; INSERT INTO album (artist_id, title) VALUES {_ALBUMS}; "  # noqa: S608
    "INSERT INTO note (body) VALUES ('a'), ('a'), (NULL), ('')"
)


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """The content of a database: its tables with their rows, its schema and extras."""

    schema: Schema
    extras: Any
    tables: dict[str, tuple[SnapshotTable, list[Batch]]]
    texts: Texts

    def rows(self, name: str) -> list[tuple[bytes | None, ...]]:
        """Return the rows of a table, by its bare name."""
        return self.texts[self.tables[name][0].display_name]

    def without(self, name: str) -> DatabaseState:
        """Return the same state without the rows of a table."""
        return replace(self, texts={text: self.texts[text] for text in self.texts if text.rpartition(".")[2] != name})

    def of(self, names: Iterable[str]) -> list[tuple[SnapshotTable, Iterator[Batch]]]:
        """Return some tables with their rows, by bare names, for a `TableRestoreRequest`."""
        return [(self.tables[name][0], iter(self.tables[name][1])) for name in names]


class RestoreScenario:
    """A database on which in-place restores are tested."""

    def __init__(self, subject: Subject, address: Address) -> None:
        self._subject, self.address = subject, address

    async def run(self, text: str) -> None:
        """Run statements."""
        session = await self._subject.engine.connect(self.address)
        try:
            await run_all(session, text)
        finally:
            await session.close()

    async def ask(self, query: str) -> Any:
        """Return the only cell of a query's result."""
        session = await self._subject.engine.connect(self.address)
        try:
            ((cell,),) = await rows(session, query)
            return cell
        finally:
            await session.close()

    async def fires(self) -> None:
        """Assert that triggers fire once for each row."""
        before = await self.ask("SELECT count(*) FROM fired")
        await self.run("INSERT INTO artist (name) VALUES ('fires'); DELETE FROM artist WHERE name = 'fires'")
        await self.run("UPDATE album SET title = 'fires' WHERE id < 3")
        assert await self.ask("SELECT count(*) FROM fired") == before + 4

    async def read_state(self) -> DatabaseState:
        """Read the state of the database, without rows that belong to no table: in-place restores skip them."""
        assert self._subject.engine.snapshots
        dump = await self._subject.engine.snapshots.open_reader(self.address)
        try:
            own = [table for table in dump.tables if not table.facts.get(STANDALONE_ROWS)]
            tables = {table.name: (table, await asyncio.to_thread(list, dump.read(table))) for table in own}
            every = await texts(dump)
            return DatabaseState(
                unsized(dump.schema), dump.extras, tables, {item.display_name: every[item.display_name] for item in own}
            )
        finally:
            await dump.close()

    async def restore_tables(self, what: TableRestoreRequest) -> list[TableRestoreResult]:
        """Restore tables in place."""
        assert self._subject.engine.in_place_restore
        refill = await self._subject.engine.in_place_restore.open(self.address)
        try:
            return await asyncio.to_thread(refill.restore_tables, what)
        finally:
            await refill.close()

    async def restore(
        self, snapshot: DatabaseState, mode: Mode, names: Sequence[str] = ("artist", "album", "note")
    ) -> list[TableRestoreResult]:
        """Restore tables from an earlier state."""
        return await self.restore_tables(TableRestoreRequest(snapshot.of(names), mode, extras=snapshot.extras))


@asynccontextmanager
async def open_scenario(subject: Subject) -> AsyncIterator[RestoreScenario]:
    """Yield a new database with the tables and rows."""
    async with subject.fresh() as address:
        scenario = RestoreScenario(subject, address)
        await scenario.run(subject.refills)
        await scenario.run(FILLED)
        yield scenario


def same(actual: DatabaseState, wanted: DatabaseState) -> None:
    """Assert that two states have the same schema and rows; counters may differ."""
    assert {name: sorted(map(str, texts)) for name, texts in actual.texts.items()} == {
        name: sorted(map(str, texts)) for name, texts in wanted.texts.items()
    }
    assert_equal(actual.schema, wanted.schema)


async def overwritten_tables_are_as_they_were(subject: Subject) -> None:
    """Law: a restored table equals its snapshot, whatever changed meanwhile; triggers fire only afterwards."""
    async with open_scenario(subject) as scenario:
        saved = await scenario.read_state()
        await scenario.run(
            "DELETE FROM album WHERE id % 3 = 0; UPDATE artist SET bio = NULL, name = upper(name) WHERE id % 2 = 0; "
            "INSERT INTO artist (name) VALUES ('late'); UPDATE album SET title = ''; DELETE FROM note"
        )
        spoilt = await scenario.read_state()
        done = await scenario.restore(saved, "overwrite")
        assert done == [
            TableRestoreResult(201, 200, 200),
            TableRestoreResult(334, 500, 500),
            TableRestoreResult(0, 4, 4),
        ]
        state = await scenario.read_state()
        assert state.rows("fired") == spoilt.rows("fired")
        same(state.without("fired"), saved.without("fired"))
        await scenario.fires()


async def rows_are_added_or_completed(subject: Subject) -> None:
    """An append fails if a key exists; `append_missing` skips these rows, and adds the others."""
    async with open_scenario(subject) as scenario:
        saved = await scenario.read_state()
        assert await scenario.restore(saved, "append", ["note"]) == [TableRestoreResult(4, 4, 8)]
        await scenario.run("DELETE FROM album WHERE id > 490; UPDATE album SET title = 'mine' WHERE id <= 10")
        before = await scenario.read_state()
        await fails(scenario.restore(saved, "append", ["note", "album"]))
        same(await scenario.read_state(), before)
        assert await scenario.restore(saved, "append_missing", ["album"]) == [TableRestoreResult(490, 10, 500)]
        assert await scenario.ask("SELECT count(*) FROM album WHERE title = 'mine'") == 10
        assert await scenario.ask("SELECT count(*) FROM album") == ALBUMS
        state = await scenario.read_state()
        assert state.rows("fired") == before.rows("fired")
        same(state.without("album"), before.without("album"))
        await scenario.run("DELETE FROM album WHERE artist_id = 9; DELETE FROM artist WHERE id = 9")
        await scenario.run("INSERT INTO artist (name) VALUES ('Name 9')")  # any of a table's unique keys is a key
        assert await scenario.restore(saved, "append_missing", ["artist"]) == [TableRestoreResult(200, 0, 200)]


async def rows_are_exchanged(subject: Subject) -> None:
    """Law: given rows are deleted and others added in one step, unless one of the former has changed."""
    async with open_scenario(subject) as scenario:
        saved = await scenario.read_state()
        await scenario.run(
            "DELETE FROM album WHERE artist_id = 7 OR id > 490; DELETE FROM artist WHERE id = 7; "
            "UPDATE artist SET name = 'swapped' WHERE id = 1; UPDATE artist SET name = 'Name 1' WHERE id = 2; "
            "UPDATE artist SET name = 'Name 2', bio = NULL WHERE id = 1; UPDATE album SET title = 'é''s' WHERE id < 9; "
            "INSERT INTO artist (name) VALUES ('late'); INSERT INTO album (artist_id, title) VALUES (201, '')"
        )
        spoilt = await scenario.read_state()

        def request() -> TableRestoreRequest:
            names = ("artist", "album")
            tables = [(saved.tables[name][0], _only_in(saved, spoilt, name)) for name in names]
            removed = [_only_in(spoilt, saved, name) for name in names]
            return TableRestoreRequest(tables, "append", removed=removed)

        await scenario.run("UPDATE album SET title = 'mine' WHERE id = 3")
        before = await scenario.read_state()
        await fails(scenario.restore_tables(request()), RowsDiffer)
        same(await scenario.read_state(), before)
        await scenario.run("UPDATE album SET title = 'é''s' WHERE id = 3")
        before = await scenario.read_state()
        await scenario.restore_tables(request())
        state = await scenario.read_state()
        assert state.rows("fired") == before.rows("fired")
        same(state.without("fired"), saved.without("fired"))
        await fails(scenario.restore_tables(request()), RowsDiffer)
        await scenario.fires()


def _only_in(state: DatabaseState, other: DatabaseState, name: str) -> list[Batch]:
    """Return the rows of a table that only one of two states has."""
    rows = set(state.rows(name)) - set(other.rows(name))
    columns = [pa.array(column, pa.binary()) for column in zip(*sorted(rows, key=str), strict=True)]
    return [pa.RecordBatch.from_arrays(columns, [str(place) for place in range(len(columns))])]


async def keys_are_checked_at_the_end(subject: Subject) -> None:
    """If a row would refer to a missing row, in these tables or in others that refer to them, nothing changes."""
    async with open_scenario(subject) as scenario:
        saved = await scenario.read_state()
        await scenario.run("INSERT INTO artist (id, name) VALUES (900, 'late')")
        await scenario.run("INSERT INTO album (artist_id, title) VALUES (900, 'late')")
        before = await scenario.read_state()
        error = await fails(scenario.restore(saved, "overwrite", ["note", "artist"]))
        assert "foreign key" in error.message, error.message
        same(await scenario.read_state(), before)
        await scenario.run("DELETE FROM album WHERE artist_id IN (7, 900); DELETE FROM artist WHERE id = 7")
        before = await scenario.read_state()
        error = await fails(scenario.restore(saved, "append_missing", ["album"]))
        assert "foreign key" in error.message, error.message
        same(await scenario.read_state(), before)
        done = await scenario.restore(saved, "overwrite", ["album", "artist"])
        assert done == [TableRestoreResult(len(before.rows("album")), 500, 500), TableRestoreResult(200, 200, 200)]


async def what_breaks_off_changes_nothing(subject: Subject) -> None:
    """If the rows cannot be read completely, nothing has changed, including triggers."""
    async with open_scenario(subject) as scenario:
        saved = await scenario.read_state()
        await scenario.run("DELETE FROM album WHERE id > 10; DELETE FROM note")
        before = await scenario.read_state()

        def broken() -> Iterator[Batch]:
            yield from saved.tables["album"][1]
            raise LookupError("the vault is gone")

        tables = [*saved.of(["artist", "note"]), (saved.tables["album"][0], broken())]
        try:
            await scenario.restore_tables(TableRestoreRequest(tables, "overwrite"))
        except LookupError:
            pass
        else:
            raise AssertionError("it went on")
        same(await scenario.read_state(), before)
        await scenario.fires()


async def missing_tables_are_made(subject: Subject) -> None:
    """Missing tables are created, with their key, counters and triggers."""
    snapshots = subject.engine.snapshots
    assert snapshots
    async with open_scenario(subject) as scenario:
        await scenario.run("DELETE FROM album WHERE id > 490")  # its numbers continue after 500 anyway
        saved = await scenario.read_state()
        await scenario.run("DROP TABLE album; DROP TABLE note")
        there = (await scenario.read_state()).schema
        part = replace(
            saved.schema, relations=tuple(relation for relation in saved.schema if relation.name in {"album", "note"})
        )
        known = {*snapshots.pre_data_ddl(there), *snapshots.post_data_ddl(there)}
        first = [statement for statement in snapshots.pre_data_ddl(part) if statement not in known]
        later = [statement for statement in snapshots.post_data_ddl(part) if statement not in known]
        done = await scenario.restore_tables(
            TableRestoreRequest(saved.of(["artist", "album", "note"]), "overwrite", first, later, saved.extras)
        )
        assert done == [TableRestoreResult(200, 200, 200), TableRestoreResult(0, 490, 490), TableRestoreResult(0, 4, 4)]
        same(await scenario.read_state(), saved)
        await scenario.fires()
        await scenario.run("INSERT INTO album (artist_id, title) VALUES (1, 'next')")
        assert await scenario.ask("SELECT max(id) FROM album") == ALBUMS + 1


async def counters_never_go_back(subject: Subject) -> None:
    """A number is never assigned twice, even if its row was deleted."""
    async with open_scenario(subject) as scenario:
        saved = await scenario.read_state()
        await scenario.run("INSERT INTO artist (name) VALUES ('a'), ('b'); DELETE FROM artist WHERE name IN ('a', 'b')")
        await scenario.restore(saved, "overwrite")
        await scenario.run("INSERT INTO artist (name) VALUES ('next')")
        assert await scenario.ask("SELECT max(id) FROM artist") == ARTISTS + 3


async def fails(work: Any, refusal: type[HeadwaterError] = QueryError) -> HeadwaterError:
    """Await a call that must be refused, and return the error."""
    try:
        await work
    except refusal as error:
        return error
    raise AssertionError("it was not refused")


CHECKS = (
    overwritten_tables_are_as_they_were,
    rows_are_added_or_completed,
    rows_are_exchanged,
    keys_are_checked_at_the_end,
    what_breaks_off_changes_nothing,
    missing_tables_are_made,
    counters_never_go_back,
)
