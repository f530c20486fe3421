"""A Schema in other notations; its SQL is parsed back to the same tables."""

from __future__ import annotations

import json
import sqlite3

import pytest

from headwater.catalog.model import Column, Enum, ForeignKey, Index, Relation, Schema
from headwater.core import notation
from headwater.kit.errors import NotFound
from headwater.readers import sql

SCHEMA = Schema(
    (
        Relation(
            "order",
            (
                Column("id", "integer", nullable=False),
                Column("user id", "integer"),
                Column("note", "text", default="'it''s'"),
            ),
            primary_key=("id",),
            foreign_keys=(ForeignKey(("user id",), "users", ("id",), on_delete="CASCADE"),),
            indexes=(Index(None, ("note",), unique=True), Index("by_user", ("user id", "(lower(note))"))),
        ),
        Relation("users", (Column("id", "integer", nullable=False),), primary_key=("id",)),
        Relation("v", (Column("id"),), kind="view", definition='SELECT id FROM "order"'),
    ),
    (Enum("mood", ("ok", "it's")),),
    source="shop",
)


def test_sql_round_trip():
    again = sql.read_text(notation.write(SCHEMA, "sql"))
    for relation in SCHEMA:
        result = again.relation(relation.name)
        assert [column.name for column in result.columns] == [column.name for column in relation.columns]
        assert result.primary_key == relation.primary_key
        assert [(k.columns, k.ref_table, k.on_delete) for k in result.foreign_keys] == [
            (k.columns, k.ref_table, k.on_delete) for k in relation.foreign_keys
        ]
        assert result.kind == relation.kind
    assert again.enums == SCHEMA.enums


def test_sql_runs_on_a_real_database():
    text = "\n".join(part for part in notation.write(SCHEMA, "sql").split("\n\n") if part.startswith("CREATE TABLE"))
    database = sqlite3.connect(":memory:")
    database.executescript(text)
    assert [row[1] for row in database.execute('PRAGMA table_info("order")')] == ["id", "user id", "note"]


def test_json_has_the_documented_shape():
    written = json.loads(notation.write(SCHEMA, "json"))
    order = written["tables"][0]
    assert order["columns"][0] | {"primary_key": True} == order["columns"][0]
    assert order["columns"][1]["references"] == {"table": "users", "column": "id"}


def test_dbml_and_mermaid_quote_names():
    dbml, mermaid = notation.write(SCHEMA, "dbml"), notation.write(SCHEMA, "mermaid")
    assert 'Ref: order."user id" > users.id' in dbml
    assert "(note) [unique]" in dbml and "Enum mood" in dbml
    assert mermaid.startswith("erDiagram\n")
    assert 'users |o--o{ order : "user id"' in mermaid
    assert "integer user_id FK" in mermaid


def test_unknown_notation_lists_the_known_ones():
    with pytest.raises(NotFound) as caught:
        notation.write(SCHEMA, "mermade")
    assert caught.value.hint == "Did you mean mermaid?"
