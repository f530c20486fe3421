"""Which addresses are allowed, in every spelling; no connection is opened before the check."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.errors import BadInput
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.guard import TRUSTED, Blocked, NetworkPolicy, UnknownHost, allowed, resolve

NAMES = {
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "metadata.internal": ["169.254.169.254"],
    "mixed.example": ["8.8.8.8", "10.0.0.1"],
    "v6only.example": ["fc00::1"],
    "localtest.example": ["127.0.0.1"],
    "sub.localhost.example": ["::ffff:127.0.0.1"],
    "rebind.example": ["127.0.0.1"],
    "db.example.org": ["93.184.216.34"],
    "db.example.org.": ["93.184.216.34"],
    "both.example": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
    "under_score.example.org": ["93.184.216.34"],
}
LINES = [
    line.rsplit(" -> ", 1)
    for line in (Path(__file__).parent / "hosts.txt").read_text().splitlines()
    if " -> " in line and not line.startswith("# ")
]


async def look_up(host: str, _: int) -> Sequence[str]:
    if host.lower() not in NAMES:
        raise socket.gaierror("no such name")
    return NAMES[host.lower()]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Every attempt of this process to connect."""
    seen: list[object] = []
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, lambda _, address: seen.append(address))
    yield seen
    assert seen == []


def test_the_corpus_is_large() -> None:
    assert len(LINES) >= 300
    assert len({spelling for spelling, _ in LINES}) == len(LINES)


async def test_every_spelling_is_blocked(connections: list[object]) -> None:
    wrong = []
    for spelling, wanted in LINES:
        try:
            await resolve(spelling, 5432, NetworkPolicy(), resolver=look_up)
            result = "allowed"
        except Blocked:
            result = "blocked"
        except BadInput:
            result = "refused"
        except UnknownHost:
            result = "unknown"
        if result != wanted:
            wrong.append((spelling, wanted, result))
    assert wrong == []


async def test_name_is_resolved_once() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def rebinding(_: str, __: int) -> Sequence[str]:
        return next(answers)

    assert await resolve("rebind.example", 5432, NetworkPolicy(), resolver=rebinding) == (
        Endpoint("93.184.216.34", 5432),
    )
    assert next(answers) == ["127.0.0.1"], "it asked again"


async def test_private_networks_can_be_allowed() -> None:
    policy = NetworkPolicy(private=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("0.0.0.0/0")))
    assert await resolve("10.1.2.3", 5432, policy)
    for never in ("127.0.0.1", "169.254.169.254", "::1", "224.0.0.1", "0.0.0.0"):
        with pytest.raises(Blocked):
            await resolve(never, 5432, policy)
    narrow = NetworkPolicy(private=(ipaddress.ip_network("10.0.0.0/8"),))
    with pytest.raises(Blocked) as output:
        await resolve("192.168.1.1", 5432, narrow)
    assert "HEADWATER_ALLOWED_NETWORKS" in str(output.value.hint)


async def test_trusted_caller_may_use_loopback() -> None:
    assert await resolve("127.0.0.1", 5432, TRUSTED) == (Endpoint("127.0.0.1", 5432),)


async def test_own_interfaces_are_blocked() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
    from headwater.kit.network import guard

    own = guard._own_addresses()
    assert ipaddress.ip_address("127.0.0.1") in own
    for address in own:
        assert not allowed(address, NetworkPolicy(), own)


@pytest.mark.parametrize("port", [0, -1, 65536])
async def test_invalid_port_is_rejected(port: int) -> None:
    with pytest.raises(BadInput, match="not a port"):
        await resolve("db.example.org", port, NetworkPolicy(), resolver=look_up)


PRIVATE = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "224.0.0.0/3",
]


@given(st.sampled_from(PRIVATE), st.integers(min_value=0), st.integers(min_value=0, max_value=5))
def test_embedded_addresses_are_blocked(text: str, number: int, how: int) -> None:
    network = ipaddress.ip_network(text)
    inner = network[number % network.num_addresses]
    value = int(inner)
    wrapped = [
        inner,
        ipaddress.IPv6Address(0xFFFF_0000_0000 | value),
        ipaddress.IPv6Address((0x64_FF9B << 96) | value),
        ipaddress.IPv6Address((0x2002 << 112) | (value << 80) | 1),
        ipaddress.IPv6Address((0x2001_0000 << 96) | (0xFFFF_FFFF ^ value)),
        ipaddress.IPv6Address(value),
    ][how]
    assert not allowed(wrapped, NetworkPolicy(), frozenset())
