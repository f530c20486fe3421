"""Snapshots of PostgreSQL beside pg_dump and pg_restore, over HTTP as a user takes them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.rows import Row
from bench.snapshots.counting import opened
from bench.snapshots.taking import COMMAND, ROUNDS, Bench, median, megabytes, memory, row
from entrypoints.proxied_headwater import ProxiedHeadwater
from headwater.engines.postgresql.binaries import binaries

TABLE = Path(__file__).with_name("table.sql")
EVERY = (
    "customer = customer + 1, ratio = ratio + 1, price = price + 1, email = email || 'x', note = md5(random()::text), title = title || '!', "
    "created = created + interval '1 s', born = born + 1, ref = gen_random_uuid(), active = NOT active, tags = ARRAY[md5(random()::text)], "
    "doc = doc || '{\"new\": 1}', raw = decode(md5(random()::text), 'hex'), n = n + 1"
)

# How those who store a dump once are told to begin, and to keep a file.
PEERS = {
    "restic": ("restic -q -r {0} init", "restic -q -r {0} backup {1}"),
    "borg": ("borg init -e repokey-blake2 {0}", "borg create -C zstd,3 {0}::{{now:%s%f}} {1}"),
}


class Server(Bench):
    """A PostgreSQL, with the programs that go with it."""

    def __init__(self, kept: ProxiedHeadwater, name: str) -> None:
        super().__init__(kept, name)
        kept.ask(self.database, "SELECT 1")

    def place(self, database: dict[str, Any] | None = None) -> dict[str, str]:
        """What the programs of PostgreSQL need to know."""
        item = database or self.database
        return os.environ | {
            "PGHOST": str(self.kept.folder(item) / "run"),
            "PGDATABASE": item["name"],
            "PGUSER": item["user"],
            "PGPASSWORD": item["password"],
        }

    def run(self, *command: str | Path, shell: bool = False, database: dict[str, Any] | None = None) -> float:
        """Run a program of PostgreSQL and return how long it took."""
        path = f"{binaries()}:{os.environ['PATH']}"
        began = time.perf_counter()
        line: Any = str(command[0]) if shell else [str(part) for part in command]
        done = subprocess.run(
            line, shell=shell, env=self.place(database) | {"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return time.perf_counter() - began

    def ask(self, query: str) -> Any:
        """Run a statement as the owner and return its first value, if any."""
        with self.kept.connect(self.database) as connection:
            done = connection.execute(query.encode())
            row = done.fetchone() if done.description else None
            return row[0] if row else None


def table(kept: ProxiedHeadwater) -> list[Row]:
    """A table of 1.5 million rows of mixed types: first snapshot, unchanged second one, restore; beside dumps."""
    bench = Server(kept, "bench-table")
    bench.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", TABLE)
    return _whole(bench, "1.5 M rows × 16 columns")


def pgbench(kept: ProxiedHeadwater) -> list[Row]:
    """A whole database: pgbench at scale 50, five million narrow rows."""
    bench = Server(kept, "bench-pgbench")
    bench.run("pgbench", "-i", "-q", "-s", "50")
    return _whole(bench, "pgbench, scale 50")


def restores(kept: ProxiedHeadwater) -> list[Row]:
    """Restores of a table of 400,000 rows and of pgbench at scale 10, in turns with pg_restore, which compares nothing."""
    small, banks = Server(kept, "bench-small"), Server(kept, "bench-small-pgbench")
    script = small.folder / "small.sql"
    script.write_text(TABLE.read_text().replace("generate_series(1, 1500000)", "generate_series(1, 400000)"))
    small.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", script)
    banks.run("pgbench", "-i", "-q", "-s", "10")
    return [_restored(small, "400,000 rows × 16 columns"), _restored(banks, "pgbench, scale 10")]


def _restored(bench: Server, what: str) -> Row:
    dump, ours, peers = bench.folder / f"{bench.database['name']}.dump", [], []
    first, _ = bench.snapshot()
    bench.run("pg_dump", "-Fc", "-f", dump)
    for number in range(ROUNDS):
        ours.append(bench.restore(first, f"{bench.database['name']}-back-{number}"))
        peers.append(_peer_restore(bench, f"{bench.database['name']}-peer-{number}", dump))
    return _restore_row(what, ours, peers)


def _peer_restore(bench: Server, name: str, dump: Path) -> float:
    """Make a database and fill it with pg_restore; return how long both took."""
    began = time.perf_counter()
    other = bench.kept.create(name, quotas={"statement_seconds": 3600})
    bench.run("pg_restore", "--no-owner", "-j2", "-d", other["name"], dump, database=other)
    return time.perf_counter() - began


def _restore_row(what: str, ours: list[float], peers: list[float]) -> Row:
    return row(
        f"{what}: restore into a new database, wall",
        f"{median(ours):.1f} s",
        f"{median(peers):.1f} s",
        "headwater db create, pg_restore -j2",
        median(ours) / median(peers),
        1.0,
    )


def _whole(bench: Server, what: str) -> list[Row]:
    dump, zst = bench.folder / "dump", bench.folder / "dump.zst"
    ours, again, peers, restored, peer_restored = [], [], [], [], []
    with memory(bench.kept) as used:
        bench.snapshot()
    for number in range(ROUNDS):
        bench.forget()
        first, seconds = bench.snapshot()
        ours.append(seconds)
        second, seconds = bench.snapshot()
        again.append(seconds)
        peers.append(bench.run("pg_dump", "-Fc", "-f", dump))
        restored.append(bench.restore(first, f"back-{number}"))
        peer_restored.append(_peer_restore(bench, f"peer-{number}", dump))
    bench.run(f"pg_dump | zstd -3 -q -f -o {zst}", shell=True)
    size, dumped, packed = first["stored_bytes"], dump.stat().st_size, zst.stat().st_size
    whole, peer = median(ours), median(peers)
    rows = [
        row(f"{what}: first snapshot, wall", f"{whole:.1f} s", f"{peer:.1f} s", "pg_dump -Fc", whole / peer, 0.30),
        row(f"{what}: stored", megabytes(size), megabytes(dumped), "pg_dump -Fc", size / dumped, 0.70),
        row(
            f"{what}: stored, beside zstd", megabytes(size), megabytes(packed), "pg_dump | zstd -3", size / packed, 0.85
        ),
        row(
            f"{what}: second snapshot of what has not changed, wall",
            f"{median(again):.2f} s",
            f"{whole:.1f} s",
            "the first one",
            median(again) / whole,
            0.1,
        ),
        Row(
            f"{what}: new bytes of that",
            str(second["new_bytes"]),
            "0",
            "limit",
            None,
            "0 bytes",
            second["new_bytes"] == 0,
            COMMAND,
        ),
        _restore_row(what, restored, peer_restored),
        row(f"{what}: peak memory of the worker", megabytes(used[0]), "256 MB", "limit", used[0] / 2**28, 1.0),
    ]
    return rows + [
        row(
            f"{what}: stored, beside {tool}",
            megabytes(size),
            megabytes(remaining),
            f"{tool} of the plain dump",
            size / remaining,
            0.85,
        )
        for tool, remaining in _deduplicated(bench).items()
    ]


def _deduplicated(bench: Server) -> dict[str, int]:
    """Let restic and borg keep the plain dump, and return what each stores by now; of those that are installed."""
    plain = bench.folder / "plain.sql"
    bench.run("pg_dump", "-f", plain)
    os.environ |= {"RESTIC_PASSWORD": "x", "BORG_PASSPHRASE": "x", "BORG_BASE_DIR": str(bench.folder)}
    result = {}
    for tool, lines in PEERS.items():
        if not shutil.which(tool):
            continue
        repository = bench.folder / f"{tool}-repository"
        for line in lines[repository.exists() :]:
            bench.run(line.format(repository, plain), shell=True)
        result[tool] = sum(file.stat().st_size for file in repository.rglob("*") if file.is_file())
    return result


# What is done to one row in a hundred: where, what, and the most of the first snapshot's bytes that may be new.
CHANGES = {
    "one column of 1 % of the rows, side by side": ("id BETWEEN 300001 AND 315000", "n = n + 1", 0.001),
    "one column of 1 % of the rows, scattered": ("id % 100 = 7", "n = n + 1", 0.025),
    "all columns of 1 % of the rows, side by side": ("id BETWEEN 600001 AND 615000", EVERY, 0.015),
    "all columns of 1 % of the rows, scattered": ("id % 100 = 13", EVERY, 0.03),
}


def changes(keeping: ProxiedHeadwater) -> list[Row]:
    """What the next snapshot adds, and how long it takes, beside reading the whole table in order."""
    bench = Server(keeping, "bench-changes")
    bench.run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", TABLE)
    first, _ = bench.snapshot()
    remaining = _deduplicated(bench)
    rows = []
    for what, (where, how, most) in CHANGES.items():
        seconds, peers, new = [], [], 0
        for _ in range(ROUNDS):
            bench.ask(f"UPDATE t SET {how} WHERE {where}")
            result, took = bench.snapshot()
            new = result["new_bytes"]
            seconds.append(took)
            peers.append(
                bench.run("psql -X -q -c 'COPY (SELECT * FROM t ORDER BY id) TO STDOUT' > /dev/null", shell=True)
            )
        ratio = new / first["stored_bytes"]
        rows += [
            row(
                f"{what}: new bytes",
                megabytes(new),
                megabytes(first["stored_bytes"]),
                "the first snapshot",
                ratio,
                most,
            ),
            row(
                f"{what}: wall",
                f"{median(seconds):.2f} s",
                f"{median(peers):.2f} s",
                "an ordered COPY of the table",
                median(seconds) / median(peers),
                0.4,
            ),
        ]
        for tool, total in _deduplicated(bench).items():
            grown, remaining[tool] = total - remaining[tool], total
            peer = f"{tool} of the plain dump"
            rows.append(
                row(
                    f"{what}: new bytes beside {tool}",
                    megabytes(new),
                    megabytes(grown),
                    peer,
                    new / max(grown, 1),
                    1 / 30,
                )
            )
    return rows


def one_of_many(kept: ProxiedHeadwater) -> list[Row]:
    """One table out of a hundred: what is read of the vault to restore it."""
    bench = Server(kept, "bench-many")
    for number in range(100):
        bench.ask(
            f"CREATE TABLE t{number} AS SELECT g AS id, md5(g::text) AS a, g * {number} AS b FROM generate_series(1, 20000) g"
        )
        bench.ask(f"ALTER TABLE t{number} ADD PRIMARY KEY (id)")
    result, _ = bench.snapshot()
    detail = bench.kept.headwater.get(f"/snapshots/{result['id']}")
    stored = next(content for content in detail["contents"] if content["name"] == "t50")["stored_bytes"]
    read = _bytes_read(bench, result["id"], "t50")
    return [
        row("one table out of a hundred: bytes read", f"{read:,}", f"{stored:,}", "what it stored", read / stored, 1.1)
    ]


def _bytes_read(bench: Server, snapshot: str, name: str) -> int:
    """Read a table as a restore does, in this process, and count what comes out of the store."""
    vault, counted = opened(bench.kept.home)
    table = next(item for item in vault.manifest(snapshot).tables if item.name == name)
    counted.bytes = 0
    with ThreadPoolExecutor(2) as threads:
        rows = sum(batch.num_rows for batch in vault.table(table).rows(threads))
    assert rows == table.rows
    return counted.bytes
