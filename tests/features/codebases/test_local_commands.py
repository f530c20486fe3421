"""The commands `scan`, `usages` and `schema` without a server: output, exit codes, errors."""

from __future__ import annotations

import csv
import json

import pytest

MODELS = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, nullable=False)


def rename(session, old: str, new: str):
    user = session.query(User).filter(User.email == old).one()
    user.email = new
"""


@pytest.fixture
def app(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "models.py").write_text(MODELS)
    return tmp_path / "app"


def test_scan_prints_the_documented_json(headwater, app):
    done = headwater("scan", app, "--json")
    assert done.returncode == 0 and done.stderr == ""
    report = json.loads(done.stdout)
    assert list(report) == ["headwater", "source", "files", "schema", "usages", "not_understood", "skipped"]
    assert report["files"]["scanned"] == 1
    users = report["schema"]["tables"][0]
    assert users["name"] == "users" and users["origins"][0]["file"] == "models.py"
    assert users["columns"][1] == {
        "name": "email",
        "type": users["columns"][1]["type"],
        "nullable": False,
        "primary_key": False,
        "references": None,
    }
    kinds = {(u["column_name"], u["usage_type"], u["line_number"]) for u in report["usages"] if u["sub_type"] is None}
    assert {("email", "filter", 14), ("email", "update", 15)} <= kinds


def test_usages_lists_one_column_and_suggests_similar_names(headwater, app):
    done = headwater("usages", app, "users.email")
    assert done.returncode == 0
    assert "users.email  2 usages in 1 files" in done.stdout and "models.py:15" in done.stdout
    assert "Written by\n  rename  models.py  1 place" in done.stdout
    listed = json.loads(headwater("usages", app, "Users.Email", "--json").stdout)
    assert [usage["usage_type"] for usage in listed] == ["filter", "update"]
    wrong = headwater("usages", app, "users.emial")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "headwater: users has no column emial.\nDid you mean email?\n"
    assert headwater("usages", app, "email").returncode == 2


@pytest.mark.parametrize("suffix", ["json", "csv", "html"])
def test_scan_writes_reports(headwater, app, suffix, tmp_path):
    out = tmp_path / f"report.{suffix}"
    assert headwater("scan", app, "--out", out).returncode == 0
    text = out.read_text("utf-8")
    if suffix == "csv":
        assert {row["column_name"] for row in csv.DictReader(text.splitlines())} == {"*", "email"}
    elif suffix == "json":
        assert json.loads(text)["schema"]["tables"][0]["name"] == "users"
    else:
        assert "users.email" in text and "http" not in text


BOOKSHELF = "import { Model } from 'bookshelf'\n"
ODD_SQL = "CREATE TABLE a (id int);\n\nCREATE TABLE b (id int,, x ~~ );\n"


@pytest.fixture
def partly_read(app):
    (app / "schema.ts").write_text(BOOKSHELF)
    (app / "other.ts").write_text("// nothing\n" + BOOKSHELF)
    (app / "odd.sql").write_text(ODD_SQL)
    return app


def test_scan_prints_what_it_did_not_understand(headwater, partly_read):
    done = headwater("scan", partly_read)
    assert done.returncode == 0
    assert "2 pieces were not understood:" in done.stdout
    assert "  other.ts:2  2 files use Bookshelf: its models are not read yet.  import { Model }" in done.stdout
    assert (
        "  odd.sql:3  No supported SQL dialect can parse this definition.  CREATE TABLE b (id int,, x ~~ )"
        in done.stdout
    )
    reasons = [item["reason"] for item in json.loads(headwater("scan", partly_read, "--json").stdout)["not_understood"]]
    assert reasons[0] == "2 files use Bookshelf: its models are not read yet."


@pytest.mark.parametrize("notation", ["sql", "dbml", "mermaid", None])
def test_schema_prints_what_it_did_not_understand_in_every_format(headwater, partly_read, notation):
    done = headwater("schema", partly_read, *(("--format", notation) if notation else ()))
    assert done.returncode == 0
    assert done.stderr.startswith("2 pieces were not understood:\n  other.ts:2  2 files use Bookshelf")
    assert "understood" not in done.stdout


def test_schema_lists_what_it_did_not_understand_in_json(headwater, partly_read):
    done = headwater("schema", partly_read, "--json")
    assert done.stderr == ""
    listed = json.loads(done.stdout)["not_understood"]
    assert [(item["file_path"], item["line_number"]) for item in listed] == [("other.ts", 2), ("odd.sql", 3)]


def test_schema_of_which_nothing_was_understood_exits_with_1(headwater, app):
    (app / "odd.sql").write_text("CREATE TABLE b (id int,, x ~~ );\n")
    done = headwater("schema", app / "odd.sql", "--format", "sql")
    assert done.returncode == 1 and "1 piece was not understood:" in done.stderr


BAD = {
    ("scan", "nowhere"): "nowhere does not exist.",
    ("scan", "app/models.txt"): "app/models.txt does not exist.",
    ("scan", "app", "--out", "report.pdf"): "Reports can be written as .json, .csv, .html, not as .pdf.",
    ("scan", "app", "--out", "no/such/folder/report.json"): "The report cannot be written",
    ("schema", "app", "--format", "yaml"): "There is no format called 'yaml'.",
    ("schema", "oracle://h/db"): "No installed engine supports oracle:// ",
    ("schema", "what is this"): "is not a source",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_input_exits_with_2_and_one_sentence(headwater, app, arguments):
    done = headwater(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert BAD[arguments] in done.stderr and "Traceback" not in done.stderr


def test_schema_of_a_folder_and_of_one_file(headwater, app):
    assert "CREATE TABLE users" in headwater("schema", app, "--format", "sql").stdout
    assert "CREATE TABLE users" in headwater("schema", app / "models.py", "--format", "sql").stdout
    assert json.loads(headwater("schema", app, "--json").stdout)["tables"][0]["name"] == "users"
    assert "email" in headwater("schema", app).stdout


def test_impact_prints_json_sarif_and_markdown(headwater, app):
    asked = ("impact", app, "--column", "users.email", "--drop")
    done = headwater(*asked, "--json")
    assert done.returncode == 0 and done.stderr == ""
    report = json.loads(done.stdout)
    assert list(report) == ["change", "breaks", "schema", "unseen", "updated"]
    assert [(item["line_number"], item["certainty"]) for item in report["breaks"]] == [
        (15, "breaks"),
        (14, "breaks"),
        (10, "breaks"),
    ]
    assert json.loads(headwater(*asked, "--sarif").stdout)["version"] == "2.1.0"
    assert headwater(*asked, "--markdown").stdout.startswith("### Impact of the schema change")
    assert "models.py:15" in headwater(*asked).stdout


@pytest.mark.parametrize(("level", "code"), [("breaks", 1), ("may_break", 1), ("carries", 1)])
def test_impact_fails_at_the_level_that_is_asked_for(headwater, app, level, code):
    assert headwater("impact", app, "--column", "users.email", "--drop", "--fail-on", level).returncode == code
    assert headwater("impact", app, "--column", "users.id", "--type", "bigint", "--fail-on", "breaks").returncode == 1


def test_impact_of_a_migration_and_of_nothing(headwater, app, tmp_path):
    (app / "migrations").mkdir()
    (app / "migrations" / "1.sql").write_text("CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);")
    (app / "migrations" / "2.sql").write_text("ALTER TABLE users RENAME COLUMN email TO mail;")
    done = headwater("impact", app, "--migration", app / "migrations" / "2.sql")
    assert "Rename column users.email to mail" in done.stdout
    assert "models.py:15" in done.stdout
    refused = headwater("impact", app)
    assert refused.returncode == 2
    assert "Say which change of the schema is meant." in refused.stderr
    missing = headwater("impact", app, "--migration", tmp_path / "absent.sql")
    assert missing.returncode == 2 and "cannot be read" in missing.stderr
    many = headwater("impact", app, "--column", "users.email", "--drop", "--json", "--sarif")
    assert many.returncode == 2 and "Only one of" in many.stderr


ROUTES = """from fastapi import FastAPI
from models import User, rename

