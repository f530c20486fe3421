"""Where the tests of Redis make their databases: a server of their own, emptied for each."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from engines import texts as files
from headwater.engines import Address
from headwater.engines.redis.connection import open_connection
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import PLAIN
from suite.ports import free_port

HOST, PASSWORD = "127.0.0.1", "open-sesame"


def missing() -> str:
    return "" if shutil.which("redis-server") else files.unless_required("no redis-server is installed")


def texts():
    return {"tricks": files.lines(Path(__file__).with_name("tricks.txt"))}


@cache
def server() -> int:
    """Start the server, once for all tests, and return its port."""
    port, folder = free_port(), tempfile.mkdtemp(prefix="hw-redis-")
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        HOST,
        "--save",
        "",
        "--requirepass",
        PASSWORD,
        "--dir",
        folder,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def stop() -> None:
        process.terminate()
        process.wait(120)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for _ in range(2_000):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return port
        time.sleep(0.05)
    raise AssertionError("redis-server does not start")


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    port = server()
    address = Address(HOST, port, "3", "", PASSWORD, tls=PLAIN, endpoint=Endpoint(HOST, port))
    admin = await open_connection(address, 5)
    await admin.ask("FLUSHALL")
    await admin.close()
    yield address
