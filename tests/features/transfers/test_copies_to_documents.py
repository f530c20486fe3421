"""Copies into a MongoDB elsewhere, over HTTP and on the command line; and what cannot be copied from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engines.mongodb import place as mongodb_place
from features.transfers.row_copies import SHOP
from features.transfers.test_copies import CopyFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.transfers.service import copy_rows
from people import AppFixture


@pytest.fixture
async def copy_fixture(app: AppFixture, keeper: Supervisor) -> AsyncIterator[CopyFixture]:
    if reason := mongodb_place.missing():
        pytest.skip(reason)
    person = await app.person("dora")
    source = await person.database("postgresql")
    async with mongodb_place.fresh() as address:
        copy_fixture = CopyFixture(app, person, source, await person.connected(mongodb_place.url(address)))
        await copy_fixture.sql(copy_fixture.source, SHOP["postgresql"])
        yield copy_fixture


async def collections(copy_fixture: CopyFixture) -> list[str]:
    return sorted(one["name"] for one in await copy_fixture.person.get(f"/databases/{copy_fixture.target}/holders"))


async def test_a_copy_from_plan_to_comparison(copy_fixture: CopyFixture) -> None:
    plan = await copy_fixture.post(f"{copy_fixture.source}/copies/plan", 200, target_id=copy_fixture.target)
    assert [one["target"] for one in plan["tables"]] == ["album", "artist"]
    types = {one["name"]: one["target_type"] for one in plan["tables"][0]["columns"]}
    assert (types["id"], types["price"], types["tags"], types["u"]) == ("long", "decimal", "array<string>", "UUID")
    said = {(loss["severity"], loss["object"], loss["sentence"]) for loss in plan["losses"]}
    assert {
        ("changed", "id", "the key becomes the _id, and is not a separate field"),
        ("left_out", "id", "new documents are not numbered automatically"),
        ("left_out", "album_artist_id_fkey", "foreign keys are not kept"),
        ("left_out", "title", "the default 'x'::character varying is not kept"),
    } <= said
    assert plan["statements"][0].startswith('{"create": "album", "validator": {"$jsonSchema"')
    refused = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, target_id=copy_fixture.target)
    assert refused["code"] == "losses_not_accepted"
    done = await copy_fixture.copy()
    assert done["job"]["state"] == "completed", done["job"]
    assert [(one["target"], one["target_rows"], one["same"]) for one in done["tables"]] == [
        ("album", 2500, True),
        ("artist", 1500, True),
    ]
    assert await copy_fixture.sql(copy_fixture.target, "db.album.countDocuments({ok: true})") == [[1250]]
    again = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, target_id=copy_fixture.target, accepted=True)
    assert "album, artist already" in again["detail"]


async def test_a_failed_copy_takes_away_what_it_made_and_nothing_else(copy_fixture: CopyFixture) -> None:
    await copy_fixture.sql(copy_fixture.source, "CREATE TABLE zoo (d date); INSERT INTO zoo VALUES ('infinity')")
    await copy_fixture.sql(copy_fixture.target, "db.mine.insertOne({a: 1})")
    done = await copy_fixture.copy()
    assert "zoo: row 1, column d: 'infinity' cannot be stored as date" in done["job"]["error"]
    assert await collections(copy_fixture) == ["mine"]


async def test_a_cancelled_copy_takes_away_what_it_made(
    copy_fixture: CopyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await copy_fixture.post(
        f"{copy_fixture.source}/copies", 202, target_id=copy_fixture.target, accepted=True, tables=["artist"]
    )
    real = copy_rows._fill

    async def stopped(*given: Any) -> Any:
        found = await real(*given)
        assert await collections(copy_fixture) == ["artist"]
        await copy_fixture.person.send("POST", f"/jobs/{made['job']['id']}/cancel", 202)
        await asyncio.to_thread(copy_fixture.app.wait_for_stop)
        return found

    monkeypatch.setattr(copy_rows, "_fill", stopped)
    await copy_fixture.app.work(made["job"]["id"])
    done = await copy_fixture.person.get(f"/transfers/{made['id']}")
    assert done["job"]["state"] == "cancelled"
    assert await collections(copy_fixture) == []


async def test_nothing_is_copied_from_documents(copy_fixture: CopyFixture) -> None:
    wrong = await copy_fixture.post(f"{copy_fixture.target}/copies/plan", 400, target_id=copy_fixture.source)
    assert "MongoDB cannot be copied from" in wrong["detail"] and "copied into" in wrong["hint"]
    wrong = await copy_fixture.post(f"{copy_fixture.target}/exports", 400, format="csv")
    assert "MongoDB has no tables" in wrong["detail"]
    files = {"file": ("a.csv", b"a,b\n1,2\n")}
    wrong = await copy_fixture.person.send("POST", f"/databases/{copy_fixture.target}/imports", 400, files=files)
    assert "MongoDB has no tables" in wrong["detail"]
