"""The address that a driver connects to: a checked address, or our own end of a tunnel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A numeric TCP address, already resolved and checked."""

    ip: str
    port: int
