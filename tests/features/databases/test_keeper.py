"""The keeper against a real store and real instances: rows become databases, and databases what their rows want."""

from __future__ import annotations

import asyncio
import stat
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headwater.drivers import Spec
from headwater.drivers.local import LocalDriver
from headwater.engines import engine
from headwater.features.databases import repository
from headwater.features.databases.models import Database
from headwater.features.databases.supervisor import client, idle, managed_instance, reconciler
from headwater.features.databases.supervisor.clients import opening
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, HeadwaterError, NotFound, TooMany, Unavailable
from headwater.kit.settings import Settings
from people import AppFixture, Person


class Kept:
    """A keeper that answers on its socket, and one person's databases."""

    def __init__(self, app: AppFixture, keeper: Supervisor, person: Person) -> None:
        self.app, self.keeper, self.person = app, keeper, person

    async def create(self, **asked: Any) -> dict[str, Any]:
        body = {"name": f"k{uuid.uuid4().hex[:10]}", **asked}
        path = f"/projects/{self.person.project['id']}/databases"
        made: dict[str, Any] = await self.person.send("POST", f"{path}?wait=60", 201, json=body)
        return made

    async def row(self, database: dict[str, Any]) -> Database | None:
        async with self.app.server.database.transaction() as db:
            rows = await repository.managed(db, uuid.UUID(database["id"]))
        return rows[0] if rows else None

    async def write(self, database: dict[str, Any], **values: Any) -> None:
        async with self.app.server.database.transaction() as db:
            await repository.note(db, uuid.UUID(database["id"]), **values)

    async def until(self, database: dict[str, Any], state: str | None) -> Database | None:
        """Wait until the row has a state; None: until it is gone."""
        async with asyncio.timeout(120):
            while True:
                row = await self.row(database)
                if (row.state if row else None) == state:
                    return row
                await self.keeper.reconcile()
                await asyncio.sleep(0.05)

    async def watch(self, database: dict[str, Any]) -> None:
        """Look at a database as the keeper does from time to time."""
        found = self.keeper.instances[uuid.UUID(database["id"])]
        async with found.lock:
            await idle._watch(self.keeper, found)

    async def ask(self, database: dict[str, Any], query: str) -> None:
        """Wake a database as the server does, and run a statement as its owner."""
        address = await client.wake(self.app.server.settings, uuid.UUID(database["id"]))
        found = self.keeper.instances[uuid.UUID(database["id"])]
        assert not address.password  # it does not travel
        session = await engine("postgresql").connect(self.keeper.driver.dsn(found.spec))
        try:
            async for _ in session.run(query):
                pass
        finally:
            await session.close()

    def folder(self, database: dict[str, Any]) -> Path:
        return self.app.server.settings.home_folder / "databases" / str(database["id"])


@pytest.fixture
async def it(app: AppFixture, keeper: Supervisor) -> Kept:
    return Kept(app, keeper, await app.person("keeper"))


async def test_a_row_becomes_a_database_and_wakes(it: Kept) -> None:
    made = await it.create()
    assert (made["state"], made["desired"]) == ("running", "running")
    await it.ask(made, "CREATE TABLE kept AS SELECT 42 AS answer")
    await it.write(made, desired="asleep")
    await it.until(made, "asleep")
    await it.ask(made, "SELECT answer FROM kept")
    row = await it.row(made)
    assert row and (row.state, row.desired) == ("running", "running")


