"""The builder and the designer's changes over HTTP, on every engine with tables."""

from __future__ import annotations

from typing import Any

import pytest

from features.query.desk import ENGINES, Desk, new_desk
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import House

TABLES = """
DROP TABLE IF EXISTS visits; DROP TABLE IF EXISTS people; DROP TABLE IF EXISTS teams;
CREATE TABLE teams (id integer NOT NULL PRIMARY KEY, name varchar(40));
CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(40), team_id integer, FOREIGN KEY (team_id) REFERENCES teams (id));
INSERT INTO teams VALUES (1, 'red'), (2, 'blue');
INSERT INTO people VALUES (1, 'O''Neil', 1), (2, 'back', 1), (3, NULL, 2)
"""


@pytest.fixture(scope="module", params=ENGINES)
async def place(request: pytest.FixtureRequest, lasting_house: House, keeper: Supervisor) -> Desk:
    return await new_desk(lasting_house, request.param)


@pytest.fixture
async def desk(place: Desk) -> Desk:
    assert (await place.sql(TABLES))["error"] is None
    return place


async def rows(desk: Desk, text: str) -> Any:
    answer = await desk.sql(text)
    assert answer["error"] is None, (text, answer["error"])
    return sorted(answer["results"][0]["rows"], key=repr)


TEXTS = [
    "SELECT * FROM people",
    "select t.name, count(*) as n from people p join teams t on t.id = p.team_id group by t.name order by n desc",
    "select name from people where name = 'O''Neil' or (team_id in (1, 2) and name is null) limit 10 offset 0",
    "select distinct team_id, upper(name) as loud from people where name is not null",
    "select team_id, count(distinct name) c from people group by team_id having count(*) > 1",
]


async def test_what_is_drawn_and_written_gives_the_same_rows(desk: Desk) -> None:
    for text in TEXTS:
        drawn = await desk.post("builder/parse", text=text)
        assert drawn["query"], drawn
        written = await desk.post("builder/render", query=drawn["query"])
        assert await rows(desk, written["text"]) == await rows(desk, text)
        assert (await desk.post("builder/parse", text=written["text"]))["query"] == drawn["query"]


async def test_what_cannot_be_drawn_or_written_is_said(desk: Desk) -> None:
    refused = await desk.post("builder/parse", text="with x as (select 1) select * from x")
    assert (refused["query"], refused["clause"], refused["message"]) == (None, "WITH", "WITH cannot be drawn.")
    query: dict[str, Any] = {"table": {"name": "people", "alias": "p"}}
    missing = query | {"joins": [{"table": {"name": "teams", "alias": "t"}}]}
    assert "no condition" in (await desk.post("builder/render", 400, query=missing))["detail"]
    await desk.post("builder/render", 422, query={"table": "people"})
    await desk.post("builder/render", 422, query=query | {"limit": "many"})
    deep: dict[str, Any] = {"all": True, "items": []}
    for _ in range(3_000):
        deep = {"all": True, "items": [deep]}
    answer = await desk.person.client.post(
        f"/api/v1/databases/{desk.id}/builder/render", json={"query": query | {"where": deep}}
    )
    assert answer.status_code < 500
    await desk.post("builder/parse", text="select " + "(" * 3000)


async def test_staged_changes_of_the_diagram_are_applied_together(desk: Desk) -> None:
    schema = (await desk.person.get(f"/databases/{desk.id}/schema"))["relations"][0]["schema"]
    at = {"table": "visits", "schema": schema}
    number = "integer" if desk.engine == "sqlite" else "bigint"
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
    preview = await desk.post("schema/changes", changes=changes)
    assert [len(step["statements"]) > 0 for step in preview["steps"]] == [True] * 4
    applied = await desk.post("schema/changes", changes=changes, apply=True, confirmed=True)
    assert (applied["applied"], applied["error"]) == (True, None)
    found = {one["name"]: one for one in (await desk.person.get(f"/databases/{desk.id}/schema"))["relations"]}
    assert [one["ref_table"] for one in found["visits"]["foreign_keys"]] == ["people"]
    assert [one["name"] for one in found["teams"]["columns"]] == ["id", "title"]
