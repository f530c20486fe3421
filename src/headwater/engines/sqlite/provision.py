"""SQLite databases that Headwater provides: a file in a folder of its own; there is no server."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from headwater.engines import Address, Instance, Option, ProvisioningSupport, SessionCounts

FILE = "database.sqlite"
PROVISION_OPTIONS: tuple[Option, ...] = ()


def _file(instance: Instance) -> Path:
    return instance.folder / "data" / FILE


class SqliteProvisioning(ProvisioningSupport):
    """SQLite files that Headwater manages."""

    options = PROVISION_OPTIONS

    def unavailable_reason(self) -> str | None:
        """Return None: SQLite is part of Python."""
        return None

    def warm_template(self, cache: Path) -> None:
        """Do nothing: there is no template."""

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Create an empty database with a write-ahead log, so that readers and a writer do not block each other."""
        file = _file(instance)
        file.parent.mkdir(mode=0o700)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = wal")
            connection.execute("VACUUM")
        file.chmod(0o600)

    def server_command(self, instance: Instance) -> None:
        """Return None: there is no server."""

    def is_ready(self, instance: Instance) -> bool:
        """Return True if the file exists."""
        return _file(instance).exists()

    async def setup(self, instance: Instance) -> None:
        """Do nothing: there are no roles; Headwater decides who may open the file."""

    def address(self, instance: Instance) -> Address:
        """Return the file and its size limit for sessions: SQLite stores no limit in the file itself."""
        limit = int(instance.quotas.get("disk_mb", 10_000)) * 2**20
        return Address(path=_file(instance), options=(("max_bytes", str(limit)),))

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Return zeros: nothing keeps a file awake."""
        return SessionCounts(0, 0)

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return the size of the file and its log."""
        size = sum(part.stat().st_size for part in _file(instance).parent.glob(f"{FILE}*"))
        return {"size_bytes": float(size), "connections": 0.0}

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """Do nothing: sessions respect `max_bytes` of their address."""

    def clean_up(self, instance: Instance) -> None:
        """Do nothing: nothing is outside the folder."""
        shutil.rmtree(_file(instance).parent, ignore_errors=True)
