"""Transfers of every kind: finds and lists them, and lets one attempt at a time run each."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.engines import drop_all
from headwater.features.accounts.rights import SYSTEM, Actor, missing
from headwater.features.accounts.service import audit, projects
from headwater.features.databases.models import Database
from headwater.features.databases.service import databases, reachability
from headwater.features.databases.service.reachability import ReachableDatabase
from headwater.features.jobs.context import Attempt
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue, row_claims
from headwater.features.jobs.service.queue import ForDatabase
from headwater.features.jobs.service.row_claims import RowClaim
from headwater.features.transfers import repository
from headwater.features.transfers.models import Transfer
from headwater.features.transfers.service.copy_rows import CopyEndpoint
from headwater.kit.errors import Cancelled, Forbidden, HeadwaterError
from headwater.kit.paging import Page, cut
from headwater.kit.settings import Settings
from headwater.store.session import Store


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer with its job, if it has one yet."""

    transfer: Transfer
    job: Job | None


async def find(
    db: AsyncSession, actor: Actor, transfer_id: uuid.UUID, *, write: bool = False, lock: bool = False
) -> Transfer:
    """Return a transfer whose databases the actor may see, or also write to."""
    transfer = await repository.get(db, transfer_id, lock=lock)
    if transfer is None or transfer.organization_id not in actor.roles:
        raise missing(transfer, "There is no such transfer.")
    await databases.find(db, actor, transfer.database_id, "database:write" if write else "database:read", deleted=True)
    return transfer


async def view(db: AsyncSession, actor: Actor, transfer_id: uuid.UUID) -> TransferView:
    """Return a transfer with its job."""
    return await view_of(db, await find(db, actor, transfer_id))


async def view_of(db: AsyncSession, transfer: Transfer) -> TransferView:
    """Return a transfer with its job."""
    return TransferView(*(await queue.with_jobs(db, [transfer]))[0])


async def list_of_database(
    db: AsyncSession, actor: Actor, database_id: uuid.UUID, *, cursor: str | None, limit: int
) -> Page[TransferView]:
    """Return the transfers from or to a database, newest first; imports that were not started are left out."""
    await databases.find(db, actor, database_id)
    rows = await repository.page(db, database_id, audit.before_id(cursor), limit)
    views = [TransferView(*pair) for pair in await queue.with_jobs(db, rows)]
    return cut(views, limit, lambda row: (str(row.transfer.id),))


async def begin(db: AsyncSession, actor: Actor, transfer: Transfer, database: Database, title: str) -> Job:
    """Put the job of a transfer into the queue, in the project of a database."""
    assert database.project_id
    project = await projects.get(db, actor, database.project_id, "database:read")
    db.add(transfer)
    await db.flush()
    job = await queue.enqueue(
        db,
        actor,
        ForDatabase(project, database.id),
        kind=f"transfer.{transfer.kind}",
        title=title,
        args={"transfer_id": str(transfer.id)},
    )
    transfer.job_id = job.id
    audit.record(
        db,
        actor,
        f"database.{transfer.kind}",
        "database",
        database.id,
        database.name,
        organization_id=database.organization_id,
        transfer_id=str(transfer.id),
    )
    await db.flush()
    await db.refresh(transfer)
    return job


@dataclass(slots=True)
class TransferAttempt:
    """One attempt at a transfer; it is the `ImportHooks` of its copy or import."""

    attempt: Attempt
    claim: RowClaim[Transfer]
    created: list[tuple[str, str]] = field(default_factory=list)
    unit: str = "rows"

    @property
    def transfer(self) -> Transfer:
        """The transfer."""
        return self.claim.row

    @property
    def settings(self) -> Settings:
        """The settings of the worker."""
        return self.attempt.settings

    @property
    def store(self) -> Store:
        """The store."""
        return self.attempt.database

    def report(self, phase: str, done: int, total: int, message: str) -> None:
        """Report progress; see `copy_rows.CopyHooks`."""
        unit = "rows" if phase == "rows" else self.unit if phase == "bytes" else "steps"
        self.attempt.report(phase, done, total, unit=unit, message=message)

    def stopped(self) -> bool:
        """Return True if the transfer was cancelled."""
        return self.attempt.stop.is_set()

    def refused(self, sentence: str) -> None:
        """Note in the job's log that the target refused an object."""
        self.attempt.note(f"Not copied: {sentence}.", "error")

    async def making(self, kind: str, name: str) -> None:
        """Record an object before it is created."""
        self.created.append((kind, name))
        await self.note(created={"things": self.created})

    async def committing(self, rows: int) -> None:
        """Record that rows are about to be committed; if the worker dies, the next attempt cannot know whether."""
        await self.note(created={"things": self.created, "committing": rows})

    async def note(self, **values: object) -> None:
        """Write to the transfer's row, or raise Cancelled if another attempt has it."""
        await self.claim.commit(self.store, **values)

    async def reach(self, database_id: uuid.UUID, *, write: bool) -> ReachableDatabase:
        """Return what is needed to open sessions on a database; raise if it has become read-only or was deleted."""
        async with self.store.transaction() as db:
            database = await databases.find(db, SYSTEM, database_id)
            if write and database.read_only:
                raise Forbidden(f"{database.name} is read-only.")
            return await reachability.load(db, self.attempt.context.cipher, database)

    async def open(self, stack: AsyncExitStack, reached: ReachableDatabase) -> CopyEndpoint:
        """Open a session that is closed with the stack."""
        return CopyEndpoint(
            reached.engine, await stack.enter_async_context(reachability.open_session(self.settings, reached))
        )

    async def clear(self, reached: ReachableDatabase) -> None:
        """Drop the objects that this transfer created, and forget them; only as the current attempt."""
        if not self.created:
            return
        await self.note(created={"things": self.created})
        async with AsyncExitStack() as stack:
            side = await self.open(stack, reached)
            await drop_all(side.loads, self.created)
        self.created = []
        await self.note(created={})


async def take(attempt: Attempt) -> TransferAttempt:
    """Begin an attempt at the transfer of a job; from here on, no other attempt can write to its row."""
    async with attempt.database.transaction() as db:
        transfer = await repository.get(db, uuid.UUID(attempt.args["transfer_id"]), lock=True)
        if transfer is None:
            raise Cancelled("The database of this transfer was deleted.")
        working = TransferAttempt(attempt, row_claims.claim(transfer))
        things: Sequence[Sequence[str]] = transfer.created.get("things", [])
        working.created = [(kind, name) for kind, name in things]
    return working


async def clear_after(working: TransferAttempt, reached: ReachableDatabase) -> None:
    """Drop created objects after a failure if possible; what is left stays recorded for the next attempt."""
    try:
        await asyncio.shield(working.clear(reached))
    except Cancelled:
        return
    except HeadwaterError as error:
        working.attempt.note(f"The tables and types that were created could not be deleted: {error.message}", "error")


async def finish(db: AsyncSession, working: TransferAttempt, result: dict[str, object]) -> None:
    """Store the result of a transfer in the transaction that completes its job, and forget the created objects."""
    await working.claim.update(db, result=result, created={})
