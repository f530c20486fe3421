"""The proxy with real clients: TLS, wakes, cancels, errors in the client's protocol."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
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
from headwater.engines.redis import provision as redis


@pytest.fixture(scope="module")
def proxied() -> Iterator[ProxiedHeadwater]:
    home = Path(tempfile.mkdtemp(prefix="hw-proxy-"))
    with proxied_headwater(home) as running:
        yield running
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


def test_client_connects_to_its_database_without_superuser(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    assert proxied.ask(database, "SELECT current_database() || ' ' || current_user") == f"{database['name']} owner"
    assert (
        proxied.ask(
            database,
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles "
            "WHERE rolname = current_user",
        )
        is False
    )
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        proxied.connect(database, password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        proxied.connect(database, user="postgres")


def test_sleeping_database_wakes_on_connect(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    with proxied.connect(database) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert proxied.desire(database, "asleep")["state"] == "asleep"
    assert not (proxied.folder(database) / "pid").exists()
    assert proxied.ask(database, "SELECT answer FROM kept") == 42
    assert proxied.show(database)["state"] == "running"


def test_concurrent_clients_wake_a_database_once(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    proxied.desire(database, "asleep")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        started = list(pool.map(lambda _: proxied.ask(database, "SELECT pg_postmaster_start_time()::text"), range(20)))
    assert len(set(started)) == 1


def test_proxy_terminates_negotiated_and_direct_tls(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    verified = {"sslmode": "verify-full", "sslrootcert": str(proxied.authority), "host": "localhost"}
    ways = [{"sslnegotiation": "postgres"}]
    if psycopg.pq.version() >= 170000:
        ways.append({"sslnegotiation": "direct"})
    for route in ways:
        with proxied.connect(database, **verified, **route) as connection:
            assert connection.pgconn.ssl_in_use
            assert connection.execute("SELECT repeat('x', 3000000)").fetchone() == ("x" * 3_000_000,)
            with connection.cursor().copy("COPY (SELECT generate_series(1, 50000)) TO STDOUT") as copy:
                assert sum(1 for _ in copy.rows()) == 50_000
    with pytest.raises(psycopg.OperationalError, match=r"certificate verify failed|does not match"):
        proxied.connect(database, **(verified | {"sslrootcert": "system"}))


def test_bytes_before_the_tls_handshake_are_rejected(proxied: ProxiedHeadwater) -> None:
    with socket.create_connection(("127.0.0.1", proxied.port), timeout=120) as raw:
        raw.sendall(struct.pack("!II", 8, 80877103) + startup(user="owner", database="x"))
        with contextlib.suppress(ConnectionResetError):  # closed in order is as good: nothing was answered
            assert raw.recv(100) == b""


def test_cancel_reaches_the_query_and_does_not_wake_a_database(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    with proxied.connect(database) as connection:
        timer = threading.Timer(0.5, connection.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(60)")
        assert time.monotonic() - began < 60
        assert connection.execute("SELECT 1").fetchone() == (1,)
        key = connection.pgconn.backend_pid
    proxied.desire(database, "asleep")
    assert first_answer(proxied.port, struct.pack("!IIII", 16, 80877102, key, 12345)) == b""
    assert proxied.show(database)["state"] == "asleep"


def test_refusals_have_an_sqlstate_and_a_hint(proxied: ProxiedHeadwater) -> None:
    unknown = refusal(first_answer(proxied.port, startup(user="owner", database="nosuch")))
    assert (unknown["C"], unknown["S"]) == ("3D000", "FATAL") and "nosuch" in unknown["M"] and unknown["H"]
    database = proxied.create()
    name = database["name"]
    proxied.desire(database, "stopped")
    stopped = refusal(first_answer(proxied.port, startup(user="owner", database=name)))
    assert (stopped["C"], stopped["H"]) == ("57P03", "Start it first.")
    assert proxied.desire(database, "running")["state"] == "running"
    proxied.headwater.client.delete(f"/api/v1/databases/{database['id']}")
    assert refusal(first_answer(proxied.port, startup(user="owner", database=name)))["C"] == "3D000"
    old = refusal(first_answer(proxied.port, struct.pack("!II", 9, 131072) + b"\0"))
    assert old["C"] == "0A000"


def test_invalid_startup_messages_are_disconnected(proxied: ProxiedHeadwater) -> None:
    for nonsense in (b"\xff" * 20, b"\0\0\0\1\0\0\0\0", b"\0\xff\xff\xff" + b"x" * 100):
        with contextlib.suppress(ConnectionResetError):
            assert first_answer(proxied.port, nonsense) == b""
    answer = first_answer(proxied.port, struct.pack("!II", 8, 80877104), startup(user="owner", database="nosuch"))
    assert answer[:1] == b"N" and refusal(answer[1:])["C"] == "3D000"


def test_failed_start_is_reported_and_can_be_repaired(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    proxied.desire(database, "asleep")
    version = proxied.folder(database) / "pg" / "PG_VERSION"
    version.rename(version.with_name("hidden"))
    refused = refusal(first_answer(proxied.port, startup(user="owner", database=database["name"])))
    assert refused["C"] == "08006" and "does not start" in refused["M"] and "PG_VERSION" in refused["H"]
    failed = proxied.show(database)
    assert failed["state"] == "failed" and "PG_VERSION" in failed["state_reason"]
    version.with_name("hidden").rename(version)
    assert proxied.ask(database, "SELECT 1") == 1
    assert proxied.show(database)["state"] == "running" and not proxied.show(database)["state_reason"]


def test_connection_quota_is_reported_in_the_protocol(proxied: ProxiedHeadwater) -> None:
    database = proxied.create(quotas={"connections": 2})
    refused = pytest.raises(psycopg.OperationalError, match="already has 2 connections")
    with proxied.connect(database), proxied.connect(database), refused:
        proxied.connect(database)
    assert proxied.ask(database, "SELECT 1") == 1


def test_clients_that_never_sign_in_keep_nobody_out(proxied: ProxiedHeadwater) -> None:
    """Half of them say nothing at all, half leave the question for their password unanswered."""
    database = proxied.create(quotas={"connections": 2})
    with contextlib.ExitStack() as stack:
        for number in range(600):
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", proxied.port), timeout=120))
            if number % 2:
                with contextlib.suppress(OSError):  # too many wait: the oldest are disconnected
                    raw.sendall(startup(user="owner", database=database["name"]))
        assert proxied.ask(database, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'owner'") == 1


def test_password_that_was_changed_outside_is_explained(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    with proxied.connect(database) as connection:
        connection.execute("ALTER ROLE owner PASSWORD 'of my own'")
    with pytest.raises(psycopg.OperationalError, match=r"changed outside Headwater[^$]*headwater db reset-password"):
        proxied.connect(database)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        proxied.connect(database, password="of my own")
    reset = proxied.headwater.client.post(f"/api/v1/databases/{database['id']}/credentials/reset").json()
    assert proxied.ask(database, "SELECT 1", password=reset["password"]) == 1


def test_sign_in_is_bound_to_the_certificate(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    verified = {"sslmode": "verify-full", "sslrootcert": str(proxied.authority), "host": "localhost"}
    assert proxied.ask(database, "SELECT 1", channel_binding="require", **verified) == 1
    with pytest.raises(psycopg.OperationalError, match="channel binding"):
        proxied.connect(database, channel_binding="require")


def test_database_can_require_tls(proxied: ProxiedHeadwater) -> None:
    database = proxied.create(tls_required=True)
    credentials = f"/api/v1/databases/{database['id']}/credentials"
    assert proxied.headwater.client.post(credentials).json()["url"].endswith(f"/{database['name']}?sslmode=require")
    refused = refusal(first_answer(proxied.port, startup(user="owner", database=database["name"])))
    assert refused["C"] == "28000" and "sslmode=require" in refused["H"]
    assert proxied.ask(database, "SELECT 1", sslmode="require") == 1
    changed = proxied.headwater.client.patch(f"/api/v1/databases/{database['id']}", json={"tls_required": False})
    assert changed.status_code == 200 and changed.json()["tls_required"] is False
    assert proxied.headwater.client.post(credentials).json()["url"].endswith(f"/{database['name']}")
    assert proxied.ask(database, "SELECT 1") == 1


@pytest.mark.skipif(bool(redis.unavailable_reason()), reason=str(redis.unavailable_reason()))
def test_commands_before_the_end_of_a_stream_are_executed_and_answered(proxied: ProxiedHeadwater) -> None:
    """In the proxy's own process, which has another event loop than the tests of the engine."""
    database = proxied.create(engine="redis", quotas={"connections": 5})
    proxied.desire(database, "asleep")
    sent = f"AUTH {database['name']} {database['password']}\r\nINCR counted\r\n".encode()

    def answer() -> bytes:
        with socket.create_connection(("127.0.0.1", proxied.port), timeout=120) as raw:
            raw.sendall(sent)
            raw.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: raw.recv(65536), b""))

    assert [answer() for _ in range(50)] == [f"+OK\r\n:{number}\r\n".encode() for number in range(1, 51)]


