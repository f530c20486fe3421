"""Merges on every SQL engine: changes of both sides come together, conflicts are resolved, nothing is half done."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from features.snapshots.snapshot_fixture import SHOP, SnapshotFixture
from headwater.engines import all_engines
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.merges.service import apply_job, merged_tables
from people import AppFixture

ENGINES = [name for name, each in all_engines().items() if each.in_place_restore and each.in_place_restore.removes_rows]
SONGS = "CREATE TABLE band (id INTEGER PRIMARY KEY, name VARCHAR(40) UNIQUE); "
SONGS += "INSERT INTO band VALUES (1, 'Miles'), (2, 'Herbie'), (3, 'Chick'); "
SONGS += (
    "CREATE TABLE song (id INTEGER PRIMARY KEY, title VARCHAR(40), seconds INT, band_id INT REFERENCES band (id)); "
)
SONGS += "INSERT INTO song VALUES " + ", ".join(f"({n}, 'song {n}', {n}, {n % 3 + 1})" for n in range(1, 201)) + ";"
THEIRS = """
UPDATE song SET title = 'So What' WHERE id = 10;
UPDATE song SET title = 'theirs' WHERE id IN (20, 21);
DELETE FROM song WHERE id IN (30, 31);
INSERT INTO band VALUES (4, 'Wayne');
INSERT INTO song VALUES (301, 'Footprints', 9, 4), (302, 'both', 1, 1), (303, 'theirs', 1, 1);
UPDATE song SET seconds = 0 WHERE id = 40;
"""
OURS = """
UPDATE song SET seconds = 500 WHERE id = 10;
UPDATE song SET title = 'ours' WHERE id = 20;
UPDATE song SET title = 'theirs' WHERE id = 21;
UPDATE song SET title = 'kept' WHERE id = 30;
DELETE FROM song WHERE id IN (31, 40);
INSERT INTO song VALUES (302, 'both', 1, 1), (303, 'ours', 1, 1), (400, 'mine', 1, 1);
"""
CONFLICTS = {(20, "cells"), (30, "removed_in_theirs"), (40, "removed_in_ours"), (303, "added")}
MERGED = [(10, "So What", 500), (21, "theirs", 21), (301, "Footprints", 9), (302, "both", 1), (400, "mine", 1)]


class MergeFixture:
    """A target and a branch, which was restored from a snapshot of the target."""

    def __init__(self, target: SnapshotFixture, branch: SnapshotFixture, base: Any) -> None:
        self.target, self.branch, self.base = target, branch, base
        self.app, self.person = target.app, target.person

    async def create(self, **body: Any) -> Any:
        """Prepare a merge of the branch into the target."""
        given = {"base_id": self.base["id"], "source_id": self.branch.database} | body
        path = f"/databases/{self.target.database}/merges"
        return await self.worked(await self.person.send("POST", path, 202, json=given))

    async def resolve(self, merge: Any, choice: str | None, **some: Any) -> Any:
        """Choose the side that wins conflicts."""
        body = {"choice": choice, **some}
        return await self.person.send("POST", f"/merges/{merge['id']}/resolutions", 200, json=body)

    async def apply(self, merge: Any) -> Any:
        """Apply a merge."""
        return await self.worked(await self.person.send("POST", f"/merges/{merge['id']}/apply", 202, json={}))

    async def worked(self, merge: Any) -> Any:
        """Run the job of a merge and return the merge."""
        await self.app.work(merge["job"]["id"])
        return await self.person.get(f"/merges/{merge['id']}")

    async def songs(self, ids: str) -> list[tuple[Any, ...]]:
        """Rows of the target."""
        query = f"SELECT id, title, seconds FROM song WHERE id IN ({ids}) ORDER BY id"
        return [tuple(row) for row in await self.target.sql(query)]


@pytest.fixture
async def merging(app: AppFixture, supervisor: Supervisor, engine: str) -> MergeFixture:
    """A target and its branch, both changed since their common snapshot."""
    person = await app.person()
    target = SnapshotFixture(app, person, await person.database(engine))
    await target.sql(SONGS)
    base = await target.take()
    branch = await target.restore(base, name=f"b{uuid.uuid4().hex[:8]}")
    fixture = MergeFixture(target, SnapshotFixture(app, person, branch["target_id"]), base)
    await fixture.branch.sql(THEIRS)
    await target.sql(OURS)
    return fixture


@pytest.mark.parametrize("engine", ENGINES)
async def test_both_sides_come_together_and_conflicts_are_resolved(merging: MergeFixture) -> None:
    merge = await merging.create()
    assert (merge["status"], merge["conflicts"], merge["unresolved"]) == ("prepared", 4, 4)
    tables = {table["name"].split(".")[-1]: table for table in merge["tables"]}
    assert tables["song"] | {"name": ""} == {"name": "", "added": 1, "removed": 0, "changed": 1, "conflicts": 4}
    assert tables["band"] | {"name": ""} == {"name": "", "added": 1, "removed": 0, "changed": 0, "conflicts": 0}
    listed = (await merging.person.get(f"/merges/{merge['id']}/conflicts"))["items"]
    assert {((row["ours"] or row["theirs"])[0], row["kind"]) for row in listed} == CONFLICTS
    assert [row["ordinal"] for row in listed] == list(range(4))
    by_id = {(row["ours"] or row["theirs"])[0]: row for row in listed}
    both = by_id[20]
    assert (both["base"][1], both["ours"][1], both["theirs"][1]) == ("song 20", "ours", "theirs")
    assert both["conflicting"] == [1] and both["key"] == [0]
    refused = await merging.person.send("POST", f"/merges/{merge['id']}/apply", 409, json={})
    assert "4 conflicts" in refused["detail"]
    assert (await merging.songs("10"))[0][1] == "song 10"  # nothing was changed yet
    await merging.resolve(merge, "theirs")
    await merging.resolve(merge, "ours", ordinals=[by_id[303]["ordinal"], by_id[30]["ordinal"]])
    merge = await merging.apply(merge)
    assert merge["status"] == "applied"
    assert await merging.songs("10, 21, 31, 301, 302, 400") == MERGED
    resolved = [(20, "theirs", 20), (30, "kept", 30), (40, "song 40", 0), (303, "ours", 1)]
    assert await merging.songs("20, 30, 40, 303") == resolved
    # Idempotence: nothing is left to merge, except what was decided for ours.
    again = await merging.create()
    assert again["tables"] == [] or {table["added"] + table["changed"] for table in again["tables"]} == {0}
    # The snapshot of the target undoes it.
    undo = await merging.person.get(f"/snapshots/{merge['ours_id']}")
    await merging.target.restore(undo, target_id=merging.target.database, mode="overwrite")
    assert await merging.songs("10, 20") == [(10, "song 10", 500), (20, "ours", 20)]


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_strangers_neighbours_and_readers_cannot_merge(app: AppFixture, merging: MergeFixture) -> None:
    merge = await merging.create()
    stranger, neighbour, viewer = await app.stranger(), await app.person(), await app.person()
    await merging.person.invite(viewer, "viewer")
    path = f"/merges/{merge['id']}"
    creation = f"/databases/{merging.target.database}/merges"
    body = {"base_id": merging.base["id"], "source_id": merging.branch.database}
    for method, where, given in (
        ("GET", path, None),
        ("GET", f"{path}/conflicts", None),
        ("POST", f"{path}/resolutions", {"choice": "ours"}),
        ("POST", f"{path}/apply", {}),
        ("DELETE", path, None),
        ("POST", creation, body),
    ):
        assert (await stranger.request(method, f"/api/v1{where}", json=given)).status_code == 401
        await neighbour.send(method, where, 404, json=given)
        await viewer.send(method, where, 200 if method == "GET" else 403, json=given)
    theirs = await neighbour.database()
    stolen = {"base_id": merging.base["id"], "source_id": merging.branch.database}
    await neighbour.send("POST", f"/databases/{theirs}/merges", 404, json=stolen)


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_target_that_changes_meanwhile_is_merged_again(
    merging: MergeFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await merging.resolve(await merging.create(), "theirs")
    real, seen = apply_job._replace_rows, []

    async def changed_before(*given: Any) -> Any:
        if not seen:
            seen.append(await merging.target.sql("UPDATE song SET seconds = 501 WHERE id = 10"))
        return await real(*given)

    monkeypatch.setattr(apply_job, "_replace_rows", changed_before)
    assert (await merging.apply(merge))["status"] == "applied"
    assert await merging.songs("10") == [(10, "So What", 501)]


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_new_conflict_stops_the_merge_and_changes_nothing(merging: MergeFixture) -> None:
    merge = await merging.resolve(await merging.create(), "theirs")
    await merging.target.sql("UPDATE song SET title = 'late' WHERE id = 10")
    merge = await merging.apply(merge)
    assert (merge["status"], merge["conflicts"], merge["unresolved"]) == ("prepared", 5, 1)
    assert merge["job"]["state"] == "failed" and "1 new conflicts" in merge["job"]["error"]
    assert await merging.songs("10, 20") == [(10, "late", 500), (20, "ours", 20)]


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_row_that_would_refer_to_a_removed_one_changes_nothing(merging: MergeFixture) -> None:
    await merging.branch.sql("DELETE FROM song WHERE band_id = 3; DELETE FROM band WHERE id = 3")
    merge = await merging.create(prefer="theirs")
    assert (merge["unresolved"], merge["prefer"]) == (0, "theirs")
    await merging.target.sql("INSERT INTO song VALUES (500, 'new', 1, 3)")
    before = await merging.target.sql("SELECT count(*), sum(seconds) FROM song")
    merge = await merging.apply(merge)
    assert merge["status"] == "prepared" and "band" in merge["job"]["error"]
    assert await merging.target.sql("SELECT count(*), sum(seconds) FROM song") == before


@pytest.mark.parametrize("engine", ENGINES)
async def test_unique_value_that_both_sides_have_added_changes_nothing(merging: MergeFixture) -> None:
    """Dolt 1782, 4547: rows with other keys and the same unique value; cells of one row with an unchanged one."""
    await merging.branch.sql("INSERT INTO band VALUES (8, 'Wynton'); UPDATE song SET band_id = 8 WHERE id = 50")
    await merging.target.sql("INSERT INTO band VALUES (9, 'Wynton')")
    merge = await merging.create(prefer="theirs")
    before = await merging.songs("10, 20, 50")
    merge = await merging.apply(merge)
    assert (merge["status"], merge["job"]["state"]) == ("prepared", "failed")
    assert "Wynton" in merge["job"]["error"] or "band" in merge["job"]["error"]
    assert await merging.songs("10, 20, 50") == before
    await merging.target.sql("DELETE FROM band WHERE id = 9")
    assert (await merging.apply(merge))["status"] == "applied"


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_attempt_after_a_killed_one_does_what_is_left(
    merging: MergeFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await merging.resolve(await merging.create(), "theirs")
    real = apply_job._replace_rows

    async def killed_after(*given: Any) -> Any:
        await real(*given)
        raise SystemError("killed")

    async def nothing(_: Any) -> None:
        """A killed process gives nothing back."""

    with monkeypatch.context() as patched:
        patched.setattr(apply_job, "_replace_rows", killed_after)
        patched.setattr(apply_job, "_give_back", nothing)
        merge = await merging.apply(merge)
    assert merge["status"] == "applying"
    merge = await merging.worked(merge)
    assert merge["status"] == "applied"
    assert await merging.songs("10, 20, 31, 301") == [(10, "So What", 500), (20, "theirs", 20), (301, "Footprints", 9)]


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_tables_that_cannot_be_merged_are_named(merging: MergeFixture) -> None:
    await merging.branch.sql("CREATE TABLE later (id INT PRIMARY KEY); ALTER TABLE band ADD COLUMN born INT")
    merge = await merging.create(prefer="ours")
    left_out = {row["name"]: row["reason"] for row in merge["left_out"]}
    assert left_out == {
        "public.later": "The branch has created this table.",
        "public.band": "Its columns are not the same on all sides.",
    }
    await merging.person.send("DELETE", f"/merges/{merge['id']}", 204)
    await merging.person.send("GET", f"/merges/{merge['id']}", 404)
    wrong = {"base_id": merging.base["id"]}
    path = f"/databases/{merging.target.database}/merges"
    assert "Choose what to merge" in (await merging.person.send("POST", path, 400, json=wrong))["detail"]


@pytest.mark.parametrize("most", [0, merged_tables.MOST_BYTES])
async def test_every_type_is_merged_as_it_is(
    app: AppFixture, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(merged_tables, "MOST_BYTES", most)  # changes are computed again, or come from memory
    person = await app.person()
    target = SnapshotFixture(app, person, await person.database())
    await target.sql(SHOP)
    base = await target.take()
    restored = await target.restore(base, name=f"b{uuid.uuid4().hex[:8]}")
    merging = MergeFixture(target, SnapshotFixture(app, person, restored["target_id"]), base)
    await merging.branch.sql(
        "UPDATE album SET price = price + 1, tags = ARRAY['x', NULL, 'y,z'], r = 'NaN', gap = '1 mon -2 days' "
        "WHERE id % 100 = 0; UPDATE artist SET bio = E'new\\t\\\\N' WHERE id < 4; "
        "INSERT INTO artist (name) VALUES ('new one'); DELETE FROM album WHERE id % 1000 = 1"
    )
    await target.sql("UPDATE album SET title = 'mine' WHERE id % 50 = 0")
    merge = await merging.apply(await merging.create())
    assert (merge["status"], merge["conflicts"]) == ("applied", 0)
    digest = "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM album a"
    await merging.branch.sql("UPDATE album SET title = 'mine' WHERE id % 50 = 0")
    assert await target.sql(digest) == await merging.branch.sql(digest)
    await target.sql("INSERT INTO artist (name) VALUES ('after')")  # the counter is past the merged row
    names = await target.sql("SELECT id, name FROM artist WHERE id > 1500 ORDER BY id")
    assert names == [[1501, "new one"], [1502, "after"]]
