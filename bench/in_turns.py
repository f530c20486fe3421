"""Processor time of the same work by two checkouts, in turns: databases, queries, snapshots, restores.

    PYTHONPATH=tests:. python -m bench.in_turns BEFORE [--rounds 3]     BEFORE: a checkout with its own .venv

What is measured is the time of all processes of Headwater and of the database servers that it has started; unlike the
time by the clock, other work on the machine hardly changes it.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bench.rows import Row, save
from entrypoints.headwater_process import HeadwaterProcess, processes_of, start_headwater

HERE = Path(__file__).parents[1]
DATABASES, QUERIES = 8, 300
SETTLED_SECONDS = 4.0  # what a new database lets others prepare has been done by then
ROWS = """
CREATE TABLE t AS SELECT g AS id, g * 7 AS a, md5(g::text) AS b, now() + g * interval '1 s' AS c, g / 3.0 AS d
FROM generate_series(1, 600000) g;
ALTER TABLE t ADD PRIMARY KEY (id); CREATE INDEX ON t (b)
"""
CHANGES = "UPDATE t SET a = a + 1 WHERE id % 600 = 0"


class Work:
    """The same work for every checkout, by a user who has signed up."""

    def __init__(self, headwater: HeadwaterProcess) -> None:
        self._headwater = headwater
        self._databases: list[str] = []
        self._first = ""

    def create(self) -> None:
        """Create databases."""
        project = self._headwater.get("/projects")["items"][0]["id"]
        for number in range(DATABASES):
            created = self._headwater.post(f"/projects/{project}/databases?wait=60", name=f"turn-{number}")
            self._databases.append(created["id"])

    def wake(self) -> None:
        """Send all databases to sleep, and wake them by a query."""
        for database in self._databases:
            self._headwater.client.put(f"/api/v1/databases/{database}/desired", json={"state": "asleep"})
        for database in self._databases:
            self._headwater.sql(database, "SELECT 1")

    def query(self) -> None:
        """Run small queries over HTTP."""
        for _ in range(QUERIES):
            self._headwater.sql(self._databases[0], "SELECT 1")

    def first_snapshot(self) -> None:
        """Take the first snapshot of 600,000 rows, with what proves that its schema can be restored."""
        self._first = self._snapshot()

    def second_snapshot(self) -> None:
        """Take a snapshot after a change of one row in 600."""
        self._snapshot()

    def restore(self) -> None:
        """Restore the first snapshot into a new database."""
        restore = self._headwater.post(f"/snapshots/{self._first}/restores", name="restored")
        self._wait(f"/restores/{restore['id']}", lambda item: item["job"]["state"] in {"completed", "failed"})

    def fill(self) -> None:
        """Write the rows; not measured."""
        self._headwater.post(f"/databases/{self._databases[0]}/query", text=ROWS)

    def change(self) -> None:
        """Change some rows; not measured."""
        self._headwater.sql(self._databases[0], CHANGES)

    def _snapshot(self) -> str:
        taken = self._headwater.post(f"/databases/{self._databases[0]}/snapshots")
        path = f"/snapshots/{taken['id']}"
        self._wait(path, lambda item: item["status"] == "complete")
        self._wait(path, lambda item: (item.get("proof") or {}).get("state") != "pending")
        return str(taken["id"])

    def _wait(self, path: str, done: Callable[[dict[str, Any]], bool]) -> None:
        while not done(self._headwater.get(path)):
            time.sleep(0.2)


MEASURED = {
    f"create {DATABASES} databases": Work.create,
    f"send {DATABASES} databases to sleep and wake them": Work.wake,
    f"{QUERIES} × `SELECT 1` over HTTP": Work.query,
    "first snapshot of 600,000 rows, with the proof of its schema": Work.first_snapshot,
    "snapshot after a change of 1,000 rows": Work.second_snapshot,
    "restore of 600,000 rows, with its checks": Work.restore,
}
BEFORE = {Work.first_snapshot: Work.fill, Work.second_snapshot: Work.change}


def run(checkout: Path) -> dict[str, float]:
    """Return the processor seconds of each piece of work."""
    home = Path(tempfile.mkdtemp(prefix="hw-turn-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    seconds = {}
    try:
        python = str(checkout / ".venv/bin/python")
        with start_headwater(home, python, HEADWATER_LOG_LEVEL="warning") as headwater:
            headwater.sign_up()
            work = Work(headwater)
            for what, step in MEASURED.items():
                BEFORE.get(step, lambda _: None)(work)
                time.sleep(SETTLED_SECONDS)
                began = processor_seconds(home)
                step(work)
                seconds[what] = processor_seconds(home) - began
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return seconds


def processor_seconds(home: Path) -> float:
    """Return what all processes of a home have used, with that of their children that have ended."""
    processes: set[psutil.Process] = set()
    for pid in processes_of(home):
        with contextlib.suppress(psutil.Error):
            parent = psutil.Process(pid)
            processes |= {parent, *parent.children(recursive=True)}
    total = 0.0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            total += sum(each.cpu_times()[:4])
    return total


def main() -> None:
    """Run both checkouts in turns, and store the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    git = ["git", "-C", str(given.before), "rev-parse", "--short", "HEAD"]
    commit = subprocess.check_output(git, text=True).strip()
    turns = [(run(given.before), run(HERE)) for _ in range(given.rounds)]
    rows = []
    for what in MEASURED:
        before, after = (statistics.median(turn[side][what] for turn in turns) for side in (0, 1))
        rows.append(
            Row(
                f"processor time, before and after in turns: {what}",
                f"{after:.2f} s",
                f"{before:.2f} s",
                f"commit {commit}",
                round(after / before, 2),
                "≤ 1.05×",
                after <= 1.05 * before,
                "python -m bench.in_turns",
            )
        )
    save("operations", rows)


if __name__ == "__main__":
    main()
