"""Snapshots as a user takes them, over HTTP, and what is measured of them."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from bench.rows import Row
from entrypoints.keeping import Keeping

COMMAND = "make bench PART=snapshots"
ROUNDS = 3


class Bench:
    """A database of a running Headwater, and a folder for the files of its peers."""

    def __init__(self, kept: Keeping, name: str, engine: str = "postgresql", *, url: str = "") -> None:
        """Make a database, or connect the one at a URL."""
        self.kept, self.client = kept, kept.headwater.client
        if url:
            self.database = kept.adopt(name, url)
        else:
            self.database = kept.create(name, engine=engine, quotas={"statement_seconds": 3600})
        self.folder = kept.home / "peers"
        self.folder.mkdir(exist_ok=True)

    def snapshot(self, **body: Any) -> tuple[dict[str, Any], float]:
        """Take a snapshot; return it, and how long it took from asking until it was complete."""
        began = time.perf_counter()
        answer = self.client.post(f"/api/v1/databases/{self.database['id']}/snapshots", json=body)
        assert answer.status_code == 202, answer.text
        found = self._until(f"/snapshots/{answer.json()['id']}", lambda one: one["status"] != "taking")
        assert found["status"] == "complete", found
        return found, time.perf_counter() - began

    def restore(self, snapshot: dict[str, Any], name: str) -> float:
        """Restore into a new database and return how long it took from asking until it was done."""
        began = time.perf_counter()
        answer = self.client.post(f"/api/v1/snapshots/{snapshot['id']}/restores", json={"name": name})
        assert answer.status_code == 202, answer.text
        found = self._until(
            f"/restores/{answer.json()['id']}", lambda one: one["job"]["state"] not in {"pending", "running"}
        )
        assert found["job"]["state"] == "completed" and all(one["same"] for one in found["tables"]), found
        return time.perf_counter() - began

    def _until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            found: dict[str, Any] = self.kept.headwater.get(path)
            if done(found):
                return found
            time.sleep(0.02)

    def forget(self) -> None:
        """Delete all snapshots, so that the next one is a first one."""
        for one in self.kept.headwater.get(f"/databases/{self.database['id']}/snapshots")["items"]:
            assert self.client.delete(f"/api/v1/snapshots/{one['id']}").status_code == 204


@contextmanager
def memory(kept: Keeping) -> Iterator[list[int]]:
    """Give, at the end, the most memory that one worker of the Headwater had, in bytes."""
    found, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for one in psutil.process_iter(["cmdline"]):
                words = one.info["cmdline"] or []
                if "worker" in words and any("headwater" in word for word in words):
                    try:
                        if one.environ().get("HEADWATER_HOME") == str(kept.home):
                            found[0] = max(found[0], one.memory_info().rss)
                    except psutil.Error:
                        continue

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def median(values: list[float]) -> float:
    """Return the middle one."""
    return statistics.median(values)


def row(what: str, ours: str, peer: str, peer_name: str, ratio: float, target: float) -> Row:
    """Return a row whose ratio must not be above its target."""
    return Row(what, ours, peer, peer_name, round(ratio, 4), f"≤ {target:g}×", ratio <= target, COMMAND)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.2f} MB"
