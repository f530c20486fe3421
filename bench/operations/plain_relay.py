"""The plain relay beside which the proxy is measured: from a TCP port to a socket of a server, with nothing in between.

python -m bench.operations.plain_relay PORT SOCKET
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop

from suite.ports import free_port

BLOCK = 256 * 1024


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write what is read, up to its end."""
    with contextlib.suppress(OSError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


async def _serve(port: int, server: str) -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_unix_connection(server)
        await asyncio.gather(_pump(reader, to_writer), _pump(to_reader, writer))
        to_writer.close()
        writer.close()

    listening = await asyncio.start_server(client, "127.0.0.1", port)
    await listening.serve_forever()


@contextlib.contextmanager
def plain_relay(server: Path) -> Iterator[tuple[int, int]]:
    """Run a relay to a Unix socket; yield its port and its process id."""
    port = free_port()
    command = [sys.executable, "-m", "bench.operations.plain_relay", str(port), str(server)]
    process = subprocess.Popen(command)
    try:
        _wait_until_open(port)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def _wait_until_open(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise SystemExit("the relay does not listen")


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
