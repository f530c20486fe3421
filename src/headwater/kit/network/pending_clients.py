"""Clients of a port that have not signed in yet: bounded in all and for each address, so that they keep nobody out.

When there are too many, the one that has waited longest is disconnected: a client that signs in needs milliseconds, one
that never will is always the oldest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field

LIMIT, LIMIT_OF_ADDRESS = 2000, 500
# The usual network of one host: whoever has an IPv6 address has all of these.
HOST_PREFIX = 64


@dataclass(slots=True, eq=False)
class PendingClient:
    """A client that has not signed in; `disconnect` closes its connection."""

    address: str
    disconnect: Callable[[], None]


@dataclass(slots=True)
class PendingClients:
    """The clients of a proxy that have not signed in, oldest first."""

    limit: int = LIMIT
    limit_of_address: int = LIMIT_OF_ADDRESS
    _clients: dict[PendingClient, None] = field(default_factory=dict)
    _by_address: dict[str, dict[PendingClient, None]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many clients have not signed in."""
        return len(self._clients)

    def add(self, address: str, disconnect: Callable[[], None]) -> PendingClient:
        """Register a client; if there are too many, disconnect the oldest: of its address, or of all."""
        client = PendingClient(host_of(address), disconnect)
        neighbours = self._by_address.setdefault(client.address, {})
        oldest = None
        if len(neighbours) >= self.limit_of_address:
            oldest = next(iter(neighbours))
        elif len(self._clients) >= self.limit:
            oldest = next(iter(self._clients))
        self._clients[client] = neighbours[client] = None
        if oldest is not None:
            self.remove(oldest)
            oldest.disconnect()
        return client

    def remove(self, client: PendingClient) -> None:
        """Forget a client that has signed in or disconnected; do nothing if it is forgotten already."""
        self._clients.pop(client, None)
        neighbours = self._by_address.get(client.address, {})
        neighbours.pop(client, None)
        if not neighbours:
            self._by_address.pop(client.address, None)


def host_of(address: str) -> str:
    """Return what stands for one host: an IPv4 address, or the network of an IPv6 address; others as they are."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, HOST_PREFIX), strict=False))
