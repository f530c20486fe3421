"""Law: after the patch from A to B was run in A, nothing differs; on every SQL engine, with every kind of value."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.engines import all_engines
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

ENGINES = [name for name, each in all_engines().items() if each.patches]
ODD = {
    "postgresql": """
CREATE TABLE odd (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY (START 5), t text,
  b bytea, f float8, ts timestamptz, a text[], j json, jb jsonb, iv interval, c char(5), p point, u text UNIQUE);
CREATE TABLE parent (id text COLLATE "C" PRIMARY KEY, note text);
CREATE TABLE child (id int PRIMARY KEY, up text REFERENCES parent ON DELETE CASCADE, again int REFERENCES child);
CREATE TABLE loose (t text, c char(4), ok bool, j json, f real, p point);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'stamped'; RETURN NEW; END $$;
""",
    "mysql": """
CREATE TABLE odd (id bigint AUTO_INCREMENT PRIMARY KEY, t text, b varbinary(40), f double, ts timestamp(6) NULL
  DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), j json, c char(5), d decimal(20,5), bits bit(9), fl float,
  twice bigint GENERATED ALWAYS AS (d * 2) STORED, u varchar(20) UNIQUE);
CREATE TABLE parent (id varchar(20) PRIMARY KEY, note text);
CREATE TABLE child (id int PRIMARY KEY, up varchar(20), again int, FOREIGN KEY (up) REFERENCES parent (id) ON DELETE CASCADE,
  FOREIGN KEY (again) REFERENCES child (id));
CREATE TABLE loose (t text, c char(4), b varbinary(9), j json, f float, dt datetime(3));
""",
    "sqlite": """
CREATE TABLE odd (id INTEGER PRIMARY KEY, t TEXT, b BLOB, f REAL, x, u TEXT UNIQUE, twice INT GENERATED ALWAYS AS (id * 2));
CREATE TABLE parent (id TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, note TEXT);
CREATE TABLE child (id INT PRIMARY KEY, up TEXT REFERENCES parent ON DELETE CASCADE, again INT REFERENCES child);
CREATE TABLE loose (t TEXT, x, f REAL);
""",
}
FIRST = {
    "postgresql": r"""
INSERT INTO odd (t, b, f, ts, a, j, jb, iv, c, p, u) VALUES
  (E'it''s \\ "x"\n\t\r\b\f\v', '\x0001ff', 'NaN', 'infinity', '{"a,b",NULL,"\"q\""}', '{"a" : 1}', '[1.0]', '-1 days', 'ab', '(1,2)', 'u1'),
  ('', '', '-0', '2026-01-01 00:00+02', '{}', 'null', 'null', '1 mon', '', '(0,-0)', 'u2'), ('\N', NULL, 1e-300, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'u3');
INSERT INTO loose VALUES ('x', 'a', true, '{"a":1}', 0.1, '(1,1)'), ('x', 'a', true, '{"a":1}', 0.1, '(1,1)'), (NULL, NULL, NULL, NULL, NULL, NULL);
""",
    "mysql": r"""
INSERT INTO odd (t, b, f, ts, j, c, d, bits, fl, u) VALUES ('it''s \\ "x"; \n\t\r\0', x'0001ff5c27', -0.0, '2026-01-01 01:02:03.000004', '{"a": 1}', 'ab', 1.5, 300, 0.1, 'u1'),
  ('', '', 1e-300, '2026-01-02', 'null', '', 2, 0, 3.4e38, 'u2'), ('\\N', NULL, NULL, '2026-01-03', NULL, NULL, NULL, NULL, NULL, 'u3');
INSERT INTO loose VALUES ('x', 'a', x'00', '[1]', 0.1, '2026-01-01'), ('x', 'a', x'00', '[1]', 0.1, '2026-01-01'), (NULL, NULL, NULL, NULL, NULL, NULL);
""",
    "sqlite": """
INSERT INTO odd (t, b, f, x, u) VALUES ('it''s \\ "x"', x'0001ff', 1e999, 1, 'u1'), ('', x'', -0.5, '1', 'u2'), (NULL, NULL, NULL, x'31', 'u3');
INSERT INTO loose VALUES ('x', 1, 0.1), ('x', 1, 0.1), ('x', '1', 0.1), (NULL, NULL, NULL);
""",
}
COMMON = """
INSERT INTO parent VALUES ('a', 'one'), ('b', 'two'), ('c', NULL);
INSERT INTO child VALUES (1, 'a', NULL), (2, 'a', 1), (3, 'b', 2), (4, NULL, 3);
"""
SECOND = {
    "postgresql": r"""
