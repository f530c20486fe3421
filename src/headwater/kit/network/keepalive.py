"""TCP keepalive: notices that the other end of a silent connection has vanished without closing it."""

from __future__ import annotations

import asyncio
import socket

# A vanished client is noticed after IDLE + COUNT * INTERVAL seconds: two minutes.
IDLE_SECONDS, INTERVAL_SECONDS, COUNT = 60, 10, 6
# macOS has another name for the first, and no others.
_OPTIONS = (
    ("TCP_KEEPIDLE", IDLE_SECONDS),
    ("TCP_KEEPALIVE", IDLE_SECONDS),
    ("TCP_KEEPINTVL", INTERVAL_SECONDS),
    ("TCP_KEEPCNT", COUNT),
)


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Let the kernel probe a silent TCP connection; do nothing for other sockets."""
    channel = transport.get_extra_info("socket")
    if channel is None or channel.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        if (option := getattr(socket, name, None)) is not None:
            channel.setsockopt(socket.IPPROTO_TCP, option, value)
