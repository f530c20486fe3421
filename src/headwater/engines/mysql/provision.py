"""MariaDB servers that Headwater runs: one per database, from a template, on a Unix socket, tuned to be small.

The owner has all privileges on the database and none on the server: no FILE, no SUPER, no other users' data. MySQL's
own server is set up differently and is not used; MySQL clients can connect to MariaDB.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import secrets as random
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache as remembered
from pathlib import Path
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from headwater.engines import Address, Instance, Option, ProvisioningSupport, ServerCommand, SessionCounts
from headwater.engines import _instance_files as folders
from headwater.engines._provision import READER_CONNECTIONS, program_password, reader_password, reader_role
from headwater.engines.mysql.connection import dialled
from headwater.kit.errors import BadInput, Unavailable
from headwater.kit.network.tls import PLAIN

# The accounts and files of existing instances have this name.
OWNER, ADMIN = "owner", "headwater-keeper"
SOCKET = "mysql.sock"
SPARE_CONNECTIONS = 3
LENIENCY_SECONDS = 5
RESERVED = frozenset({"mysql", "sys", "test", "information_schema", "performance_schema"})
PROVISION_OPTIONS: tuple[Option, ...] = (
    Option("charset", "Character set", "choice", "utf8mb4", choices=("utf8mb4", "latin1")),
)
SETTINGS: Mapping[str, str] = {
    "skip-networking": "1",
    "skip-name-resolve": "1",
    "local-infile": "0",
    "symbolic-links": "0",
    "innodb-buffer-pool-size": "16M",
    "innodb-log-file-size": "8M",
    "innodb-log-buffer-size": "2M",
    "aria-pagecache-buffer-size": "1M",
    "key-buffer-size": "1M",
    "performance-schema": "0",
    "table-open-cache": "400",
    "thread-cache-size": "4",
    "innodb-fast-shutdown": "1",
    "skip-log-bin": "1",
    "innodb-file-per-table": "1",
    "character-set-server": "utf8mb4",
    "console": "1",
    "log-warnings": "0",
}
# The SQL that initialises the template: one user, the administrator.
_FURNISHING = """
USE mysql;
FLUSH PRIVILEGES;
DROP DATABASE IF EXISTS test;
DELETE FROM mysql.db;
CREATE USER '{admin}'@'localhost' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO '{admin}'@'localhost' WITH GRANT OPTION;
DELETE FROM mysql.global_priv WHERE User NOT IN ('{admin}', 'mariadb.sys', 'PUBLIC');
"""


@remembered
def _programs() -> tuple[str, str] | None:
    """Return the paths of mariadbd and mariadb-install-db, version 10.5 or newer, which has extended metadata."""
    server, installer = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or installer is None:
        return None
    version_text = subprocess.run(
        [server, "--no-defaults", "--version"], capture_output=True, text=True, check=False
    ).stdout
    match = re.search(r"Ver (\d+)\.(\d+)\S*-MariaDB", version_text)
    return (server, installer) if match and (int(match[1]), int(match[2])) >= (10, 5) else None


def unavailable_reason() -> str | None:
    """Return why no MariaDB can be run here, or None."""
    return None if _programs() else "MariaDB 10.5 or newer is not on the PATH of this machine."


def _template(cache: Path) -> Path:
    """Return the template folder, creating it on first use; processes take turns."""
    programs = _programs()
    if programs is None:
        raise Unavailable(str(unavailable_reason()))
    folder, fresh = cache / "mariadb", cache / "mariadb.new"
    with (cache / "mariadb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            password = random.token_urlsafe(32)
            who = ["--user=root"] if os.geteuid() == 0 else []
            small = [f"--{name}={SETTINGS[name]}" for name in SETTINGS if name.startswith("innodb-log")]
            common = [f"--datadir={fresh / 'data'}", *who, *small]
            # It runs as our own user: nothing listens, and the copy gets its own user.
            _run([programs[1], "--no-defaults", "--auth-root-authentication-method=normal", *common])
            script = _FURNISHING.format(admin=ADMIN, password=password)
            _run([programs[0], "--no-defaults", "--bootstrap", "--skip-networking", *common], script)
            folders.write_secret(fresh / "keeper.password", password)
            fresh.rename(folder)
    return folder


def _run(command: list[str], input_text: str = "") -> None:
    done = subprocess.run(command, input=input_text, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode or "ERROR" in done.stderr:
        raise Unavailable(f"MariaDB could not be set up: {(done.stderr or done.stdout).strip()[-300:]}")


def _data(instance: Instance) -> Path:
    return instance.folder / "data"


def _secret(instance: Instance) -> Path:
    return instance.folder / "keeper.password"


def _set_up(cursor: Cursor, instance: Instance) -> None:
    fresh, own = _secret(instance).with_suffix(".next"), instance.folder / "keeper.own"
    if not own.exists():
        password = random.token_urlsafe(32)
        folders.write_secret(fresh, password)
        cursor.execute("ALTER USER %s@'localhost' IDENTIFIED BY %s", (ADMIN, password))
        fresh.rename(_secret(instance))
        own.touch()
    charset = (instance.folder / "charset").read_text()
    cursor.execute(f"CREATE DATABASE IF NOT EXISTS {_quoted(instance.name)} CHARACTER SET {charset}")
    cursor.execute("CREATE USER IF NOT EXISTS %s@'localhost'", (OWNER,))
    cursor.execute(
        "ALTER USER %s@'localhost' IDENTIFIED BY %s WITH MAX_USER_CONNECTIONS %s",
        (OWNER, instance.password, instance.quotas.get("connections", 50)),
    )
    cursor.execute(f"GRANT ALL ON {_pattern(instance.name)}.* TO %s@'localhost'", (OWNER,))
    cursor.execute("SET GLOBAL max_statement_time = %s", (instance.quotas.get("statement_seconds", 300),))


def _set_up_program(cursor: Cursor, instance: Instance) -> None:
    """Give the owner's account a second password, Headwater's own; SET PASSWORD of the owner changes the first."""
    cursor.execute(
        "SELECT json_value(priv, '$.authentication_string') FROM mysql.global_priv WHERE user = %s", (OWNER,)
    )
    ((first,),) = cursor.fetchall()
    cursor.execute(
        "ALTER USER %s@'localhost' IDENTIFIED VIA mysql_native_password USING %s "
        "OR mysql_native_password USING PASSWORD(%s)",
        (OWNER, first, program_password(instance.password)),
    )


def _set_up_reader(cursor: Cursor, instance: Instance, person: str) -> None:
    """Create or update the account of a person who may only read; other accounts' threads are hidden from it."""
    role, password = reader_role(person), reader_password(instance.password, person)
    cursor.execute("CREATE USER IF NOT EXISTS %s@'localhost'", (role,))
    cursor.execute(
        "ALTER USER %s@'localhost' IDENTIFIED BY %s WITH MAX_USER_CONNECTIONS %s", (role, password, READER_CONNECTIONS)
    )
    # EXECUTE is for functions in a SELECT, which a read-only transaction does not let write.
    cursor.execute(f"GRANT SELECT, SHOW VIEW, EXECUTE ON {_pattern(instance.name)}.* TO %s@'localhost'", (role,))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _pattern(name: str) -> str:
    """Return a name for GRANT with _ and % escaped, which are wildcards there."""
    return _quoted(name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%"))


def _as_admin(instance: Instance, work: Callable[..., Any], *more: Any) -> Any:
    with _admin(instance) as cursor:
        try:
            return work(cursor, instance, *more)
        except pymysql.Error as error:
            raise Unavailable("The server of the database refused a command of its administrator.") from error


@contextlib.contextmanager
def _admin(instance: Instance) -> Iterator[Cursor]:
    files = [file for file in (_secret(instance), _secret(instance).with_suffix(".next")) if file.exists()]
    problem: Exception | None = None
    for file in files:
        connection: Any = pymysql.Connection(
            user=ADMIN,
            password=file.read_text(),
            autocommit=True,
            read_timeout=30,
            defer_connect=True,
        )
        try:
            connection.connect(dialled(folders.socket_file(instance, SOCKET), 5.0))
        except (pymysql.Error, OSError) as error:
            problem = error
            continue
        with connection, connection.cursor() as cursor:
            yield cursor
        return
    raise Unavailable("The server of the database refused the login of its administrator.") from problem


_ACTIVITY = """
SELECT count(*), coalesce(sum(p.command <> 'Sleep' OR t.trx_id IS NOT NULL), 0)
FROM information_schema.processlist p
LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id WHERE p.user NOT IN (%s, 'system user')
"""
_SIZE = "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = %s"
_OVER_TIME = """
SELECT id FROM information_schema.processlist
WHERE user NOT IN (%s, 'system user') AND command NOT IN ('Sleep', 'Daemon') AND time > %s
"""


def _enforce(cursor: Cursor, instance: Instance, full: bool) -> None:
    cursor.execute(_OVER_TIME, (ADMIN, instance.quotas.get("statement_seconds", 300) + LENIENCY_SECONDS))
    for (number,) in cursor.fetchall():
        with contextlib.suppress(pymysql.Error):  # it has ended by itself
            cursor.execute("KILL CONNECTION %s", (number,))
    scope = f"{_pattern(instance.name)}.*"
    if full:
        cursor.execute(f"REVOKE INSERT, UPDATE, CREATE, ALTER, INDEX ON {scope} FROM %s@'localhost'", (OWNER,))
    else:
        cursor.execute(f"GRANT ALL ON {scope} TO %s@'localhost'", (OWNER,))


class MysqlProvisioning(ProvisioningSupport):
    """MariaDB servers that Headwater runs."""

    options = PROVISION_OPTIONS

    def unavailable_reason(self) -> str | None:
        return unavailable_reason()

    def warm_template(self, cache: Path) -> None:
        """Do nothing: the first database creates the template."""

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Copy the template into the instance's folder."""
        if instance.name in RESERVED:
            raise BadInput(f"A MariaDB database cannot be called {instance.name}.", hint="Choose another name.")
        charset = instance.options.get("charset", "utf8mb4")
        if charset not in PROVISION_OPTIONS[0].choices:
            raise BadInput(f"{charset!r} is not a supported character set.", hint="Choose utf8mb4 or latin1.")
        template = _template(cache)
        shutil.rmtree(_data(instance), ignore_errors=True)
        shutil.copytree(template / "data", _data(instance))
        _data(instance).chmod(0o700)
        for folder, inner, files in os.walk(_data(instance)):
            for name in (".", *inner, *files):
                folders.give(instance.owner, Path(folder, name))
        (instance.folder / "charset").write_text(charset)
        folders.write_secret(_secret(instance), (template / "keeper.password").read_text())

    def server_command(self, instance: Instance) -> ServerCommand:
        """Return how to start the server, with its settings on the command line."""
        programs = _programs()
        if programs is None:
            raise Unavailable(str(unavailable_reason()))
        run, quotas = folders.socket_folder(instance, SOCKET), instance.quotas
        for folder in (run, instance.folder / "tmp"):
            folders.make_private(instance, folder)
        (run / SOCKET).unlink(missing_ok=True)
        settings = dict(SETTINGS) | {
            "datadir": str(_data(instance)),
            "socket": str(run / SOCKET),
            "tmpdir": str(instance.folder / "tmp"),
            "pid-file": str(run / "mysqld.pid"),
            "secure-file-priv": str(run),
            "max-connections": str(quotas.get("connections", 50) + READER_CONNECTIONS + SPARE_CONNECTIONS),
            "max-statement-time": str(quotas.get("statement_seconds", 300)),
        }
        flags = [f"--{name}={value}" for name, value in settings.items()]
        # Threads map memory that they never use: the limit only stops runaway processes.
        memory = 2 * quotas.get("memory_mb", 1024) + 1024
        command = (programs[0], "--no-defaults", *(["--user=root"] if os.geteuid() == 0 and not instance.owner else []))
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        return ServerCommand((*command, *flags), signal.SIGTERM, environment, memory_mb=memory)

    def is_ready(self, instance: Instance) -> bool:
        """Return True if the server sends its greeting, which it does when crash recovery is complete."""
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1.0)
                probe.connect(str(folders.socket_file(instance, SOCKET)))
                return len(probe.recv(5)) == 5
        except OSError:
            return False

    async def setup(self, instance: Instance) -> None:
        """Create the owner and the database; the administrator gets a password that is unique to this server."""
        await asyncio.to_thread(_as_admin, instance, _set_up)

    def address(self, instance: Instance) -> Address:
        """Return the owner's address on this machine: its own socket file."""
        return Address(
            database=instance.name,
            user=OWNER,
            password=instance.password,
            tls=PLAIN,
            socket=folders.socket_file(instance, SOCKET),
        )

    async def program(self, instance: Instance) -> Address:
        """Return the address at which Headwater acts as the owner: by a password of its own for the same account."""
        await asyncio.to_thread(_as_admin, instance, _set_up_program)
        return replace(self.address(instance), password=self.program_password(instance.password))

    def program_password(self, owner_password: str) -> str:
        return program_password(owner_password)

    async def reader(self, instance: Instance, person: str) -> Address:
        """Return the address of a person who may only read."""
        await asyncio.to_thread(_as_admin, instance, _set_up_reader, person)
        password = reader_password(instance.password, person)
        return replace(self.address(instance), user=reader_role(person), password=password)

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Return the number of client sessions, and of those that are active or in a transaction."""

        def count(cursor: Cursor, _: Instance) -> SessionCounts:
            cursor.execute(_ACTIVITY, (ADMIN,))
            sessions, busy = cursor.fetchone() or (0, 0)
            return SessionCounts(int(sessions), int(busy))

        counts: SessionCounts = await asyncio.to_thread(_as_admin, instance, count)
        return counts

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return the server's counters."""
        names = {
            "connections": "Threads_connected",
            "commits": "Com_commit",
            "rollbacks": "Com_rollback",
            "queries": "Questions",
            "slow_queries": "Slow_queries",
            "cache_hits": "Innodb_buffer_pool_read_requests",
            "cache_misses": "Innodb_buffer_pool_reads",
            "temp_tables_on_disk": "Created_tmp_disk_tables",
        }

        def look(cursor: Cursor, _: Instance) -> dict[str, float]:
            cursor.execute("SHOW GLOBAL STATUS")
            status = {str(name): value for name, value in cursor.fetchall()}
            cursor.execute(_SIZE, (instance.name,))
            size = float((cursor.fetchone() or [0])[0])
            return {"size_bytes": size} | {ours: float(status.get(theirs, 0)) for ours, theirs in names.items()}

        figures: dict[str, float] = await asyncio.to_thread(_as_admin, instance, look)
        return figures

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """End sessions whose statements run too long; let users only read from or delete in a full database."""
        await asyncio.to_thread(_as_admin, instance, _enforce, full)

    def clean_up(self, instance: Instance) -> None:
        """Delete what is outside the instance's folder."""
        folders.leave(instance, SOCKET)
