"""The sockets of the server processes, which `headwater up` opens once: what connects while one restarts waits."""

from __future__ import annotations

import socket

from headwater.kit.errors import Conflict
from headwater.kit.network import unix_sockets
from headwater.kit.network.peers import socket_path
from headwater.kit.settings import Settings

BACKLOG = 4_096


def public_listener(settings: Settings) -> socket.socket:
    """Return the socket on which all server processes accept connections.

    Raises:
        Conflict: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Conflict(
            f"The address {settings.host}:{settings.port} cannot be used: {error.strerror}.",
            hint="Choose another port with --port.",
        ) from error


def private_listener(settings: Settings, number: int) -> socket.socket:
    """Return the socket on which one server process answers the others."""
    return unix_sockets.listener(socket_path(settings, number), BACKLOG)
