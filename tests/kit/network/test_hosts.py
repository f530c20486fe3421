"""Which names of a server its `Host` header may have: a foreign name that resolves to us is somebody else's page."""

from __future__ import annotations

import socket

import pytest

from headwater.kit.network.hosts import is_own_host

LOOPBACK, ANY = "127.0.0.1", "0.0.0.0"


@pytest.mark.parametrize(
    "header",
    ["localhost", "LOCALHOST:7717", "127.0.0.1:7717", "127.9.9.9", "[::1]:7717", "app.localhost", "localhost.:80"],
)
def test_loopback_names_are_own(header: str) -> None:
    assert is_own_host(header, LOOPBACK, ())
    assert is_own_host(header, ANY, ())


@pytest.mark.parametrize(
    "header",
    [
        "evil.test",
        "localhost.evil.test",
        "192.0.2.1",
        "",
        "x@localhost",
        "localhost/x",
        "localhost?x",
        "[::1",
        "localhost:x",
        "2130706433",
        "notlocalhost",
    ],
)
def test_foreign_names_are_not(header: str) -> None:
    assert not is_own_host(header, LOOPBACK, ())


def test_addresses_are_own_where_every_address_is_listened_on() -> None:
    assert is_own_host("192.0.2.1:7717", ANY, ())
    assert is_own_host("[2001:db8::1]", "::", ())
    assert is_own_host(socket.gethostname(), ANY, ())
    assert not is_own_host("evil.test", ANY, ())
    assert is_own_host("192.0.2.1", "192.0.2.1", ())
    assert not is_own_host("192.0.2.2", "192.0.2.1", ())


def test_further_names_are_a_setting() -> None:
    assert is_own_host("Headwater.Example.org:443", LOOPBACK, ("headwater.example.org",))
    assert is_own_host("a.example.org", LOOPBACK, ("*.example.org",))
    assert not is_own_host("example.org", LOOPBACK, ("*.example.org",))
    assert not is_own_host("evilexample.org", LOOPBACK, ("*.example.org",))
    assert is_own_host("anything.test", LOOPBACK, ("*",))
