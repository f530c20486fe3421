"""PostgreSQL 13 and later."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import AsyncConnection

from headwater.catalog.grammar import Grammar
from headwater.engines import Address, Language, Option, Session
from headwater.engines.postgresql import columns
from headwater.engines.postgresql.alter import alter
from headwater.engines.postgresql.ddl import ddl, quote
from headwater.engines.postgresql.errors import connecting
from headwater.engines.postgresql.explain import explain
from headwater.engines.postgresql.inspect import inspect
from headwater.engines.postgresql.provision import (
    PROVISION_OPTIONS,
    activity,
    address,
    available,
    enforce,
    leave,
    make,
    metrics,
    prepare,
    program,
    ready,
    setup,
)
from headwater.engines.postgresql.session import PostgresSession
from headwater.engines.postgresql.watch import end, sessions
from headwater.engines.postgresql.wire import SPEAKS_FIRST, client_url, front, speaks
from headwater.kit.network.tls import pem_files

__all__ = [
    "DIALECT", "GRAMMAR", "LANGUAGE", "NAME", "OPTIONS", "PORT", "PROVISION_OPTIONS", "SCHEMES", "SPEAKS_FIRST",
    "activity", "address", "alter", "available", "client_url", "connect", "ddl", "end", "enforce", "explain", "front",
    "inspect", "leave", "make", "metrics", "prepare", "program", "quote", "ready", "sessions", "setup", "speaks",
]  # fmt: skip

NAME = "PostgreSQL"
SCHEMES = ("postgresql", "postgres")
PORT = 5432
LANGUAGE: Language = "sql"
DIALECT = "postgres"
GRAMMAR = Grammar(lock=" FOR UPDATE")
OPTIONS = (
    Option("search_path", "Search path", help="Schemas in which names without one are looked up."),
    Option("role", "Role", help="A role to take on after connecting."),
)

# libpq looks into the home folder for what is not named; it finds nothing here.
NOWHERE = "/nonexistent/headwater"


async def connect(to: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection; see `headwater.engines.Engine`."""
    with _parameters(to, seconds) as parameters:
        try:
            connection: AsyncConnection[Any] = await AsyncConnection.connect(
                autocommit=True, context=columns.CONTEXT, prepare_threshold=None, **parameters
            )
        except (psycopg.Error, OSError) as error:
            raise connecting(str(error)) from None  # the cause may echo the address
    return PostgresSession(connection)


@contextlib.contextmanager
def _parameters(address: Address, seconds: float) -> Iterator[dict[str, Any]]:
    """Give libpq's parameters: what users say, and nothing that libpq would look up by itself."""
    given: dict[str, Any] = {
        "dbname": address.database or address.user, "user": address.user, "connect_timeout": max(2, round(seconds)),
        "application_name": "headwater", "client_encoding": "utf8", "passfile": NOWHERE,
    }  # fmt: skip
    if address.password:
        given["password"] = address.password
    settings = {name: address.option(name) for name in ("search_path", "role") if address.option(name)}
    if settings:
        given["options"] = " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())
    if address.socket:
        yield given | {"host": str(address.socket), "port": address.port or PORT}
        return
    given |= {"host": address.tls.server_name or address.host, "port": address.port or PORT}
    if address.endpoint:
        given |= {"hostaddr": address.endpoint.ip, "port": address.endpoint.port}
    mode = {"off": "disable"}.get(address.tls.mode, address.tls.mode)
    with pem_files(address.tls) as files:
        yield given | {
            "sslmode": mode,
            "sslrootcert": str(files.ca) if files.ca else "system" if mode == "verify-full" else NOWHERE,
            "sslcert": str(files.certificate or NOWHERE), "sslkey": str(files.key or NOWHERE),
        }  # fmt: skip


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
