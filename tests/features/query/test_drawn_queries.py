"""The query builder and schema changes over HTTP, on every engine with tables."""

from __future__ import annotations

from typing import Any

import pytest

from features.query.database_fixture import ENGINES, DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

TABLES = """
DROP TABLE IF EXISTS visits; DROP TABLE IF EXISTS people; DROP TABLE IF EXISTS teams;
CREATE TABLE teams (id integer NOT NULL PRIMARY KEY, name varchar(40));
CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(40), team_id integer, FOREIGN KEY (team_id) REFERENCES teams (id));
INSERT INTO teams VALUES (1, 'red'), (2, 'blue');
INSERT INTO people VALUES (1, 'O''Neil', 1), (2, 'back', 1), (3, NULL, 2)
"""


@pytest.fixture(scope="module", params=ENGINES)
async def module_database(
    request: pytest.FixtureRequest, module_app: AppFixture, supervisor: Supervisor
) -> DatabaseFixture:
    return await new_database_fixture(module_app, request.param)


@pytest.fixture
async def database_fixture(module_database: DatabaseFixture) -> DatabaseFixture:
    assert (await module_database.sql(TABLES))["error"] is None
    return module_database


async def rows(database_fixture: DatabaseFixture, text: str) -> Any:
    answer = await database_fixture.sql(text)
    assert answer["error"] is None, (text, answer["error"])
    return sorted(answer["results"][0]["rows"], key=repr)


TEXTS = [
    "SELECT * FROM people",
    "select t.name, count(*) as n from people p join teams t on t.id = p.team_id group by t.name order by n desc",
    "select name from people where name = 'O''Neil' or (team_id in (1, 2) and name is null) limit 10 offset 0",
    "select distinct team_id, upper(name) as loud from people where name is not null",
    "select team_id, count(distinct name) c from people group by team_id having count(*) > 1",
]


async def test_builder_round_trip_returns_the_same_rows(database_fixture: DatabaseFixture) -> None:
    for text in TEXTS:
        drawn = await database_fixture.post("builder/parse", text=text)
        assert drawn["query"], drawn
        written = await database_fixture.post("builder/render", query=drawn["query"])
        assert await rows(database_fixture, written["text"]) == await rows(database_fixture, text)
        assert (await database_fixture.post("builder/parse", text=written["text"]))["query"] == drawn["query"]


async def test_builder_reports_unsupported_queries(database_fixture: DatabaseFixture) -> None:
    refused = await database_fixture.post("builder/parse", text="with x as (select 1) select * from x")
    assert (refused["query"], refused["clause"], refused["message"]) == (
        None,
        "WITH",
        "The query builder does not support WITH.",
    )
    query: dict[str, Any] = {"table": {"name": "people", "alias": "p"}}
    missing = query | {"joins": [{"table": {"name": "teams", "alias": "t"}}]}
    assert "no condition" in (await database_fixture.post("builder/render", 400, query=missing))["detail"]
    await database_fixture.post("builder/render", 422, query={"table": "people"})
    await database_fixture.post("builder/render", 422, query=query | {"limit": "many"})
    for wrong in ({"limit": True}, {"offset": "1"}, {"distinct": 0}, {"where": {"all": "yes", "items": []}}):
        await database_fixture.post("builder/render", 422, query=query | wrong)
    deep = '{"all":true,"items":[' * 3_000 + "]}" * 3_000  # deeper than a Python encoder can go
    answer = await database_fixture.person.client.post(
        f"/api/v1/databases/{database_fixture.id}/builder/render",
        content=f'{{"query":{{"table":{{"name":"people","alias":"p"}},"where":{deep}}}}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code < 500
    await database_fixture.post("builder/parse", text="select " + "(" * 3000)


async def test_staged_schema_changes_are_applied_together(database_fixture: DatabaseFixture) -> None:
    schema = (await database_fixture.person.get(f"/databases/{database_fixture.id}/schema"))["relations"][0]["schema"]
    at = {"table": "visits", "schema": schema}
    number = "integer" if database_fixture.engine == "sqlite" else "bigint"
    identity = {"name": "id", "type": number, "nullable": False, "identity": True}
    table = {"name": "visits", "schema": schema, "columns": [identity], "primary_key": ["id"]}
    key = {
        "columns": ["person_id"],
        "ref_table": "people",
        "ref_schema": schema,
        "ref_columns": ["id"],
        "name": "visits_person_id_fkey",
    }
    changes = [
        {"kind": "AddTable", **at, "relation": table},
        {"kind": "AddColumn", **at, "column": {"name": "person_id", "type": "integer"}},
        {"kind": "AddForeignKey", **at, "key": key},
        {"kind": "RenameColumn", "table": "teams", "schema": schema, "column": "name", "new_name": "title"},
    ]
    preview = await database_fixture.post("schema/changes", changes=changes)
    assert [len(step["statements"]) > 0 for step in preview["steps"]] == [True] * 4
    applied = await database_fixture.post("schema/changes", changes=changes, apply=True, confirmed=True)
    assert (applied["applied"], applied["error"]) == (True, None)
    relations = {
        item["name"]: item
        for item in (await database_fixture.person.get(f"/databases/{database_fixture.id}/schema"))["relations"]
    }
    assert [item["ref_table"] for item in relations["visits"]["foreign_keys"]] == ["people"]
    assert [item["name"] for item in relations["teams"]["columns"]] == ["id", "title"]
