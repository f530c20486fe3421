"""Connections by libpq with explicit parameters only: libpq looks up nothing by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from headwater.engines import Address
from headwater.engines.postgresql.errors import connection_error, error_from
from headwater.kit.network.tls import pem_files

PORT = 5432
# libpq searches the home folder for missing parameters; it finds nothing here.
NOWHERE = "/nonexistent/headwater"


@contextlib.contextmanager
def parameters(address: Address, seconds: float) -> Iterator[dict[str, Any]]:
    """Return libpq's parameters: the user's settings, and explicit values for what libpq would look up."""
    given: dict[str, Any] = {
        "dbname": address.database or address.user,
        "user": address.user,
        "connect_timeout": max(2, round(seconds)),
        "application_name": "headwater",
        "client_encoding": "utf8",
        "passfile": NOWHERE,
    }
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
            "sslcert": str(files.certificate or NOWHERE),
            "sslkey": str(files.key or NOWHERE),
        }


def connect_sync(address: Address, seconds: float, settings: Iterable[str]) -> psycopg.Connection[Any]:
    """Return a blocking connection on which these statements were run.

    Raises:
        HeadwaterError: what `errors.connecting` says, or what the server answered to a statement.
    """
    with parameters(address, seconds) as given:
        try:
            connection = psycopg.connect(autocommit=True, prepare_threshold=None, **given)
        except (psycopg.Error, OSError) as error:
            raise connection_error(str(error)) from None  # the cause may echo the address
    try:
        for statement in settings:
            connection.execute(statement.encode())
    except BaseException as error:
        connection.close()
        if isinstance(error, psycopg.Error):
            raise error_from(error, 0, 0) from error
        raise
    return connection


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
