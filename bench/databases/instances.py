"""Instances: create, wake, memory, two hundred at once. Peers: the same programs by hand, in the same run."""

from __future__ import annotations

import concurrent.futures
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.rows import Row
from entrypoints.proxied_headwater import ProxiedHeadwater
from headwater.engines.postgresql.binaries import binaries, identity, open_programs

COMMAND = "make bench PART=databases"
CREATED, WOKEN, CROWD, AT_ONCE = 20, 40, 200, 20


def create(kept: ProxiedHeadwater) -> list[Row]:
    """`headwater db create` as a process of its own, then the first query through the proxy; beside initdb and start."""
    ours, peers, over_http = [], [], []
    for number in range(CREATED):
        began = time.perf_counter()
        name = f"bench-create-{number}"
        _cli(kept, "db", "create", name)
        created = _by_name(kept, name)
        kept.ask(created, "SELECT 1")
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        kept.ask(kept.create(f"bench-http-{number}"), "SELECT 1")
        over_http.append(time.perf_counter() - began)
        peers.append(_plain_create())
    first, peer, http = statistics.median(ours), statistics.median(peers), statistics.median(over_http)
    return [
        Row(
            f"create a PostgreSQL: `headwater db create` to first query, median of {CREATED}",
            f"{first:.2f} s",
            f"{peer:.2f} s",
            "initdb, start, createdb, first query",
            first / peer,
            "≤ 1.0 s; the peer ≥ 2× slower",
            first <= 1.0 and peer >= 2 * first,
            COMMAND,
        ),
        Row(
            f"the same over HTTP, without the start of the command, median of {CREATED}",
            f"{http:.2f} s",
            f"{peer:.2f} s",
            "initdb, start, createdb, first query",
            http / peer,
            "≤ 0.5 s",
            http <= 0.5,
            COMMAND,
        ),
    ]


def wake(kept: ProxiedHeadwater) -> list[Row]:
    """A sleeping database: connect and first query through the proxy; beside starting its server by hand."""
    database = kept.create("bench-wake")
    ours, bare = [], []
    for _ in range(WOKEN):
        _asleep(kept, database)
        began = time.perf_counter()
        kept.ask(database, "SELECT 1")
        ours.append((time.perf_counter() - began) * 1000)
        _asleep(kept, database)
        bare.append(_bare_start(kept, database) * 1000)
    p50, p95, by_hand = statistics.median(ours), sorted(ours)[int(WOKEN * 0.95)], statistics.median(bare)
    return [
        Row(
            f"wake: cold connect and first query through the proxy, p50 / p95 of {WOKEN}",
            f"{p50:.0f} / {p95:.0f} ms",
            f"{by_hand:.0f} ms",
            "start by hand, connect, first query (p50)",
            p50 / by_hand,
            "≤ 100 / 250 ms; ≤ 1.5× the bare start",
            p50 <= 100 and p95 <= 250 and p50 <= 1.5 * by_hand,
            COMMAND,
        ),
    ]


def idle(kept: ProxiedHeadwater) -> list[Row]:
    """Memory of an awake database that nobody uses, and of a sleeping one."""
    database = kept.create("bench-idle")
    kept.ask(database, "SELECT 1")
    time.sleep(3)
    awake = _pss(kept, database)
    _asleep(kept, database)
    asleep = _pss(kept, database)
    return [
        Row(
            "memory of an awake idle PostgreSQL (PSS); of a sleeping one",
            f"{awake:.1f} MB; {asleep:.0f}",
            "12 MB",
            "limit",
            awake / 12,
            "≤ 12 MB; 0",
            awake <= 12 and asleep == 0,
            COMMAND,
        ),
    ]


