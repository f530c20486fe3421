"""Redis servers that Headwater runs: one per database, on a Unix socket, without dangerous commands for the owner.

The owner's user has the name of the database, so that the proxy learns the database from AUTH. CONFIG, DEBUG, MODULE,
MIGRATE, REPLICAOF and the like are reserved for the administrator's user.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets as random
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from functools import cache as remembered
from pathlib import Path
from typing import Any, cast

from redis import asyncio as client
from redis.exceptions import RedisError

from headwater.engines import Address, Instance, Option, ProvisioningSupport, ServerCommand, SessionCounts
from headwater.engines import _instance_files as folders
from headwater.engines._provision import READER_CONNECTIONS, reader_password, reader_role
from headwater.kit.errors import BadInput, Unavailable
from headwater.kit.network.tls import PLAIN

# The accounts and files of existing instances have this name.
ADMIN = "headwater-keeper"
SOCKET = "redis.sock"
SPARE_CONNECTIONS = 5
PROVISION_OPTIONS: tuple[Option, ...] = (
    Option(
        "durability",
        "Persistence (fsync)",
        "choice",
        "everysec",
        choices=("everysec", "always"),
        choice_labels=("every second", "every write"),
        help="Save writes to disk every second, or before each reply.",
    ),
)
# All commands except those that affect the server, its files or other hosts; some "dangerous" ones are only slow.
OWNERS_COMMANDS = "+@all -@admin -@dangerous +info +keys +flushdb +flushall +sort +sort_ro +client|list -role"
# What read-only runs and the pages of keys use; CLIENT LIST shows no keys and no values.
READERS_COMMANDS = "+@read +@connection -@dangerous +keys +info +command +time +client|list"
KILLS = 40
_READS_ONLY = "-@write +del +unlink +flushdb +flushall +expire"


@remembered
def _program() -> tuple[str, str] | None:
    """Return the path and version of redis-server."""
    path = shutil.which("redis-server")
    if path is None:
        return None
    version_text = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"v=([\d.]+)", version_text)
    return (path, match[1]) if match and int(match[1].split(".")[0]) >= 6 else None


def unavailable_reason() -> str | None:
    """Return why no Redis can be run here, or None."""
    return None if _program() else "redis-server 6 or newer is not on the PATH of this machine."


def _owner_rule(instance: Instance) -> str:
    return f"user {instance.name} on #{_digest(instance.password)} ~* &* {OWNERS_COMMANDS}"


def _most_clients(instance: Instance) -> str:
    return str(instance.quotas.get("connections", 50) + READER_CONNECTIONS + SPARE_CONNECTIONS)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _secret(instance: Instance) -> str:
    return (instance.folder / "keeper.password").read_text()


def _admin(instance: Instance) -> client.Redis:
    return client.Redis(
        unix_socket_path=str(folders.socket_file(instance, SOCKET)),
        username=ADMIN,
        password=_secret(instance),
        socket_timeout=5,
        single_connection_client=True,
        decode_responses=True,
    )


async def _order(connection: client.Redis, *words: str) -> Any:
    try:
        return await cast(Any, connection).execute_command(*words)
    except (RedisError, OSError) as error:
        raise Unavailable("The server of the database refused a command of its administrator.") from error


async def _kill_script(connection: client.Redis) -> None:
    try:
        await cast(Any, connection).execute_command("SCRIPT", "KILL")
    except RedisError as error:
        # A script that has written cannot be killed: the server must be stopped, which discards its writes.
        if "NOTBUSY" not in str(error):
            raise Unavailable("The server of the database refused a command of its administrator.") from error


class RedisProvisioning(ProvisioningSupport):
    """Redis servers that Headwater runs."""

    options = PROVISION_OPTIONS

    def unavailable_reason(self) -> str | None:
        return unavailable_reason()

    def warm_template(self, cache: Path) -> None:
        """Do nothing: an empty folder is an empty Redis database."""

    def create_data_dir(self, instance: Instance, cache: Path) -> None:
        """Create the data folder and the administrator's password."""
        if instance.name in {ADMIN, "default"}:
            raise BadInput(f"A Redis database cannot be called {instance.name}.", hint="Choose another name.")
        durability = instance.options.get("durability", "everysec")
        if durability not in PROVISION_OPTIONS[0].choices:
            raise BadInput(f"{durability!r} is not a durability setting.", hint="Choose everysec or always.")
        (instance.folder / "durability").write_text(durability)
        data = instance.folder / "data"
        data.mkdir(mode=0o700)
        folders.give(instance.owner, data)
        secret = instance.folder / "keeper.password"
        secret.touch(0o600)
        secret.write_text(random.token_urlsafe(32))

    def server_command(self, instance: Instance) -> ServerCommand:
        """Write the configuration, and return the command that starts the server with it."""
        program = _program()
        if program is None:
            raise Unavailable(str(unavailable_reason()))
        run = folders.make_private(instance, folders.socket_folder(instance, SOCKET))
        (run / SOCKET).unlink(missing_ok=True)
        data, quotas = instance.folder / "data", instance.quotas
        settings = {
            "port": "0",
            "unixsocket": str(run / SOCKET),
            "unixsocketperm": "700",
            "dir": str(data),
            "databases": "16",
            "appendonly": "yes",
            "appendfsync": (instance.folder / "durability").read_text(),
            "save": '""',
            "maxmemory": f"{quotas.get('memory_mb', 256)}mb",
            "maxmemory-policy": "noeviction",
            "maxclients": _most_clients(instance),
            "aclfile": str(data / "users.acl"),
            "daemonize": "no",
            "loglevel": "warning",
            "lua-time-limit": "2000",
            "always-show-logo": "no",
        }
        folders.write_secret(
            data / "redis.conf", "".join(f"{name} {value}\n" for name, value in settings.items()), instance.owner
        )
        users = (
            "user default off",
            f"user {ADMIN} on #{_digest(_secret(instance))} ~* &* +@all",
            _owner_rule(instance),
        )
        folders.write_secret(data / "users.acl", "\n".join(users) + "\n", instance.owner)
        return ServerCommand(
            (program[0], str(data / "redis.conf")), signal.SIGTERM, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        )

    def is_ready(self, instance: Instance) -> bool:
        """Return True if the server answers PING, which it refuses while it loads its data."""
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1.0)
                probe.connect(str(folders.socket_file(instance, SOCKET)))
                probe.sendall(f"AUTH {ADMIN} {_secret(instance)}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = probe.recv(1000)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    async def setup(self, instance: Instance) -> None:
        """Set the owner's password and the quotas of the running server."""
        async with _admin(instance) as connection:
            await _order(connection, "ACL", "SETUSER", instance.name, "reset", *_owner_rule(instance).split()[2:])
            quotas = instance.quotas
            await _order(connection, "CONFIG", "SET", "maxmemory", f"{quotas.get('memory_mb', 256)}mb")
            await _order(connection, "CONFIG", "SET", "maxclients", _most_clients(instance))

    def address(self, instance: Instance) -> Address:
        """Return the owner's address on this machine: its own socket file."""
        return Address(
            database="0",
            user=instance.name,
            password=instance.password,
            tls=PLAIN,
            socket=folders.socket_file(instance, SOCKET),
        )

    async def reader(self, instance: Instance, person: str) -> Address:
        """Return the address of a person who may only read; the user lives as long as the server runs."""
        role, password = reader_role(person), reader_password(instance.password, person)
        rules = ("reset", "on", f"#{_digest(password)}", "~*", "&*", *READERS_COMMANDS.split())
        async with _admin(instance) as connection:
            await _order(connection, "ACL", "SETUSER", role, *rules)
        return replace(self.address(instance), user=role, password=password)

    async def session_counts(self, instance: Instance) -> SessionCounts:
        """Return the number of clients, and of those in a transaction, blocked, or subscribed to a channel."""
        async with _admin(instance) as connection:
            clients = [client for client in await _order(connection, "CLIENT LIST") if client["user"] != ADMIN]
        busy = [
            client
            for client in clients
            if int(client["multi"]) >= 0 or "b" in client["flags"] or "P" in client["flags"]
        ]
        return SessionCounts(len(clients), len(busy))

    async def metrics(self, instance: Instance) -> Mapping[str, float]:
        """Return the server's counters."""
        async with _admin(instance) as connection:
            info = await _order(connection, "INFO", "everything")
        names = {
            "size_bytes": "used_memory_dataset",
            "memory_bytes": "used_memory",
            "connections": "connected_clients",
            "commands": "total_commands_processed",
            "cache_hits": "keyspace_hits",
            "cache_misses": "keyspace_misses",
            "expired_keys": "expired_keys",
            "refused_connections": "rejected_connections",
        }
        keys = sum(int(part["keys"]) for name, part in info.items() if re.fullmatch(r"db\d+", name))
        return {ours: float(info.get(theirs, 0)) for ours, theirs in names.items()} | {"keys": float(keys)}

    async def enforce_quotas(self, instance: Instance, *, full: bool) -> None:
        """Kill a script that runs too long; let users only read from or delete in a full database."""
        rule = ("ACL", "SETUSER", instance.name, *(_READS_ONLY if full else OWNERS_COMMANDS).split())
        async with _admin(instance) as connection:
            for _ in range(KILLS):
                try:
                    await cast(Any, connection).execute_command(*rule)
                    return
                except RedisError as error:
                    if "BUSY" not in str(error):
                        raise Unavailable(
                            "The server of the database refused a command of its administrator."
                        ) from error
                await _kill_script(connection)
                await asyncio.sleep(0.05)  # it ends at its next step, not at once
        raise Unavailable("The server of the database is running a script that does not end.")

    def clean_up(self, instance: Instance) -> None:
        """Delete what is outside the instance's folder."""
        folders.leave(instance, SOCKET)
