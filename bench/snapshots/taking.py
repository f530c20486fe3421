"""Snapshots as a user takes them, over HTTP, and what is measured of them."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.rows import Row
from entrypoints.proxied_headwater import ProxiedHeadwater

COMMAND = "make bench PART=snapshots"
ROUNDS = 3
SETTLED_SECONDS = 4.0  # a worker that begins is busy with itself


class Bench:
    """A database of a running Headwater, and a folder for the files of its peers."""

    def __init__(self, kept: ProxiedHeadwater, name: str, engine: str = "postgresql", *, url: str = "") -> None:
        """Make a database, or connect the one at a URL."""
        self.kept, self.client = kept, kept.headwater.client
        if url:
            self.database = kept.adopt(name, url)
        else:
            self.database = kept.create(name, engine=engine, quotas={"statement_seconds": 3600, "disk_mb": 100_000})
        self.folder = kept.home / "peers"
        self.folder.mkdir(exist_ok=True)

    def snapshot(self, **body: Any) -> tuple[dict[str, Any], float]:
        """Take a snapshot; return it, and how long it took from asking until it was complete."""
        began = time.perf_counter()
        answer = self.client.post(f"/api/v1/databases/{self.database['id']}/snapshots", json=body)
        assert answer.status_code == 202, answer.text
        result = self.until(f"/snapshots/{answer.json()['id']}", lambda item: item["status"] != "taking")
        assert result["status"] == "complete", result
        return result, time.perf_counter() - began

    def restore(self, snapshot: dict[str, Any], name: str) -> float:
        """Restore into a new database and return how long it took from asking until it was done.

        The proof of the snapshot's schema, which is a job of its own, is waited for first.
        """
        self.until(f"/snapshots/{snapshot['id']}", lambda item: (item["proof"] or {}).get("state") != "pending")
        began = time.perf_counter()
        answer = self.client.post(f"/api/v1/snapshots/{snapshot['id']}/restores", json={"name": name})
        assert answer.status_code == 202, answer.text
        result = self.until(
            f"/restores/{answer.json()['id']}", lambda table: table["job"]["state"] not in {"pending", "running"}
        )
        assert result["job"]["state"] == "completed" and all(table["same"] for table in result["tables"]), result
        return time.perf_counter() - began

    def until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask until it is done; ever more seldom, for what answers also costs time of the processors measured."""
        began = time.perf_counter()
        while True:
            result: dict[str, Any] = self.kept.headwater.get(path)
            if done(result):
                return result
            time.sleep(max(0.02, 0.05 * (time.perf_counter() - began)))

    def forget(self) -> None:
        """Delete all snapshots, so that the next one is a first one."""
        for item in self.kept.headwater.get(f"/databases/{self.database['id']}/snapshots")["items"]:
            assert self.client.delete(f"/api/v1/snapshots/{item['id']}").status_code == 204


@contextmanager
def memory(kept: ProxiedHeadwater) -> Iterator[list[int]]:
    """Give, at the end, the most memory that a worker had that was begun for this, in bytes.

    The kernel keeps the peak, so that nobody has to look meanwhile: that would cost what is measured, too.
    """
    for pid in kept.headwater.pids("headwater worker"):
        os.kill(pid, signal.SIGTERM)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)
    while not (workers := kept.headwater.pids("headwater worker")):
        time.sleep(0.05)
    time.sleep(SETTLED_SECONDS)
    result = [0]
    yield result
    result[0] = max(_peak(pid) for pid in workers)


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def median(values: list[float]) -> float:
    """Return the middle one."""
    return statistics.median(values)


def row(what: str, ours: str, peer: str, peer_name: str, ratio: float, target: float) -> Row:
    """Return a row whose ratio must not be above its target."""
    return Row(what, ours, peer, peer_name, round(ratio, 4), f"≤ {target:g}×", ratio <= target, COMMAND)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.2f} MB"
