"""Runs a pure function over batches of files in worker processes (parsing does not scale over threads).

Small inputs, and machines or affinity masks with one core, stay in the calling process. Workers die with their parent,
even if it is killed with SIGKILL.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from headwater.core.lineage.shares import WorkShare, in_turn

Item = TypeVar("Item")
Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1
_SMALL_BYTES = 400_000
_BATCH_BYTES = 300_000
# Lowering takes at least one call for each level of nesting and has the usual limit of 1,000; no pass takes more
# than six for a level of facts.
_DEEP_CALLS = 6_000


def available_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches(items: Sequence[Item], weight: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Split items into batches of about equal size in bytes."""
    batch: list[Item] = []
    heavy = 0
    for item in items:
        batch.append(item)
        heavy += weight(item)
        if heavy >= _BATCH_BYTES:
            yield batch
            batch, heavy = [], 0
    if batch:
        yield batch


def map_batches(
    work: Callable[[list[Item]], Result],
    items: Sequence[Item],
    weight: Callable[[Item], int],
    *,
    processes: int | None = None,
    setup: tuple[Callable[[bytes], None], Callable[[], bytes]] | None = None,
    here: Callable[[list[Item]], Result] | None = None,
    share: WorkShare | None = None,
    unknown: Callable[[list[Item]], list[Item]] = lambda batch: batch,
) -> Iterator[tuple[list[Item], Result]]:
    """Yield (batch, work(batch)) as batches finish, in any order.

    Args:
        work: a module-level function; it and the items must pickle.
        items: the items to split into batches.
        weight: bytes of one item.
        processes: upper bound; the available cores when None.
        setup: a function that each process runs once before the first batch, and what returns its argument.
        here: replaces `setup` and `work` if everything stays in this process; need not pickle.
        share: the share of this scan if other workers do the same work.
        unknown: called before each batch of shared work; returns the items that nobody has done yet.
    """
    count = min(processes or available_cores(), available_cores())
    split = list(batches(items, weight))
    waiting = in_turn(share, split, unknown)
    if count <= 1 or sum(map(weight, items)) < _SMALL_BYTES:
        if setup and not here:
            setup[0](setup[1]())
        for batch in waiting:
            yield batch, (here or work)(batch)
        return
    ready = (setup[0], setup[1]()) if setup else None
    yield from _in_processes(work, waiting, min(count, len(split)), ready)


def _in_processes(
    work: Callable[[list[Item]], Result],
    waiting: Iterator[list[Item]],
    count: int,
    setup: tuple[Callable[[bytes], None], bytes] | None,
) -> Iterator[tuple[list[Item], Result]]:
    context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
    with ProcessPoolExecutor(count, context, _begin, (setup,)) as executor:
        running: dict[Future[Result], list[Item]] = {}
        try:
            while True:
                for batch in islice(waiting, 2 * count - len(running)):
                    running[executor.submit(work, batch)] = batch
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


@contextmanager
def deep_calls() -> Iterator[None]:
    """Let calls nest deeper than while files were lowered to facts, so that each pass can follow every fact."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEP_CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@contextmanager
def without_cycle_collection() -> Iterator[None]:
    """Pause the garbage collector for cycles: facts and claims are trees, and it takes a fifth of a scan."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _begin(setup: tuple[Callable[[bytes], None], bytes] | None) -> None:
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if setup:
        setup[0](setup[1])
