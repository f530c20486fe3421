"""Dashboards over HTTP: order of tiles, rights of viewers, caching for a minute, read-only queries."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from clusters import Cluster
from features.query.database_fixture import DatabaseFixture
from people import AppFixture, Person

ROWS = "CREATE TABLE sales (day date, amount int); INSERT INTO sales VALUES ('2026-01-01', 3), ('2026-01-02', 5)"
COUNT = "SELECT day, sum(amount) AS amount FROM sales GROUP BY 1 ORDER BY 1"


class DashboardFixture:
    """A dashboard of a user, and its database."""

    def __init__(self, database_fixture: DatabaseFixture, id_: str) -> None:
        self.database_fixture, self.person, self.id = database_fixture, database_fixture.person, id_

    async def query(self, text: str = COUNT, **given: Any) -> str:
        body = {"name": "q", "text": text, "shared": True, "database_id": self.database_fixture.id} | given
        path = f"/projects/{self.person.project['id']}/queries"
        return str((await self.person.send("POST", path, 201, json=body))["id"])

    async def add(self, text: str = COUNT, **given: Any) -> str:
        body = {"query_id": await self.query(text)} | given
        dashboard_fixture = await self.person.send("POST", f"/dashboards/{self.id}/tiles", 201, json=body)
        return str(dashboard_fixture["tiles"][-1]["id"])

    async def look(self, tile: str, person: Person | None = None, **query: Any) -> Any:
        return await (person or self.person).get(f"/dashboards/{self.id}/tiles/{tile}/data", **query)


@pytest.fixture
async def dashboard_fixture(app: AppFixture, cluster: Cluster) -> DashboardFixture:
    person = await app.person("ines")
    project = f"/projects/{person.project['id']}"
    database_fixture = DatabaseFixture(person, await person.connected(cluster.clone(ROWS)))
    dashboard = await person.send("POST", f"{project}/dashboards", 201, json={"name": "Sales", "refresh_seconds": 60})
    return DashboardFixture(database_fixture, dashboard["id"])


async def test_tile_data_is_cached_for_a_minute(dashboard_fixture: DashboardFixture) -> None:
    tile = await dashboard_fixture.add(width=3, title="By day", chart={"kind": "bar", "x": "day", "y": ["amount"]})
    first = await dashboard_fixture.look(tile)
    assert (first["rows"], first["cached"], first["error"]) == ([["2026-01-01", 3], ["2026-01-02", 5]], False, None)
    assert [column["kind"] for column in first["columns"]] == ["time", "number"]
    await dashboard_fixture.database_fixture.sql("INSERT INTO sales VALUES ('2026-01-03', 9)")
    again = await dashboard_fixture.look(tile)
    assert (again["cached"], len(again["rows"]), again["ran_at"]) == (True, 2, first["ran_at"])
    fresh = await dashboard_fixture.look(tile, fresh=True)
    assert (fresh["cached"], len(fresh["rows"])) == (False, 3)
    assert len((await dashboard_fixture.look(tile))["rows"]) == 3


async def test_concurrent_requests_run_the_query_once(dashboard_fixture: DashboardFixture) -> None:
    tile = await dashboard_fixture.add("SELECT pg_sleep(0.5), count(*) FROM sales")
    answers = await asyncio.gather(*(dashboard_fixture.look(tile) for _ in range(6)))
    assert sum(not item["cached"] for item in answers) == 1
    assert len({item["ran_at"] for item in answers}) == 1


@pytest.mark.parametrize(
    "text", ["DELETE FROM sales", "INSERT INTO sales VALUES (now(), 1) RETURNING 1", "SELECT 1; DROP TABLE sales"]
)
async def test_tile_queries_are_read_only(dashboard_fixture: DashboardFixture, text: str) -> None:
    seen = await dashboard_fixture.look(await dashboard_fixture.add(text))
    assert "read-only" in seen["error"]["message"]
    assert (await dashboard_fixture.database_fixture.sql("SELECT count(*) FROM sales"))["results"][0]["rows"] == [[2]]


@pytest.mark.parametrize("text", ["", "SELECT nope FROM sales", "SELECT '", "nonsense"])
async def test_tile_of_a_failing_query_reports_the_error(dashboard_fixture: DashboardFixture, text: str) -> None:
    seen = await dashboard_fixture.look(await dashboard_fixture.add(text))
    assert seen["rows"] == []
    assert text == "" or seen["error"]["message"]


async def test_viewers_can_see_tiles_but_neighbours_cannot(
    app: AppFixture, dashboard_fixture: DashboardFixture
) -> None:
    tile = await dashboard_fixture.add()
    viewer, neighbour = await app.person("viewer"), await app.person("neighbour")
    await dashboard_fixture.person.invite(viewer, "viewer")
    assert len((await dashboard_fixture.look(tile, viewer))["rows"]) == 2
    path = f"/api/v1/dashboards/{dashboard_fixture.id}"
    assert (await neighbour.client.get(f"{path}/tiles/{tile}/data")).status_code == 404
    assert (await viewer.client.patch(path, json={"name": "x"})).status_code == 403


async def test_tile_requires_a_shared_query_of_the_project_with_a_database(
    app: AppFixture, dashboard_fixture: DashboardFixture
) -> None:
    path = f"/dashboards/{dashboard_fixture.id}/tiles"
    own = await dashboard_fixture.query(shared=False)
    refused = await dashboard_fixture.person.send("POST", path, 409, json={"query_id": own})
    assert "not shared" in refused["detail"]
    homeless = await dashboard_fixture.query(database_id=None)
    await dashboard_fixture.person.send("POST", path, 422, json={"query_id": homeless})
    await dashboard_fixture.person.send("POST", path, 404, json={"query_id": str(uuid.uuid4())})
    other = await dashboard_fixture.person.send("POST", "/projects", 201, json={"name": "other"})
    far = await dashboard_fixture.person.send(
        "POST", f"/projects/{other['id']}/queries", 201, json={"name": "q", "text": "SELECT 1"}
    )
    await dashboard_fixture.person.send("POST", path, 422, json={"query_id": far["id"]})


async def test_unshared_query_hides_its_tile_from_others(app: AppFixture, dashboard_fixture: DashboardFixture) -> None:
    query = await dashboard_fixture.query(name="secret plans")
    dashboard = await dashboard_fixture.person.send(
        "POST", f"/dashboards/{dashboard_fixture.id}/tiles", 201, json={"query_id": query}
    )
    tile = dashboard["tiles"][0]["id"]
    mate = await app.person("mate")
    await dashboard_fixture.person.invite(mate, "member")
    await dashboard_fixture.look(tile, mate)
    await dashboard_fixture.person.send("PATCH", f"/queries/{query}", 200, json={"shared": False})
    assert (await mate.client.get(f"/api/v1/dashboards/{dashboard_fixture.id}/tiles/{tile}/data")).status_code == 404
    seen = await mate.get(f"/dashboards/{dashboard_fixture.id}")
    assert seen["tiles"][0]["hidden"]
    assert "secret" not in json.dumps(seen)
    assert len((await dashboard_fixture.look(tile))["rows"]) == 2


async def test_order_width_and_chart_of_tiles_are_stored(dashboard_fixture: DashboardFixture) -> None:
    tiles = [await dashboard_fixture.add(title=str(number)) for number in range(3)]
    path = f"/dashboards/{dashboard_fixture.id}"
    moved = await dashboard_fixture.person.send("PUT", f"{path}/order", 200, json={"tiles": tiles[::-1]})
    assert [item["title"] for item in moved["tiles"]] == ["2", "1", "0"]
    await dashboard_fixture.person.send("PUT", f"{path}/order", 409, json={"tiles": tiles[:2]})
    await dashboard_fixture.person.send("PUT", f"{path}/order", 409, json={"tiles": [*tiles[:2], tiles[0]]})
    chart = {"kind": "line", "x": "day", "y": ["amount"], "series": None, "aggregate": "sum"}
    changed = await dashboard_fixture.person.send(
        "PATCH", f"{path}/tiles/{tiles[0]}", 200, json={"width": 4, "chart": chart}
    )
    assert (changed["tiles"][2]["width"], changed["tiles"][2]["chart"], changed["tiles"][2]["own_chart"]) == (
        4,
        chart,
        True,
    )
    back = await dashboard_fixture.person.send("PATCH", f"{path}/tiles/{tiles[0]}", 200, json={"chart": None})
    assert (back["tiles"][2]["own_chart"], back["tiles"][2]["width"]) == (False, 4)
    await dashboard_fixture.person.send("PATCH", f"{path}/tiles/{tiles[0]}", 422, json={"width": 5})
    await dashboard_fixture.person.send("PATCH", f"{path}/tiles/{tiles[0]}", 422, json={"chart": {"kind": "pie"}})
    await dashboard_fixture.person.send("DELETE", f"{path}/tiles/{tiles[1]}", 204)
    renamed = await dashboard_fixture.person.send("PATCH", path, 200, json={"name": " Numbers "})
    assert (renamed["name"], renamed["refresh_seconds"], len(renamed["tiles"])) == ("Numbers", 60, 2)
    listed = (await dashboard_fixture.person.get(f"/projects/{dashboard_fixture.person.project['id']}/dashboards"))[
        "items"
    ]
    assert [(item["name"], item["tiles"]) for item in listed] == [("Numbers", 2)]


async def test_chart_is_saved_with_its_query(dashboard_fixture: DashboardFixture) -> None:
    query = await dashboard_fixture.query(chart={"kind": "area", "y": ["amount"]})
    seen = await dashboard_fixture.person.get(f"/queries/{query}")
    assert (seen["chart"]["kind"], seen["chart"]["x"], seen["chart"]["aggregate"]) == ("area", None, "none")
    for field in ("name", "chart", "text", "shared"):
        await dashboard_fixture.person.send("PATCH", f"/queries/{query}", 422, json={field: None})
    unchanged = await dashboard_fixture.person.send("PATCH", f"/queries/{query}", 200, json={})
    assert (unchanged["name"], unchanged["chart"]["kind"]) == ("q", "area")
    changed = await dashboard_fixture.person.send("PATCH", f"/queries/{query}", 200, json={"chart": {"kind": "number"}})
    assert (changed["chart"]["kind"], changed["chart"]["y"]) == ("number", [])


async def test_false_is_no_number_of_seconds(app: AppFixture) -> None:
    person = await app.person()
    path, body = f"/projects/{person.project['id']}/dashboards", {"name": "Sales", "refresh_seconds": False}
    refused = await person.send("POST", path, 422, json=body)
    assert refused["errors"] == [{"field": "refresh_seconds", "message": "must be a number"}]
