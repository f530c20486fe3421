"""Clients that have not signed in are bounded, and the oldest of them makes room."""

from __future__ import annotations

import pytest

from headwater.kit.network.pending_clients import PendingClients, host_of


def test_oldest_client_of_a_full_address_makes_room() -> None:
    pending, gone = PendingClients(limit=10, limit_of_address=2), list[str]()
    pending.add("10.0.0.1", lambda: gone.append("other"))
    for number in range(4):
        pending.add("10.0.0.2", lambda number=number: gone.append(f"{number}"))
    assert gone == ["0", "1"] and len(pending) == 3


def test_oldest_client_of_all_makes_room() -> None:
    pending, gone = PendingClients(limit=3, limit_of_address=3), list[int]()
    clients = [pending.add(f"10.0.0.{number}", lambda number=number: gone.append(number)) for number in range(3)]
    pending.remove(clients[1])
    pending.remove(clients[1])
    pending.add("10.0.0.8", lambda: gone.append(8))
    assert gone == []
    pending.add("10.0.0.9", lambda: gone.append(9))
    assert gone == [0] and len(pending) == 3


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_addresses_of_one_host_count_together(address: str, host: str) -> None:
    assert host_of(address) == host
