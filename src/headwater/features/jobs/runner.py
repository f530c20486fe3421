"""Runs attempts: stores heartbeat and progress, and ends each attempt in exactly one way."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts.service import audit
from headwater.features.accounts.service.audit import Event, Outcome
from headwater.features.jobs import origins
from headwater.features.jobs.context import Attempt, Task, Write
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import attempts
from headwater.features.jobs.service.attempts import AttemptLost
from headwater.kit.clock import now
from headwater.kit.errors import Cancelled, HeadwaterError
from headwater.store.context import Context

log = structlog.get_logger()
Result = TypeVar("Result")
PULSE_SECONDS = 0.5
BEAT_SECONDS = 3.0
# How long the end of an attempt waits for a store that does not answer, before another process requeues the job.
PATIENCE_SECONDS = 120.0


class Runner:
    """The attempts of one worker process."""

    def __init__(self, context: Context, worker_id: uuid.UUID, task_of: Callable[[str], Task]) -> None:
        self._context = context
        self._worker_id = worker_id
        self._task_of = task_of
        self._running: set[Attempt] = set()
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Return True if an attempt is running."""
        return bool(self._running)

    def stop(self) -> None:
        """Ask every running attempt to end; its job goes back to the queue."""
        self._stopping = True
        for attempt in self._running:
            attempt.stop.set()

    async def run(self, job_id: uuid.UUID) -> None:
        """Run one attempt of a job; this never raises an error of the job."""
        try:
            claimed = await self._stored(lambda db: attempts.claim(db, job_id, self._worker_id))
        except SQLAlchemyError:
            log.warning("job.claim_failed", job_id=str(job_id))
            return
        if claimed is None:
            return
        job, token = claimed
        with structlog.contextvars.bound_contextvars(job_id=str(job.id), kind=job.kind, **_origin(job)):
            try:
                await self._attempt(job, token)
            except AttemptLost:
                log.warning("job.lost")
            except SQLAlchemyError as error:
                log.error("job.result_not_stored", error=str(error))

    async def _attempt(self, job: Job, token: uuid.UUID) -> None:
        attempt = Attempt(
            job.id,
            job.project_id,
            job.codebase_id,
            job.args,
            self._context,
            progress=dict(job.progress),
            author=origins.author_of(job.origin, job.created_by),
        )
        self._running.add(attempt)
        if self._stopping:
            attempt.stop.set()
        pulse = asyncio.create_task(self._pulse(attempt, token))
        started = time.monotonic()
        try:
            task = await asyncio.to_thread(self._task_of, job.kind)  # the first job of a kind imports its feature
            write = await task(attempt)
            attempt.check()
            await self._finish(attempt, job, token, write)
            log.info("job.completed", seconds=round(time.monotonic() - started, 2))
        except AttemptLost:
            raise
        except Exception as error:  # every error of a task ends its attempt
            ended = error
            await attempt.end()
            await self._stored(lambda db: self._end(db, attempt, job, token, ended))
        finally:
            self._running.discard(attempt)
            pulse.cancel()
            with contextlib.suppress(asyncio.CancelledError, AttemptLost):
                await pulse

    async def _finish(self, attempt: Attempt, job: Job, token: uuid.UUID, write: Write) -> None:
        async def finish(db: AsyncSession) -> None:
            await write(db)
            _record_end(db, attempt, job, "ok")
            _write_notes(db, attempt.job_id, attempt.notes)
            await attempts.complete(db, attempt.job_id, token, attempt.progress)

        await attempt.end()
        await self._stored(finish)

    async def _end(self, db: AsyncSession, attempt: Attempt, job: Job, token: uuid.UUID, error: Exception) -> None:
        """End an attempt that did not complete: cancelled, failed or back in the queue."""
        _write_notes(db, job.id, attempt.notes)
        if isinstance(error, Cancelled):
            if self._stopping and not await attempts.pulse(db, job.id, token, None):
                await attempts.put_back(db, job.id, token, "The worker was stopped. The job goes back to the queue.")
            else:
                await attempts.give_up(db, job.id, token, "cancelled", None)
                _record_end(db, attempt, job, "cancelled")
        elif isinstance(error, HeadwaterError) and error.status < 500:
            await attempts.give_up(db, job.id, token, "failed", _sentence(error))
            _record_end(db, attempt, job, "failed")
        elif isinstance(error, DBAPIError) and error.connection_invalidated:
            await attempts.put_back(db, job.id, token, "The store was unreachable. The job goes back to the queue.")
        else:
            _log_failure(error)
            await attempts.fail(db, job, token, _sentence(error))
            _record_end(db, attempt, job, "failed")

    async def _pulse(self, attempt: Attempt, token: uuid.UUID) -> None:
        """Store heartbeat, progress and notes at intervals, and stop the attempt when the job is cancelled."""
        beaten = time.monotonic()
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            due = time.monotonic() - beaten > BEAT_SECONDS
            progress, attempt.changed = (attempt.progress if attempt.changed else None), False
            try:
                async with attempt.noting:
                    notes = () if attempt.ending else tuple(attempt.notes)
                    async with self._context.store.transaction() as db:
                        _write_notes(db, attempt.job_id, notes)
                        if await attempts.pulse(db, attempt.job_id, token, progress):
                            attempt.stop.set()
                    attempt.noted(notes)
                beaten = time.monotonic()
            except AttemptLost:
                attempt.stop.set()
                raise
            except (SQLAlchemyError, OSError) as error:
                attempt.changed = attempt.changed or progress is not None
                if due:
                    log.warning("job.heartbeat_failed", error=str(error.__cause__ or error))

    async def _stored(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Run a function in a transaction; run it again if the store cannot be reached."""
        deadline, delay = time.monotonic() + PATIENCE_SECONDS, 0.2
        while True:
            try:
                async with self._context.store.transaction() as db:
                    return await work(db)
            except SQLAlchemyError as error:
                away = not isinstance(error, DBAPIError) or error.connection_invalidated or _is_operational(error)
                if not away or time.monotonic() > deadline:
                    raise
                log.warning("store.unavailable", error=str(error.__cause__ or error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)


def _log_failure(error: Exception) -> None:
    """Log why an attempt failed: with a traceback only if it can be a mistake in the code."""
    if isinstance(error, HeadwaterError):
        log.warning("job.failed", error=error.message)
    elif isinstance(error, ConnectionError) or _is_operational(error):
        log.warning("job.interrupted", error=str(error))  # a session that was ended, a server that has gone
    else:
        log.error("job.crashed", exc_info=error)


def _origin(job: Job) -> dict[str, str]:
    """Return what the log says of where a job comes from."""
    origin = {name: str(job.origin.get(name, "")) for name in ("request_id", "address")}
    return {name: value for name, value in (origin | {"user": str(job.created_by or "")}).items() if value}


def _record_end(db: AsyncSession, attempt: Attempt, job: Job, outcome: Outcome) -> None:
    """Record the end of an attempt that a person has started."""
    if job.created_by is None:
        return
    seconds = (now() - job.started_at).total_seconds() if job.started_at else 0.0
    details = {"job": job.kind, "attempt": job.attempts, "milliseconds": round(seconds * 1000)}
    event = Event("job.end", "job", job.id, job.title, job.organization_id, outcome=outcome, details=details)
    audit.record_event(db, attempt.author, event)


def _is_operational(error: Exception) -> bool:
    """Return True for what the drivers of all databases raise when a connection is lost, by its name in the DB API."""
    return any(base.__name__ in {"OperationalError", "InterfaceError"} for base in type(error).__mro__)


def _write_notes(db: AsyncSession, job_id: uuid.UUID, notes: Iterable[tuple[str, str]]) -> None:
    for level, message in notes:
        attempts.log(db, job_id, level, message)


def _sentence(error: Exception) -> str:
    if isinstance(error, HeadwaterError):
        return f"{error.message} {error.hint}" if error.hint else error.message
    return f"An unexpected error occurred ({type(error).__name__}: {error})."[:1000]
