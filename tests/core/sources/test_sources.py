"""Parsing of source strings."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from headwater.catalog.model import Schema
from headwater.core import sources
from headwater.kit.errors import BadInput, NotFound, Unavailable

FORMS = {
    "postgresql://u:p@h/db": ("url", "postgresql"),
    "mysql+pymysql://h/db": ("url", "mysql"),
    "sqlite:///a.db": ("url", "sqlite"),
    "./app": ("path", ""),
    "migrations/": ("path", ""),
    "schema.sql": ("path", ""),
    "schema.prisma": ("path", ""),
    "shop": ("database", ""),
    "shop@dev": ("branch", ""),
    "shop#latest": ("snapshot", ""),
    "shop#2026-11-21T10:00": ("snapshot", ""),
}


def same(schema: Schema) -> Schema:
    return schema


@pytest.mark.parametrize(("text", "kind", "scheme"), [(t, k, s) for t, (k, s) in FORMS.items()])
def test_source_string_forms(text, kind, scheme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = sources.parse(text)
    assert (source.kind, source.scheme) == (kind, scheme)


def test_branch_and_snapshot_are_parsed():
    assert (sources.parse("shop@dev").name, sources.parse("shop@dev").branch) == ("shop", "dev")
    assert sources.parse("shop@dev#latest").snapshot == "latest"


def test_existing_folder_takes_precedence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    assert sources.parse("shop").kind == "path"
    assert sources.read("shop", lambda path, half: Schema(source=path.name), same).source == "shop"


@pytest.mark.parametrize("text", ["", "a b", "?!"])
def test_invalid_source_is_rejected(text):
    with pytest.raises(BadInput):
        sources.parse(text)


def test_live_database_is_read(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as created:
        created.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)")
    result = sources.read(f"sqlite:///{tmp_path}/shop.db", lambda path, half: Schema(), same)
    assert result.source == "shop.db"
    assert [column.name for column in result.relation("orders").columns] == ["id", "note"]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("oracle://h/db", NotFound),
        ("postgresql://u:secret@127.0.0.1:1/db", Unavailable),
        ("postgresql://", BadInput),
        ("postgresql://h:99999/db", BadInput),
        ("postgresql://h/db?sslmode=x", BadInput),
        ("sqlite:///gone.db", Unavailable),
    ],
)
def test_unreachable_database_has_clear_error(url, error):
    with pytest.raises(error) as raised:
        sources.read(url, lambda path, half: Schema(), same)
    assert raised.value.hint or error is BadInput
    assert "secret" not in f"{raised.value.message} {raised.value.hint}"
