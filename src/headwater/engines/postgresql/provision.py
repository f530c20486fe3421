"""PostgreSQL servers that Headwater runs: one cluster per database, from a template, tuned to be small.

A cluster listens on a Unix socket in its own folder and requires a password from everybody (scram-sha-256); its owner
is not a superuser. The template is created once by initdb; a database is a copy of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets as random
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from headwater.engines import Address, Instance, Option, ProvisioningSupport, ServerCommand, SessionCounts
from headwater.engines import _instance_files as folders
from headwater.engines._provision import (
    PROGRAM_CONNECTIONS,
    PROGRAM_ROLE,
    READER_CONNECTIONS,
    program_password,
    reader_password,
    reader_role,
)
from headwater.engines.postgresql import instance_queries, program_role, reader_roles, trusted_extensions, wal_spool
from headwater.engines.postgresql.binaries import (
    BUNDLED,
    identity,
    initdb,
    installed,
    left_pid,
    open_programs,
    programs_of,
)
from headwater.engines.postgresql.errors import connection_error
from headwater.engines.postgresql.scram import verifier
from headwater.engines.postgresql.server_settings import SETTINGS
from headwater.kit.errors import BadInput, Unavailable
from headwater.kit.network.tls import PLAIN
from headwater.kit.process import Identity, command_line

OWNER = "owner"
SPARES = 3
PORT = 5432
# The database of the administrator's sessions; the owner's database has this name until it gets its own.
KEEPER_DATABASE, BLANK = "template1", "_blank"
RESERVED = frozenset({KEEPER_DATABASE, BLANK, "template0", "postgres"})
IDLE_TRANSACTION_SECONDS = 900
# Sessions can change their own time limits; a session that exceeds the quota by this much is ended.
LENIENCY_SECONDS = 5
SOCKET = f".s.PGSQL.{PORT}"
PROVISION_OPTIONS: tuple[Option, ...] = (
    Option("version", "Version", "choice", BUNDLED, choices=tuple(installed()), help="Major version of PostgreSQL."),
)
_HBA = "local all all scram-sha-256\n"


def _take_spare(template: Path, target: Path) -> bool:
    for spare in template.glob("spare-*"):
        with contextlib.suppress(OSError):  # another database has used it
            spare.rename(target)
            return True
    return False


def _template(version: str, cache: Path) -> Path:
    """Return the template cluster of a version, creating it on first use; processes take turns."""
    programs = programs_of(version)
    folder = cache / f"postgresql-{version}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fresh = cache / f"postgresql-{version}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o711)
            locale = ["--locale=C.UTF-8"]
            if int(version) >= 17:
                locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            password = random.token_urlsafe(32)
            initdb(programs, fresh / "pg", password, identity(), "--wal-segsize=1", "--data-checksums", *locale)
            (fresh / "pg" / "pg_hba.conf").write_text(_HBA)
            _furnish(programs, fresh / "pg")
            folders.write_secret(fresh / "superuser.password", password)
            fresh.rename(folder)
    return folder


# Created once in the template: a new database then only gets its name and password.
_FURNISHING = f"""
DROP DATABASE postgres
CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
ALTER ROLE {OWNER} SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_SECONDS}s'
CREATE DATABASE {BLANK} OWNER {OWNER} STRATEGY FILE_COPY
REVOKE ALL ON DATABASE {BLANK} FROM PUBLIC
REVOKE ALL ON DATABASE {KEEPER_DATABASE} FROM PUBLIC
"""


def _furnish(programs: Path, data: Path) -> None:
    """Run statements in a stopped cluster, in PostgreSQL's single-user mode."""
    owner = identity()
    done = subprocess.run(
        [programs / "postgres", "--single", "-j", "-D", data, KEEPER_DATABASE],
        input=_FURNISHING.strip().replace("\n", ";\n\n") + ";\n\n",
        capture_output=True,
        text=True,
        cwd=data,
        check=False,
        user=owner.uid if owner else None,
        group=owner.gid if owner else None,
        extra_groups=[] if owner else None,
    )
    if done.returncode or "ERROR" in done.stderr:
        raise Unavailable(f"PostgreSQL could not be set up: {done.stderr.strip()}")


def _secret(instance: Instance) -> Path:
    return instance.folder / "superuser.password"


def keep_secret(instance: Instance, password: str) -> None:
    """Store the password of the administrator's role, which is unique to this cluster."""
    folders.write_secret(_secret(instance), password)
    (instance.folder / "superuser.own").touch()


_FICLONE = 0x4004_9409