def crowd(kept: ProxiedHeadwater) -> list[Row]:
    """Two hundred created and asleep; twenty random ones woken at the same moment, with work for each."""
    created = []
    began = time.perf_counter()
    for number in range(CROWD):
        database = kept.create(f"bench-crowd-{number}")
        with kept.connect(database) as connection:
            connection.execute(f"CREATE TABLE mine AS SELECT {number} AS number, generate_series(1, 1000) AS n")
        _asleep(kept, database)
        created.append((number, database))
    taken = time.perf_counter() - began
    chosen = random.Random(7).sample(created, AT_ONCE)

    def answer(item: tuple[int, dict[str, Any]]) -> tuple[bool, float]:
        started = time.perf_counter()
        result = kept.ask(item[1], "SELECT sum(number)::int / 1000 + count(*) FROM mine", connect_timeout=60)
        return result == item[0] + 1000, time.perf_counter() - started

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(answer, chosen))
    slowest = max(seconds for _, seconds in answers)
    lost = CROWD
    for number, database in created:
        lost -= kept.ask(database, "SELECT max(number) FROM mine") == number
        if number % AT_ONCE == 0:
            time.sleep(0.1)
    right = sum(ok for ok, _ in answers)
    return [
        Row(
            f"{CROWD} databases created and asleep, {AT_ONCE} random ones woken at once",
            f"{right} of {AT_ONCE} answer, slowest {slowest:.2f} s; {lost} lost; created in {taken:.0f} s",
            f"{AT_ONCE} of {AT_ONCE}",
            "limit",
            None,
            "all answer; none lost",
            right == AT_ONCE and not lost,
            COMMAND,
        ),
    ]


def _cli(kept: ProxiedHeadwater, *words: str) -> None:
    token = str(kept.headwater.client.headers["authorization"]).removeprefix("Bearer ")
    env = {**os.environ, "HEADWATER_URL": str(kept.headwater.client.base_url), "HEADWATER_API_KEY": token}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed: compiled once
    subprocess.run([sys.executable, "-m", "headwater", *words], env=env, check=True, capture_output=True)


def _by_name(kept: ProxiedHeadwater, name: str) -> dict[str, Any]:
    project = kept.headwater.get("/projects")["items"][0]["id"]
    created: dict[str, Any] = next(
        entry for entry in kept.headwater.get(f"/projects/{project}/databases")["items"] if entry["name"] == name
    )
    credentials = kept.headwater.client.post(f"/api/v1/databases/{created['id']}/credentials").json()
    return created | {"password": credentials["password"], "user": credentials["user"]}


def _asleep(kept: ProxiedHeadwater, database: dict[str, Any]) -> None:
    result = kept.desire(database, "asleep")
    if result["state"] != "asleep":
        raise SystemExit(f"it does not sleep: {result}")


def _server(folder: Path, data: str = "pg") -> list[str]:
    return [str(binaries() / "postgres"), "-D", str(folder / data), "-c", "listen_addresses="]


def _plain_create() -> float:
    """initdb, start, create a role's database, first query: what one does without Headwater, with its programs."""
    owner, folder = identity(), Path(tempfile.mkdtemp(prefix="hw-plain-"))
    who = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner else {}
    if owner:
        os.chown(folder, owner.uid, owner.gid)
        open_programs(binaries().parent)
    began = time.perf_counter()
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **who}
    subprocess.run([binaries() / "initdb", "-D", folder / "pg", "-U", "postgres", "-A", "trust"], check=True, **quiet)
    server = subprocess.Popen([*_server(folder), "-c", f"unix_socket_directories={folder}"], **quiet)
    _connect_until(host=str(folder), user="postgres", dbname="postgres").execute(
        "CREATE DATABASE shop"
    ).connection.close()
    with psycopg.connect(host=str(folder), user="postgres", dbname="shop") as connection:
        connection.execute("SELECT 1")
    taken = time.perf_counter() - began
    server.terminate()
    server.wait()
    shutil.rmtree(folder)
    return taken


def _bare_start(kept: ProxiedHeadwater, database: dict[str, Any]) -> float:
    """Start the sleeping database's own server by hand, with PostgreSQL's own settings, and ask it something."""
    folder = kept.folder(database)
    uid = (folder / "pg").stat().st_uid
    socket = str(folder / "run")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    who = {"user": uid, "group": uid, "extra_groups": []} if os.geteuid() == 0 else {}
    began = time.perf_counter()
    server = subprocess.Popen([*_server(folder), "-c", f"unix_socket_directories={socket}"], **quiet, **who)
    connection = _connect_until(
        host=socket, user=database["user"], password=database["password"], dbname=database["name"]
    )
    connection.execute("SELECT 1")
    taken = time.perf_counter() - began
    connection.close()
    server.send_signal(2)
    server.wait()
    return taken


def _connect_until(**to: Any) -> psycopg.Connection[Any]:
    while True:
        try:
            return psycopg.connect(**to, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.002)


def _pss(kept: ProxiedHeadwater, database: dict[str, Any]) -> float:
    total = 0
    for entry in psutil.process_iter(["cmdline"]):
        if str(kept.folder(database)) in " ".join(entry.info["cmdline"] or []):
            total += sum(part.memory_full_info().pss for part in [entry, *entry.children(recursive=True)])
    return total / 2**20