UPDATE odd SET t = E'new ''\\'' \r\n', b = '\xdeadbeef', f = '-Infinity', a = '{{1,2},{3,4}}', j = '{"a":1}', c = 'x', p = '(3,4)' WHERE u = 'u1';
UPDATE odd SET f = 0, ts = '-infinity', iv = '-1 mons +02:00', jb = '{"x": [null]}' WHERE u = 'u2';
UPDATE odd SET u = 'swap' WHERE u = 'u1'; UPDATE odd SET u = 'u1' WHERE u = 'u2'; UPDATE odd SET u = 'u2' WHERE u = 'swap';
DELETE FROM loose WHERE ctid = (SELECT min(ctid) FROM loose); INSERT INTO loose VALUES ('x', 'a', false, '{"a": 1}', 'NaN', NULL);
INSERT INTO odd (t, u) VALUES ('added', 'u4');
""",
    "mysql": r"""
UPDATE odd SET t = 'new ''\\'' ;', b = x'deadbeef', f = 0.1, j = '[1, 2]', bits = 1, fl = 1.1, ts = ts WHERE u = 'u1';
UPDATE odd SET d = -3.25, ts = '1999-12-31 23:59:59' WHERE u = 'u3';
UPDATE odd SET u = 'swap' WHERE u = 'u1'; UPDATE odd SET u = 'u1' WHERE u = 'u2'; UPDATE odd SET u = 'u2' WHERE u = 'swap';
DELETE FROM loose LIMIT 1; INSERT INTO loose VALUES ('x ', 'A', x'0000', NULL, 0.2, NULL);
INSERT INTO odd (t, u) VALUES ('added', 'u4');
""",
    "sqlite": """
