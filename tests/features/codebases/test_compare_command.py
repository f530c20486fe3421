"""`headwater compare`: tables that folders, files and databases share."""

from __future__ import annotations

import json
import sqlite3

import pytest


@pytest.fixture
def apps(tmp_path):
    for name, columns in (
        ("shop", "id int PRIMARY KEY, email text NOT NULL"),
        ("crm", "id int PRIMARY KEY, email text"),
    ):
        (tmp_path / name).mkdir()
        text = f"CREATE TABLE users ({columns});\nCREATE TABLE tags (id int);\n"
        (tmp_path / name / "schema.sql").write_text(text)
    return tmp_path / "shop", tmp_path / "crm"


def test_divergent_columns_are_listed_beside_each_other(headwater, apps):
    text = headwater("compare", *apps).stdout
    assert "2 shared tables, 1 with divergent columns" in text
    assert "text not null" in text and "tags" not in text
    assert "tags" in headwater("compare", *apps, "--all").stdout
    (table,) = json.loads(headwater("compare", *apps, "--json").stdout)
    assert (table["table_name"], table["codebases"], table["same_columns"]) == ("users", ["shop", "crm"], 1)
    assert table["divergences"][0]["kinds"] == ["nullability"]


def test_databases_and_folders_of_one_name_are_told_apart(headwater, apps, tmp_path):
    (tmp_path / "old" / "shop").mkdir(parents=True)
    (tmp_path / "old" / "shop" / "schema.sql").write_text("CREATE TABLE users (id int, mail text);")
    (table,) = json.loads(headwater("compare", apps[0], tmp_path / "old" / "shop", "--json").stdout)
    assert table["codebases"] == [f"{tmp_path.name}/shop", "old/shop"]
    with sqlite3.connect(tmp_path / "live.db") as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, fax TEXT)")
    (table,) = json.loads(headwater("compare", apps[0], f"sqlite:///{tmp_path}/live.db", "--json").stdout)
    assert table["codebases"] == ["shop", "live.db"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("shop",), "There is nothing to compare with."), (("shop", "./nowhere"), "nowhere does not exist.")],
)
def test_bad_comparisons_are_refused(headwater, apps, arguments, says):
    done = headwater("compare", *arguments)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
