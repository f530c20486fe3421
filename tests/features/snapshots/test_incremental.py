"""An incremental read gives the same table as a full read, whatever changed in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import psycopg
import pytest

from engines.postgresql.place import HOST, PORT, fresh, missing
from headwater.core.snapshots import incremental
from headwater.engines import Address, Baseline, SnapshotTable, engine
from headwater.engines.postgresql import change_tracking as telling
from headwater.vault.chunker import ChunkSizes
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.snapshot_writer import TableShape, TableWriter, WrittenTable
from headwater.vault.table_reader import TableReader
from headwater.vault.vault import Vault

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
POSTGRES = engine("postgresql")
SMALL = ChunkSizes(rows=64)
# Tables with keys of every sort: a number, a text in the database's order, several columns, one with odd values.
TABLES = {
    "plain": ("id bigint PRIMARY KEY, n int, note text", "g, g % 7, 'note ' || g"),
    "texts": ("id text PRIMARY KEY, n int, note text", "'Kéy ' || md5(g::text), g % 7, E'tab\\t' || g"),
    "pairs": (
        "a int, b text, n int, note text, PRIMARY KEY (b, a)",
        "g, (ARRAY['x', 'Y', 'ä', ''''])[1 + g % 4], g % 7, CASE g % 5 WHEN 0 THEN NULL ELSE 'n' || g END",
    ),
    "odd": ("id numeric PRIMARY KEY, n int, note text", "g::numeric / 3, g % 7, 'note'"),
}
WORK = (
    "UPDATE {t} SET n = n + 1 WHERE random() < {p}",
    "UPDATE {t} SET note = note || '!' WHERE random() < {p}",
    "DELETE FROM {t} WHERE random() < {p}",
    "DELETE FROM {t} WHERE n = {k}",
    "INSERT INTO {t} SELECT {values} FROM generate_series({from_}, {from_} + {many}) g ON CONFLICT DO NOTHING",
    "WITH gone AS (DELETE FROM {t} WHERE random() < {p} RETURNING *) INSERT INTO {t} SELECT * FROM gone",
    "DELETE FROM {t} WHERE random() < {p}; INSERT INTO {t} SELECT {values} FROM generate_series(1, 4000) g "
    "WHERE random() < {p} ON CONFLICT DO NOTHING",
    "SELECT 1",
)


@asynccontextmanager
async def dumped(address: Address):
    dump = await POSTGRES.snapshots.open_reader(address)
    try:
        yield dump
    finally:
        await dump.close()


def written(
    vault: Vault, dump, table: SnapshotTable, before: tuple[Baseline, WrittenTable] | None
) -> tuple[WrittenTable, str]:
    """Write a table incrementally if possible, else completely; return which it was."""
    shape = TableShape(tuple(column.hint for column in table.columns), table.key)
    with vault.write_snapshot("test", sizes=SMALL) as writing:
        if before:
            reader = TableReader(vault.packs, vault.keys, before[1].root, table.key)
            parent = reader.parent()
            writer = TableWriter(writing.ink, shape, parent)
            try:
                since = incremental.changes_since(dump.change_tracking, table, before[0], before[1].counted.rows)
                if since is None:
                    raise incremental.ReadAll
                result = (
                    incremental.write_changes(dump.change_tracking, table, since, parent, reader, writer),
                    "changes",
                )
            except incremental.ReadAll:
                result = TableWriter(writing.ink, shape, reader.parent()).write(dump.read(table)), "all"
        else:
            result = TableWriter(writing.ink, shape).write(dump.read(table)), "all"
        writing.ink.data.finish()
        writing.ink.trees.finish()
    return result


def rows(vault: Vault, table: SnapshotTable, root: WrittenTable) -> list[tuple[bytes | None, ...]]:
    def given() -> Iterator[tuple[bytes | None, ...]]:
        with ThreadPoolExecutor(2) as threads:
            for batch in TableReader(vault.packs, vault.keys, root.root, table.key).rows(threads):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    return sorted(given(), key=repr)


def directly(dump, table: SnapshotTable) -> list[tuple[bytes | None, ...]]:
    result = [
        row for batch in dump.read(table) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    return sorted(result, key=repr)


def work(connection: psycopg.Connection, name: str, chance: random.Random) -> None:
    for statement in chance.sample(WORK, chance.randint(1, 3)):
        connection.execute(
            statement.format(
                t=name,
                p=chance.choice((0.0005, 0.01, 0.2)),
                k=chance.randint(0, 9),
                values=TABLES[name][1],
                from_=chance.choice((-50, 1_000, 4_001, 9_000)),
                many=chance.choice((3, 150)),
            ).encode()
        )


@pytest.mark.parametrize("name", TABLES)
async def test_incremental_read_gives_the_same_table(name, tmp_path, monkeypatch):
    monkeypatch.setattr(telling, "_SPLIT_PAGES", {"plain": 2, "pairs": 2}.get(name, 1_000_000))  # counted in halves
    vault = Vault.create(LocalBlobs(tmp_path), KeySource.key(b"k" * 32))
    chance, how = random.Random(name), []
    async with fresh() as address:
        where = f"host={HOST} port={PORT} user=postgres dbname={address.database}"
        with psycopg.connect(where, autocommit=True) as connection:
            columns, values = TABLES[name]
            connection.execute(f"CREATE TABLE {name} ({columns})".encode())
            connection.execute(f"INSERT INTO {name} SELECT {values} FROM generate_series(1, 4000) g".encode())
            before = None
            for _ in range(9):
                async with dumped(address) as dump:
                    assert dump.change_tracking
                    (table,) = dump.tables
                    root, by = await asyncio.to_thread(written, vault, dump, table, before)
                    how.append(by)
                    there = await asyncio.to_thread(directly, dump, table)
                    assert rows(vault, table, root) == there
                    assert root.counted.rows == len(there)
                    before = Baseline(dump.product, dump.moment, table), root
                work(connection, name, chance)
    assert how.count("changes") > 3, how


async def test_transaction_open_during_a_snapshot_is_not_missed(tmp_path):
    vault = Vault.create(LocalBlobs(tmp_path), KeySource.key(b"k" * 32))
    async with fresh() as address:
        where = f"host={HOST} port={PORT} user=postgres dbname={address.database}"
        with psycopg.connect(where, autocommit=True) as item, psycopg.connect(where) as other:
            item.execute("CREATE TABLE plain (id int PRIMARY KEY, n int)")
            item.execute("INSERT INTO plain SELECT g, 0 FROM generate_series(1, 500) g")
            other.execute("UPDATE plain SET n = 1 WHERE id = 7")  # begun before, committed after
            item.execute("UPDATE plain SET n = 2 WHERE id = 400")
            async with dumped(address) as dump:
                (table,) = dump.tables
                root, _ = await asyncio.to_thread(written, vault, dump, table, None)
                before = Baseline(dump.product, dump.moment, table), root
            other.commit()
            async with dumped(address) as dump:
                (table,) = dump.tables
                root, by = await asyncio.to_thread(written, vault, dump, table, before)
                assert by == "changes"
                assert rows(vault, table, root) == await asyncio.to_thread(directly, dump, table)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE plain ADD COLUMN more int DEFAULT 5",
        "ALTER TABLE plain ALTER n TYPE bigint",
        "TRUNCATE plain; INSERT INTO plain SELECT g, 1, 'new' FROM generate_series(1, 4000) g",
        "VACUUM FULL plain",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    ],
)
async def test_untracked_changes_cause_a_full_read(change, tmp_path):
    async with fresh() as address:
        where = f"host={HOST} port={PORT} user=postgres dbname={address.database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')")
            connection.execute("CREATE TABLE plain (id int PRIMARY KEY, n int, m mood)".replace("m mood", "note text"))
            async with dumped(address) as dump:
                then = Baseline(dump.product, dump.moment, dump.tables[0])
            async with dumped(address) as dump:
                assert dump.change_tracking.can_compare(dump.tables[0], then)
            for statement in change.split(";"):
                connection.execute(statement.encode())
            async with dumped(address) as dump:
                assert not dump.change_tracking.can_compare(dump.tables[0], then)


async def test_unchanged_table_is_detected_by_counts(tmp_path):
    async with fresh() as address:
        where = f"host={HOST} port={PORT} user=postgres dbname={address.database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("CREATE TABLE plain (id int PRIMARY KEY, n int)")
            connection.execute("INSERT INTO plain SELECT g, 0 FROM generate_series(1, 500) g")
            async with dumped(address) as dump:
                then = Baseline(dump.product, dump.moment, dump.tables[0])
            async with dumped(address) as dump:
                assert (
                    await asyncio.to_thread(incremental.changes_since, dump.change_tracking, dump.tables[0], then, 500)
                ).nothing
            connection.execute("DELETE FROM plain WHERE id = 3")
            async with dumped(address) as dump:
                assert not (
                    await asyncio.to_thread(incremental.changes_since, dump.change_tracking, dump.tables[0], then, 500)
                ).nothing
