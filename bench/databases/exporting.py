"""A result of ten million rows over HTTP: what it takes of the server's memory, and how fast it is beside psql."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from bench.rows import Row
from entrypoints.proxied_headwater import ProxiedHeadwater
from headwater.engines.postgresql.binaries import binaries

COMMAND = "make bench PART=databases"
ROWS, ROUNDS = 10_000_000, 3
# Made as it is read: neither side waits for a disk.
QUERY = (
    "SELECT g AS id, 'customer ' || g AS name, g * 0.25 AS amount, g % 7 = 0 AS vip "
    f"FROM (SELECT generate_series(1, {ROWS}) AS g) AS numbers"
)
PEERS = {"csv": QUERY, "ndjson": f"SELECT row_to_json(line) FROM ({QUERY}) AS line"}


def exports(kept: ProxiedHeadwater) -> list[Row]:
    """CSV and NDJSON over HTTP, beside `psql \\copy` of the same through the server's own socket."""
    database = kept.create("bench-export", quotas={"statement_seconds": 3600})
    kept.ask(database, "SELECT 1")
    rows = []
    for form in ("csv", "ndjson"):
        ours, peers, grown = [], [], []
        for _ in range(ROUNDS):
            with _growth(kept) as growth:
                ours.append(_rate(lambda form=form: _over_http(kept, database, form)))
            grown.append(growth[0] / 2**20)
            peers.append(_rate(lambda form=form: _copied(kept, database, PEERS[form])))
        ratios = sorted(item / other for item, other in zip(ours, peers, strict=True))
        ratio, rate, peer = ratios[ROUNDS // 2], sorted(ours)[ROUNDS // 2], sorted(peers)[ROUNDS // 2]
        rows += [
            Row(
                f"{ROWS // 10**6} M rows over HTTP as {form.upper()}",
                f"{rate / 1e6:.2f} M rows/s",
                f"{peer / 1e6:.2f} M rows/s",
                "psql \\copy of the same",
                ratio,
                "≥ 0.5×",
                ratio >= 0.5,
                COMMAND,
            ),
            Row(
                f"the server's memory meanwhile ({form.upper()})",
                f"+{max(grown):.0f} MB RSS",
                "64 MB",
                "limit",
                max(grown) / 64,
                "≤ +64 MB",
                max(grown) <= 64,
                COMMAND,
            ),
        ]
    return rows


def _rate(work: Any) -> float:
    began = time.perf_counter()
    work()
    return ROWS / (time.perf_counter() - began)


def _over_http(kept: ProxiedHeadwater, database: dict[str, Any], form: str) -> None:
    lines = 0
    body = {"text": QUERY, "format": form}
    with kept.headwater.client.stream("POST", f"/api/v1/databases/{database['id']}/export", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        for chunk in answer.iter_raw():
            lines += chunk.count(b"\n")
    assert lines == ROWS + (form == "csv"), lines


def _copied(kept: ProxiedHeadwater, database: dict[str, Any], query: str) -> None:
    options = "WITH (FORMAT csv, HEADER)" if query is QUERY else ""
    psql = binaries() / "psql"
    command = [str(psql), "-X", "-q", "-c", f"\\copy ({query}) TO STDOUT {options}"]
    location = {
        "PGHOST": str(kept.folder(database) / "run"),
        "PGDATABASE": database["name"],
        "PGUSER": database["user"],
        "PGPASSWORD": database["password"],
    }
    subprocess.run(command, env=location, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _growth(kept: ProxiedHeadwater) -> Iterator[list[int]]:
    """Give, at the end, by how much the server's process grew at most, in bytes."""
    (pid,) = kept.headwater.pids("headwater serve")
    process = psutil.Process(pid)
    before, most, over = process.memory_info().rss, [0], threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            most[0] = max(most[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()
