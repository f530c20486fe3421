"""A merge of a copy of a million rows, changed on both sides, with conflicts: its time, its memory, and what comes out.

make bench PART=merge
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.rows import Row, save
from bench.snapshots.postgresql import TABLE, Server
from bench.snapshots.taking import median, memory
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

COMMAND = "make bench PART=merge"
ROWS, ROUNDS, MEMORY = 1_000_000, 3, 256
# 10,000 rows on each side, the same column in 100 of them.
OURS = "UPDATE t SET title = title || ' ours {0}' WHERE id % 100 = 7"
THEIRS = (
    "UPDATE t SET title = title || ' theirs {0}' WHERE id % 10000 = 7",
    "UPDATE t SET n = n + 1 WHERE id % 100 = 8 AND id % 10000 <> 8",
)
DIGEST = "SELECT sum(hashtextextended(t::text, 0)) FROM t"


def measure(headwater: ProxiedHeadwater) -> list[Row]:
    """Merge three times, each since a new common snapshot; the first one reads both databases completely."""
    bench = Server(headwater, "bench-merge")
    script = bench.folder / "big.sql"
    script.write_text(TABLE.read_text().replace("generate_series(1, 1500000)", f"generate_series(1, {ROWS})"))
    bench.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", script)
    seconds = []
    for number in range(ROUNDS):
        base, _ = bench.snapshot()
        name = f"bench-copy-{number}"
        bench.restore(base, name)
        headwater.ask(_named(bench, name), "SELECT 1")
        bench.ask(OURS.format(number))
        with headwater.connect(_named(bench, name)) as connection:
            for statement in THEIRS:
                connection.execute(statement.format(number).encode())
        with memory(headwater) as used:
            seconds.append(_merged(bench, base, _named(bench, name)))
        bench.ask("VACUUM ANALYZE t")
    peak = used[0] / 1e6
    what = f"merge of {ROWS:,} rows × 16 columns, 10,000 changes on each side, 100 conflicts"
    whole = median(seconds)
    fast, small = whole <= 10, peak <= MEMORY
    peers = ("10 s", "limit", round(whole / 10, 3)), (f"{MEMORY} MB", "limit", round(peak / MEMORY, 3))
    return [
        Row(f"{what}: prepared, resolved and applied", f"{whole:.1f} s", *peers[0], "≤ 10 s", fast, COMMAND),
        Row(f"{what}: memory of the worker", f"{peak:.0f} MB", *peers[1], f"≤ {MEMORY} MB", small, COMMAND),
    ]


def _named(bench: Server, name: str) -> dict[str, Any]:
    headwater = bench.kept.headwater
    project = headwater.get("/projects")["items"][0]["id"]
    rows = headwater.get(f"/projects/{project}/databases")["items"]
    database = next(row for row in rows if row["name"] == name)
    credentials = headwater.client.post(f"/api/v1/databases/{database['id']}/credentials").json()
    return database | {"password": credentials["password"], "user": credentials["user"]}


def _merged(bench: Server, base: dict[str, Any], source: dict[str, Any]) -> float:
    """Merge, check that exactly the expected rows came out, and return how long it took."""
    expected = _expected(bench, source)
    began = time.perf_counter()
    path = f"/api/v1/databases/{bench.database['id']}/merges"
    merge = _worked(bench, bench.client.post(path, json={"base_id": base["id"], "source_id": source["id"]}))
    changed = sum(table["changed"] for table in merge["tables"])
    assert (merge["conflicts"], changed) == (ROWS // 10_000, ROWS // 100 - ROWS // 10_000), merge
    merge_path = f"/api/v1/merges/{merge['id']}"
    bench.client.post(f"{merge_path}/resolutions", json={"choice": "theirs"}).raise_for_status()
    merge = _worked(bench, bench.client.post(f"{merge_path}/apply", json={}))
    seconds = time.perf_counter() - began
    assert merge["status"] == "applied", merge["job"]
    assert bench.ask(DIGEST) == expected
    return seconds


def _expected(bench: Server, source: dict[str, Any]) -> Any:
    """The digest of the merged rows, by SQL: the rows of the target with what the source has changed."""
    theirs = bench.folder / "theirs.csv"
    copied = "SELECT * FROM t WHERE id % 100 = 8 OR id % 10000 = 7"
    bench.run("psql", "-q", "-X", "-c", rf"\copy ({copied}) TO '{theirs}'", database=source)
    bench.ask("DROP TABLE IF EXISTS t_merged")
    bench.ask("CREATE TABLE t_merged (LIKE t)")
    bench.run("psql", "-q", "-X", "-c", rf"\copy t_merged FROM '{theirs}'")
    bench.ask("INSERT INTO t_merged SELECT * FROM t WHERE NOT (id % 100 = 8 OR id % 10000 = 7)")
    digest = bench.ask(DIGEST.replace("t::text", "m::text").replace("FROM t", "FROM t_merged m"))
    bench.ask("DROP TABLE t_merged")
    return digest


def _worked(bench: Server, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    path = f"/merges/{answer.json()['id']}"
    return bench.until(path, _has_ended)


def _has_ended(merge: dict[str, Any]) -> bool:
    return merge["job"]["state"] not in {"pending", "running"}


def main() -> None:
    """Measure everything."""
    home = Path(tempfile.mkdtemp(prefix="hw-bench-"))
    try:
        with proxied_headwater(home, HEADWATER_ALLOW_LOOPBACK="true") as headwater:
            save("diff", measure(headwater))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
