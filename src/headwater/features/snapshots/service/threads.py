"""Runs work of jobs in threads that can be cancelled, and reports its progress."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from headwater.engines import Batch
from headwater.features.jobs.context import Attempt
from headwater.kit.errors import Cancelled, HeadwaterError

Found = TypeVar("Found")
LOOK_SECONDS = 0.3
SHOW_SECONDS = 0.2


async def run_cancellable(attempt: Attempt, cancel: Callable[[], None], work: Callable[[], Found]) -> Found:
    """Run work in a thread; when the attempt is stopped, call `cancel` until the work has ended.

    Raises:
        Cancelled: the attempt was stopped, whatever error the work raised.
    """
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
            if attempt.stop.is_set() and not task.done():
                await asyncio.to_thread(cancel)
        return task.result()
    except HeadwaterError:
        attempt.check()
        raise
    except asyncio.CancelledError:
        # The thread still runs: it must not outlive the connections that it uses.
        attempt.stop.set()
        while not task.done():
            await asyncio.shield(asyncio.to_thread(cancel))
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
        with contextlib.suppress(Exception):
            task.result()
        raise


async def stoppable(attempt: Attempt, work: Coroutine[Any, Any, Found]) -> Found:
    """Run a coroutine; cancel it when the attempt is stopped.

    Raises:
        Cancelled: the attempt was stopped.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_SECONDS)
            if attempt.stop.is_set() and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                raise Cancelled
        return task.result()
    finally:
        if not task.done():
            task.cancel()


def run_parallel(threads: int, cancel: Callable[[], None], work: Mapping[str, Callable[[], Found]]) -> dict[str, Found]:
    """Run functions in a number of threads, in order, and return their results. Blocks.

    If one fails, `cancel` is called and the others are ended; none is running any more when this returns.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="snapshots")
    try:
        under_way = {name: pool.submit(function) for name, function in work.items()}
        return {name: future.result() for name, future in under_way.items()}
    except BaseException:
        cancel()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class RowProgress:
    """Progress of a job by rows of all tables; may be used by several threads."""

    def __init__(self, attempt: Attempt, phase: str, total: int, tables: int) -> None:
        self._attempt, self._phase, self._total, self._tables = attempt, phase, total, tables
        self._started, self._shown = time.monotonic(), 0.0
        self._lock = threading.Lock()
        self.rows, self.bytes = 0, 0
        self._begun: set[str] = set()

    def counted(self, batches: Iterator[Batch], table: str) -> Iterator[Batch]:
        """Yield the batches and count their rows; raise Cancelled if the attempt was stopped."""
        self.begin(table)
        for batch in batches:
            yield batch
            with self._lock:
                self.rows += batch.num_rows
                self.bytes += batch.nbytes
                if time.monotonic() - self._shown >= SHOW_SECONDS:
                    self.show(table)
            self._attempt.check()

    def begin(self, table: str) -> None:
        """Report that work on a table has begun."""
        with self._lock:
            self._begun.add(table)
            self.show(table)

    def passed(self, rows: int) -> None:
        """Count rows that were skipped without reading; raise Cancelled if the attempt was stopped."""
        with self._lock:
            self.rows += rows
        self._attempt.check()

    def show(self, table: str) -> None:
        """Report the progress and the estimated time left."""
        self._shown = time.monotonic()
        spent, total = self._shown - self._started, max(self._total, self.rows)
        detail: dict[str, Any] = {"table": len(self._begun), "tables": self._tables, "bytes": self.bytes}
        if self.rows and total:
            detail["seconds_left"] = round(spent * (total - self.rows) / self.rows, 1)
        self._attempt.report(self._phase, self.rows, total, unit="rows", message=table, detail=detail)
