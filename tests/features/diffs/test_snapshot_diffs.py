"""What differs between two snapshots: found on every SQL engine, by page, and not shown to others."""

from __future__ import annotations

from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.engines import all_engines
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture

ENGINES = [name for name, each in all_engines().items() if each.script]
SONGS = "CREATE TABLE song (id INT PRIMARY KEY, title VARCHAR(40), seconds INT); INSERT INTO song VALUES "
SONGS += ", ".join(f"({n}, 'song {n}', {n % 300})" for n in range(5000)) + ";"
LOOSE = "CREATE TABLE loose (a INT, b VARCHAR(9)); INSERT INTO loose VALUES (1, 'x'), (1, 'x'), (2, NULL);"
CHANGES = """
UPDATE song SET title = 'Blue in Green' WHERE id = 3;
UPDATE song SET title = NULL WHERE id = 4000;
DELETE FROM song WHERE id IN (7, 8);
INSERT INTO song VALUES (90001, 'So What', 4);
CREATE TABLE later (id INT PRIMARY KEY, note VARCHAR(20));
INSERT INTO later VALUES (1, 'new');
DELETE FROM loose;
INSERT INTO loose VALUES (1, 'x'), (2, NULL), (2, NULL), (3, '');
"""


@pytest.fixture(scope="module", params=ENGINES)
async def compared(
    request: pytest.FixtureRequest, module_app: AppFixture, supervisor: Supervisor
) -> tuple[SnapshotFixture, Any, Any]:
    """A database, and two snapshots of it with changes between them."""
    person = await module_app.person(f"difa{request.param}")
    fixture = SnapshotFixture(module_app, person, await person.database(request.param))
    await fixture.sql(SONGS + LOOSE + "CREATE TABLE still (id INT PRIMARY KEY); INSERT INTO still VALUES (1);")
    first = await fixture.take()
    await fixture.sql(CHANGES)
    return fixture, first, await fixture.take()


def path_of(one: Any, other: Any) -> str:
    return f"/snapshots/{one['id']}/differences/{other['id']}"


async def test_strangers_and_other_organizations_see_nothing(module_app: AppFixture, compared: Any) -> None:
    _, first, second = compared
    for path in (path_of(first, second), f"{path_of(first, second)}/rows?table=song"):
        assert (await (await module_app.stranger()).get(f"/api/v1{path}")).status_code == 401
        await (await module_app.person("nora")).send("GET", path, 404)


async def test_summary_counts_what_was_changed(compared: Any) -> None:
    fixture, first, second = compared
    answer = await fixture.person.get(path_of(first, second))
    tables = {table["name"].split(".")[-1]: table for table in answer["tables"]}
    song = tables["song"]
    assert (song["status"], song["added"], song["removed"], song["changed"]) == ("changed", 1, 2, 2)
    assert (song["columns"], song["exact"], song["notes"]) == ({"title": 2}, True, [])
    assert (tables["later"]["status"], tables["later"]["added"]) == ("added", 1)
    assert tables["still"]["status"] == "equal"
    assert {table["status"] for table in (await fixture.person.get(path_of(first, first)))["tables"]} == {"equal"}
    back = {
        table["name"].split(".")[-1]: table for table in (await fixture.person.get(path_of(second, first)))["tables"]
    }
    assert (back["later"]["status"], back["later"]["removed"]) == ("removed", 1)


async def test_rows_have_both_values_and_pages_join(compared: Any) -> None:
    fixture, first, second = compared
    every, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = await fixture.person.get(f"{path_of(first, second)}/rows", table="song", limit=2, **more)
        every += page["changes"]
        cursor = page["next"]
        if cursor is None:
            break
    names = [column["name"] for column in page["columns"]]
    title = names.index("title")
    assert page["key"] in (["id"], [])  # SQLite identifies the rows of such a table by the rowid
    assert sorted((c["kind"], (c["before"] or c["after"])[0]) for c in every) == [
        ("added", 90001),
        ("changed", 3),
        ("changed", 4000),
        ("removed", 7),
        ("removed", 8),
    ]
    changed = {c["before"][0]: c for c in every if c["kind"] == "changed"}
    assert changed[3]["after"][title] == "Blue in Green" and changed[3]["touched"] == [title]
    assert changed[4000]["after"][title] is None and changed[4000]["before"][title] is not None
    only = await fixture.person.get(f"{path_of(first, second)}/rows", table="song", kind="removed")
    assert [c["before"][0] for c in only["changes"]] == [7, 8]


async def test_a_table_without_a_key_is_compared_as_a_multiset(compared: Any) -> None:
    fixture, first, second = compared
    engine = (await fixture.person.get(f"/databases/{fixture.database}"))["engine"]
    page = await fixture.person.get(f"{path_of(first, second)}/rows", table="loose")
    seen = sorted(((c["kind"], *(c["before"] or []), *(c["after"] or [])) for c in page["changes"]), key=repr)
    if engine == "sqlite":  # by the rowid, which is reused
        assert seen == [("added", 3, ""), ("changed", 1, "x", 2, None)]
    else:
        assert seen == [("added", 2, None), ("added", 3, ""), ("removed", 1, "x")]


async def test_a_wrong_table_or_snapshot_is_a_clear_answer(compared: Any) -> None:
    fixture, first, second = compared
    answer = await fixture.person.send("GET", f"{path_of(first, second)}/rows?table=sonk", 404)
    assert "song" in answer["hint"]
    answer = await fixture.person.send("GET", f"{path_of(first, second)}/rows?table=later", 404)
    assert "older snapshot has no table" in answer["detail"]
