"""`headwater columns` and `headwater tables`: what is unused, as a table, JSON, CSV and files."""

from __future__ import annotations

import csv
import json
import sqlite3

import pytest

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text, fax text, nick text);\nCREATE TABLE old (a int);\n"
CODE = """def work(cursor, user):
    cursor.execute("INSERT INTO users (email, nick) VALUES (%s, %s)", user)
    cursor.execute("SELECT email FROM users WHERE id = %s", user)
"""


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "schema.sql").write_text(SQL)
    (folder / "work.py").write_text(CODE)
    return folder


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["id", "email", "fax", "nick", "a"]),
        (("--unused",), ["fax", "a"]),
        (("--unused", "--table", "USERS"), ["fax"]),
        (("--never-read",), ["nick"]),
        (("--never-written",), []),
        (("--unused", "--never-read", "--table", "users"), ["fax", "nick"]),
    ],
)
def test_columns_are_selected_by_their_use(headwater, app, options, expected):
    done = headwater("columns", app, *options, "--json")
    assert done.returncode == 0 and done.stderr == ""
    assert [item["column_name"] for item in json.loads(done.stdout)] == expected


def test_columns_are_printed_with_the_reason(headwater, app):
    text = headwater("columns", app, "--unused").stdout
    assert "users.fax" in text and "Read and written nowhere" in text and "2 listed" in text
    rows = list(csv.DictReader(headwater("columns", app, "--csv").stdout.splitlines()))
    assert rows[3]["reason"] == "Written in 1 place, read nowhere"


def test_unused_tables_are_listed(headwater, app):
    assert [item["table_name"] for item in json.loads(headwater("tables", app, "--unused", "--json").stdout)] == ["old"]
    assert "Written in 2 places, read in 2 places" in headwater("tables", app).stdout


@pytest.mark.parametrize("suffix", ["json", "csv", "html", "sarif"])
def test_answers_are_written_to_files(headwater, app, tmp_path, suffix):
    out = tmp_path / f"answer.{suffix}"
    done = headwater("columns", app, "--unused", "--out", out)
    assert done.returncode == 0 and f"Written to {out}" in done.stdout.replace("\n", "")
    assert "fax" in out.read_text("utf-8")


BAD = {
    ("columns", "nowhere"): "nowhere does not exist.",
    ("columns", "app", "--table", "user"): "There is no table user.",
    ("columns", "app", "--json", "--csv"): "Only one of --json and --csv can be printed.",
    ("columns", "app", "--out", "a.pdf"): "Answers can be written as .json, .csv, .html, .sarif, not as .pdf.",
    ("tables", "app", "--out", "no/such/folder/a.csv"): "The report cannot be written",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_questions_exit_with_2_and_one_sentence(headwater, app, arguments):
    done = headwater(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert BAD[arguments] in done.stderr and "Traceback" not in done.stderr


def test_personal_data_is_listed_by_class_with_the_code_that_touches_it(headwater, app):
    text = headwater("personal-data", app).stdout
    assert "Email address" in text and "users.email" in text and "work.py" in text
    items = json.loads(headwater("personal-data", app, "--json").stdout)
    assert [(item["column_name"], item["data_class"], item["reads"], item["writes"]) for item in items] == [
        ("email", "email", 1, 1),
        ("fax", "phone", 0, 0),
        ("nick", "username", 0, 1),
    ]
    assert items[0]["read_in"] == items[0]["written_in"] == ["work.py"]
    rows = list(csv.DictReader(headwater("personal-data", app, "--class", "email", "--csv").stdout.splitlines()))
    assert [row["column_name"] for row in rows] == ["email"]


def test_personal_data_of_a_database_has_no_code(headwater, tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, bio TEXT)")
    items = json.loads(headwater("personal-data", f"sqlite:///{tmp_path}/shop.db", "--json").stdout)
    assert [(item["column_name"], item["read_in"]) for item in items] == [("email", [])]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--class", "emial"), "There is no class emial."),
        (("--out", "a.sarif"), "Personal data is no finding"),
        (("--json", "--csv"), "Only one of --json and --csv"),
    ],
)
def test_bad_questions_about_personal_data_are_refused(headwater, app, options, says):
    done = headwater("personal-data", app, *options)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
