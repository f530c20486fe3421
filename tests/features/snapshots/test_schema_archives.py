"""Snapshots of PostgreSQL hold pg_dump's archive of the schema, and restores use it."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from clusters import Cluster
from engines.postgresql import place
from engines.postgresql.archives import cases
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.core.snapshots import schema_archives
from headwater.vault import verification
from headwater.vault.manifest import VERSION

CASES = cases()
# One of each kind that a role without privileges of a superuser may create.
MANAGED = (
    "domain_check_calls_function",
    "range_type",
    "aggregates",
    "not_valid",
    "constraints_and_storage",
    "operator",
    "sequences",
    "set_null_columns",
    "subpartition_before_parent",
)


async def lines(snapshot_fixture: SnapshotFixture, database: str) -> list[Any]:
    """Return what the catalog says of constraints, columns and sequences of a database."""
    query = """
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated::text
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'column', attrelid::regclass::text, attname, attnum::text, format_type(atttypid, atttypmod)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND relkind IN ('r', 'p')
    UNION ALL
    SELECT 'sequence', sequencename, last_value::text, start_value::text, increment_by::text FROM pg_sequences
    UNION ALL
    SELECT 'index', schemaname, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'routine', proname, pg_get_function_arguments(oid), prokind::text, ''
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3
    """
    return [" ".join(map(str, row)) for row in await snapshot_fixture.sql(query, database)]


@pytest.mark.parametrize("name", MANAGED)
async def test_snapshot_of_ordinary_schemas_is_restored_exactly(
    snapshot_fixture: SnapshotFixture, cluster: Cluster, name: str
) -> None:
    person = snapshot_fixture.person
    snapshot_fixture.database = await person.connected(cluster.clone(CASES[name]))
    snapshot = await snapshot_fixture.take()
    done = await snapshot_fixture.restore(snapshot, name="back")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    before = await lines(snapshot_fixture, snapshot_fixture.database)
    after = await lines(snapshot_fixture, done["target_id"])
    difference = "\n".join(difflib.unified_diff(before, after, "source", "target", n=0))
    assert not difference, difference


async def test_unchanged_archive_costs_nothing_and_is_verified(snapshot_fixture: SnapshotFixture) -> None:
    first = await snapshot_fixture.take()
    second = await snapshot_fixture.take()
    assert second["new_bytes"] == 0
    vault = await snapshot_fixture.vault()

    def check() -> None:
        manifests = [vault.manifest(snapshot["id"]) for snapshot in (first, second)]
        assert [manifest.version for manifest in manifests] == [VERSION, VERSION]
        contents = [schema_archives.read(vault, manifest) for manifest in manifests]
        assert contents[0] == contents[1]
        assert manifests[1].archive and manifests[1].archive.new == 0
        assert set(manifests[0].archive.packs) <= set(manifests[0].packs) if manifests[0].archive else False
        assert verification.deep(vault).findings == ()

    await asyncio.to_thread(check)


REFUSED = """
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE a (id int PRIMARY KEY, other int, s span);
CREATE TABLE b (id int PRIMARY KEY REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (other) REFERENCES b;
INSERT INTO a VALUES (1);
CREATE VIEW v AS SELECT * FROM a;
"""
# Nobody creates a table `b` in this database.
REFUSES = """
CREATE FUNCTION f(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE mine (id int);
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.b') THEN RAISE 'no room'; END IF;
END $$;
"""
EVERYTHING = """
SELECT proname, oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT typname, '' FROM pg_type WHERE typnamespace = 'public'::regnamespace
"""


async def test_failed_restore_leaves_nothing_behind(snapshot_fixture: SnapshotFixture, cluster: Cluster) -> None:
    person = snapshot_fixture.person
    snapshot_fixture.database = await person.connected(cluster.clone(REFUSED))
    snapshot = await snapshot_fixture.take()
    url = cluster.clone(REFUSES)
    cluster.execute(
        "CREATE EVENT TRIGGER refuses ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse()",
        urlsplit(url).path[1:],
    )
    target = await person.connected(url)
    before = await snapshot_fixture.sql(EVERYTHING, target)
    done = await snapshot_fixture.restore(snapshot, target_id=target)
    assert done["job"]["state"] == "failed"
    assert "refused to create table public.b: no room" in done["job"]["error"]
    assert await snapshot_fixture.sql(EVERYTHING, target) == before


async def test_unrelated_type_does_not_affect_the_restore_of_a_table(
    snapshot_fixture: SnapshotFixture, cluster: Cluster
) -> None:
    source = CASES["range_type"] + CASES["domain_check_calls_function"] + "CREATE SEQUENCE alone"
    snapshot_fixture.database = await snapshot_fixture.person.connected(cluster.clone(source))
    snapshot = await snapshot_fixture.take()
    target = await snapshot_fixture.person.connected(cluster.clone())
    done = await snapshot_fixture.restore(snapshot, target_id=target, tables=["orders"])
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert await snapshot_fixture.sql("SELECT v FROM orders", target) == [["unrelated"]]
    names = await snapshot_fixture.sql(EVERYTHING, target)
    assert {name for name, _ in names} == {"orders", "_orders", "orders_pkey"}
    log = await snapshot_fixture.person.get(f"/jobs/{done['job']['id']}/log")
    (sentence,) = [line["message"] for line in log["items"] if line["message"].startswith("Left out")]
    for name in ("type public.span", "table public.measured", "domain public.code", "sequence public.alone"):
        assert name in sentence
    done = await snapshot_fixture.restore(snapshot, target_id=target, tables=["parcel"])
    assert done["job"]["state"] == "completed", done["job"]["error"]
    names = await snapshot_fixture.sql(EVERYTHING, target)
    assert {"parcel", "code", "is_code"} <= {name for name, _ in names}


SERVED_ELSEWHERE = 'CREATE EXTENSION pgcrypto; CREATE EXTENSION "uuid-ossp"; CREATE TABLE keys (id int, salt text{});'


@contextlib.asynccontextmanager
async def of_system(snapshot_fixture: SnapshotFixture, script: str) -> AsyncIterator[None]:
    """Connect the fixture to a database of the system's PostgreSQL, which has extensions that the wheel lacks."""
    if reason := place.missing():
        pytest.skip(reason)
    async with place.fresh() as address:
        url = f"postgresql://{address.user}@{place.HOST}:{place.PORT}/{address.database}?tls=disable"
        snapshot_fixture.database = await snapshot_fixture.person.connected(url)
        await snapshot_fixture.sql(script)
        yield


async def test_extensions_that_a_table_needs_are_named_before_anything_is_restored(
    snapshot_fixture: SnapshotFixture,
) -> None:
    needed = " DEFAULT gen_salt('bf'), CHECK (id::text <> uuid_nil()::text)"
    async with of_system(snapshot_fixture, SERVED_ELSEWHERE.format(needed)):
        done = await snapshot_fixture.restore(await snapshot_fixture.take(), name="back")
    assert done["job"]["state"] == "failed"
    sentence = "This server lacks the extensions pgcrypto and uuid-ossp, which the schema needs."
    assert done["job"]["error"].startswith(sentence)


async def test_extensions_that_no_table_needs_are_left_out_with_a_note(snapshot_fixture: SnapshotFixture) -> None:
    async with of_system(snapshot_fixture, SERVED_ELSEWHERE.format("")):
        done = await snapshot_fixture.restore(await snapshot_fixture.take(), name="back")
    assert done["job"]["state"] == "completed", done["job"]["error"]
    assert {sentence.split(" (")[0] for sentence in done["refused"]} == {
        "extension pgcrypto: this server does not offer it",
        "extension uuid-ossp: this server does not offer it",
        "comment EXTENSION pgcrypto: it needs extension pgcrypto",
        'comment EXTENSION "uuid-ossp": it needs extension uuid-ossp',
    }
