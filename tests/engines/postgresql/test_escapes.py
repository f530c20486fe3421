"""Untrusted SQL on real instances: no statement can leave its database or crash the server."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from engines.postgresql.instances import provisioned
from headwater.catalog.statements import split
from headwater.drivers import Spec
from headwater.drivers.local import LocalDriver
from headwater.engines.postgresql import provision
from headwater.engines.postgresql.binaries import installed
from suite.profiles import variants

QUOTAS = {"connections": 5, "disk_mb": 500, "temp_mb": 50, "statement_seconds": 2, "memory_mb": 256}
LINES = [
    tuple(line.split(" :: ", 1))
    for line in Path(__file__).with_name("instance_escapes.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


class UntrustedInstance:
    """One provisioned database, and what its owner can do."""

    def __init__(self, driver: LocalDriver, spec: Spec) -> None:
        self.driver, self.spec = driver, spec

    async def connect(self, **more: Any) -> AsyncConnection[Any]:
        to = self.driver.dsn(self.spec)
        wanted = {
            "host": str(to.socket),
            "port": to.port,
            "user": to.user,
            "password": to.password,
            "dbname": to.database,
        }
        return await AsyncConnection.connect(**(wanted | more), autocommit=True)  # type: ignore[arg-type]

    async def attempt(self, text: str) -> str:
        """Run statements one by one; return `= value` of the last, or the SQLSTATE of the first that fails."""
        connection = await self.connect()
        try:
            value = None
            for statement in split(text):
                cursor = await connection.execute(statement.text.encode())
                value = (await cursor.fetchone() or [None])[0] if cursor.description else None
            displayed = {True: "t", False: "f"}.get(value, value) if isinstance(value, bool) else value
            return f"= {displayed}"
        except psycopg.Error as error:
            return error.sqlstate or "57P01"
        finally:
            with contextlib.suppress(psycopg.Error):
                await connection.close()


@pytest.fixture(scope="module", params=variants(sorted(installed(), reverse=True)))
async def instance(request: pytest.FixtureRequest) -> AsyncIterator[UntrustedInstance]:
    async with provisioned(request.param, QUOTAS) as (driver, spec):
        yield UntrustedInstance(driver, spec)


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lifts his limits is ended at once: the tests do not wait for the seconds that are usually granted."""
    monkeypatch.setattr(provision, "LENIENCY_SECONDS", 0)


@pytest.fixture
async def same_server(instance: UntrustedInstance) -> AsyncIterator[None]:
    """The server is the same one afterwards, and answers: a crash of one session would restart all."""
    before = await instance.attempt("SELECT pg_postmaster_start_time()::text")
    yield
    assert await instance.attempt("SELECT pg_postmaster_start_time()::text") == before
    assert instance.driver.status(instance.spec) == "running"


@pytest.mark.parametrize(("expected", "text"), LINES, ids=[text[:60] for _, text in LINES])
async def test_untrusted_sql_cannot_escape(
    instance: UntrustedInstance, same_server: None, expected: str, text: str
) -> None:
    if expected != "ended":
        for _ in range(5):
            got = await instance.attempt(text)
            if got != "57014" or expected == "57014":  # on a busy machine any statement may take too long
                break
        assert got == expected or got in expected.split("|"), got
        return
    running = asyncio.create_task(instance.attempt(text))
    async with asyncio.timeout(120):
        while not running.done():
            await asyncio.sleep(0.2)
            await instance.driver.enforce(instance.spec, full=False)
    assert running.result() == "57P01"


async def test_connection_options_cannot_change_limits(instance: UntrustedInstance, same_server: None) -> None:
    for options in ("-c temp_file_limit=-1", "-c session_preload_libraries=evil", "-c log_statement=all"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            await instance.connect(options=options)
    for database in ("template1", "template0"):
        with pytest.raises(psycopg.OperationalError, match=r"permission denied|not currently accepting"):
            await instance.connect(dbname=database)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        await instance.connect(user="postgres")
    with pytest.raises(psycopg.OperationalError):
        await instance.connect(replication="true")


async def test_connection_quota_is_enforced(instance: UntrustedInstance, same_server: None) -> None:
    open_ = [await instance.connect() for _ in range(QUOTAS["connections"])]
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        await instance.connect()
    assert (await instance.driver.activity(instance.spec)).sessions == QUOTAS["connections"]
    for connection in open_:
        await connection.close()


async def test_session_that_listens_is_busy(instance: UntrustedInstance) -> None:
    """So that its database is not put to sleep while it waits for notifications."""
    listening = await instance.connect()
    for statement, busy in (("LISTEN news", 1), ("SELECT 'listen'", 0), (" listen news", 1), ("UNLISTEN *", 0)):
        await listening.execute(statement.encode())
        assert (await instance.driver.activity(instance.spec)).busy == busy, statement
    await listening.close()


async def test_full_database_is_read_only(instance: UntrustedInstance) -> None:
    before = await instance.connect()
    await instance.driver.enforce(instance.spec, full=True)
    with pytest.raises(psycopg.OperationalError):
        await before.execute("SELECT 1")
    assert await instance.attempt("CREATE TABLE more (a int)") == "25006"
    assert await instance.attempt("SET transaction_read_only = off; CREATE TABLE x (a int)") == "25006"
    assert await instance.attempt("SELECT 1") == "= 1"
    await instance.driver.enforce(instance.spec, full=False)
    assert await instance.attempt("CREATE TABLE more (a int)") == "= None"


async def test_other_sessions_are_not_affected(instance: UntrustedInstance) -> None:
    """A second database beside the first: what bombs one does not end a session of the other."""
    spec = Spec(uuid.uuid4(), "postgresql", "neighbour", uuid.uuid4().hex, QUOTAS, dict(instance.spec.options))
    await instance.driver.create(spec)
    await instance.driver.start(spec)
    neighbour = UntrustedInstance(instance.driver, spec)
    quiet = await neighbour.connect()
    for expected, text in LINES:
        if expected.startswith(("532", "534")):
            await instance.attempt(text)
            assert await (await quiet.execute("SELECT current_database()")).fetchone() == ("neighbour",)
    await quiet.close()
    for name in ("shop", "neighbour"):
        seen = await neighbour.attempt(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'")
        assert seen == f"= {int(name == 'neighbour')}"
    await instance.driver.destroy(spec)
