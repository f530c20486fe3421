"""The supervisor with a real store and real instances: it creates databases for rows, and reconciles them."""

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
from headwater.engines.postgresql import binaries
from headwater.features.databases import repository
from headwater.features.databases.models import Database
from headwater.features.databases.supervisor import client, idle, managed_instance, reconciler
from headwater.features.databases.supervisor.clients import open_upstream
from headwater.features.databases.supervisor.managed_instance import ManagedInstance
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.features.policies.service import failing_databases
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, HeadwaterError, NotFound, TooMany, Unavailable
from headwater.kit.network import unix_sockets
from headwater.kit.settings import Settings
from people import AppFixture, Person


class SupervisorFixture:
    """A supervisor that answers on its socket, and the databases of one user."""

    def __init__(self, app: AppFixture, supervisor: Supervisor, person: Person) -> None:
        self.app, self.supervisor, self.person = app, supervisor, person

    async def create(self, **asked: Any) -> dict[str, Any]:
        body = {"name": f"k{uuid.uuid4().hex[:10]}", **asked}
        path = f"/projects/{self.person.project['id']}/databases"
        database: dict[str, Any] = await self.person.send("POST", f"{path}?wait=60", 201, json=body)
        return database

    async def row(self, database: dict[str, Any]) -> Database | None:
        async with self.app.server.database.transaction() as db:
            rows = await repository.managed(db, uuid.UUID(database["id"]))
        return rows[0] if rows else None

    async def write(self, database: dict[str, Any], **values: Any) -> None:
        async with self.app.server.database.transaction() as db:
            await repository.note(db, uuid.UUID(database["id"]), **values)

    async def until(self, database: dict[str, Any], state: str | None) -> Database | None:
        """Wait until the row has a state; None: until it is deleted."""
        async with asyncio.timeout(120):
            while True:
                row = await self.row(database)
                if (row.state if row else None) == state:
                    return row
                await self.supervisor.reconcile()
                await asyncio.sleep(0.05)

    async def watch(self, database: dict[str, Any]) -> None:
        """Check a database as the supervisor does at intervals."""
        instance = self.supervisor.instances[uuid.UUID(database["id"])]
        async with instance.lock:
            await idle._watch(self.supervisor, instance)

    async def ask(self, database: dict[str, Any], query: str) -> None:
        """Wake a database as the server does, and run a statement as its owner."""
        address = await client.wake(self.app.server.settings, uuid.UUID(database["id"]))
        instance = self.supervisor.instances[uuid.UUID(database["id"])]
        assert not address.password  # the socket does not transmit it
        session = await engine("postgresql").connect(self.supervisor.driver.dsn(instance.spec))
        try:
            async for _ in session.run(query):
                pass
        finally:
            await session.close()

    def folder(self, database: dict[str, Any]) -> Path:
        return self.app.server.settings.home_folder / "databases" / str(database["id"])


@pytest.fixture
async def supervised(app: AppFixture, supervisor: Supervisor) -> SupervisorFixture:
    return SupervisorFixture(app, supervisor, await app.person("supervisor"))


