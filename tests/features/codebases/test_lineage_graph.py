"""The graph of a codebase over HTTP: bounded, with endpoints, foreign keys, filters, and parts of the code."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from features.codebases.test_codebases import scanned, zipped
from headwater.features.codebases.service import code_groups
from headwater.features.codebases.service import graph as graph_service
from headwater.features.codebases.service import group_graph as group_service
from headwater.features.codebases.service.code_groups import CodeGroup
from people import AppFixture, Person

SCHEMA = """
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, nick text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users (id), total int);
CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders (id));
"""
API = """
from fastapi import FastAPI

app = FastAPI()


def find(cursor, key):
    cursor.execute('SELECT email FROM users WHERE id = %s', (key,))


@app.get("/users/{key}")
def show(key, cursor):
    return find(cursor, key)


@app.get("/orders")
def orders(cursor):
    cursor.execute('SELECT total FROM orders')
"""
JOBS = """
def clean(cursor):
    cursor.execute('DELETE FROM users')
    cursor.execute("UPDATE orders SET total = 0 WHERE user_id = 1")
"""
SHOP = zipped(
    db__schema_dot_sql=SCHEMA,
    services__api__pyproject_dot_toml="[project]\nname = 'api'\n",
    services__api__app_dot_py=API,
    services__jobs__nightly_dot_py=JOBS,
    report_dot_sql="SELECT total FROM orders;\n",
)


async def shop(app: AppFixture) -> tuple[Person, str]:
    someone = await app.person()
    return someone, f"/codebases/{(await scanned(app, someone, SHOP))['id']}/graph"


def names(graph: dict[str, Any]) -> set[str]:
    by_id = {column["column_id"]: f"{t['name']}.{column['name']}" for t in graph["tables"] for column in t["columns"]}
    return {by_id[edge["column_id"]] for edge in graph["edges"]}


async def test_the_graph_of_groups_requires_membership(app: AppFixture) -> None:
    someone, path = await shop(app)
    neighbour = await app.person("neighbour")
    assert (await (await app.stranger()).get(f"/api/v1{path}/groups")).status_code == 401
    assert (await neighbour.client.get(f"/api/v1{path}/groups")).status_code == 404
    assert (await someone.client.get(f"/api/v1{path}/groups?by=color")).status_code == 422


async def test_a_column_has_its_code_its_endpoints_and_its_neighbors(app: AppFixture) -> None:
    someone, path = await shop(app)
    graph = await someone.get(path, table="USERS", column="id")
    assert names(graph) == {"users.id"}
    assert [(row["method"], row["path"]) for row in graph["endpoints"]] == [("GET", "/users/{key}")]
    assert [(row["file_path"], row["symbol"]) for row in graph["reaches"]] == [("services/api/app.py", "find")]
    assert {table["name"] for table in graph["tables"]} == {"users", "orders"}
    assert len(graph["relations"]) == 1
    assert set(graph["hidden"].values()) == {0}


async def test_an_endpoint_has_the_columns_that_it_reaches(app: AppFixture) -> None:
    someone, path = await shop(app)
    endpoint = (await someone.get(path, table="users", column="email"))["endpoints"][0]["endpoint_id"]
    graph = await someone.get(path, endpoint=endpoint)
    assert names(graph) == {"users.id", "users.email"}
    assert [row["endpoint_id"] for row in graph["endpoints"]] == [endpoint]
    usages = await someone.get(f"{path.removesuffix('/graph')}/lineage", endpoint=endpoint)
    assert {usage["symbol"] for usage in usages["usages"]} == {"find"}
    absent = await someone.client.get(f"/api/v1{path}", params={"endpoint": str(uuid.uuid4())})
    assert absent.status_code == 404
    assert absent.json()["hint"] == "List the endpoints of the codebase."


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "report.sql services/api/app.py services/jobs/nightly.py"),
    ({"folder": "services"}, "services/api/app.py services/jobs/nightly.py"),
    ({"folder": "services/jobs/"}, "services/jobs/nightly.py"),
    ({"folder": "serv"}, ""),
    ({"folder": "services%"}, ""),
    ({"service": "services/api"}, "services/api/app.py"),
    ({"service": "services"}, "services/jobs/nightly.py"),
    ({"service": "none"}, ""),
    ({"language": "sql"}, "report.sql"),
    ({"usage_type": "delete"}, "services/jobs/nightly.py"),
    ({"folder": "services", "language": "sql"}, ""),
]


async def test_the_graph_is_filtered(app: AppFixture) -> None:
    someone, path = await shop(app)
    for query, files in FILTERS:
        graph = await someone.get(path, **query)
        assert sorted(file["file_path"] for file in graph["code"]) == files.split(), query


async def test_totals_count_what_other_kinds_would_add(app: AppFixture) -> None:
    someone, path = await shop(app)
    everything = await someone.get(path)
    filtered = await someone.get(path, usage_type="delete", language="python")
    assert filtered["totals"] == everything["totals"]
    drawn = sum(edge["count"] for edge in everything["edges"])
    assert sum(total["count"] for total in everything["totals"]) == drawn + everything["hidden"]["usages"]
    inside = await someone.get(path, folder="services")
    assert sum(total["count"] for total in inside["totals"]) < drawn


async def test_what_exceeds_the_bounds_is_counted(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    someone, path = await shop(app)
    everything = await someone.get(path)
    monkeypatch.setattr(graph_service, "MAX_ENDPOINTS", 1)
    monkeypatch.setattr(graph_service, "MAX_NEIGHBORS", 0)
    monkeypatch.setattr(graph_service, "BUSIEST_FILES", 1)
    graph = await someone.get(path)
    assert (len(graph["code"]), graph["hidden"]["files"]) == (1, len(everything["code"]) - 1)
    assert sum(edge["count"] for edge in graph["edges"]) + graph["hidden"]["usages"] == sum(
        edge["count"] for edge in everything["edges"]
    )
    orders = await someone.get(path, table="orders")
    assert orders["hidden"]["neighbors"] == 2
    q = await someone.get(path, q="s")
    assert (len(q["endpoints"]), q["hidden"]["endpoints"]) == (1, 1)


async def test_groups_count_the_usages_of_each_table(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    someone, path = await shop(app)
    folders = await someone.get(f"{path}/groups")
    assert {(row["name"], row["kind"], row["files"]) for row in folders["groups"]} == {
        ("services", "folder", 2),
        ("report.sql", "file", 1),
    }
    services = await someone.get(f"{path}/groups", by="service")
    kinds = {row["name"]: row["kind"] for row in services["groups"]}
    assert kinds == {"services/api": "service", "services": "folder", "report.sql": "file"}
    edge = next(row for row in services["edges"] if row["table"] == "users" and row["group"] == "services")
    assert (edge["counts"], edge["count"]) == ({"delete": 1}, 1)
    total = sum(row["count"] for row in (await someone.get(path))["totals"])
    assert sum(row["count"] for row in services["edges"]) == total
    assert {"from_table": "orders", "to_table": "users"} in services["relations"]
    below = await someone.get(f"{path}/groups", folder="services")
    assert {row["name"] for row in below["groups"]} == {"services/api", "services/jobs"}
    monkeypatch.setattr(group_service, "MAX_TABLES", 1)
    hidden = (await someone.get(f"{path}/groups"))["hidden"]
    assert (hidden["tables"], hidden["groups"]) == (1, 0)
    assert hidden["usages"] > 0


async def test_a_codebase_without_usages_has_an_empty_graph(app: AppFixture) -> None:
    someone = await app.person()
    path = f"/codebases/{(await scanned(app, someone, zipped(schema_dot_sql=SCHEMA)))['id']}/graph"
    graph = await someone.get(path)
    assert (graph["tables"], graph["code"], graph["endpoints"]) == ([], [], [])
    groups = await someone.get(f"{path}/groups", by="service")
    assert (groups["groups"], groups["edges"]) == ([], [])


def test_folders_divide_below_what_all_files_share() -> None:
    groups = code_groups.folders(["src/app/a/x.py", "src/app/b/c/y.py", "src/app/z.py"])
    assert groups == {
        "src/app/a/x.py": CodeGroup("src/app/a", "folder"),
        "src/app/b/c/y.py": CodeGroup("src/app/b", "folder"),
        "src/app/z.py": CodeGroup("src/app/z.py", "file"),
    }
    assert code_groups.folders([]) == {}


@pytest.mark.parametrize(
    ("manifests", "names"),
    [
        (["pom.xml"], ["a", "b"]),
        (["pom.xml", "a/pom.xml", "a/web/package.json"], ["a", "b"]),
        (["a/web/package.json"], ["a/web", "b"]),
        (["b/Api/Api.csproj"], ["a", "b/Api"]),
    ],
    ids=str,
)
def test_a_service_is_the_highest_folder_with_a_manifest_that_divides(manifests: list[str], names: list[str]) -> None:
    groups = code_groups.services(["a/web/x.ts", "b/Api/y.cs"], manifests)
    assert [group.name for group in groups.values()] == names
