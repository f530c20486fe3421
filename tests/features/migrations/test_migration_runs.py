"""Migrations on every engine with tables: generate, apply, revert, fail, import."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any

import pytest

from clusters import Cluster
from features.query.database_fixture import ENGINES, DatabaseFixture, new_database_fixture
from headwater.engines import all_engines
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture


@pytest.fixture(params=ENGINES)
async def database_fixture(request: pytest.FixtureRequest, app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    return await new_database_fixture(app, request.param)


@pytest.fixture
async def postgres(app: AppFixture, cluster: Cluster) -> DatabaseFixture:
    person = await app.person("ines")
    return DatabaseFixture(person, await person.connected(cluster.clone()))


async def states(database_fixture: DatabaseFixture) -> list[tuple[str, str]]:
    listed = await database_fixture.person.get(f"/databases/{database_fixture.id}/migrations")
    return [(item["name"], item["state"]) for item in listed["items"]]


async def add(database_fixture: DatabaseFixture, name: str, **body: Any) -> Any:
    return await database_fixture.post("migrations", 201, name=name, **body)


async def run(database_fixture: DatabaseFixture, way: str = "up", **more: Any) -> Any:
    return await database_fixture.post("migrations/run", way=way, apply=True, **more)


async def rows(database_fixture: DatabaseFixture, text: str) -> Any:
    answer = await database_fixture.sql(text)
    assert answer["error"] is None, answer["error"]
    return answer["results"][0]["rows"]


async def bring(database_fixture: DatabaseFixture, files: dict[str, str], status: int = 200, **params: Any) -> Any:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    upload = {"file": ("m.zip", out.getvalue(), "application/zip")}
    return await database_fixture.person.send(
        "POST", f"/databases/{database_fixture.id}/migrations/import", status, files=upload, params=params
    )


async def test_generated_migration_is_applied_and_reverted(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(40))")
    changes = [
        {"kind": "AddColumn", "table": "people", "column": {"name": "age", "type": "integer"}},
        {"kind": "AddIndex", "table": "people", "index": {"name": "by_age", "columns": ["age"]}},
    ]
    migration = await add(database_fixture, "ages", changes=changes)
    assert "age" in migration["up"] and "by_age" in migration["down"]
    await add(
        database_fixture,
        "a row",
        up="INSERT INTO people (id, name, age) VALUES (1, 'Ines', 30)",
        down="DELETE FROM people",
    )
    assert await states(database_fixture) == [("ages", "pending"), ("a row", "pending")]
    planned = await database_fixture.post("migrations/run")
    assert [item["name"] for item in planned["planned"]] == ["ages", "a row"] and planned["done"] == []
    assert len((await run(database_fixture))["done"]) == 2
    assert await states(database_fixture) == [("ages", "applied"), ("a row", "applied")]
    assert await rows(database_fixture, "SELECT age FROM people") == [[30]]
    assert (await run(database_fixture))["planned"] == []
    reverted = await run(database_fixture, "down", to=migration["version"])
    assert [item["name"] for item in reverted["planned"]] == ["a row", "ages"]
    assert await rows(database_fixture, "SELECT * FROM people") == []
    assert await states(database_fixture) == [("ages", "pending"), ("a row", "pending")]


async def test_failed_migration_stops_the_run(database_fixture: DatabaseFixture) -> None:
    await add(database_fixture, "first", up="CREATE TABLE a (x integer)")
    broken = await add(database_fixture, "broken", up="CREATE TABLE b (x integer); INSERT INTO nowhere VALUES (1)")
    await add(database_fixture, "last", up="CREATE TABLE c (x integer)")
    outcome = await run(database_fixture)
    assert (len(outcome["done"]), outcome["failed"]) == (1, broken["version"])
    assert outcome["error"]["statement"] == 1
    together = all_engines()[database_fixture.engine].dialect.grammar.transactional_ddl
    left = "pending" if together else "failed"
    assert await states(database_fixture) == [("first", "applied"), ("broken", left), ("last", "pending")]
    assert ((await database_fixture.sql("SELECT * FROM b"))["error"] is None) != together
    if not together:
        assert "failed halfway" in (await database_fixture.post("migrations/run", 409))["detail"]
        await database_fixture.sql("DROP TABLE b; CREATE TABLE nowhere (x integer)")
        resolve = f"/databases/{database_fixture.id}/migrations/{broken['version']}/state"
        await database_fixture.person.send("PUT", resolve, 200, json={"state": "pending"})
        assert len((await run(database_fixture))["done"]) == 2


async def test_import_reads_the_state_from_the_journal_of_the_tool(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql(
        "CREATE TABLE schema_migrations (version varchar(40)); INSERT INTO schema_migrations VALUES ('1')"
    )
    files = {"1_a.sql": "CREATE TABLE a (x integer)", "2_b.sql": "CREATE TABLE b (x integer)"}
    await bring(database_fixture, files)
    assert await states(database_fixture) == [("a", "applied"), ("b", "pending")]
    await bring(database_fixture, files | {"3_c.sql": "CREATE TABLE c (x integer)"})
    assert [name for name, _ in await states(database_fixture)] == ["a", "b", "c"]
    assert len((await run(database_fixture))["done"]) == 2
    assert await rows(database_fixture, "SELECT * FROM c") == []


async def test_imported_alembic_migrations_cannot_be_run(postgres: DatabaseFixture) -> None:
    source = 'revision = "{}"\ndown_revision = {}\n\ndef upgrade():\n    pass\n'
    await postgres.sql("CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('b')")
    await bring(
        postgres,
        {"1.py": source.format("a", None), "2.py": source.format("b", "'a'"), "3.py": source.format("c", "'b'")},
    )
    assert [state for _, state in await states(postgres)] == ["applied", "applied", "pending"]
    assert "that Headwater cannot run" in (await postgres.post("migrations/run", 409))["detail"]
    assert "has no down script" in (await postgres.post("migrations/run", 409, way="down"))["detail"]


async def test_invalid_input_is_rejected(postgres: DatabaseFixture) -> None:
    for body in (
        {"name": "x"},
        {"name": "x", "up": ""},
        {"name": "x", "up": "-- nothing"},
        {"name": "", "up": "SELECT 1"},
        {"name": "x", "up": "BEGIN; SELECT 1"},
        {"name": "x", "up": "SELECT 1", "changes": [{"kind": "DropTable"}]},
        {"name": "x", "changes": [{"kind": "Nope"}]},
    ):
        await postgres.post("migrations", 422, **body)
    await bring(postgres, {"readme.txt": "x"}, 400)
    await bring(postgres, {"V1__a.sql": "COMMIT"})
    assert "COMMIT" in str(await postgres.post("migrations/run", 422))
    await postgres.post("migrations/run", 404, to="nope")
    await postgres.person.send("GET", f"/databases/{postgres.id}/migrations/nope", 404)
    await postgres.person.send("DELETE", f"/databases/{postgres.id}/migrations/1", 204)
    assert await states(postgres) == []


async def test_changed_script_is_reported_and_applied_migration_cannot_be_deleted(postgres: DatabaseFixture) -> None:
    migration = await add(postgres, "one", up="CREATE TABLE a (x integer)")
    await run(postgres)
    await postgres.sql("UPDATE headwater_migrations SET checksum = 'other'")
    assert await states(postgres) == [("one", "changed")]
    await postgres.person.send("DELETE", f"/databases/{postgres.id}/migrations/{migration['version']}", 409)
    await postgres.sql("INSERT INTO headwater_migrations VALUES ('9', 'theirs', 'x', 'then', 'somebody', 1)")
    assert (await states(postgres))[-1] == ("theirs", "unknown")


async def test_concurrent_runs_apply_once(postgres: DatabaseFixture) -> None:
    await add(postgres, "slow", up="CREATE TABLE a (x integer); SELECT pg_sleep(1)")
    both = await asyncio.gather(run(postgres), run(postgres))
    assert sorted(len(item["done"]) for item in both) == [0, 1]
    assert await states(postgres) == [("slow", "applied")]
    (lost,) = [item["error"] for item in both if item["error"]] or [None]
    assert lost is None or "somebody else" in lost["message"]


async def test_concurrent_index_runs_without_a_transaction(postgres: DatabaseFixture) -> None:
    await add(postgres, "table", up="CREATE TABLE a (x integer)")
    await add(postgres, "index", up="-- headwater: no transaction\nCREATE INDEX CONCURRENTLY by_x ON a (x)")
    assert len((await run(postgres))["done"]) == 2


async def test_viewers_can_list_but_not_run(app: AppFixture, postgres: DatabaseFixture) -> None:
    await add(postgres, "one", up="SELECT 1")
    viewer = await app.person("viewer")
    await postgres.person.invite(viewer, "viewer")
    assert len((await viewer.get(f"/databases/{postgres.id}/migrations"))["items"]) == 1
    for body in ({"apply": True}, {}):
        answer = await viewer.client.post(f"/api/v1/databases/{postgres.id}/migrations/run", json=body)
        assert answer.status_code == 403
