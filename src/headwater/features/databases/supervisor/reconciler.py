"""Reconciles every managed database with its row, by idempotent steps; one step at a time for each database."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sized
from datetime import timedelta
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.drivers import Driver, Spec
from headwater.engines import Address
from headwater.features.databases import repository
from headwater.features.databases.models import Database
from headwater.features.databases.supervisor.managed_instance import ManagedInstance, desired_running, next_step
from headwater.kit import memory
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, HeadwaterError, NotFound
from headwater.kit.settings import Settings
from headwater.store.encryption import SecretCipher
from headwater.store.session import Store

log = structlog.get_logger()
GRACE = timedelta(days=7)
RECONCILE_SECONDS = 5.0
WAKES_AT_ONCE = 8
RETRY_SECONDS = 10.0
PREPARE_SECONDS = 0.3
UNMANAGEABLE = "Headwater cannot manage this database"


class Supervisor:
    """Manages all instances of this host."""

    def __init__(self, settings: Settings, store: Store, driver: Driver) -> None:
        self.settings = settings
        self.driver = driver
        self.instances: dict[uuid.UUID, ManagedInstance] = {}
        self.faults = 0
        self.pending_clients: Sized = ()
        self._started = time.time()
        self._store = store
        self._wakes = asyncio.Semaphore(WAKES_AT_ONCE)
        self._waking: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._preparing: asyncio.Task[None] | None = None
        self._steps: dict[str, Callable[[ManagedInstance, Database], Awaitable[None]]] = {
            "orphan": self._orphan,
            "destroy": self._destroy,
            "halt": self._halt,
            "run": self._run,
            "apply": self._apply,
            "restart": self._restart,
            "fallen": self._on_crash,
        }

    def figures(self) -> dict[str, float]:
        """Return what metrics say of this process, its servers and its proxy."""
        used = memory.usage()
        return {
            "started": self._started,
            "resident_bytes": used.resident_bytes,
            "cpu_seconds": used.cpu_seconds,
            "running": sum(instance.running for instance in self.instances.values()),
            "failing": sum(instance.failures > 0 for instance in self.instances.values()),
            "faults": self.faults,
            "clients": sum(instance.clients for instance in self.instances.values()),
            "pending": len(self.pending_clients),
        }

    async def begin(self) -> None:
        """Clean up after a killed supervisor: incomplete databases on disk, and rows in state running."""
        async with self._store.transaction() as db:
            rows = await repository.managed(db)
            for row in rows:
                if row.state in {"running", "starting"}:
                    row.state, row.state_at = "asleep", now()
                    row.desired = "asleep" if row.desired == "running" else row.desired
        await self.driver.sweep({row.id for row in rows}, GRACE)

    async def close(self) -> None:
        """Stop all instances and set their rows to asleep."""
        for task in (*self._at_work, *self._waking.values()):
            task.cancel()
        await asyncio.gather(*self._at_work, *self._waking.values(), return_exceptions=True)
        await self.driver.close()
        for instance in self.instances.values():
            if instance.running:
                await self._rest(instance, "asleep", state="asleep")

    async def reconcile(self) -> None:
        """Start the next step of every database that needs one."""
        read = time.monotonic()
        async with self._store.transaction() as db:
            rows = await repository.managed(db)
        for row in rows:
            try:
                await self._reconcile_one(row, read)
            except (SQLAlchemyError, OSError):
                raise  # the store is at fault, not the row
            except Exception as error:
                await self._record_fault(row, error)

    async def notify(self, database_id: uuid.UUID) -> None:
        """Reconcile a database now, because its row has changed; one that must not run takes no clients afterwards."""
        read = time.monotonic()
        row = await self._row(database_id)
        instance = self.instances.get(database_id)
        if row is not None and instance is not None and not desired_running(row) and instance.lock.locked():
            async with instance.lock:  # a start in progress would let clients in
                read = time.monotonic()
                row = await self._row(database_id)
        if row is not None:
            await self._reconcile_one(row, read)

    async def renew_password(self, database_id: uuid.UUID) -> None:
        """Read the stored password of a database's owner and set it: now if the server runs, or else when it starts.

        Raises:
            NotFound: there is no such database here.
            HeadwaterError: the server refuses it.
        """
        row = await self._row(database_id)
        if row is None:
            raise NotFound("There is no such database here.")
        instance = await self._known(row)
        async with instance.lock:
            instance.spec = await self._spec(row)
            if self.up(instance):
                await self._apply(instance, row)

    async def wake(self, database_id: uuid.UUID) -> Address:
        """Start a database if it sleeps, and return its address.

        Raises:
            NotFound: there is no such database here.
            Conflict: it is stopped.
            HeadwaterError: it does not start.
        """
        instance = self.instances.get(database_id)
        if instance is None or not self.up(instance):
            waking = self._waking.get(database_id)
            if waking is None:
                waking = asyncio.create_task(self._wake(database_id))
                self._waking[database_id] = waking
                waking.add_done_callback(lambda _: self._waking.pop(database_id, None))
            # A caller that is cancelled must not cancel the start for the others.
            await asyncio.shield(waking)
            instance = self.instances[database_id]
        instance.seen = time.monotonic()
        return self.driver.dsn(instance.spec)

    async def wake_for_program(self, database_id: uuid.UUID) -> Address:
        """Start a database if it sleeps, and return Headwater's own address, as the owner; raises as `wake`."""
        await self.wake(database_id)
        instance = self.instances[database_id]
        if instance.program is None:
            async with instance.lock:
                instance.program = instance.program or await self.driver.program(instance.spec)
        return instance.program

    async def wake_for_reader(self, database_id: uuid.UUID, person: str) -> Address:
        """Start a database if it sleeps, and return the address of a person who may only read; raises as `wake`."""
        await self.wake(database_id)
        instance = self.instances[database_id]
        if person not in instance.readers:
            async with instance.lock:
                instance.readers[person] = await self.driver.reader(instance.spec, person)
        return instance.readers[person]

    async def wake_route(self, engine: str, route: str) -> tuple[ManagedInstance, Address]:
        """Wake the database with this name at the proxy; raise NotFound if it has another engine."""
        for instance in self.instances.values():
            if instance.route == route and instance.spec.engine == engine and self.up(instance):
                return instance, await self.wake(instance.spec.id)
        async with self._store.transaction() as db:
            row = await repository.by_route(db, route)
        if row is None:
            raise NotFound(
                f"There is no database named {route!r} here.", hint="Use the address that `headwater db url` prints."
            )
        if row.engine != engine:
            raise NotFound(f"{route} is not a {engine} database.", hint=f"It is a {row.engine} database.")
        address = await self.wake(row.id)
        return self.instances[row.id], address

    def up(self, instance: ManagedInstance) -> bool:
        """Return True if a database accepts connections now."""
        return instance.running and self._alive(instance)

    def _alive(self, instance: ManagedInstance) -> bool:
        return self.driver.status(instance.spec) == "running"

    def prepare(self) -> None:
        """Let the driver prepare in the background what the next new database needs, if it is not doing so already."""
        if self._preparing is None or self._preparing.done():
            self._preparing = self.soon(self._prepare())

    async def _prepare(self) -> None:
        await asyncio.sleep(PREPARE_SECONDS)  # the database that was just created comes first
        try:
            await self.driver.prepare()
        except (HeadwaterError, OSError) as error:
            log.warning("supervisor.template_failed", error=str(error))

    def soon(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task in the background, until we close."""
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return task

    async def update(self, instance: ManagedInstance, **values: Any) -> None:
        """Write values into the row of a database."""
        if "state" in values:
            values = {"state_reason": "", "state_at": now()} | values
        async with self._store.transaction() as db:
            await repository.note(db, instance.spec.id, **values)

    async def save_metrics(self, instance: ManagedInstance, values: dict[str, float]) -> None:
        """Store metrics of a database."""
        async with self._store.transaction() as db:
            await repository.add_metric(db, instance.spec.id, values)
            await repository.note(db, instance.spec.id, size_bytes=int(values.get("size_bytes", 0)))

    async def sleep(
        self, instance: ManagedInstance, state: Literal["asleep", "stopped"] = "asleep", reason: str = ""
    ) -> None:
        """Stop a database's server; the caller holds the lock. New clients wait for the lock."""
        instance.running = False
        await self.driver.stop(instance.spec)
        await self._rest(instance, state, state=state, state_reason=reason)

    async def _rest(self, instance: ManagedInstance, desired: str, **values: Any) -> None:
        """Record that a database has stopped; a desired state that was changed meanwhile is not overwritten."""
        async with self._store.transaction() as db:
            await repository.turn(db, instance.spec.id, "running", desired)
            await repository.note(db, instance.spec.id, **({"state_reason": "", "state_at": now()} | values))

    async def _row(self, database_id: uuid.UUID) -> Database | None:
        async with self._store.transaction() as db:
            rows = await repository.managed(db, database_id)
        return rows[0] if rows else None

    async def _wake(self, database_id: uuid.UUID) -> None:
        row = await self._row(database_id)
        if row is None:
            raise NotFound("There is no such database here.")
        instance = await self._known(row)
        async with instance.lock:
            row = await self._row(database_id)
            if row is None or row.deleted_at is not None:
                raise NotFound("There is no such database here.")
            if row.building:
                raise Conflict(f"{row.name} is being recovered.", hint="It starts when the recovery is finished.")
            if row.desired == "stopped":
                raise Conflict(f"{row.name} is stopped.", hint=row.state_reason or "Start it first.")
            if not self.up(instance):
                await self._run(instance, row)

    async def _reconcile_one(self, row: Database, read: float) -> None:
        try:
            instance = await self._known(row)
        except NotFound:
            return  # purged since the row was read
        if not desired_running(row) and not instance.lock.locked() and instance.started < read:
            instance.running = False  # from here on, new clients check the row
        if row.state_reason.startswith(UNMANAGEABLE):
            await self.update(instance, state_reason="")
        if next_step(instance, row, now(), alive=self._alive(instance)) and not instance.lock.locked():
            self.soon(self._step(instance))

    async def _record_fault(self, row: Database, error: Exception) -> None:
        """Tell the users of a database that we cannot manage it; the others are not affected."""
        reason = f"{UNMANAGEABLE}: {type(error).__name__}: {error}"
        instance = self.instances.get(row.id)
        state = row.state if instance and self.up(instance) else "failed"
        if (row.state, row.state_reason) != (state, reason):
            log.error("supervisor.database_unmanageable", database=str(row.id), exc_info=error)
            async with self._store.transaction() as db:
                await repository.note(db, row.id, state=state, state_reason=reason, state_at=now())

    async def _step(self, instance: ManagedInstance) -> None:
        """Run the next step of one database; errors are written to its row, and the step is tried again later."""
        async with instance.lock:
            row = None
            try:
                row = await self._row(instance.spec.id)
                step = next_step(instance, row, now(), alive=self._alive(instance)) if row else None
                if row and step:
                    await self._steps[step](instance, row)
            except (HeadwaterError, OSError, SQLAlchemyError) as error:
                log.warning("supervisor.step_failed", database=str(instance.spec.id), error=str(error))
            except Exception as error:
                if row:
                    await self._record_fault(row, error)

    async def _orphan(self, instance: ManagedInstance, row: Database) -> None:
        await self.update(instance, desired="stopped", deleted_at=now(), purge_at=now() + GRACE)

    async def _run(self, instance: ManagedInstance, row: Database) -> None:
        async with self._wakes:
            try:
                if self.driver.status(instance.spec) == "absent":
                    await self.driver.create(instance.spec)
                    self.prepare()
                await self.driver.start(instance.spec)
            except (HeadwaterError, OSError) as error:
                await self.driver.stop(instance.spec)
                failure = error if isinstance(error, HeadwaterError) else HeadwaterError(f"{error.strerror}.")
                await self._failed(instance, failure)
                raise failure from error
        instance.running, instance.applied, instance.failures, instance.seen = True, instance.spec, 0, time.monotonic()
        instance.program = None
        instance.readers.clear()
        await self.update(instance, state="running", used_at=now())
        async with self._store.transaction() as db:
            await repository.turn(db, instance.spec.id, row.desired, "running")
        instance.started = time.monotonic()

    async def _apply(self, instance: ManagedInstance, row: Database) -> None:
        await self.driver.apply(instance.spec)
        instance.applied = instance.spec
        instance.program = None
        instance.readers.clear()

    async def _restart(self, instance: ManagedInstance, row: Database) -> None:
        """Restart its server for settings that a running server cannot change; new clients wait."""
        instance.running = False
        await self.driver.stop(instance.spec)
        await self._run(instance, row)

    async def _halt(self, instance: ManagedInstance, row: Database) -> None:
        instance.running = False
        await self.driver.stop(instance.spec)
        state = "stopped" if row.desired == "stopped" or row.deleted_at else "asleep"
        await self.update(instance, state=state, state_reason=row.state_reason)

    async def _on_crash(self, instance: ManagedInstance, row: Database) -> None:
        """Mark it asleep after its server crashed: the next client wakes it."""
        await self.sleep(instance)

    async def _destroy(self, instance: ManagedInstance, row: Database) -> None:
        await self.update(instance, state="deleting")
        instance.running = False
        await self.driver.destroy(instance.spec)
        async with self._store.transaction() as db:
            await repository.forget(db, instance.spec.id)
        self.instances.pop(instance.spec.id, None)

    async def _failed(self, instance: ManagedInstance, error: HeadwaterError) -> None:
        instance.running = False
        instance.failures += 1
        instance.retry_at = time.monotonic() + RETRY_SECONDS * instance.failures
        reason = f"{error.message} {error.hint or ''}".strip()
        log.warning("supervisor.database_failed", database=str(instance.spec.id), reason=reason)
        await self.update(instance, state="failed", state_reason=reason)

    async def _known(self, row: Database) -> ManagedInstance:
        """Return the instance of a row, updated from the row."""
        instance = self.instances.get(row.id)
        if instance is None:
            instance = self.instances.setdefault(row.id, ManagedInstance(await self._spec(row), row.route or row.name))
        elif (dict(instance.spec.quotas), instance.spec.archives) != (row.quotas, row.archives):
            instance.spec = await self._spec(row)
        instance.sleep_after, instance.tls_required = row.sleep_after_seconds, row.tls_required
        return instance

    async def _spec(self, row: Database) -> Spec:
        async with self._store.transaction() as db:
            sealed = await repository.secrets(db, row.id)
        if "password" not in sealed:
            raise NotFound("There is no such database here.")
        cipher = SecretCipher.of(self.settings)  # read again: the key may have been rotated
        password = cipher.decrypt(sealed["password"], row.organization_id, row.id, "password")
        # The database inside keeps the name that it was created with: a rename here does not affect clients.
        return Spec(
            row.id, row.engine, row.route or row.name, password, dict(row.quotas), dict(row.options), row.archives
        )
