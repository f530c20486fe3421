"""What the proxy adds to a query beside pgbouncer, and how fast a COPY goes through it beside a plain relay.

All ways lead to the same server and are measured in turns, round by round, so that other load of the machine meets all.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from bench.databases.proxying import pgbouncer
from bench.rows import Row
from entrypoints.plain_relay import plain_relay
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

COMMAND = "make bench PART=operations ARGS=proxy"
ROUNDS, QUERIES, COPIED_MIB = 25, 1000, 32
LINES = ("x" * 90 + "\t12345\n").encode() * 700
Connections = Mapping[str, psycopg.Connection[Any]]


def proxy() -> list[Row]:
    """Measure both; raises SystemExit without pgbouncer."""
    home = Path(tempfile.mkdtemp(prefix="hw-bench-proxy-"))
    home.chmod(0o755)
    try:
        with proxied_headwater(home) as headwater:
            return _measure(headwater)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(headwater: ProxiedHeadwater) -> list[Row]:
    database = headwater.create("bench")
    folder = headwater.folder(database) / "run"
    with pgbouncer(str(folder), database) as bouncer, plain_relay(folder / ".s.PGSQL.5432") as (relay, relay_pid):
        if bouncer is None:
            raise SystemExit("pgbouncer is needed")
        ways = {"direct": (str(folder), 5432)} | {
            name: ("127.0.0.1", port)
            for name, port in (("ours", headwater.port), ("pgbouncer", bouncer), ("relay", relay))
        }
        connections = {name: _connect(headwater, database, *way) for name, way in ways.items()}
        connections["direct"].execute("CREATE UNLOGGED TABLE copied (a text, b int)")
        queries = _in_turns(connections, _median_of_queries)
        [ours_pid] = headwater.headwater.pids("headwater proxy")
        before = _processor_seconds(ours_pid), _processor_seconds(relay_pid)
        copies = _in_turns(connections, _copy_in)
        used = (_processor_seconds(ours_pid) - before[0], _processor_seconds(relay_pid) - before[1])
        for connection in connections.values():
            connection.close()
    return [_row_of_queries(queries), _row_of_copies(copies, used)]


def _connect(headwater: ProxiedHeadwater, database: dict[str, Any], host: str, port: int) -> psycopg.Connection[Any]:
    return headwater.connect(database, host=host, port=port)


def _in_turns(connections: Connections, measure: Callable[[psycopg.Connection[Any]], float]) -> list[dict[str, float]]:
    """Return the figure of each way, for each round; each round begins with another way."""
    rounds, names = [], list(connections)
    for number in range(ROUNDS):
        start = number % len(names)
        rounds.append({name: measure(connections[name]) for name in names[start:] + names[:start]})
    return rounds


def _median_of_queries(connection: psycopg.Connection[Any]) -> float:
    """Return the median round trip of `SELECT 1` in µs."""
    taken = []
    for _ in range(QUERIES):
        began = time.perf_counter_ns()
        connection.pgconn.exec_(b"SELECT 1")
        taken.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(taken)


def _copy_in(connection: psycopg.Connection[Any]) -> float:
    """Return the MiB/s of a COPY into an empty table."""
    connection.execute("TRUNCATE copied")
    began = time.perf_counter()
    with connection.cursor().copy("COPY copied FROM STDIN") as copy:
        for _ in range(COPIED_MIB * 2**20 // len(LINES)):
            copy.write(LINES)
    return COPIED_MIB / (time.perf_counter() - began)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _row_of_queries(rounds: list[dict[str, float]]) -> Row:
    added = {
        name: statistics.median(item[name] - item["direct"] for item in rounds)
        for name in ("ours", "pgbouncer", "relay")
    }
    ratio = added["ours"] / added["pgbouncer"]
    return Row(
        f"proxy: p50 that it adds to a query, {ROUNDS} rounds of {QUERIES} in turns",
        f"{added['ours']:.0f} µs (load average of the machine {os.getloadavg()[1]:.0f})",
        f"{added['pgbouncer']:.0f} µs (a plain relay: {added['relay']:.0f} µs; "
        f"direct: {statistics.median(item['direct'] for item in rounds):.0f} µs)",
        "pgbouncer, pool_mode=session",
        round(ratio, 2),
        "≤ 1.3× pgbouncer",
        ratio <= 1.3,
        COMMAND,
    )


def _row_of_copies(rounds: list[dict[str, float]], used: tuple[float, float]) -> Row:
    ratio = statistics.median(item["ours"] / item["relay"] for item in rounds)
    speed = {name: statistics.median(item[name] for item in rounds) for name in rounds[0]}
    return Row(
        f"proxy: COPY in, {ROUNDS} rounds of {COPIED_MIB} MiB in turns",
        f"{speed['ours']:.0f} MiB/s, processor time of the proxy {used[0] / ROUNDS * 1000:.0f} ms a round",
        f"{speed['relay']:.0f} MiB/s, processor time {used[1] / ROUNDS * 1000:.0f} ms a round "
        f"(pgbouncer {speed['pgbouncer']:.0f}, direct {speed['direct']:.0f} MiB/s)",
        "plain relay (asyncio streams on uvloop)",
        round(ratio, 2),
        "≥ 0.9× the relay",
        ratio >= 0.9,
        COMMAND,
    )
