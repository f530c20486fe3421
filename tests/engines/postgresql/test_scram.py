"""Both sides of SCRAM-SHA-256, against each other; psycopg and PostgreSQL are the other sides in `test_proxy`."""

from __future__ import annotations

import base64

import psycopg
import pytest

from clusters import OWNER, Cluster
from headwater.engines.postgresql.scram import PLAIN, PLUS, ClientExchange, ScramError, ServerExchange, verifier


def exchange(server: ServerExchange, password: str) -> bytes | None:
    client = ClientExchange(password)
    return server.proof_is_right(client.answer(server.challenge(PLAIN, client.begin())))


def test_right_password_is_proven_and_a_wrong_one_is_not() -> None:
    last = exchange(ServerExchange("pencil"), "pencil")
    assert last and last.startswith(b"v=")
    assert exchange(ServerExchange("pencil"), "pen") is None
    assert exchange(ServerExchange("pencil"), "") is None


def test_mechanisms_depend_on_the_certificate() -> None:
    assert ServerExchange("pencil").mechanisms == (PLAIN,)
    assert ServerExchange("pencil", b"hash").mechanisms == (PLUS, PLAIN)


@pytest.mark.parametrize(
    ("mechanism", "first"),
    [
        (PLUS, b"n,,n=,r=abc"),
        (PLAIN, b"p=tls-server-end-point,,n=,r=abc"),
        (PLAIN, b"y,,n=,r=abc"),
        (PLUS, b"p=tls-unique,,n=,r=abc"),
        ("MD5", b"n,,n=,r=abc"),
        (PLAIN, b"n,,n=,r="),
        (PLAIN, b""),
        (PLAIN, b"\xff\xfe"),
    ],
)
def test_invalid_first_message_is_refused(mechanism: str, first: bytes) -> None:
    with pytest.raises(ScramError):
        ServerExchange("pencil", b"hash").challenge(mechanism, first)


@pytest.mark.parametrize(
    "final",
    [b"", b"c=biws,r=other,p=AAAA", b"c=?,r={nonce},p=AAAA", b"c=eSws,r={nonce},p=AAAA", b"c=biws,r={nonce},p=?"],
)
def test_invalid_final_message_is_refused(final: bytes) -> None:
    server = ServerExchange("pencil")
    nonce = server.challenge(PLAIN, b"n,,n=,r=abc").partition(b",")[0][2:]
    with pytest.raises(ScramError):
        server.proof_is_right(final.replace(b"{nonce}", nonce))


def test_proof_for_another_certificate_is_refused() -> None:
    server = ServerExchange("pencil", b"hash")
    nonce = server.challenge(PLUS, b"p=tls-server-end-point,,n=,r=abc").partition(b",")[0][2:]
    binding = base64.b64encode(b"p=tls-server-end-point,,another")
    with pytest.raises(ScramError):
        server.proof_is_right(b"c=%b,r=%b,p=AAAA" % (binding, nonce))


def test_server_that_continues_another_exchange_is_refused() -> None:
    client = ClientExchange("pencil")
    client.begin()
    with pytest.raises(ScramError):
        client.answer(b"r=other,s=AAAA,i=4096")


def test_a_verifier_takes_the_place_of_the_password(cluster: Cluster) -> None:
    cluster.execute(f"CREATE ROLE verified LOGIN PASSWORD '{verifier('a pencil + §')}'")
    url = cluster.clone().replace(f"{OWNER}:{cluster.password}", "verified:a%20pencil%20%2B%20%C2%A7").partition("?")[0]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("verified",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace("pencil", "pen"))
    assert verifier("same") != verifier("same"), "each has a salt of its own"