UPDATE odd SET t = 'new '';', b = x'deadbeef', f = -1e999, x = 1.0 WHERE u = 'u1';
UPDATE odd SET x = 1, f = 0.30000000000000004 WHERE u = 'u2';
UPDATE odd SET u = 'swap' WHERE u = 'u1'; UPDATE odd SET u = 'u1' WHERE u = 'u2'; UPDATE odd SET u = 'u2' WHERE u = 'swap';
DELETE FROM loose WHERE rowid = 1; INSERT INTO loose VALUES ('x', 1.0, 0.2), ('X', x'31', NULL);
INSERT INTO odd (t, u) VALUES ('added', 'u4');
""",
}
EDITS = """
INSERT INTO parent VALUES ('d', 'new');
UPDATE child SET up = 'b' WHERE id = 2;
UPDATE child SET up = 'd', again = NULL WHERE id = 1;
DELETE FROM child WHERE id = 4;
INSERT INTO child VALUES (5, 'd', 1);
DELETE FROM parent WHERE id = 'a';
UPDATE parent SET note = 'changed' WHERE id = 'c';
"""


async def patch_of(fixture: SnapshotFixture, a: str, b: str, **params: Any) -> str:
    answer = await fixture.person.client.get(f"/api/v1/differences/{a}/{b}/export", params=params)
    assert answer.status_code == 200, answer.text
    return answer.text


async def equal(fixture: SnapshotFixture, a: str, b: str) -> None:
    answer = await fixture.person.get(f"/differences/{a}/{b}")
    assert {table["name"]: table for table in answer["tables"] if table["status"] != "equal"} == {}


@pytest.fixture(scope="module", params=ENGINES)
async def pair(
    request: pytest.FixtureRequest, module_app: AppFixture, supervisor: Supervisor
) -> tuple[SnapshotFixture, str, str, str]:
    """Two databases with the same tables, and the engine."""
    engine = request.param
    person = await module_app.person(f"patch{engine}")
    fixture = SnapshotFixture(module_app, person, await person.database(engine))
    other = await person.database(engine)
    for database in (fixture.database, other):
        await fixture.sql(ODD[engine] + FIRST[engine] + COMMON, database)
    return fixture, fixture.database, other, engine


async def test_a_patch_makes_both_sides_equal(pair: Any) -> None:
    fixture, first, second, engine = pair
    a, b = f"database:{first}", f"database:{second}"
    if engine != "mysql":  # timestamps of the insert
        await equal(fixture, a, b)
    await fixture.sql(SECOND[engine] + EDITS, second)
    text = await patch_of(fixture, a, b)
    assert "UPDATE" in text and "DELETE" in text and "INSERT" in text
    await fixture.sql(text, first)
    await equal(fixture, a, b)
    assert "nothing to change" in await patch_of(fixture, a, b)


async def test_a_patch_back_to_a_snapshot(pair: Any) -> None:
    fixture, first, _, engine = pair
    taken = await fixture.take()
    await fixture.sql(
        "UPDATE child SET again = NULL; DELETE FROM child; DELETE FROM parent; DELETE FROM loose; UPDATE odd SET t = NULL;",
        first,
    )
    a, b = f"database:{first}", f"snapshot:{taken['id']}"
    await fixture.sql(await patch_of(fixture, a, b), first)
    await equal(fixture, a, b)
    if engine == "postgresql":  # what was set aside is there again
        rows = await fixture.sql("SELECT count(*) FROM pg_constraint WHERE contype = 'f';", first)
        assert rows == [[2]]


async def test_random_edits(pair: Any) -> None:
    fixture, first, second, _ = pair
    source = random.Random(7)
    for database in (first, second):
        await fixture.sql(
            "CREATE TABLE pairs (a VARCHAR(9) NOT NULL, b INT NOT NULL, v VARCHAR(9), PRIMARY KEY (a, b));", database
        )
        for number in range(30):
            if source.random() < 0.7:
                value = source.choice(["NULL", "''", "'x'", "'y'"])
                await fixture.sql(f"INSERT INTO pairs VALUES ('{'abc'[number % 3]}', {number}, {value});", database)
    a, b = f"database:{first}", f"database:{second}"
    await fixture.sql(await patch_of(fixture, a, b, tables="pairs"), first)
    await equal(fixture, a, b)


async def test_changes_as_lines(pair: Any) -> None:
    fixture, first, second, _ = pair
    for database in (first, second):
        await fixture.sql(
            "CREATE TABLE entries (id INT NOT NULL PRIMARY KEY, v VARCHAR(9)); INSERT INTO entries VALUES (1, 'a'), (2, 'b');",
            database,
        )
    await fixture.sql(
        "UPDATE entries SET v = 'z' WHERE id = 1; DELETE FROM entries WHERE id = 2; INSERT INTO entries VALUES (3, NULL);",
        second,
    )
    a, b = f"database:{first}", f"database:{second}"
    lines = [
        json.loads(line) for line in (await patch_of(fixture, a, b, format="ndjson", tables="entries")).splitlines()
    ]
    assert sorted((line["kind"], line["before"], line["after"]) for line in lines if line["kind"] == "changed") == [
        ("changed", {"id": 1, "v": "a"}, {"id": 1, "v": "z"})
    ]
    assert {line["kind"] for line in lines} == {"changed", "removed", "added"}
    rows = list(csv.reader(io.StringIO(await patch_of(fixture, a, b, format="csv", tables="entries"))))
    assert rows[0] == ["table", "change", "key", "column", "before", "after"]
    assert ["changed", "[1]", "v", "a", "z"] in [row[1:] for row in rows]


async def test_what_cannot_be_patched_is_said(pair: Any) -> None:
    fixture, first, second, _ = pair
    await fixture.sql("CREATE TABLE lone (id INT PRIMARY KEY); CREATE TABLE unlike (id INT PRIMARY KEY);", first)
    await fixture.sql("CREATE TABLE unlike (id INT PRIMARY KEY, more INT);", second)
    a, b = f"database:{first}", f"database:{second}"
    text = await patch_of(fixture, a, b)
    assert "lone" in text and "different columns" in text
    answer = await fixture.person.send("GET", f"/differences/{a}/{b}/export?ignore=id", 400)
    assert "all columns" in answer["detail"]
    await (await fixture.app.person("nora")).send("GET", f"/differences/{a}/{b}/export", 404)
    assert (await (await fixture.app.stranger()).get(f"/api/v1/differences/{a}/{b}/export")).status_code == 401
