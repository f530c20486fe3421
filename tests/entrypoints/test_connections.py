"""Connections that wait for their client are bounded in time and in number; the others are not disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from headwater.entrypoints.server.connections import ConnectionLimits, ConnectionTable
from headwater.entrypoints.server.run import BoundedServer, configuration
from suite.ports import free_port

GET = b"GET /ok HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = b"x" * 30_000_000


async def ok(_: Request) -> Response:
    return PlainTextResponse("ok")


async def size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def refuse(_: Request) -> Response:
    return PlainTextResponse("no", 413)


async def large(_: Request) -> Response:
    return Response(LARGE)


WAITING, RELEASE = asyncio.Event(), asyncio.Event()


async def wait(_: Request) -> Response:
    WAITING.set()
    await RELEASE.wait()
    return PlainTextResponse("ok")


APPLICATION = Starlette(
    routes=[
        Route("/ok", ok),
        Route("/large", large),
        Route("/wait", wait),
        *(Route(f"/{f.__name__}", f, methods=["POST"]) for f in (size, refuse)),
    ]
)


class Served:
    """A server with one application, its table of connections and raw clients."""

    def __init__(self, port: int, table: ConnectionTable) -> None:
        self.port = port
        self.table = table
        self.writers: list[asyncio.StreamWriter] = []

    async def open(self, data: bytes = b"", **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        self.writers.append(writer)
        writer.write(data)
        await writer.drain()
        return reader, writer

    async def answers(self) -> bool:
        reader, _ = await self.open(GET)
        line = await asyncio.wait_for(reader.readline(), 5)
        return line == b"HTTP/1.1 200 OK\r\n"

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)

    async def counted(self, number: int) -> None:
        await self.until(lambda: self.table.count == number)

    async def received(self, size: int) -> None:
        """Wait until the server has read this much of its connections."""
        await self.until(lambda: sum(each._received for each in self.table.connections()) >= size)


@contextlib.asynccontextmanager
async def serving(limits: ConnectionLimits, **options: Any) -> AsyncIterator[Served]:
    table, port = ConnectionTable(limits, **options), free_port()
    config = configuration(APPLICATION, table)
    config.host, config.port = "127.0.0.1", port
    server = BoundedServer(config, table)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    served = Served(port, table)
    try:
        yield served
    finally:
        for writer in served.writers:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        server.should_exit = True
        await running


async def rest(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 10)
    return b""


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"GET /ok HTTP/1.1\r\nhos", b"HTTP/1.1 408 "),
        (b"POST /size HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc", b"HTTP/1.1 408 "),
        (b"POST /size HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", b"HTTP/1.1 408 "),
        (GET, b"HTTP/1.1 200 OK"),
    ],
    ids=["nothing", "half headers", "half body", "half chunked body", "idle"],
)
async def test_connection_that_waits_for_its_client_ends(sent: bytes, answer: bytes) -> None:
    async with serving(ConnectionLimits()) as served:
        reader, _ = await served.open(sent)
        await served.counted(1)
        await served.received(len(sent))
        if sent == GET:
            assert (await reader.readuntil(b"ok")).startswith(answer)
        served.table.close_overdue(time.monotonic() + 14)
        assert served.table.count == 1, "not yet"
        served.table.close_overdue(time.monotonic() + 31)
        assert (await rest(reader)).startswith(b"" if sent == GET else answer)
        await served.counted(0)


async def test_body_that_arrives_slowly_is_refused_and_one_that_flows_is_not() -> None:
    head = b"POST /size HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
    async with serving(ConnectionLimits()) as served:
        reader, writer = await served.open(head + b"x" * 10)
        await served.received(len(head) + 10)
        now = time.monotonic()
        writer.write(b"x" * 30_000)
        await served.received(len(head) + 30_010)
        served.table.close_overdue(now + 15)
        served.table.close_overdue(now + 34)
        assert served.table.count == 1, "30 KB in 20 s is fast enough"
        writer.write(b"x")
        await served.received(len(head) + 30_011)
        served.table.close_overdue(now + 36)
        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")


async def test_client_that_does_not_read_its_answer_is_cut_off() -> None:
    async with serving(ConnectionLimits()) as served:
        await served.open(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n", limit=1)
        await served.until(lambda: any(each.transport.get_write_buffer_size() for each in served.table.connections()))
        now = time.monotonic()
        served.table.close_overdue(now)
        served.table.close_overdue(now + 15)
        assert served.table.count == 1
        served.table.close_overdue(now + 21)
        await served.counted(0)


async def test_address_over_its_limit_loses_its_longest_waiting_connection() -> None:
    async with serving(ConnectionLimits(per_address=3)) as served:
        first, _ = await served.open()
        await served.counted(1)
        others = [await served.open() for _ in range(2)]
        await served.counted(3)
        assert await served.answers(), "a new connection is served"
        assert await rest(first) == b""
        assert all(not reader.at_eof() for reader, _ in others)


async def test_full_server_makes_room_at_the_address_with_most_connections() -> None:
    async with serving(ConnectionLimits(total=3)) as served:
        busy = [await served.open() for _ in range(3)]
        await served.counted(3)
        reader, _ = await served.open(GET, local_addr=("127.0.0.7", 0))
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
        assert await rest(busy[0][0]) == b""
        assert not busy[1][0].at_eof()


async def test_connections_that_are_served_are_never_closed_for_others() -> None:
    async with serving(ConnectionLimits(per_address=1)) as served:
        reader, _ = await served.open(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
        await served.until(WAITING.is_set)
        refused, _ = await served.open(GET)
        answer = await rest(refused)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["detail"] == "Too many connections are open."
        served.table.close_overdue(time.monotonic() + 3600)
        RELEASE.set()
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"


async def test_trusted_proxy_may_hold_any_number_of_connections() -> None:
    async with serving(ConnectionLimits(per_address=1), proxies=(ip_network("127.0.0.0/8"),)) as served:
        first, _ = await served.open()
        await served.counted(1)
        assert await served.answers()
        assert not first.at_eof()
        reader, _ = await served.open(GET)
        await reader.readuntil(b"ok")
        served.table.close_overdue(time.monotonic() + 100)
        assert not reader.at_eof(), "the proxy shall close first"
        served.table.close_overdue(time.monotonic() + 121)
        assert await rest(reader) == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /ok HTTP/1.1\r\nhost: x\r\n" + b"a: " + b"b" * 70_000, 431),
        (b"GET /" + b"a" * 70_000, 431),
        (b"POST /ok HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /ok HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde", 400),
        (b"POST /ok HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_gets_a_problem(sent: bytes, status: int) -> None:
    async with serving(ConnectionLimits()) as served:
        reader, _ = await served.open(sent)
        head, _, body = (await rest(reader)).partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"content-type: application/problem+json" in head
        assert b"x-content-type-options: nosniff" in head and b"frame-ancestors 'none'" in head
        assert json.loads(body)["status"] == status
        assert await served.answers()


async def test_early_response_arrives_although_the_client_is_still_sending() -> None:
    async with serving(ConnectionLimits()) as served:
        reader, writer = await served.open(b"POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 50000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(50):
                writer.write(b"x" * 100_000)
                await writer.drain()
        assert (await rest(reader)).startswith(b"HTTP/1.1 413 ")
        served.table.close_overdue(time.monotonic() + 6)
        await served.counted(0)


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(ConnectionLimits()) as served:
        post = b"POST /size HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"
        reader, _ = await served.open(GET + post + GET)
        assert [await reader.readuntil(end) != b"" for end in (b"ok", b"\r\n\r\n3", b"ok")] == [True] * 3
        served.table.close_overdue(time.monotonic() + 31)
        await served.counted(0)