@pytest.mark.parametrize("wanted", ["running", "stopped"])
async def test_what_is_wanted_while_it_stops_is_not_lost(
    it: Kept, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    made = await it.create()
    stop, stopped = it.keeper.driver.stop, asyncio.Event()

    async def stop_slowly(spec: Spec) -> None:
        await stop(spec)
        if spec.id == uuid.UUID(made["id"]):
            monkeypatch.undo()
            await it.write(made, desired=wanted)
            stopped.set()

    monkeypatch.setattr(it.keeper.driver, "stop", stop_slowly)
    await it.write(made, desired="asleep")
    async with asyncio.timeout(120):
        await stopped.wait()
    row = await it.until(made, wanted)
    assert row and row.desired == wanted


async def test_who_stops_waiting_does_not_stop_the_wake_of_others(it: Kept) -> None:
    made = await it.create()
    await it.write(made, desired="asleep")
    await it.until(made, "asleep")
    waits = [asyncio.create_task(it.keeper.wake(uuid.UUID(made["id"]))) for _ in range(5)]
    await asyncio.sleep(0.01)
    waits[0].cancel()
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({str(one) for one in results[1:]}) == 1
    assert it.keeper.up(it.keeper.instances[uuid.UUID(made["id"])])


async def test_stopped_means_that_nobody_wakes_it(it: Kept) -> None:
    made = await it.create()
    await it.person.send("PUT", f"/databases/{made['id']}/desired", 200, json={"state": "stopped"})
    with pytest.raises(Conflict, match="is stopped"):
        await it.ask(made, "SELECT 1")
    with pytest.raises(Conflict):
        await opening(it.keeper, "postgresql", made["name"])
    with pytest.raises(NotFound):
        await client.wake(it.app.server.settings, uuid.uuid4())


async def test_deleted_it_can_come_back_until_it_is_purged(it: Kept) -> None:
    made = await it.create()
    await it.ask(made, "CREATE TABLE kept AS SELECT 42 AS answer")
    await it.person.send("DELETE", f"/databases/{made['id']}", 204)
    await it.until(made, "stopped")
    assert it.folder(made).exists()
    with pytest.raises(NotFound):
        await it.ask(made, "SELECT 1")
    await it.person.send("POST", f"/databases/{made['id']}/deletion/undo", 200)
    await it.ask(made, "SELECT answer FROM kept")
    await it.person.send("DELETE", f"/databases/{made['id']}", 204)
    await it.write(made, purge_at=now() - timedelta(seconds=1))
    await it.until(made, None)
    assert not it.folder(made).exists()


async def test_a_row_that_was_purged_meanwhile_stops_no_round(it: Kept) -> None:
    made = await it.create()
    read_before = await it.row(made)
    assert read_before is not None
    await it.person.send("DELETE", f"/databases/{made['id']}", 204)
    await it.write(made, purge_at=now() - timedelta(seconds=1))
    await it.until(made, None)
    await it.keeper._reconcile_one(read_before, time.monotonic())
    assert read_before.id not in it.keeper.instances
    with pytest.raises(NotFound):
        await it.keeper.wake(read_before.id)


async def test_a_row_that_was_read_before_a_wake_does_not_undo_it(it: Kept) -> None:
    made = await it.create()
    await it.write(made, desired="asleep")
    read_before, read = await it.until(made, "asleep"), time.monotonic()
    assert read_before is not None
    await it.keeper.wake(read_before.id)
    await it.keeper._reconcile_one(read_before, read)
    assert it.keeper.up(it.keeper.instances[read_before.id])


async def test_a_database_without_a_project_is_deleted_after_its_grace(it: Kept) -> None:
    made = await it.create()
    await it.write(made, project_id=None)
    row = await it.until(made, "stopped")
    assert row and row.deleted_at and row.purge_at
    assert timedelta(days=6) < row.purge_at - now() < timedelta(days=8)


async def test_what_cannot_be_made_says_why_and_is_tried_thrice(it: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.0)
    made = await it.create(options={"version": "9"})
    assert made["state"] == "failed" and "not installed" in made["state_reason"]
    for _ in range(10):
        await it.keeper.reconcile()
        await asyncio.sleep(0.05)
    assert it.keeper.instances[uuid.UUID(made["id"])].failures == managed_instance.RETRIES
    with pytest.raises(HeadwaterError, match="not installed"):
        await it.ask(made, "SELECT 1")


async def test_new_quotas_hold_at_once(it: Kept) -> None:
    made = await it.create()
    quotas = made["quotas"] | {"statement_seconds": 7}
    await it.person.send("PATCH", f"/databases/{made['id']}", 200, json={"quotas": quotas})
    found = it.keeper.instances[uuid.UUID(made["id"])]
    async with asyncio.timeout(120):
        while found.applied is None or found.applied.quotas["statement_seconds"] != 7:
            await asyncio.sleep(0.05)
    await it.ask(made, "DO $$ BEGIN ASSERT current_setting('statement_timeout') = '7s'; END $$")


async def test_idle_it_sleeps_and_measured_it_is_before(it: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await it.create(sleep_after_seconds=1)
    await it.ask(made, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    found = it.keeper.instances[uuid.UUID(made["id"])]
    await it.watch(made)
    points = await it.person.get(f"/databases/{made['id']}/metrics")
    values = points["items"][0]["values"] if isinstance(points, dict) else points[0]["values"]
    assert values["size_bytes"] > 0 and values["disk_bytes"] > values["size_bytes"] and values["commits"] >= 1
    async with asyncio.timeout(120):
        while found.running:
            await idle._check_instance(it.keeper, found)
            await asyncio.sleep(0.1)
    row = await it.until(made, "asleep")
    assert row and row.size_bytes and row.desired == "asleep"


async def test_over_its_disk_quota_it_is_read_only_then_stopped(it: Kept) -> None:
    made = await it.create(quotas={"disk_mb": 60})
    await it.ask(made, "CREATE TABLE big AS SELECT repeat(md5(n::text), 30) AS t FROM generate_series(1, 40000) n")
    await it.watch(made)
    with pytest.raises(HeadwaterError, match="read-only"):
        await it.ask(made, "CREATE TABLE more (a int)")
    await it.ask(
        made, "SET default_transaction_read_only = off; INSERT INTO big SELECT t FROM big, generate_series(1, 3)"
    )
    await it.watch(made)
    row = await it.row(made)
    assert row and (row.state, row.desired) == ("stopped", "stopped") and "Raise the quota" in row.state_reason
    with pytest.raises(Conflict, match="is stopped"):
        await it.ask(made, "SELECT 1")
    larger = made["quotas"] | {"disk_mb": 1000}
    await it.person.send("PATCH", f"/databases/{made['id']}", 200, json={"quotas": larger})
    await it.person.send("PUT", f"/databases/{made['id']}/desired", 200, json={"state": "running"})
    await it.watch(made)
    await it.ask(made, "CREATE TABLE more (a int)")


async def test_clients_are_counted_and_capped(it: Kept) -> None:
    made = await it.create(quotas={"connections": 2})
    ways = [await opening(it.keeper, "postgresql", made["name"]) for _ in range(3)]
    for way in ways[:2]:
        way.meter.connected()
    with pytest.raises(TooMany, match="2 connections"):
        ways[2].meter.connected()
    ways[0].meter.disconnected()
    ways[2].meter.connected()
    with pytest.raises(NotFound, match="no redis database"):
        await opening(it.keeper, "redis", made["name"])


async def test_after_a_kill_rows_do_not_say_running(it: Kept, settings: Settings) -> None:
    made = await it.create()
    await it.keeper.driver.close()
    after = Supervisor(settings, it.app.server.database, LocalDriver(settings.home_folder / "databases"))
    await after.begin()
    row = await it.row(made)
    assert row and (row.state, row.desired) == ("asleep", "asleep")
    await after.wake(uuid.UUID(made["id"]))
    await after.close()


async def test_the_socket_is_ours_alone_and_takes_no_nonsense(it: Kept, settings: Settings) -> None:
    path = client.socket_path(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for request in (
        b"\n",
        b"{}\n",
        b"[1]\n",
        b'{"verb": "wake"}\n',
        b'{"verb": "rm", "id": "%s"}\n' % bytes(36),
        b"\xff\n",
    ):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(request)
        assert b'"error"' in await asyncio.wait_for(reader.readline(), 10)
        writer.close()
    far = settings.model_copy(update={"home": settings.home / ("deep" * 40)})
    assert len(str(client.socket_path(far))) <= client.SOCKET_PATH_LIMIT
    with pytest.raises(Unavailable, match="does not answer"):
        await client.wake(far, uuid.uuid4())
