"""The processes of `headwater up`: copies of one process that has imported everything, so that each starts at once.

multiprocessing's fork server imports `entrypoints.preload` and is then forked for each child. Children share the
memory of what was imported, and one that was killed is back without importing anything.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.process import BaseProcess
from typing import Any

import structlog
from setproctitle import setproctitle

from headwater.kit import process
from headwater.kit.errors import Unavailable

log = structlog.get_logger()
PRELOADED = "headwater.entrypoints.preload"
RESTARTS, WINDOW_SECONDS = 30, 120.0
STOP_SECONDS = 25.0
# A title that is longer than the command line would overwrite what /proc shows as the environment.
ENVIRONMENT = {"SPT_NOENV": "1"}


class Children:
    """Starts and stops the children of this process, which has one set: multiprocessing has one fork server."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        os.environ.update(ENVIRONMENT | dict(environment))
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([PRELOADED])
        forkserver.ensure_running()
        self._turn = asyncio.Lock()
        self._starts: set[asyncio.Task[None]] = set()

    async def start(self, name: str, *arguments: Any) -> ForkServerProcess:
        """Start a command of Headwater in a process group of its own.

        Args:
            name: the command, and perhaps a number that tells its processes apart.
            arguments: those of the command's function, such as a socket that it inherits.

        Raises:
            Unavailable: the fork server was killed meanwhile; the next start gets a new one.
        """
        child = self._context.Process(target=_run, args=(name, *arguments), name=name)
        starting = asyncio.create_task(self._start(child))
        self._starts.add(starting)
        starting.add_done_callback(self._starts.discard)
        try:
            await asyncio.shield(starting)
        except (EOFError, OSError) as error:
            raise Unavailable(f"The process {name!r} could not be started: {error or 'it was killed'}.") from error
        return child

    async def _start(self, child: ForkServerProcess) -> None:
        async with self._turn:  # multiprocessing starts one process at a time
            await asyncio.to_thread(child.start)

    async def stop(self) -> None:
        """Stop all children with their process groups, also those that are just being started, and the fork server."""
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*map(_stop, multiprocessing.active_children()))
        # There is no public function for it; without it the fork server ends by itself, just after we have.
        await asyncio.to_thread(forkserver._forkserver._stop)  # type: ignore[attr-defined]


async def _stop(child: BaseProcess) -> None:
    child.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await _ended(child)
    except TimeoutError:
        child.kill()
        await _ended(child)
    process.kill_group(_pid_of(child))


async def _ended(child: BaseProcess) -> None:
    """Wait until a child has ended."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(child.sentinel, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(child.sentinel)


def _pid_of(child: BaseProcess) -> int:
    assert child.pid is not None, "it was started"
    return child.pid


def _run(name: str, *arguments: Any) -> None:
    """Run a command of Headwater in a new child, which ends with the fork server and with `headwater up`."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    process.die_with_parent(signal.SIGTERM)
    threading.Thread(target=_end_with_headwater, daemon=True).start()
    setproctitle(f"headwater {name}")
    importlib.import_module(PRELOADED).COMMANDS[name.partition(" ")[0]](*arguments)


def _end_with_headwater() -> None:
    """Stop this process when `headwater up` ends: it is not the parent, of whose death the kernel would tell."""
    headwater = multiprocessing.parent_process()
    assert headwater is not None, "this is a child"
    wait([headwater.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


class Child:
    """A Headwater process that is started again whenever it ends."""

    def __init__(self, name: str, children: Children, title: str, *arguments: Any) -> None:
        self.name = name
        self._children = children
        self._start = (title, *arguments)
        self._ends: deque[float] = deque(maxlen=RESTARTS)

    async def watch(self, on_end: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        """Keep the process running; `on_end` gets the process id of each one that ended.

        Raises:
            Unavailable: it ends again and again.
        """
        while True:
            try:
                child = await self._children.start(*self._start)
            except Unavailable as error:
                log.warning("child.not_started", child=self.name, error=error.message)
            else:
                await self._watch(child, on_end)
            moment = time.monotonic()
            if len(self._ends) == RESTARTS and moment - self._ends[0] < WINDOW_SECONDS:
                raise Unavailable(f"The {self.name} process keeps crashing.", hint="See the log above for the reason.")
            await asyncio.sleep(0.1 if not self._ends or moment - self._ends[-1] > 5 else 1.0)
            self._ends.append(moment)

    async def _watch(self, child: ForkServerProcess, on_end: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        await _ended(child)
        pid = _pid_of(child)
        child.join()
        log.warning("child.exited", child=self.name, code=child.exitcode)
        process.kill_group(pid)
        child.close()
        await on_end(pid)
