"""Makes every managed database what its row wants, by steps that can be repeated; one step at a time for each."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headwater.drivers import Driver, Spec
from headwater.engines import Address
from headwater.features.databases import repository
from headwater.features.databases.models import Database
from headwater.features.databases.supervisor.managed_instance import Kept, next_step, wanted
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, HeadwaterError, NotFound
from headwater.kit.settings import Settings
from headwater.store.sealing import Sealer
from headwater.store.session import Database as Store

log = structlog.get_logger()
GRACE = timedelta(days=7)
RECONCILE_SECONDS = 5.0
WAKES_AT_ONCE = 8
RETRY_SECONDS = 10.0
PREPARE_SECONDS = 0.3


class Keeper:
    """Owns every instance of this host."""

    def __init__(self, settings: Settings, store: Store, driver: Driver) -> None:
        self.settings = settings
        self.driver = driver
        self.kept: dict[uuid.UUID, Kept] = {}
        self._store = store
        self._sealer = Sealer.of(settings)
        self._wakes = asyncio.Semaphore(WAKES_AT_ONCE)
        self._waking: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._preparing: asyncio.Task[None] | None = None
        self._steps: dict[str, Callable[[Kept, Database], Awaitable[None]]] = {
            "orphan": self._orphan, "destroy": self._destroy, "halt": self._halt, "run": self._run,
            "apply": self._apply, "restart": self._restart, "fallen": self._fallen,
        }  # fmt: skip

    async def begin(self) -> None:
        """Clear away what a killed keeper left: half a database on disk, and rows that say running."""
        async with self._store.transaction() as db:
            rows = await repository.managed(db)
            for row in rows:
                if row.state in {"running", "starting"}:
                    row.state, row.state_at = "asleep", now()
                    row.desired = "asleep" if row.desired == "running" else row.desired
        await self.driver.sweep({row.id for row in rows}, GRACE)

    async def close(self) -> None:
        """Stop everything; the rows say asleep."""
        for task in (*self._at_work, *self._waking.values()):
            task.cancel()
        await asyncio.gather(*self._at_work, *self._waking.values(), return_exceptions=True)
        await self.driver.close()
        for kept in self.kept.values():
            if kept.running:
                await self._rest(kept, "asleep", state="asleep")

    async def reconcile(self) -> None:
        """Bring every database nearer to what is wanted of it, all of them at once."""
        read = time.monotonic()
        async with self._store.transaction() as db:
            rows = await repository.managed(db)
        for row in rows:
            await self._look(row, read)

    async def poke(self, database_id: uuid.UUID) -> None:
        """A row has changed: look at it now."""
        read = time.monotonic()
        row = await self._row(database_id)
        if row is not None:
            await self._look(row, read)

    async def wake(self, database_id: uuid.UUID) -> Address:
        """Return where a database takes connections, started if it slept.

        Raises:
            NotFound: there is no such database here.
            Conflict: it was stopped.
            HeadwaterError: it does not start.
        """
        kept = self.kept.get(database_id)
        if kept is None or not self.up(kept):
            waking = self._waking.get(database_id)
            if waking is None:
                waking = asyncio.create_task(self._wake(database_id))
                self._waking[database_id] = waking
                waking.add_done_callback(lambda _: self._waking.pop(database_id, None))
            # Who no longer waits does not end it for those who do.
            await asyncio.shield(waking)
            kept = self.kept[database_id]
        kept.seen = time.monotonic()
        return self.driver.dsn(kept.spec)

    async def wake_route(self, engine: str, route: str) -> tuple[Kept, Address]:
        """Wake the database that the proxy knows by a name; who speaks another engine's language is told so."""
        for kept in self.kept.values():
            if kept.route == route and kept.spec.engine == engine and self.up(kept):
                return kept, await self.wake(kept.spec.id)
        async with self._store.transaction() as db:
            row = await repository.by_route(db, route)
        if row is None:
            raise NotFound(f"There is no database called {route!r} here.", hint="Ask Headwater for its address.")
        if row.engine != engine:
            raise NotFound(f"{route} is no {engine} database.", hint=f"It is a {row.engine} database.")
        address = await self.wake(row.id)
        return self.kept[row.id], address

    def up(self, kept: Kept) -> bool:
        """Say whether a database takes connections now."""
        return kept.running and self._alive(kept)

    def _alive(self, kept: Kept) -> bool:
        return self.driver.status(kept.spec) == "running"

    def prepare(self) -> None:
        """Let the driver make ahead what the next new database needs; once, however often it is asked for."""
        if self._preparing is None or self._preparing.done():
            self._preparing = self.soon(self._prepare())

    async def _prepare(self) -> None:
        await asyncio.sleep(PREPARE_SECONDS)  # the database that was just made comes first
        try:
            await self.driver.prepare()
        except (HeadwaterError, OSError) as error:
            log.warning("keeper.not_prepared", error=str(error))

    def soon(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside, until we close."""
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return task

    async def note(self, kept: Kept, **values: Any) -> None:
        """Write what was found out of a database into its row."""
        if "state" in values:
            values = {"state_reason": "", "state_at": now()} | values
        async with self._store.transaction() as db:
            await repository.note(db, kept.spec.id, **values)

    async def keep_metrics(self, kept: Kept, values: dict[str, float]) -> None:
        """Write what was measured of a database."""
        async with self._store.transaction() as db:
            await repository.add_metric(db, kept.spec.id, values)
            await repository.note(db, kept.spec.id, size_bytes=int(values.get("size_bytes", 0)))

    async def sleep(self, kept: Kept, state: Literal["asleep", "stopped"] = "asleep", reason: str = "") -> None:
        """Stop a database's server; the caller holds the lock. Who connects from now on waits for the lock."""
        kept.running = False
        await self.driver.stop(kept.spec)
        await self._rest(kept, state, state=state, state_reason=reason)

    async def _rest(self, kept: Kept, desired: str, **values: Any) -> None:
        """Note that a database has stopped; who wanted it started meanwhile is not overruled."""
        async with self._store.transaction() as db:
            await repository.turn(db, kept.spec.id, "running", desired)
            await repository.note(db, kept.spec.id, **({"state_reason": "", "state_at": now()} | values))

    async def _row(self, database_id: uuid.UUID) -> Database | None:
        async with self._store.transaction() as db:
            rows = await repository.managed(db, database_id)
        return rows[0] if rows else None

    async def _wake(self, database_id: uuid.UUID) -> None:
        row = await self._row(database_id)
        if row is None:
            raise NotFound("There is no such database here.")
        kept = await self._known(row)
        async with kept.lock:
            row = await self._row(database_id)
            if row is None or row.deleted_at is not None:
                raise NotFound("There is no such database here.")
            if row.building:
                raise Conflict(f"{row.name} is being recovered.", hint="It starts by itself when that is done.")
            if row.desired == "stopped":
                raise Conflict(f"{row.name} is stopped.", hint=row.state_reason or "Start it first.")
            if not self.up(kept):
                await self._run(kept, row)

    async def _look(self, row: Database, read: float) -> None:
        try:
            kept = await self._known(row)
        except NotFound:
            return  # purged since the row was read
        if not wanted(row) and not kept.lock.locked() and kept.started < read:
            kept.running = False  # from here on, who connects asks the row
        if next_step(kept, row, now(), alive=self._alive(kept)) and not kept.lock.locked():
            self.soon(self._step(kept))

    async def _step(self, kept: Kept) -> None:
        """Do the next step of one database; what goes wrong is told in its row, and tried again later."""
        async with kept.lock:
            try:
                row = await self._row(kept.spec.id)
                step = next_step(kept, row, now(), alive=self._alive(kept)) if row else None
                if row and step:
                    await self._steps[step](kept, row)
            except (HeadwaterError, OSError, SQLAlchemyError) as error:
                log.warning("keeper.step_failed", database=str(kept.spec.id), error=str(error))

    async def _orphan(self, kept: Kept, row: Database) -> None:
        await self.note(kept, desired="stopped", deleted_at=now(), purge_at=now() + GRACE)

    async def _run(self, kept: Kept, row: Database) -> None:
        async with self._wakes:
            try:
                if self.driver.status(kept.spec) == "absent":
                    await self.driver.create(kept.spec)
                    self.prepare()
                await self.driver.start(kept.spec)
            except (HeadwaterError, OSError) as error:
                await self.driver.stop(kept.spec)
                failure = error if isinstance(error, HeadwaterError) else HeadwaterError(f"{error.strerror}.")
                await self._failed(kept, failure)
                raise failure from error
        kept.running, kept.applied, kept.failures, kept.seen = True, kept.spec, 0, time.monotonic()
        await self.note(kept, state="running", used_at=now())
        async with self._store.transaction() as db:
            await repository.turn(db, kept.spec.id, row.desired, "running")
        kept.started = time.monotonic()

    async def _apply(self, kept: Kept, row: Database) -> None:
        await self.driver.apply(kept.spec)
        kept.applied = kept.spec

    async def _restart(self, kept: Kept, row: Database) -> None:
        """Start its server anew, with settings that a running one cannot take; who connects meanwhile waits."""
        kept.running = False
        await self.driver.stop(kept.spec)
        await self._run(kept, row)

    async def _halt(self, kept: Kept, row: Database) -> None:
        kept.running = False
        await self.driver.stop(kept.spec)
        state = "stopped" if row.desired == "stopped" or row.deleted_at else "asleep"
        await self.note(kept, state=state, state_reason=row.state_reason)

    async def _fallen(self, kept: Kept, row: Database) -> None:
        """Its server died: the next who connects wakes it."""
        await self.sleep(kept)

    async def _destroy(self, kept: Kept, row: Database) -> None:
        await self.note(kept, state="deleting")
        kept.running = False
        await self.driver.destroy(kept.spec)
        async with self._store.transaction() as db:
            await repository.forget(db, kept.spec.id)
        self.kept.pop(kept.spec.id, None)

    async def _failed(self, kept: Kept, error: HeadwaterError) -> None:
        kept.running = False
        kept.failures += 1
        kept.retry_at = time.monotonic() + RETRY_SECONDS * kept.failures
        reason = f"{error.message} {error.hint or ''}".strip()
        log.warning("keeper.failed", database=str(kept.spec.id), reason=reason)
        await self.note(kept, state="failed", state_reason=reason)

    async def _known(self, row: Database) -> Kept:
        """Return what the keeper has in mind of a row, brought up to what the row says now."""
        kept = self.kept.get(row.id)
        if kept is None:
            kept = self.kept.setdefault(row.id, Kept(await self._spec(row), row.route or row.name))
        elif (dict(kept.spec.quotas), kept.spec.archives) != (row.quotas, row.archives):
            kept.spec = await self._spec(row)
        kept.sleep_after = row.sleep_after_seconds
        return kept

    async def _spec(self, row: Database) -> Spec:
        async with self._store.transaction() as db:
            sealed = await repository.secrets(db, row.id)
        if "password" not in sealed:
            raise NotFound("There is no such database here.")
        password = self._sealer.open(sealed["password"], row.organization_id, row.id, "password")
        # The database inside keeps the name that it was made with: a rename here changes no client.
        return Spec(
            row.id, row.engine, row.route or row.name, password, dict(row.quotas), dict(row.options), row.archives
        )
