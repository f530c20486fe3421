"""Queries over HTTP: results, errors, cancel, history, saved queries, exports, rows, edits, schema changes, sessions."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import uuid

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest

from features.query.database_fixture import DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.query import maintenance, repository
from people import AppFixture

TABLE = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (a int, b text, name text, mood mood, score numeric, at timestamptz, data jsonb, PRIMARY KEY (a, b));
INSERT INTO people SELECT g % 10, 'k' || g, CASE WHEN g % 7 = 0 THEN NULL ELSE 'name ' || g % 50 END, 'sad',
  CASE WHEN g % 5 = 0 THEN NULL ELSE g / 3.0 END, '2026-01-01T00:00:00Z'::timestamptz + g * interval '1 min',
  jsonb_build_object('g', g) FROM generate_series(1, 1000) g;
CREATE TABLE loose (x text); INSERT INTO loose SELECT g::text FROM generate_series(1, 450) g;
CREATE TABLE long (id int PRIMARY KEY, body text); INSERT INTO long VALUES (1, repeat('ä', 5000))
"""


@pytest.fixture(scope="module")
async def module_database(module_app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    return await new_database_fixture(module_app)


@pytest.fixture
async def database_fixture(module_database: DatabaseFixture) -> DatabaseFixture:
    assert (await module_database.sql(TABLE))["error"] is None
    return module_database


async def test_run_returns_results_and_the_position_of_the_error(database_fixture: DatabaseFixture) -> None:
    text = "SELECT a, b FROM people ORDER BY 1, 2 LIMIT 1;\nUPDATE people SET name = 'x' WHERE a = 99;\nSELECT nope"
    answer = await database_fixture.sql(text)
    first, second = answer["results"]
    assert first["columns"][0] | {"type": ""} == {
        "name": "a",
        "type": "",
        "kind": "number",
        "schema": "public",
        "table": "people",
        "column": "a",
    }
    assert first["rows"] == [[0, "k10"]]
    assert (second["command"], second["affected"], second["columns"]) == ("UPDATE", 0, None)
    assert text[answer["error"]["position"] :] == "nope"
    assert answer["error"]["sqlstate"] == "42703"


@pytest.mark.parametrize("text", ["", "  ", "-- nothing", ";;", "SELECT '", "SELECT \0", "ünï☃", "\\d", "SELECT 1;;;"])
async def test_unusual_texts_do_not_fail(database_fixture: DatabaseFixture, text: str) -> None:
    answer = await database_fixture.person.client.post(
        f"/api/v1/databases/{database_fixture.id}/query", json={"text": text}
    )
    assert answer.status_code == 200
    assert answer.json()["error"] is None or answer.json()["error"]["message"]


async def test_run_can_be_cancelled_by_id(database_fixture: DatabaseFixture) -> None:
    run_id = str(uuid.uuid4())
    running = asyncio.create_task(database_fixture.sql("SELECT pg_sleep(60)", run_id=run_id))
    for _ in range(1_000):
        await asyncio.sleep(0.05)
        answer = await database_fixture.person.client.post(
            f"/api/v1/databases/{database_fixture.id}/runs/{run_id}/cancel"
        )
        if answer.status_code == 204:
            break
    assert (await asyncio.wait_for(running, 120))["error"]["code"] == "cancelled"
    history = await database_fixture.person.get(f"/databases/{database_fixture.id}/runs")
    assert history["items"][0]["state"] == "cancelled"


async def test_named_session_keeps_its_transaction(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("BEGIN; DELETE FROM loose", session="tab1")
    assert (await database_fixture.sql("SELECT count(*) FROM loose", session="tab1"))["results"][0]["rows"] == [[0]]
    assert (await database_fixture.sql("SELECT count(*) FROM loose"))["results"][0]["rows"] == [[450]]
    await database_fixture.sql("ROLLBACK", session="tab1")
    assert (await database_fixture.sql("SELECT count(*) FROM loose", session="tab1"))["results"][0]["rows"] == [[450]]


async def test_row_limit_does_not_roll_back_a_write(database_fixture: DatabaseFixture) -> None:
    answer = await database_fixture.sql("UPDATE loose SET x = x || '!' RETURNING x", max_rows=10)
    assert (answer["results"][0]["truncated"], answer["results"][0]["affected"]) == (True, 450)
    assert (await database_fixture.sql("SELECT count(*) FROM loose WHERE x LIKE '%!'"))["results"][0]["rows"] == [[450]]


async def test_saved_queries_are_private_until_shared(
    module_app: AppFixture, database_fixture: DatabaseFixture
) -> None:
    project = database_fixture.person.project["id"]
    body = {"name": "sum", "text": "SELECT 1", "database_id": database_fixture.id}
    saved = await database_fixture.person.send("POST", f"/projects/{project}/queries", 201, json=body)
    mate = await module_app.person("mate")
    await database_fixture.person.invite(mate, "member")
    assert (await mate.client.get(f"/api/v1/queries/{saved['id']}")).status_code == 404
    await database_fixture.person.send("PATCH", f"/queries/{saved['id']}", 200, json={"shared": True})
    assert [item["mine"] for item in (await mate.get(f"/projects/{project}/queries"))["items"]] == [False]
    assert (await mate.client.patch(f"/api/v1/queries/{saved['id']}", json={"shared": False})).status_code == 403


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "arrow", "parquet"])
async def test_exports_have_the_same_rows_in_every_format(database_fixture: DatabaseFixture, form: str) -> None:
    text = "SELECT a, b, name, at, data FROM people ORDER BY a, b"
    answer = await database_fixture.person.client.post(
        f"/api/v1/databases/{database_fixture.id}/export", json={"text": text, "format": form}
    )
    assert answer.status_code == 200, answer.text
    rows = {
        "csv": lambda data: list(csv.DictReader(io.StringIO(data.decode()))),
        "ndjson": lambda data: [json.loads(line) for line in data.splitlines()],
        "json": json.loads,
        "arrow": lambda data: pa.ipc.open_stream(data).read_all().to_pylist(),
        "parquet": lambda data: pa.parquet.read_table(io.BytesIO(data)).to_pylist(),
    }[form](answer.content)
    assert len(rows) == 1000
    assert str(rows[0]["a"]) == "0"
    assert rows[0]["b"] == "k10"
    assert {row["name"] for row in rows} >= {"name 1"}


