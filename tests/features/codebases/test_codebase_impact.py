"""Impact of a codebase over HTTP: lines that break, dependents in the schema, exports, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from features.codebases.test_codebases import scanned, zipped
from people import AppFixture, Person

pytestmark = pytest.mark.usefixtures("with_sample")

SQL = """CREATE TABLE users (id int PRIMARY KEY, email_address text NOT NULL, nick text);
CREATE INDEX by_email ON users (email_address);
"""
MODELS = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email_address = Column(String, nullable=False)
    nick = Column(String)


def rename(session, old, new):
    user = session.query(User).filter(User.email_address == old).one()
    user.email_address = new
"""
FORM = "export const fields = { emailAddress: '' }\n"
APP = zipped(db__schema_dot_sql=SQL, app__models_dot_py=MODELS, web__form_dot_ts=FORM)
DROP = {"column": "users.email_address", "drop": True}


async def ask(person: Person, codebase: dict[str, Any], change: dict[str, Any], status: int = 200) -> Any:
    answer = await person.client.post(f"/api/v1/codebases/{codebase['id']}/impact", json=change)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_impact_lists_lines_by_risk_with_the_schema(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    impact = await ask(someone, codebase, DROP)
    assert impact["change"] == ["Drop column users.email_address"]
    assert [(line["file_path"], line["line_number"], line["certainty"]) for line in impact["breaks"]] == [
        ("app/models.py", 16, "breaks"),
        ("app/models.py", 15, "breaks"),
        ("app/models.py", 10, "breaks"),
        ("web/form.ts", 1, "carries"),
    ]
    assert impact["breaks"][2]["code_snippet"] == "email_address = Column(String, nullable=False)"
    assert impact["counts"] == {"breaks": 3, "may_break": 0, "carries": 1} and impact["left_out"] == 0
    assert [(item["kind"], item["name"]) for item in impact["schema"]] == [("index", "by_email")]
    assert impact["unseen"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"sql": "ALTER TABLE users DROP COLUMN email_address"},
        {"column": "users.email_address", "rename": "mail"},
    ],
)
async def test_sql_and_a_new_name_break_the_same_lines(app: AppFixture, change: dict[str, Any]) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    impact = await ask(someone, codebase, change)
    assert [line["line_number"] for line in impact["breaks"]] == [16, 15, 10, 1]


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({}, 400, "Say which change is meant."),
        ({"column": "users.nick", "table": "users", "drop": True}, 400, "Say which change is meant."),
        ({"column": "users.nick"}, 400, "Say what happens to the column."),
        ({"column": "users.nick", "drop": True, "rename": "x"}, 400, "Say what happens to the column."),
        ({"column": "nick", "drop": True}, 400, "'nick' is not of the form TABLE.COLUMN."),
        ({"table": "users", "not_null": True}, 400, "Say what happens to the table."),
        ({"column": "users.nik", "drop": True}, 404, "users has no column nik."),
        ({"table": "user", "drop": True}, 404, "There is no table user."),
        ({"sql": "SELECT 1"}, 400, "This SQL changes no table or column that is known."),
        ({"sql": "ALTER TABLE (((", "drop": True}, 400, "SQL says itself what happens."),
        ({"column": "users.nick", "explode": True}, 422, "explode"),
        ({"column": None, "drop": "yes"}, 422, "drop"),
    ],
)
async def test_changes_that_are_not_clear_are_refused(
    app: AppFixture, change: dict[str, Any], status: int, says: str
) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP)
    assert says in str(await ask(someone, codebase, change, status))


async def test_exports_have_all_lines(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, APP, name="shop")
    path = f"/api/v1/codebases/{codebase['id']}/impact/export"
    sarif = await someone.client.post(path, json=DROP)
    assert sarif.headers["content-disposition"] == "attachment; filename*=UTF-8''shop-impact.sarif"
    assert [result["ruleId"] for result in sarif.json()["runs"][0]["results"]] == ["breaks"] * 3 + ["carries"]
    markdown = await someone.client.post(path, json=DROP, params={"format": "markdown"})
    assert "| `app/models.py:16` | `user.email_address = new` |" in markdown.text
    document = await someone.client.post(path, json=DROP, params={"format": "json"})
    assert len(document.json()["breaks"]) == 4
    assert (await someone.client.post(path, json=DROP, params={"format": "pdf"})).status_code == 422


async def test_others_do_not_see_it_and_a_scan_without_models_says_so(app: AppFixture) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    codebase = await scanned(app, owner, APP)
    await ask(neighbour, codebase, DROP, 404)
    async with app.server.database.transaction() as db:
        await db.execute(text("UPDATE scans SET models_json = NULL WHERE codebase_id = :id"), {"id": codebase["id"]})
    impact = await ask(owner, codebase, DROP)
    lines = [(line["line_number"], line["certainty"]) for line in impact["breaks"]]
    assert lines == [(16, "breaks"), (15, "breaks"), (10, "carries"), (1, "carries")]
    assert impact["unseen"] == ["This scan does not have the lines of models; scan the codebase again."]


async def test_what_the_scan_did_not_see_is_said(app: AppFixture) -> None:
    someone = await app.person()
    content = zipped(db__schema_dot_sql=SQL, app__main_dot_swift="let email_address = 1\n")
    codebase = await scanned(app, someone, content)
    impact = await ask(someone, codebase, DROP)
    assert any("Swift" in sentence for sentence in impact["unseen"])
    assert [(line["file_path"], line["certainty"]) for line in impact["breaks"]] == [("app/main.swift", "carries")]
