"""SQLite databases of our own: a file in a folder of its own; there is nothing to start."""

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
    """Files of SQLite that Headwater keeps."""

    options = PROVISION_OPTIONS

    def unavailable_reason(self) -> str | None:
        """Return None: Python brings SQLite."""
        return None

    def warm_template(self, cache: Path) -> None:
        """Nothing is copied."""

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Make an empty database with a write-ahead log, so that readers and a writer do not wait for each other."""
        file = _file(instance)
        file.parent.mkdir(mode=0o700)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = wal")
            connection.execute("VACUUM")
        file.chmod(0o600)

    def server_command(self, instance: Instance) -> None:
        """Nothing is started."""

    def is_ready(self, instance: Instance) -> bool:
        """Return True if the file is there."""
        return _file(instance).exists()

    async def setup(self, instance: Instance) -> None:
        """There are no roles: who may open the file is Headwater's to say."""

    def address(self, instance: Instance) -> Address:
        """Return the file, and how large its sessions may let it become: SQLite keeps no limit in the file itself."""
        limit = int(instance.quotas.get("disk_mb", 10_000)) * 2**20
        return Address(path=_file(instance), options=(("max_bytes", str(limit)),))

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Nothing goes on by itself, and nothing has to be kept awake."""
        return SessionCounts(0, 0)

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return the size of the file with its log."""
        size = sum(part.stat().st_size for part in _file(instance).parent.glob(f"{FILE}*"))
        return {"size_bytes": float(size), "connections": 0.0}

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """Nothing to end: sessions hold to `max_bytes` of their address."""

    def clean_up(self, instance: Instance) -> None:
        """Nothing lies outside of the folder."""
        shutil.rmtree(_file(instance).parent, ignore_errors=True)
