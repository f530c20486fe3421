"""Snapshots of MariaDB and SQLite beside the programs that their users back them up with."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.rows import Row
from bench.snapshots.taking import ROUNDS, Bench, median, megabytes, row
from entrypoints.keeping import Keeping

FOLDER = Path(__file__).parent
WHAT = "500,000 rows × 10 columns"


def mysql(kept: Keeping) -> list[Row]:
    """A first snapshot of a table of mixed types beside mysqldump into zstd."""
    bench = Bench(kept, "bench-mysql", "mysql")
    (socket,) = (one for one in kept.folder(bench.database).rglob("*") if one.is_socket())
    name, place = bench.database["name"], bench.folder / "dump.zst"
    login = f"--no-defaults --socket={socket} --user={bench.database['user']} --password={bench.database['password']}"
    _timed(f"mysql {login} {name} < {FOLDER / 'mysql.sql'}")
    dump = f"mysqldump {login} --single-transaction --quick {name} | zstd -3 -q -f -o {place}"
    return _beside(bench, f"MariaDB, {WHAT}", lambda: _timed(dump), place, "mysqldump | zstd -3", 0.7)


def sqlite(kept: Keeping) -> list[Row]:
    """A first snapshot of a table of mixed types beside VACUUM INTO and zstd."""
    bench = Bench(kept, "bench-sqlite", "sqlite")
    (file,) = kept.folder(bench.database).rglob("database.sqlite")
    copy, place = bench.folder / "copy.sqlite", bench.folder / "copy.zst"
    _timed(f"sqlite3 {file} < {FOLDER / 'sqlite.sql'}")
    vacuum = f"rm -f {copy}; sqlite3 {file} \"VACUUM INTO '{copy}'\" && zstd -3 -q -f {copy} -o {place}"
    return _beside(bench, f"SQLite, {WHAT}", lambda: _timed(vacuum), place, "VACUUM INTO, zstd -3", 1.5)


def _beside(bench: Bench, what: str, dump: Callable[[], float], made: Path, peer: str, most: float) -> list[Row]:
    ours, peers = [], []
    for _ in range(ROUNDS):
        bench.forget()
        first, seconds = bench.snapshot()
        ours.append(seconds)
        peers.append(dump())
    size, packed = first["stored_bytes"], made.stat().st_size
    return [
        row(f"{what}: first snapshot, wall", f"{median(ours):.1f} s", f"{median(peers):.1f} s", peer,
            median(ours) / median(peers), most),
        row(f"{what}: stored", megabytes(size), megabytes(packed), peer, size / packed, 0.8),
    ]  # fmt: skip


def _timed(command: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - began
