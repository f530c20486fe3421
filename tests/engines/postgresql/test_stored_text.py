"""A table is equal to what was sent only if every row is, also when it is read in two parts at once."""

from __future__ import annotations

import asyncio

import psycopg
import pyarrow as pa
import pytest

from engines.postgresql.place import HOST, PORT, fresh, missing
from headwater.engines import Address, SnapshotColumn, SnapshotTable
from headwater.engines.postgresql import ENGINE as POSTGRES
from headwater.engines.postgresql.stored_text import SentText

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
ROWS, PER_BATCH = 60_000, 7_000
# What a trigger does to rows on their way into the table, as a condition on the key; none, then in either part.
CHANGED = {"no row": "false", "the first row": "NEW.id = 1", "the last row": f"NEW.id = {ROWS}"} | {
    f"row {number:,}": f"NEW.id = {number}" for number in (29_999, 30_000, 35_000, 35_001)
}


def table(rows: int) -> SnapshotTable:
    columns = (SnapshotColumn("id", "integer", "integer"), SnapshotColumn("note", "text", "text"))
    return SnapshotTable("public", "t", columns, (0,), rows)


def batches(rows: int) -> list[pa.RecordBatch]:
    ids = [str(number).encode() for number in range(1, rows + 1)]
    notes = [None if number % 3 == 0 else b"a note\\twith a tab" for number in range(1, rows + 1)]
    arrays = [pa.array(ids, pa.binary()), pa.array(notes, pa.binary())]
    return pa.Table.from_arrays(arrays, ["0", "1"]).combine_chunks().to_batches(PER_BATCH)


def make(address: Address, condition: str) -> None:
    where = f"host={HOST} port={PORT} user=postgres dbname={address.database}"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (id int, note text)")
        connection.execute(
            "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF {condition} THEN NEW.note := 'changed'; END IF; RETURN NEW; END $$".encode()
        )
        connection.execute("CREATE TRIGGER change BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION change()")


async def load(condition: str, rows: int, expected_rows: int) -> tuple[int, bool]:
    async with fresh() as address:
        await asyncio.to_thread(make, address, condition)
        loader = await POSTGRES.snapshots.open_loader(address)
        try:
            assert loader.load_compared
            return await asyncio.to_thread(loader.load_compared, table(expected_rows), batches(rows))
        finally:
            await loader.close()


@pytest.mark.parametrize("name", CHANGED)
async def test_a_changed_row_is_noticed_in_either_part(name: str) -> None:
    assert await load(CHANGED[name], ROWS, ROWS) == (ROWS, name == "no row")


@pytest.mark.parametrize("expected", [0, 10, 10 * ROWS])
async def test_wrong_expectations_of_the_number_of_rows_do_no_harm(expected: int) -> None:
    assert await load("false", ROWS, expected) == (ROWS, True)
    assert await load(f"NEW.id = {ROWS}", ROWS, expected) == (ROWS, False)


def test_a_large_table_has_two_parts() -> None:
    sent = SentText(ROWS)
    for batch in batches(ROWS):
        sent.add(batch.num_rows, memoryview(b"text"))
    assert (sent.rows, sent.boundary, len(sent.digests)) == (ROWS, 35_000, 2)