@pytest.mark.parametrize("count", [0, 1, 2, 1200, 200_000])
async def test_exports_of_any_size_are_complete(database_fixture: DatabaseFixture, count: int) -> None:
    text = f"SELECT g AS id, 'Book ' || g AS title FROM generate_series(1, {count}) AS g"
    for _ in range(5):
        answer = await database_fixture.person.client.post(
            f"/api/v1/databases/{database_fixture.id}/export", json={"text": text}
        )
        assert (answer.status_code, len(answer.text.splitlines())) == (200, count + 1)


async def test_failed_export_is_an_error_response(database_fixture: DatabaseFixture) -> None:
    for text in ("SELECT nope FROM people", "SELECT 1; SELECT 2", "DELETE FROM people"):
        answer = await database_fixture.person.client.post(
            f"/api/v1/databases/{database_fixture.id}/export", json={"text": text}
        )
        assert answer.status_code == 422, text
    assert (await database_fixture.sql("SELECT count(*) FROM people"))["results"][0]["rows"] == [[1000]]


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "arrow", "parquet"])
async def test_export_that_fails_at_its_first_row_is_an_error_response(
    database_fixture: DatabaseFixture, form: str
) -> None:
    zero = "SELECT 1 / (g - 1) FROM generate_series(1, 9) AS g"
    for request in ({"text": "SELECT 1", "parameters": [None]}, {"text": zero}):
        answer = await database_fixture.person.client.post(
            f"/api/v1/databases/{database_fixture.id}/export", json=request | {"format": form}
        )
        assert answer.status_code == 422, (request, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


SORTS = [
    [],
    [{"column": "name"}],
    [{"column": "score", "descending": True}],
    [{"column": "name", "descending": True}, {"column": "score"}],
    [{"column": "mood"}, {"column": "at", "descending": True}],
]


@pytest.mark.parametrize("sort", SORTS, ids=str)
async def test_keyset_pages_cover_the_table_in_order(database_fixture: DatabaseFixture, sort: list[dict]) -> None:
    seen, cursor = [], None
    while True:
        page = await database_fixture.post("rows", table="people", sort=sort, cursor=cursor, limit=170)
        seen += [(row[0], row[1]) for row in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            break
    order = ", ".join(f"{item['column']} {'DESC' if item.get('descending') else ''}" for item in sort)
    wanted = await database_fixture.sql(f"SELECT a, b FROM people ORDER BY {order + ', ' if order else ''}a, b")
    assert seen == [tuple(row) for row in wanted["results"][0]["rows"]]


async def test_table_without_key_is_paged_but_read_only(
    database_fixture: DatabaseFixture,
) -> None:
    first = await database_fixture.post("rows", table="loose")
    second = await database_fixture.post("rows", table="loose", cursor=first["next"])
    third = await database_fixture.post("rows", table="loose", cursor=second["next"])
    assert [len(page["rows"]) for page in (first, second, third)] == [200, 200, 50]
    assert (first["key"], first["count"]) == ([], 450)
    assert "no primary key" in first["why"]
    await database_fixture.post("edits", 422, table="loose", edits=[{"kind": "delete", "key": {"x": "1"}}])


@pytest.mark.parametrize(
    ("filters", "where"),
    [
        ([{"column": "a", "operator": ">=", "value": 8}], "a >= 8"),
        ([{"column": "name", "operator": "contains", "value": "ME 4"}], "name ILIKE '%me 4%'"),
        ([{"column": "name", "operator": "contains", "value": "%"}], "false"),
        ([{"column": "name", "operator": "is null"}], "name IS NULL"),
        ([{"column": "b", "operator": "in", "values": ["k1", "k2", "'; DROP TABLE people; --"]}], "b IN ('k1', 'k2')"),
        (
            [{"column": "a", "operator": "=", "value": 3}, {"column": "score", "operator": "!=", "value": "1"}],
            "a = 3 AND score <> 1",
        ),
    ],
)
async def test_filters_match_the_equivalent_sql(
    database_fixture: DatabaseFixture, filters: list[dict], where: str
) -> None:
    page = await database_fixture.post("rows", table="people", filters=filters, limit=1000)
    wanted = await database_fixture.sql(f"SELECT count(*) FROM people WHERE {where}")
    assert [[len(page["rows"])]] == wanted["results"][0]["rows"] == [[page["count"]]]


async def test_invalid_filters_and_cursors_are_rejected(database_fixture: DatabaseFixture) -> None:
    for body in (
        {"filters": [{"column": "nam", "operator": "=", "value": 1}]},
        {"filters": [{"column": "a", "operator": "=", "value": "abc"}]},
        {"filters": [{"column": "a", "operator": "="}]},
        {"sort": [{"column": "nope"}]},
    ):
        answer = await database_fixture.person.client.post(
            f"/api/v1/databases/{database_fixture.id}/rows", json={"table": "people"} | body
        )
        assert answer.status_code == 422, answer.text
    await database_fixture.post("rows", 400, table="people", cursor="nonsense")
    await database_fixture.post("rows", 404, table="peple")


async def test_long_cells_are_truncated_and_can_be_read_completely(database_fixture: DatabaseFixture) -> None:
    page = await database_fixture.post("rows", table="long")
    assert (page["cut"], len(page["rows"][0][1])) == ([[0, 1]], 1024)
    assert (await database_fixture.post("cell", table="long", key={"id": 1}, column="body"))["value"] == "ä" * 5000


async def test_edits_are_atomic(database_fixture: DatabaseFixture) -> None:
    key = {"a": 1, "b": "k1"}
    edits = [
        {"kind": "update", "key": key, "was": {"name": "name 1"}, "values": {"name": "O'Neil", "mood": "glad"}},
        {"kind": "insert", "values": {"a": 77, "b": "new", "data": '{"x": [1]}'}},
        {"kind": "delete", "key": {"a": 2, "b": "k2"}},
    ]
    preview = await database_fixture.post("edits", table="people", edits=edits)
    assert (preview["applied"], preview["statements"][0]) == (
        False,
        "UPDATE public.people SET name = 'O''Neil', mood = 'glad' WHERE a = 1 AND b = 'k1';",
    )
    broken = await database_fixture.post(
        "edits", table="people", edits=[*edits, {"kind": "insert", "values": {"a": 1}}], apply=True
    )
    assert (broken["applied"], broken["failed_edit"]) == (False, 3)
    applied = await database_fixture.post("edits", table="people", edits=edits, apply=True)
    assert applied["applied"] is True
    assert (await database_fixture.sql("SELECT name FROM people WHERE b = 'k1'"))["results"][0]["rows"] == [["O'Neil"]]
    again = await database_fixture.post("edits", table="people", edits=[edits[0], edits[2]], apply=True)
    assert again["applied"] is False
    assert [item["now"] and item["now"]["name"] for item in again["conflicts"]] == ["O'Neil", None]
    count = await database_fixture.sql("SELECT count(*) FROM people")
    assert count["results"][0]["rows"] == [[1000]]


async def test_schema_changes_are_previewed_then_applied(database_fixture: DatabaseFixture) -> None:
    change = {"kind": "AddIndex", "table": "people", "index": {"name": "by_name", "columns": ["name"]}}
    preview = await database_fixture.post("schema/changes", changes=[change])
    assert preview["steps"][0]["statements"] == ["CREATE INDEX by_name ON public.people (name)"]
    assert preview["steps"][0]["hazards"][0]["kind"] == "lock"
    bad = {"kind": "AddColumn", "table": "people", "column": {"name": "x", "type": "no_such_type"}}
    failed = await database_fixture.post("schema/changes", changes=[change, bad], apply=True)
    assert (failed["applied"], failed["failed_step"]) == (False, 1)
    assert (await database_fixture.post("schema/changes", changes=[change], apply=True))["applied"], (
        "the first was undone"
    )
    schema = await database_fixture.person.get(f"/databases/{database_fixture.id}/schema")
    people = next(item for item in schema["relations"] if item["name"] == "people")
    assert [item["name"] for item in people["indexes"]] == ["by_name"]
    for wrong in ({"kind": "Nope"}, {"kind": "DropTable"}, {"kind": "AddColumn", "table": "people", "colum": {}}):
        await database_fixture.post("schema/changes", 422, changes=[wrong])


async def test_query_plan_advises_a_missing_index(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql(
        "CREATE TABLE wide AS SELECT g AS id, md5(g::text) AS h FROM generate_series(1, 50000) g; ANALYZE"
    )
    plan = await database_fixture.post("explain", text="SELECT * FROM wide WHERE h = 'x'", run=True)
    assert plan["root"]["operation"] == "Seq Scan"
    advice = plan["advice"][0]
    assert (advice["kind"], advice["statement"]) == ("missing_index", "CREATE INDEX ON wide (h)")
    assert advice["figures"]["rows_read"] == 50000
    await database_fixture.sql(advice["statement"])
    better = await database_fixture.post("explain", text="SELECT * FROM wide WHERE h = 'x'", run=True)
    assert better["advice"] == []
    await database_fixture.post("explain", text="DELETE FROM wide", run=True)
    assert (await database_fixture.sql("SELECT count(*) FROM wide"))["results"][0]["rows"] == [[50000]], (
        "it was rolled back"
    )


async def test_check_reports_the_position_of_errors(database_fixture: DatabaseFixture) -> None:
    text = "SELECT a FROM people;\nSELECT nmae FROM people WHERE a = :a"
    rows = (await database_fixture.post("check", text=text))["findings"]
    assert [text[item["start"] : item["end"]] for item in rows] == ["nmae"]
    assert (await database_fixture.post("check", text="SELECT a FROM people WHERE a = :a"))["findings"] == []
    assert (await database_fixture.post("check", text="CREATE TABLE x (a int); SELECT a FROM x"))["findings"] == []


async def test_sessions_show_blocking_sessions(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("BEGIN; LOCK TABLE people", session="holder")
    waiting = asyncio.create_task(database_fixture.sql("SELECT count(*) FROM people", session="waiter"))
    for _ in range(1_000):
        rows = await database_fixture.person.get(f"/databases/{database_fixture.id}/sessions")
        blocked = [item for item in rows if item["blocked_by"]]
        if blocked:
            break
        await asyncio.sleep(0.05)
    assert blocked[0]["blocked_by"][0] in {item["id"] for item in rows}
    await database_fixture.person.send(
        "POST", f"/databases/{database_fixture.id}/sessions/{blocked[0]['id']}/cancel", 204
    )
    assert (await asyncio.wait_for(waiting, 120))["error"]
    await database_fixture.sql("ROLLBACK", session="holder")


async def test_history_keeps_the_newest_runs_of_each_user(
    module_app: AppFixture, database_fixture: DatabaseFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "KEPT_RUNS", 3)
    path = f"/databases/{database_fixture.id}"
    for number in range(5):
        await database_fixture.person.send("POST", f"{path}/query", 200, json={"text": f"SELECT {number}"})
    await maintenance.run_maintenance(module_app.server.context)
    history = await database_fixture.person.get(f"{path}/runs")
    assert [run["text"] for run in history["items"]] == ["SELECT 4", "SELECT 3", "SELECT 2"]
