"""Which `Host` headers name this server: another one is a page of somebody else that resolves to our address."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - it is compared, not bound


def is_own_host(header: str, bind: str, allowed: Sequence[str]) -> bool:
    """Return True if a `Host` header names this server.

    Args:
        header: the header, with or without a port.
        bind: the address that the server listens on. If it is every address, IP addresses and the name of the
            machine are its own, too, because no page of another site can have them in its address.
        allowed: further names; `*.example.org` stands for all below it, `*` for every name.
    """
    name = _name(header)
    if name is None:
        return False
    if name == "localhost" or name.endswith(".localhost") or name == bind.lower() or is_loopback(name):
        return True
    if bind in ANY_ADDRESS and (_is_address(name) or name == _machine()):
        return True
    return any(_matches(name, pattern.lower()) for pattern in allowed)


def _name(header: str) -> str | None:
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    is_only_host = header and not (parts.path or parts.query or parts.fragment or parts.username is not None)
    return (parts.hostname or "").rstrip(".") or None if is_only_host else None


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return pattern in {"*", name}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Return True for an address that only this machine can reach."""
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


@cache
def _machine() -> str:
    return socket.gethostname().lower()
