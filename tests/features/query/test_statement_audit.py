"""The audit log has every statement that changes data or structure, by every door of a server, without its values."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
import structlog
from sqlalchemy import text

from features.query.database_fixture import ENGINES, DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor import control
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

SECRET = "h1dden-Value-17"


@pytest.fixture(scope="module")
async def database(module_app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    made = await new_database_fixture(module_app)
    await made.sql("CREATE TABLE people (id int PRIMARY KEY, name text)")
    return made


async def statements(database: DatabaseFixture, number: int = 1, **query: Any) -> list[dict[str, Any]]:
    """Return the newest statements of a database, oldest first."""
    page = await database.person.get("/audit", database_id=database.id, action="statement.", limit=number, **query)
    return list(reversed(page["items"]))


async def stored(app: AppFixture) -> str:
    async with app.server.database.transaction() as db:
        return "\n".join((await db.execute(text("SELECT a::text FROM audit_entries a"))).scalars())


async def test_statements_of_the_editor(module_app: AppFixture, database: DatabaseFixture) -> None:
    before = len(await statements(database, 1000))
    run = f"INSERT INTO people VALUES (1, '{SECRET}'), (2, 'b'); SELECT * FROM people; UPDATE people SET name = '{SECRET}' -- {SECRET}"
    await database.sql(run)
    assert len(await statements(database, 1000)) == before + 2, "what only reads is not recorded"
    insert, update = await statements(database, 2)
    assert insert["action"] == "statement.insert" and update["action"] == "statement.update"
    assert insert["details"]["statement"] == "INSERT INTO people VALUES (?, ?), …"
    assert (insert["details"]["rows"], insert["details"]["part"], insert["outcome"]) == (2, "editor", "ok")
    assert update["details"]["statement"] == "UPDATE people SET name = ?"
    assert update["details"]["milliseconds"] >= 0
    assert insert["actor"]["email"] == database.person.email and insert["ip"] and insert["door"] == "web"
    assert insert["resource"]["id"] == database.id and insert["request_id"]
    assert SECRET not in await stored(module_app)


async def test_like_statements_are_recorded_together(database: DatabaseFixture) -> None:
    await database.sql("; ".join(f"INSERT INTO people VALUES ({number}, 'x')" for number in range(100, 400)))
    (entry,) = await statements(database)
    assert (entry["details"]["count"], entry["details"]["rows"]) == (300, 300)


async def test_what_failed_was_rolled_back_or_was_cancelled(module_app: AppFixture, database: DatabaseFixture) -> None:
    await database.sql(f"INSERT INTO people VALUES (1000, 'x'); INSERT INTO people VALUES (1000, '{SECRET}')")
    failed = (await statements(database))[0]
    assert (failed["outcome"], failed["details"]["error"]) == ("failed", "23505")
    await database.sql("BEGIN; DELETE FROM people; ROLLBACK")
    assert [(each["action"], each["outcome"]) for each in await statements(database)] == [
        ("statement.delete", "rolled_back")
    ]
    await database.sql("SELEC 1")
    assert (await statements(database))[0]["action"] == "statement.delete", "what is no statement is not recorded"
    assert SECRET not in await stored(module_app)


async def test_transaction_of_a_session_is_followed_to_its_end(database: DatabaseFixture) -> None:
    await database.sql("BEGIN; DELETE FROM people WHERE id = 1", session="one")
    assert (await statements(database))[0]["outcome"] == "open"
    await database.sql("COMMIT", session="one")
    (end,) = await statements(database)
    assert (end["action"], end["details"]["statement"]) == ("statement.commit", "COMMIT")


async def test_change_within_a_read_by_its_look(database: DatabaseFixture) -> None:
    await database.sql("WITH gone AS (DELETE FROM people WHERE id = 2 RETURNING *) SELECT * FROM gone")
    assert (await statements(database))[0]["action"] == "statement.delete"
    answer = await database.person.client.post(
        f"/api/v1/databases/{database.id}/export",
        json={"text": "DELETE FROM people WHERE id = 101 RETURNING id", "format": "json"},
    )
    assert answer.status_code == 200
    (entry,) = await statements(database)
    assert (entry["action"], entry["details"]["part"]) == ("statement.delete", "export")


async def test_write_of_a_viewer_is_recorded_as_refused(module_app: AppFixture, database: DatabaseFixture) -> None:
    viewer = await module_app.person()
    await database.person.invite(viewer, "viewer")
    theirs = DatabaseFixture(viewer, database.id)
    assert (await theirs.sql("DELETE FROM people"))["error"]
    (entry,) = await statements(database, person=viewer.email)
    assert (entry["outcome"], entry["action"]) == ("refused", "statement.delete")
    before = len(await statements(database, 1000))
    await theirs.sql("SELECT * FROM people")
    assert len(await statements(database, 1000)) == before


async def test_edits_of_the_grid_and_changes_of_the_schema(module_app: AppFixture, database: DatabaseFixture) -> None:
    await database.edit("people", {"kind": "insert", "values": {"id": 5000, "name": SECRET}})
    (entry,) = await statements(database)
    assert (entry["details"]["part"], entry["details"]["rows"], entry["outcome"]) == ("grid", 1, "ok")
    assert "$1" in entry["details"]["statement"] or "?" in entry["details"]["statement"]
    await database.edit(
        "people", {"kind": "update", "key": {"id": 5000}, "was": {"name": "other"}, "values": {"name": "x"}}
    )
    assert (await statements(database))[0]["outcome"] == "rolled_back"
    column = {"kind": "AddColumn", "table": "people", "column": {"name": "note", "type": "text"}}
    before = len(await statements(database, 1000))
    preview = await database.post("schema/changes", changes=[column])
    assert preview["steps"] and len(await statements(database, 1000)) == before, "a preview changes nothing"
    await database.post("schema/changes", changes=[column], apply=True)
    (entry,) = await statements(database)
    assert (entry["action"], entry["details"]["part"]) == ("statement.alter", "structure")
    assert SECRET not in await stored(module_app)


@pytest.mark.parametrize("engine", ENGINES)
async def test_every_engine(app: AppFixture, supervisor: Supervisor, engine: str) -> None:
    made = await new_database_fixture(app, engine)
    await made.sql(f"CREATE TABLE t (id int PRIMARY KEY, name varchar(90)); INSERT INTO t VALUES (1, '{SECRET}')")
    create, insert = await statements(made, 2)
    assert create["action"] == "statement.create"
    assert insert["details"]["statement"] == "INSERT INTO t VALUES (?, ?)" and insert["details"]["rows"] == 1
    assert SECRET not in await stored(app)


async def test_migrations(module_app: AppFixture, database: DatabaseFixture) -> None:
    up = f"CREATE TABLE moved (a text); INSERT INTO moved VALUES ('{SECRET}')"
    await database.post("migrations", 201, name="moves", up=up, down="DROP TABLE moved")
    await database.post("migrations/run", way="up", apply=True)
    create, insert = await statements(database, 2)
    assert (create["action"], insert["action"]) == ("statement.create", "statement.insert")
    assert create["details"]["part"] == insert["details"]["part"] == "migration"
    await database.post("migrations/run", way="down", apply=True)
    assert (await statements(database))[0]["details"]["statement"] == "DROP TABLE moved"
    assert SECRET not in await stored(module_app)


async def test_imported_scripts_and_files(module_app: AppFixture, database: DatabaseFixture) -> None:
    script = "CREATE TABLE loaded (a text);\n" + f"INSERT INTO loaded VALUES ('{SECRET}');\n" * 50
    path = f"/databases/{database.id}/imports"
    uploaded = await database.person.send("POST", path, 201, files={"file": ("load.sql", script.encode())})
    started = await database.person.send("POST", f"/imports/{uploaded['transfer']['id']}/start", 202, json={})
    await module_app.work(started["job"]["id"])
    load, create, insert = await statements(database, 3)
    assert load["action"] == "statement.import" and load["details"]["part"] == "import"
    assert (create["action"], insert["details"]["count"]) == ("statement.create", 50)
    assert insert["actor"]["email"] == database.person.email and insert["ip"]
    assert load["request_id"] == insert["request_id"] != "", "the request that has started the job"
    assert SECRET not in await stored(module_app)


async def test_documents_and_keys(app: AppFixture, supervisor: Supervisor) -> None:
    made = await new_database_fixture(app, "redis")
    await made.sql(f"SET user:{SECRET} {SECRET}\nGET user:1")
    (entry,) = await statements(made, 5)
    assert (entry["action"], entry["details"]["statement"]) == ("statement.set", "SET user:? ?")
    await made.post("entries/changes", kind="insert", id=f"k:{SECRET}", type="string", body=SECRET)
    (entry,) = await statements(made)
    assert (entry["action"], entry["details"]["part"], entry["outcome"]) == ("statement.insert", "document", "ok")
    assert SECRET not in await stored(app)


async def test_snapshot_that_is_restored(module_app: AppFixture, database: DatabaseFixture) -> None:
    taken = await database.person.send("POST", f"/databases/{database.id}/snapshots", 202, json={})
    await module_app.work(taken["job"]["id"])
    body = {"name": "back", "project_id": database.person.project["id"]}
    restored = await database.person.send("POST", f"/snapshots/{taken['id']}/restores", 202, json=body)
    await module_app.work(restored["job"]["id"])
    page = await database.person.get("/audit", action="statement.restore")
    assert "people" in page["items"][0]["details"]["statement"] and page["items"][0]["details"]["rows"] >= 0
    assert page["items"][0]["actor"]["email"] == database.person.email


async def test_run_that_is_broken_off_is_recorded(database: DatabaseFixture) -> None:
    """A session that is lost while a statement runs: nobody knows what became of it, so it is recorded as failed."""
    ended = "SELECT pg_terminate_backend(pg_backend_pid())"
    await database.sql(f"INSERT INTO people VALUES (7001, 'x'); {ended}")
    page = await statements(database, 3)
    assert any(each["outcome"] == "failed" for each in page), page


async def test_supervisor_logs_for_whom_it_works(database: DatabaseFixture, supervisor: Supervisor) -> None:
    request = {"verb": "wake", "id": database.id, "reader": "", "origin": {"request_id": "r-1", "user": "u-1", "x": {}}}
    real, control.log = control.log, structlog.get_logger()
    try:
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            await asyncio.create_task(control._answer(supervisor, msgspec.json.encode(request)))
            await asyncio.create_task(control._answer(supervisor, b'{"verb": "poke", "id": "x", "origin": 7}'))
    finally:
        control.log = real
    line = next(each for each in lines if each["event"] == "supervisor.request")
    assert (line["request_id"], line["user"], line["database_id"]) == ("r-1", "u-1", database.id)
