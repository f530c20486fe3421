"""People who may only read have roles of their own: they see nobody's statements, and end nobody's queries."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from engines.postgresql.instances import provisioned
from headwater.drivers import Spec
from headwater.drivers.local import LocalDriver
from headwater.engines.postgresql.binaries import installed, programs_of
from suite.profiles import variants

QUOTAS = {"connections": 3, "disk_mb": 500, "temp_mb": 50, "statement_seconds": 60, "memory_mb": 256}
ANN, BOB = "a" * 32, "b" * 32


class ReadInstance:
    """A database that its owner and two readers are connected to."""

    def __init__(self, driver: LocalDriver, spec: Spec) -> None:
        self.driver, self.spec = driver, spec

    async def connect(self, person: str | None = None) -> AsyncConnection[Any]:
        to = await self.driver.reader(self.spec, person) if person else self.driver.dsn(self.spec)
        return await AsyncConnection.connect(
            host=str(to.socket), port=to.port, user=to.user, password=to.password, dbname=to.database, autocommit=True
        )


@pytest.fixture(scope="module", params=variants(sorted(installed(), reverse=True)))
async def instance(request: pytest.FixtureRequest) -> AsyncIterator[ReadInstance]:
    async with provisioned(request.param, QUOTAS) as (driver, spec):
        yield ReadInstance(driver, spec)


async def values(connection: AsyncConnection[Any], query: str) -> list[Any]:
    return [row[0] for row in await (await connection.execute(query.encode())).fetchall()]


async def test_reader_selects_what_is_created_later_and_writes_nothing(instance: ReadInstance) -> None:
    async with await instance.connect(ANN) as ann, await instance.connect() as owner:
        await owner.execute(
            """
            CREATE SCHEMA inner_room; CREATE TABLE inner_room.later (a int); INSERT INTO inner_room.later VALUES (7);
            CREATE VIEW seen AS SELECT a FROM inner_room.later; CREATE SEQUENCE numbers;
            ALTER TABLE inner_room.later ENABLE ROW LEVEL SECURITY
            """
        )
        assert await values(ann, "SELECT a FROM inner_room.later") == await values(ann, "SELECT a FROM seen") == [7]
        await ann.execute("SET default_transaction_read_only = off")
        for statement in (
            "INSERT INTO inner_room.later VALUES (8)",
            "DELETE FROM inner_room.later",
            "TRUNCATE inner_room.later",
            "CREATE TABLE public.mine (a int)",
            "CREATE TEMP TABLE mine (a int)",
            "SELECT nextval('numbers')",
            "SET ROLE owner",
            "SELECT set_config('role', 'owner', false)",
            "SET SESSION AUTHORIZATION owner",
            "ALTER ROLE owner PASSWORD 'x'",
            "COPY inner_room.later TO PROGRAM 'cat'",
            "SELECT pg_read_file('PG_VERSION')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ann.execute(statement.encode())
        assert await values(ann, "SELECT session_user || ' ' || current_user") == [f"reader_{ANN} readers"]
        await ann.execute("SELECT set_config('role', 'none', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await ann.execute("SELECT a FROM inner_room.later")
        await ann.execute("RESET ROLE")
        assert await values(ann, "SELECT a FROM inner_room.later") == [7]


@pytest.mark.parametrize("person", [None, BOB], ids=["owner", "reader"])
async def test_reader_neither_sees_nor_ends_what_others_do(instance: ReadInstance, person: str | None) -> None:
    async with await instance.connect(ANN) as ann, await instance.connect(person) as other:
        await other.execute("SELECT 'a secret'")
        pid = other.info.backend_pid
        shown = await values(ann, f"SELECT query FROM pg_stat_activity WHERE pid = {pid}")
        assert shown == ["<insufficient privilege>"]
        for function in ("pg_terminate_backend", "pg_cancel_backend"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ann.execute(f"SELECT {function}({pid})".encode())
        for role in ("owner", f"reader_{BOB}", "pg_signal_backend", "pg_read_all_stats"):
            with pytest.raises(psycopg.Error, match=r"permission denied|does not exist"):
                await ann.execute(f"SET ROLE {role}".encode())
        assert await values(other, "SELECT 1") == [1]


async def test_owner_sees_and_ends_sessions_of_readers(instance: ReadInstance) -> None:
    if int(instance.spec.options["version"]) < 16:
        pytest.skip("PostgreSQL 15 cannot grant this without letting the owner act as a reader.")
    async with await instance.connect(ANN) as ann, await instance.connect() as owner:
        await ann.execute("SELECT 'too long'")
        pid = ann.info.backend_pid
        assert await values(owner, f"SELECT query FROM pg_stat_activity WHERE pid = {pid}") == ["SELECT 'too long'"]
        assert await values(owner, f"SELECT pg_terminate_backend({pid})") == [True]


async def test_owner_gets_nothing_from_readers(instance: ReadInstance) -> None:
    await instance.driver.reader(instance.spec, ANN)
    async with await instance.connect() as owner:
        for role in (f"reader_{ANN}", "readers"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await owner.execute(f"SET ROLE {role}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await owner.execute("SELECT rolpassword FROM pg_authid")


async def test_readers_leave_no_trace_in_dumps(instance: ReadInstance) -> None:
    to = instance.driver.dsn(instance.spec)
    await instance.driver.reader(instance.spec, ANN)
    program = programs_of(str(instance.spec.options["version"])) / "pg_dump"
    command = [str(program), "-h", str(to.socket), "-p", str(to.port), "-U", to.user, "--schema-only", to.database]
    environment = {"PGPASSWORD": to.password, "PATH": "/usr/bin:/bin"}
    dumped = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True)
    assert dumped.returncode == 0 and "reader" not in dumped.stdout, dumped.stderr


async def test_readers_take_no_connection_of_the_quota(instance: ReadInstance) -> None:
    readers = [await instance.connect(person) for person in (ANN, BOB) for _ in range(3)]
    owners = [await instance.connect() for _ in range(QUOTAS["connections"])]
    for connection in (*readers, *owners):
        await connection.close()


async def test_reader_finds_names_where_the_owner_does(instance: ReadInstance) -> None:
    async with await instance.connect() as owner:
        await owner.execute('CREATE SCHEMA "my app"; CREATE TABLE "my app".things AS SELECT 3 AS a')
        await owner.execute("ALTER ROLE owner SET search_path = 'my app', public")
    async with await instance.connect(ANN) as ann:
        assert await values(ann, "SELECT a FROM things") == [3]
    async with await instance.connect() as owner:
        await owner.execute("ALTER ROLE owner RESET search_path")
    async with await instance.connect(ANN) as ann:
        assert await values(ann, "SHOW search_path") == ['"$user", public']
