"""Decides which addresses may be used: a name is resolved once, and each of its addresses is checked.

The rules follow GitLab's url_blocker and RFC 6890: no addresses of this machine, no private and no special ones, in any
spelling or embedding. An administrator may allow private networks; only a trusted caller may use loopback.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from headwater.kit.errors import BadInput, Forbidden, Unavailable
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.settings import Settings

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
PATIENCE = 15.0
# Addresses that `ipaddress` calls global although they are not public, or that embed another address.
_CLOSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
)
_METADATA = frozenset({ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")})
_NAT64, _6TO4 = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16")
_NAME = re.compile(r"(?=.{1,253}\.?$)(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?$")
_NUMBERS = re.compile(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}\.?$", re.IGNORECASE)


class Blocked(Forbidden):
    """Connections to this address are not allowed."""

    code = "address_blocked"


class UnknownHost(Unavailable):
    """The name is not known."""

    status = 422
    code = "unknown_host"


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """The addresses that are allowed besides public ones: private networks, and this machine itself."""

    private: tuple[Network, ...] = ()
    loopback: bool = False


TRUSTED = NetworkPolicy((ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")), loopback=True)


def policy_of(settings: Settings) -> NetworkPolicy:
    """Return the addresses that connections may reach: public ones, and those that the administrator allows."""
    return NetworkPolicy(private=tuple(settings.allowed_networks), loopback=settings.allow_loopback)


async def resolve(
    host: str, port: int, policy: NetworkPolicy, *, resolver: Resolver | None = None, patience: float = PATIENCE
) -> tuple[Endpoint, ...]:
    """Return the checked addresses of a host; connect to these, and never resolve the name again.

    Args:
        host: a name or an address in any spelling.
        port: a TCP port.
        policy: the addresses that are allowed besides public ones.
        resolver: resolves a name; by default the system's resolver.
        patience: time limit for resolving, in seconds.

    Raises:
        BadInput: not a host name or port.
        Blocked: one of its addresses is not allowed; the error does not say which.
        UnknownHost: the name cannot be resolved.
    """
    if not 1 <= port <= 65535:
        raise BadInput(f"{port} is not a port.", hint="Ports go from 1 to 65535.")
    literal = parse_host(host)
    if literal is not None:
        candidates: Iterable[str] = [str(literal)]
    else:
        try:
            async with asyncio.timeout(patience):
                candidates = await (resolver or _look_up)(host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise UnknownHost(f"The name {host} could not be resolved.", hint="Check its spelling.") from error
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in candidates]
    if not addresses:
        raise UnknownHost(f"The name {host} has no address.", hint="Check its spelling.")
    own = _own_addresses()
    if any(not allowed(address, policy, own) for address in addresses):
        raise Blocked(
            f"Connections to {host} are not allowed.",
            hint="The address is private or belongs to this machine. An administrator can allow private "
            "networks with HEADWATER_ALLOWED_NETWORKS.",
        )
    return tuple(Endpoint(str(address), port) for address in dict.fromkeys(addresses))


def parse_host(host: str) -> Ip | None:
    """Return the address in a host string, or None if it is a name.

    Raises:
        BadInput: it is neither; sockets, lists of hosts, user names and zones are not allowed.
    """
    text = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        if "%" not in text:
            return ipaddress.ip_address(text)
    except ValueError:
        pass
    if _NUMBERS.match(text):
        try:
            return ipaddress.IPv4Address(socket.inet_aton(text.rstrip(".")))
        except OSError as error:
            raise BadInput(f"{host!r} is not an address.") from error
    ends_in_number = text.rstrip(".").rpartition(".")[2].isdigit()
    if not host.isascii() or not _NAME.match(host) or host != text or ends_in_number:
        raise BadInput(
            f"{host[:100]!r} is not a host name.", hint="Enter one host, such as db.example.org or 203.0.113.7."
        )
    return None


def allowed(address: Ip, policy: NetworkPolicy, own: frozenset[Ip]) -> bool:
    """Return True if an address may be reached."""
    inner = embedded(address)
    if inner is not None:
        return allowed(inner, policy, own)
    if address in own or address.is_loopback or address.is_unspecified:
        return policy.loopback
    if address in _METADATA or address.is_link_local or address.is_multicast:
        return False
    if address.is_private or any(address in network for network in _CLOSED if network.version == address.version):
        open_networks = (network for network in policy.private if network.version == address.version)
        return any(address in network for network in open_networks)
    return address.is_global


def embedded(address: Ip) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside an IPv6 address: mapped, 6to4, NAT64 or Teredo."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _6TO4:
        return address.sixtofour
    return address.teredo[1] if address.teredo else None


async def _look_up(host: str, port: int) -> Sequence[str]:
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in infos]


def _own_addresses() -> frozenset[Ip]:
    """Return every address of this machine's own interfaces, as the kernel lists them."""
    return frozenset({*_own_v4(), *_own_v6()})


def _own_v4() -> Iterable[Ip]:
    try:
        lines = Path("/proc/net/fib_trie").read_text().splitlines()
    except OSError:
        lines = []
    for above, line in pairwise(lines):
        if "host LOCAL" in line:
            yield ipaddress.ip_address(above.split()[-1])


def _own_v6() -> Iterable[Ip]:
    try:
        lines = Path("/proc/net/if_inet6").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        yield ipaddress.IPv6Address(int(line.split()[0], 16))
