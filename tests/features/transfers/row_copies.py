"""Helpers for tests of row copies: two databases of any engines, without HTTP and jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from engines.test_every_engine import subject
from headwater.catalog.results import Row
from headwater.core.transfer.plan import CopyPlan
from headwater.features.transfers.service import copies, copy_rows
from headwater.features.transfers.service.copy_rows import CopyEndpoint, TableComparison
from headwater.testing.engines.subject import connected, rows, run_all

ENGINES = ("postgresql", "mysql", "sqlite")
SHOP = {
    "postgresql": """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE artist (id serial PRIMARY KEY, name varchar(120) NOT NULL UNIQUE, bio text, mood mood DEFAULT 'sad');
CREATE TABLE album (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title varchar(200) NOT NULL DEFAULT 'x',
  artist_id int NOT NULL REFERENCES artist ON DELETE CASCADE, price numeric(10,2) DEFAULT 0 CHECK (price >= 0),
  made timestamptz DEFAULT now(), at timestamp(3), day date, t time, ok boolean DEFAULT true, data jsonb, u uuid,
  raw bytea, tags text[], gap interval, r real, d double precision, c char(5), s text CHECK (s IN ('a', 'b'))
);
CREATE INDEX by_artist ON album (artist_id, title);
INSERT INTO artist (name, bio, mood) SELECT 'Name ' || g, CASE WHEN g % 3 > 0 THEN E'tab\\t nl\\n cr\\r \\\\N back\\\\slash ''q'' "d" €😀' || g END,
  'glad' FROM generate_series(1, 1500) g;
INSERT INTO album (title, artist_id, price, at, day, t, ok, data, u, raw, tags, gap, r, d, c, s)
  SELECT 't' || g, g % 1500 + 1, g / 7.0, '2026-01-01'::timestamp + g * interval '1.5 sec', '2026-01-01'::date + g,
    '00:00:01'::time + g * interval '1 sec', g % 2 = 0, jsonb_build_object('a', g, 'f', g / 7.0::float8, 'n', null),
    md5(g::text)::uuid, decode(md5(g::text), 'hex'), ARRAY['a', 'b c', NULL, '"x"'], make_interval(days => g % 30),
    g / 7.0, g / 7.0, 'ab', 'a' FROM generate_series(1, 2500) g""",
    "mysql": """
CREATE TABLE artist (id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(120) NOT NULL UNIQUE, bio text,
  mood enum('sad','gl''ad') DEFAULT 'sad', flags set('x','y'));
CREATE TABLE album (id bigint AUTO_INCREMENT PRIMARY KEY, title varchar(200) NOT NULL DEFAULT 'x', artist_id int unsigned NOT NULL,
  price decimal(10,2) DEFAULT 0.00 CHECK (price >= 0), big bigint unsigned, made timestamp(6) DEFAULT current_timestamp(6), at datetime(3),
  day date, t time, ok tinyint(1) DEFAULT 1, data json, raw varbinary(20), bits bit(8), y year, f float, d double,
  KEY by_artist (artist_id, title), CONSTRAINT fk FOREIGN KEY (artist_id) REFERENCES artist (id) ON DELETE CASCADE);
INSERT INTO artist (name, bio, mood, flags) SELECT concat('Name ', seq), concat('tab\\t \\\\ €😀', seq), 'gl''ad', 'x,y' FROM seq_1_to_1500;
INSERT INTO album (title, artist_id, price, big, at, day, t, ok, data, raw, bits, y, f, d)
  SELECT concat('t', seq), seq % 1500 + 1, seq / 7, 18446744073709551615 - seq, '2026-01-01' + interval seq second, '2026-01-01' + interval seq day,
    sec_to_time(seq), seq % 2, json_object('a', seq), unhex(md5(seq)), seq % 256, 2000, seq / 7, seq / 7 FROM seq_1_to_2500""",
    "sqlite": """
CREATE TABLE artist (id INTEGER PRIMARY KEY AUTOINCREMENT, name NVARCHAR(120) NOT NULL UNIQUE, bio TEXT);
CREATE TABLE album (id INTEGER PRIMARY KEY, title VARCHAR(200) NOT NULL DEFAULT 'x', artist_id INTEGER NOT NULL REFERENCES artist (id) ON DELETE CASCADE,
  price NUMERIC(10,2) DEFAULT 0 CHECK (price >= 0), at DATETIME, day DATE, ok BOOLEAN DEFAULT 1, raw BLOB, d REAL);
CREATE INDEX by_artist ON album (artist_id, title);
WITH RECURSIVE g(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM g WHERE g < 1500)
  INSERT INTO artist (name, bio) SELECT 'Name ' || g, 'tab' || char(9) || ' \\ €😀' || g FROM g;
WITH RECURSIVE g(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM g WHERE g < 2500)
  INSERT INTO album (title, artist_id, price, at, day, ok, raw, d)
  SELECT 't' || g, g % 1500 + 1, round(g / 7.0, 2), datetime('2026-01-01', g || ' seconds'), date('2026-01-01', g || ' days'), g % 2, x'00ff', g / 7.0 FROM g""",
}


class Quiet:
    """Hooks that never cancel, and record what was created."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []

    def report(self, phase: str, done: int, total: int, message: str) -> None:
        """Ignore progress."""

    def stopped(self) -> bool:
        """Return False."""
        return False

    def refused(self, sentence: str) -> None:
        """Fail: these targets accept everything."""
        raise AssertionError(sentence)

    async def making(self, kind: str, name: str) -> None:
        """Record it."""
        self.made.append((kind, name))


@asynccontextmanager
async def sides(*engines: str) -> AsyncIterator[list[CopyEndpoint]]:
    """Yield new databases of these engines, each with a session."""
    async with AsyncExitStack() as stack:
        yield [
            CopyEndpoint(subject(engine).engine, await stack.enter_async_context(connected(subject(engine))))
            for engine in engines
        ]


@asynccontextmanager
async def again(side: CopyEndpoint) -> AsyncIterator[CopyEndpoint]:
    """Yield the same session as a source: what was loaded into it is copied further."""
    yield side


async def planned(source: CopyEndpoint, target: CopyEndpoint, tables: list[str] | None = None) -> CopyPlan:
    """Return the plan of a copy."""
    schema = await source.engine.inspect(source.session)
    return copies.mapped(schema, source.engine, target.engine, tables)


async def copied(source: CopyEndpoint, target: CopyEndpoint) -> tuple[CopyPlan, list[TableComparison], Quiet]:
    """Copy all tables; roll back the source's transaction."""
    plan, watch = await planned(source, target), Quiet()
    compared = (await copy_rows.copy(source, target, plan, watch)).compared
    await run_all(source.session, "ROLLBACK")
    return plan, compared, watch


async def all_of(side: CopyEndpoint, table: str) -> list[Row]:
    """Return the rows of a table."""
    return await rows(side.session, f"SELECT * FROM {table} ORDER BY 1")
