"""The plain relay beside which the proxy is tested and measured: from a TCP port to a Unix socket, nothing in between.

`python plain_relay.py SOCKET` listens on a free port and prints it.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BLOCK = 256 * 1024


@contextlib.contextmanager
def plain_relay(server: Path) -> Iterator[tuple[int, int]]:
    """Run a relay to a socket as a process; yield its port and its process id."""
    with subprocess.Popen([sys.executable, __file__, str(server)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.kill()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write what is read, up to its end."""
    with contextlib.suppress(OSError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


async def _serve(server: str) -> None:
    connections: set[asyncio.Task[None] | None] = set()  # the loop itself holds tasks only weakly

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(task := asyncio.current_task())
        to_reader, to_writer = await asyncio.open_unix_connection(server)
        await asyncio.gather(_pump(reader, to_writer), _pump(to_reader, writer))
        to_writer.close()
        writer.close()
        connections.discard(task)

    listening = await asyncio.start_server(client, "127.0.0.1")
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop that the proxy uses, too."""
    import uvloop

    return uvloop.new_event_loop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(sys.argv[1]))
