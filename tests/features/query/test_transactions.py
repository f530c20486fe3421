"""Transactions of runs on every engine with tables: reported as they are, and never left to another run."""

from __future__ import annotations

import pytest

from features.query.database_fixture import ENGINES, DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

FAILING = "SELECT nothing FROM nowhere"
COUNT = "SELECT count(*) FROM kept"
# A setting of the session: how to change it, how to read it, and its value in a new session.
SETTINGS = {
    "postgresql": ("SET search_path = pg_catalog", "SELECT current_schema()", "public"),
    "mysql": ("SET SESSION sql_mode = 'ANSI'; SET autocommit = 0", "SELECT @@autocommit", 1),
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys", 1),
}


@pytest.fixture(scope="module", params=ENGINES)
async def module_database(
    request: pytest.FixtureRequest, module_app: AppFixture, supervisor: Supervisor
) -> DatabaseFixture:
    return await new_database_fixture(module_app, request.param)


@pytest.fixture
async def database_fixture(module_database: DatabaseFixture) -> DatabaseFixture:
    answer = await module_database.sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept (id integer NOT NULL PRIMARY KEY)")
    assert answer["error"] is None
    return module_database


async def value(database_fixture: DatabaseFixture, text: str, **given: object) -> object:
    answer = await database_fixture.sql(text, **given)
    assert answer["error"] is None
    return answer["results"][-1]["rows"][0][0]


async def test_run_without_session_leaves_no_transaction(database_fixture: DatabaseFixture) -> None:
    left = await database_fixture.sql("BEGIN; INSERT INTO kept VALUES (1)")
    assert (left["error"], left["in_transaction"], left["rolled_back"]) == (None, False, True)
    assert await value(database_fixture, COUNT) == 0
    ended = await database_fixture.sql("BEGIN; INSERT INTO kept VALUES (2); COMMIT")
    assert (ended["in_transaction"], ended["rolled_back"]) == (False, False)
    assert await value(database_fixture, COUNT) == 1


async def test_failed_transaction_reaches_no_other_run(database_fixture: DatabaseFixture) -> None:
    failed = await database_fixture.sql(f"BEGIN; INSERT INTO kept VALUES (1); {FAILING}")
    assert failed["error"]
    assert (failed["in_transaction"], failed["rolled_back"]) == (False, True)
    assert await value(database_fixture, COUNT) == 0


async def test_grid_edit_commits_only_itself(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("BEGIN; INSERT INTO kept VALUES (70)")
    assert (await database_fixture.edit("kept", {"kind": "insert", "values": {"id": 71}}))["applied"]
    assert [await value(database_fixture, COUNT), await value(database_fixture, "SELECT max(id) FROM kept")] == [1, 71]


async def test_named_session_reports_its_transaction(database_fixture: DatabaseFixture) -> None:
    async def state(text: str) -> tuple[bool, bool]:
        answer = await database_fixture.sql(text, session="tab")
        return answer["in_transaction"], answer["rolled_back"]

    assert await state("SELECT 1") == (False, False)
    assert await state("BEGIN") == (True, False)
    assert await state("SELECT 1") == (True, False)
    assert await state("INSERT INTO kept VALUES (1)") == (True, False)
    assert await state("ROLLBACK") == (False, False)
    assert await state("BEGIN") == (True, False)
    assert await state(FAILING) == (True, False)
    assert await state("ROLLBACK") == (False, False)
    assert await value(database_fixture, COUNT) == 0


async def test_ended_session_leaves_no_transaction(database_fixture: DatabaseFixture) -> None:
    await database_fixture.sql("BEGIN; INSERT INTO kept VALUES (1)", session="ending")
    for _ in range(2):  # also if there is none
        await database_fixture.person.send("DELETE", f"/databases/{database_fixture.id}/query-sessions/ending", 204)
    answer = await database_fixture.sql(COUNT, session="ending")
    assert (answer["in_transaction"], answer["results"][0]["rows"]) == (False, [[0]])


async def test_effect_of_each_statement_is_reported(database_fixture: DatabaseFixture) -> None:
    text = f"BEGIN; INSERT INTO kept VALUES (1); CREATE TABLE made (a integer); INSERT INTO kept VALUES (2); {FAILING}"
    await database_fixture.sql("DROP TABLE IF EXISTS made")
    failed = await database_fixture.sql(text)
    commits = database_fixture.engine == "mysql"
    effects = ["committed"] * 4 if commits else ["rolled_back"] * 4
    assert [result["effect"] for result in failed["results"]] == effects
    assert failed["rolled_back"] is not commits
    assert await value(database_fixture, COUNT) == (2 if commits else 0)
    await database_fixture.sql("DELETE FROM kept")
    started = await database_fixture.sql("INSERT INTO kept VALUES (1); BEGIN; INSERT INTO kept VALUES (2)", session="e")
    assert [result["effect"] for result in started["results"]] == ["committed", "open", "open"]
    await database_fixture.sql("ROLLBACK", session="e")


async def test_settings_of_a_run_reach_no_other_run(database_fixture: DatabaseFixture) -> None:
    change, ask, usual = SETTINGS[database_fixture.engine]
    await database_fixture.sql(f"{change}; CREATE TEMPORARY TABLE passing (a integer)")
    assert await value(database_fixture, ask) == usual
    assert (await database_fixture.sql("SELECT * FROM passing"))["error"]
    await database_fixture.sql("INSERT INTO kept VALUES (1)")
    assert await value(database_fixture, COUNT) == 1


async def test_run_for_an_export_leaves_no_transaction(database_fixture: DatabaseFixture) -> None:
    path = f"/api/v1/databases/{database_fixture.id}/export"
    await database_fixture.person.client.post(path, json={"text": "BEGIN; SELECT 1 AS a", "format": "json"})
    await database_fixture.sql("INSERT INTO kept VALUES (1)")
    assert await value(database_fixture, COUNT, session="another") == 1
