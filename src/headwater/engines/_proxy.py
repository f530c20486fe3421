"""The protocol by which the proxy accepts clients of an engine's databases."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from headwater.engines._address import Address
from headwater.kit.network.splice import HalfDuplex


@dataclass(frozen=True, slots=True)
class Upstream:
    """A connection that the proxy opened for a client: its socket, and the meter that counts its bytes."""

    address: Address
    meter: ConnectionMeter


class ConnectionMeter(Protocol):
    """Counts clients and bytes for the proxy, so that idle databases can sleep and full ones refuse clients."""

    def connected(self) -> None:
        """A client connects; raises TooMany if no connection is free."""

    def received_bytes(self) -> None:
        """A client has sent bytes."""

    def disconnected(self) -> None:
        """A client has disconnected."""


UpstreamResolver: TypeAlias = Callable[[str], Awaitable[Upstream]]


class ProxySupport(Protocol):
    """An engine whose wire protocol the proxy speaks well enough to read the database's name and to refuse clients.

    `server_speaks_first`: clients wait for the server's first message, and need a port of their own. `alpn_protocols`
    are the names that clients negotiate in TLS.
    """

    server_speaks_first: bool
    alpn_protocols: tuple[str, ...] = ()

    def recognizes(self, first: bytes) -> bool:
        """Return True if a client whose first bytes (at least one) are these speaks this protocol."""

    def client_protocol(self, opener: UpstreamResolver, tls: ssl.SSLContext | None) -> HalfDuplex:
        """Return the protocol object of one client; it asks `opener` for the database by name, then relays bytes."""

    def client_url(self, host_port: str, database: str, password: str) -> str:
        """Return the URL by which a client reaches the database through the proxy at `place` (`host:port`)."""
