"""Real schemas, copied between engines over HTTP as a user does it, and compared by drivers of their own.

make bench PART=databases.copies ARGS="FOLDER [NAME …]"    (FOLDER/owner/name is a clone of each repository)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.databases.dumps import Dump, imported
from bench.databases.stored_values import same_values
from bench.rows import Row, forget, save
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

COMMAND = 'make bench PART=databases.copies ARGS="FOLDER"'
ENGINES = ("postgresql", "mysql", "sqlite")
POLL_SECONDS, LONGEST_SECONDS = 0.3, 900.0
TARGET = "none fails after the plan; values equal"
_CHINOOK = "ChinookDatabase/DataSources/Chinook"
_SAKILA = "e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84"
SAMPLES = {
    "chinook": Dump(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        "postgresql",
        (f"{_CHINOOK}_PostgreSql_SerialPKs.sql",),
    ),
    "chinook-mysql": Dump(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        "mysql",
        (f"{_CHINOOK}_MySql_AutoIncrementPKs.sql",),
    ),
    "chinook-sqlite": Dump(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        "sqlite",
        (f"{_CHINOOK}_Sqlite_AutoIncrementPKs.sql",),
    ),
    "sakila": Dump(
        "jOOQ/sakila",
        _SAKILA,
        "postgresql",
        (
            "postgres-sakila-db/postgres-sakila-schema.sql",
            "postgres-sakila-db/postgres-sakila-insert-data-using-copy.sql",
        ),
    ),
    "sakila-mysql": Dump(
        "datacharmer/test_db",
        "3c7fa05e04b4c339d91a43b7029a210212d48e6c",
        "mysql",
        ("sakila/sakila-mv-schema.sql", "sakila/sakila-mv-data.sql"),
    ),
    "sakila-sqlite": Dump("jOOQ/sakila", _SAKILA, "sqlite", ("sqlite-sakila-db/sqlite-sakila-schema.sql",)),
    "classicmodels": Dump(
        "hhorak/mysql-sample-db", "07992002687b6cc73ba79bd7a3b6abb18a774d99", "mysql", ("mysqlsampledatabase.sql",)
    ),
    "pagila": Dump(
        "devrimgunduz/pagila", "eddcfc4513dab4239ee1acbdf52beb1f5fcf50ac", "postgresql", ("pagila-schema.sql",)
    ),
    "pagila-rows": Dump(
        "neondatabase/postgres-sample-dbs", "f6c2e24910e9a1eb9c11c69628544d4d60d42e47", "postgresql", ("pagila.sql",)
    ),
    "northwind-sqlite": Dump(
        "jpwhite3/northwind-SQLite3", "4f56e7f5906dfd23b25244c5bfe8fb5da6402efd", "sqlite", ("src/create.sql",)
    ),
    "northwind": Dump(
        "pthom/northwind_psql", "cd0ef28d66369fbe177778e604e4be0f153c9e5c", "postgresql", ("northwind.sql",)
    ),
    "openstreetmap": Dump(
        "openstreetmap/openstreetmap-website",
        "9da0fa5ecbff8adc5e6e91c7cf22546755a91f77",
        "postgresql",
        ("db/structure.sql",),
        ((r"^.*EXTENSION.* postgis.*$", ""), (r"public\.geometry\(Polygon,4326\)", "text")),
    ),
    "danbooru": Dump(
        "danbooru/danbooru",
        "06587d1f933502ae5d749c967787d44be3938846",
        "postgresql",
        ("db/structure.sql",),
        ((r"^.*EXTENSION.* (?:pgcrypto|pgstattuple).*$", ""),),
    ),
    "adventureworks": Dump(
        "lorint/AdventureWorks-for-Postgres",
        "b37c060c3c3064b501cb479fe1085ed9141c2f66",
        "postgresql",
        ("install.sql",),
        (
            (r"^\\copy.*$", ""),
            (r'^.*EXTENSION.*"uuid-ossp".*$', ""),
            (r"uuid_generate_v\d\(\)", "gen_random_uuid()"),
            # Its products would come by \copy.
            (r"^(ALTER TABLE Production.ProductReview ADD)$", r"DELETE FROM Production.ProductReview;\n\1"),
        ),
    ),
}


@dataclass(frozen=True)
class Outcome:
    """A copy: whether it was complete with equal values, what came of it, and the target if it exists."""

    good: bool
    said: str
    database: dict[str, Any] = field(default_factory=dict)


def load(running: ProxiedHeadwater, sample: Dump, folder: Path) -> dict[str, Any]:
    """Load a sample into a new database and return it.

    Raises:
        RuntimeError: a file was refused.
    """
    database = running.create(engine=sample.engine)
    for file, content in sample.contents(folder):
        done = imported(running, database, file, content)
        if done["job"]["state"] != "completed":
            raise RuntimeError(f"{file}: {done['job']['error']}")
    return database


def copy(running: ProxiedHeadwater, source: dict[str, Any], engine: str) -> Outcome:
    """Plan a copy into a new database, accept the losses, run it, and compare the values."""
    target = running.create(engine=engine)
    client, path = running.headwater.client, f"/api/v1/databases/{source['id']}/copies"
    plan = client.post(f"{path}/plan", json={"target_id": target["id"]}, timeout=120)
    if plan.status_code != 200:
        return Outcome(False, f"no plan: {plan.json()['detail']}", target)
    body = {"target_id": target["id"], "accepted": True}
    started = client.post(path, json=body, timeout=120)
    if started.status_code != 202:
        return Outcome(False, f"not started: {started.json()['detail']}", target)
    done = _finished(running, started.json()["id"])
    losses = len(plan.json()["losses"])
    if done["job"]["state"] != "completed":
        return Outcome(False, f"failed after the plan: {done['job']['error']}", target)
    differing = [table["table"] for table in done["tables"] if not table["same"]]
    differing += same_values(running, source, target, plan.json()["tables"])
    rows = sum(table["target_rows"] for table in done["tables"])
    if differing:
        return Outcome(False, f"values differ in {', '.join(differing)}", target)
    return Outcome(True, f"{len(done['tables'])} tables, {rows:,} rows, {losses} losses told", target)


def _finished(running: ProxiedHeadwater, transfer: str) -> dict[str, Any]:
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        done: dict[str, Any] = running.headwater.get(f"/transfers/{transfer}")
        if done["job"]["state"] in {"completed", "failed", "cancelled"}:
            return done
        time.sleep(POLL_SECONDS)
    raise TimeoutError(transfer)


def copies_of(running: ProxiedHeadwater, name: str, sample: Dump, folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Copy a sample to every engine, and from there back to its own."""
    try:
        source = load(running, sample, folder)
    except RuntimeError as error:
        yield f"copy {name}: load", Outcome(False, str(error))
        return
    created = [source]
    for engine in ENGINES:
        route = f"copy {name}: {sample.engine} to {engine}"
        there = copy(running, source, engine)
        yield route, there
        created.append(there.database)
        if there.good and engine != sample.engine:
            back = copy(running, there.database, sample.engine)
            yield f"{route} and back", back
            created.append(back.database)
    for database in created:
        running.headwater.client.delete(f"/api/v1/databases/{database['id']}")


def measure(running: ProxiedHeadwater, folder: Path, names: list[str]) -> list[Row]:
    """Copy all samples; one row for each direction, and one for all."""
    rows = []
    for name in names:
        for what, outcome in copies_of(running, name, SAMPLES[name], folder):
            print(f"{'ok  ' if outcome.good else 'MISS'} {what}: {outcome.said}", flush=True)
            rows.append(Row(what, outcome.said, TARGET, "target", None, TARGET, outcome.good, COMMAND))
    good = sum(row.holds for row in rows)
    summary = Row(
        "copies of public schemas that arrive whole",
        f"{good} of {len(rows)}",
        "all",
        "target",
        good / max(len(rows), 1),
        TARGET,
        good == len(rows),
        COMMAND,
    )
    return [summary, *rows]


def main() -> None:
    """Copy the samples of the folder on the command line; results are only recorded when all were copied."""
    home = Path(tempfile.mkdtemp(prefix="hw-bench-"))
    try:
        with proxied_headwater(home) as running:
            rows = measure(running, Path(sys.argv[1]), sys.argv[2:] or list(SAMPLES))
        if not sys.argv[2:]:
            forget("databases", "copy ")
            save("databases", rows)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