def _copy_tree(source: Path, target: Path) -> None:
    """Copy a data directory, sharing blocks where the file system can."""
    for folder, _, files in os.walk(source):
        destination = target / os.path.relpath(folder, source)
        destination.mkdir(mode=0o700)
        for name in files:
            _clone(os.path.join(folder, name), os.path.join(destination, name))


def give_tree(tree: Path, owner: Identity | None) -> None:
    """Change the owner of a folder with all its contents to a server's user."""
    uid, gid = (owner.uid, owner.gid) if owner else (-1, -1)
    os.chown(tree, uid, gid)
    for folder, inner, files in os.walk(tree):
        for name in (*inner, *files):
            os.chown(os.path.join(folder, name), uid, gid)


def _clone(source: str, target: str) -> None:
    with open(source, "rb") as original, open(target, "wb", opener=_private) as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError:
            size = os.fstat(original.fileno()).st_size
            while size > 0 and (done := os.sendfile(copy.fileno(), original.fileno(), None, size)):
                size -= done


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def data_folder(instance: Instance) -> Path:
    """Return the data directory of an instance."""
    return instance.folder / "pg"


def server_command(instance: Instance) -> ServerCommand:
    """Return the command that starts the cluster, with its settings as arguments, so that no file can change them."""
    version = version_of(instance)
    programs = programs_of(version)
    _forget_stale_pid(instance)
    if instance.owner:
        open_programs(programs.parent)
    quotas, run = instance.quotas, folders.make_private(instance, folders.socket_folder(instance, SOCKET))
    own = {
        "unix_socket_directories": str(run),
        "port": str(PORT),
        "max_connections": str(quotas.get("connections", 50) + READER_CONNECTIONS + PROGRAM_CONNECTIONS + 5),
        "superuser_reserved_connections": "3",
        "temp_file_limit": f"{quotas.get('temp_mb', 1000)}MB",
    }
    settings = {**SETTINGS, **own, **(wal_spool.settings(instance) if instance.archive_log else {})}
    settings |= trusted_extensions.settings(instance, version, programs)
    if int(version) >= 18:
        settings["io_method"] = "sync"
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ServerCommand(
        (str(programs / "postgres"), "-D", str(data_folder(instance)), *flags),
        signal.SIGINT,
        {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        memory_mb=quotas.get("memory_mb", 1024) + 256,
    )


def version_of(instance: Instance) -> str:
    """Return the major version of an instance."""
    return (instance.folder / "version").read_text().strip()


def _forget_stale_pid(instance: Instance) -> None:
    """Delete the pid file of a server that is gone: its number may belong to another program by now."""
    pid = left_pid(data_folder(instance))
    if pid is not None and str(instance.folder) not in command_line(pid):
        (data_folder(instance) / "postmaster.pid").unlink(missing_ok=True)


def is_ready(instance: Instance) -> bool:
    """Return True if the postmaster reports that it is ready: the socket answers before recovery is complete."""
    try:
        lines = (data_folder(instance) / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


async def _found(connection: AsyncConnection[Any], query: str, name: str) -> bool:
    cursor = await connection.execute(query.encode(), [name])
    return await cursor.fetchone() is not None


async def superuser(instance: Instance) -> AsyncConnection[Any]:
    """Return a session of the administrator's role, to be closed by the caller; raises Unavailable."""
    passwords = [
        file.read_text() for file in (_secret(instance), _secret(instance).with_suffix(".next")) if file.exists()
    ]
    problem: Exception | None = None
    for password in passwords:
        try:
            return await AsyncConnection.connect(
                host=str(folders.socket_folder(instance, SOCKET)),
                port=PORT,
                dbname=KEEPER_DATABASE,
                user="postgres",
                password=password,
                autocommit=True,
                connect_timeout=5,
                application_name="headwater-supervisor",
            )
        except psycopg.Error as error:
            problem = error
    why = connection_error(str(problem)).message if problem else "The password file is missing."
    raise Unavailable(f"The server of the database refused the login of its administrator. {why}") from problem


class PostgresProvisioning(ProvisioningSupport):
    """PostgreSQL servers that Headwater runs."""

    options = PROVISION_OPTIONS

    def unavailable_reason(self) -> str | None:
        """Return why no PostgreSQL can be run here, or None."""
        return None if installed() else "PostgreSQL is not installed on this machine."

    def warm_template(self, cache: Path) -> None:
        """Keep copies of the usual template ready: creating a thousand files is most of the work of a new database."""
        if BUNDLED not in installed():
            return
        template = _template(BUNDLED, cache)
        with (cache / "spares.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            while len(list(template.glob("spare-*"))) < SPARES:
                fresh = template / "new"
                shutil.rmtree(fresh, ignore_errors=True)
                _copy_tree(template / "pg", fresh)
                fresh.rename(template / f"spare-{random.token_hex(8)}")

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Copy the template of the wanted version into the instance's folder."""
        version = instance.options.get("version") or BUNDLED
        template = _template(version, cache)
        shutil.rmtree(data_folder(instance), ignore_errors=True)
        if not _take_spare(template, data_folder(instance)):
            _copy_tree(template / "pg", data_folder(instance))
        give_tree(data_folder(instance), instance.owner)
        (instance.folder / "version").write_text(version)
        folders.write_secret(_secret(instance), (template / "superuser.password").read_text())

    def server_command(self, instance: Instance) -> ServerCommand:
        return server_command(instance)

    def is_ready(self, instance: Instance) -> bool:
        return is_ready(instance)

    async def setup(self, instance: Instance) -> None:
        """Apply the owner, database and settings of the instance, in one transaction.

        The superuser gets a password that is unique to this cluster. After a kill in between, the old or the new
        password file is valid.
        """
        quotas, role = instance.quotas, sql.Identifier(OWNER)
        if instance.name in RESERVED:
            raise BadInput(f"A PostgreSQL database cannot be called {instance.name}.", hint="Choose another name.")
        own, fresh = instance.folder / "superuser.own", _secret(instance).with_suffix(".next")
        async with await superuser(instance) as connection, connection.transaction():
            if not own.exists():
                password = random.token_urlsafe(32)
                folders.write_secret(fresh, password)
                own_password = sql.SQL("ALTER ROLE postgres PASSWORD {}").format(sql.Literal(verifier(password)))
                await connection.execute(own_password)
            login = sql.SQL("ALTER ROLE {} CONNECTION LIMIT {} PASSWORD {}").format(
                role, sql.Literal(quotas.get("connections", 50)), sql.Literal(verifier(instance.password))
            )
            await connection.execute(login)
            timeout = sql.Literal(f"{quotas.get('statement_seconds', 300)}s")
            await connection.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = {}").format(role, timeout))
            if not await _found(connection, "SELECT 1 FROM pg_database WHERE datname = %s", instance.name):
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                await connection.execute(rename.format(sql.Identifier(BLANK), sql.Identifier(instance.name)))
        if fresh.exists():
            fresh.rename(_secret(instance))
            own.touch()

    def address(self, instance: Instance) -> Address:
        """Return the owner's address on this machine: its own socket."""
        return Address(
            database=instance.name,
            user=OWNER,
            password=instance.password,
            port=PORT,
            tls=PLAIN,
            socket=folders.socket_folder(instance, SOCKET),
        )

    async def program(self, instance: Instance) -> Address:
        """Return the address at which Headwater acts as the owner: by a role of its own."""
        async with await superuser(instance) as connection, connection.transaction():
            await program_role.ensure(connection, instance)
        password = self.program_password(instance.password)
        return replace(self.address(instance), user=PROGRAM_ROLE, password=password)

    def program_password(self, owner_password: str) -> str:
        return program_password(owner_password)

    async def reader(self, instance: Instance, person: str) -> Address:
        """Return the address of a person who may only read."""
        password = reader_password(instance.password, person)
        async with await superuser(instance) as connection, connection.transaction():
            await reader_roles.ensure(connection, instance, reader_role(person), password)
        return replace(self.address(instance), user=reader_role(person), password=password)

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Return the number of client sessions, and of those that are active, listening, or in a transaction."""
        async with await superuser(instance) as connection:
            row = await (await connection.execute(instance_queries.ACTIVITY)).fetchone()
        assert row is not None
        return SessionCounts(int(row[0]), int(row[1]))

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return the server's counters for the database."""
        async with await superuser(instance) as connection:
            cursor = await connection.execute(instance_queries.METRICS, [instance.name])
            row = await cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
        return {name: float(value or 0) for name, value in zip(names, row or (), strict=False)}

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """End sessions over their time limit; make a full database read-only by default; users can still delete."""
        statement = instance.quotas.get("statement_seconds", 300) + LENIENCY_SECONDS
        async with await superuser(instance) as connection:
            await connection.execute(
                instance_queries.OVER_TIME, [statement, IDLE_TRANSACTION_SECONDS + LENIENCY_SECONDS]
            )
            if full == await _found(connection, instance_queries.READ_ONLY, instance.name):
                return
            how = sql.SQL("SET default_transaction_read_only = on" if full else "RESET default_transaction_read_only")
            await connection.execute(sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(instance.name), how))
            if full:
                await connection.execute(instance_queries.END_ALL, [[OWNER, PROGRAM_ROLE]])

    def clean_up(self, instance: Instance) -> None:
        """Delete what is outside the instance's folder."""
        folders.leave(instance, SOCKET)
