"""Public schemas, loaded, snapshotted and restored: pg_dump of both sides is compared line by line.

make bench PART=snapshots.restorability ARGS="FOLDER"    (FOLDER/owner/name is a clone of each repository)
make bench PART=snapshots.restorability ARGS="FOLDER regression"    only PostgreSQL's regression database
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clusters
from bench.rows import Row, save
from bench.snapshots.structures import FIRST, NEVER_ENDING, REGRESSION, STRUCTURES, Structure
from engines.postgresql import archives
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater
from headwater.engines import Address
from headwater.engines.postgresql.binaries import binaries

COMMAND = 'make bench PART=snapshots.restorability ARGS="FOLDER"'
HOST = "127.0.0.1"
POLL_SECONDS, LONGEST_SECONDS, FILE_SECONDS, TARGET_SECONDS = 0.3, 900.0, 40, 60.0
DONE = {"completed", "failed", "cancelled"}


@dataclass(frozen=True)
class Source:
    """A database that Headwater knows: its row, and its address for PostgreSQL's own programs."""

    row: dict[str, Any]
    address: Address


@dataclass(frozen=True)
class Outcome:
    """What came of a schema: what was compared, the lines of pg_dump that differ, and how long it took.

    Lines that differ after `pg_dump | psql`, too, are only counted (`as_peer`).
    """

    said: str
    proof: str
    differing: tuple[str, ...]
    seconds: float
    as_peer: int = 0

    @property
    def good(self) -> bool:
        """True if both dumps are equal."""
        return not self.differing


class Servers:
    """Databases on one kind of server."""

    def __init__(self, running: ProxiedHeadwater) -> None:
        self.running = running

    def create(self) -> Source:
        """Create an empty database that Headwater knows."""
        raise NotImplementedError


class Managed(Servers):
    """Databases of Headwater, which its owner loads."""

    name = "PostgreSQL 18, managed"

    def create(self) -> Source:
        row = self.running.create(engine="postgresql")
        address = Address(HOST, self.running.port, row["name"], row["user"], row["password"])
        return Source(row, address)


class Connected(Servers):
    """Databases of a server that runs elsewhere, which a superuser loads."""

    def __init__(self, running: ProxiedHeadwater, name: str, port: int, password: str = "") -> None:
        super().__init__(running)
        self.name, self.port, self.password = name, port, password

    def create(self) -> Source:
        name = f"hw{uuid.uuid4().hex[:10]}"
        address = Address(HOST, self.port, name, "postgres", self.password)
        _psql(address, f'CREATE DATABASE "{name}" TEMPLATE template0', database="postgres")
        secret = f":{self.password}" if self.password else ""
        row = self.running.adopt(name, f"postgresql://postgres{secret}@{HOST}:{self.port}/{name}?tls=disable")
        return Source(row, address)


def _psql(address: Address, text: str, *, database: str = "", seconds: float = LONGEST_SECONDS) -> str:
    """Run a script to its end, whatever it says; return its error messages."""
    environment = {
        "PGHOST": HOST,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGPASSWORD": address.password,
        "PGDATABASE": database or address.database,
        "PGSSLMODE": "disable",
        "PATH": os.environ["PATH"],
        # The data files of the regression tests are not there.
        "PG_ABS_SRCDIR": "/nonexistent",
        "PG_ABS_BUILDDIR": "/nonexistent",
        "PG_LIBDIR": "/nonexistent",
        "PG_DLSUFFIX": ".so",
    }
    with contextlib.suppress(subprocess.TimeoutExpired):
        command = [binaries() / "psql", "-X", "-q", "-a"]
        done = subprocess.run(
            command, input=text.encode(), env=environment, capture_output=True, timeout=seconds, check=False
        )
        return done.stderr.decode(errors="replace")
    return "psql: ERROR: it took too long"


