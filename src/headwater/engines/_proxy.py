"""The protocol by which the proxy accepts clients of an engine's databases."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from headwater.engines._address import Address
from headwater.kit.network.pending_clients import PendingClients
from headwater.kit.network.splice import HalfDuplex


@dataclass(frozen=True, slots=True)
class Upstream:
    """The database of a client: its socket, the meter that counts its bytes, and whether it requires TLS."""

    address: Address
    meter: ConnectionMeter
    tls_required: bool = False


class ConnectionMeter(Protocol):
    """Counts clients and bytes for the proxy, so that idle databases can sleep and full ones refuse clients."""

    def connected(self) -> None:
        """A client has signed in; raises TooMany if no connection is free."""

    def received_bytes(self) -> None:
        """A client has sent bytes."""

    def disconnected(self) -> None:
        """A client has disconnected."""


UpstreamResolver: TypeAlias = Callable[[str], Awaitable[Upstream]]


@dataclass(frozen=True, slots=True)
class ProxyContext:
    """What the protocol of a client gets from the proxy.

    Attributes:
        resolve: wakes a database by its name.
        pending: the clients that have not signed in.
        tls: how to terminate TLS; None without a certificate.
        certificate_hash: the hash of the proxy's certificate, for channel binding (`tls-server-end-point`, RFC 5929).
        tls_required: whether clients without TLS are refused.
    """

    resolve: UpstreamResolver
    pending: PendingClients = field(default_factory=PendingClients)
    tls: ssl.SSLContext | None = None
    certificate_hash: bytes | None = None
    tls_required: bool = False


class ProxySupport(Protocol):
    """An engine whose wire protocol the proxy speaks well enough to sign clients in and to refuse them.

    `server_speaks_first`: clients wait for the server's first message, and need a port of their own. `alpn_protocols`
    are the names that clients negotiate in TLS.
    """

    server_speaks_first: bool
    alpn_protocols: tuple[str, ...] = ()

    def recognizes(self, first: bytes) -> bool:
        """Return True if a client whose first bytes (at least one) are these speaks this protocol."""

    def client_protocol(self, context: ProxyContext) -> HalfDuplex:
        """Return the protocol object of one client: it signs the client in to a database, then relays bytes."""

    def client_url(self, host_port: str, database: str, password: str, *, encrypted: bool = False) -> str:
        """Return the URL by which a client reaches the database through the proxy at `host_port`.

        If it is `encrypted`, a client that follows the URL uses TLS.
        """
