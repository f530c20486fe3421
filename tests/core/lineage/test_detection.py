"""Which languages are read as a whole because routes and usages are in them."""

from __future__ import annotations

import pytest

from headwater.core.lineage.detection import detect_frameworks, inspect, routed_languages
from headwater.readers import SourceFile

ROUTE = SourceFile("server/app.ts", "typescript", b"import express from 'express'\nconst app = express()\n")
STATEMENTS = {
    "db.query('SELECT * FROM users')": True,
    "q = `select id, name\n from users`": True,
    "'select count( * ) from t'": True,
    '"SELECT " + columns': True,
    "`WITH a AS (select 1)`": True,
    "'insert into t values'": True,
    "'update t set a = 1'": True,
    "'delete from t where id = 1'": True,
    "'Select is composed from a few parts'": False,
    "'Update the set'": False,
    "select(a).from(b)": False,
}


def routed(*files: SourceFile, spoken: frozenset[str] = frozenset()) -> frozenset[str]:
    inspected = {file.path: inspect(file) for file in files}
    return routed_languages(detect_frameworks(files, inspected), files, spoken)


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_language_with_routes_is_read_as_a_whole_if_it_has_sql(text: str) -> None:
    service = SourceFile("server/users.ts", "typescript", text.encode())
    assert routed(ROUTE, service) == ({"typescript"} if STATEMENTS[text] else set())


def test_a_language_with_routes_is_read_as_a_whole_if_tables_can_be_used_in_it() -> None:
    assert routed(ROUTE, spoken=frozenset({"typescript"})) == {"typescript"}
    assert routed(ROUTE, spoken=frozenset({"python"})) == frozenset()


def test_sql_in_tests_and_in_languages_without_routes_does_not_count() -> None:
    statement = b"db.query('SELECT * FROM users')"
    assert routed(ROUTE, SourceFile("tests/users.test.ts", "typescript", statement)) == frozenset()
    assert routed(SourceFile("users.ts", "typescript", statement)) == frozenset()
