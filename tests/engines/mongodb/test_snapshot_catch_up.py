"""Snapshots whose transaction the server ends: the rest is read without it, and later changes are read again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bson import ObjectId, Timestamp, decode, encode
from pymongo import MongoClient

from engines.mongodb.place import HOST, connected, server
from engines.test_every_engine import subject
from headwater.catalog.results import QueryError
from headwater.engines import Address, engine
from headwater.engines.mongodb import change_stream, documents, snapshot_reader
from headwater.engines.mongodb.snapshot_reader import MongoSnapshotReader
from headwater.kit.errors import Conflict, HeadwaterError

MONGODB: Any = engine("mongodb")
DOCUMENTS = 400  # the server sends 101 first
State = dict[str, dict[bytes, dict[str, Any]]]


@pytest.fixture(autouse=True)
def needed() -> None:
    subject("mongodb")


def key(value: Any) -> bytes:
    return encode({"_id": value})


def end(dump: MongoSnapshotReader) -> None:
    """End the transaction of a dump, as the server does when it has lasted too long."""
    assert dump._transaction
    with MongoClient(HOST, server(), username="root", password="secret", directConnection=True) as admin:
        admin["admin"].command({"killSessions": [dump._transaction.session_id]})


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Address, Any]]:
    async with connected() as (address, database):
        for name in ("a", "b"):
            ids = [(n if n % 3 else f"s{n}" if n % 2 else {"k": n}) for n in range(DOCUMENTS)]
            await database[name].insert_many([{"_id": item, "v": 0} for item in ids])
        yield address, database


class Writer:
    """Changes documents one by one, at random, and knows what was there after each change."""

    def __init__(self, database: Any, seed: int) -> None:
        self._database, self._chance = database, random.Random(seed)
        self.states: list[State] = []
        self._enough = asyncio.Event()

    async def begin(self) -> None:
        self.states = [{name: {} for name in ("a", "b")}]
        for name, result in self.states[0].items():
            async for item in self._database[name].find({}):
                result[key(item["_id"])] = item
        self._task = asyncio.create_task(self._write())

    async def at_least(self, more: int) -> None:
        wanted = len(self.states) + more
        while len(self.states) < wanted:
            assert not self._task.done(), self._task.result()
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._enough.set()
        await self._task

    async def _write(self) -> None:
        while not self._enough.is_set():
            name, now = self._chance.choice("ab"), dict(self.states[-1])
            now[name] = dict(now[name])
            number, chance = len(self.states), self._chance.random()
            if chance < 0.3 or not now[name]:
                item = {"_id": self._chance.choice([number + 0.5, f"t{number}", ObjectId()]), "v": number}
                await self._database[name].insert_one(item)
                now[name][key(item["_id"])] = item
            else:
                was = now[name][self._chance.choice(sorted(now[name]))]
                if chance < 0.6:
                    await self._database[name].delete_one({"_id": was["_id"]})
                    del now[name][key(was["_id"])]
                elif chance < 0.8:
                    await self._database[name].update_one({"_id": was["_id"]}, {"$set": {"v": number}})
                    now[name][key(was["_id"])] = was | {"v": number}
                else:
                    await self._database[name].replace_one({"_id": was["_id"]}, {"new": number})
                    now[name][key(was["_id"])] = {"_id": was["_id"], "new": number}
            self.states.append(now)


def read(dump: MongoSnapshotReader, found: State, between: Callable[[str, int], None]) -> None:
    """Read all of a dump, with what happens between its pieces."""
    for table in dump.tables:
        rows = found[table.name] = {}
        for number, batch in enumerate(dump.read(table)):
            for element, raw in zip(batch.column(0).to_pylist(), documents.joined(batch), strict=True):
                assert element not in rows
                rows[element] = decode(raw)
            between(table.name, number)


def settle(dump: MongoSnapshotReader, found: State, between: Callable[[int], None]) -> int:
    """Read again until all is of one moment, and return how often."""
    passes = 0
    while not dump.is_consistent():
        for table, batch, gone in dump.changes_since_read():
            for item in gone.to_pylist():
                found[table.name].pop(item, None)
            for element, raw in zip(batch.column(0).to_pylist(), documents.joined(batch), strict=True):
                found[table.name][element] = decode(raw)
            between(passes)
        passes += 1
    return passes


def by_key(found: State) -> State:
    return {name: {key(row["_id"]): row for row in rows.values()} for name, rows in found.items()}


@pytest.mark.parametrize("seed", range(4))
async def test_catch_up_yields_one_consistent_state(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: with random writers, what was read and read again is the state after one of their writes, not of several."""
    monkeypatch.setattr(snapshot_reader, "IDS", 20)
    chance, loop = random.Random(seed), asyncio.get_running_loop()
    async with opened() as (address, database):
        writer = Writer(database, seed)
        dump = await MONGODB.snapshots.open_reader(address)
        try:
            await writer.begin()

            def wait(more: int) -> None:
                asyncio.run_coroutine_threadsafe(writer.at_least(more), loop).result(60)

            def between(name: str, number: int) -> None:
                wait(chance.randrange(30))
                if number == 0 and dump.is_consistent() and (name == "b" or chance.random() < 0.5):
                    end(dump)

            def again(passes: int) -> None:
                wait(chance.randrange(4))
                if passes == 0 and dump._transaction and seed % 2:
                    end(dump)

            result: State = {}
            first = dump.moment
            await asyncio.to_thread(read, dump, result, between)
            assert not dump.is_consistent()
            before = len(writer.states) - 1
            passes = await asyncio.to_thread(settle, dump, result, again)
            assert passes == 1 + seed % 2
            assert dump.moment != first
            await writer.at_least(5)
        finally:
            await writer.stop()
            await dump.close()
        now = by_key(result)
        assert now in writer.states, "no moment was like that"
        assert before <= writer.states.index(now) < len(writer.states) - 1


