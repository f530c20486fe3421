"""Snapshots of MongoDB: unusual bytes, consistency during writes, and interruptions."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bson import ObjectId, decode, encode
from pymongo import MongoClient

from engines.mongodb.place import HOST, connected, started
from engines.test_every_engine import subject
from headwater.catalog.results import QueryError
from headwater.engines import Address, SnapshotReader, engine
from headwater.engines.mongodb import documents
from headwater.engines.mongodb.snapshot_reader import MongoSnapshotReader
from headwater.kit.errors import Conflict, Unavailable
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import PLAIN
from headwater.testing.engines.snapshots import texts
from suite.ports import free_port

ACCOUNTS, BALANCE = 250, 100  # the server sends 101 documents first
# Elements that drivers do not write any more, or read as others: undefined, symbol, pointer, a bool of 5, odd doubles,
# a regex and code with scope, arrays whose indexes jump, the same name twice, text that is none.
ODD = (
    b"\x06u\0",
    b"\x0es\0\2\0\0\0x\0",
    b"\x0cp\0\2\0\0\0x\0" + bytes(12),
    b"\x08b\0\5",
    b"\x01d\0\1\0\0\0\0\0\xf8\x7f",
    b"\x0br\0a.*\0zx\0",
    b"\x0fc\0\x10\0\0\0\2\0\0\0x\0\5\0\0\0\0",
    b"\x04a\0\x0c\0\0\0\x107\0\2\0\0\0\0",
    b"\x10n\0\1\0\0\0\x10n\0\2\0\0\0",
    b"\x02t\0\3\0\0\0\xff\xfe\0",
    b"",
)


def document(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return (len(body) + 5).to_bytes(4, "little") + body + b"\0"


@pytest.fixture(autouse=True)
def needed() -> None:
    subject("mongodb")


def test_documents_round_trip_byte_for_byte() -> None:
    ids = [
        encode({"_id": value})[4:-1]
        for value in (1, 2.5, "x", "", {"a": {"_id": 1}}, b"ab", ObjectId(), True, None, 2**40)
    ] + [item[:1] + b"_id" + item[2:] for item in ODD if item.count(b"\0") and len(item) > 3 and item[1:2] != b"n"]
    chance = random.Random(4)
    stored = [document(*chance.sample([item, *chance.sample(ODD, 3)], 4)) for item in ids for _ in range(20)]
    stored += [document(), document(ODD[0]), document(b"\x10_ids\0\1\0\0\0"), document(b"\x10_i\0d\0\0\0")]
    batch = documents.cut(b"".join(stored))
    assert list(documents.joined(batch)) == stored
    cut_out = sum(1 for item in batch.column(0).to_pylist() if item)
    assert len(ids) * 2 < cut_out < len(stored), "the data has documents of both kinds"


def test_invalid_bson_round_trips() -> None:
    chance = random.Random(5)
    stored = []
    for number in range(3000):
        item = bytearray(encode({"_id": number, "s": "text", "d": {"a": [1, 2.5]}, "r": re.compile("a"), "n": None}))
        for _ in range(chance.randrange(4)):
            item[chance.randrange(4, len(item))] = chance.choice((0, 1, 2, 5, 11, 255, chance.randrange(256)))
        stored.append(bytes(item))
    assert list(documents.joined(documents.cut(b"".join(stored)))) == stored


def test_first_fields_have_columns() -> None:
    many = {f"f{number}": number for number in range(documents.FIELDS + 2)}
    stored = [
        encode({"_id": 1} | many),
        encode({"_id": 2, "b": "x", "a": True}),
        document(b"\x10a\0\1\0\0\0", b"\x10_id\0\3\0\0\0"),
        encode({}),
    ]
    batch = documents.cut(b"".join(stored))
    rows = [[column[index].as_py() for column in batch.columns] for index in range(4)]
    assert [len(row) for row in rows] == [len(documents.COLUMNS)] * 4
    assert (rows[0][2], rows[0][-2], len(rows[0][-1])) == (b"\0" * 4, b"\x0f\0\0\0", 2 * 9 + 1)
    assert rows[1][:5] == [b"\x10_id\0\2\0\0\0", b"\2b\0\x08a\0", b"\2\0\0\0x\0", b"\1", None]
    assert rows[2][:4] == [b"", b"\x10a\0\x10_id\0", b"\1\0\0\0", b"\3\0\0\0"]
    assert rows[3][:3] == [b"", b"", None]
    assert list(documents.joined(batch)) == stored


def test_truncated_documents_are_reported() -> None:
    whole = encode({"_id": 1}) * 2
    for length in (len(whole) - 1, len(whole) // 2 + 3):
        with pytest.raises(Unavailable):
            documents.cut(whole[:length])


@asynccontextmanager
async def with_accounts() -> AsyncIterator[tuple[Address, Any]]:
    async with connected() as (address, database):
        some = [{"_id": n, "balance": BALANCE} for n in range(ACCOUNTS)]
        for name in ("a", "b"):
            await database[name].insert_many(some)
        yield address, database


async def test_snapshot_is_consistent_across_collections() -> None:
    async with with_accounts() as (address, database):
        moved, enough = 0, asyncio.Event()

        async def move() -> None:
            nonlocal moved
            while not enough.is_set():
                location = moved * 7 % ACCOUNTS
                await database.a.update_one({"_id": location}, {"$inc": {"balance": -1}})
                await database.b.update_one({"_id": ACCOUNTS - 1 - location}, {"$inc": {"balance": 1}})
                moved += 1

        async def at_least(number: int) -> None:
            while moved < number:
                assert not writer.done(), writer.result()
                await asyncio.sleep(0.01)

        writer = asyncio.create_task(move())
        try:
            await at_least(5)
            dump = await engine("mongodb").snapshots.open_reader(address)
            try:
                await at_least(moved + 20)
                result = await rows(dump)
                assert result == await rows(dump), "read again, it is the same moment"
            finally:
                await dump.close()
        finally:
            enough.set()
            await writer
        given = sum(BALANCE - item["balance"] for item in result["a"])
        taken = sum(item["balance"] - BALANCE for item in result["b"])
        assert 5 <= given < moved, "the writer was at work before and after"
        assert given - taken in {0, 1}, "one transfer may be half done, as it is two writes"


async def rows(dump: SnapshotReader) -> dict[str, list[Any]]:
    def read() -> dict[str, list[Any]]:
        return {
            table.name: [decode(item) for batch in dump.read(table) for item in documents.joined(batch)]
            for table in dump.tables
        }

    return await asyncio.to_thread(read)


@asynccontextmanager
async def in_the_middle() -> AsyncIterator[tuple[MongoSnapshotReader, Iterator[Any], Any]]:
    """Give a dump of which the first documents were read."""
    async with with_accounts() as (address, database), _opened(address) as dump:
        reading = dump.read(dump.tables[0])
        try:
            await asyncio.to_thread(next, reading)
            yield dump, reading, database
        finally:
            await asyncio.to_thread(reading.close)


@asynccontextmanager
async def _opened(address: Address) -> AsyncIterator[MongoSnapshotReader]:
    dump = await engine("mongodb").snapshots.open_reader(address)
    try:
        yield dump
    finally:
        await dump.close()


async def test_recreated_collection_aborts_snapshot() -> None:
    async with in_the_middle() as (dump, reading, database):
        await database.b.drop()
        await database.b.insert_one({"_id": 1})
        await asyncio.to_thread(list, reading)
        with pytest.raises(Conflict, match="b was dropped or recreated"):
            await asyncio.to_thread(list, dump.read(dump.tables[1]))


async def test_reading_is_cancelled() -> None:
    async with in_the_middle() as (dump, reading, _):
        dump.cancel()
        with pytest.raises(Unavailable, match="cancelled"):
            await asyncio.to_thread(list, reading)


async def test_server_without_snapshots_is_reported() -> None:
    folder, port = tempfile.mkdtemp(prefix="hw-mongodb-"), free_port()
    standalone = started(folder, port, "--standalone")
    try:
        with MongoClient(HOST, port, directConnection=True) as client:
            client["shop"]["a"].insert_many([{"_id": n} for n in range(3)])
        address = Address(HOST, port, "shop", tls=PLAIN, endpoint=Endpoint(HOST, port))
        async with _opened(address) as dump:
            assert dump.notes[0].startswith("Not consistent: only primaries")
            assert dump.moment == {}
            assert [len(text) for text in (await texts(dump)).values()] == [3]
    finally:
        standalone.kill()
        standalone.wait(120)
        shutil.rmtree(folder, ignore_errors=True)


async def test_capped_collections_are_noted_as_inconsistent() -> None:
    async with with_accounts() as (address, database):
        await database.create_collection("log", capped=True, size=4096)
        await database.log.insert_many([{"_id": 2}, {"_id": 1}])
        async with _opened(address) as dump:
            assert dump.notes == ("Not consistent, because a transaction cannot read capped collections: log.",)
            result = await rows(dump)
    assert [item["_id"] for item in result["log"]] == [2, 1], "in the order in which they came"


async def test_rejected_load_leaves_no_rows() -> None:
    async with with_accounts() as (address, database):
        async with _opened(address) as dump:
            table = dump.tables[0]
            batches = await asyncio.to_thread(lambda: list(dump.read(table)))
        await database.a.delete_many({})
        fill = await engine("mongodb").snapshots.open_loader(address)
        try:
            with pytest.raises(QueryError, match="In a: E11000"):
                await asyncio.to_thread(fill.load_rows, table, [*batches, batches[0]])
            assert await asyncio.to_thread(fill.count_rows, table) == 0
            assert await asyncio.to_thread(fill.load_rows, table, batches) == ACCOUNTS
        finally:
            await fill.close()
