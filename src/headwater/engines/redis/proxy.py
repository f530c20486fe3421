"""Redis' wire protocol, as far as the proxy needs it: AUTH or HELLO names the database as its user.

Other commands are answered as by a Redis server that requires a password, and so is a wrong password. With the right
one both connections are spliced.
"""

from __future__ import annotations

import asyncio
import hmac
from urllib.parse import quote

import structlog

from headwater.engines import ProxyContext, ProxySupport, Upstream
from headwater.engines._proxy_client import ProxyClient
from headwater.kit.errors import HeadwaterError, NotFound, TooMany
from headwater.kit.network.splice import HalfDuplex, splice

log = structlog.get_logger()
LONGEST_COMMAND = 20_000
NO_AUTH = b"-NOAUTH Authentication required: AUTH with the database's name as the user and its password.\r\n"
WRONG_PASSWORD = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
CODES: tuple[tuple[type[HeadwaterError], str], ...] = (
    (NotFound, "WRONGPASS"),
    (TooMany, "ERR max number of clients reached."),
    (HeadwaterError, "ERR"),
)


class Malformed(Exception):
    """These bytes are not a Redis command."""


def take(buffer: bytes) -> tuple[list[bytes], bytes, bytes] | None:
    """Return the words of the first command, its bytes and the rest; None if it is incomplete.

    Raises:
        Malformed: it never will be.
    """
    line, end, rest = buffer.partition(b"\r\n") if buffer[:1] == b"*" else buffer.partition(b"\n")
    if not end:
        if len(buffer) > LONGEST_COMMAND:
            raise Malformed
        return None
    if line[:1] != b"*":
        return line.split(), line + end, rest
    words: list[bytes] = []
    for _ in range(_number(line)):
        head, end, body = rest.partition(b"\r\n")
        if not end:
            return None
        if head[:1] != b"$":
            raise Malformed
        size = _number(head)
        if len(body) < size + 2:
            return None
        words.append(body[:size])
        rest = body[size + 2 :]
    return words, buffer[: len(buffer) - len(rest)], rest


def _number(head: bytes) -> int:
    if not head[1:].isdigit() or int(head[1:]) > LONGEST_COMMAND:
        raise Malformed
    return int(head[1:])


def credentials_of(words: list[bytes]) -> tuple[str, bytes] | None:
    """Return user and password in an AUTH or HELLO command, if any."""
    verb = words[0].upper() if words else b""
    if verb == b"AUTH" and len(words) == 3:
        return words[1].decode(errors="replace"), words[2]
    if verb == b"HELLO":
        for index, word in enumerate(words[2:-2], 2):
            if word.upper() == b"AUTH":
                return words[index + 1].decode(errors="replace"), words[index + 2]
    return None


class _Client(ProxyClient):
    """A client connection, from its first command to its end."""

    LONGEST = LONGEST_COMMAND

    def begin(self) -> None:
        assert self.transport is not None
        try:
            while self._buffer and (taken := take(self._buffer)):
                words, message, self._buffer = taken
                if not words:
                    continue
                if self._refuse_unencrypted():
                    return
                credentials = credentials_of(words)
                if credentials is not None:
                    self._start(self._connect(*credentials, message))
                    return
                if words[0].upper() == b"QUIT":
                    self.transport.write(b"+OK\r\n")
                    self.transport.close()
                    return
                self.transport.write(NO_AUTH)
        except Malformed:
            self.transport.write(b"-ERR Protocol error\r\n")
            self.transport.close()
            return
        if self._ended:
            self.transport.close()

    async def _connect(self, user: str, password: bytes, message: bytes) -> None:
        try:
            upstream = await self.resolve(user)
            if self._refuse_unencrypted(upstream):
                return
            if not hmac.compare_digest(password, upstream.address.password.encode()):
                self._ask_again()
                return
            self.admit(upstream)
        except HeadwaterError as error:
            code = next(code for kind, code in CODES if isinstance(error, kind))
            self._refuse(f"{code} {error.message} {error.hint or ''}")
            return
        server = HalfDuplex()
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: server, str(upstream.address.socket))
        except OSError as error:
            log.info("proxy.server_unreachable", error=str(error))
            self._refuse(f"ERR The database {user} does not accept connections right now. Try again in a moment.")
            return
        assert server.transport is not None
        server.transport.write(message)
        splice(self, server)
        self.forward(server)

    def _ask_again(self) -> None:
        """Answer a wrong password; the client may try another one."""
        self._task = None
        if self.transport and not self.transport.is_closing():
            self.transport.write(WRONG_PASSWORD)
            self.transport.resume_reading()
            self.begin()

    def _refuse_unencrypted(self, upstream: Upstream | None = None) -> bool:
        if not self.must_encrypt(upstream):
            return False
        hint = "use rediss://." if self._context.tls else "set HEADWATER_TLS_CERTIFICATE."
        self._refuse(f"ERR Connections without TLS are not allowed here: {hint}")
        return True

    def _refuse(self, text: str) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(f"-{' '.join(text.split())}\r\n".encode())
            self.transport.close()


class RedisProxy(ProxySupport):
    """The protocol of clients of the proxy."""

    server_speaks_first = False

    def recognizes(self, first: bytes) -> bool:
        """Return True if the bytes begin like a Redis client: with an array, or an inline command."""
        return first[:1] == b"*" or first[:1].isalpha()

    def client_protocol(self, context: ProxyContext) -> HalfDuplex:
        """Return the protocol object of one client."""
        return _Client(context)

    def client_url(self, host_port: str, database: str, password: str, *, encrypted: bool = False) -> str:
        """Return the URL of the database for clients."""
        return f"redis{'s' if encrypted else ''}://{database}:{quote(password, safe='')}@{host_port}/0"
