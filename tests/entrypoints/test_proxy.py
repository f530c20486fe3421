"""The proxy with real clients: TLS, wakes, cancels, refusals in the protocol's own words."""

from __future__ import annotations

import concurrent.futures
import contextlib
import shutil
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater


@pytest.fixture(scope="module")
def kept() -> Iterator[ProxiedHeadwater]:
    home = Path(tempfile.mkdtemp(prefix="hw-proxy-"))
    with proxied_headwater(home) as found:
        yield found
    shutil.rmtree(home, ignore_errors=True)


def first_answer(port: int, *messages: bytes) -> bytes:
    """Send bytes as they are, and return all that comes back until the proxy closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as raw:
        for message in messages:
            raw.sendall(message)
        answer = b""
        while part := raw.recv(65536):
            answer += part
    return answer


def startup(**parameters: str) -> bytes:
    words = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items()) + b"\0"
    return struct.pack("!II", len(words) + 8, 196608) + words


def refusal(answer: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse."""
    assert answer[:1] == b"E", answer
    length = struct.unpack("!I", answer[1:5])[0]
    assert len(answer) == 1 + length
    return {word[:1].decode(): word[1:].decode() for word in answer[5:].split(b"\0") if word}


def test_a_client_uses_its_database_and_nobody_is_a_superuser(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    assert kept.ask(database, "SELECT current_database() || ' ' || current_user") == f"{database['name']} owner"
    assert (
        kept.ask(
            database,
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles "
            "WHERE rolname = current_user",
        )
        is False
    )
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        kept.connect(database, password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        kept.connect(database, user="postgres")


def test_a_sleeping_database_wakes_for_who_connects(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    with kept.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert kept.desire(database, "asleep")["state"] == "asleep"
    assert not (kept.folder(database) / "pid").exists()
    assert kept.ask(database, "SELECT answer FROM kept") == 42
    assert kept.show(database)["state"] == "running"


def test_many_who_connect_at_once_wake_it_once(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    kept.desire(database, "asleep")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        started = list(pool.map(lambda _: kept.ask(database, "SELECT pg_postmaster_start_time()::text"), range(20)))
    assert len(set(started)) == 1


def test_tls_ends_at_the_proxy_in_both_ways_to_ask_for_it(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    verified = {"sslmode": "verify-full", "sslrootcert": str(kept.authority), "host": "localhost"}
    ways = [{"sslnegotiation": "postgres"}]
    if psycopg.pq.version() >= 170000:
        ways.append({"sslnegotiation": "direct"})
    for way in ways:
        with kept.connect(database, **verified, **way) as connection:
            assert connection.pgconn.ssl_in_use
            assert connection.execute("SELECT repeat('x', 3000000)").fetchone() == ("x" * 3_000_000,)
            with connection.cursor().copy("COPY (SELECT generate_series(1, 50000)) TO STDOUT") as copy:
                assert sum(1 for _ in copy.rows()) == 50_000
    with pytest.raises(psycopg.OperationalError, match=r"certificate verify failed|does not match"):
        kept.connect(database, **(verified | {"sslrootcert": "system"}))


def test_bytes_before_the_handshake_are_not_taken_for_encrypted(kept: ProxiedHeadwater) -> None:
    with socket.create_connection(("127.0.0.1", kept.port), timeout=120) as raw:
        raw.sendall(struct.pack("!II", 8, 80877103) + startup(user="owner", database="x"))
        with contextlib.suppress(ConnectionResetError):  # closed in order is as good: nothing was answered
            assert raw.recv(100) == b""


def test_a_cancel_reaches_the_query_and_wakes_nobody(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    with kept.connect(database) as connection:
        timer = threading.Timer(0.5, connection.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(60)")
        assert time.monotonic() - began < 60
        assert connection.execute("SELECT 1").fetchone() == (1,)
        key = connection.pgconn.backend_pid
    kept.desire(database, "asleep")
    assert first_answer(kept.port, struct.pack("!IIII", 16, 80877102, key, 12345)) == b""
    assert kept.show(database)["state"] == "asleep"


def test_refusals_have_their_code_and_a_hint(kept: ProxiedHeadwater) -> None:
    unknown = refusal(first_answer(kept.port, startup(user="owner", database="nosuch")))
    assert (unknown["C"], unknown["S"]) == ("3D000", "FATAL") and "nosuch" in unknown["M"] and unknown["H"]
    database = kept.create()
    name = database["name"]
    kept.desire(database, "stopped")
    stopped = refusal(first_answer(kept.port, startup(user="owner", database=name)))
    assert (stopped["C"], stopped["H"]) == ("57P03", "Start it first.")
    assert kept.desire(database, "running")["state"] == "running"
    kept.headwater.client.delete(f"/api/v1/databases/{database['id']}")
    assert refusal(first_answer(kept.port, startup(user="owner", database=name)))["C"] == "3D000"
    old = refusal(first_answer(kept.port, struct.pack("!II", 9, 131072) + b"\0"))
    assert old["C"] == "0A000"


def test_what_is_no_postgresql_is_shown_the_door(kept: ProxiedHeadwater) -> None:
    for nonsense in (b"\xff" * 20, b"\0\0\0\1\0\0\0\0", b"\0\xff\xff\xff" + b"x" * 100):
        with contextlib.suppress(ConnectionResetError):
            assert first_answer(kept.port, nonsense) == b""
    answer = first_answer(kept.port, struct.pack("!II", 8, 80877104), startup(user="owner", database="nosuch"))
    assert answer[:1] == b"N" and refusal(answer[1:])["C"] == "3D000"


def test_a_start_that_fails_is_told_and_can_be_mended(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    kept.desire(database, "asleep")
    version = kept.folder(database) / "pg" / "PG_VERSION"
    version.rename(version.with_name("hidden"))
    refused = refusal(first_answer(kept.port, startup(user="owner", database=database["name"])))
    assert refused["C"] == "08006" and "does not start" in refused["M"] and "PG_VERSION" in refused["H"]
    failed = kept.show(database)
    assert failed["state"] == "failed" and "PG_VERSION" in failed["state_reason"]
    version.with_name("hidden").rename(version)
    assert kept.ask(database, "SELECT 1") == 1
    assert kept.show(database)["state"] == "running" and not kept.show(database)["state_reason"]


def test_the_quota_of_connections_is_told_in_the_protocol(kept: ProxiedHeadwater) -> None:
    database = kept.create(quotas={"connections": 2})
    with kept.connect(database), kept.connect(database):
        refused = refusal(first_answer(kept.port, startup(user="owner", database=database["name"])))
        assert refused["C"] == "53300" and "2 connections" in refused["M"]
    assert kept.ask(database, "SELECT 1") == 1


def test_a_slow_reader_gets_everything_and_does_not_fill_memory(kept: ProxiedHeadwater) -> None:
    database = kept.create()
    keeper = kept.headwater.pids("headwater proxy")[0]
    with (
        kept.connect(database) as connection,
        connection.cursor().copy("COPY (SELECT repeat('y', 1000) FROM generate_series(1, 150000)) TO STDOUT") as copy,
    ):
        chunks = iter(copy)
        size = len(next(chunks))
        time.sleep(1.5)  # the server goes on as far as it is let
        resident = int(Path(f"/proc/{keeper}/statm").read_text().split()[1]) * 4096
        size += sum(len(chunk) for chunk in chunks)
    assert size == 150_000 * 1001
    assert resident < 250 * 2**20


def test_the_idle_sleep_and_the_busy_do_not(kept: ProxiedHeadwater) -> None:
    database = kept.create(sleep_after_seconds=2)
    with kept.connect(database) as busy:
        busy.execute("BEGIN")
        time.sleep(5)
        assert kept.show(database)["state"] == "running"
        busy.execute("ROLLBACK")
        assert kept.until(database, "asleep")["desired"] == "asleep"
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            busy.execute("SELECT 1")
    assert not kept.headwater.pids(str(kept.folder(database)))
    assert kept.ask(database, "SELECT 1") == 1
