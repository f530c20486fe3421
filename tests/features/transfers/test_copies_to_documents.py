"""Copies into a MongoDB elsewhere, over HTTP and on the command line; and what cannot be copied from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engines.mongodb import place as mongodb_place
from features.transfers.moves import SHOP
from features.transfers.test_copies import Pair
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.transfers.service import copy_rows
from people import House


@pytest.fixture
async def pair(house: House, keeper: Supervisor) -> AsyncIterator[Pair]:
    if reason := mongodb_place.missing():
        pytest.skip(reason)
    person = await house.person("dora")
    source = await person.database("postgresql")
    async with mongodb_place.fresh() as address:
        pair = Pair(house, person, source, await person.connected(mongodb_place.url(address)))
        await pair.sql(pair.source, SHOP["postgresql"])
        yield pair


async def collections(pair: Pair) -> list[str]:
    return sorted(one["name"] for one in await pair.person.get(f"/databases/{pair.target}/holders"))


async def test_a_copy_from_plan_to_comparison(pair: Pair) -> None:
    plan = await pair.post(f"{pair.source}/copies/plan", 200, target_id=pair.target)
    assert [one["target"] for one in plan["tables"]] == ["album", "artist"]
    types = {one["name"]: one["target_type"] for one in plan["tables"][0]["columns"]}
    assert (types["id"], types["price"], types["tags"], types["u"]) == ("long", "decimal", "array<string>", "UUID")
    said = {(loss["severity"], loss["object"], loss["sentence"]) for loss in plan["losses"]}
    assert {
        ("changed", "id", "the key becomes the _id, and is no field besides"), ("left_out", "id", "nothing numbers new documents"),
        ("left_out", "album_artist_id_fkey", "foreign keys are not kept"), ("left_out", "title", "the default 'x'::character varying is not kept"),
    } <= said  # fmt: skip
    assert plan["statements"][0].startswith('{"create": "album", "validator": {"$jsonSchema"')
    refused = await pair.post(f"{pair.source}/copies", 409, target_id=pair.target)
    assert refused["code"] == "losses_not_accepted"
    done = await pair.copy()
    assert done["job"]["state"] == "completed", done["job"]
    assert [(one["target"], one["target_rows"], one["same"]) for one in done["tables"]] == [
        ("album", 2500, True), ("artist", 1500, True),
    ]  # fmt: skip
    assert await pair.sql(pair.target, "db.album.countDocuments({ok: true})") == [[1250]]
    again = await pair.post(f"{pair.source}/copies", 409, target_id=pair.target, accepted=True)
    assert "album, artist already" in again["detail"]


async def test_a_failed_copy_takes_away_what_it_made_and_nothing_else(pair: Pair) -> None:
    await pair.sql(pair.source, "CREATE TABLE zoo (d date); INSERT INTO zoo VALUES ('infinity')")
    await pair.sql(pair.target, "db.mine.insertOne({a: 1})")
    done = await pair.copy()
    assert "zoo: row 1, column d: 'infinity' cannot be kept as date" in done["job"]["error"]
    assert await collections(pair) == ["mine"]


async def test_a_cancelled_copy_takes_away_what_it_made(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await pair.post(f"{pair.source}/copies", 202, target_id=pair.target, accepted=True, tables=["artist"])
    real = copy_rows._fill

    async def stopped(*given: Any) -> Any:
        found = await real(*given)
        assert await collections(pair) == ["artist"]
        await pair.person.send("POST", f"/jobs/{made['job']['id']}/cancel", 202)
        await asyncio.sleep(1.5)  # until the worker's pulse has brought the word
        return found

    monkeypatch.setattr(copy_rows, "_fill", stopped)
    await pair.house.work(made["job"]["id"])
    done = await pair.person.get(f"/transfers/{made['id']}")
    assert done["job"]["state"] == "cancelled"
    assert await collections(pair) == []


async def test_nothing_is_copied_from_documents(pair: Pair) -> None:
    wrong = await pair.post(f"{pair.target}/copies/plan", 400, target_id=pair.source)
    assert "MongoDB cannot be copied from" in wrong["detail"] and "copied into" in wrong["hint"]
    wrong = await pair.post(f"{pair.target}/exports", 400, format="csv")
    assert "MongoDB has no tables" in wrong["detail"]
    files = {"file": ("a.csv", b"a,b\n1,2\n")}
    wrong = await pair.person.send("POST", f"/databases/{pair.target}/imports", 400, files=files)
    assert "MongoDB has no tables" in wrong["detail"]