async def test_consistent_read_needs_no_catch_up() -> None:
    async with opened() as (address, database):
        dump = await MONGODB.snapshots.open_reader(address)
        try:
            await database.a.delete_many({})
            result: State = {}
            await asyncio.to_thread(read, dump, result, lambda *_: None)
            assert dump.is_consistent()
            assert [len(item) for item in result.values()] == [DOCUMENTS] * 2
        finally:
            await dump.close()


@pytest.mark.parametrize("what", ["drop", "rename"])
async def test_dropped_collection_aborts_snapshot(what: str) -> None:
    async with opened() as (address, database):
        dump = await MONGODB.snapshots.open_reader(address)
        try:
            await asyncio.to_thread(read, dump, {}, lambda name, number: end(dump) if dump.is_consistent() else None)
            await (database.a.drop() if what == "drop" else database.a.rename("c"))
            with pytest.raises(Conflict, match="a was dropped or recreated"):
                await asyncio.to_thread(settle, dump, {"a": {}, "b": {}}, lambda _: None)
        finally:
            await dump.close()


async def test_new_collection_is_noted_as_missing() -> None:
    async with opened() as (address, database):
        dump = await MONGODB.snapshots.open_reader(address)
        try:
            await asyncio.to_thread(read, dump, {}, lambda name, number: end(dump) if dump.is_consistent() else None)
            await database.late.insert_one({})
            await asyncio.to_thread(settle, dump, {"a": {}, "b": {}}, lambda _: None)
            assert dump.notes == ("Not included, because they were created while the snapshot was taken: late.",)
        finally:
            await dump.close()


async def test_missing_change_stream_has_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(_: Any) -> None:
        return None

    monkeypatch.setattr(change_stream, "opened", none)
    async with opened() as (address, _):
        dump = await MONGODB.snapshots.open_reader(address)
        try:
            with pytest.raises(QueryError, match="transactionLifetimeLimitSeconds"):
                await asyncio.to_thread(read, dump, {}, lambda name, number: end(dump))
        finally:
            await dump.close()


async def test_too_many_concurrent_writes_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_reader, "PASSES", 2)
    async with opened() as (address, database):
        dump = await MONGODB.snapshots.open_reader(address)
        loop = asyncio.get_running_loop()

        def write(_: int) -> None:
            asyncio.run_coroutine_threadsafe(database.a.update_many({}, {"$inc": {"v": 1}}), loop).result(60)
            if dump._transaction:
                end(dump)

        try:
            monkeypatch.setattr(snapshot_reader, "IDS", 100)
            await asyncio.to_thread(read, dump, {}, lambda name, number: end(dump) if dump.is_consistent() else None)
            await asyncio.to_thread(write, 0)
            with pytest.raises(Conflict, match="changes faster than"):
                await asyncio.to_thread(settle, dump, {"a": {}, "b": {}}, write)
        finally:
            await dump.close()


async def test_change_limit_fails_only_when_catch_up_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(change_stream, "MOST_IDS", 5)
    async with opened() as (address, database):
        for ends in (False, True):
            dump = await MONGODB.snapshots.open_reader(address)
            try:
                await database.a.update_many({}, {"$inc": {"v": 1}})
                await asyncio.sleep(0.3)
                await asyncio.to_thread(
                    read, dump, {}, lambda n, _, e=ends, d=dump: end(d) if e and d.is_consistent() else None
                )
                if ends:
                    with pytest.raises(HeadwaterError, match="More than 5 documents"):
                        await asyncio.to_thread(settle, dump, {"a": {}, "b": {}}, lambda _: None)
                assert dump.is_consistent() != ends
            finally:
                await dump.close()


def test_resume_token_time_is_parsed() -> None:
    real = "8263ABCDEF000000012B042C0100296E5A1004"
    assert change_stream._time({"_data": real}) == Timestamp(0x63ABCDEF, 1)
    for other in ({"_data": "820000001073000d"}, {"_data": "370000001073"}, {"_data": b"82"}, None):
        assert change_stream._time(other) is None
