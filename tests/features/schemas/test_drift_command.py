"""The command `headwater drift`: models against migrations, files, databases, and what is refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

MIGRATION = "CREATE TABLE users (id integer PRIMARY KEY, email varchar(50) NOT NULL, nick text);\nCREATE TABLE alembic_version (v text);\n"
MODELS = """from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String(50), nullable=False)
"""


@pytest.fixture
def app(tmp_path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1_users.sql").write_text(MIGRATION)
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


def test_models_are_compared_with_migrations(headwater, app):
    result = headwater("drift", ".")
    assert result.returncode == 1
    assert "migrations:. and models:.: 1 difference" in result.stdout
    assert "column users.nick" in result.stdout and "migrations/1_users.sql:1, models.py:7" in result.stdout
    document = json.loads(headwater("drift", "migrations:.", "models:.", "--json").stdout)
    assert [(row["table"], row["part"], row["name"], row["a"], row["b"]) for row in document["differences"]] == [
        ("users", "column", "nick", "text", None)
    ]
    assert document["differences"][0]["at_a"] == {"file": "migrations/1_users.sql", "line": 1}


def test_no_drift_exits_with_0(headwater, app):
    (app / "models.py").write_text(MODELS + "    nick = Column(String)\n")
    result = headwater("drift", ".")
    assert result.returncode == 0 and "no differences" in result.stdout


def test_a_database_is_compared_with_a_file(headwater, app):
    with closing(sqlite3.connect(app / "shop.db")) as created:
        created.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(50) NOT NULL)")
    result = headwater("drift", f"sqlite:///{app}/shop.db", "migrations", "--dialect", "sqlite", "--sql")
    assert result.returncode == 1
    assert result.stdout == "ALTER TABLE users ADD COLUMN nick text;\n"
    with closing(sqlite3.connect(app / "shop.db")) as database:
        database.executescript(result.stdout)
    assert headwater("drift", f"sqlite:///{app}/shop.db", "migrations", "--dialect", "sqlite").returncode == 0


def test_a_schema_can_be_stored_as_json_and_compared_later(headwater, app):
    (app / "before.json").write_text(headwater("schema", "migrations", "--json").stdout)
    assert headwater("drift", "before.json", "migrations").returncode == 0
    (app / "migrations" / "2_more.sql").write_text("ALTER TABLE users ADD age integer;")
    result = headwater("drift", "before.json", "migrations", "--markdown")
    assert result.returncode == 1
    assert "| column users.age | — | `integer` 2_more.sql:1 |" in result.stdout


def test_a_rename_is_proposed_and_can_be_confirmed(headwater, app):
    (app / "old.sql").write_text("CREATE TABLE users (id integer PRIMARY KEY, nick text);")
    (app / "new.sql").write_text("CREATE TABLE users (id integer PRIMARY KEY, nickname text);")
    result = headwater("drift", "old.sql", "new.sql")
    assert "2 differences" in result.stdout and "users.nick=nickname" in result.stdout
    sql = headwater(
        "drift", "old.sql", "new.sql", "--rename", "users.nick=nickname", "--sql", "--dialect", "postgresql"
    )
    assert "RENAME COLUMN nick TO nickname;" in sql.stdout and "DROP" not in sql.stdout


def test_tables_can_be_ignored(headwater, app):
    (app / "old.sql").write_text("CREATE TABLE users (id integer); CREATE TABLE tmp_1 (id integer);")
    (app / "new.sql").write_text("CREATE TABLE users (id integer);")
    assert headwater("drift", "old.sql", "new.sql").returncode == 1
    assert headwater("drift", "old.sql", "new.sql", "--ignore", "tmp_*").returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing-there", "."), "There is no file or folder"),
        (("migrations:models.py",), "Say what A is compared with."),
        (("migrations", "models:migrations"), "No table is declared in models:migrations."),
        (("models.py", "broken.json"), "This is not a Headwater schema"),
        ((".", "--json", "--sql"), "Only one of --json, --sql and --markdown can be printed."),
        ((".", "--rename", "users.nick"), "'users.nick' is not a rename."),
        ((".", "--rename", "users.nik=n"), "A has no users.nik."),
        ((".", "--dialect", "oracle"), "oracle"),
        (("nosuch://x/y", "."), "nosuch"),
    ],
)
def test_what_is_not_clear_is_refused_with_2(headwater, app, words, says):
    (app / "broken.json").write_text('{"tables": 3}')
    result = headwater("drift", *words)
    assert result.returncode == 2 and says in result.stderr and "Traceback" not in result.stderr


def test_one_half_can_be_printed(headwater, app):
    assert "nick" in headwater("schema", "migrations:.").stdout
    assert "nick" not in headwater("schema", "models:.").stdout
