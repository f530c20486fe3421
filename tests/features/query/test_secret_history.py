"""Passwords in statements: not in the history, not in the list of sessions, not in rows of earlier versions."""

from __future__ import annotations

import asyncio
import importlib
import uuid

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from features.query.database_fixture import DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.store.session import driver_url
from people import AppFixture

SECRET = "v3ry-S3cret-word"


@pytest.fixture(scope="module")
async def database(module_app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    return await new_database_fixture(module_app)


async def store_text(app: AppFixture) -> str:
    async with app.server.database.transaction() as db:
        rows = await db.execute(text("SELECT r::text FROM query_runs r UNION ALL SELECT a::text FROM audit_entries a"))
        return "\n".join(rows.scalars())


async def test_history_has_no_passwords(module_app: AppFixture, database: DatabaseFixture) -> None:
    answer = await database.sql(f"ALTER ROLE nobody_at_all PASSWORD '{SECRET}'")
    assert answer["error"]
    refused = await database.sql(f"ALTER ROLE nobody_at_all PASSWORD {SECRET.replace('-', '_')}")
    assert SECRET.replace("-", "_") in refused["error"]["message"], "whoever typed it sees the error as it is"
    await database.sql(f"CREATE TABLE s AS SELECT 1 AS id; UPDATE s SET id = 2 WHERE 'password={SECRET}' <> ''")
    items = (await database.person.get(f"/databases/{database.id}/runs"))["items"]
    assert items[-1]["text"] == "ALTER ROLE nobody_at_all PASSWORD '•••'"
    assert items[-2]["text"] == "ALTER ROLE nobody_at_all PASSWORD •••"
    assert '"•••"' in items[-2]["error"]
    stored = await store_text(module_app)
    assert SECRET not in stored
    assert SECRET.replace("-", "_") not in stored


async def test_list_of_sessions_has_no_passwords(database: DatabaseFixture) -> None:
    run = {"text": f"/* dblink('password={SECRET}') */ SELECT pg_sleep(60)", "run_id": str(uuid.uuid4())}
    running = asyncio.create_task(database.sql(**run))
    async with asyncio.timeout(60):
        while "pg_sleep" not in (listed := str(await database.person.get(f"/databases/{database.id}/sessions"))):
            await asyncio.sleep(0.05)
    assert SECRET not in listed
    await database.person.send("POST", f"/databases/{database.id}/runs/{run['run_id']}/cancel", 204)
    await running


async def test_runs_that_were_recorded_before_are_masked(
    module_app: AppFixture, database: DatabaseFixture, store_url: str
) -> None:
    await database.sql("SELECT 'plain'")
    (latest, *_) = (await database.person.get(f"/databases/{database.id}/runs"))["items"]
    old = {"text": f"ALTER ROLE x PASSWORD '{SECRET}'", "error": f'near "{SECRET}"', "id": latest["id"]}
    async with module_app.server.database.transaction() as db:
        await db.execute(text("UPDATE query_runs SET text = :text, error = :error WHERE id = :id"), old)
    engine = create_engine(driver_url(store_url))
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        importlib.import_module("headwater.store.versions.0023_masked_history").upgrade()
    engine.dispose()
    (latest, *_) = (await database.person.get(f"/databases/{database.id}/runs"))["items"]
    assert (latest["text"], latest["error"]) == ("ALTER ROLE x PASSWORD '•••'", 'near "•••"')
