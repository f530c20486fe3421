"""A TLS tunnel for a driver that would check the certificate against the address it connects to.

The driver connects without TLS to a socket in a folder that only we can enter; the tunnel connects with TLS to the
checked address and checks the name in the certificate. No other address is used, even if the server announces some.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import tempfile
from pathlib import Path

from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.splice import HalfDuplex, splice


class TlsTunnel:
    """The listening socket, and the connections behind it."""

    def __init__(self, endpoint: Endpoint, encryption: ssl.SSLContext, name: str) -> None:
        self._endpoint, self._encryption, self._name = endpoint, encryption, name
        self._folder = Path(tempfile.mkdtemp(prefix="headwater-"))
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.cipher: str | None = None

    @property
    def path(self) -> str:
        """The socket that the driver connects to; pymongo recognises sockets by their suffix."""
        return str(self._folder / "mongodb.sock")

    async def open(self) -> None:
        """Connect once, so that errors are reported clearly, then listen for the driver.

        Raises:
            OSError: the server is not there, or does not let us in; also as ssl.SSLError.
        """
        end = await self._dial()
        assert end.transport is not None
        secured = end.transport.get_extra_info("ssl_object")
        self.cipher = secured.version() if secured else None
        end.transport.close()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Visitor(self), self.path)

    async def close(self) -> None:
        """Close the socket and all connections."""
        for task in list(self._tasks):
            task.cancel()
        if self._server:
            self._server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def guide(self, visitor: HalfDuplex) -> None:
        """Connect one of the driver's connections to the server."""
        task = asyncio.get_running_loop().create_task(self._guide(visitor))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guide(self, visitor: HalfDuplex) -> None:
        assert visitor.transport is not None
        try:
            end = await self._dial()
        except OSError:
            visitor.transport.abort()
            return
        splice(visitor, end)
        visitor.transport.resume_reading()

    async def _dial(self) -> HalfDuplex:
        end = HalfDuplex()
        await asyncio.get_running_loop().create_connection(
            lambda: end, self._endpoint.ip, self._endpoint.port, ssl=self._encryption, server_hostname=self._name
        )
        return end


class _Visitor(HalfDuplex):
    """A connection of the driver; it is not read before the server is connected."""

    def __init__(self, passage: TlsTunnel) -> None:
        self._passage = passage

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        self._passage.guide(self)