def test_vanished_clients_are_noticed_by_keepalive(proxied: ProxiedHeadwater) -> None:
    """The kernel shows the timer of the proxy's end of the connection."""
    database = proxied.create()
    with proxied.connect(database) as connection:
        local = socket.socket(fileno=os.dup(connection.fileno()))
        with local:
            client, server = local.getsockname()[1], proxied.port
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ends = [row for row in rows if (int(row[1][-4:], 16), int(row[2][-4:], 16)) == (server, client)]
        assert [row[5][:2] for row in ends] == ["02"]


def test_slow_reader_gets_all_rows_in_limited_memory(proxied: ProxiedHeadwater) -> None:
    database = proxied.create()
    supervisor = proxied.headwater.pids("headwater proxy")[0]
    with (
        proxied.connect(database) as connection,
        connection.cursor().copy("COPY (SELECT repeat('y', 1000) FROM generate_series(1, 150000)) TO STDOUT") as copy,
    ):
        chunks = iter(copy)
        size = len(next(chunks))
        time.sleep(1.5)  # the server goes on as far as it is let
        resident = int(Path(f"/proc/{supervisor}/statm").read_text().split()[1]) * 4096
        size += sum(len(chunk) for chunk in chunks)
    assert size == 150_000 * 1001
    assert resident < 250 * 2**20


def test_idle_databases_sleep_and_busy_ones_do_not(proxied: ProxiedHeadwater) -> None:
    database = proxied.create(sleep_after_seconds=2)
    with proxied.connect(database) as busy:
        busy.execute("BEGIN")
        time.sleep(5)
        assert proxied.show(database)["state"] == "running"
        busy.execute("ROLLBACK")
        assert proxied.until(database, "asleep")["desired"] == "asleep"
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            busy.execute("SELECT 1")
    assert not proxied.headwater.pids(str(proxied.folder(database)))
    assert proxied.ask(database, "SELECT 1") == 1
