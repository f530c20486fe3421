"""Opens connections: to the checked address, with the chosen TLS mode, without reading option files."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CLIENT
from pymysql.converters import encoders

from headwater.engines import Address
from headwater.engines.mysql.columns import DECODERS
from headwater.engines.mysql.errors import connecting
from headwater.kit.network.tls import context

PORT = 3306


def connected(to: Address, seconds: float) -> Any:
    """Return an open connection, or raise ConnectionRefused. Blocks.

    Files of this machine are never sent to the server (`local_infile`), no option file is read, and one text is one
    statement for the server, whatever its syntax.
    """
    encryption = context(to.tls) if to.tls.mode not in {"off", "prefer"} else None
    patience = max(1, round(seconds))
    conversions: Any = {**encoders, **DECODERS}
    connection: Any = Connection(
        host=to.tls.server_name or to.host,
        port=to.port or PORT,
        user=to.user,
        password=to.password,
        database=to.database or None,
        charset="utf8mb4",
        connect_timeout=patience,
        read_timeout=patience,
        local_infile=False,
        autocommit=True,
        client_flag=CLIENT.FOUND_ROWS,
        conv=conversions,
        ssl=encryption,
        ssl_disabled=to.tls.mode == "off" or to.socket is not None,
        program_name="headwater",
        defer_connect=True,
    )
    try:
        connection.connect(dialled(to.socket, seconds) if to.socket else _channel(to, seconds))
    except (pymysql.Error, OSError) as error:
        connection._force_close()
        raise connecting(error) from None  # the cause may echo the address
    # The timeout was only for the login; from here on our own clock limits runs.
    connection._read_timeout = None
    connection._sock.settimeout(None)
    return connection


def kill_query(to: Address, thread_id: int) -> None:
    """Stop the query of another connection, over a new connection. Blocks."""
    connection = connected(to, 5.0)
    try:
        connection.query(f"KILL QUERY {thread_id}")
    finally:
        with contextlib.suppress(pymysql.Error):
            connection.close()


def dialled(path: Path, seconds: float) -> socket.socket:
    """Return a connection to a server's socket file; PyMySQL's own socket would stay open if nobody answers."""
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.settimeout(seconds)
        channel.connect(str(path))
    except OSError:
        channel.close()
        raise
    return channel


def _channel(to: Address, seconds: float) -> socket.socket:
    """Return a socket to the checked address; the server must answer in time."""
    address = (to.endpoint.ip, to.endpoint.port) if to.endpoint else (to.host, to.port or PORT)
    channel = socket.create_connection(address, timeout=seconds)
    channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return channel
