"""PostgreSQL's wire protocol, as far as the proxy needs it: start-up, cancel requests, errors.

After the start-up message both connections are spliced: bytes pass unread, with back-pressure, until one side closes.
Only the server's first messages are parsed, up to its first ReadyForQuery, for the key by which a client can cancel.

Source: PostgreSQL documentation, chapter 54 (Frontend/Backend Protocol).
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from pathlib import Path
from urllib.parse import quote

import structlog

from headwater.engines import Address, ProxySupport, UpstreamResolver
from headwater.engines._proxy_client import ProxyClient
from headwater.kit.errors import Conflict, HeadwaterError, NotFound, TooMany
from headwater.kit.network.splice import HalfDuplex, secure, splice

log = structlog.get_logger()
TLS_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
PROTOCOL_3 = 3
LONGEST_STARTUP = 10_000
STARTUP_SECONDS = 30.0
CANCEL_SECONDS = 10.0
NOT_NOW, FAILED = "57P03", "08006"
SQLSTATES: tuple[tuple[type[HeadwaterError], str], ...] = (
    (NotFound, "3D000"),
    (TooMany, "53300"),
    (Conflict, NOT_NOW),
    (HeadwaterError, FAILED),
)
# The socket of each cancel key, which is a process id of this machine and a secret.
_keys: dict[bytes, Path] = {}


def socket_of(address: Address) -> Path:
    """Return the socket file of a cluster."""
    assert address.socket is not None
    return address.socket / f".s.PGSQL.{address.port}"


class _Client(ProxyClient):
    """A client connection, from its start-up message to its end."""

    LONGEST = LONGEST_STARTUP

    def __init__(self, opener: UpstreamResolver, tls: ssl.SSLContext | None) -> None:
        super().__init__(opener)
        self._tls = tls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._hurry(STARTUP_SECONDS)

    def begin(self) -> None:
        """Parse the first messages as soon as they are complete."""
        assert self.transport is not None
        while len(self._buffer) >= 8:
            length, code = struct.unpack("!II", self._buffer[:8])
            if not 8 <= length <= LONGEST_STARTUP:
                self.transport.abort()  # not a PostgreSQL client
                return
            if len(self._buffer) < length:
                return
            message, self._buffer = self._buffer[:length], self._buffer[length:]
            encrypted = self.transport.get_extra_info("ssl_object") is not None
            if code == GSS_REQUEST or (code == TLS_REQUEST and (self._tls is None or encrypted)):
                self.transport.write(b"N")
            elif code == TLS_REQUEST:
                self._start(self._upgrade(self._tls))  # type: ignore[arg-type]
                return
            else:
                self._in_time()
                self._start(self._cancel(message) if code == CANCEL_REQUEST else self._connect(message, code))
                return

    async def _upgrade(self, tls: ssl.SSLContext) -> None:
        assert self.transport is not None
        if self._buffer:
            self.transport.abort()  # bytes before the handshake would count as encrypted (CVE-2021-23214)
            return
        self.transport.write(b"S")
        try:
            self.transport = await secure(self.transport, self, tls)
        except OSError as error:
            log.info("proxy.tls_failed", error=str(error))
            return
        self._task = None
        self.begin()

    async def _cancel(self, message: bytes) -> None:
        """Forward a cancel request to the cluster that issued the key; it wakes no database and is never answered."""
        assert self.transport is not None
        path = _keys.get(message[8:])
        if path is not None:
            try:
                async with asyncio.timeout(CANCEL_SECONDS):
                    reader, writer = await asyncio.open_unix_connection(str(path))
                    writer.write(message)
                    await (
                        reader.read()
                    )  # the server closes the connection when it is done, and the client waits for that
                    writer.close()
            except OSError as error:
                log.info("proxy.cancel_failed", error=str(error))
        self.transport.close()

    async def _connect(self, message: bytes, code: int) -> None:
        if code >> 16 != PROTOCOL_3:
            self._refuse("0A000", f"The protocol {code >> 16}.{code & 0xFFFF} is not supported.", None)
            return
        parameters = startup_parameters(message)
        name = parameters.get("database") or parameters.get("user", "")
        try:
            opening = await self._opener(name)
            opening.meter.connected()
        except HeadwaterError as error:
            state = next(state for kind, state in SQLSTATES if isinstance(error, kind))
            self._refuse(state, error.message, error.hint)
            return
        self._opening = opening
        path = socket_of(opening.address)
        server = _Server(path)
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: server, str(path))
        except OSError as error:
            log.info("proxy.server_unreachable", error=str(error))
            self._refuse(
                NOT_NOW, f"The database {name} does not accept connections right now.", "Try again in a moment."
            )
            return
        assert server.transport is not None
        server.transport.write(message + self._buffer)
        self._buffer = b""
        splice(self, server)
        if self.transport:
            self.transport.resume_reading()

    def _refuse(self, state: str, message: str, hint: str | None) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(error_response(state, message, hint))
            self.transport.close()


class _Server(HalfDuplex):
    """The connection to the client's cluster."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head: bytes | None = b""
        self._key: bytes | None = None

    def received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            self.other.transport.write(data)
        if self._head is not None:
            self._look(self._head + data)

    def _look(self, head: bytes) -> None:
        """Find the cancel key in the first messages; stop at ReadyForQuery or an error."""
        while len(head) >= 5:
            kind, length = head[0:1], struct.unpack("!I", head[1:5])[0]
            if kind in {b"Z", b"E"} or length > LONGEST_STARTUP:
                self._head = None
                return
            if len(head) <= length:
                break
            if kind == b"K":
                self._key = head[5 : 1 + length]
                _keys[self._key] = self._path
            head = head[1 + length :]
        self._head = head

    def connection_lost(self, exc: Exception | None) -> None:
        if self._key:
            _keys.pop(self._key, None)
        super().connection_lost(exc)


def startup_parameters(message: bytes) -> dict[str, str]:
    """Return the parameters of a start-up message."""
    words = message[8:].split(b"\0")
    texts = [word.decode(errors="replace") for word in words]
    return dict(zip(texts[0::2], texts[1::2], strict=False))


def error_response(state: str, message: str, hint: str | None) -> bytes:
    """Return an ErrorResponse that ends the session."""
    fields = {"S": "FATAL", "V": "FATAL", "C": state, "M": message} | ({"H": hint} if hint else {})
    body = b"".join(key.encode() + value.replace("\0", "").encode() + b"\0" for key, value in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


class PostgresProxy(ProxySupport):
    """The protocol of clients of the proxy."""

    server_speaks_first = False
    alpn_protocols = ("postgresql",)

    def recognizes(self, first: bytes) -> bool:
        """Return True if the bytes begin like a PostgreSQL client: with the length of a short message."""
        return first[0] == 0

    def client_protocol(self, opener: UpstreamResolver, tls: ssl.SSLContext | None) -> HalfDuplex:
        """Return the protocol object of one client."""
        return _Client(opener, tls)

    def client_url(self, host_port: str, database: str, password: str) -> str:
        """Return the URL of the database for clients."""
        return f"postgresql://owner:{quote(password, safe='')}@{host_port}/{database}"
