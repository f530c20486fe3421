"""The worker process: Procrastinate wakes it, the runner runs attempts, and heartbeats show that it is alive."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
import uuid
from types import ModuleType

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg import OperationalError
from sqlalchemy.exc import SQLAlchemyError

from headwater.entrypoints import key_rotation, startup
from headwater.entrypoints.worker import memory
from headwater.features import collect, declared
from headwater.features.jobs.context import Task
from headwater.features.jobs.names import QUEUE, TASK
from headwater.features.jobs.runner import Runner
from headwater.features.jobs.service import sweep, workers
from headwater.kit import logs
from headwater.kit.errors import HeadwaterError
from headwater.kit.settings import Settings, settings
from headwater.store import migrations
from headwater.store.address import store_url
from headwater.store.context import Context
from headwater.store.session import Store, driver_url

log = structlog.get_logger()
FETCH_SECONDS = 1.0
STOP_SECONDS, IDLE_STOP_SECONDS = 20.0, 2.0
MAINTENANCE_SECONDS = 600.0
TIDY_SECONDS, TIDY_SHARE = 0.1, 20.0  # the interval, and the minimum pause as a multiple of the time it took


def task_of(kind: str) -> Task:
    """Return the function for a kind of job.

    Raises:
        KeyError: there is none.
    """
    word = kind.split(".")[0]
    for feature in [name for name, words in declared("JOBS").items() if word in words]:  # loads no other features
        tasks: dict[str, Task] = collect("tasks", (feature,))[feature].TASKS
        if kind in tasks:
            return tasks[kind]
    raise KeyError(kind)


async def work(chosen: Settings) -> None:
    """Take jobs until SIGTERM or SIGINT."""
    url = store_url(chosen)
    await asyncio.to_thread(migrations.upgrade, url)
    await startup.check(chosen, url)
    database = Store(url, pool_size=5)
    me = workers.this_process()
    context = Context(chosen, database)
    runner = Runner(context, me.id, task_of)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    heart = loop.create_task(_keep_alive(database, me))
    puller = loop.create_task(_pull_forever(url, runner))
    maintenance = loop.create_task(_maintain_features(context))
    tidier = loop.create_task(_tidy(runner))
    waiting = loop.create_task(stopping.wait())
    try:
        done, _ = await asyncio.wait({waiting, heart, puller, maintenance, tidier}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a worker that cannot take jobs must not send heartbeats
    finally:
        waiting.cancel()
        runner.stop()
        puller.cancel()
        heart.cancel()
        maintenance.cancel()
        tidier.cancel()
        await _until_idle(runner, {puller, heart, maintenance, tidier})
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(IDLE_STOP_SECONDS), database.transaction() as db:
                await workers.leave(db, me)
        await database.close()


async def _until_idle(runner: Runner, tasks_: set[asyncio.Task[None]]) -> None:
    """Give running attempts time to requeue their jobs; do not wait for tasks that hang on an unreachable store."""
    deadline = time.monotonic() + STOP_SECONDS
    _, waiting = await asyncio.wait(tasks_, timeout=IDLE_STOP_SECONDS)
    while waiting and runner.busy and time.monotonic() < deadline:
        _, waiting = await asyncio.wait(waiting, timeout=0.2)


async def _pull_forever(url: str, runner: Runner) -> None:
    """Run Procrastinate's worker; restart it if it ends because the store could not be reached."""
    conninfo = driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    delay = 0.2
    while True:
        app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))

        @app.task(name=TASK)
        async def run(job_id: str) -> None:
            await runner.run(uuid.UUID(job_id))

        try:
            async with app.open_async():
                delay = 0.2
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    fetch_job_polling_interval=FETCH_SECONDS,
                    update_heartbeat_interval=workers.BEAT_SECONDS,
                    stalled_worker_timeout=workers.DEAD_SECONDS * 2,
                    shutdown_graceful_timeout=STOP_SECONDS,
                )
        except (ConnectorException, OperationalError, OSError) as error:
            log.warning("worker.store_unavailable", error=str(error))
        await asyncio.sleep(delay)
        delay = min(delay * 2, 2.0)


async def _maintain_features(context: Context) -> None:
    """Run the maintenance of every feature; a slow one does not delay the others."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_finish_rotation(context))
        for module in collect("maintenance").values():
            group.create_task(_maintain_feature(module, context))


async def _finish_rotation(context: Context) -> None:
    """Finish a rotation of the master key that was interrupted."""
    while True:
        try:
            await key_rotation.finish(context)
        except (SQLAlchemyError, OSError, HeadwaterError) as error:
            log.warning("key_rotation.incomplete", problem=str(error.__cause__ or error))
        await asyncio.sleep(MAINTENANCE_SECONDS)


async def _maintain_feature(module: ModuleType, context: Context) -> None:
    """Run the maintenance of one feature, at the interval `EVERY_SECONDS` that it declares."""
    while True:
        try:
            await module.run_maintenance(context)
        except (SQLAlchemyError, OSError, HeadwaterError) as error:
            log.warning("maintenance.failed", room=module.__name__, error=str(error.__cause__ or error))
        await asyncio.sleep(getattr(module, "EVERY_SECONDS", MAINTENANCE_SECONDS))


async def _keep_alive(database: Store, me: workers.Process) -> None:
    """Send heartbeats and sweep at intervals."""
    while True:
        try:
            async with database.transaction() as db:
                await workers.beat(db, me)
            async with database.transaction() as db:
                await sweep.sweep(db)
        except (SQLAlchemyError, OSError) as error:
            log.warning("worker.heartbeat_failed", error=str(error.__cause__ or error))
        await asyncio.sleep(workers.BEAT_SECONDS)


async def _tidy(runner: Runner) -> None:
    """Return free memory to the system while there is work, and once after it."""
    worked, spent = True, 0.0
    while True:
        if worked or runner.busy:
            spent = await asyncio.to_thread(memory.give_back)
        worked = runner.busy
        await asyncio.sleep(max(TIDY_SECONDS, TIDY_SHARE * spent))


def main() -> None:
    """Run a worker with the settings of the environment."""
    memory.spare()
    chosen = settings()
    logs.configure(chosen.log_level, chosen.log_format)
    try:
        asyncio.run(work(chosen))
    except HeadwaterError as error:
        log.error("worker.failed", error=error.message, hint=error.hint)
        sys.exit(1)
