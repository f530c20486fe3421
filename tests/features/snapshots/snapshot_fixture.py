"""A user with a database; snapshots and restores run as in a worker."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from headwater.features.snapshots import repository
from headwater.features.snapshots.service.storage import vault_locations
from headwater.vault.vault import Vault
from people import AppFixture, Person

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN price AS numeric(10,2) CHECK (VALUE >= 0);
CREATE TABLE artist (id serial PRIMARY KEY, name varchar(120) NOT NULL UNIQUE, bio text, mood mood DEFAULT 'sad');
CREATE TABLE album (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title varchar(200) NOT NULL DEFAULT 'x',
  artist_id int NOT NULL REFERENCES artist ON DELETE CASCADE, price price DEFAULT 0, made timestamptz DEFAULT now(),
  at timestamp(3), day date, t time, ok boolean DEFAULT true, data jsonb, u uuid, raw bytea, tags text[], gap interval,
  r real, d double precision, c char(5), twice bigint GENERATED ALWAYS AS (artist_id * 2) STORED
);
CREATE INDEX by_artist ON album (artist_id, title);
CREATE TABLE note (at timestamptz DEFAULT '2026-01-01', body text);
CREATE VIEW glad AS SELECT name FROM artist WHERE mood = 'glad';
INSERT INTO artist (name, bio, mood) SELECT 'Name ' || g, CASE WHEN g % 3 > 0 THEN
  E'tab\\t nl\\n cr\\r \\\\N back\\\\slash ''q'' "d" €😀' || g END, 'glad' FROM generate_series(1, 1500) g;
INSERT INTO album (title, artist_id, price, at, day, t, ok, data, u, raw, tags, gap, r, d, c)
  SELECT 't' || g, g % 1500 + 1, g / 7.0, '2026-01-01'::timestamp + g * interval '1.5 sec', '2026-01-01'::date + g,
    '00:00:01'::time + g * interval '1 sec', g % 2 = 0, jsonb_build_object('a', g, 'f', g / 7.0::float8, 'n', null),
    md5(g::text)::uuid, decode(md5(g::text), 'hex'), ARRAY['a', 'b c', NULL, '"x"'], make_interval(days => g % 30),
    g / 7.0, g / 7.0, 'ab' FROM generate_series(1, 12000) g;
INSERT INTO note (body) SELECT nullif('n' || g % 5, 'n0') FROM generate_series(1, 700) g
"""


class SnapshotFixture:
    """A user with a database."""

    def __init__(self, app: AppFixture, person: Person, database: str) -> None:
        self.app, self.person, self.database = app, person, database

    async def sql(self, query: str, database: str = "") -> Any:
        """Run SQL on a database and return the rows of the last statement."""
        path = f"/databases/{database or self.database}/query"
        answer = await self.person.send("POST", path, 200, json={"text": query})
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1].get("rows")

    async def take(self, **body: Any) -> Any:
        """Take a snapshot of the database and return it in detail."""
        created = await self.person.send("POST", f"/databases/{self.database}/snapshots", 202, json=body)
        await self.app.work(created["job"]["id"])
        return await self.person.get(f"/snapshots/{created['id']}")

    async def restore(self, snapshot: Any, **body: Any) -> Any:
        """Restore a snapshot and return the finished restore."""
        created = await self.person.send("POST", f"/snapshots/{snapshot['id']}/restores", 202, json=body)
        await self.app.work(created["job"]["id"])
        return await self.person.get(f"/restores/{created['id']}")

    async def vault(self) -> Vault:
        """Open and return the vault of the user's organization."""
        async with self.app.server.database.transaction() as db:
            row = await repository.current_vault(db, uuid.UUID(self.person.organization))
        assert row
        return await asyncio.to_thread(vault_locations.location_of(self.app.server.settings, row).open)
