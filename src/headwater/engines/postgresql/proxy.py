"""PostgreSQL's wire protocol, as far as the proxy needs it: start-up, sign-in, cancel requests, errors.

A client proves its password to the proxy, by SCRAM; only then it gets a connection of its cluster, at which the proxy
signs in with the same password. Then both connections are spliced: bytes pass unread, with back-pressure, until one
side closes. Only the server's first messages are parsed, up to its first ReadyForQuery, for the key by which a client
can cancel.

Source: PostgreSQL documentation, chapter 54 (Frontend/Backend Protocol).
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import structlog

from headwater.engines import Address, ProxyContext, ProxySupport, Upstream
from headwater.engines._proxy_client import ProxyClient
from headwater.engines.postgresql.scram import ClientExchange, ScramError, ServerExchange
from headwater.kit.errors import Conflict, HeadwaterError, NotFound, TooMany
from headwater.kit.network.splice import HalfDuplex, secure, splice

log = structlog.get_logger()
TLS_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
PROTOCOL_3 = 3
LONGEST_STARTUP = 10_000
CANCEL_SECONDS = 10.0
SERVER_SECONDS = 30.0
NOT_NOW, FAILED = "57P03", "08006"
WRONG_PASSWORD, PROTOCOL_VIOLATION, NOT_ENCRYPTED = "28P01", "08P01", "28000"
SQLSTATES: tuple[tuple[type[HeadwaterError], str], ...] = (
    (NotFound, "3D000"),
    (TooMany, "53300"),
    (Conflict, NOT_NOW),
    (HeadwaterError, FAILED),
)
CHANGED_OUTSIDE = "The password of the database's owner was changed outside Headwater."
# Kinds of authentication messages.
OK, SASL, SASL_CONTINUE, SASL_FINAL = 0, 10, 11, 12
# The socket of each cancel key, which is a process id of this machine and a secret.
_keys: dict[bytes, Path] = {}


class Malformed(Exception):
    """These bytes are not what a client or a server sends."""


def socket_of(address: Address) -> Path:
    """Return the socket file of a cluster."""
    assert address.socket is not None
    return address.socket / f".s.PGSQL.{address.port}"


class _Client(ProxyClient):
    """A client connection, from its start-up message to its end."""

    LONGEST = LONGEST_STARTUP
    EXPECTED = (Malformed,)

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
            tls = self._context.tls
            if code == GSS_REQUEST or (code == TLS_REQUEST and (tls is None or self.encrypted)):
                self.transport.write(b"N")
            elif code == TLS_REQUEST:
                self._start(self._upgrade(tls))  # type: ignore[arg-type]
                return
            else:
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
        user = parameters.get("user", "")
        try:
            if self._refuse_unencrypted():
                return
            upstream = await self.resolve(parameters.get("database") or user)
            if self._refuse_unencrypted(upstream):
                return
            last = await self._sign_in(user, upstream.address)
            if last is None:
                return
            self.admit(upstream)
        except HeadwaterError as error:
            state = next(state for kind, state in SQLSTATES if isinstance(error, kind))
            self._refuse(state, error.message, error.hint)
            return
        await self._join(message, upstream.address, last)

    def _refuse_unencrypted(self, upstream: Upstream | None = None) -> bool:
        if not self.must_encrypt(upstream):
            return False
        hint = "Connect with sslmode=require." if self._context.tls else "Set HEADWATER_TLS_CERTIFICATE."
        self._refuse(NOT_ENCRYPTED, "Connections without TLS are not allowed here.", hint)
        return True

    async def _sign_in(self, user: str, address: Address) -> bytes | None:
        """Check the client's password; return the message that completes it, None if it is wrong.

        The exchange takes the same course for a user that does not exist.
        """
        password = address.password if user == address.user else secrets.token_urlsafe(24)
        exchange = ServerExchange(password, self._context.certificate_hash if self.encrypted else None)
        names = b"".join(name.encode() + b"\0" for name in exchange.mechanisms) + b"\0"
        self._send(authentication(SASL, names))
        try:
            mechanism, _, rest = (await self._password_message()).partition(b"\0")
            self._send(
                authentication(SASL_CONTINUE, exchange.challenge(mechanism.decode("ascii", "replace"), rest[4:]))
            )
            last = exchange.proof_is_right(await self._password_message())
        except ScramError as error:
            self._refuse(PROTOCOL_VIOLATION, f"The sign-in failed: {error}", None)
            return None
        if last is None:
            self._refuse(WRONG_PASSWORD, f'password authentication failed for user "{user}"', None)
        return last

    async def _password_message(self) -> bytes:
        """Return the content of the client's next message, which must be one about its password."""
        while len(self._buffer) < 5 or len(self._buffer) < 1 + (length := message_length(self._buffer)):
            if self._buffer and (self._buffer[:1] != b"p" or len(self._buffer) > LONGEST_STARTUP):
                raise Malformed
            await self.more()
        content, self._buffer = self._buffer[5 : 1 + length], self._buffer[1 + length :]
        return content

    async def _join(self, message: bytes, address: Address, last: bytes) -> None:
        """Sign in to the cluster with the client's start-up message, tell the client, and splice both."""
        path = socket_of(address)
        server = _Server(path)
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: server, str(path))
            async with asyncio.timeout(SERVER_SECONDS):
                refusal = await server.sign_in(message, address.password, self._send)
        except (OSError, TimeoutError, Malformed, ScramError) as error:
            log.info("proxy.server_unreachable", error=str(error))
            self._refuse(
                NOT_NOW,
                f"The database {address.database} does not accept connections right now.",
                "Try again in a moment.",
            )
            server.leave()
            return
        except asyncio.CancelledError:  # the client has disconnected
            server.leave()
            raise
        if refusal:
            server.leave()
            self._forward_refusal(refusal)
            return
        self._send(authentication(SASL_FINAL, last) + authentication(OK))
        splice(self, server)
        server.release()
        self.forward(server)

    def _forward_refusal(self, refusal: bytes) -> None:
        """Forward the error with which the server refuses a client that the proxy has let in."""
        if f"\0C{WRONG_PASSWORD}\0".encode() in refusal:
            self._refuse(WRONG_PASSWORD, CHANGED_OUTSIDE, "Reset it with `headwater db reset-password`.")
            return
        self._send(refusal)
        if self.transport:
            self.transport.close()

    def _send(self, data: bytes) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)

    def _refuse(self, state: str, message: str, hint: str | None) -> None:
        self._send(error_response(state, message, hint))
        if self.transport:
            self.transport.close()


