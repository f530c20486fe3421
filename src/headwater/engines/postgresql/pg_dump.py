"""Runs pg_dump of PostgreSQL 18 for the schema of a database, over the same route as a session.

The program of the wheel has no TLS: an encrypted connection goes through a relay in this process (`tls_relay`).
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headwater.engines import Address
from headwater.engines.postgresql.binaries import binaries
from headwater.engines.postgresql.connection import parameters
from headwater.engines.postgresql.errors import connection_error
from headwater.engines.postgresql.schema_archive import without_date
from headwater.engines.postgresql.tls_relay import relayed
from headwater.kit import process
from headwater.kit.errors import Cancelled, Unavailable

_OPTIONS = (
    "--schema-only",
    "--format=custom",
    "--compress=none",
    "--no-owner",
    "--no-privileges",
    "--no-security-labels",
    "--no-subscriptions",
    "--no-password",
    "--encoding=UTF8",
)
# libpq's parameters as variables of the environment: nothing is on the command line, which other users can read.
_VARIABLES = {
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "application_name": "PGAPPNAME",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
}
# Times in definitions, such as the bounds of partitions, are printed in the time zone of the session.
_SURROUNDINGS = {
    "PGSSLMODE": "disable",
    "PGGSSENCMODE": "disable",
    "PGTZ": "UTC",
    "LC_ALL": "C",
    "HOME": "/nonexistent",
}


class DumpFailed(Unavailable):
    """The schema could not be read by pg_dump."""


class SchemaDump:
    """One run of pg_dump that another thread can end."""

    def __init__(self, address: Address, seconds: float) -> None:
        self._address, self._seconds = address, seconds
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def run(self, *options: str) -> bytes:
        """Return the archive of the schema. Blocks.

        Raises:
            DumpFailed: pg_dump or the server refused.
            Cancelled: `cancel` was called.
        """
        program = binaries() / "pg_dump"
        with relayed(self._address, self._seconds) as address, tempfile.TemporaryDirectory() as folder:
            archive, messages = Path(folder) / "archive", Path(folder) / "messages"
            with parameters(address, self._seconds) as given, messages.open("wb") as output:
                self._start([program, *_OPTIONS, *options, f"--file={archive}"], _environment(given), output)
                assert self._running
                code = self._running.wait()
            if self._cancelled:
                raise Cancelled
            if code:
                raise DumpFailed(_message(messages.read_text(errors="replace")))
            return without_date(archive.read_bytes())

    def _start(self, command: list[str | Path], environment: Mapping[str, str], output: Any) -> None:
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._running = process.spawn(command, env=environment, output=output)

    def cancel(self) -> None:
        """End the run, from any thread."""
        with self._lock:
            self._cancelled = True
            if self._running and self._running.poll() is None:
                self._running.kill()


def _environment(given: Mapping[str, Any]) -> dict[str, str]:
    environment = {_VARIABLES[name]: str(value) for name, value in given.items() if name in _VARIABLES}
    return environment | _SURROUNDINGS


def _message(text: str) -> str:
    """Return what pg_dump reported first, without its prefix, and without address and user."""
    if "connection to server" in text:
        return connection_error(text).message
    lines = [line.removeprefix("pg_dump: ").removeprefix("error: ") for line in text.strip().splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("warning:", "hint:", "detail:"))]
    return wanted[0] if wanted else "pg_dump ended without a message."
