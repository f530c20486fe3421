"""kill -9 of a worker during a job."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable

import pytest

from entrypoints.headwater_process import HeadwaterProcess

WITHIN_SECONDS = 240.0
# The worker runs so long between two looks at the job, which is far shorter than the jobs that are killed.
STEP_SECONDS = 0.05


def killed_in_the_middle(headwater: HeadwaterProcess, job: str, done: int, unit: str = "rows") -> None:
    """Kill the worker after that many rows or steps, and wait until the next attempt has completed the job."""
    while not _is_killed_after(headwater, job, done, unit):
        time.sleep(STEP_SECONDS)
    killed = time.monotonic()
    while (job_json := headwater.get(f"/jobs/{job}"))["state"] in {"pending", "running"}:
        assert time.monotonic() - killed < WITHIN_SECONDS, job_json
        time.sleep(0.2)
    assert (job_json["state"], job_json["attempts"] >= 2) == ("completed", True), job_json


def _is_killed_after(headwater: HeadwaterProcess, job: str, done: int, unit: str) -> bool:
    """Pause the worker, so that the job cannot end meanwhile; kill it if it has processed that much."""
    workers = headwater.pids("headwater worker")
    _signal(workers, signal.SIGSTOP)
    job_json = headwater.get(f"/jobs/{job}")
    is_over = job_json["state"] not in {"pending", "running"}
    is_due = job_json["progress"]["unit"] == unit and job_json["progress"]["done"] >= done
    _signal(workers, signal.SIGKILL if is_due and not is_over else signal.SIGCONT)
    if is_over:
        pytest.fail(f"over before it could be killed: {job_json}")
    return bool(is_due)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)
