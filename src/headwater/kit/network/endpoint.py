"""Where a driver connects to: an address that has been checked, or our own end of a tunnel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP address as numbers; names were resolved and checked before."""

    ip: str
    port: int
