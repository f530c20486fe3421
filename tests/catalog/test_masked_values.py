"""Statements without their values: the structure stays, no text, number or comment does; what may change is known."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.engines import all_engines, engine
from suite.profiles import examples

SECRET = "hunter2"
MASKED = [
    (
        "postgresql",
        "INSERT INTO u (e, \"N\") VALUES ('hunter2', 12), ('b', 3)",
        'INSERT INTO u (e, "N") VALUES (?, ?), …',
    ),
    (
        "postgresql",
        "UPDATE t SET a = $$hunter2$$, b = E'\\'hunter2' WHERE c = $1",
        "UPDATE t SET a = ?, b = ? WHERE c = $1",
    ),
    ("postgresql", "delete from t /* a /* b */ 'hunter2 */ where x -- hunter2", "delete from t where x"),
    ("postgresql", "ALTER ROLE x PASSWORD 'hunter2'", "ALTER ROLE x PASSWORD ?"),
    # pgaudit/pgaudit#166 and #201, yugabyte/yugabyte-db#34088: passwords in options, arguments and refused statements
    (
        "postgresql",
        "CREATE USER MAPPING FOR t SERVER s OPTIONS (user 't', password 'hunter2')",
        "CREATE USER MAPPING FOR t SERVER s OPTIONS (user ?, password ?)",
    ),
    ("postgresql", "CALL node(dsn := 'password=hunter2')", "CALL node (dsn := ?)"),
    ("postgresql", "CREATE ROLE r PASSWORD = 'hunter2' AND", "CREATE ROLE r PASSWORD = ? AND"),
    ("postgresql", "COMMENT ON TABLE t IS 'hunter2'", "COMMENT ON TABLE t IS ?"),
    ("postgresql", "UPDATE t SET a = 'c:\\' WHERE b = 'hunter2'", "UPDATE t SET a = ? …"),
    ("postgresql", "INSERT INTO t VALUES ('hunter2", "INSERT …"),
    (
        "postgresql",
        "DO $x$ begin delete from t where a = 'hunter2'; end $x$",
        "DO $$ begin delete from t where a = ?; end $$",
    ),
    ("postgresql", "DO LANGUAGE plpython3u $$ # hunter2 $$", "DO LANGUAGE plpython3u ?"),
    ("postgresql", "DELETE FROM t WHERE a IN (1,2,3,4,5,6,7,8,9,10,11)", "DELETE FROM t WHERE a IN (?, …)"),
    ("mysql", 'INSERT INTO `t` VALUES ("hunter2", 1.5e3)', "INSERT INTO `t` VALUES (?, ?)"),
    ("mysql", "UPDATE t SET a='x\\'hunter2' WHERE b='c'", "UPDATE t SET a = ? …"),
    ("mysql", "/*!50001 DROP TABLE t */", "DROP TABLE t * /"),
    ("sqlite", 'INSERT INTO "t" VALUES ("hunter2")', 'INSERT INTO "t" VALUES (?)'),
    ("mongodb", 'db.u.insertOne({"name": "hunter2"})', '{"insert": "u", "documents": [{"_id": "?", "name": "?"}]}'),
    ("mongodb", "db.u.find({a: /hunter2/})", '{"find": "u", "filter": {"a": "?"}}'),
    ("mongodb", "hunter2", "…"),
    ("redis", "SET user:hunter2 hunter2", "SET user:? ?"),
    ("redis", "CONFIG SET requirepass hunter2", "CONFIG SET ? ?"),
    ("redis", "'hunter2", "…"),
]
CHANGES = [
    ("postgresql", "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "DELETE"),
    ("postgresql", "SELECT 1 INTO x", "SELECT"),
    ("postgresql", "EXPLAIN ANALYZE DELETE FROM t", "DELETE"),
    ("postgresql", "SELECT setval('s', 5)", "SELECT"),
    ("postgresql", "PREPARE x AS DELETE FROM t", "PREPARE"),
    ("postgresql", "EXECUTE x", "EXECUTE"),
    ("postgresql", "CALL p()", "CALL"),
    ("postgresql", "/* SELECT */ DROP TABLE t", "DROP"),
    ("mysql", "/*!50001 DROP TABLE t */", "DROP"),
    ("mysql", "SET GLOBAL x = 1", "SET"),
    ("mysql", "REPLACE INTO t VALUES (1)", "REPLACE"),
    ("sqlite", "PRAGMA user_version = 5", "PRAGMA"),
    ("mongodb", 'db.u.aggregate([{$match: {}}, {$out: "x"}])', "aggregate"),
    ("redis", "DEL a", "DEL"),
]
READS = [
    ("postgresql", "SELECT * FROM t FOR UPDATE"),
    ("postgresql", "SELECT * FROM t FOR NO KEY UPDATE"),
    ("postgresql", "SELECT replace(a, 'DELETE FROM', 'x') AS \"delete\" FROM t -- DELETE"),
    ("postgresql", "EXPLAIN DELETE FROM t"),
    ("postgresql", "SHOW ALL"),
    ("postgresql", "SET search_path = x"),
    ("postgresql", ""),
    ("mysql", "SHOW CREATE TABLE t"),
    ("sqlite", "PRAGMA table_info(t)"),
    ("mongodb", "show collections"),
    ("redis", "GET a"),
]


@pytest.mark.parametrize(("name", "text", "masked"), MASKED)
def test_values_are_masked_and_structure_stays(name: str, text: str, masked: str) -> None:
    shown = engine(name).mask_values(text).text
    assert shown == masked
    assert SECRET not in shown


@pytest.mark.parametrize(("name", "text", "verb"), CHANGES)
def test_statements_that_may_change_something(name: str, text: str, verb: str) -> None:
    masked = engine(name).mask_values(text)
    assert masked.changes and masked.verb.upper() == verb.upper()


@pytest.mark.parametrize(("name", "text"), READS)
def test_statements_that_only_read(name: str, text: str) -> None:
    assert not engine(name).mask_values(text).changes


def literal(name: str, value: str) -> str:
    """Return a statement that writes a value, as a person who quotes it right would."""
    if name == "mongodb":
        return f"db.u.insertOne({{a: {json.dumps(value)}}})"
    if name == "redis":
        return f"SET k {json.dumps(value)}"
    quoted = value.replace("'", "''").replace("\0", "")
    return f"INSERT INTO t VALUES ('{quoted}')"


@pytest.mark.parametrize("name", sorted(all_engines()))
@settings(max_examples=examples(200))
@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_literal_is_ever_shown(name: str, before: str, after: str) -> None:
    text = literal(name, f"{before}{SECRET}{after}")
    masked = engine(name).mask_values(text)
    assert SECRET not in masked.text
    assert masked.changes


@pytest.mark.parametrize("name", sorted(all_engines()))
@settings(max_examples=examples(200))
@given(text=st.text(max_size=200))
def test_any_text_is_masked_without_an_error(name: str, text: str) -> None:
    engine(name).mask_values(text)
