"""kill -9 of the keeper and of PostgreSQL at every step of a database's life: no orphan process, no half database.

`HEADWATER_KILLS` says how often each; the suite does one, `make bench PART=databases` ten.
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

from entrypoints.headwater_process import processes_of
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater
from suite import storage
from suite.profiles import rounds

KILLS = rounds("KILLS", 2)
WITHIN_SECONDS = 240.0


@pytest.fixture(scope="module", params=range(KILLS))
def kept(request: pytest.FixtureRequest) -> Iterator[ProxiedHeadwater]:
    """A Headwater for each round: one whose keeper is killed thirty times in two minutes gives up, as it should."""
    home = Path(tempfile.mkdtemp(prefix="hw-pkill-", dir=storage.disk()))
    with proxied_headwater(home) as found:
        found.create("first")  # the template is made
        yield found
    left = processes_of(home)
    shutil.rmtree(home, ignore_errors=True)
    assert not left


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def postgres_of(kept: ProxiedHeadwater, database: dict[str, Any]) -> list[int]:
    return [
        pid
        for pid, command in processes_of(kept.home).items()
        if str(database["id"]) in command and "postgres -D" in command.replace("/bin/", "")
    ]


def ask_until(kept: ProxiedHeadwater, database: dict[str, Any], query: str) -> Any:
    """Return the answer of a query as soon as it can be had, as a client with retries does."""
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            return kept.ask(database, query, connect_timeout=120)
        except psycopg.OperationalError as error:
            assert time.monotonic() < end, error
            time.sleep(0.1)


def check_house(kept: ProxiedHeadwater, *databases: dict[str, Any]) -> None:
    """Every database answers with what was written, one server each, nothing half made on the disk."""
    for database in databases:
        assert ask_until(kept, database, "SELECT count(*) FROM kept") == 1000
        assert len(postgres_of(kept, database)) == 1
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        halves = [path.name for path in (kept.home / "databases").iterdir() if path.suffix in {".new", ".gone"}]
        servers = [
            command for command in processes_of(kept.home).values() if "/databases/" in command and " -D " in command
        ]
        if not halves and len(servers) == len(set(servers)):
            return
        assert time.monotonic() < end, (halves, servers)
        time.sleep(0.2)


def filled(kept: ProxiedHeadwater) -> dict[str, Any]:
    database = kept.create()
    with kept.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    return database


def test_the_keeper_killed_while_a_database_is_created(kept: ProxiedHeadwater) -> None:
    """Wherever it was, the database is there in the end, whole, and made once."""
    project = kept.headwater.get("/projects")["items"][0]["id"]
    name = f"c{uuid.uuid4().hex[:10]}"
    pause = random.uniform(0.0, 0.4)
    killer = threading.Timer(pause, lambda: kill(kept.headwater.pids("headwater proxy")))
    killer.start()
    path = f"/api/v1/projects/{project}/databases?wait=60"
    answer = kept.headwater.client.post(path, json={"name": name}, timeout=90)
    killer.join()
    assert answer.status_code == 201, answer.text
    database = (
        kept.until(answer.json(), "running", WITHIN_SECONDS) if answer.json()["state"] == "creating" else answer.json()
    )
    credentials = kept.headwater.client.post(f"/api/v1/databases/{database['id']}/credentials").json()
    database |= {"password": credentials["password"], "user": credentials["user"]}
    assert ask_until(kept, database, "SELECT current_database()") == name
    with kept.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    check_house(kept, database)


@pytest.mark.parametrize("step", ["running", "waking", "sleeping", "destroying"])
def test_the_keeper_killed_at_a_step(kept: ProxiedHeadwater, step: str) -> None:
    database, other = filled(kept), filled(kept)
    pause = random.uniform(0.0, 0.06)
    if step == "waking":
        kept.desire(database, "asleep")
        waking = threading.Thread(target=lambda: ask_until(kept, database, "SELECT 1"))
        waking.start()
    if step == "sleeping":
        asking = threading.Thread(target=lambda: kept.desire(database, "asleep"))
        asking.start()
    if step == "destroying":
        kept.headwater.client.delete(f"/api/v1/databases/{database['id']}")
        kept.until(database, "stopped")
        kept.headwater.client.post(f"/api/v1/databases/{database['id']}/deletion/complete")
    time.sleep(pause)
    kill(kept.headwater.pids("headwater proxy"))
    if step == "destroying":
        end = time.monotonic() + WITHIN_SECONDS
        while kept.headwater.client.get(f"/api/v1/databases/{database['id']}").status_code != 404:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert not kept.folder(database).exists() and not postgres_of(kept, database)
        check_house(kept, other)
        return
    check_house(kept, database, other)


def created_under_fire(kept: ProxiedHeadwater, spared: Path) -> dict[str, Any]:
    """Create a database while the first server of every other one is killed as soon as it appears."""
    shot: set[str] = set()
    stopping = threading.Event()

    def hunt() -> None:
        while not stopping.is_set():
            for pid, command in processes_of(kept.home).items():
                where = command.split(" -D ")[-1].split(" ")[0]
                if "/databases/" in where and where not in {*shot, str(spared / "pg")}:
                    shot.add(where)
                    kill([pid])

    hunter = threading.Thread(target=hunt)
    hunter.start()
    project = kept.headwater.get("/projects")["items"][0]["id"]
    path, name = f"/api/v1/projects/{project}/databases?wait=60", f"h{uuid.uuid4().hex[:10]}"
    made = kept.headwater.client.post(path, json={"name": name}, timeout=90).json()
    stopping.set()
    hunter.join()
    assert any(str(made["id"]) in where for where in shot), "the server was not killed while it was set up"
    credentials = kept.headwater.client.post(f"/api/v1/databases/{made['id']}/credentials").json()
    made |= {"password": credentials["password"], "user": credentials["user"]}
    ask_until(kept, made, "SELECT 1")
    with kept.connect(made) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    return dict(made)


@pytest.mark.parametrize("step", ["running", "waking", "creating"])
def test_postgres_killed_at_a_step(kept: ProxiedHeadwater, step: str) -> None:
    """The next who connects has it back, with all that was committed."""
    database = filled(kept)
    if step == "waking":
        kept.desire(database, "asleep")
        waking = threading.Thread(target=lambda: ask_until(kept, database, "SELECT 1"))
        waking.start()
        for _ in range(200):
            if postgres_of(kept, database):
                break
            time.sleep(0.002)
    if step == "creating":
        database = created_under_fire(kept, kept.folder(database))
    else:
        kill(postgres_of(kept, database))
    if step == "waking":
        waking.join(WITHIN_SECONDS)
        assert not waking.is_alive()
    check_house(kept, database)


def test_headwater_killed_leaves_nothing_and_comes_back_with_everything() -> None:
    home = Path(tempfile.mkdtemp(prefix="hw-pkill-", dir=storage.disk()))
    try:
        with proxied_headwater(home) as before:
            database = filled(before)
            kill([before.headwater.process.pid])
            end = time.monotonic() + WITHIN_SECONDS
            while left := processes_of(home):
                assert time.monotonic() < end, left
                time.sleep(0.1)
        with proxied_headwater(home) as after:
            check_house(after, database)
    finally:
        shutil.rmtree(home, ignore_errors=True)
