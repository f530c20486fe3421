"""kill -9 of a worker during a job."""

from __future__ import annotations

import os
import signal
import time

import pytest

from entrypoints.headwater_process import HeadwaterProcess

WITHIN_SECONDS = 240.0


def killed_in_the_middle(headwater: HeadwaterProcess, job: str, done: int, unit: str = "rows") -> None:
    """Kill the worker after that many rows or steps, and wait until the next attempt has completed the job."""
    while not _paused_after(headwater, job, done, unit):
        _signal(headwater, signal.SIGCONT)
        time.sleep(0.02)
    killed = time.monotonic()
    _signal(headwater, signal.SIGKILL)
    while (job_json := headwater.get(f"/jobs/{job}"))["state"] in {"pending", "running"}:
        assert time.monotonic() - killed < WITHIN_SECONDS, job_json
        time.sleep(0.2)
    assert (job_json["state"], job_json["attempts"] >= 2) == ("completed", True), job_json


def _paused_after(headwater: HeadwaterProcess, job: str, done: int, unit: str) -> bool:
    """Pause the worker, so that the job cannot end meanwhile; return True if it has processed that much."""
    _signal(headwater, signal.SIGSTOP)
    job_json = headwater.get(f"/jobs/{job}")
    if job_json["state"] not in {"pending", "running"}:
        _signal(headwater, signal.SIGCONT)
        pytest.fail(f"over before it could be killed: {job_json}")
    return bool(job_json["progress"]["unit"] == unit and job_json["progress"]["done"] >= done)


def _signal(headwater: HeadwaterProcess, number: signal.Signals) -> None:
    for pid in headwater.pids("headwater worker"):
        os.kill(pid, number)
