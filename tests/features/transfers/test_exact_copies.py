"""Copies between two databases of one engine, over HTTP: nothing is converted, and everything that it has arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from clusters import Cluster
from features.transfers.test_copies import CopyFixture
from headwater.catalog.results import QueryError
from headwater.engines.postgresql.bulk_load import PostgresBulkLoader
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

ODD = """
CREATE SCHEMA "Odd.Schema";
CREATE TYPE "Odd.Schema".pair AS (a int, b text);
CREATE DOMAIN short_list AS int[] CHECK (array_length(value, 1) < 4);
CREATE TYPE mood AS ENUM ('it''s', 'b"c', 'ü');
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE TABLE "Odd.Schema"."T.a""b" (
  "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n numeric, r int4range, ts timestamptz, iv interval, pairs "Odd.Schema".pair[],
  p "Odd.Schema".pair, dd short_list, e mood DEFAULT 'it''s', g int GENERATED ALWAYS AS (twice(dd[1])) STORED, u uuid DEFAULT gen_random_uuid(),
  CONSTRAINT "c.k""1" CHECK (n IS DISTINCT FROM 5), UNIQUE NULLS NOT DISTINCT (u) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "ix.1" ON "Odd.Schema"."T.a""b" (lower(u::text) DESC NULLS LAST) INCLUDE (n) WHERE n > 0;
CREATE TABLE twin (a int, b bigint REFERENCES "Odd.Schema"."T.a""b" ON DELETE SET NULL DEFERRABLE);
CREATE TABLE "Odd.Schema".twin (a int, b text);
CREATE TABLE pay (id int, d date, PRIMARY KEY (d, id)) PARTITION BY RANGE (d);
CREATE TABLE pay_2024 PARTITION OF pay FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE parent (id int, note text); CREATE TABLE son (more text) INHERITS (parent);
CREATE VIEW totals AS SELECT count(*) FROM pay;
INSERT INTO "Odd.Schema"."T.a""b" (n, r, ts, iv, pairs, p, dd, e) VALUES
  ('NaN', '[,]', 'infinity', '1 year -2 mons 3 days 04:05:06.789', ARRAY[ROW(1, 'x"y')::"Odd.Schema".pair], ROW(2, null), '{1,2}', 'ü'),
  (0.10, 'empty', '0044-03-15 BC', '-1 day', '{}', null, '[0:1]={1,2}', null);
INSERT INTO twin VALUES (1, 2), (2, null); INSERT INTO "Odd.Schema".twin VALUES (1, ''), (1, '');
INSERT INTO pay VALUES (1, '2024-05-05'); INSERT INTO parent VALUES (1, 'p'); INSERT INTO son VALUES (2, 's', 'm')
"""
ASKED = (
    'SELECT x::text FROM "Odd.Schema"."T.a""b" x ORDER BY "Id"',
    'SELECT x::text FROM twin x UNION ALL SELECT x::text FROM "Odd.Schema".twin x ORDER BY 1',
    "SELECT tableoid::regclass::text, id FROM pay",
    "SELECT tableoid::regclass::text, id FROM parent ORDER BY id",
    "SELECT count FROM totals",
    "SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'Odd.Schema') ORDER BY 1",
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n' ORDER BY 1",
    "SELECT attname, attgenerated, attidentity FROM pg_attribute WHERE attgenerated <> '' OR attidentity <> ''",
)


async def pair(app: AppFixture, name: str, source: str, target: str) -> CopyFixture:
    person = await app.person(name)
    sides = [await person.connected(url) if "://" in url else await person.database(url) for url in (source, target)]
    return CopyFixture(app, person, *sides)


async def copied(fixture: CopyFixture, **body: Any) -> Sequence[tuple[str, int]]:
    done = await fixture.copy(**body)
    assert done["job"]["state"] == "completed", done["job"]
    assert all(table["same"] for table in done["tables"]), done["tables"]
    return [(table["target"], table["target_rows"]) for table in done["tables"]]


@pytest.fixture
async def postgresql(app: AppFixture, cluster: Cluster, supervisor: Supervisor) -> CopyFixture:
    return await pair(app, "ella", cluster.clone(ODD), cluster.clone())


async def test_copy_keeps_everything_that_postgresql_has(postgresql: CopyFixture) -> None:
    plan = await postgresql.post(f"{postgresql.source}/copies/plan", 200, target_id=postgresql.target)
    assert plan["losses"] == [] and plan["choices"] == []
    assert any("CREATE DOMAIN public.short_list" in statement for statement in plan["statements"])
    tables = await copied(postgresql)
    assert dict(tables) == {
        'Odd.Schema.T.a"b': 2,
        "Odd.Schema.twin": 2,
        "public.twin": 2,
        "public.pay_2024": 1,
        "public.parent": 1,
        "public.son": 1,
    }
    for query in ASKED:
        expected = await postgresql.sql(postgresql.source, query)
        assert await postgresql.sql(postgresql.target, query) == expected, query
    added = 'INSERT INTO "Odd.Schema"."T.a""b" (n) VALUES (1) RETURNING "Id"'
    assert await postgresql.sql(postgresql.target, added) == [[3]]
    again = await postgresql.post(f"{postgresql.source}/copies/plan", 409, target_id=postgresql.target)
    assert "already has" in again["detail"]


async def test_copy_of_some_tables_tells_the_foreign_keys_that_are_lost(postgresql: CopyFixture) -> None:
    plan = await postgresql.post(
        f"{postgresql.source}/copies/plan", 200, target_id=postgresql.target, tables=["public.twin", "pay"]
    )
    assert [(loss["object"], loss["sentence"]) for loss in plan["losses"]] == [
        ("key twin_b_fkey", "it needs tables that are not copied")
    ]
    assert sorted(await copied(postgresql, tables=["public.twin", "pay"])) == [
        ("public.pay_2024", 1),
        ("public.twin", 2),
    ]
    assert await postgresql.sql(postgresql.target, "SELECT id FROM pay") == [[1]]
    await postgresql.post(f"{postgresql.source}/copies/plan", 404, target_id=postgresql.target, tables=["twim"])


# An index that works in the source, but not in the target: by then, the function divides by zero for one of the rows.
BROKEN = (
    "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1 / $1'",
    "INSERT INTO twin VALUES (9, null); CREATE INDEX broken ON twin (f(a)); CREATE INDEX sound ON twin (a)",
    "CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1 / ($1 - 9)'",
)


async def test_copy_names_an_index_that_is_refused_and_keeps_the_rows(postgresql: CopyFixture) -> None:
    for statement in BROKEN:
        await postgresql.sql(postgresql.source, statement)
    done = await postgresql.copy()
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert (done["outcome"], done["refused"]) == ("incomplete", ["index public.broken: division by zero"])
    assert all(table["same"] for table in done["tables"])
    count = "SELECT count(*) FROM twin"
    assert await postgresql.sql(postgresql.target, count) == await postgresql.sql(postgresql.source, count)
    names = "SELECT indexname FROM pg_indexes WHERE tablename = 'twin' AND schemaname = 'public'"
    assert await postgresql.sql(postgresql.target, names) == [["sound"]]
    log = await postgresql.person.get(f"/jobs/{done['job']['id']}/log")
    assert "Not copied: index public.broken: division by zero." in [line["message"] for line in log["items"]]


async def test_failed_copy_drops_everything_that_it_created(
    postgresql: CopyFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise QueryError("The rows are refused.")

    monkeypatch.setattr(PostgresBulkLoader, "load_rows", fails)
    done = await postgresql.copy()
    assert done["job"]["state"] == "failed"
    assert "The rows are refused" in done["job"]["error"]
    assert (done["outcome"], done["refused"]) == (None, [])
    left = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert await postgresql.sql(postgresql.target, left) == [[0]]
    assert await postgresql.sql(
        postgresql.target, "SELECT count(*) FROM pg_namespace WHERE nspname = 'Odd.Schema'"
    ) == [[0]]


ZERO = """
CREATE TABLE zd (id int PRIMARY KEY AUTO_INCREMENT, d date NOT NULL DEFAULT '0000-00-00', flag tinyint(1), u int unsigned,
  name varchar(20) COLLATE utf8mb4_general_ci UNIQUE, changed timestamp NULL ON UPDATE CURRENT_TIMESTAMP, full varchar(30) AS (concat(name, '!')));
CREATE VIEW v AS SELECT id FROM zd;
INSERT INTO zd (id, d, flag, u, name) VALUES (1, '0000-00-00', 2, 4294967295, 'A'), (5, '2024-00-10', 1, 0, 'b')
"""


async def test_copy_keeps_what_only_mysql_has(app: AppFixture, supervisor: Supervisor) -> None:
    fixture = await pair(app, "emil", "mysql", "mysql")
    await fixture.sql(fixture.source, f"SET sql_mode = ''; {ZERO}")
    plan = await fixture.post(f"{fixture.source}/copies/plan", 200, target_id=fixture.target)
    assert plan["losses"] == []
    assert await copied(fixture) == [("zd", 2)]
    for query in ("SHOW CREATE TABLE zd", "SELECT * FROM zd ORDER BY id", "SELECT * FROM v ORDER BY id"):
        assert await fixture.sql(fixture.target, query) == await fixture.sql(fixture.source, query)


LITE = """
CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT COLLATE NOCASE, v, g AS (t || '!'));
CREATE INDEX i ON a (lower(t)) WHERE v IS NOT NULL;
CREATE TABLE log (n);
CREATE TRIGGER noted AFTER INSERT ON a BEGIN INSERT INTO log VALUES (new.id); END;
CREATE VIEW w AS SELECT t FROM a;
INSERT INTO a (t, v) VALUES ('x', x'00ff'), ('y', 1.0), ('z', '1'); DELETE FROM a WHERE t = 'z'
"""


async def test_copy_keeps_what_only_sqlite_has(app: AppFixture, supervisor: Supervisor) -> None:
    fixture = await pair(app, "enno", "sqlite", "sqlite")
    await fixture.sql(fixture.source, LITE)
    await fixture.sql(
        fixture.target, "CREATE TABLE own (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO own VALUES (70)"
    )
    assert sorted(await copied(fixture)) == [("a", 2), ("log", 3)]
    for query in ("SELECT id, t, typeof(v), hex(v), g FROM a", "SELECT n FROM log", "SELECT t FROM w"):
        assert await fixture.sql(fixture.target, query) == await fixture.sql(fixture.source, query)
    await fixture.sql(fixture.target, "INSERT INTO a (t) VALUES ('next'); INSERT INTO own DEFAULT VALUES")
    assert await fixture.sql(fixture.target, "SELECT max(n) FROM log") == [[4]]
    assert await fixture.sql(fixture.target, "SELECT max(id) FROM own") == [[71]]


async def test_what_needs_a_refused_extension_is_told_before_the_copy(
    app: AppFixture, cluster: Cluster, supervisor: Supervisor
) -> None:
    url = cluster.clone("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    cluster.execute("CREATE EXTENSION pgstattuple", url.rpartition("/")[2].partition("?")[0])
    fixture = await pair(app, "erna", url, cluster.clone())
    await fixture.sql(fixture.source, "CREATE VIEW sizes AS SELECT table_len FROM pgstattuple('t'::regclass)")
    plan = await fixture.post(f"{fixture.source}/copies/plan", 200, target_id=fixture.target)
    assert [(loss["object"], loss["sentence"]) for loss in plan["losses"]] == [
        ("extension pgstattuple", "Only a superuser of the server can install it"),
        ("view public.sizes", "it needs the extension pgstattuple"),
    ]
    assert await copied(fixture) == [("public.t", 1)]
    done = (await fixture.person.get(f"/databases/{fixture.source}/transfers"))["items"][0]
    assert done["refused"] == [], "what the plan listed was accepted"
    assert done["outcome"] == "equal"