async def test_database_is_created_and_wakes(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    assert (database["state"], database["desired"]) == ("running", "running")
    await supervised.ask(database, "CREATE TABLE kept AS SELECT 42 AS answer")
    await supervised.write(database, desired="asleep")
    await supervised.until(database, "asleep")
    await supervised.ask(database, "SELECT answer FROM kept")
    row = await supervised.row(database)
    assert row and (row.state, row.desired) == ("running", "running")


@pytest.mark.parametrize("wanted", ["running", "stopped"])
async def test_desired_state_set_during_stop_is_kept(
    supervised: SupervisorFixture, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    database = await supervised.create()
    stop, stopped = supervised.supervisor.driver.stop, asyncio.Event()

    async def stop_slowly(spec: Spec) -> None:
        await stop(spec)
        if spec.id == uuid.UUID(database["id"]):
            monkeypatch.undo()
            await supervised.write(database, desired=wanted)
            stopped.set()

    monkeypatch.setattr(supervised.supervisor.driver, "stop", stop_slowly)
    await supervised.write(database, desired="asleep")
    async with asyncio.timeout(120):
        await stopped.wait()
    row = await supervised.until(database, wanted)
    assert row and row.desired == wanted


async def test_cancelled_waiter_does_not_cancel_the_wake_of_others(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    await supervised.write(database, desired="asleep")
    await supervised.until(database, "asleep")
    waits = [asyncio.create_task(supervised.supervisor.wake(uuid.UUID(database["id"]))) for _ in range(5)]
    await asyncio.sleep(0.01)
    waits[0].cancel()
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert len({str(item) for item in results[1:]}) == 1
    assert supervised.supervisor.up(supervised.supervisor.instances[uuid.UUID(database["id"])])


async def test_stopped_database_does_not_wake(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    await supervised.person.send("PUT", f"/databases/{database['id']}/desired", 200, json={"state": "stopped"})
    with pytest.raises(Conflict, match="is stopped"):
        await supervised.ask(database, "SELECT 1")
    with pytest.raises(Conflict):
        await open_upstream(supervised.supervisor, "postgresql", database["name"])
    with pytest.raises(NotFound):
        await client.wake(supervised.app.server.settings, uuid.uuid4())


@pytest.mark.parametrize(
    ("change", "refused"), [({"deleted_at": now(), "desired": "stopped"}, NotFound), ({"desired": "stopped"}, Conflict)]
)
async def test_client_is_refused_after_a_deletion_or_stop_that_came_during_a_step(
    supervised: SupervisorFixture,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    refused: type[HeadwaterError],
) -> None:
    database, supervisor, read = await supervised.create(), supervised.supervisor, asyncio.Event()
    row_of = supervisor._row

    async def row_of_notice(database_id: uuid.UUID) -> Database | None:
        row = await row_of(database_id)
        read.set()
        return row

    async with asyncio.timeout(120), supervisor.instances[uuid.UUID(database["id"])].lock:
        await supervised.write(database, **change)
        monkeypatch.setattr(supervisor, "_row", row_of_notice)
        notifying = asyncio.create_task(supervisor.notify(uuid.UUID(database["id"])))
        await read.wait()
    await notifying
    with pytest.raises(refused):
        await open_upstream(supervisor, "postgresql", database["name"])


async def test_deleted_database_can_be_restored_until_it_is_purged(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    await supervised.ask(database, "CREATE TABLE kept AS SELECT 42 AS answer")
    await supervised.person.send("DELETE", f"/databases/{database['id']}", 204)
    await supervised.until(database, "stopped")
    assert supervised.folder(database).exists()
    with pytest.raises(NotFound):
        await supervised.ask(database, "SELECT 1")
    await supervised.person.send("POST", f"/databases/{database['id']}/deletion/undo", 200)
    await supervised.ask(database, "SELECT answer FROM kept")
    await supervised.person.send("DELETE", f"/databases/{database['id']}", 204)
    await supervised.write(database, purge_at=now() - timedelta(seconds=1))
    await supervised.until(database, None)
    assert not supervised.folder(database).exists()


async def test_reconcile_ignores_rows_purged_meanwhile(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    read_before = await supervised.row(database)
    assert read_before is not None
    await supervised.person.send("DELETE", f"/databases/{database['id']}", 204)
    await supervised.write(database, purge_at=now() - timedelta(seconds=1))
    await supervised.until(database, None)
    await supervised.supervisor._reconcile_one(read_before, time.monotonic())
    assert read_before.id not in supervised.supervisor.instances
    with pytest.raises(NotFound):
        await supervised.supervisor.wake(read_before.id)


async def test_outdated_row_does_not_undo_a_wake(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    await supervised.write(database, desired="asleep")
    read_before, read = await supervised.until(database, "asleep"), time.monotonic()
    assert read_before is not None
    await supervised.supervisor.wake(read_before.id)
    await supervised.supervisor._reconcile_one(read_before, read)
    assert supervised.supervisor.up(supervised.supervisor.instances[read_before.id])


async def test_database_without_a_project_is_deleted_after_the_grace_period(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    await supervised.write(database, project_id=None)
    row = await supervised.until(database, "stopped")
    assert row and row.deleted_at and row.purge_at
    assert timedelta(days=6) < row.purge_at - now() < timedelta(days=8)


async def test_failed_creation_reports_the_reason_and_is_retried_three_times(
    supervised: SupervisorFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(binaries, "installed", dict)  # it was when the version was chosen
    database = await supervised.create()
    assert database["state"] == "failed" and "not installed" in database["state_reason"]
    for _ in range(10):
        await supervised.supervisor.reconcile()
        await asyncio.sleep(0.05)
    assert supervised.supervisor.instances[uuid.UUID(database["id"])].failures == managed_instance.RETRIES
    with pytest.raises(HeadwaterError, match="not installed"):
        await supervised.ask(database, "SELECT 1")


async def test_new_quotas_are_applied_at_once(supervised: SupervisorFixture) -> None:
    database = await supervised.create()
    quotas = database["quotas"] | {"statement_seconds": 7}
    await supervised.person.send("PATCH", f"/databases/{database['id']}", 200, json={"quotas": quotas})
    instance = supervised.supervisor.instances[uuid.UUID(database["id"])]
    async with asyncio.timeout(120):
        while instance.applied is None or instance.applied.quotas["statement_seconds"] != 7:
            await asyncio.sleep(0.05)
    await supervised.ask(database, "DO $$ BEGIN ASSERT current_setting('statement_timeout') = '7s'; END $$")


async def test_idle_database_is_measured_and_sleeps(
    supervised: SupervisorFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await supervised.create(sleep_after_seconds=1)
    await supervised.ask(database, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    instance = supervised.supervisor.instances[uuid.UUID(database["id"])]
    await supervised.watch(database)
    points = await supervised.person.get(f"/databases/{database['id']}/metrics")
    values = points["items"][0]["values"] if isinstance(points, dict) else points[0]["values"]
    assert values["size_bytes"] > 0 and values["disk_bytes"] > values["size_bytes"] and values["commits"] >= 1
    async with asyncio.timeout(120):
        while instance.running:
            await idle._check_instance(supervised.supervisor, instance)
            await asyncio.sleep(0.1)
    row = await supervised.until(database, "asleep")
    assert row and row.size_bytes and row.desired == "asleep"


async def test_disk_quota_makes_a_database_read_only_then_stops_it(supervised: SupervisorFixture) -> None:
    database = await supervised.create(quotas={"disk_mb": 60})
    await supervised.ask(
        database, "CREATE TABLE big AS SELECT repeat(md5(n::text), 30) AS t FROM generate_series(1, 40000) n"
    )
    await supervised.watch(database)
    with pytest.raises(HeadwaterError, match="read-only"):
        await supervised.ask(database, "CREATE TABLE more (a int)")
    await supervised.ask(
        database, "SET default_transaction_read_only = off; INSERT INTO big SELECT t FROM big, generate_series(1, 3)"
    )
    await supervised.watch(database)
    row = await supervised.row(database)
    assert row and (row.state, row.desired) == ("stopped", "stopped") and "Raise the quota" in row.state_reason
    with pytest.raises(Conflict, match="is stopped"):
        await supervised.ask(database, "SELECT 1")
    larger = database["quotas"] | {"disk_mb": 1000}
    await supervised.person.send("PATCH", f"/databases/{database['id']}", 200, json={"quotas": larger})
    await supervised.person.send("PUT", f"/databases/{database['id']}/desired", 200, json={"state": "running"})
    await supervised.watch(database)
    await supervised.ask(database, "CREATE TABLE more (a int)")


async def test_clients_count_against_the_connection_quota(supervised: SupervisorFixture) -> None:
    database = await supervised.create(quotas={"connections": 2})
    ways = [await open_upstream(supervised.supervisor, "postgresql", database["name"]) for _ in range(3)]
    for route in ways[:2]:
        route.meter.connected()
    with pytest.raises(TooMany, match="2 connections"):
        ways[2].meter.connected()
    ways[0].meter.disconnected()
    ways[2].meter.connected()
    with pytest.raises(NotFound, match="not a redis database"):
        await open_upstream(supervised.supervisor, "redis", database["name"])


async def test_rows_are_asleep_after_the_supervisor_was_killed(
    supervised: SupervisorFixture, settings: Settings
) -> None:
    database = await supervised.create()
    await supervised.supervisor.driver.close()
    after = Supervisor(settings, supervised.app.server.database, LocalDriver(settings.home_folder / "databases"))
    await after.begin()
    row = await supervised.row(database)
    assert row and (row.state, row.desired) == ("asleep", "asleep")
    await after.wake(uuid.UUID(database["id"]))
    await after.close()


async def test_socket_is_private_and_rejects_invalid_requests(
    supervised: SupervisorFixture, settings: Settings
) -> None:
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
    assert len(str(client.socket_path(far))) <= unix_sockets.PATH_LIMIT
    with pytest.raises(Unavailable, match="does not answer"):
        await client.wake(far, uuid.uuid4())


async def test_database_that_cannot_be_managed_disturbs_no_other(
    supervised: SupervisorFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = await supervised.create(), await supervised.create()
    known = supervised.supervisor._known

    async def stumble(row: Database) -> ManagedInstance:
        if row.id == uuid.UUID(broken["id"]):
            raise TypeError("'NoneType' object is not iterable")
        return await known(row)

    monkeypatch.setattr(supervised.supervisor, "_known", stumble)
    await supervised.write(other, desired="asleep")
    await supervised.until(other, "asleep")
    row = await supervised.row(broken)
    assert row and row.state == "running", "its server is all right"
    assert row.state_reason == "Headwater cannot manage this database: TypeError: 'NoneType' object is not iterable"
    listed = await supervised.person.get(f"/projects/{supervised.person.project['id']}/databases")
    assert len(listed["items"]) == 2
    await failing_databases.report(supervised.app.server.database, now())
    (alert,) = (await supervised.person.get("/alerts", status="open"))["items"]
    assert (alert["kind"], alert["database_id"], alert["message"]) == ("not_running", broken["id"], row.state_reason)
    monkeypatch.undo()
    await supervised.supervisor.reconcile()
    row = await supervised.row(broken)
    assert row and row.state_reason == ""
    await failing_databases.report(supervised.app.server.database, now())
    assert (await supervised.person.get("/alerts", status="open"))["items"] == []


async def test_step_that_crashes_is_reported_on_the_row(
    supervised: SupervisorFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await supervised.create()

    async def crash(instance: ManagedInstance, row: Database) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(supervised.supervisor._steps, "halt", crash)
    await supervised.write(database, desired="asleep")
    async with asyncio.timeout(60):
        while not (row := await supervised.row(database)) or not row.state_reason.endswith("a bug"):
            await supervised.supervisor.reconcile()
            await asyncio.sleep(0.05)
    monkeypatch.undo()
    await supervised.until(database, "asleep")


async def test_control_socket_answers_a_request_that_crashes(
    supervised: SupervisorFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(_: uuid.UUID) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(supervised.supervisor, "wake", crash)
    with pytest.raises(HeadwaterError, match="The supervisor failed unexpectedly"):
        await client.wake(supervised.app.server.settings, uuid.uuid4())
