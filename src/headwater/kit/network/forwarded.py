"""The address of a client behind trusted proxies, from `X-Forwarded-For`."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_trusted(address: str, proxies: Sequence[Network]) -> bool:
    """Return True if an address belongs to a trusted proxy."""
    if not proxies:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in proxies)


def client_address(peer: str, forwarded_for: str, proxies: Sequence[Network]) -> str:
    """Return the address of the client: the peer, or the last address in the header that no trusted proxy has.

    What stands before that address in the header was written by the client itself, and proves nothing.
    """
    client = peer
    for hop in reversed(forwarded_for.split(",")):
        if not is_trusted(client, proxies):
            break
        try:
            client = str(ipaddress.ip_address(hop.strip()))
        except ValueError:
            break
    return client
