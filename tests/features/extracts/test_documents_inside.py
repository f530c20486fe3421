"""Extracts of MongoDB snapshots: pages of documents, SQL on their fields, and exported files."""

from __future__ import annotations

import csv
import importlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pyarrow.parquet as pq
import pytest

from engines.mongodb import place
from features.extracts.snapshot_queries import ask, rows
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

ORDERS = 3000
MORE = ", ".join(f"f{n}: {n}" for n in range(20))
DAY = "ISODate('2026-01-01')"
EACH = ", ".join(f"{{_id: {n}, n: NumberLong({n}), t: '{n}', at: {DAY}, in: {{a: [{n % 7}]}}}}" for n in range(ORDERS))
SHOP = (
    f"db.orders.insertMany([{EACH}]); db.wide.insertMany([{{_id: 'w', {MORE}}}, {{_id: 2, f19: 'x', document: true}}]);"
    '{"create": "none"}'
)


@pytest.fixture(scope="module")
async def snapshot_fixture(module_app: AppFixture, supervisor: Supervisor) -> AsyncIterator[SnapshotFixture]:
    """A user with a connected MongoDB."""
    if reason := place.missing():
        pytest.skip(reason)
    person = await module_app.person("mona")
    async with place.fresh() as address:
        snapshot_fixture = SnapshotFixture(module_app, person, await person.connected(place.url(address)))
        await snapshot_fixture.sql(SHOP)
        yield snapshot_fixture


@pytest.fixture(scope="module")
async def taken(snapshot_fixture: SnapshotFixture) -> Any:
    result = await snapshot_fixture.take()
    assert (result["status"], result["rows"]) == ("complete", ORDERS + 2), result["job"]
    return result


