"""What the proxy adds: pgbench directly, through our proxy and through pgbouncer, in turn, in the same run."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from bench.rows import Row
from entrypoints.proxied_headwater import ProxiedHeadwater
from suite.ports import free_port

COMMAND = "make bench PART=databases"
ROUNDS, SECONDS, QUERIES = 5, 4, 5000


def proxy(kept: ProxiedHeadwater) -> list[Row]:
    """`pgbench -S -c 4` three ways, and the p50 of one query at a time; each in turn, round by round."""
    database = kept.create("bench-proxy")
    socket = str(kept.folder(database) / "run")
    ways: dict[str, tuple[str, int]] = {"direct": (socket, 5432), "ours": ("127.0.0.1", kept.port)}
    with pgbouncer(socket, database) as bouncer:
        if bouncer:
            ways["pgbouncer"] = ("127.0.0.1", bouncer)
        _pgbench(database, *ways["direct"], "-i", "-s", "10", "-q")
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, to in ways.items():
                said = _pgbench(database, *to, "-S", "-n", "-c", "4", "-T", str(SECONDS))
                rates[name].append(float(re.search(r"tps = ([\d.]+)", said)[1]))  # type: ignore[index]
        singles = [{name: _p50(database, *to) for name, to in ways.items()} for _ in range(ROUNDS)]
    tps = {name: statistics.median(result) for name, result in rates.items()}
    single = {name: statistics.median(item[name] for item in singles) for name in ways}
    added = statistics.median(item["ours"] - item["direct"] for item in singles)
    rows = [
        Row(
            "proxy: p50 that it adds to a query, against the server's own Unix socket",
            f"{added:.0f} µs",
            f"{single['direct']:.0f} µs",
            "direct",
            None,
            "≤ 30 µs",
            added <= 30,
            COMMAND,
        ),
    ]
    if bouncer:
        by_round = [ours / peer for ours, peer in zip(rates["ours"], rates["pgbouncer"], strict=True)]
        ratio, also = (
            statistics.median(by_round),
            statistics.median(item["pgbouncer"] - item["direct"] for item in singles),
        )
        beside = f"{tps['pgbouncer']:.0f} tps (direct {tps['direct']:.0f}; pgbouncer adds {also:.0f} µs)"
        rows.append(
            Row(
                "proxy: `pgbench -S -c 4`",
                f"{tps['ours']:.0f} tps",
                beside,
                "pgbouncer, pool_mode=session",
                ratio,
                "≥ 0.8× pgbouncer",
                ratio >= 0.8,
                COMMAND,
            )
        )
    return rows


def _pgbench(database: dict[str, Any], host: str, port: int, *flags: str) -> str:
    env = {**os.environ, "PGPASSWORD": database["password"], "PGSSLMODE": "disable"}
    command = ["pgbench", "-h", host, "-p", str(port), "-U", database["user"], *flags, database["name"]]
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pgbench failed: {done.stderr}")
    return done.stdout


def _p50(database: dict[str, Any], host: str, port: int) -> float:
    """Return the median round trip of a tiny query in µs."""
    taken = []
    with psycopg.connect(
        host=host,
        port=port,
        user=database["user"],
        password=database["password"],
        dbname=database["name"],
        sslmode="disable",
        autocommit=True,
    ) as connection:
        for _ in range(QUERIES):
            began = time.perf_counter_ns()
            connection.pgconn.exec_(b"SELECT 1")
            taken.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(taken)


@contextlib.contextmanager
def pgbouncer(socket: str, database: dict[str, Any]) -> Iterator[int | None]:
    """Run pgbouncer as the server's user before the same socket; yield its port, None when it is not installed."""
    if not shutil.which("pgbouncer"):
        print("pgbouncer is not installed: nothing to compare with (Debian: apt install pgbouncer)")
        yield None
        return
    port, uid, folder = free_port(), os.stat(socket).st_uid, Path(tempfile.mkdtemp(prefix="hw-bouncer-"))
    folder.chmod(0o777)
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{database['name']} = host={socket} port=5432 user={database['user']} "
        f"password={database['password']}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nauth_type=any\n"
        f"pool_mode=session\nunix_socket_dir=\nlogfile={folder}/log\npidfile={folder}/pid\nmax_client_conn=100\n"
    )
    who: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(["pgbouncer", "-d", folder / "pgbouncer.ini"], check=True, capture_output=True, **who)
    while not (folder / "pid").exists():
        time.sleep(0.05)
    try:
        yield port
    finally:
        os.kill(int((folder / "pid").read_text()), 15)
        shutil.rmtree(folder, ignore_errors=True)
