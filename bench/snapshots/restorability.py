"""Public schemas, loaded, snapshotted and restored: dumps of both sides by the engine's own tool are compared by line.

make bench PART=snapshots.restorability ARGS="FOLDER [part …]"    (FOLDER/owner/name is a clone of each repository)

The parts, all without their names: regression, managed, postgresql15, mariadb, sqlite.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clusters
from bench.rows import Row, save
from bench.snapshots.structures import FIRST, MARIADB, NEVER_ENDING, REGRESSION, SQLITE, STRUCTURES, Structure
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
    """A database that Headwater knows: its row, and what the engine's own programs need to reach it."""

    row: dict[str, Any]
    address: Any


@dataclass(frozen=True)
class Outcome:
    """What came of a schema: what was compared, the lines of the dumps that differ, and how long it took.

    Lines that differ after a dump was loaded by the engine's own tools, too, are only counted (`as_peer`).
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


# Statements by which a script chooses a database of its own: what it then creates would be somewhere else.
_OTHER_DATABASE = re.compile(
    r"^(?:DROP|CREATE) DATABASE\b[^;]*;|^USE\b[^;]*;|^\\c(?:onnect)? +[a-z]\w*;?[ \t]*$", re.IGNORECASE | re.MULTILINE
)
# So does this in MySQL, but not in PostgreSQL.
_OTHER_SCHEMA = re.compile(r"^(?:DROP|CREATE) SCHEMA\b[^;]*;", re.IGNORECASE | re.MULTILINE)


class Servers:
    """Databases on one kind of server, and the engine's own tools for them."""

    name = ""
    tool = ""

    def __init__(self, running: ProxiedHeadwater) -> None:
        self.running = running

    def create(self) -> Source:
        """Create an empty database that Headwater knows."""
        raise NotImplementedError

    def forget(self) -> None:
        """Delete the databases that are not deleted with the home folder of the Headwater."""

    def load(self, source: Source, text: str) -> int:
        """Run a script to its end, whatever it says; return the number of errors."""
        raise NotImplementedError

    def dump(self, source: Source) -> list[str]:
        """Return the dump of a database by line, without what is never equal."""
        raise NotImplementedError

    def script(self, source: Source) -> str:
        """Return the dump of a database as a script."""
        raise NotImplementedError


class PostgresServers(Servers):
    """Databases of PostgreSQL."""

    tool = "pg_dump"

    def load(self, source: Source, text: str, seconds: float = LONGEST_SECONDS) -> int:
        return _psql(source.address, _OTHER_DATABASE.sub("", text), seconds=seconds).count("ERROR:")

    def dump(self, source: Source) -> list[str]:
        return archives.dump(source.address, "--no-owner", "--no-privileges")

    def script(self, source: Source) -> str:
        return archives.script(source.address, "--no-owner", "--no-privileges")


class Managed(PostgresServers):
    """Databases of Headwater, which its owner loads."""

    name = "PostgreSQL 18, managed"

    def create(self) -> Source:
        row = self.running.create(engine="postgresql")
        address = Address(HOST, self.running.port, row["name"], row["user"], row["password"])
        return Source(row, address)


class Connected(PostgresServers):
    """Databases of a server that runs elsewhere, which a superuser loads."""

    def __init__(self, running: ProxiedHeadwater, name: str, port: int, password: str = "") -> None:
        super().__init__(running)
        self.name, self.port, self.password = name, port, password
        self._created: list[Address] = []

    def forget(self) -> None:
        for address in self._created:
            _psql(address, f'DROP DATABASE "{address.database}" WITH (FORCE)', database="postgres")
        self._created.clear()

    def create(self) -> Source:
        name = f"hw{uuid.uuid4().hex[:10]}"
        address = Address(HOST, self.port, name, "postgres", self.password)
        _psql(address, f'CREATE DATABASE "{name}" TEMPLATE template0', database="postgres")
        self._created.append(address)
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


class MariaDb(Servers):
    """Databases of Headwater, which their owner loads over their sockets."""

    name, tool = "MariaDB, managed", "mysqldump"

    def create(self) -> Source:
        row = self.running.create(engine="mysql")
        (socket,) = (item for item in self.running.folder(row).rglob("*") if item.is_socket())
        login = ["--no-defaults", f"--socket={socket}", "--user=owner", f"--password={row['password']}"]
        return Source(row, login)

    def load(self, source: Source, text: str) -> int:
        own = _OTHER_SCHEMA.sub("", _OTHER_DATABASE.sub("", text))
        return _run(["mysql", *source.address, "--force", source.row["name"]], own).count("ERROR ")

    def dump(self, source: Source) -> list[str]:
        return [_DEFINER.sub("", line) for line in self.script(source).splitlines() if not line.startswith("--")]

    def script(self, source: Source) -> str:
        options = [
            "--single-transaction",
            "--routines",
            "--events",
            "--triggers",
            "--skip-extended-insert",
            "--skip-dump-date",
        ]
        return _output(["mysqldump", *source.address, *options, source.row["name"]])


