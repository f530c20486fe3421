"""Snapshots of MariaDB, SQLite and MongoDB beside what their users back them up with."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.rows import Row
from bench.snapshots.taking import ROUNDS, Bench, median, megabytes, row
from engines.mongodb import place as mongodb_place
from entrypoints.proxied_headwater import ProxiedHeadwater

FOLDER = Path(__file__).parent
WHAT = "500,000 rows × 10 columns"
DOCUMENTS = 50_000  # its server here takes some 5,000 a second


def mysql(kept: ProxiedHeadwater) -> list[Row]:
    """A first snapshot of a table of mixed types beside mysqldump into zstd."""
    bench = Bench(kept, "bench-mysql", "mysql")
    (socket,) = (item for item in kept.folder(bench.database).rglob("*") if item.is_socket())
    name, location = bench.database["name"], bench.folder / "dump.zst"
    login = f"--no-defaults --socket={socket} --user=owner --password={bench.database['password']}"
    _timed(f"mysql {login} {name} < {FOLDER / 'mysql.sql'}")
    dump = f"mysqldump {login} --single-transaction --quick {name} | zstd -3 -q -f -o {location}"
    return _beside(bench, f"MariaDB, {WHAT}", lambda: _timed(dump), location, "mysqldump | zstd -3", 0.7)


def sqlite(kept: ProxiedHeadwater) -> list[Row]:
    """A first snapshot of a table of mixed types beside VACUUM INTO and zstd."""
    bench = Bench(kept, "bench-sqlite", "sqlite")
    (file,) = kept.folder(bench.database).rglob("database.sqlite")
    copy, location = bench.folder / "copy.sqlite", bench.folder / "copy.zst"
    _timed(f"sqlite3 {file} < {FOLDER / 'sqlite.sql'}")
    vacuum = f"rm -f {copy}; sqlite3 {file} \"VACUUM INTO '{copy}'\" && zstd -3 -q -f {copy} -o {location}"
    return _beside(bench, f"SQLite, {WHAT}", lambda: _timed(vacuum), location, "VACUUM INTO, zstd -3", 1.5)


def mongodb(kept: ProxiedHeadwater) -> list[Row]:
    """A first snapshot of a collection of mixed types beside its raw documents into zstd; there is no mongodump here."""
    port = mongodb_place.server()
    host = mongodb_place.HOST
    with MongoClient[dict[str, Any]](host, port, username="root", password="secret", directConnection=True) as client:
        collection = client["bench"]["mixed"]
        for first in range(0, DOCUMENTS, 5000):
            collection.insert_many([_document(number) for number in range(first, first + 5000)])
        url = f"mongodb://root:secret@{host}:{port}/bench?tls=disable&authSource=admin"
        bench = Bench(kept, "bench-mongodb", url=url)
        location = bench.folder / "dump.bson.zst"

        def dump() -> float:
            began = time.perf_counter()
            with subprocess.Popen(["zstd", "-3", "-q", "-f", "-o", location], stdin=subprocess.PIPE) as packer:
                assert packer.stdin
                for documents in collection.find_raw_batches({}, sort=[("_id", 1)]):
                    packer.stdin.write(documents)
            assert packer.returncode == 0
            return time.perf_counter() - began

        what = f"MongoDB (SecantusDB), {DOCUMENTS:,} documents × 10 fields"
        return _beside(bench, what, dump, location, "find_raw_batches | zstd -3", 1.0)


def _document(number: int) -> dict[str, Any]:
    """Return a document as long-lived collections have them: some fields tell much, most say little."""
    digest = hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
    return {
        "_id": number,
        "name": f"Customer {number}",
        "mail": f"{digest[:8]}@example.org",
        "made": f"2026-01-{number % 28 + 1:02}",
        "price": number / 7,
        "amount": number % 1000,
        "open": number % 3 == 0,
        "tags": ["new", digest[:2]],
        "place": {"city": ("Bern", "Oslo", "Lima")[number % 3], "zip": number % 9000},
        "note": "seen and signed " * (number % 4),
    }


def _beside(bench: Bench, what: str, dump: Callable[[], float], made: Path, peer: str, most: float) -> list[Row]:
    ours, peers = [], []
    for _ in range(ROUNDS):
        bench.forget()
        first, seconds = bench.snapshot()
        ours.append(seconds)
        peers.append(dump())
    size, packed = first["stored_bytes"], made.stat().st_size
    return [
        row(
            f"{what}: first snapshot, wall",
            f"{median(ours):.1f} s",
            f"{median(peers):.1f} s",
            peer,
            median(ours) / median(peers),
            most,
        ),
        row(f"{what}: stored", megabytes(size), megabytes(packed), peer, size / packed, 0.8),
    ]


def _timed(command: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - began
