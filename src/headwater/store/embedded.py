"""Runs the embedded PostgreSQL: starts it, watches it, restarts it when it dies, and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from pathlib import Path

import psycopg
import structlog
from psycopg import sql

from headwater.engines.postgresql.binaries import binaries, identity, left_pid
from headwater.engines.postgresql.scram import verifier
from headwater.kit import process
from headwater.kit.errors import Unavailable
from headwater.store.cluster import DATABASE, PORT, ROLE, Cluster, ensure
from headwater.store.lock import Lock
from headwater.store.secrets import read_secret

log = structlog.get_logger()
START_SECONDS = 60.0
# More restarts than this within the window mean that restarting does not help.
RESTART_BUDGET = 30
RESTART_WINDOW_SECONDS = 300.0
SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "log_min_messages": "warning",
}


class EmbeddedServer:
    """PostgreSQL as a child of this process."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(folder)
        self._lock = Lock(folder / "up.lock")
        self._child: subprocess.Popen[bytes] | None = None
        self._restarts: deque[float] = deque()

    @property
    def pid(self) -> int | None:
        """The process id of the postmaster, or None if it does not run."""
        return self._child.pid if self._child and self._child.poll() is None else None

    async def start(self) -> str:
        """Create the cluster on first use, start it, and return the URL for the application's role."""
        self._lock.take()
        try:
            await asyncio.to_thread(ensure, self.cluster)
            await self._launch()
            await asyncio.to_thread(_ensure_database, self.cluster)
        except BaseException:
            await self.stop()
            raise
        return self.cluster.url()

    async def watch(self) -> None:
        """Restart the server whenever it ends; returns only by cancellation or when the budget is spent."""
        while True:
            assert self._child is not None
            code = await process.wait(self._child)
            log.warning("store.exited", code=code)
            self._spend_restart()
            process.kill_group(self._child.pid)
            await self._launch()
            log.info("store.restarted", pid=self.pid)

    def _spend_restart(self) -> None:
        moment = time.monotonic()
        self._restarts.append(moment)
        while self._restarts and self._restarts[0] < moment - RESTART_WINDOW_SECONDS:
            self._restarts.popleft()
        if len(self._restarts) > RESTART_BUDGET:
            raise Unavailable("The embedded PostgreSQL keeps crashing.", hint=f"See {self.cluster.log}.")

    async def stop(self) -> None:
        """Stop the server and all its processes."""
        if self._child:
            await process.stop(self._child, signal.SIGINT, patience=20.0)
            self._child = None
        self._lock.release()

    async def _launch(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        delay = 0.05
        while time.monotonic() < deadline:
            await _clear_leftovers(self.cluster)
            self._child = self._spawn()
            while self._child.poll() is None and time.monotonic() < deadline:
                if await asyncio.to_thread(_answers, self.cluster):
                    return
                await asyncio.sleep(0.05)
            # A killed postmaster's children may hold its shared memory for a moment: try again, slower each time.
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)
        raise Unavailable("The embedded PostgreSQL does not start.", hint=f"See {self.cluster.log}.")

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = {**SERVER_OPTIONS, "unix_socket_directories": str(self.cluster.socket_folder), "port": str(PORT)}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.cluster.log.open("ab") as output:
            self.cluster.log.chmod(0o600)
            return process.spawn(
                [binaries() / "postgres", "-D", self.cluster.data, *flags],
                death_signal=signal.SIGINT,
                identity=identity(),
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                cwd=self.cluster.data,
                output=output,
            )


async def _clear_leftovers(cluster: Cluster) -> None:
    """Stop a server that outlived its parent, and delete the pid file of one that no longer runs.

    We hold the lock, so no other process owns it. A pid file whose number now belongs to another program
    would prevent PostgreSQL from ever starting.
    """
    pid = left_pid(cluster.data)
    if pid is None:
        return
    for attempt in range(200):
        if str(cluster.data) not in process.command_line(pid):
            (cluster.data / "postmaster.pid").unlink(missing_ok=True)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if attempt < 100 else signal.SIGQUIT)
        await asyncio.sleep(0.1)


def _answers(cluster: Cluster) -> bool:
    try:
        with psycopg.connect(cluster.url("postgres", "postgres"), connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _ensure_database(cluster: Cluster) -> None:
    """Create the application's role (not a superuser) and its database, or set the role's password again."""
    password = read_secret(cluster.folder / f"{ROLE}.password")
    with psycopg.connect(cluster.url("postgres", "postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
        verb = sql.SQL("ALTER ROLE" if row else "CREATE ROLE")
        connection.execute(
            sql.SQL("{} {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, sql.Identifier(ROLE), sql.Literal(verifier(password))
            )
        )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE))
            )
