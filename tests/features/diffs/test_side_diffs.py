"""What differs between databases as they are now and snapshots: on every SQL engine, and not shown to others."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from features.diffs.test_snapshot_diffs import CHANGES, LOOSE, SONGS
from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.engines import all_engines
from headwater.features.accounts.rights import Actor
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.diffs.service import side_diffs
from headwater.features.diffs.service.side_diffs import Comparison
from headwater.features.diffs.service.sides import parse
from headwater.kit.errors import HeadwaterError
from people import AppFixture

ENGINES = [name for name, each in all_engines().items() if each.script]
SOME = SONGS + LOOSE + "CREATE TABLE still (id INT PRIMARY KEY); INSERT INTO still VALUES (1);"


@pytest.fixture(scope="module", params=ENGINES)
async def compared(
    request: pytest.FixtureRequest, module_app: AppFixture, supervisor: Supervisor
) -> tuple[SnapshotFixture, str, str, str]:
    """A database that was changed after a snapshot, a second one as the first one was, and the sides."""
    person = await module_app.person(f"live{request.param}")
    fixture = SnapshotFixture(module_app, person, await person.database(request.param))
    await fixture.sql(SOME)
    snapshot = await fixture.take()
    await fixture.sql(CHANGES)
    other = await person.database(request.param)
    await fixture.sql(SOME, other)
    return fixture, f"database:{fixture.database}", f"database:{other}", f"snapshot:{snapshot['id']}"


def by_table(answer: Any) -> dict[str, Any]:
    return {table["name"].split(".")[-1]: table for table in answer["tables"]}


async def test_strangers_and_other_organizations_see_nothing(module_app: AppFixture, compared: Any) -> None:
    _, live, other, snapshot = compared
    neighbor = await module_app.person("nora")
    own = f"database:{await neighbor.database('sqlite')}"
    for a, b in ((live, other), (live, snapshot), (snapshot, live)):
        for rest in ("", "/rows?table=song"):
            assert (await (await module_app.stranger()).get(f"/api/v1/differences/{a}/{b}{rest}")).status_code == 401
            await neighbor.send("GET", f"/differences/{a}/{b}{rest}", 404)
            await neighbor.send("GET", f"/differences/{own}/{b}{rest}", 404)
            await neighbor.send("GET", f"/differences/{a}/{own}{rest}", 404)


@pytest.mark.parametrize("number", [2, 3], ids=["database", "snapshot"])
async def test_summary_counts_what_was_changed(compared: Any, number: int) -> None:
    fixture, live, base = compared[0], compared[1], compared[number]
    tables = by_table(await fixture.person.get(f"/differences/{base}/{live}"))
    song, loose = tables["song"], tables["loose"]
    assert (song["status"], song["added"], song["removed"], song["changed"]) == ("changed", 1, 2, 2)
    assert (song["rows_before"], song["rows_after"]) == (5000, 4999)
    assert (song["columns"], song["exact"], song["notes"]) == ({"title": 2}, True, [])
    assert (tables["later"]["status"], tables["later"]["added"]) == ("added", 1)
    assert tables["still"]["status"] == "equal"
    assert (loose["added"], loose["removed"], loose["changed"]) == (2, 1, 0)
    back = by_table(await fixture.person.get(f"/differences/{live}/{base}"))
    assert (back["later"]["status"], back["later"]["removed"]) == ("removed", 1)
    assert (back["song"]["added"], back["song"]["removed"]) == (2, 1)


async def test_a_database_is_equal_to_another_one_and_a_snapshot_of_it(compared: Any) -> None:
    fixture, _, other, snapshot = compared
    answer = await fixture.person.get(f"/differences/{other}/{snapshot}")
    assert {table["status"] for table in answer["tables"]} == {"equal"}


async def test_rows_have_both_values_and_pages_join(compared: Any) -> None:
    fixture, live, other, _ = compared
    every, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = await fixture.person.get(f"/differences/{other}/{live}/rows", table="song", limit=2, **more)
        assert page["complete"]
        every += page["changes"]
        cursor = page["next"]
        if cursor is None:
            break
    assert page["key"] in (["id"], [])
    if page["key"]:
        assert sorted((c["kind"], (c["before"] or c["after"])[0]) for c in every) == [
            ("added", 90001),
            ("changed", 3),
            ("changed", 4000),
            ("removed", 7),
            ("removed", 8),
        ]
        changed = {c["before"][0]: c for c in every if c["kind"] == "changed"}
        assert changed[3]["after"][1] == "Blue in Green" and changed[3]["touched"] == [1]
        assert changed[4000]["after"][1] is None and changed[4000]["before"][1] is not None
    only = await fixture.person.get(f"/differences/{other}/{live}/rows", table="song", kind="added")
    assert 90001 in [c["after"][0] for c in only["changes"]]


async def test_tables_and_columns_can_be_chosen(compared: Any) -> None:
    fixture, live, other, _ = compared
    path = f"/differences/{other}/{live}"
    assert list(by_table(await fixture.person.get(path, tables="song"))) == ["song"]
    song = by_table(await fixture.person.get(path, ignore="title"))["song"]
    assert (song["added"], song["removed"], song["changed"]) == (1, 2, 0)
    assert song["notes"] == ["Column title is not compared."]
    assert by_table(await fixture.person.get(path, columns="seconds"))["song"]["changed"] == 0
    assert "song" in (await fixture.person.send("GET", f"{path}?tables=sonk", 404))["hint"]
    assert "title" in (await fixture.person.send("GET", f"{path}?ignore=titel", 404))["hint"]
    assert "song" in (await fixture.person.send("GET", f"{path}/rows?table=sonk", 404))["hint"]
    answer = await fixture.person.send("GET", f"{path}/rows?table=later", 404)
    assert "has no table" in answer["detail"]


async def test_wrong_sides_are_clear_answers(compared: Any) -> None:
    fixture, live, _, _ = compared
    for wrong in ("shop", "database:shop", "table:1", "snapshot:"):
        answer = await fixture.person.send("GET", f"/differences/{live}/{wrong}", 400)
        assert "database:ID" in answer["hint"], answer
    answer = await fixture.person.send("GET", f"/differences/{live}/{live}", 400)
    assert "same" in answer["detail"]


async def test_writes_meanwhile_do_not_disturb(compared: Any) -> None:
    fixture, _, other, snapshot = compared
    await fixture.sql(
        "CREATE TABLE busy (id INT PRIMARY KEY, at INT); INSERT INTO busy VALUES (1, 0), (2, 0);", other.split(":")[1]
    )

    async def write() -> None:
        for number in range(5):
            await fixture.sql(f"UPDATE busy SET at = {number};", other.split(":")[1])

    answers, _ = await asyncio.gather(
        asyncio.gather(*(fixture.person.get(f"/differences/{snapshot}/{other}") for _ in range(2))), write()
    )
    for answer in answers:
        tables = by_table(answer)
        assert tables.pop("busy")["added"] == 2
        assert {table["status"] for table in tables.values()} == {"equal"}
    await fixture.sql("DROP TABLE busy;", other.split(":")[1])


async def test_a_table_that_is_dropped_meanwhile_is_a_clear_error(compared: Any, module_app: AppFixture) -> None:
    fixture, _, other, snapshot = compared
    await fixture.sql("CREATE TABLE brief (id INT PRIMARY KEY);", other.split(":")[1])
    user, organization = fixture.person.signed_in["user"], uuid.UUID(fixture.person.organization)
    actor = Actor("user", uuid.UUID(user["id"]), user["email"], roles={organization: "owner"})
    wanted = Comparison(parse(other), parse(snapshot))
    async with side_diffs.opened(module_app.server.context, actor, wanted) as both:
        await fixture.sql("DROP TABLE brief;", other.split(":")[1])
        table = next(table for table in both[0].tables if table.name == "brief")
        try:
            rows = await asyncio.to_thread(lambda: sum(batch.num_rows for batch in both[0].read(table)))
        except HeadwaterError as error:
            assert "brief" in error.message or "definition has changed" in error.message
        else:
            assert rows == 0  # it is still there in the transaction
