"""Redis servers that Headwater runs, directly and through the proxy, with a real server and client."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from redis import asyncio as client
from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ResponseError

from headwater.drivers import Spec, local
from headwater.drivers.local import LocalDriver
from headwater.engines import Upstream
from headwater.engines.redis import ENGINE, provision
from headwater.entrypoints.proxy.listener import ProxyProtocol, ProxyServer
from headwater.kit.errors import BadInput, HeadwaterError, NotFound, TooMany

pytestmark = pytest.mark.skipif(bool(provision.unavailable_reason()), reason=str(provision.unavailable_reason()))
QUOTAS = {"connections": 5, "disk_mb": 100, "statement_seconds": 5, "memory_mb": 16}
REFUSED = Path(__file__).with_name("refused.txt").read_text().splitlines()


@dataclass
class Meter:
    """Counts as the supervisor does."""

    clients: int = 0
    most: int = 5

    def connected(self) -> None:
        if self.clients >= self.most:
            raise TooMany("The database already has 5 connections.")
        self.clients += 1

    def received_bytes(self) -> None: ...

    def disconnected(self) -> None:
        self.clients -= 1


class Place:
    """A running Redis of ours with a proxy before it."""

    def __init__(self, driver: LocalDriver, spec: Spec, port: int, meter: Meter) -> None:
        self.driver, self.spec, self.port, self.meter = driver, spec, port, meter
        self.tls_required = False

    def client(self, **more: Any) -> client.Redis:
        wanted = {
            "username": self.spec.name,
            "password": self.spec.password,
            "decode_responses": True,
            "retry": None,
        } | more
        return client.Redis(host="127.0.0.1", port=self.port, **wanted)


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(local, "engine", {"redis": ENGINE}.__getitem__)
    root = Path(tempfile.mkdtemp(prefix="hw-redis-"))
    root.chmod(0o755)
    driver, meter = LocalDriver(root / "databases"), Meter()
    spec = Spec(uuid.uuid4(), "redis", "cache", uuid.uuid4().hex, QUOTAS, {})
    await driver.create(spec)
    await driver.start(spec)

    async def wake(engine: str, name: str) -> Upstream:
        if name != spec.name:
            raise NotFound(f"There is no database named {name!r} here.", hint="Look again.")
        await driver.start(running.spec)
        return Upstream(driver.dsn(running.spec), meter, running.tls_required)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ProxyProtocol({"redis": ENGINE.proxy}, ProxyServer(wake)), "127.0.0.1", 0)
    running = Place(driver, spec, server.sockets[0].getsockname()[1], meter)
    yield running
    server.close()
    await driver.close()
    shutil.rmtree(root, ignore_errors=True)


async def test_resp2_and_resp3_clients_wake_the_instance(place: Place) -> None:
    for protocol in (2, 3):
        async with place.client(protocol=protocol) as redis:
            assert await redis.set(f"kept{protocol}", "42")
            assert await redis.eval("return redis.call('get', KEYS[1])", 1, f"kept{protocol}") == "42"
    await place.driver.stop(place.spec)
    assert place.driver.status(place.spec) == "stopped"
    async with place.client() as redis:
        assert await redis.get("kept2") == await redis.get("kept3") == "42"
    figures = await place.driver.metrics(place.spec)
    assert figures["keys"] == 2 and figures["size_bytes"] > 0


async def test_unauthenticated_client_gets_hint(place: Place) -> None:
    async with place.client(password="wrong") as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()
    async with place.client(username="nosuch") as redis:
        with pytest.raises(AuthenticationError, match="nosuch"):
            await redis.ping()
    async with place.client(username=None, password=None) as redis:
        with pytest.raises(AuthenticationError, match="database's name as the user"):
            await redis.get("x")
    async with place.client(username="default", password=place.spec.password) as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"PING\r\n", b"-NOAUTH"),
        (b"QUIT\r\n", b"+OK"),
        (b"*1\r\n$99999999\r\n", b"-ERR Protocol"),
        (b"*x\r\n", b"-ERR Protocol"),
        (b"*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n", b"-NOAUTH"),
        (b"AUTH cache wrong\r\n", b"-WRONGPASS"),
        (b"A" * 30_000, b"-ERR Protocol"),
    ],
)
async def test_partial_messages_are_parsed(place: Place, sent: bytes, answer: bytes) -> None:
    for cut in (1, 3, len(sent)):  # in pieces as the network likes
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(sent[:cut])
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(sent[cut:])
        assert (await asyncio.wait_for(reader.read(100), 10)).startswith(answer)
        writer.close()


async def test_owner_cannot_run_dangerous_commands(place: Place) -> None:
    async with place.client() as redis:
        for line in REFUSED:
            if line and not line.startswith("#"):
                with pytest.raises((NoPermissionError, ResponseError)) as refused:
                    await redis.execute_command(*line.split())
                assert "permission" in str(refused.value).lower() or "not allowed" in str(refused.value), line
        for script in (
            "return os.execute('id')",
            "return io.open('/etc/passwd')",
            "return loadfile('/etc/passwd')",
            "return redis.call('CONFIG', 'GET', '*')",
            "return redis.call('ACL', 'LIST')",
        ):
            with pytest.raises(ResponseError):
                await redis.eval(script, 0)
        assert await redis.ping() and await redis.keys("*") == [] and "redis_version" in await redis.info()


async def test_reader_reads_and_can_do_nothing_else(place: Place) -> None:
    to = await place.driver.reader(place.spec, "a" * 32)
    async with (
        place.client() as owner,
        client.Redis(
            unix_socket_path=str(to.socket), username=to.user, password=to.password, decode_responses=True
        ) as reader,
    ):
        await owner.hset("later", "a", "7")
        assert await reader.hgetall("later") == {"a": "7"}
        assert await reader.keys("*") == ["later"] and await reader.dbsize() == 1 and await reader.memory_usage("later")
        number = await owner.client_id()
        for line in (
            "SET a 1",
            "DEL later",
            "EXPIRE later 1",
            "FLUSHDB",
            "EVAL return 0",
            f"CLIENT KILL ID {number}",
            f"CLIENT UNBLOCK {number}",
            "CLIENT PAUSE 1000",
            "PUBLISH a b",
            "MONITOR",
            "ACL LIST",
            "CONFIG GET *",
            "SCRIPT KILL",
            "SLOWLOG GET",
        ):
            with pytest.raises(NoPermissionError):
                await reader.execute_command(*line.split())


async def test_quotas_of_memory_scripts_and_disk_are_enforced(place: Place) -> None:
    async with place.client() as redis:
        with pytest.raises(OutOfMemoryError):
            for number in range(100):
                await redis.set(f"big{number}", "x" * 1_000_000)
        assert await redis.flushall()
    async with place.client(socket_timeout=30) as redis:
        endless = asyncio.create_task(redis.eval("while true do end", 0))
        began = time.monotonic()
        while not endless.done():
            assert time.monotonic() - began < 60
            await asyncio.sleep(0.5)
            await place.driver.enforce(place.spec, full=False)
        assert "killed" in str(endless.exception()).lower()
    await place.driver.enforce(place.spec, full=True)
    async with place.client() as redis:
        with pytest.raises(NoPermissionError):
            await redis.set("more", "x")
        assert await redis.delete("big1") == 0
        await place.driver.enforce(place.spec, full=False)
        assert await redis.set("more", "x")


async def test_activity_shows_waiting_clients(place: Place) -> None:
    async with place.client() as idle, place.client() as waiting:
        await idle.ping()
        assert (await place.driver.activity(place.spec)).busy == 0
        blocked = asyncio.create_task(waiting.blpop(["nothing"], timeout=3))
        await asyncio.sleep(0.3)
        seen = await place.driver.activity(place.spec)
        assert (seen.sessions, seen.busy) == (2, 1)
        await blocked


async def test_password_and_quotas_follow_the_spec(place: Place) -> None:
    changed = replace(place.spec, password="another", quotas=QUOTAS | {"memory_mb": 32})
    before, place.spec = place.spec.password, changed
    await place.driver.apply(changed)
    async with place.client() as redis:
        assert (await redis.info("memory"))["maxmemory"] == 32 * 2**20
    async with place.client(password=before) as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


async def test_files_are_closed_and_names_checked(place: Place) -> None:
    folder = Path(str(place.driver.dsn(place.spec).socket)).parent.parent
    for name in ("data", "run"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    for name in ("keeper.password", "data/users.acl", "data/redis.conf"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    if os.geteuid() == 0:
        assert (folder / "data").stat().st_uid == (folder / "data" / "users.acl").stat().st_uid != 0
    for name, options in ((provision.ADMIN, {}), ("fine", {"durability": "never"})):
        spec = Spec(uuid.uuid4(), "redis", name, "pw", QUOTAS, options)
        with pytest.raises(BadInput):
            await place.driver.create(spec)
        assert place.driver.status(spec) == "absent"


async def test_clients_that_never_sign_in_keep_nobody_out(place: Place) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", place.port) for _ in range(600)]
    for number, (_, writer) in enumerate(silent):
        writer.write(b"AUTH cache wrong\r\n" if number % 2 else b"*2\r\n$4\r\nAU")
    async with place.client() as redis:
        assert await redis.ping()
    assert place.meter.clients <= 1
    for _, writer in silent:
        writer.close()


@pytest.mark.parametrize("login", [b"AUTH cache %b\r\n", b"HELLO 3 AUTH cache %b\r\n"])
async def test_wrong_password_can_be_followed_by_the_right_one(place: Place, login: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(login % b"wrong" + login % place.spec.password.encode() + b"PING\r\n")
    assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"-WRONGPASS")
    assert b"+PONG\r\n" in await asyncio.wait_for(reader.readuntil(b"PONG\r\n"), 60)
    writer.close()


async def test_commands_before_the_end_of_a_stream_are_executed_and_answered(place: Place) -> None:
    """As `printf … | nc -N` sends them: all at once, and then nothing more."""

    async def pipeline() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"AUTH cache %b\r\nINCR counted\r\n" % place.spec.password.encode())
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return answer

    answers = [await pipeline() for _ in range(50)]
    assert answers == [b"+OK\r\n:%d\r\n" % (number + 1) for number in range(50)]
    async with asyncio.timeout(60):
        while place.meter.clients:
            await asyncio.sleep(0.01)


async def test_database_can_require_tls(place: Place) -> None:
    place.tls_required = True
    async with place.client() as redis:
        with pytest.raises(ResponseError, match="without TLS are not allowed"):
            await redis.ping()
    assert ENGINE.proxy
    assert ENGINE.proxy.client_url("h:1", "cache", "s", encrypted=True) == "rediss://cache:s@h:1/0"


async def test_proxy_that_requires_tls_answers_before_a_password_is_sent(place: Place) -> None:
    async def wake(engine: str, name: str) -> Upstream:
        raise AssertionError("A client without TLS woke a database.")

    proxy = ProxyServer(wake, tls_required=True)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ProxyProtocol({"redis": ENGINE.proxy}, proxy), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    writer.write(b"PING\r\n")
    assert b"without TLS are not allowed" in await asyncio.wait_for(reader.read(), 60)
    writer.close()
    server.close()


async def test_too_many_clients_are_rejected(place: Place) -> None:
    open_ = [place.client() for _ in range(5)]
    for redis in open_:
        await redis.ping()
    async with place.client() as one_more:
        with pytest.raises(
            (ResponseError, HeadwaterError, ConnectionError, client.ConnectionError), match="max number"
        ):
            await one_more.ping()
    for redis in open_:
        await redis.aclose()
