"""In-place restore of collections: all documents of the snapshot, or no change, wherever it fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from bson import encode
from pymongo.errors import AutoReconnect, DuplicateKeyError

from engines.mongodb.place import connected
from engines.test_every_engine import subject
from headwater.catalog.results import QueryError
from headwater.engines import Address, Mode, SnapshotTable, TableRestoreRequest, TableRestoreResult, engine
from headwater.engines.mongodb import documents, in_place_restore
from headwater.engines.mongodb.in_place_restore import MongoInPlaceRestore
from headwater.kit.errors import HeadwaterError, Unavailable

MONGODB: Any = engine("mongodb")
ORDERS = 600
OPTIONS = {"validator": {"n": {"$gte": 0}}, "validationLevel": "moderate"}


@pytest.fixture(autouse=True)
def needed() -> None:
    subject("mongodb")


@dataclass
class Shop:
    """A database that has orders 0 to 599 and people, of which something else was kept; and what was kept."""

    address: Address
    database: Any
    kept: dict[str, list[dict[str, Any]]]

    async def refill(self, mode: Mode, *names: str, **more: Any) -> list[TableRestoreResult]:
        """Restore some of what was kept."""
        tables = [
            (
                SnapshotTable(None, name, documents.COLUMNS, (0,)),
                iter([documents.cut(b"".join(map(encode, self.kept[name])))]),
            )
            for name in names
        ]
        refill = await MONGODB.in_place_restore.open(self.address)
        try:
            return await asyncio.to_thread(refill.restore_tables, TableRestoreRequest(tables, mode, **more))
        finally:
            await refill.close()

    async def state(self) -> dict[str, Any]:
        """Return all documents, options and indexes."""
        result = {}
        async for collection in await self.database.list_collections():
            name = collection["name"]
            indexes = [dict(each) async for each in await self.database[name].list_indexes()]
            rows = [each async for each in self.database[name].find({}).sort("_id", 1)]
            result[name] = (rows, collection["options"], indexes)
        return result


@asynccontextmanager
async def opened() -> AsyncIterator[Shop]:
    async with connected() as (address, database):
        await database.create_collection("orders")
        await database.orders.insert_many([{"_id": n, "n": n, "now": True} for n in range(ORDERS)])
        await database.orders.create_index([("n", -1)], name="by n", unique=True)
        await database.people.insert_one({"_id": "ines"})
        stored = {
            "orders": [{"_id": n, "n": n} for n in range(200, ORDERS + 200)],
            "people": [{"_id": "ada"}, {"_id": "ines", "old": 1}],
            "gone": [{"_id": 1}],
        }
        yield Shop(address, database, stored)


async def test_overwritten_collections_keep_their_indexes() -> None:
    async with opened() as shop:
        before = await shop.state()
        results = await shop.refill("overwrite", "orders", "people", "gone", pre_data=['{"create": "gone"}'])
        assert results == [
            TableRestoreResult(ORDERS, ORDERS, ORDERS),
            TableRestoreResult(1, 2, 2),
            TableRestoreResult(0, 1, 1),
        ]
        after = await shop.state()
        assert {name: rows for name, (rows, _, _) in after.items()} == shop.kept
        assert after["orders"][1:] == before["orders"][1:]
        assert {item["name"] for item in after["orders"][2]} == {"_id_", "by n"}
        with pytest.raises(DuplicateKeyError):
            await shop.database.orders.insert_one({"_id": -1, "n": 200})
        assert await shop.refill("overwrite", "people") == [TableRestoreResult(2, 2, 2)]


async def test_overwritten_collections_keep_their_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of these tests loses options when it renames, which mongod does not: so one that keeps them is played."""
    async with opened() as shop:
        await shop.database.command({"collMod": "orders", **OPTIONS})
        before = await shop.state()
        with pytest.raises(QueryError, match=r"orders has options .* which this server loses"):
            await shop.refill("overwrite", "people", "orders")
        assert await shop.state() == before
        real = MongoInPlaceRestore._rename

        async def rename(self: MongoInPlaceRestore, name: str, to: str) -> None:
            options = (await self._listed())[name]["options"]
            await real(self, name, to)
            if options:
                await self._session.ask({"collMod": to, **options})

        monkeypatch.setattr(MongoInPlaceRestore, "_rename", rename)
        shop.kept["orders"].append({"_id": -1, "n": -1})  # older than the validator
        await shop.refill("overwrite", "people", "orders")
        assert (await shop.state())["orders"][1] == before["orders"][1] == OPTIONS
        assert (await shop.state())["orders"][0][0] == {"_id": -1, "n": -1}


@pytest.mark.parametrize("mode", ["append", "append_missing"])
async def test_documents_are_added(mode: Mode) -> None:
    async with opened() as shop:
        before = await shop.state()
        if mode == "append":
            with pytest.raises(
                QueryError, match="In orders: duplicate key: a document with the _id 200 already exists"
            ):
                await shop.refill(mode, "orders")
            assert await shop.state() == before
            await shop.database.orders.delete_many({"_id": {"$gte": 200}})
        results = await shop.refill(mode, "orders")
        assert results == [
            TableRestoreResult(ORDERS if mode == "append_missing" else 200, results[0].rows_written, ORDERS + 200)
        ]
        rows, *_ = (await shop.state())["orders"]
        assert [row["_id"] for row in rows] == list(range(ORDERS + 200))
        mine = [row["_id"] for row in rows if "now" in row]
        assert mine == list(range(ORDERS if mode == "append_missing" else 200)), "what is there stays as it is"
        assert set(await shop.state()) == {"orders", "people"}


