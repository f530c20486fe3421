"""Questions about the columns of a codebase over HTTP: what is unused, the exports, and who may ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from features.codebases.test_codebases import scanned, zipped
from headwater.features.codebases.service import scan_diff
from people import AppFixture

pytestmark = pytest.mark.usefixtures("with_sample")

SQL = """CREATE TABLE users (id int PRIMARY KEY, email text, fax text, nick text, origin text);
CREATE TABLE old (a int);
"""
CODE = """def work(cursor, user):
    cursor.execute("INSERT INTO users (email, nick) VALUES (%s, %s)", user)
    cursor.execute("SELECT email, origin FROM users WHERE id = %s", user)
"""
TEST = 'QUERY = "SELECT fax FROM users"\n'
APP = zipped(db__migrations__1_dot_sql=SQL + "UPDATE users SET fax = '';", work_dot_py=CODE, tests__test_it_dot_py=TEST)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["id", "email", "fax", "nick", "origin", "a"]),
        ({"use": "unused"}, ["fax", "a"]),
        ({"use": "unused", "table": "USERS"}, ["fax"]),
        ({"use": ["never_read", "never_written"]}, ["nick", "origin"]),
        ({"table": "nothing"}, []),
    ],
)
async def test_columns_are_selected_by_their_use(app: AppFixture, query: dict[str, Any], expected: list[str]) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    answer = await someone.get(f"/codebases/{codebase['id']}/columns", **query)
    assert [column["column_name"] for column in answer["columns"]] == expected
    assert answer["counts"] == {"used": 2, "unused": 2, "never_read": 1, "never_written": 1}


async def test_columns_have_the_reason_and_the_totals(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    columns = (await someone.get(f"/codebases/{codebase['id']}/columns"))["columns"]
    fax = next(column for column in columns if column["column_name"] == "fax")
    assert fax["use"] == {
        "state": "unused",
        "certainty": "certain",
        "reason": "Read and written nowhere; 1 in tests",
        "reads": 0,
        "writes": 0,
        "whole_rows": 0,
    }
    assert fax["total"] == 2, "the totals are of all files"


async def test_tables_are_selected_by_their_use(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    answer = await someone.get(f"/codebases/{codebase['id']}/tables", use="unused")
    assert [(table["table_name"], table["columns"]) for table in answer["tables"]] == [("old", 1)]
    assert answer["counts"] == {"used": 1, "unused": 1, "never_read": 0, "never_written": 0}


async def test_columns_are_exported(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP, name="shop")
    path = f"/api/v1/codebases/{codebase['id']}/columns/export"
    exported = await someone.client.get(path, params={"use": "unused"})
    assert exported.headers["content-disposition"] == "attachment; filename*=UTF-8''shop-columns.csv"
    assert [line.split(",")[1] for line in exported.text.splitlines()] == ["column_name", "fax", "a"]
    sarif = await someone.client.get(path, params={"format": "sarif"})
    assert [result["ruleId"] for result in sarif.json()["runs"][0]["results"]] == [
        "unused",
        "never_read",
        "never_written",
        "unused",
    ]
    assert (await someone.client.get(path, params={"format": "html"})).text.startswith("<!doctype html>")
    assert len((await someone.client.get(path, params={"format": "json"})).json()) == 6


async def test_personal_data_has_the_files_that_touch_it(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    answer = await someone.get(f"/codebases/{codebase['id']}/personal-data")
    columns = {column["column_name"]: column for column in answer["columns"]}
    assert {name: column["data_class"] for name, column in columns.items()} == {
        "email": "email",
        "fax": "phone",
        "nick": "username",
    }
    assert (columns["email"]["reads"], columns["email"]["written_in"]) == (1, ["work.py"])
    assert (columns["fax"]["read_in"], columns["fax"]["written_in"]) == (["tests/test_it.py"], [])
    assert {item["name"]: item["columns"] for item in answer["classes"] if item["columns"]} == {
        "email": 1,
        "phone": 1,
        "username": 1,
    }
    only = await someone.get(f"/codebases/{codebase['id']}/personal-data", **{"class": ["phone", "health"]})
    assert [column["column_name"] for column in only["columns"]] == ["fax"]


async def test_personal_data_is_exported(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP, name="shop")
    path = f"/api/v1/codebases/{codebase['id']}/personal-data/export"
    exported = await someone.client.get(path)
    assert exported.headers["content-disposition"] == "attachment; filename*=UTF-8''shop-personal-data.csv"
    assert len(exported.text.splitlines()) == 4
    assert len((await someone.client.get(path, params={"format": "json", "class": "email"})).json()) == 1
    assert "Personal data in shop" in (await someone.client.get(path, params={"format": "html"})).text
    assert (await someone.client.get(path, params={"format": "sarif"})).status_code == 422


async def test_others_may_not_ask_and_bad_questions_are_refused(app: AppFixture) -> None:
    owner, neighbour, stranger = await app.person(), await app.person("neighbour"), await app.stranger()
    codebase = await scanned(app, owner, APP)
    for path in ("columns", "columns/export", "tables", "personal-data", "personal-data/export"):
        await neighbour.send("GET", f"/codebases/{codebase['id']}/{path}", 404)
        assert (await stranger.get(f"/api/v1/codebases/{codebase['id']}/{path}")).status_code == 401
    for query in ("columns?use=rarely", "tables?use=", "columns/export?format=pdf"):
        answer = await owner.client.get(f"/api/v1/codebases/{codebase['id']}/{query}")
        assert answer.status_code in {400, 422}, query


LATER = zipped(
    db__migrations__1_dot_sql=SQL.replace("CREATE TABLE old (a int);", "CREATE TABLE fresh (b int);"),
    work_dot_py="# moved\n" + CODE.replace("origin", "fax"),
    tests__test_it_dot_py=TEST,
)


async def test_two_scans_of_a_project_are_compared(app: AppFixture) -> None:
    someone = await app.person()
    before, after = await scanned(app, someone, APP, name="old"), await scanned(app, someone, LATER, name="new")
    diff = await someone.get(f"/codebases/{after['id']}/scan-diff", before=before["id"])
    assert (diff["before"], diff["after"]) == ("old", "new")
    assert (diff["appeared"]["tables"], diff["disappeared"]["tables"]) == (["fresh"], ["old"])
    appeared = {(usage["column_name"], usage["line_number"]) for usage in diff["appeared"]["usages"]}
    assert appeared == {("email", 4), ("fax", 4), ("id", 4)}
    gone = {(usage["column_name"], usage["file_path"]) for usage in diff["disappeared"]["usages"]}
    assert gone == {("email", "work.py"), ("origin", "work.py"), ("id", "work.py"), ("fax", "db/migrations/1.sql")}
    assert diff["disappeared"]["total"] == len(diff["disappeared"]["usages"]) == 4
    same = await someone.get(f"/codebases/{after['id']}/scan-diff", before=after["id"])
    assert same["appeared"] == {"tables": [], "columns": [], "usages": [], "total": 0}


async def test_scans_of_others_and_of_other_projects_are_not_compared(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    mine, theirs = await scanned(app, owner, APP), await scanned(app, neighbour, APP)
    path = f"/codebases/{mine['id']}/scan-diff"
    await owner.send("GET", f"{path}?before={theirs['id']}", 404)
    await neighbour.send("GET", f"/codebases/{theirs['id']}/scan-diff?before={mine['id']}", 404)
    await owner.send("GET", path, 422)
    later = await scanned(app, owner, LATER)
    monkeypatch.setattr(scan_diff, "MAX_USAGES", 2)
    refused = await owner.send("GET", f"{path}?before={later['id']}", 413)
    assert refused["detail"] == "These codebases have too little in common."
    project = await owner.send("POST", "/projects", 201, json={"name": "Second"})
    elsewhere = await scanned(app, replace(owner, project=project), APP)
    refused = await owner.send("GET", f"{path}?before={elsewhere['id']}", 400)
    assert refused["detail"] == "These codebases are in different projects."


async def test_tables_that_codebases_share_are_compared_as_far_as_the_actor_may_read(app: AppFixture) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    mine = await scanned(app, owner, APP, name="shop")
    await scanned(app, neighbour, LATER, name="theirs")
    path = f"/codebases/{mine['id']}/shared-tables"
    assert (await owner.get(path))["tables"] == []
    project = await owner.send("POST", "/projects", 201, json={"name": "Second"})
    changed = zipped(a_dot_sql="CREATE TABLE Users (id int PRIMARY KEY, email text NOT NULL, fax text, nick text);")
    await scanned(app, replace(owner, project=project), changed, name="crm")
    (table,) = (await owner.get(path))["tables"]
    assert (table["table_name"], table["codebases"], table["same_columns"]) == ("users", ["shop", "crm"], 3)
    assert {item["column_name"]: item["kinds"] for item in table["divergences"]} == {
        "email": ["nullability"],
        "origin": ["missing"],
    }
    assert [one["definition"] for one in table["divergences"][0]["definitions"]] == ["text", "text not null"]
    await neighbour.send("GET", path, 404)