class Sqlite(Servers):
    """Files of Headwater."""

    name, tool = "SQLite", ".dump"

    def create(self) -> Source:
        row = self.running.create(engine="sqlite")
        (file,) = self.running.folder(row).rglob("database.sqlite")
        return Source(row, file)

    def load(self, source: Source, text: str) -> int:
        return _run(["sqlite3", str(source.address)], text).count("rror")

    def dump(self, source: Source) -> list[str]:
        return self.script(source).splitlines()

    def script(self, source: Source) -> str:
        return _output(["sqlite3", str(source.address), ".dump"])


_DEFINER = re.compile(r"DEFINER=\S+ ")


def _run(command: Sequence[str], text: str) -> str:
    """Run a program with a script, whatever it says, and return its messages."""
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=LONGEST_SECONDS, check=False)
    return done.stderr.decode(errors="replace")


def _output(command: Sequence[str]) -> str:
    """Return the output of a program that must succeed."""
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")


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
    if not running.headwater.get(f"/snapshots/{snapshot['id']}")["tables"]:
        return Outcome("the script created no table here", "", ("nothing to compare",), time.monotonic() - started)
    target = servers.create()
    restore = _post(running, f"/snapshots/{snapshot['id']}/restores", {"target_id": target.row["id"]})
    job = _finished(running, restore["job"])
    seconds = time.monotonic() - started
    proof = _proof(running, snapshot["id"])
    if job["state"] != "completed":
        return Outcome(str(job["error"]), proof, ("not restored",), seconds)
    said = running.headwater.get(f"/restores/{restore['id']}")["summary"]
    differing = Counter(_differing(servers, source, target))
    own = differing - _peer(servers, source) if differing else differing
    return Outcome(said, proof, tuple(own.elements()), seconds, (differing - own).total())


def _peer(servers: Servers, source: Source) -> Counter[str]:
    """Return the lines that differ after a dump was loaded by the engine's own tools."""
    target = servers.create()
    servers.load(target, servers.script(source))
    return Counter(_differing(servers, source, target))


def _proof(running: ProxiedHeadwater, snapshot: str) -> str:
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        proof = running.headwater.get(f"/snapshots/{snapshot}")["proof"]
        if proof["state"] != "pending":
            named = [*proof["refused"], *proof["different"], *proof["untried"]]
            return "; ".join([proof["summary"], *named[:5]])
        time.sleep(POLL_SECONDS)
    return "pending"


def _differing(servers: Servers, first: Source, second: Source) -> Iterator[str]:
    """Yield the lines of the dumps that only one side has."""
    lines = [Counter(servers.dump(source)) for source in (first, second)]
    yield from (f"- {line}" for line in lines[0] - lines[1])
    yield from (f"+ {line}" for line in lines[1] - lines[0])


def measure(servers: Servers, folder: Path, structures: Sequence[Structure]) -> list[Row]:
    """Restore all structures on one server; one row for each that differs, and one for all."""
    equal, rows = 0, []
    for structure in structures:
        source = servers.create()
        refused = sum(servers.load(source, text) for text in structure.texts(folder))
        outcome = restored(servers, source)
        servers.forget()
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
            rows.append(Row(what, said, "equal dumps", servers.tool, None, "equal", False, COMMAND))
    said = f"{equal} of {len(structures)}"
    what = f"public schemas that are restored with an equal {servers.tool}, {servers.name}"
    share = equal / len(structures)
    return [Row(what, said, f"{len(structures)}", servers.tool, share, "all", equal == len(structures), COMMAND), *rows]


def regression(servers: PostgresServers, folder: Path) -> list[Row]:
    """Restore PostgreSQL's regression database."""
    source, refused = servers.create(), 0
    files = REGRESSION.listed(folder)
    names = {Path(file).stem: file for file in files if Path(file).stem not in NEVER_ENDING}
    for name in [*(name for name in FIRST if name in names), *sorted(names.keys() - set(FIRST))]:
        refused += servers.load(source, REGRESSION.text(folder, names[name]), FILE_SECONDS)
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
            parts: dict[str, Callable[[], list[Row]]] = {
                "regression": lambda: regression(superuser, folder),
                "managed": lambda: measure(Managed(running), folder, STRUCTURES),
                "postgresql15": lambda: measure(Connected(running, "PostgreSQL 15", 5432), folder, STRUCTURES),
                "mariadb": lambda: measure(MariaDb(running), folder, MARIADB),
                "sqlite": lambda: measure(Sqlite(running), folder, SQLITE),
            }
            for part in sys.argv[2:] or parts:
                save("snapshots", parts[part]())
    finally:
        server.stop()
        for path in (home, cluster):
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
