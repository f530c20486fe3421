"""A relay for programs without TLS: they connect to a private Unix socket, and it speaks TLS with the server.

The program sees a server without encryption on a socket that only this user can reach; the certificates are checked
here, by the settings of the address.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from headwater.engines import Address
from headwater.engines.postgresql.connection import PORT
from headwater.engines.postgresql.errors import connection_error
from headwater.engines.postgresql.proxy import TLS_REQUEST
from headwater.kit.network.tls import PLAIN, context

_SSL_REQUEST = struct.pack("!II", 8, TLS_REQUEST)
_BLOCK = 65_536


@contextlib.contextmanager
def relayed(address: Address, seconds: float) -> Iterator[Address]:
    """Yield an address that needs no TLS: the given one, or that of a relay to it that exists within the block.

    Raises:
        HeadwaterError: the server cannot be reached, or its certificate is wrong.
    """
    if address.socket or address.tls.mode == "off":
        yield address
        return
    with tempfile.TemporaryDirectory(prefix="hw-") as folder, socket.socket(socket.AF_UNIX) as listener:
        port = address.port or PORT
        listener.bind(str(Path(folder) / f".s.PGSQL.{port}"))
        listener.listen()
        server = _connected(address, seconds)
        thread = threading.Thread(target=_serve, args=(listener, server), daemon=True, name="tls-relay")
        thread.start()
        try:
            yield replace(address, socket=Path(folder), port=port, tls=PLAIN, endpoint=None)
        finally:
            for end in (listener, server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            thread.join()


def _connected(address: Address, seconds: float) -> socket.socket:
    """Return a connection to the server, encrypted as the address says."""
    endpoint = address.endpoint
    target = (endpoint.ip, endpoint.port) if endpoint else (address.host, address.port or PORT)
    try:
        plain = socket.create_connection(target, timeout=seconds)
    except OSError as error:
        raise connection_error(str(error)) from None
    try:
        plain.sendall(_SSL_REQUEST)
        if plain.recv(1) == b"S":
            tls = context(address.tls)
            assert tls
            server: socket.socket = tls.wrap_socket(plain, server_hostname=address.tls.server_name or address.host)
        elif address.tls.mode == "prefer":
            server = plain
        else:
            raise connection_error("the server does not support SSL")
        server.settimeout(None)
    except OSError as error:
        plain.close()
        raise connection_error(str(error)) from None
    except BaseException:
        plain.close()
        raise
    return server


def _serve(listener: socket.socket, server: socket.socket) -> None:
    """Carry bytes between the first program that connects and the server, until one of them ends."""
    with contextlib.suppress(OSError):
        client, _ = listener.accept()
        with client:
            _carry(client, server)


def _carry(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways in one thread: an encrypted socket must not be used by two at a time."""
    server.setblocking(False)
    while True:
        readable, _, _ = select.select([client, server], [], [])
        if client in readable:
            data = client.recv(_BLOCK)
            if not data:
                return
            _send(server, data)
        while True:
            try:
                data = server.recv(_BLOCK)
            except (ssl.SSLWantReadError, BlockingIOError):
                break
            if not data:
                return
            client.sendall(data)


def _send(server: socket.socket, data: bytes) -> None:
    server.settimeout(60)
    try:
        server.sendall(data)
    finally:
        server.setblocking(False)
