"""A PostgreSQL elsewhere: one server for all tests of a process, with a database for each, cloned from a template.

A database that Headwater runs is a server of its own, which takes a second to create and start. A test that is not
about such servers connects to a clone, which takes some hundredths.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from headwater.engines.postgresql.binaries import BUNDLED, identity, initdb, programs_of
from suite.ports import HOST, free_port
from suite.processes import die_with_parent

OWNER = "owner"
START_SECONDS = 120.0
OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "512MB",
    "max_connections": "100",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "autovacuum": "off",
    "timezone": "UTC",
    "lc_messages": "C",
}


@dataclass
class Cluster:
    """A running server, and the templates that were made in it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    password: str
    templates: dict[str, str] = field(default_factory=dict)

    def clone(self, content: str = "") -> str:
        """Return the URL of a new database with the content that a script makes; the script is run once."""
        if content not in self.templates:
            self.templates[content] = self._create(f"template_{len(self.templates)}")
            with self._connect(self.templates[content], OWNER) as connection:
                connection.execute(content.encode())
        name = self._create(f"t_{uuid.uuid4().hex[:12]}", self.templates[content])
        return f"postgresql://{OWNER}:{self.password}@{HOST}:{self.port}/{name}?tls=disable"

    def stop(self) -> None:
        """Stop the server at once."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the superuser."""
        with self._connect(database, "postgres") as connection:
            connection.execute(statement.encode())

    def _create(self, name: str, template: str = "template0") -> str:
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        return name

    def _connect(self, database: str, user: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=user,
            password=self.password,
            dbname=database,
            autocommit=True,
            sslmode="disable",
            connect_timeout=120,
        )


def start(folder: Path) -> Cluster:
    """Create a cluster and start its server."""
    owner, programs, password = identity(), programs_of(BUNDLED), secrets.token_hex(16)
    data, port = folder / "data", free_port()
    initdb(programs, data, password, owner, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    flags = [part for name, value in (OPTIONS | {"port": str(port)}).items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *flags],
            stdout=log,
            stderr=log,
            cwd=data,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
            preexec_fn=die_with_parent,
        )
    cluster = Cluster(folder, port, process, password)
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            cluster.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{password}'")
            return cluster
        except psycopg.OperationalError:
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)


def remove(cluster: Cluster) -> None:
    """Stop the server and remove its folder."""
    cluster.stop()
    shutil.rmtree(cluster.folder, ignore_errors=True)
