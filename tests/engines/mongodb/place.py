"""Where the tests of MongoDB make their databases: a server of the same protocol, with a user for each."""

from __future__ import annotations

import atexit
import gc
import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, MongoClient

from engines import texts as files
from headwater.engines import Address
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import PLAIN
from suite.ports import free_port

HOST = "127.0.0.1"
MOMENTS = (
    f"db.kept.insertMany([{', '.join(f'{{_id: {n}, n: {n}}}' for n in range(300))}])",
    "db.kept.deleteMany({_id: {$lt: 100}}); db.kept.updateMany({}, {$set: {n: -1}}); db.kept.insertOne({_id: 999, n: 999})",
)


def missing() -> str:
    return "" if importlib.util.find_spec("secantus") else files.unless_required("secantusdb is not installed")


def texts():
    here = Path(__file__).parent
    return {
        "everything": (here / "everything.txt").read_text("utf-8"),
        "values": (here / "values.txt").read_text("utf-8"),
        "moments": MOMENTS,
        "tricks": files.lines(here / "tricks.txt"),
    }


@cache
def server() -> int:
    """Start the server, once for all tests, and return its port; `root` may do anything there."""
    folder, port = tempfile.mkdtemp(prefix="hw-mongodb-"), free_port()
    first = started(folder, port)
    with MongoClient(HOST, port, directConnection=True) as admin:
        admin["admin"].command({"createUser": "root", "pwd": "secret", "roles": ["root"]})
    first.terminate()
    first.wait(120)
    running = started(folder, port, "--auth")

    def stop() -> None:
        running.kill()
        running.wait(120)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return port


def started(folder: str, port: int, *more: str) -> subprocess.Popen[bytes]:
    """Start a server on a folder, and wait until it answers."""
    program = Path(sys.executable).with_name("secantusd-py")
    command = [program, "--port", str(port), "--storage-path", f"{folder}/data", "--cache-size", "100M", *more]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    for _ in range(3_000):
        assert process.poll() is None, "the server ended"
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return process
        time.sleep(0.1)
    raise AssertionError("the server does not start")


def url(address: Address) -> str:
    """Return the URL of a database of `fresh`."""
    return f"mongodb://{address.user}:{address.password}@{HOST}:{address.port}/{address.database}?tls=disable"


@asynccontextmanager
async def fresh() -> AsyncIterator[Address]:
    port, name = server(), f"hw_{uuid.uuid4().hex[:12]}"
    with MongoClient(HOST, port, username="root", password="secret", directConnection=True) as admin:
        database = admin[name]
        database.command({"createUser": "tester", "pwd": "open-sesame", "roles": ["readWrite", "dbAdmin"]})
        try:
            yield Address(HOST, port, name, "tester", "open-sesame", tls=PLAIN, endpoint=Endpoint(HOST, port))
        finally:
            database.command({"dropUser": "tester"})
            database.command({"dropDatabase": 1})
            # PyMongo leaves the sockets of cancelled attempts to the collector: it shall meet them here, see conftest.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                gc.collect()


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Address, Any]]:
    """Give a database of `fresh` together with the driver's way to it."""
    async with fresh() as address:
        client: Any = AsyncMongoClient(
            HOST,
            address.port,
            username=address.user,
            password=address.password,
            authSource=address.database,
            directConnection=True,
        )
        try:
            yield address, client[address.database]
        finally:
            await client.close()
