"""Public dumps, loaded: each into a new database of its engine, over HTTP as a user does it.

make bench PART=databases.dumps ARGS="FOLDER"    (FOLDER/owner/name is a clone of each repository)
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rows import Row, forget, save
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

COMMAND = 'make bench PART=databases.dumps ARGS="FOLDER"'
POLL_SECONDS, LONGEST_SECONDS, TARGET = 0.5, 1800.0, 0.95


@dataclass(frozen=True)
class Dump:
    """Files of a repository at a commit that are loaded one after the other into one database.

    A file that ends with a slash is a folder, which is uploaded as a ZIP. `edits` are patterns and what replaces them,
    for what the server cannot have, such as an extension.
    """

    repository: str
    commit: str
    engine: str
    files: tuple[str, ...]
    edits: tuple[tuple[str, str], ...] = ()

    def contents(self, folder: Path) -> Iterator[tuple[str, bytes]]:
        """Yield the names and contents of the files, from the clone in a folder."""
        clone = folder / self.repository
        for file in self.files:
            if file.endswith("/"):
                pack = ["git", "-C", clone, "archive", "--format=zip", f"{self.commit}:{file}"]
                yield "dump.zip", subprocess.run(pack, check=True, capture_output=True).stdout
                continue
            show = ["git", "-C", clone, "show", f"{self.commit}:{file}"]
            content = subprocess.run(show, check=True, capture_output=True).stdout
            for pattern, replacement in self.edits:
                content = re.sub(pattern.encode(), replacement.encode(), content, flags=re.MULTILINE)
            yield Path(file).name, content


def _dumps(repository: str, commit: str, engine: str, *files: str) -> list[Dump]:
    return [Dump(repository, commit, engine, tuple(file.split())) for file in files]


_EMPLOYEES = "bytebase/employee-sample-database", "c3d0a6e1b6623b19d213b754b3a5104dcfdff65b"
_NORTHWIND = "harryho/db-samples", "856a5584fa2cce702033bfd62026b6983fcdda2e"
_CHINOOK = "ChinookDatabase/DataSources/Chinook"
DUMPS = [
    *_dumps(
        "neondatabase/postgres-sample-dbs",
        "f6c2e24910e9a1eb9c11c69628544d4d60d42e47",
        "postgresql",
        *["chinook.sql", "happiness_index.sql", "netflix.sql", "pagila.sql", "periodic_table.sql", "titanic.sql"],
    ),
    *_dumps("robconery/dvdrental", "0e2aedd86c7c94d60a82e1da9e9c069241444b6c", "postgresql", "dvdrental.tar"),
    *_dumps("pthom/northwind_psql", "cd0ef28d66369fbe177778e604e4be0f153c9e5c", "postgresql", "northwind.sql"),
    *_dumps("danbooru/danbooru", "06587d1f933502ae5d749c967787d44be3938846", "postgresql", "db/structure.sql"),
    *_dumps("devrimgunduz/pagila", "eddcfc4513dab4239ee1acbdf52beb1f5fcf50ac", "postgresql", "pagila-schema.sql"),
    *_dumps(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        "postgresql",
        *[f"{_CHINOOK}_PostgreSql{form}.sql" for form in ("", "_AutoIncrementPKs", "_SerialPKs")],
    ),
    *_dumps(
        "lorint/AdventureWorks-for-Postgres", "b37c060c3c3064b501cb479fe1085ed9141c2f66", "postgresql", "install.sql"
    ),
    *_dumps(
        "morenoh149/postgresDBSamples",
        "2bdc9539762092912655e1b82b7433d3151389dc",
        "postgresql",
        "chinook-1.4/Chinook_PostgreSql.sql",
        "chinook-1.4/Chinook_PostgreSql_utf8.sql",
        "french-towns-communes-francaises/french-towns-communes-francaises.sql",
        "iso-3166/iso-3166.sql",
        "pagila-0.10.1/pagila-schema.sql pagila-0.10.1/pagila-data.sql",
        "role-based-access-control/rbac.sql",
        "worldDB-1.0/world.sql",
    ),
    *_dumps(
        "jOOQ/sakila",
        "e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84",
        "postgresql",
        "postgres-sakila-db/postgres-sakila-schema.sql postgres-sakila-db/postgres-sakila-insert-data-using-copy.sql",
    ),
    *_dumps(
        "jOOQ/sakila",
        "e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84",
        "mysql",
        "mysql-sakila-db/mysql-sakila-schema.sql",
    ),
    *_dumps(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        "mysql",
        f"{_CHINOOK}_MySql.sql",
        f"{_CHINOOK}_MySql_AutoIncrementPKs.sql",
    ),
    *_dumps("hhorak/mysql-sample-db", "07992002687b6cc73ba79bd7a3b6abb18a774d99", "mysql", "mysqlsampledatabase.sql"),
    *_dumps(
        "datacharmer/test_db",
        "3c7fa05e04b4c339d91a43b7029a210212d48e6c",
        "mysql",
        "sakila/sakila-mv-schema.sql sakila/sakila-mv-data.sql",
        "employees.sql",
    ),
    *_dumps(
        "jOOQ/sakila",
        "e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84",
        "sqlite",
        "sqlite-sakila-db/sqlite-sakila-schema.sql",
    ),
    *_dumps(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        "sqlite",
        f"{_CHINOOK}_Sqlite.sql",
        f"{_CHINOOK}_Sqlite_AutoIncrementPKs.sql",
    ),
    *_dumps(*_EMPLOYEES, "mysql", "mysql/dataset_large/"),
    *_dumps(*_EMPLOYEES, "postgresql", "postgres/dataset_large/"),
    *_dumps(*_EMPLOYEES, "sqlite", "sqlite/dataset_small/"),
    *_dumps(*_NORTHWIND, "mysql", "mysql/northwind.sql", "mysql/northwind_core.sql"),
    *_dumps(*_NORTHWIND, "postgresql", "pgsql/northwind.sql"),
    *_dumps(*_NORTHWIND, "sqlite", "sqlite/northwind_core.sql"),
    *_dumps("dalers/mywind", "0036c3ca2f2a010b77c7880a3b4badf85dbcfc7a", "mysql", "northwind.sql northwind-data.sql"),
    *_dumps("jpwhite3/northwind-SQLite3", "4f56e7f5906dfd23b25244c5bfe8fb5da6402efd", "sqlite", "src/create.sql"),
]


def load(running: ProxiedHeadwater, dump: Dump, folder: Path) -> tuple[bool, str]:
    """Load a dump into a new database; return whether it loaded, and what came of it."""
    database = running.create(engine=dump.engine)
    said = []
    try:
        for name, content in dump.contents(folder):
            done = imported(running, database, name, content)
            if done["job"]["state"] != "completed":
                return False, str(done["job"]["error"])
            result = done["result"]
            said.append(f"{result['rows']:,} rows, {result['skipped_count']} statements left out")
    finally:
        running.headwater.client.delete(f"/api/v1/databases/{database['id']}")
    return True, "; ".join(said)


def imported(running: ProxiedHeadwater, database: dict[str, Any], name: str, content: bytes) -> Any:
    """Upload a file, import it, and return the transfer at its end."""
    client = running.headwater.client
    uploaded = client.post(f"/api/v1/databases/{database['id']}/imports", files={"file": (name, content)}, timeout=300)
    if uploaded.status_code != 201:
        return {"job": {"state": "failed", "error": uploaded.json()["detail"]}}
    transfer = uploaded.json()["transfer"]["id"]
    started = client.post(f"/api/v1/imports/{transfer}/start", json={}, timeout=60)
    assert started.status_code == 202, started.text
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        done = running.headwater.get(f"/transfers/{transfer}")
        if done["job"]["state"] in {"completed", "failed", "cancelled"}:
            return done
        time.sleep(POLL_SECONDS)
    raise TimeoutError(name)


def measure(running: ProxiedHeadwater, folder: Path) -> list[Row]:
    """Load all dumps; one row for each that does not load, and one for all."""
    loaded, rows = 0, []
    for dump in DUMPS:
        good, said = load(running, dump, folder)
        loaded += good
        name = f"{dump.repository} {' + '.join(dump.files)} ({dump.engine})"
        print(f"{'ok  ' if good else 'MISS'} {name}: {said}", flush=True)
        if not good:
            rows.append(Row(f"dump {name}", "refused", said, "the sentence", None, "loads", False, COMMAND))
    share = loaded / len(DUMPS)
    summary = Row(
        "public dumps that load",
        f"{loaded} of {len(DUMPS)}",
        f"{TARGET:.0%}",
        "target",
        share,
        f"≥ {TARGET:.0%}",
        share >= TARGET,
        COMMAND,
    )
    return [summary, *rows]


def main() -> None:
    """Load the dumps of the folder on the command line."""
    home = Path(tempfile.mkdtemp(prefix="hw-bench-"))
    try:
        with proxied_headwater(home) as running:
            rows = measure(running, Path(sys.argv[1]))
        forget("databases", "dump ")
        save("databases", rows)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
