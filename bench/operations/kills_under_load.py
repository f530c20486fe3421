"""kill -9 of the server, a worker, the supervisor and the store, under load: when each answers again, and what is lost.

Writers run all the time: clients of the proxy insert numbers into a managed database, others save queries (rows of the
store) and upload codebases (jobs of the worker). Each writes down what was acknowledged; in the end all of it must be
there, and each acknowledged job completed. What is not acknowledged may be there or not.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import statistics
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.rows import Row
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater
from headwater.store.cluster import Cluster

COMMAND = "make bench PART=operations ARGS=faults"
KILLS, HANGING_SECONDS, PAUSE_SECONDS = int(os.environ.get("HEADWATER_TEST_KILLS", "20")), 120.0, 1.0
Victim = Callable[[], list[int]]


@dataclass
class Load:
    """The writers, and what was acknowledged to them: numbers, ids of saved queries, ids of jobs."""

    headwater: ProxiedHeadwater
    database: dict[str, Any]
    project: str
    numbers: list[int] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    next_number: Iterator[int] = field(default_factory=itertools.count)

    @property
    def client(self) -> httpx.Client:
        """A client of the API that is signed in; each thread has its own."""
        signed_in = self.headwater.headwater.client
        return httpx.Client(base_url=signed_in.base_url, headers=signed_in.headers, timeout=10)

    def insert(self) -> None:
        """Insert numbers through the proxy, over a new connection after each error."""
        while not self.stopping.is_set():
            with (
                contextlib.suppress(psycopg.Error),
                self.headwater.connect(self.database, connect_timeout=10) as connection,
            ):
                while not self.stopping.is_set():
                    number = next(self.next_number)
                    connection.execute("INSERT INTO written VALUES (%s)", [number])
                    self.numbers.append(number)
                    time.sleep(0.002)

    def save(self) -> None:
        """Save queries."""
        path, body = f"/api/v1/projects/{self.project}/queries", {"name": "kept", "text": "SELECT 1"}
        self._post(lambda client: client.post(path, json=body), lambda answer: self.queries.append(answer["id"]), 0.02)

    def upload(self) -> None:
        """Upload codebases, each of which becomes a job."""
        path, numbers = f"/api/v1/projects/{self.project}/codebases", itertools.count()

        def upload_next(client: httpx.Client) -> httpx.Response:
            number = next(numbers)
            return client.post(path, files={"file": (f"c{number}.zip", _codebase(number))})

        self._post(upload_next, lambda answer: self.jobs.append(answer["job"]["id"]), 2.0)

    def _post(
        self, request: Callable[[httpx.Client], httpx.Response], acknowledge: Callable[[Any], None], pause: float
    ) -> None:
        with self.client as client:
            while not self.stopping.is_set():
                with contextlib.suppress(httpx.HTTPError):
                    answer = request(client)
                    if answer.is_success:
                        acknowledge(answer.json())
                time.sleep(pause)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the writers."""
        threads = [threading.Thread(target=work) for work in (self.insert, self.insert, self.save, self.upload)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()

    def lost(self) -> int:
        """Return how many acknowledged writes are missing, and acknowledged jobs not completed."""
        with self.headwater.connect(self.database) as connection:
            stored = {row[0] for row in connection.execute("SELECT number FROM written")}
        with psycopg.connect(Cluster(self.headwater.home / "store").url()) as store:
            saved = {str(row[0]) for row in store.execute("SELECT id FROM saved_queries")}
        undone = [job for job in self.jobs if _final_state(self.headwater, job) != "completed"]
        return len(set(self.numbers) - stored) + len(set(self.queries) - saved) + len(undone)


def _codebase(number: int) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("schema.sql", f"CREATE TABLE t{number} (id int PRIMARY KEY, a text);")
        archive.writestr("app.py", f"def f(c):\n    c.execute('SELECT a FROM t{number}')\n")
    return out.getvalue()


def _final_state(headwater: ProxiedHeadwater, job: str) -> str:
    end = time.monotonic() + 5 * HANGING_SECONDS
    while (state := str(headwater.headwater.get(f"/jobs/{job}")["state"])) in {"pending", "running"}:
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return state


def faults() -> list[Row]:
    """Kill each `KILLS` times (`HEADWATER_TEST_KILLS`, twenty if it is not set), one after the other."""
    home = Path(tempfile.mkdtemp(prefix="hw-bench-faults-"))
    home.chmod(0o755)
    try:
        with proxied_headwater(home, HEADWATER_LOG_LEVEL="error") as headwater:
            return _measure(headwater)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(headwater: ProxiedHeadwater) -> list[Row]:
    database = headwater.create("bench")
    with headwater.connect(database) as connection:
        connection.execute("CREATE TABLE written (number bigint PRIMARY KEY)")
    project = str(headwater.headwater.get("/projects")["items"][0]["id"])
    rows = []
    for name, limit in (("server", 3.0), ("worker", None), ("supervisor", 5.0), ("store", None)):
        load = Load(headwater, database, project)
        with load.running():
            seconds = [_killed(load, name) for _ in range(KILLS)]
        rows.append(_row(load, name, seconds, limit))
        with headwater.connect(database) as connection:
            connection.execute("TRUNCATE written")
    return rows


def _killed(load: Load, name: str) -> float:
    """Kill a process and return the seconds until its work is done again."""
    _until(lambda: all(_answers(load, each) for each in ("server", "supervisor", "store")))
    time.sleep(PAUSE_SECONDS)  # what is killed is in the middle of its work
    jobs, victims = len(load.jobs), _victims(load.headwater, name)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    if name == "worker":
        _until(lambda: len(load.jobs) > jobs)
        _final_state(load.headwater, load.jobs[jobs])
    else:
        # the processes of a killed store live a moment longer than it
        _until(lambda: _answers(load, name) and not set(victims) & set(_victims(load.headwater, name)))
    return time.monotonic() - killed


def _victims(headwater: ProxiedHeadwater, name: str) -> list[int]:
    """Return the processes to kill; of the store, only its main one, whose death ends the others."""
    if name == "store":
        with contextlib.suppress(OSError):
            return [int((headwater.home / "store" / "pg" / "postmaster.pid").read_text().split()[0])]
        return []
    return headwater.headwater.pids(
        {"server": "headwater serve", "worker": "headwater worker"}.get(name, "headwater proxy")
    )


def _answers(load: Load, name: str) -> bool:
    """Return whether a new request of the API, which reads the store, or a new client of the proxy is answered."""
    with contextlib.suppress(httpx.HTTPError, psycopg.Error):
        if name == "supervisor":
            return bool(load.headwater.ask(load.database, "SELECT 1", connect_timeout=5) == 1)
        with load.client as client:
            return client.get("/api/v1/auth/me").status_code == 200
    return False


def _until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + HANGING_SECONDS
    while not is_true():
        if time.monotonic() > end:
            raise SystemExit("no answer for two minutes")
        time.sleep(0.02)


def _row(load: Load, name: str, seconds: list[float], limit: float | None) -> Row:
    lost, worst = load.lost(), max(seconds)
    acknowledged = len(load.numbers) + len(load.queries) + len(load.jobs)
    again = {"worker": "a job that is queued then is completed", "supervisor": "a new client gets its answer"}
    return Row(
        f"kill -9 of the {name} under load, {len(seconds)} times: until {again.get(name, 'a new request is answered')}",
        f"median {statistics.median(seconds):.2f} s, worst {worst:.2f} s; {lost} lost of {acknowledged:,} acknowledged "
        f"writes ({len(load.numbers):,} rows, {len(load.queries):,} saved queries, {len(load.jobs)} jobs); "
        f"load average of the machine {os.getloadavg()[1]:.0f}",
        f"{limit:.0f} s; 0 lost" if limit else "0 lost",
        "limit",
        round(worst / limit, 2) if limit else None,
        f"worst ≤ {limit:.0f} s; 0 lost" if limit else "0 lost",
        not lost and (limit is None or worst <= limit),
        COMMAND,
    )