def _finished(running: ProxiedHeadwater, job: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        current: dict[str, Any] = running.headwater.get(f"/jobs/{job['id']}")
        if current["state"] in DONE:
            return current
        time.sleep(POLL_SECONDS)
    raise TimeoutError(job["title"])


def _post(running: ProxiedHeadwater, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = running.headwater.client.post(f"/api/v1{path}", json=body, timeout=120)
    assert answer.status_code == 202, answer.text
    created: dict[str, Any] = answer.json()
    return created


def restored(servers: Servers, source: Source) -> Outcome:
    """Take a snapshot of a database, restore it into another one of the same server, and compare both."""
    running, started = servers.running, time.monotonic()
    snapshot = _post(running, f"/databases/{source.row['id']}/snapshots", {})
    job = _finished(running, snapshot["job"])
    if job["state"] != "completed":
        return Outcome(str(job["error"]), "", ("no snapshot",), time.monotonic() - started)
    target = servers.create()
    restore = _post(running, f"/snapshots/{snapshot['id']}/restores", {"target_id": target.row["id"]})
    job = _finished(running, restore["job"])
    seconds = time.monotonic() - started
    proof = _proof(running, snapshot["id"])
    if job["state"] != "completed":
        return Outcome(str(job["error"]), proof, ("not restored",), seconds)
    said = running.headwater.get(f"/restores/{restore['id']}")["summary"]
    differing = Counter(_differing(source.address, target.address))
    own = differing - _peer(servers, source) if differing else differing
    return Outcome(said, proof, tuple(own.elements()), seconds, (differing - own).total())


def _peer(servers: Servers, source: Source) -> Counter[str]:
    """Return the lines that differ after `pg_dump | psql`."""
    target = servers.create()
    _psql(target.address, archives.script(source.address, "--no-owner", "--no-privileges"))
    return Counter(_differing(source.address, target.address))


def _proof(running: ProxiedHeadwater, snapshot: str) -> str:
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        proof = running.headwater.get(f"/snapshots/{snapshot}")["proof"]
        if proof["state"] != "pending":
            named = [*proof["refused"], *proof["different"], *proof["untried"]]
            return "; ".join([proof["summary"], *named[:5]])
        time.sleep(POLL_SECONDS)
    return "pending"


def _differing(first: Address, second: Address) -> Iterator[str]:
    """Yield the lines of pg_dump that only one side has."""
    lines = [Counter(archives.dump(address, "--no-owner", "--no-privileges")) for address in (first, second)]
    yield from (f"- {line}" for line in lines[0] - lines[1])
    yield from (f"+ {line}" for line in lines[1] - lines[0])


def measure(servers: Servers, folder: Path, structures: Sequence[Structure]) -> list[Row]:
    """Restore all structures on one server; one row for each that differs, and one for all."""
    equal, rows = 0, []
    for structure in structures:
        source = servers.create()
        errors = [_psql(source.address, text) for text in structure.texts(folder)]
        refused = sum(text.count("ERROR:") for text in errors)
        outcome = restored(servers, source)
        equal += outcome.good
        print(
            f"{'ok  ' if outcome.good else 'MISS'} {structure.name} on {servers.name}: {refused} statements refused "
            f"when it was loaded; {outcome.said}; {outcome.proof}; {outcome.seconds:.1f} s",
            flush=True,
        )
        for line in outcome.differing[:10]:
            print(f"       {line[:200]}", flush=True)
        if not outcome.good:
            what = f"restorability of {structure.name} on {servers.name}"
            said = f"{outcome.said}; {len(outcome.differing)} lines differ: {'; '.join(outcome.differing[:3])}"[:500]
            rows.append(Row(what, said, "equal dumps", "pg_dump", None, "equal", False, COMMAND))
    said = f"{equal} of {len(structures)}"
    what = f"public schemas that are restored with an equal pg_dump, {servers.name}"
    share = equal / len(structures)
    return [Row(what, said, f"{len(structures)}", "pg_dump", share, "all", equal == len(structures), COMMAND), *rows]


def regression(servers: Servers, folder: Path) -> list[Row]:
    """Restore PostgreSQL's regression database."""
    source, refused = servers.create(), 0
    files = REGRESSION.listed(folder)
    names = {Path(file).stem: file for file in files if Path(file).stem not in NEVER_ENDING}
    for name in [*(name for name in FIRST if name in names), *sorted(names.keys() - set(FIRST))]:
        refused += _psql(source.address, REGRESSION.text(folder, names[name]), seconds=FILE_SECONDS).count("ERROR:")
    outcome = restored(servers, source)
    print(f"{refused} statements refused when it was loaded; {outcome.said}; {outcome.proof}", flush=True)
    for line in outcome.differing[:60]:
        print(f"       {line[:200]}", flush=True)
    seconds = f"{outcome.seconds:.1f} s"
    said = (
        f"{len(outcome.differing)} lines of pg_dump differ, and {outcome.as_peer} that differ after pg_dump | psql, too"
    )
    if outcome.differing:
        said += f" ({'; '.join(outcome.differing[:5])})"
    what = f"regression database of PostgreSQL ({len(names)} files) on {servers.name}"
    quick = outcome.seconds <= TARGET_SECONDS
    return [
        Row(
            f"{what}: result",
            f"{outcome.said}; {said}"[:900],
            "0 lines",
            "pg_dump",
            None,
            "equal",
            outcome.good,
            COMMAND,
        ),
        Row(f"{what}: snapshot and restore", seconds, "60 s", "target", None, "≤ 60 s", quick, COMMAND),
    ]


def main() -> None:
    """Restore what is in the folder on the command line."""
    folder, home = Path(sys.argv[1]), Path(tempfile.mkdtemp(prefix="hw-bench-"))
    cluster = Path(tempfile.mkdtemp(prefix="hw-bench-"))
    cluster.chmod(0o755)
    server = clusters.start(cluster)
    try:
        with proxied_headwater(home, HEADWATER_ALLOW_LOOPBACK="true") as running:
            superuser = Connected(running, "PostgreSQL 18", server.port, server.password)
            save("snapshots", regression(superuser, folder))
            if "regression" not in sys.argv[2:]:
                for servers in (Managed(running), Connected(running, "PostgreSQL 15", 5432)):
                    save("snapshots", measure(servers, folder, STRUCTURES))
    finally:
        server.stop()
        for path in (home, cluster):
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
