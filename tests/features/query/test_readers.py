"""Viewers, read keys and read-only runs have a role that can only read, in every managed database with roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from features.query.database_fixture import DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture, Person

WHO = {"postgresql": "SELECT session_user::text", "mysql": "SELECT substring_index(user(), '@', 1)"}
# Headwater acts as the owner by a role of its own, or by a password of its own.
FULL = {"postgresql": "headwater", "mysql": "owner"}


Databases = Callable[[str], Awaitable[DatabaseFixture]]


@pytest.fixture(scope="module")
async def databases(module_app: AppFixture, supervisor: Supervisor) -> Databases:
    """Return a function that gives the database of an engine, which all tests here share."""
    shared: dict[str, DatabaseFixture] = {}

    async def of_engine(engine: str) -> DatabaseFixture:
        if engine not in shared:
            shared[engine] = await new_database_fixture(module_app, engine)
        return shared[engine]

    return of_engine


async def viewer_of(app: AppFixture, database: DatabaseFixture) -> Person:
    viewer = await app.person("viewer")
    await database.person.invite(viewer, "viewer")
    return viewer


async def ran(person: Person, database: DatabaseFixture, text: str, **more: Any) -> Any:
    return await person.send("POST", f"/databases/{database.id}/query", 200, json={"text": text, **more})


def value(answer: Any) -> Any:
    assert answer["error"] is None, answer["error"]
    return answer["results"][0]["rows"][0][0]


@pytest.mark.parametrize("engine", WHO)
async def test_who_may_only_read_has_a_role_of_their_own(
    module_app: AppFixture, databases: Databases, engine: str
) -> None:
    database = await databases(engine)
    viewer = await viewer_of(module_app, database)
    assert value(await database.sql(WHO[engine])) == FULL[engine]
    seen = value(await ran(viewer, database, WHO[engine]))
    assert seen.startswith("reader_")
    own = value(await database.sql(WHO[engine], read_only=True))
    assert own.startswith("reader_") and own != seen
    assert value(await database.sql(WHO[engine])) == FULL[engine]
    assert value(await database.sql(WHO[engine], read_only=True, session="tab")) == FULL[engine]
    await database.sql("CREATE TABLE later (a int PRIMARY KEY)")
    await database.sql("INSERT INTO later VALUES (7)")
    assert value(await ran(viewer, database, "SELECT a FROM later")) == 7
    page = await viewer.send("POST", f"/databases/{database.id}/rows", 200, json={"table": "later"})
    assert page["rows"] == [[7]]
    await database.person.get(f"/databases/{database.id}/sessions")
    sessions = await viewer.get(f"/databases/{database.id}/sessions")
    assert not [row for row in sessions if "later" in row["query"]]


async def test_viewer_cannot_end_or_watch_the_owner(module_app: AppFixture, databases: Databases) -> None:
    database = await databases("postgresql")
    viewer = await viewer_of(module_app, database)
    await database.sql("BEGIN; SELECT 'a secret'", session="tab")
    text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'headwater'"
    refused = (await ran(viewer, database, text))["error"]
    assert refused["sqlstate"] == "42501"
    text = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%a secret%' AND pid <> pg_backend_pid()"
    assert value(await ran(viewer, database, text)) == 0
    assert (await database.sql("SELECT 1", session="tab"))["in_transaction"]


LOCKS = {
    "postgresql": ("SELECT pg_advisory_lock(7)", "SELECT pg_try_advisory_lock(7)"),
    "mysql": ("SELECT get_lock('seven', 0)", "SELECT get_lock('seven', 0)"),
}


@pytest.mark.parametrize("engine", LOCKS)
async def test_lock_of_a_viewer_ends_with_its_run(module_app: AppFixture, databases: Databases, engine: str) -> None:
    database = await databases(engine)
    viewer = await viewer_of(module_app, database)
    take, attempt = LOCKS[engine]
    assert (await ran(viewer, database, take, session="tab"))["error"] is None
    assert value(await database.sql(attempt)) == 1


@pytest.mark.parametrize(("scope", "role"), [("read", "reader_"), ("write", "headwater")])
async def test_key_has_the_role_of_its_scope(
    module_app: AppFixture, databases: Databases, scope: str, role: str
) -> None:
    database = await databases("postgresql")
    made = await database.person.send("POST", "/keys", 201, json={"name": "k", "scopes": [scope]})
    client = await module_app.stranger(authorization=f"Bearer {made['secret']}")
    answer = await client.post(f"/api/v1/databases/{database.id}/query", json={"text": WHO["postgresql"]})
    assert value(answer.json()).startswith(role)


async def test_unconfirmed_write_is_still_asked_about(module_app: AppFixture, databases: Databases) -> None:
    """A writer keeps the owner's role, so that only the missing confirmation refuses the write."""
    database = await databases("postgresql")
    await database.sql("CREATE SEQUENCE numbers")
    await database.person.send("PATCH", f"/databases/{database.id}", 200, json={"protected": True})
    answer = await database.sql("SELECT nextval('numbers')", 409)
    assert answer["code"] == "confirmation_needed"
    assert value(await database.sql("SELECT nextval('numbers')", confirmed=True)) == 1
    await database.person.send("PATCH", f"/databases/{database.id}", 200, json={"protected": False})


@pytest.mark.parametrize("engine", ["sqlite", "redis"])
async def test_viewer_of_an_engine_with_commands_only_reads(
    module_app: AppFixture, databases: Databases, engine: str
) -> None:
    database = await databases(engine)
    viewer = await viewer_of(module_app, database)
    write, read = {
        "sqlite": ("CREATE TABLE kept AS SELECT 42 AS answer", "SELECT answer FROM kept"),
        "redis": ("SET kept 42", "GET kept"),
    }[engine]
    assert (await database.sql(write))["error"] is None
    assert str(value(await ran(viewer, database, read))) == "42"
    assert (await ran(viewer, database, write.replace("kept", "more")))["error"]["message"]
    await viewer.get(f"/databases/{database.id}")


async def test_password_reset_renews_readers(module_app: AppFixture, databases: Databases) -> None:
    database = await databases("postgresql")
    viewer = await viewer_of(module_app, database)
    assert value(await ran(viewer, database, "SELECT 1")) == 1
    await database.post("credentials/reset")
    assert value(await ran(viewer, database, "SELECT 2")) == 2