async def export(snapshot_fixture: SnapshotFixture, taken: Any, **query: Any) -> Any:
    answer = await snapshot_fixture.person.client.get(f"/api/v1/snapshots/{taken['id']}/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


async def test_pages_of_documents(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    page = await snapshot_fixture.person.get(f"/snapshots/{taken['id']}/tables/orders/rows", skip=2500, limit=2)
    assert [column["name"] for column in page["columns"]] == ["_id", "n", "t", "at", "in", "document"]
    live = await snapshot_fixture.sql("db.orders.find({_id: {$gte: 2500}}).sort({_id: 1}).limit(2)")
    assert [row[-1] for row in page["rows"]] == [row[0] for row in live]
    assert page["rows"][0][:-1] == [2500, 2500, "2500", "2026-01-01T00:00:00.000Z", '{"a": [1]}']
    path = f"/snapshots/{taken['id']}/tables/wide/cell"
    assert (await snapshot_fixture.person.get(path, row=0, column="f19"))["value"] == '"x"'
    assert json.loads((await snapshot_fixture.person.get(path, row=1, column="document_"))["value"])["f19"] == 19
    empty = await snapshot_fixture.person.get(f"/snapshots/{taken['id']}/tables/none/rows")
    assert (empty["rows"], [column["name"] for column in empty["columns"]]) == ([], ["_id", "document"])


async def test_sql_on_fields_and_nested_fields(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    assert await rows(snapshot_fixture, taken, "SELECT count(*) FROM orders") == [[ORDERS]]
    asked = "SELECT count(*), min(n), max(\"at\") FROM orders WHERE _id >= 10 AND t < '2'"
    live = await snapshot_fixture.sql("db.orders.countDocuments({_id: {$gte: 10}, t: {$lt: '2'}})")
    assert await rows(snapshot_fixture, taken, asked) == [[live[0][0], 10, "2026-01-01 00:00:00+00"]]
    inside = "SELECT count(*) FROM orders WHERE CAST(document->'$.in.a[0]' AS INTEGER) = 3"
    assert await rows(snapshot_fixture, taken, inside) == [[len([n for n in range(ORDERS) if n % 7 == 3])]]
    assert await rows(snapshot_fixture, taken, "SELECT \"in\"->>'$.a[0]' FROM orders WHERE _id = 8") == [["1"]]
    assert await rows(snapshot_fixture, taken, "SELECT _id, f19, document FROM wide ORDER BY 1", as_text=True) == [
        ['"w"', "19", None],
        ["2", '"x"', "true"],
    ]


async def test_value_of_another_type_is_named(
    snapshot_fixture: SnapshotFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspecting = importlib.import_module("headwater.engines.mongodb.inspect")
    sampled = inspecting._sampled

    async def without_the_odd(session: Any, name: str) -> Any:
        return [item for item in await sampled(session, name) if item.get("n") != "odd"]

    monkeypatch.setattr(inspecting, "_sampled", without_the_odd)
    await snapshot_fixture.sql("db.odd.insertMany([{_id: 1, n: 1}, {_id: 2, n: 'odd', late: 5}])")
    odd = await snapshot_fixture.take(tables=["odd"])
    answer = await ask(snapshot_fixture, odd, "SELECT sum(n) FROM odd")
    assert answer["error"]["message"] == "odd.n contains 'odd', which the type int64 cannot represent."
    assert "as_text" in answer["error"]["hint"]
    assert await rows(snapshot_fixture, odd, "SELECT n FROM odd ORDER BY _id", as_text=True) == [["1"], ["odd"]]
    assert await rows(snapshot_fixture, odd, "SELECT document->>'$.late' FROM odd WHERE _id = 2") == [["5"]]
    table = pq.read_table(io.BytesIO((await export(snapshot_fixture, odd, format="parquet", tables="odd")).content))
    assert table.column("n").to_pylist() == ["1", "odd"]


async def test_files_of_documents(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    live = [row[0] for row in await snapshot_fixture.sql("db.wide.find({}).sort({_id: 1})")]
    lines = await export(snapshot_fixture, taken, format="ndjson", tables="wide")
    assert lines.text.splitlines() == live
    whole = await export(snapshot_fixture, taken, format="json", tables="wide")
    assert whole.json() == [json.loads(item) for item in live]
    orders = (await export(snapshot_fixture, taken, format="json", tables="orders")).json()
    assert (len(orders), orders[-1]["n"]) == (ORDERS, {"$numberLong": str(ORDERS - 1)})
    assert (await export(snapshot_fixture, taken, format="json", tables="none")).json() == []
    table = list(
        csv.reader(io.StringIO((await export(snapshot_fixture, taken, format="csv", tables="wide")).text, newline=""))
    )
    assert (table[0][0], table[0][-1], table[1][table[0].index("f19")]) == ("_id", "document_", '"x"')
    typed = pq.read_table(
        io.BytesIO((await export(snapshot_fixture, taken, format="parquet", tables="orders")).content)
    )
    assert {field.name: str(field.type) for field in typed.schema} == {
        "_id": "int64",
        "n": "int64",
        "t": "string",
        "at": "timestamp[us, tz=UTC]",
        "in": "string",
        "document": "string",
    }
    assert typed.num_rows == ORDERS
    archive = zipfile.ZipFile(io.BytesIO((await export(snapshot_fixture, taken, format="ndjson")).content))
    assert sorted(archive.namelist()) == ["none.ndjson", "orders.ndjson", "wide.ndjson"]
    archive.close()


async def test_unsupported_formats_of_documents_are_refused(snapshot_fixture: SnapshotFixture, taken: Any) -> None:
    sql = await snapshot_fixture.person.client.get(f"/api/v1/snapshots/{taken['id']}/export", params={"format": "sql"})
    assert (sql.status_code, sql.json()["detail"]) == (400, "Snapshots of MongoDB cannot be exported as SQL.")
    path = f"/snapshots/{taken['id']}/copies/plan"
    refused = await snapshot_fixture.person.send("POST", path, 400, json={"target_id": snapshot_fixture.database})
    assert "Cannot copy from" in refused["detail"]
