"""The HTTP endpoints of scanned code: who may see them, filters, paging, columns with their chains, and usages."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from test_codebases import scanned, zipped

from people import AppFixture

pytestmark = pytest.mark.usefixtures("with_sample")

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text, nick text);\nCREATE TABLE notes (id int, body text);\n"
STORE = (
    "def find(cursor, id):\n"
    "    cursor.execute('SELECT email FROM users WHERE id = %s', (id,))\n"
    "\n"
    "def rename(cursor, email):\n"
    "    find(cursor, 1)\n"
    "    cursor.execute('UPDATE users SET email = %s', (email,))\n"
    "\n"
    "def unused(cursor):\n"
    "    cursor.execute('SELECT nick FROM users')\n"
)
ROUTES = (
    "from fastapi import APIRouter, FastAPI\n"
    "from store import find, rename\n"
    "app = FastAPI()\n"
    "users = APIRouter(prefix='/users')\n"
    "@users.get('/{id}')\n"
    "def show(id: int):\n"
    "    return find(cursor, id)\n"
    "@users.put('/{id}')\n"
    "def put(id: int):\n"
    "    rename(cursor, 'x')\n"
    "@users.delete('/{id}')\n"
    "def delete(id: int):\n"
    "    cursor.execute('DELETE FROM users WHERE id = 1')\n"
    "@app.get('/health')\n"
    "def health():\n"
    "    return {}\n"
    "app.include_router(users)\n"
)
APP = zipped(schema_dot_sql=SQL, store_dot_py=STORE, routes_dot_py=ROUTES)


def names(page: dict[str, Any]) -> list[str]:
    return [f"{item['method']} {item['path']}" for item in page["items"]]


async def test_only_members_see_endpoints(app: AppFixture) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    codebase = await scanned(app, owner, APP)
    listed = await owner.get(f"/codebases/{codebase['id']}/endpoints")
    usage = (await owner.get(f"/codebases/{codebase['id']}/lineage"))["usages"][0]
    for path in ("endpoints", f"endpoints/{listed['items'][0]['id']}", f"usages/{usage['id']}/endpoints"):
        address = f"/api/v1/codebases/{codebase['id']}/{path}"
        assert (await (await app.stranger()).get(address)).status_code == 401
        assert (await neighbour.client.get(address)).status_code == 404
        assert (await owner.client.get(address)).status_code == 200


async def test_endpoints_are_listed_with_their_numbers_of_columns(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    page = await someone.get(f"/codebases/{codebase['id']}/endpoints")
    assert names(page) == ["GET /health", "DELETE /users/{id}", "GET /users/{id}", "PUT /users/{id}"]
    counts = [(item["columns_read"], item["columns_written"]) for item in page["items"]]
    assert counts == [(0, 0), (1, 1), (2, 0), (2, 1)]
    put = page["items"][3]
    assert (put["framework"], put["handler"], put["file_path"], put["line_number"]) == (
        "FastAPI",
        "put",
        "routes.py",
        8,
    )


async def test_endpoints_are_filtered_and_paged(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    path = f"/codebases/{codebase['id']}/endpoints"
    email = await someone.get(path, table="Users", column="EMAIL")
    assert names(email) == ["DELETE /users/{id}", "GET /users/{id}", "PUT /users/{id}"]
    assert names(await someone.get(path, table="users", column="nick")) == ["DELETE /users/{id}"]  # of the whole row
    assert names(await someone.get(path, table="notes")) == []
    assert names(await someone.get(path, table="nowhere")) == []
    assert names(await someone.get(path, q="put /")) == ["PUT /users/{id}"]
    assert names(await someone.get(path, q="health")) == ["GET /health"]
    assert names(await someone.get(path, q="%")) == []
    first = await someone.get(path, limit=3)
    rest = await someone.get(path, limit=3, cursor=first["next"])
    assert (len(first["items"]), names(rest), rest["next"]) == (3, ["PUT /users/{id}"], None)


async def test_an_endpoint_shows_its_columns_and_the_way_to_each(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    path = f"/codebases/{codebase['id']}/endpoints"
    put = (await someone.get(path, q="put /"))["items"][0]
    detail = await someone.get(f"{path}/{put['id']}")
    columns = {column["column_name"]: column for column in detail["columns"]}
    assert {name: column["usage_types"] for name, column in columns.items()} == {
        "email": ["projection", "update"],
        "id": ["filter"],
    }
    assert columns["email"]["usages"] == 2
    assert (columns["email"]["file_path"], columns["email"]["line_number"]) == ("store.py", 6)
    assert [step["symbol"] for step in columns["email"]["chain"]] == ["put", "rename"]
    assert [step["symbol"] for step in columns["id"]["chain"]] == ["put", "rename", "find"]
    missing = await someone.client.get(f"/api/v1{path}/{uuid.uuid4()}")
    assert missing.status_code == 404 and missing.json()["detail"] == "The newest scan has no such endpoint."


async def test_a_usage_names_the_endpoints_that_reach_it(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    base = f"/codebases/{codebase['id']}"
    usages = (await someone.get(f"{base}/lineage"))["usages"]
    read = next(u for u in usages if u["symbol"] == "find" and u["column_name"] == "email")
    page = await someone.get(f"{base}/usages/{read['id']}/endpoints")
    assert names(page) == ["GET /users/{id}", "PUT /users/{id}"]
    assert [[step["symbol"] for step in item["chain"]] for item in page["items"]] == [
        ["show", "find"],
        ["put", "rename", "find"],
    ]
    first = await someone.get(f"{base}/usages/{read['id']}/endpoints", limit=1)
    rest = await someone.get(f"{base}/usages/{read['id']}/endpoints", limit=1, cursor=first["next"])
    assert names(first) + names(rest) == names(page)
    unused = next(u for u in usages if u["symbol"] == "unused")
    assert (await someone.get(f"{base}/usages/{unused['id']}/endpoints"))["items"] == []
    for wrong in ("999", "-1", "one", "99999999999", "٣"):
        answer = await someone.client.get(f"/api/v1{base}/usages/{wrong}/endpoints")
        assert answer.status_code == 404 and answer.json()["detail"] == "The newest scan has no such usage."


async def test_endpoints_keep_their_ids_when_the_code_is_scanned_again(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    path = f"/codebases/{codebase['id']}"
    before = [item["id"] for item in (await someone.get(f"{path}/endpoints"))["items"]]
    answer = await someone.client.post(f"/api/v1{path}/rescan")
    await app.work(answer.json()["job"]["id"])
    assert [item["id"] for item in (await someone.get(f"{path}/endpoints"))["items"]] == before


async def test_code_without_routes_has_no_endpoints(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, zipped(schema_dot_sql=SQL, store_dot_py=STORE))
    assert await someone.get(f"/codebases/{codebase['id']}/endpoints") == {"items": [], "next": None}


async def test_impact_names_the_endpoints_that_reach_a_broken_line(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    asked = {"column": "users.email", "drop": True}
    impact = await someone.send("POST", f"/codebases/{codebase['id']}/impact", 200, json=asked)
    lines = {(item["file_path"], item["line_number"]): item for item in impact["breaks"]}
    read, update = lines["store.py", 2], lines["store.py", 6]
    assert (read["endpoints"], read["endpoint_count"]) == (["GET /users/{id}", "PUT /users/{id}"], 2)
    assert (update["endpoints"], update["endpoint_count"]) == (["PUT /users/{id}"], 1)
    assert (update["risk"], read["risk"]) == (94, 86)
