"""Copies to a connected MongoDB over HTTP, and what cannot be copied from it."""

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
async def copy_fixture(app: AppFixture, supervisor: Supervisor) -> AsyncIterator[CopyFixture]:
    if reason := mongodb_place.missing():
        pytest.skip(reason)
    person = await app.person("dora")
    source = await person.database("postgresql")
    async with mongodb_place.fresh() as address:
        copy_fixture = CopyFixture(app, person, source, await person.connected(mongodb_place.url(address)))
        await copy_fixture.sql(copy_fixture.source, SHOP["postgresql"])
        yield copy_fixture


async def collections(copy_fixture: CopyFixture) -> list[str]:
    return sorted(item["name"] for item in await copy_fixture.person.get(f"/databases/{copy_fixture.target}/holders"))


async def test_copy_to_documents_is_planned_run_and_compared(copy_fixture: CopyFixture) -> None:
    plan = await copy_fixture.post(f"{copy_fixture.source}/copies/plan", 200, target_id=copy_fixture.target)
    assert [item["target"] for item in plan["tables"]] == ["album", "artist"]
    types = {item["name"]: item["target_type"] for item in plan["tables"][0]["columns"]}
    assert (types["id"], types["price"], types["tags"], types["u"]) == ("long", "decimal", "array<string>", "UUID")
    losses = {(loss["severity"], loss["object"], loss["sentence"]) for loss in plan["losses"]}
    assert {
        ("changed", "id", "the key becomes the _id, and is not a separate field"),
        ("left_out", "id", "new documents are not numbered automatically"),
        ("left_out", "album_artist_id_fkey", "foreign keys are not kept"),
        ("left_out", "title", "the default 'x'::character varying is not kept"),
    } <= losses
    assert plan["statements"][0].startswith('{"create": "album", "validator": {"$jsonSchema"')
    refused = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, target_id=copy_fixture.target)
    assert refused["code"] == "losses_not_accepted"
    done = await copy_fixture.copy()
    assert done["job"]["state"] == "completed", done["job"]
    assert [(item["target"], item["target_rows"], item["same"]) for item in done["tables"]] == [
        ("album", 2500, True),
        ("artist", 1500, True),
    ]
    assert await copy_fixture.sql(copy_fixture.target, "db.album.countDocuments({ok: true})") == [[1250]]
    again = await copy_fixture.post(f"{copy_fixture.source}/copies", 409, target_id=copy_fixture.target, accepted=True)
    assert "already has album, artist" in again["detail"]


async def test_failed_copy_deletes_only_its_own_collections(copy_fixture: CopyFixture) -> None:
    await copy_fixture.sql(copy_fixture.source, "CREATE TABLE zoo (d date); INSERT INTO zoo VALUES ('infinity')")
    await copy_fixture.sql(copy_fixture.target, "db.mine.insertOne({a: 1})")
    done = await copy_fixture.copy()
    assert "zoo: row 1, column d: 'infinity' cannot be stored as date" in done["job"]["error"]
    assert await collections(copy_fixture) == ["mine"]


async def test_cancelled_copy_deletes_its_collections(
    copy_fixture: CopyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = await copy_fixture.post(
        f"{copy_fixture.source}/copies", 202, target_id=copy_fixture.target, accepted=True, tables=["artist"]
    )
    real = copy_rows._fill

    async def stopped(*given: Any) -> Any:
        digest = await real(*given)
        assert await collections(copy_fixture) == ["artist"]
        await copy_fixture.person.send("POST", f"/jobs/{transfer['job']['id']}/cancel", 202)
        await asyncio.to_thread(copy_fixture.app.wait_for_stop)
        return digest

    monkeypatch.setattr(copy_rows, "_fill", stopped)
    await copy_fixture.app.work(transfer["job"]["id"])
    done = await copy_fixture.person.get(f"/transfers/{transfer['id']}")
    assert done["job"]["state"] == "cancelled"
    assert await collections(copy_fixture) == []


async def test_copies_from_documents_are_refused(copy_fixture: CopyFixture) -> None:
    wrong = await copy_fixture.post(f"{copy_fixture.target}/copies/plan", 400, target_id=copy_fixture.source)
    assert "Cannot copy from MongoDB" in wrong["detail"] and "copy from" in wrong["hint"]
    wrong = await copy_fixture.post(f"{copy_fixture.target}/exports", 400, format="csv")
    assert "MongoDB has no tables" in wrong["detail"]
    files = {"file": ("a.csv", b"a,b\n1,2\n")}
    wrong = await copy_fixture.person.send("POST", f"/databases/{copy_fixture.target}/imports", 400, files=files)
    assert "MongoDB has no tables" in wrong["detail"]
