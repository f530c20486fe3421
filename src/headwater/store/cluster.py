"""The files of the embedded PostgreSQL cluster: their paths, owner and creation.

The cluster requires a password for every connection (scram-sha-256), listens on a Unix socket only, and the
application's role is not a superuser. If we are root, PostgreSQL runs as another user.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from headwater.engines.postgresql.binaries import binaries, identity, initdb, open_programs, open_the_way
from headwater.kit.errors import Unavailable
from headwater.kit.process import Identity
from headwater.store.secrets import read_secret

ROLE = "headwater"
DATABASE = "headwater"
PORT = 5432
# The address of a Unix socket has at most 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_LIMIT = 103


@dataclass(frozen=True, slots=True)
class Cluster:
    """One embedded cluster below `$HEADWATER_HOME/store`."""

    folder: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "pg"

    @property
    def log(self) -> Path:
        """The log file of the server."""
        return self.folder / "postgresql.log"

    @property
    def socket_folder(self) -> Path:
        """The folder of the socket: near the data if the path is short enough, else in the temporary folder."""
        near = self.folder / "run"
        if len(str(near / f".s.PGSQL.{PORT}").encode()) <= SOCKET_PATH_LIMIT:
            return near
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"headwater-{digest}"

    def url(self, role: str = ROLE, database: str = DATABASE) -> str:
        """Return the URL of a database of the cluster for a role, with its password."""
        password = read_secret(self.folder / f"{role}.password")
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self.socket_folder))}"


def ensure(cluster: Cluster) -> None:
    """Create the cluster if it does not exist, and set the owner and modes of its folders."""
    owner = identity()
    cluster.folder.mkdir(parents=True, exist_ok=True)
    _own_folder(cluster.socket_folder, owner)
    if owner:
        open_the_way(cluster.data)
        open_the_way(cluster.socket_folder)
        open_programs(binaries().parent)
    if not (cluster.data / "PG_VERSION").exists():
        password = read_secret(cluster.folder / "postgres.password")
        initdb(
            binaries(),
            cluster.data,
            password,
            owner,
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )


def _own_folder(folder: Path, owner: Identity | None) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner_uid = folder.stat().st_uid
    if owner_uid not in {os.geteuid(), owner.uid if owner else os.geteuid()}:
        raise Unavailable(f"{folder} belongs to another user.", hint=f"Headwater runs as {getpass.getuser()}.")
    if owner:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(0o700)
