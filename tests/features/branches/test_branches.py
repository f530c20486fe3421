"""Branches on every engine: they have the content of their parent, live apart from it, and can be merged back."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from features.snapshots.snapshot_fixture import SnapshotFixture
from headwater.engines import all_engines
from headwater.features.branches.service import expiry
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.snapshots.service.restore import restore_job, targets
from headwater.kit.clock import now
from people import AppFixture

SQL_ENGINES = ["postgresql", "mysql", "sqlite"]
FILL = "CREATE TABLE song (id INTEGER PRIMARY KEY, title VARCHAR(40)); INSERT INTO song VALUES (1, 'one'), (2, 'two');"
TITLES = "SELECT title FROM song ORDER BY id"


class BranchFixture(SnapshotFixture):
    """A user with a database that has two songs."""

    async def create(self, name: str = "feature", **body: Any) -> Any:
        """Create a branch and return it when it is ready."""
        path = f"/databases/{self.database}/branches"
        return await self.worked(await self.person.send("POST", path, 202, json={"name": name, **body}))

    async def worked(self, branch: Any) -> Any:
        """Run the job of a branch and return the branch as the list has it."""
        await self.app.work(branch["job"]["id"])
        return next(row for row in await self.every() if row["job"]["id"] == branch["job"]["id"])

    async def every(self) -> Any:
        """The branches of the database."""
        return (await self.person.get(f"/databases/{self.database}/branches"))["items"]

    async def titles(self, database: str = "") -> list[str]:
        """The songs of a database."""
        return [row[0] for row in await self.sql(TITLES, database)]

    async def destroy(self, database: str) -> None:
        """Delete a database and its row, as the supervisor does at the end of the grace period."""
        await self.person.send("DELETE", f"/databases/{database}", 204)
        await self.person.send("POST", f"/databases/{database}/deletion/complete", 204)
        while (await self.person.client.get(f"/api/v1/databases/{database}")).status_code != 404:
            await asyncio.sleep(0.02)

    async def held(self, snapshot: str) -> bool:
        """Whether a snapshot is held."""
        return bool((await self.person.get(f"/snapshots/{snapshot}"))["held"])


@pytest.fixture
def engine() -> str:
    """The engine of which databases are created fastest, where a test is not about engines."""
    return "sqlite"


@pytest.fixture
async def branching(app: AppFixture, supervisor: Supervisor, engine: str) -> BranchFixture:
    person = await app.person()
    fixture = BranchFixture(app, person, await person.database(engine, name="shop"))
    await fixture.sql(FILL)
    return fixture


async def test_strangers_neighbours_and_readers_cannot_branch(app: AppFixture, branching: BranchFixture) -> None:
    branch = await branching.create()
    stranger, neighbour, viewer = await app.stranger(), await app.person(), await app.person()
    await branching.person.invite(viewer, "viewer")
    for method, path, body, member in (
        ("POST", f"/databases/{branching.database}/branches", {"name": "theirs"}, 403),
        ("GET", f"/databases/{branching.database}/branches", None, 200),
        ("GET", f"/branches/{branch['database_id']}", None, 200),
        ("POST", f"/branches/{branch['database_id']}/reset", None, 403),
    ):
        assert (await stranger.request(method, f"/api/v1{path}", json=body)).status_code == 401
        await neighbour.send(method, path, 404, json=body)
        await viewer.send(method, path, member, json=body)
    theirs = await neighbour.database("sqlite")
    stolen = {"name": "stolen", "snapshot_id": branch["base_id"]}
    await neighbour.send("POST", f"/databases/{theirs}/branches", 404, json=stolen)
    assert [row["name"] for row in await branching.every()] == ["feature"]


@pytest.mark.parametrize("engine", SQL_ENGINES)
async def test_branch_has_the_content_of_its_parent_and_is_merged_back(branching: BranchFixture) -> None:
    branch = await branching.create()
    assert (branch["state"], branch["name"], branch["parent_name"]) == ("ready", "feature", "shop"), branch["job"]
    assert (branch["database_name"], branch["parent_id"]) == ("shop-feature", branching.database)
    copy = branch["database_id"]
    assert await branching.titles(copy) == ["one", "two"]
    await branching.sql("INSERT INTO song VALUES (3, 'three'); UPDATE song SET title = 'uno' WHERE id = 1", copy)
    await branching.sql("UPDATE song SET title = 'dos' WHERE id = 2")
    assert await branching.titles() == ["one", "dos"]
    body = {"base_id": branch["base_id"], "source_id": copy}
    merge = await branching.person.send("POST", f"/databases/{branching.database}/merges", 202, json=body)
    await branching.app.work(merge["job"]["id"])
    assert (await branching.person.get(f"/merges/{merge['id']}"))["conflicts"] == 0
    applied = await branching.person.send("POST", f"/merges/{merge['id']}/apply", 202, json={})
    await branching.app.work(applied["job"]["id"])
    assert await branching.titles() == ["uno", "dos", "three"]
    again = await branching.person.get(f"/branches/{copy}")
    assert again == branch | {key: again[key] for key in ("size_bytes", "database_state")}


@pytest.mark.parametrize("engine", [name for name, each in all_engines().items() if each.provisioning])
async def test_databases_of_every_engine_can_be_branched(app: AppFixture, supervisor: Supervisor, engine: str) -> None:
    person = await app.person()
    fixture = BranchFixture(app, person, await person.database(engine))
    if all_engines()[engine].snapshots is None:
        path = f"/databases/{fixture.database}/branches"
        assert "not supported" in (await person.send("POST", path, 400, json={"name": "x"}))["detail"]
        return
    branch = await fixture.create("2-empty")
    assert (branch["state"], branch["engine"], branch["database_state"]) == ("ready", engine, "running"), branch["job"]


async def test_branch_of_an_earlier_snapshot(branching: BranchFixture) -> None:
    snapshot = await branching.take(label="early")
    partial = await branching.take(tables=["song"])
    await branching.sql("DELETE FROM song")
    branch = await branching.create(snapshot_id=snapshot["id"])
    assert await branching.titles(branch["database_id"]) == ["one", "two"]
    assert (branch["base_id"], await branching.held(snapshot["id"])) == (snapshot["id"], True)
    path = f"/databases/{branching.database}/branches"
    refused = await branching.person.send("POST", path, 400, json={"name": "p", "snapshot_id": partial["id"]})
    assert "some of the tables" in refused["detail"]
    other = await branching.person.database("sqlite")
    wrong = {"name": "p", "snapshot_id": snapshot["id"]}
    refused = await branching.person.send("POST", f"/databases/{other}/branches", 400, json=wrong)
    assert "not a snapshot of" in refused["detail"]
    assert len(await branching.every()) == 1


async def test_base_is_held_until_the_last_branch_of_it_is_gone(branching: BranchFixture) -> None:
    first = await branching.create("first")
    base = first["base_id"]
    second = await branching.create("second", snapshot_id=base)
    refused = await branching.person.send("DELETE", f"/snapshots/{base}", 409)
    assert "held" in refused["detail"]
    context = branching.app.server.context
    await branching.destroy(first["database_id"])
    await expiry.maintain(context)
    assert await branching.held(base)
    await branching.destroy(second["database_id"])
    await expiry.maintain(context)
    assert not await branching.held(base)
    assert await branching.every() == []


async def test_hold_of_a_user_outlives_the_branch(branching: BranchFixture) -> None:
    snapshot = await branching.take()
    await branching.person.send("PATCH", f"/snapshots/{snapshot['id']}", 200, json={"held": True})
    branch = await branching.create(snapshot_id=snapshot["id"])
    await branching.destroy(branch["database_id"])
    await expiry.maintain(branching.app.server.context)
    assert await branching.held(snapshot["id"])


async def test_two_creations_of_one_name_and_one_wins(branching: BranchFixture) -> None:
    path = f"/api/v1/databases/{branching.database}/branches"
    answers = await asyncio.gather(
        *(branching.person.client.post(path, json={"name": "feature"}) for _ in range(3)),
    )
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    assert {answer.json().get("detail") for answer in answers} == {None, "shop already has a branch feature."}
    assert len(await branching.every()) == 1


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"name": "Feature"}, 422, "lowercase"),
        ({"name": ""}, 422, "lowercase"),
        ({"name": "x" * 41}, 422, "lowercase"),
        ({"name": "feature/x"}, 422, "lowercase"),
        ({"name": "x", "ttl_seconds": 59}, 422, "60"),
        ({"name": "x", "snapshot_id": str(uuid.UUID(int=0))}, 404, "no such snapshot"),
    ],
)
async def test_bad_requests_change_nothing(
    branching: BranchFixture, body: dict[str, Any], status: int, sentence: str
) -> None:
    path = f"/databases/{branching.database}/branches"
    assert sentence in str(await branching.person.send("POST", path, status, json=body))
    assert await branching.every() == []


async def test_names_that_are_taken_or_too_long_are_refused(app: AppFixture, branching: BranchFixture) -> None:
    await branching.person.database("sqlite", name="shop-taken")
    path = f"/databases/{branching.database}/branches"
    refused = await branching.person.send("POST", path, 409, json={"name": "taken"})
    assert "already has a database named shop-taken" in refused["detail"]
    long = await branching.person.database("sqlite", name="x" * 40)
    refused = await branching.person.send("POST", f"/databases/{long}/branches", 422, json={"name": "y" * 10})
    assert "too long" in str(refused)
    assert "not a branch" in (await branching.person.send("GET", f"/branches/{long}", 404))["detail"]


async def test_reset_starts_anew_from_the_parent(branching: BranchFixture) -> None:
    old = await branching.create(ttl_seconds=3_600)
    await branching.sql("DELETE FROM song", old["database_id"])
    await branching.sql("INSERT INTO song VALUES (3, 'three')")
    begun = await branching.person.send("POST", f"/branches/{old['database_id']}/reset", 202)
    early = await branching.person.send("POST", f"/branches/{begun['database_id']}/reset", 409)
    assert "being created" in early["detail"]
    new = await branching.worked(begun)
    assert await branching.titles(new["database_id"]) == ["one", "two", "three"]
    assert (new["name"], new["database_name"], new["state"]) == ("feature", "shop-feature", "ready")
    assert new["database_id"] != old["database_id"] and new["base_id"] != old["base_id"] and new["expires_at"]
    assert len(await branching.every()) == 1
    await branching.person.send("GET", f"/branches/{old['database_id']}", 404)
    await branching.person.send("PATCH", f"/databases/{new['database_id']}", 200, json={"protected": True})
    refused = await branching.person.send("POST", f"/branches/{new['database_id']}/reset", 409)
    assert "protected" in refused["detail"]


async def test_branch_of_a_branch_and_of_a_deleted_parent(branching: BranchFixture) -> None:
    child = await branching.create()
    inner = BranchFixture(branching.app, branching.person, child["database_id"])
    grandchild = await inner.create("deeper")
    assert await inner.titles(grandchild["database_id"]) == ["one", "two"]
    assert (grandchild["database_name"], grandchild["parent_name"]) == ("shop-feature-deeper", "shop-feature")
    await branching.person.send("DELETE", f"/databases/{branching.database}", 204)
    orphan = await branching.person.get(f"/branches/{child['database_id']}")
    assert (orphan["parent_id"], orphan["parent_name"], orphan["state"]) == (None, "shop", "ready")
    refused = await branching.person.send("POST", f"/branches/{child['database_id']}/reset", 409)
    assert "was deleted" in refused["detail"]


async def test_expired_branches_are_deleted_and_protected_ones_stay(branching: BranchFixture) -> None:
    kept = await branching.create("kept")
    short, guarded = await branching.create("short", ttl_seconds=60), await branching.create("guarded", ttl_seconds=60)
    await branching.person.send("PATCH", f"/databases/{guarded['database_id']}", 200, json={"protected": True})
    context = branching.app.server.context
    await expiry.maintain(context)
    assert len(await branching.every()) == 3
    await expiry.maintain(context, now() + timedelta(minutes=2))
    assert {row["name"] for row in await branching.every()} == {kept["name"], "guarded"}
    await branching.person.send("POST", f"/databases/{short['database_id']}/deletion/undo", 200)
    await expiry.maintain(context, now() + timedelta(minutes=2))
    back = next(row for row in await branching.every() if row["name"] == "short")
    assert (back["expires_at"], await branching.titles(back["database_id"])) == (None, ["one", "two"])


@pytest.mark.parametrize("step", ["capture", "restore"])
async def test_killed_creation_starts_over(
    branching: BranchFixture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = f"/databases/{branching.database}/branches"
    created = await branching.person.send("POST", path, 202, json={"name": "feature"})
    real = restore_job._fill if step == "restore" else restore_job.run_job

    async def killed(*given: Any) -> Any:
        if step == "restore":
            await real(*given)
        raise OSError("the machine is gone")

    async def nothing(*_: Any) -> None:
        """A killed process cleans nothing up."""

    with monkeypatch.context() as patched:
        patched.setattr(targets, "clear_after", nothing)
        patched.setattr(restore_job, "_fill" if step == "restore" else "run_job", killed)
        await branching.app.work(created["job"]["id"])
    (branch,) = await branching.every()
    assert (branch["state"], branch["job"]["state"]) == ("creating", "pending")
    busy = {"name": "deeper"}
    refused = await branching.person.send("POST", f"/databases/{branch['database_id']}/branches", 409, json=busy)
    assert "being created" in refused["detail"]
    branch = await branching.worked(created)
    assert branch["state"] == "ready", branch["job"]
    assert await branching.titles(branch["database_id"]) == ["one", "two"]
    assert (branch["database_id"] == created["database_id"]) == (step == "capture")
    assert await branching.person.get(f"/branches/{branch['database_id']}") == branch
    every = (await branching.person.get(f"/databases/{branching.database}/snapshots"))["items"]
    assert [row["id"] for row in every] == [branch["base_id"]]


async def test_failed_creation_says_why_and_makes_room(
    branching: BranchFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise restore_job.CountMismatch("A fault of the test.")

    with monkeypatch.context() as patched:
        patched.setattr(restore_job, "_fill", fail)
        failed = await branching.create()
    assert (failed["state"], failed["job"]["error"]) == ("failed", "A fault of the test.")
    assert failed["database_id"] is None
    names = (await branching.person.get(f"/projects/{branching.person.project['id']}/databases"))["items"]
    assert [row["name"] for row in names] == ["shop"]
    await expiry.maintain(branching.app.server.context)
    assert len(await branching.every()) == 1
    assert (await branching.create())["state"] == "ready"
    assert [row["state"] for row in await branching.every()] == ["ready"]
    assert not await branching.held(failed["base_id"])


async def test_failed_creation_is_forgotten_after_a_day(branching: BranchFixture) -> None:
    path = f"/databases/{branching.database}/branches"
    created = await branching.person.send("POST", path, 202, json={"name": "feature"})
    await branching.person.send("POST", f"/jobs/{created['job']['id']}/cancel", 202)
    await branching.person.send("DELETE", f"/databases/{created['database_id']}", 204)
    assert [row["state"] for row in await branching.every()] == ["failed"]
    await expiry.maintain(branching.app.server.context, now() + timedelta(days=1, minutes=1))
    assert await branching.every() == []


async def test_database_deleted_during_the_snapshot_does_not_come_back(branching: BranchFixture) -> None:
    path = f"/databases/{branching.database}/branches"
    created = await branching.person.send("POST", path, 202, json={"name": "feature"})
    await branching.person.send("DELETE", f"/databases/{created['database_id']}", 204)
    branch = await branching.worked(created)
    assert (branch["state"], branch["job"]["state"]) == ("failed", "cancelled")
    names = (await branching.person.get(f"/projects/{branching.person.project['id']}/databases"))["items"]
    assert [row["name"] for row in names] == ["shop"]


async def test_creations_and_resets_are_audited(branching: BranchFixture) -> None:
    branch = await branching.create()
    await branching.person.send("POST", f"/branches/{branch['database_id']}/reset", 202)
    query = text(
        "SELECT action, details ->> 'branch' FROM audit_entries WHERE action LIKE 'branch.%' AND resource_id = :id"
    )
    async with branching.app.server.database.transaction() as db:
        rows = await db.execute(query, {"id": branching.database})
        assert sorted(tuple(row) for row in rows) == [("branch.create", "feature"), ("branch.reset", "feature")]