class _Server(HalfDuplex):
    """The connection to the client's cluster: its messages are parsed until the proxy has signed in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._buffer = b""
        self._more: asyncio.Future[None] | None = None
        self._signed_in = False
        self._head: bytes | None = b""
        self._key: bytes | None = None

    def received(self, data: bytes) -> None:
        if not self._signed_in:
            self._buffer += data
            self._notify()
            return
        if self.other and self.other.transport:
            self.other.transport.write(data)
        if self._head is not None:
            self._look(self._head + data)

    def release(self) -> None:
        """Forward what has arrived since the sign-in, and from now on everything."""
        self._signed_in = True
        rest, self._buffer = self._buffer, b""
        if rest:
            self.received(rest)

    def leave(self) -> None:
        """Close the connection."""
        if self.transport:
            self.transport.close()

    async def sign_in(self, startup: bytes, password: str, tell: Callable[[bytes], None]) -> bytes | None:
        """Sign in; return the error with which the server refuses, or None.

        What else the server says before it asks for the password, such as the version of the protocol that it has, is
        told to the client: it must arrive before the client has signed in.

        Raises:
            Malformed, ScramError: the server says something unexpected.
            ConnectionError: it closed the connection.
        """
        exchange = ClientExchange(password)
        self._write(startup)
        while True:
            kind, message = await self._message()
            if kind == b"E":
                return message
            if kind != b"R":
                tell(message)
                continue
            step = struct.unpack("!I", message[5:9])[0]
            if step == OK:
                return None
            if step == SASL:
                first = exchange.begin()
                self._write(password_message(b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first))
            elif step == SASL_CONTINUE:
                self._write(password_message(exchange.answer(message[9:])))
            elif step != SASL_FINAL:
                raise Malformed(f"The server asks for the authentication {step}.")

    async def _message(self) -> tuple[bytes, bytes]:
        """Return the kind of the next message, and the whole message."""
        while len(self._buffer) < 5 or len(self._buffer) < 1 + (length := message_length(self._buffer)):
            if self.transport is None or self.transport.is_closing():
                raise ConnectionResetError("The server closed the connection.")
            self._more = asyncio.get_running_loop().create_future()
            await self._more
        message, self._buffer = self._buffer[: 1 + length], self._buffer[1 + length :]
        return message[:1], message

    def _notify(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    def _write(self, data: bytes) -> None:
        if self.transport:
            self.transport.write(data)

    def _look(self, head: bytes) -> None:
        """Find the cancel key in the first messages; stop at ReadyForQuery or an error."""
        while len(head) >= 5:
            kind, length = head[0:1], message_length(head)
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
        self._notify()
        super().connection_lost(exc)


def message_length(buffer: bytes) -> int:
    """Return the length of the message at the start of a buffer, without its first byte."""
    length: int = struct.unpack("!I", buffer[1:5])[0]
    return length


def authentication(step: int, content: bytes = b"") -> bytes:
    """Return an authentication message of a server."""
    return b"R" + struct.pack("!II", len(content) + 8, step) + content


def password_message(content: bytes) -> bytes:
    """Return a message about the password of a client."""
    return b"p" + struct.pack("!I", len(content) + 4) + content


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

    def client_protocol(self, context: ProxyContext) -> HalfDuplex:
        """Return the protocol object of one client."""
        return _Client(context)

    def client_url(self, host_port: str, database: str, password: str, *, encrypted: bool = False) -> str:
        """Return the URL of the database for clients."""
        url = f"postgresql://owner:{quote(password, safe='')}@{host_port}/{database}"
        return f"{url}?sslmode=require" if encrypted else url
