"""The addresses at which an API key is valid: networks in CIDR notation, IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from headwater.kit.errors import Invalid

MOST = 50
MAPPED_BITS = 96
"""The bits of an IPv6 address before the IPv4 address that it maps."""


def normal(addresses: Sequence[str]) -> list[str]:
    """Return networks as they are stored: without duplicates, those of mapped IPv4 addresses as IPv4.

    Raises:
        Invalid: there are too many, or one is neither an address nor a network.
    """
    if len(addresses) > MOST:
        raise Invalid({"addresses": f"Use at most {MOST} networks."})
    return list(dict.fromkeys(str(_network(text.strip())) for text in addresses))


def allows(networks: Sequence[str], ip: str) -> bool:
    """Return True if an address is in one of the networks, or if there are none; an unknown address is in none."""
    if not networks:
        return True
    try:
        address = _unmapped(ip_address(ip))
    except ValueError:
        return False
    return any(address in ip_network(network) for network in networks)


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text, strict=False)
        address = ip_address(text.partition("/")[0])
    except ValueError:
        example = "write 203.0.113.0/24 or 2001:db8::/48"
        raise Invalid({"addresses": f"{text[:60]!r} is no network: {example}."}) from None
    if "%" in text:
        raise Invalid({"addresses": f"{text[:60]!r} has a zone, which a network does not have."})
    if network.network_address != address:
        raise Invalid({"addresses": f"{text[:60]} has bits after its prefix. Do you mean {network}?"})
    mapped = _unmapped(address)
    if mapped != address and network.prefixlen >= MAPPED_BITS:
        return IPv4Network((str(mapped), network.prefixlen - MAPPED_BITS))
    return network
