"""The grid on every engine with tables: order of pages, filters, edits and conflicts, bytes, exports."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from typing import Any

import pytest

from features.query.database_fixture import ENGINES, DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

TABLE = """
DROP TABLE IF EXISTS things;
CREATE TABLE things (a integer NOT NULL, b varchar(20) NOT NULL, name varchar(50), score decimal(10, 2),
  day date, PRIMARY KEY (a, b));
"""
NAMES = [None, "O'Neil", "100%", "back\\slash", "Ünï", "a_b", "axb"]
ROWS = [
    {
        "a": number % 7,
        "b": f"k{number:03}",
        "name": NAMES[number % 7],
        "score": None if number % 5 == 0 else number / 4,
        "day": f"2026-01-{number % 28 + 1:02}",
    }
    for number in range(60)
]
BINARY = {"postgresql": "bytea", "mysql": "varbinary(20)", "sqlite": "blob"}
ZEROS = {"postgresql": "decode(repeat('00', {}), 'hex')", "mysql": "repeat(x'00', {})", "sqlite": "zeroblob({})"}


@pytest.fixture(scope="module", params=ENGINES)
async def module_database(
    request: pytest.FixtureRequest, module_app: AppFixture, supervisor: Supervisor
) -> DatabaseFixture:
    return await new_database_fixture(module_app, request.param)


@pytest.fixture
async def database_fixture(module_database: DatabaseFixture) -> DatabaseFixture:
    await module_database.person.send("PATCH", f"/databases/{module_database.id}", 200, json={"protected": False})
    assert (await module_database.sql(TABLE))["error"] is None
    added = await module_database.edit("things", *({"kind": "insert", "values": row} for row in ROWS))
    assert added["applied"], added
    return module_database


async def paged(database_fixture: DatabaseFixture, **asked: Any) -> list[tuple[int, str]]:
    """Return the keys of all pages of seven rows."""
    seen: list[tuple[int, str]] = []
    cursor = None
    for _ in range(20):
        page = await database_fixture.post("rows", table="things", cursor=cursor, limit=7, **asked)
        seen += [(row[0], row[1]) for row in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            return seen
    raise AssertionError("the pages do not end")


async def test_pages_have_the_order_of_the_engine(database_fixture: DatabaseFixture) -> None:
    for columns in (["name"], ["score", "name"], ["day", "score"], []):
        for directions in itertools.product([False, True], repeat=len(columns)):
            sort = [{"column": item, "descending": down} for item, down in zip(columns, directions, strict=True)]
            by = ", ".join([f"{item['column']}{' DESC' if item['descending'] else ''}" for item in sort] + ["a", "b"])
            wanted = await database_fixture.sql(f"SELECT a, b FROM things ORDER BY {by}")
            assert await paged(database_fixture, sort=sort) == [tuple(row) for row in wanted["results"][0]["rows"]], by


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"operator": "contains", "value": "%"}, {"100%"}),
        ({"operator": "contains", "value": "a_"}, {"a_b"}),
        ({"operator": "starts", "value": "BACK\\"}, {"back\\slash"}),
        ({"operator": "=", "value": "O'Neil"}, {"O'Neil"}),
        ({"operator": "in", "values": ["Ünï", "back\\slash"]}, {"Ünï", "back\\slash"}),
        ({"operator": "is null"}, {None}),
    ],
)
async def test_filters_match_the_expected_rows(
    database_fixture: DatabaseFixture, condition: dict[str, Any], fits: set[str | None]
) -> None:
    page = await database_fixture.post("rows", table="things", filters=[{"column": "name", **condition}])
    assert {row[2] for row in page["rows"]} == fits
    assert page["count"] == len(page["rows"]) == sum(row["name"] in fits for row in ROWS)
    displayed = await database_fixture.sql(page["sql"])
    assert displayed["results"][0]["rows"] == page["rows"], "the SQL that is shown gives what is shown"


async def test_edits_of_changed_rows_conflict(database_fixture: DatabaseFixture) -> None:
    key = {"a": 1, "b": "k001"}
    update = {"kind": "update", "key": key, "was": {"name": "O'Neil", "day": "2026-01-02"}, "values": {"name": "a\\'b"}}
    delete = {"kind": "delete", "key": {"a": 2, "b": "k002"}}
    assert (await database_fixture.edit("things", update, delete))["applied"]
    again = await database_fixture.edit("things", update, delete)
    assert [item["now"] and item["now"]["name"] for item in again["conflicts"]] == ["a\\'b", None]
    escaped = {"kind": "update", "key": key, "was": {"name": "a\\'b"}, "values": {"name": "back\\slash's"}}
    preview = await database_fixture.post("edits", table="things", edits=[escaped])
    assert (await database_fixture.sql(preview["statements"][0]))["error"] is None
    assert (await database_fixture.sql("SELECT name FROM things WHERE b = 'k001'"))["results"][0]["rows"] == [
        ["back\\slash's"]
    ]


async def test_failed_edit_rolls_back_all_edits(database_fixture: DatabaseFixture) -> None:
    edits = [{"kind": "delete", "key": {"a": 2, "b": "k002"}}, {"kind": "insert", "values": {"a": 0, "b": "k000"}}]
    outcome = await database_fixture.edit("things", *edits)
    assert (outcome["applied"], outcome["failed_edit"], bool(outcome["error"])) == (False, 1, True)
    assert (await database_fixture.sql("SELECT count(*) FROM things"))["results"][0]["rows"] == [[len(ROWS)]]


async def test_bytes_work_as_keys_and_values(database_fixture: DatabaseFixture) -> None:
    kind = BINARY[database_fixture.engine]
    assert (await database_fixture.sql(f"CREATE TABLE raw (id {kind} NOT NULL PRIMARY KEY, body {kind})"))[
        "error"
    ] is None
    rows = [{"id": f"\\x{number:04x}", "body": f"\\x{number:02x}ff"} for number in range(20)]
    assert (await database_fixture.edit("raw", *({"kind": "insert", "values": row} for row in rows)))["applied"]
    first = await database_fixture.post("rows", table="raw", limit=15)
    rest = await database_fixture.post("rows", table="raw", limit=15, cursor=first["next"])
    assert [*first["rows"], *rest["rows"]] == [list(row.values()) for row in rows]
    update = {"kind": "update", "key": {"id": "\\x0003"}, "was": {"body": "\\x03ff"}, "values": {"body": "\\x00"}}
    assert (await database_fixture.edit("raw", update))["applied"]
    cell = await database_fixture.post("cell", table="raw", key={"id": "\\x0003"}, column="body")
    assert cell == {"value": "\\x00"}


async def test_large_values_round_trip_through_the_editor(database_fixture: DatabaseFixture) -> None:
    kind = "longblob" if database_fixture.engine == "mysql" else BINARY[database_fixture.engine]
    assert (await database_fixture.sql(f"CREATE TABLE large (id integer NOT NULL PRIMARY KEY, body {kind})"))[
        "error"
    ] is None
    before, after = ("\\x" + byte * 4_000_000 for byte in ("ab", "00"))
    assert (await database_fixture.edit("large", {"kind": "insert", "values": {"id": 1, "body": before}}))["applied"]
    page = await database_fixture.post("rows", table="large", counts=False)
    assert (page["cut"], page["rows"][0][1], page["count"]) == ([[0, 1]], before[:1024], None)
    update = {"kind": "update", "key": {"id": 1}, "was": {"body": before}, "values": {"body": after}}
    assert (await database_fixture.edit("large", update))["applied"]
    assert await database_fixture.post("cell", table="large", key={"id": 1}, column="body") == {"value": after}


async def test_too_large_value_is_refused(database_fixture: DatabaseFixture) -> None:
    kind = "longblob" if database_fixture.engine == "mysql" else BINARY[database_fixture.engine]
    assert (await database_fixture.sql(f"CREATE TABLE vast (id integer NOT NULL PRIMARY KEY, body {kind})"))[
        "error"
    ] is None
    for key, size in ((1, 2**22), (2, 2**23)):
        insert = f"INSERT INTO vast VALUES ({key}, {ZEROS[database_fixture.engine].format(size)})"
        assert (await database_fixture.sql(insert))["error"] is None
    whole = await database_fixture.post("cell", table="vast", key={"id": 1}, column="body")
    assert whole["value"] == "\\x" + "00" * 2**22
    refused = await database_fixture.post("cell", 413, table="vast", key={"id": 2}, column="body")
    assert refused["hint"] == "Export the table to get the complete value."


async def test_protected_database_requires_confirmation(database_fixture: DatabaseFixture) -> None:
    await database_fixture.person.send("PATCH", f"/databases/{database_fixture.id}", 200, json={"protected": True})
    response = await database_fixture.sql("UPDATE things SET name = 'x'", status=409)
    assert response["code"] == "confirmation_needed"
    assert (await database_fixture.sql("SELECT count(*) FROM things WHERE name = 'x'"))["results"][0]["rows"] == [[0]]
    assert (await database_fixture.sql("UPDATE things SET name = 'x'", confirmed=True))["error"] is None


# They use neither disk nor memory, so that only the cancellation ends them.
ENDLESS = {
    "postgresql": "SELECT pg_sleep(300)",
    "mysql": "SELECT sleep(300)",
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n",
}


async def test_exports_stream_and_queries_can_be_cancelled(database_fixture: DatabaseFixture) -> None:
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n"
    answer = await database_fixture.person.client.post(
        f"/api/v1/databases/{database_fixture.id}/export", json={"text": numbers, "format": "ndjson"}
    )
    assert [json.loads(line)["i"] for line in answer.text.splitlines()] == list(range(1, 901))
    run_id = str(uuid.uuid4())
    running = asyncio.create_task(database_fixture.sql(ENDLESS[database_fixture.engine], run_id=run_id))
    for _ in range(1_000):
        await asyncio.sleep(0.05)
        if (
            await database_fixture.person.client.post(f"/api/v1/databases/{database_fixture.id}/runs/{run_id}/cancel")
        ).status_code == 204:
            break
    assert (await asyncio.wait_for(running, 120))["error"]["code"] == "cancelled"
