"""A look into snapshots of MongoDB: documents in a grid, SQL on their fields, files that its own programs read."""

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
from features.extracts.asking import ask, rows
from features.snapshots.shelf import Shelf
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House

ORDERS = 3000
MORE = ", ".join(f"f{n}: {n}" for n in range(20))
DAY = "ISODate('2026-01-01')"
EACH = ", ".join(f"{{_id: {n}, n: NumberLong({n}), t: '{n}', at: {DAY}, in: {{a: [{n % 7}]}}}}" for n in range(ORDERS))
SHOP = (
    f"db.orders.insertMany([{EACH}]); db.wide.insertMany([{{_id: 'w', {MORE}}}, {{_id: 2, f19: 'x', document: true}}]);"
    '{"create": "none"}'
)


@pytest.fixture(scope="module")
async def shelf(lasting_house: House, keeper: Supervisor) -> AsyncIterator[Shelf]:
    """Somebody with a MongoDB elsewhere."""
    if reason := place.missing():
        pytest.skip(reason)
    person = await lasting_house.person("mona")
    async with place.fresh() as address:
        shelf = Shelf(lasting_house, person, await person.connected(place.url(address)))
        await shelf.sql(SHOP)
        yield shelf


@pytest.fixture(scope="module")
async def taken(shelf: Shelf) -> Any:
    found = await shelf.take()
    assert (found["status"], found["rows"]) == ("complete", ORDERS + 2), found["job"]
    return found


async def export(shelf: Shelf, taken: Any, **query: Any) -> Any:
    answer = await shelf.person.client.get(f"/api/v1/snapshots/{taken['id']}/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


async def test_documents_page_by_page(shelf: Shelf, taken: Any) -> None:
    page = await shelf.person.get(f"/snapshots/{taken['id']}/tables/orders/rows", skip=2500, limit=2)
    assert [one["name"] for one in page["columns"]] == ["_id", "n", "t", "at", "in", "document"]
    live = await shelf.sql("db.orders.find({_id: {$gte: 2500}}).sort({_id: 1}).limit(2)")
    assert [row[-1] for row in page["rows"]] == [row[0] for row in live]
    assert page["rows"][0][:-1] == [2500, 2500, "2500", "2026-01-01T00:00:00.000Z", '{"a": [1]}']
    path = f"/snapshots/{taken['id']}/tables/wide/cell"
    assert (await shelf.person.get(path, row=0, column="f19"))["value"] == '"x"'
    assert json.loads((await shelf.person.get(path, row=1, column="document_"))["value"])["f19"] == 19
    empty = await shelf.person.get(f"/snapshots/{taken['id']}/tables/none/rows")
    assert (empty["rows"], [one["name"] for one in empty["columns"]]) == ([], ["_id", "document"])


async def test_sql_on_fields_and_on_what_is_inside_them(shelf: Shelf, taken: Any) -> None:
    assert await rows(shelf, taken, "SELECT count(*) FROM orders") == [[ORDERS]]
    asked = "SELECT count(*), min(n), max(\"at\") FROM orders WHERE _id >= 10 AND t < '2'"
    live = await shelf.sql("db.orders.countDocuments({_id: {$gte: 10}, t: {$lt: '2'}})")
    assert await rows(shelf, taken, asked) == [[live[0][0], 10, "2026-01-01 00:00:00+00"]]
    inside = "SELECT count(*) FROM orders WHERE CAST(document->'$.in.a[0]' AS INTEGER) = 3"
    assert await rows(shelf, taken, inside) == [[len([n for n in range(ORDERS) if n % 7 == 3])]]
    assert await rows(shelf, taken, "SELECT \"in\"->>'$.a[0]' FROM orders WHERE _id = 8") == [["1"]]
    assert await rows(shelf, taken, "SELECT _id, f19, document FROM wide ORDER BY 1", as_text=True) == [
        ['"w"', "19", None], ["2", '"x"', "true"],
    ]  # fmt: skip


async def test_a_value_of_another_type_than_the_sample_had_is_named(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspecting = importlib.import_module("headwater.engines.mongodb.inspect")
    sampled = inspecting._sampled

    async def without_the_odd(session: Any, name: str) -> Any:
        return [one for one in await sampled(session, name) if one.get("n") != "odd"]

    monkeypatch.setattr(inspecting, "_sampled", without_the_odd)
    await shelf.sql("db.odd.insertMany([{_id: 1, n: 1}, {_id: 2, n: 'odd', late: 5}])")
    odd = await shelf.take(tables=["odd"])
    answer = await ask(shelf, odd, "SELECT sum(n) FROM odd")
    assert answer["error"]["message"] == "odd.n has 'odd', which int64 has no value for."
    assert "as_text" in answer["error"]["hint"]
    assert await rows(shelf, odd, "SELECT n FROM odd ORDER BY _id", as_text=True) == [["1"], ["odd"]]
    assert await rows(shelf, odd, "SELECT document->>'$.late' FROM odd WHERE _id = 2") == [["5"]]
    table = pq.read_table(io.BytesIO((await export(shelf, odd, format="parquet", tables="odd")).content))
    assert table.column("n").to_pylist() == ["1", "odd"]


async def test_files_of_documents(shelf: Shelf, taken: Any) -> None:
    live = [row[0] for row in await shelf.sql("db.wide.find({}).sort({_id: 1})")]
    lines = await export(shelf, taken, format="ndjson", tables="wide")
    assert lines.text.splitlines() == live
    whole = await export(shelf, taken, format="json", tables="wide")
    assert whole.json() == [json.loads(one) for one in live]
    orders = (await export(shelf, taken, format="json", tables="orders")).json()
    assert (len(orders), orders[-1]["n"]) == (ORDERS, {"$numberLong": str(ORDERS - 1)})
    assert (await export(shelf, taken, format="json", tables="none")).json() == []
    table = list(csv.reader(io.StringIO((await export(shelf, taken, format="csv", tables="wide")).text, newline="")))
    assert (table[0][0], table[0][-1], table[1][table[0].index("f19")]) == ("_id", "document_", '"x"')
    typed = pq.read_table(io.BytesIO((await export(shelf, taken, format="parquet", tables="orders")).content))
    assert {field.name: str(field.type) for field in typed.schema} == {
        "_id": "int64", "n": "int64", "t": "string", "at": "timestamp[us, tz=UTC]", "in": "string", "document": "string",
    }  # fmt: skip
    assert typed.num_rows == ORDERS
    archive = zipfile.ZipFile(io.BytesIO((await export(shelf, taken, format="ndjson")).content))
    assert sorted(archive.namelist()) == ["none.ndjson", "orders.ndjson", "wide.ndjson"]
    archive.close()


async def test_what_documents_have_not_is_refused_in_words(shelf: Shelf, taken: Any) -> None:
    sql = await shelf.person.client.get(f"/api/v1/snapshots/{taken['id']}/export", params={"format": "sql"})
    assert (sql.status_code, sql.json()["detail"]) == (400, "Snapshots of MongoDB cannot be exported as SQL.")
    path = f"/snapshots/{taken['id']}/copies/plan"
    refused = await shelf.person.send("POST", path, 400, json={"target_id": shelf.database})
    assert "cannot be copied from" in refused["detail"]
