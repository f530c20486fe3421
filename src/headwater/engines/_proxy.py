"""What an engine must know of its wire protocol so that the proxy can stand before its databases."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from headwater.engines._address import Address
from headwater.kit.network.splice import HalfDuplex


@dataclass(frozen=True, slots=True)
class Upstream:
    """A way that the proxy opened for a client: the socket behind it, and who is told of the client and its bytes."""

    address: Address
    meter: ConnectionMeter


class ConnectionMeter(Protocol):
    """Told by the proxy what its clients do, so that an idle database can sleep and a crowded one refuse."""

    def connected(self) -> None:
        """Somebody connects; raises TooMany when no connection is left."""

    def received_bytes(self) -> None:
        """Bytes came from a client."""

    def disconnected(self) -> None:
        """Somebody is gone."""


UpstreamResolver: TypeAlias = Callable[[str], Awaitable[Upstream]]


class ProxySupport(Protocol):
    """An engine whose wire protocol the proxy speaks as far as it must: to learn the database, and to say no.

    `server_speaks_first`: clients wait for the server's first message, and need a port of their own. `alpn_protocols`
    are the names that clients negotiate in TLS.
    """

    server_speaks_first: bool
    alpn_protocols: tuple[str, ...] = ()

    def recognizes(self, first: bytes) -> bool:
        """Say whether a client that begins with these bytes, at least one, speaks this protocol."""

    def client_protocol(self, opener: UpstreamResolver, tls: ssl.SSLContext | None) -> HalfDuplex:
        """Return the protocol of one client: it asks `opener` by the database's name, then carries bytes."""

    def client_url(self, place: str, database: str, password: str) -> str:
        """Return the URL by which a client asks the proxy at `place`, `host:port`, for the database of that name."""