app = FastAPI()


@app.put("/users/{email}")
def put(email: str):
    rename(session, email, "new")


@app.get("/health")
def health():
    return {}
"""


def test_endpoints_lists_routes_with_the_columns_that_they_use(headwater, app):
    (app / "routes.py").write_text(ROUTES)
    done = headwater("endpoints", app)
    assert done.returncode == 0 and "2 endpoints" in done.stdout and "/users/{email}" in done.stdout
    listed = json.loads(headwater("endpoints", app, "--json").stdout)
    assert [(e["method"], e["path"], len(e["columns"])) for e in listed] == [
        ("GET", "/health", 0),
        ("PUT", "/users/{email}", 1),
    ]
    assert listed[1]["framework"] == "FastAPI" and listed[1]["line_number"] == 7
    assert listed[1]["columns"][0] == {
        "table_name": "users",
        "column_name": "email",
        "usage_types": ["filter", "update"],
        "usages": 2,
        "chain": [{"symbol": "put", "file_path": "routes.py"}, {"symbol": "rename", "file_path": "models.py"}],
    }


def test_endpoints_of_a_column_say_through_what(headwater, app):
    (app / "routes.py").write_text(ROUTES)
    done = headwater("endpoints", app, "--column", "Users.Email")
    assert done.returncode == 0 and "used by 1 endpoints" in done.stdout and "put → rename" in done.stdout
    assert json.loads(headwater("endpoints", app, "--column", "users.id", "--json").stdout) == []
    wrong = headwater("endpoints", app, "--column", "users.emial")
    assert wrong.returncode == 2 and "email" in wrong.stderr


def test_endpoints_of_code_without_a_framework_are_none(headwater, app):
    done = headwater("endpoints", app)
    assert done.returncode == 0 and "0 endpoints" in done.stdout


def test_impact_says_which_endpoints_reach_a_line(headwater, app):
    (app / "routes.py").write_text(ROUTES)
    done = headwater("impact", app, "--column", "users.email", "--drop")
    assert "Reached by" in done.stdout and "PUT /users/{email}" in done.stdout
    breaks = json.loads(headwater("impact", app, "--column", "users.email", "--drop", "--json").stdout)["breaks"]
    assert {item["endpoint_count"] for item in breaks if item["symbol"] == "rename"} == {1}
