"""kill -9 of the supervisor and of PostgreSQL at every step of a database's life: no orphans, no partial databases.

`HEADWATER_TEST_KILLS` says how often each; the suite does one, `make bench PART=databases` ten.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from entrypoints.headwater_process import processes_of, wait_until_none_is_left
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater
from suite import storage
from suite.profiles import rounds

KILLS = rounds("KILLS", 2)
WITHIN_SECONDS = 240.0


@pytest.fixture(scope="module", params=range(KILLS))
def proxied(request: pytest.FixtureRequest) -> Iterator[ProxiedHeadwater]:
    """A Headwater for each round: it gives up if its supervisor is killed thirty times in two minutes, as it should."""
    home = Path(tempfile.mkdtemp(prefix="hw-pkill-", dir=storage.disk()))
    with proxied_headwater(home) as running:
        running.create("first")  # the template is created
        yield running
    wait_until_none_is_left(home)
    shutil.rmtree(home, ignore_errors=True)


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def postgres_of(proxied: ProxiedHeadwater, database: dict[str, Any]) -> list[int]:
    """Return the servers of a database; a child that has not named itself yet looks like its server."""
    servers = {
        pid
        for pid, command in processes_of(proxied.home).items()
        if str(database["id"]) in command and "postgres -D" in command.replace("/bin/", "")
    }
    return sorted(pid for pid in servers if parent_of(pid) not in servers)


def parent_of(pid: int) -> int | None:
    """Return the parent of a process, or None if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def ask_until(proxied: ProxiedHeadwater, database: dict[str, Any], query: str) -> Any:
    """Return the answer of a query, with retries as a client would do."""
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            return proxied.ask(database, query, connect_timeout=120)
        except psycopg.OperationalError as error:
            assert time.monotonic() < end, error
            time.sleep(0.1)


def check_databases(proxied: ProxiedHeadwater, *databases: dict[str, Any]) -> None:
    """Check that every database has its rows and one server, and that nothing incomplete is on the disk."""
    for database in databases:
        assert ask_until(proxied, database, "SELECT count(*) FROM kept") == 1000
        assert len(postgres_of(proxied, database)) == 1
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        halves = [path.name for path in (proxied.home / "databases").iterdir() if path.suffix in {".new", ".gone"}]
        servers = [
            command for command in processes_of(proxied.home).values() if "/databases/" in command and " -D " in command
        ]
        if not halves and len(servers) == len(set(servers)):
            return
        assert time.monotonic() < end, (halves, servers)
        time.sleep(0.2)


def filled(proxied: ProxiedHeadwater) -> dict[str, Any]:
    database = proxied.create()
    with proxied.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    return database


def test_supervisor_killed_while_a_database_is_created(proxied: ProxiedHeadwater) -> None:
    """Whenever the kill happens, the database is complete in the end and was created once."""
    project = proxied.headwater.get("/projects")["items"][0]["id"]
    name = f"c{uuid.uuid4().hex[:10]}"
    pause = random.uniform(0.0, 0.4)
    killer = threading.Timer(pause, lambda: kill(proxied.headwater.pids("headwater proxy")))
    killer.start()
    path = f"/api/v1/projects/{project}/databases?wait=60"
    answer = proxied.headwater.client.post(path, json={"name": name}, timeout=90)
    killer.join()
    assert answer.status_code == 201, answer.text
    database = (
        proxied.until(answer.json(), "running", WITHIN_SECONDS)
        if answer.json()["state"] == "creating"
        else answer.json()
    )
    credentials = proxied.headwater.client.post(f"/api/v1/databases/{database['id']}/credentials").json()
    database |= {"password": credentials["password"], "user": credentials["user"]}
    assert ask_until(proxied, database, "SELECT current_database()") == name
    with proxied.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    check_databases(proxied, database)


@pytest.mark.parametrize("step", ["running", "waking", "sleeping", "destroying"])
def test_supervisor_killed_at_a_step(proxied: ProxiedHeadwater, step: str) -> None:
    database, other = filled(proxied), filled(proxied)
    pause = random.uniform(0.0, 0.06)
    if step == "waking":
        proxied.desire(database, "asleep")
        waking = threading.Thread(target=lambda: ask_until(proxied, database, "SELECT 1"))
        waking.start()
    if step == "sleeping":
        asking = threading.Thread(target=lambda: proxied.desire(database, "asleep"))
        asking.start()
    if step == "destroying":
        proxied.headwater.client.delete(f"/api/v1/databases/{database['id']}")
        proxied.until(database, "stopped")
        proxied.headwater.client.post(f"/api/v1/databases/{database['id']}/deletion/complete")
    time.sleep(pause)
    kill(proxied.headwater.pids("headwater proxy"))
    if step == "destroying":
        end = time.monotonic() + WITHIN_SECONDS
        while proxied.headwater.client.get(f"/api/v1/databases/{database['id']}").status_code != 404:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert not proxied.folder(database).exists() and not postgres_of(proxied, database)
        check_databases(proxied, other)
        return
    check_databases(proxied, database, other)


def created_under_fire(proxied: ProxiedHeadwater, spared: Path) -> dict[str, Any]:
    """Create a database while each new server is killed once, as soon as it appears."""
    shot: set[str] = set()
    stopping = threading.Event()

    def hunt() -> None:
        while not stopping.is_set():
            for pid, command in processes_of(proxied.home).items():
                where = command.split(" -D ")[-1].split(" ")[0]
                if "/databases/" in where and where not in {*shot, str(spared / "pg")}:
                    shot.add(where)
                    kill([pid])

    hunter = threading.Thread(target=hunt)
    hunter.start()
    project = proxied.headwater.get("/projects")["items"][0]["id"]
    path, name = f"/api/v1/projects/{project}/databases?wait=60", f"h{uuid.uuid4().hex[:10]}"
    database = proxied.headwater.client.post(path, json={"name": name}, timeout=90).json()
    stopping.set()
    hunter.join()
    assert any(str(database["id"]) in where for where in shot), "the server was not killed while it was set up"
    credentials = proxied.headwater.client.post(f"/api/v1/databases/{database['id']}/credentials").json()
    database |= {"password": credentials["password"], "user": credentials["user"]}
    ask_until(proxied, database, "SELECT 1")
    with proxied.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    return dict(database)


@pytest.mark.parametrize("step", ["running", "waking", "creating"])
def test_postgres_killed_at_a_step(proxied: ProxiedHeadwater, step: str) -> None:
    """The next client finds the database with all committed rows."""
    database = filled(proxied)
    if step == "waking":
        proxied.desire(database, "asleep")
        waking = threading.Thread(target=lambda: ask_until(proxied, database, "SELECT 1"))
        waking.start()
        for _ in range(200):
            if postgres_of(proxied, database):
                break
            time.sleep(0.002)
    if step == "creating":
        database = created_under_fire(proxied, proxied.folder(database))
    else:
        kill(postgres_of(proxied, database))
    if step == "waking":
        waking.join(WITHIN_SECONDS)
        assert not waking.is_alive()
    check_databases(proxied, database)


def test_killed_headwater_leaves_no_processes_and_keeps_data() -> None:
    home = Path(tempfile.mkdtemp(prefix="hw-pkill-", dir=storage.disk()))
    try:
        with proxied_headwater(home) as before:
            database = filled(before)
            kill([before.headwater.process.pid])
            wait_until_none_is_left(home)
        with proxied_headwater(home) as after:
            check_databases(after, database)
    finally:
        shutil.rmtree(home, ignore_errors=True)
