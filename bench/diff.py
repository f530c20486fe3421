"""Differences between two snapshots, beside a full outer join in the database that they were taken of.

make bench PART=diff
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.rows import Row, save
from bench.snapshots.postgresql import TABLE, Server
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

COMMAND = "make bench PART=diff"
ROWS, CHANGED, ROUNDS = 1_000_000, 10_000, 5
JOIN = "SELECT count(*) FROM t FULL JOIN t_before AS old USING (id) WHERE (t.*) IS DISTINCT FROM (old.*)"
CHANGES = {
    "clustered": f"UPDATE t SET title = title || '!' WHERE id BETWEEN 400001 AND {400000 + CHANGED}",
    "scattered": f"UPDATE t SET title = title || '?' WHERE id % {ROWS // CHANGED} = 7",
}


def measure(headwater: ProxiedHeadwater) -> list[Row]:
    """Change 1 % of a million rows of 16 columns, first in one place, then everywhere."""
    bench, rows = Server(headwater, "bench-diff"), []
    script = bench.folder / "big.sql"
    script.write_text(TABLE.read_text().replace("generate_series(1, 1500000)", f"generate_series(1, {ROWS})"))
    bench.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", script)
    for kind, change in CHANGES.items():
        before, _ = bench.snapshot(tables=["t"])
        bench.ask("DROP TABLE IF EXISTS t_before")
        bench.ask("CREATE TABLE t_before AS SELECT * FROM t")
        bench.ask("ALTER TABLE t_before ADD PRIMARY KEY (id)")
        bench.ask(change)
        bench.ask("ANALYZE")
        after, _ = bench.snapshot(tables=["t"])
        rows += _rows(bench, kind, f"/snapshots/{before['id']}/differences/{after['id']}")
    return rows


def _rows(bench: Server, kind: str, path: str) -> list[Row]:
    counted: list[Any] = []
    summary = _median(lambda: counted.append(bench.kept.headwater.get(path)["tables"][0]))
    assert counted[0]["changed"] == CHANGED, counted[0]
    whole = _median(lambda: _all(bench, path))
    join = _median(lambda: bench.ask(JOIN))
    what = f"two snapshots of 1 M rows × 16 columns, 1 % changed, {kind}"
    ratio = join / summary
    target = 0.05 if kind == "clustered" else 5.0
    return [
        Row(
            f"{what}: summary",
            f"{summary * 1000:.0f} ms",
            f"{target:g} s",
            "limit",
            summary / target,
            f"≤ {target:g} s",
            summary <= target,
            COMMAND,
        ),
        Row(
            f"{what}: summary, beside a full outer join",
            f"{ratio:.1f} × as fast",
            f"{join:.2f} s",
            "PostgreSQL",
            ratio,
            "≥ 20 ×",
            ratio >= 20,
            COMMAND,
        ),
        Row(f"{what}: all changed rows", f"{whole:.2f} s", "1 s", "limit", whole, "≤ 1 s", whole <= 1, COMMAND),
    ]


def _all(bench: Server, path: str) -> None:
    """Read all changed rows page by page, as somebody who scrolls through them."""
    read, cursor = 0, ""
    while True:
        page = bench.kept.headwater.get(f"{path}/rows?table=t&limit=1000{cursor}")
        read += len(page["changes"])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert read == CHANGED, read


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


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
