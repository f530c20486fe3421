"""The sockets of the server processes, which `headwater up` opens once: what connects while one restarts waits."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator, Sequence

from headwater.kit.errors import Conflict
from headwater.kit.network import unix_sockets
from headwater.kit.network.peers import socket_path
from headwater.kit.settings import Settings

BACKLOG = 4_096


@contextlib.contextmanager
def public_listeners(settings: Settings) -> Iterator[Sequence[socket.socket]]:
    """Yield a socket for each server process, all with the same address; the kernel spreads connections over them.

    Where it does not (it does on Linux), all processes share one socket, and the first that is idle accepts.

    Raises:
        Conflict: the address cannot be used.
    """
    with contextlib.ExitStack() as sockets:
        first = public_listener(settings)
        if settings.servers == 1 or sys.platform != "linux":
            yield [sockets.enter_context(first)] * settings.servers
            return
        # The first one has seen that nobody else listens here, which those that share an address do not notice.
        host, port, *_ = first.getsockname()
        first.close()
        yield [sockets.enter_context(_opened(host, port, reuse_port=True)) for _ in range(settings.servers)]


def public_listener(settings: Settings) -> socket.socket:
    """Return a socket that is the only one with the address of the settings.

    Raises:
        Conflict: the address cannot be used.
    """
    try:
        return _opened(settings.host, settings.port, reuse_port=False)
    except OSError as error:
        raise Conflict(
            f"The address {settings.host}:{settings.port} cannot be used: {error.strerror}.",
            hint="Choose another port with --port.",
        ) from error


def _opened(host: str, port: int, *, reuse_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=reuse_port)


def private_listener(settings: Settings, number: int) -> socket.socket:
    """Return the socket on which one server process answers the others."""
    return unix_sockets.listener(socket_path(settings, number), BACKLOG)
