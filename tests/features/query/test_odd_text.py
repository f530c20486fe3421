"""Text that is not UTF-8 in SQLite: shown escaped and marked, edited around, exported; it never hides its table."""

from __future__ import annotations

import pytest

from features.query.database_fixture import DatabaseFixture, new_database_fixture
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

TABLE = "CREATE TABLE odd (id integer PRIMARY KEY, t text, n int); INSERT INTO odd VALUES (1, 'ok', 1), (2, cast(x'ff5c41' as text), 2), (3, 'fine', 3)"
SHOWN = "[not UTF-8] \\xff\\\\A"
STORED = "SELECT typeof(t), hex(t), n FROM odd WHERE id = 2"


@pytest.fixture
async def database_fixture(app: AppFixture, supervisor: Supervisor) -> DatabaseFixture:
    created = await new_database_fixture(app, "sqlite")
    assert (await created.sql(TABLE))["error"] is None
    return created


async def test_text_that_is_not_utf8_is_shown_and_marked(database_fixture: DatabaseFixture) -> None:
    answer = await database_fixture.sql("SELECT * FROM odd ORDER BY id")
    assert answer["error"] is None
    assert [row[1] for row in answer["results"][0]["rows"]] == ["ok", SHOWN, "fine"]
    page = await database_fixture.post("rows", table="odd", limit=10)
    assert [row[1] for row in page["rows"]] == ["ok", SHOWN, "fine"]
    ordered = await database_fixture.post("rows", table="odd", limit=1, sort=[{"column": "t", "descending": True}])
    following = await database_fixture.post(
        "rows", table="odd", limit=5, sort=[{"column": "t", "descending": True}], cursor=ordered["next"]
    )
    assert [row[0] for row in ordered["rows"] + following["rows"]] == [2, 1, 3]
    filtered = await database_fixture.post(
        "rows", table="odd", filters=[{"column": "t", "operator": "=", "value": SHOWN}]
    )
    assert [row[0] for row in filtered["rows"]] == [2]


async def test_its_row_can_be_edited(database_fixture: DatabaseFixture) -> None:
    edited = await database_fixture.edit(
        "odd", {"kind": "update", "key": {"id": 2}, "values": {"n": 7}, "was": {"n": 2}}
    )
    assert edited["applied"], edited
    assert (await database_fixture.sql(STORED))["results"][0]["rows"] == [["text", "FF5C41", 7]]
    mended = {"kind": "update", "key": {"id": 2}, "values": {"t": "ÿ"}, "was": {"t": SHOWN}}
    assert (await database_fixture.edit("odd", mended))["applied"]
    assert (await database_fixture.edit("odd", mended))["conflicts"]


@pytest.mark.parametrize(
    ("form", "held"), [("csv", SHOWN), ("ndjson", "[not UTF-8] \\\\xff\\\\\\\\A"), ("json", "[not")]
)
async def test_it_is_exported(database_fixture: DatabaseFixture, form: str, held: str) -> None:
    path = f"/api/v1/databases/{database_fixture.id}/export"
    answer = await database_fixture.person.client.post(path, json={"text": "SELECT * FROM odd", "format": form})
    assert answer.status_code == 200
    assert held in answer.text and "fine" in answer.text