async def test_unique_duplicates_are_skipped() -> None:
    async with opened() as shop:
        shop.kept["orders"] = [{"_id": "new", "n": 5}, {"_id": "other", "n": -5}, {"_id": 7, "n": 7}]
        assert await shop.refill("append_missing", "orders", "people") == [
            TableRestoreResult(ORDERS, 1, ORDERS + 1),
            TableRestoreResult(1, 1, 2),
        ]
        assert await shop.database.orders.find_one({"_id": "other"}) == {"_id": "other", "n": -5}
        assert await shop.database.orders.find_one({"_id": "new"}) is None


@pytest.mark.parametrize("mode", ["overwrite", "append"])
async def test_index_violation_changes_nothing(mode: Mode) -> None:
    async with opened() as shop:
        shop.kept["orders"] = [{"_id": 9000 + n, "n": 9000 + n} for n in range(300)] + [
            {"_id": 99, "n": 99},
            {"_id": 99_999, "n": 9000 if mode == "overwrite" else 5},
        ][1 if mode == "append" else 0 :]
        before = await shop.state()
        with pytest.raises(QueryError, match="duplicate key") as raised:
            await shop.refill(
                mode, "people", "orders", "gone", pre_data=['{"create": "gone"}']
            ) if mode != "append" else (await shop.refill(mode, "orders", "gone", pre_data=['{"create": "gone"}']))
        assert "headwater_" not in raised.value.message.partition("index")[0]
        assert await shop.state() == before


async def test_unsupported_in_place_restore_has_clear_error() -> None:
    async with opened() as shop:
        await shop.database.create_collection("log", capped=True, size=4096)
        await shop.database.create_collection("seen", viewOn="orders", pipeline=[])
        await shop.database.create_collection("measured", timeseries={"timeField": "at"})
        shop.kept |= {name: [{"_id": 1}] for name in ("log", "seen", "measured")}
        before = await shop.state()
        for name, mode, message in (
            ("log", "append", "capped"),
            ("seen", "overwrite", "is now a view"),
            ("measured", "overwrite", "time series"),
            ("measured", "append_missing", "time series"),
        ):
            with pytest.raises(QueryError, match=message):
                await shop.refill(mode, "people", name)
        assert await shop.state() == before


class Killed(Exception):
    """The process is gone: nothing more is done."""


@pytest.mark.parametrize("mode", ["overwrite", "append_missing"])
async def test_killed_restore_is_undone_by_next_attempt(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: killed before any of its steps, an attempt has changed all or nothing once the next one has begun."""
    monkeypatch.setattr(in_place_restore, "IDS", 250)
    real = {name: getattr(MongoInPlaceRestore, name) for name in ("_wait", "_rename", "_insert", "_cleared")}
    ends = []
    async with opened() as shop:
        await shop.database.create_collection("seen", viewOn="orders", pipeline=[])
        shop.kept["seen"] = []
        before = await shop.state()
        for step in range(100):
            with monkeypatch.context() as patch:
                _die_at(patch, real, step)
                with contextlib.suppress(Killed):
                    await shop.refill(mode, "orders", "people")
                    break
            with pytest.raises(QueryError, match="is now a view"):
                await shop.refill(mode, "seen")
            after = await shop.state()
            assert set(after) == set(before)
            changed = [name for name in ("orders", "people") if after[name] != before[name]]
            assert changed in ([], ["orders", "people"]), step
            ends.append(bool(changed))
            if changed:
                break
    assert ends.count(False) > 12, "it was killed in many places"


def _die_at(patch: pytest.MonkeyPatch, real: dict[str, Any], step: int) -> None:
    """Let an attempt end before one of its steps, without clearing up."""
    taken = 0

    def dies(name: str) -> Any:
        def call(self: MongoInPlaceRestore, *what: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken > step:
                for item in what:
                    if asyncio.iscoroutine(item):
                        item.close()
                raise Killed
            return real[name](self, *what)

        return call

    async def nothing(self: MongoInPlaceRestore, made: Any = ()) -> None:
        return None

    for name in ("_wait", "_rename", "_insert"):
        patch.setattr(MongoInPlaceRestore, name, dies(name))
    patch.setattr(MongoInPlaceRestore, "_cleared", nothing)


async def test_lost_connection_changes_no_collection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as shop:
        before, real, renamed = await shop.state(), MongoInPlaceRestore._rename, 0

        async def rename(self: MongoInPlaceRestore, name: str, to: str) -> None:
            nonlocal renamed
            renamed += 1
            if renamed == 4:
                raise AutoReconnect("connection closed")
            await real(self, name, to)

        monkeypatch.setattr(MongoInPlaceRestore, "_rename", rename)
        with pytest.raises(HeadwaterError, match="connection"):
            await shop.refill("overwrite", "orders", "people")
        assert await shop.state() == before


async def test_cancelled_restore_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as shop:
        before, real = await shop.state(), MongoInPlaceRestore._insert
        monkeypatch.setattr(in_place_restore, "IDS", 100)

        async def insert(self: MongoInPlaceRestore, table: SnapshotTable, some: Any) -> None:
            await real(self, table, some)
            if table.name == "orders":
                self.cancel()

        monkeypatch.setattr(MongoInPlaceRestore, "_insert", insert)
        with pytest.raises(Unavailable, match="cancelled"):
            await shop.refill("append_missing", "orders")
        assert await shop.state() == before
