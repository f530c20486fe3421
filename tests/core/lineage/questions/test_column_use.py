"""How columns and tables are used: `shop.sql` says of each column what is expected, and why."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from headwater.catalog.model import Column, Relation, Schema
from headwater.core.lineage import pipeline
from headwater.core.lineage.questions import formats
from headwater.core.lineage.questions.column_use import ColumnUse, columns_in_use, tables_in_use
from headwater.core.lineage.questions.counts import UsageCount, count_of

SHOP = (Path(__file__).parent / "shop.sql").read_text("utf-8")
EXPECTED = re.compile(r"^  (\w+) .*-- (\w+) (certain|likely): (.*)$", re.MULTILINE)
CODE = """def work(cursor, user):
    cursor.execute("INSERT INTO users (email, nick, team_id) VALUES (%s, %s, %s)", user)
    cursor.execute("UPDATE users SET email = %s WHERE origin = %s", user)
    cursor.execute("SELECT email, total, level FROM users ORDER BY created_at")
    cursor.execute("SELECT * FROM users")
    cursor.execute("INSERT INTO events VALUES (1, 2)")
    cursor.execute("SELECT kind FROM events")
    cursor.execute("INSERT INTO outbox (message) VALUES (%s)", user)
    cursor.execute("DELETE FROM teams")
"""
FILES = {
    "db/migrations/1.sql": SHOP + "UPDATE users SET fax = '';\n",
    "app/work.py": CODE,
    "tests/test_work.py": 'QUERY = "SELECT shoe FROM users"\n',
}


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    return pipeline.scan(folder, processes=1)


@pytest.fixture(scope="module")
def columns(scan):
    return columns_in_use(scan.schema, count_of(scan.usages))


def test_each_column_is_used_as_expected_and_says_why(columns):
    actual = {
        use.column_name: (use.state, use.certainty, use.reason)
        for use in columns
        if use.table_name not in {"teams", "places"}
    }
    expected = {name: (state, certainty, reason) for name, state, certainty, reason in EXPECTED.findall(SHOP)}
    assert len(expected) == 19
    assert {name: actual[name] for name in expected} == expected


def test_columns_say_where_they_are_declared(columns):
    fax = next(use for use in columns if use.column_name == "fax")
    assert fax.file_path == "db/migrations/1.sql"
    assert SHOP.splitlines()[fax.line_number - 1].strip().startswith(("fax", "CREATE TABLE users"))


def test_tables_and_views_are_used_by_columns_and_whole_rows(scan):
    uses = {use.table_name: use for use in tables_in_use(scan.schema, count_of(scan.usages))}
    assert {name: (use.state, use.certainty) for name, use in uses.items()} == {
        "teams": ("used", "certain"),
        "users": ("used", "certain"),
        "events": ("used", "certain"),
        "drafts": ("unused", "certain"),
        "outbox": ("never_read", "certain"),
        "places": ("unused", "certain"),
    }
    assert uses["teams"].reason == "Read and written nowhere; 1 delete; users refers to it"


def test_parts_of_a_document_are_used_with_the_whole():
    names = ("address", "address.city", "address_kind")
    schema = Schema((Relation("people", tuple(Column(name) for name in names), kind="collection"),))
    counts = [
        UsageCount("people", "address", "read", "orm", "code", 1),
        UsageCount("people", "x", "write", "orm", "code", 1),
    ]
    assert [use.state for use in columns_in_use(schema, counts)] == ["never_written", "never_written", "unused"]


def test_nothing_is_read_of_an_empty_schema():
    assert columns_in_use(Schema(), ()) == [] and tables_in_use(Schema(), ()) == []


def test_answers_are_written_in_every_format(columns):
    answer = formats.answer("Columns of <shop>", columns, ColumnUse)
    assert len(json.loads(formats.to_json(answer))) == len(columns)
    rows = list(csv.DictReader(formats.to_csv(answer).decode().splitlines()))
    assert Counter(row["state"] for row in rows) == Counter(use.state for use in columns)
    page = formats.to_html(answer).decode()
    assert "Columns of &lt;shop&gt;" in page and "never read" in page and "http" not in page
    run = json.loads(formats.to_sarif(answer))["runs"][0]
    assert {result["ruleId"] for result in run["results"]} == {"unused", "never_read", "never_written"}
    fax = next(result for result in run["results"] if result["message"]["text"].startswith("users.fax:"))
    assert fax["level"] == "note"
    assert fax["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "db/migrations/1.sql"
