"""The wire protocol of MySQL and MariaDB, as far as the proxy needs it.

The server speaks first, with a nonce; the client answers with a proof of its password that is valid only for this
nonce. The proxy therefore acts as the server: it sends the greeting, learns the database, wakes it, checks the proof
with the stored password, and logs in to the real server with the same password. Then both connections are spliced. Only
KILL, by which clients cancel queries, gets its connection number translated, because the greeting contained a number
before the real one was known. COM_CHANGE_USER does not work, because it needs a new proof within a session.

Many clients log in without a database (mysqldump, mysqladmin, a second connection that cancels a query), so the user
names the database, too: `shop`, or `owner@shop`.

Source: MariaDB documentation, "Client/Server Protocol".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import re
import secrets
import ssl
import struct
from dataclasses import dataclass, field
from urllib.parse import quote

import structlog

from headwater.engines import Address, ProxySupport, UpstreamResolver
from headwater.engines._proxy_client import ProxyClient
from headwater.kit.errors import HeadwaterError, NotFound, TooMany
from headwater.kit.network.splice import HalfDuplex, secure, splice

log = structlog.get_logger()
VERSION = b"5.5.5-10.11.0-MariaDB-headwater"
LOGIN_SECONDS = 30.0
LONGEST_LOGIN = 20_000
LONGEST_KILL = 64
UTF8MB4, AUTOCOMMIT = 45, 2
NATIVE, SHA2 = b"mysql_native_password", b"caching_sha2_password"
CONNECT_WITH_DB, TLS, SECURE, PLUGIN, LENGTHS = 1 << 3, 1 << 11, 1 << 15, 1 << 19, 1 << 21
# The capabilities we offer: the complete text and binary protocol; no LOCAL INFILE, no compression.
CAPABILITIES = (
    1
    | 1 << 1
    | 1 << 2
    | CONNECT_WITH_DB
    | 1 << 8
    | 1 << 9
    | 1 << 10
    | 1 << 13
    | SECURE
    | 1 << 16
    | 1 << 17
    | 1 << 18
    | PLUGIN
    | LENGTHS
    | 1 << 23
    | 1 << 24
)
ERRORS: tuple[tuple[type[HeadwaterError], int, str], ...] = (
    (NotFound, 1049, "42000"),
    (TooMany, 1040, "08004"),
    (HeadwaterError, 1105, "HY000"),
)
UNNAMED = "A client that names no database uses the name of the database as its user: --user=NAME."
_KILL = re.compile(rb"(\s*KILL\s+(?:(?:HARD|SOFT)\s+)?(?:CONNECTION\s+|QUERY\s+)?)(\d+)(\s*;?\s*)", re.IGNORECASE)
# Our connection numbers in greetings, far above those of servers, and the servers' own numbers.
_numbers = itertools.count(2**31)
_threads: dict[int, int] = {}


class Malformed(Exception):
    """These bytes are not a valid login."""


class _Client(ProxyClient):
    """A client connection, from our greeting to its end."""

    EXPECTED = (Malformed, TimeoutError, OSError)

    def __init__(self, opener: UpstreamResolver, tls: ssl.SSLContext | None) -> None:
        super().__init__(opener)
        self._tls = tls
        self._nonce = bytes(secrets.choice(range(1, 128)) for _ in range(20))
        self._number = next(_numbers) % 2**32
        self._packets: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._task is None:
            self._send(0, greeting(self._nonce, self._number, TLS if self._tls else 0))
            self._start(self._login())

    def received(self, data: bytes) -> None:
        if self.other is not None and self._opening is not None:
            self._opening.meter.received_bytes()
            if len(data) < LONGEST_KILL:
                data = translated(data)
            self.other.transport.write(data)  # type: ignore[union-attr]
            return
        self._buffer += data
        if len(self._buffer) > LONGEST_LOGIN and self.transport:
            self.transport.abort()
            return
        while len(self._buffer) >= 4:
            length, number = int.from_bytes(self._buffer[:3], "little"), self._buffer[3]
            if len(self._buffer) < 4 + length:
                return
            payload = self._buffer[4 : 4 + length]
            self._buffer = self._buffer[4 + length :]
            self._packets.put_nowait((number, payload))
            if _asks_for_tls(payload):
                return  # the following bytes are only relayed

    def connection_lost(self, exc: Exception | None) -> None:
        _threads.pop(self._number, None)
        super().connection_lost(exc)

    def _send(self, number: int, payload: bytes) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(packet(number, payload))

    def _refuse(self, number: int, code: int, state: str, message: str) -> None:
        self._send(number, error_packet(code, state, message))
        if self.transport:
            self.transport.close()

    async def _login(self) -> None:
        async with asyncio.timeout(LOGIN_SECONDS):
            number, payload = await self._packets.get()
            if _asks_for_tls(payload) and self._tls and self.transport:
                first, self._buffer = self._buffer, b""
                self.transport = await secure(self.transport, self, self._tls, first)
                number, payload = await self._packets.get()
        login = parse_login(payload)
        try:
            opening = await self._opener(login.route)
            opening.meter.connected()
        except HeadwaterError as error:
            code, state = next((code, state) for kind, code, state in ERRORS if isinstance(error, kind))
            unnamed = isinstance(error, NotFound) and not login.database
            hint = UNNAMED if unnamed else error.hint or ""
            self._refuse(number + 1, code, state, f"{error.message} {hint}".strip())
            return
        self._opening = opening
        number = await self._check(number, login, opening.address)
        if number:
            await self._join(number, login, opening.address)

    async def _check(self, number: int, login: ClientLogin, address: Address) -> int:
        """Check the password proof, by another method if needed; return the next sequence number, 0 if refused."""
        proof, password = login.proof, address.password.encode()
        if login.plugin not in {b"", NATIVE, SHA2}:
            self._send(number + 1, b"\xfe" + NATIVE + b"\0" + self._nonce + b"\0")
            async with asyncio.timeout(LOGIN_SECONDS):
                number, proof = await self._packets.get()
        right = sha2_proof(password, self._nonce) if len(proof) == 32 else native_proof(password, self._nonce)
        named = login.user in {address.user, address.database, login.route, f"{address.user}@{login.route}"}
        if not hmac.compare_digest(right, proof) or not named:
            self._refuse(number + 1, 1045, "28000", f"Access denied for user '{login.user}'")
            return 0
        if len(proof) == 32:
            number += 1
            self._send(number, b"\x01\x03")
        return number + 1

    async def _join(self, number: int, login: ClientLogin, address: Address) -> None:
        """Log in to the real server as the client, and forward its answer."""
        reader = _Server()
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: reader, str(address.socket))
            async with asyncio.timeout(LOGIN_SECONDS):
                nonce, thread, offered = parse_greeting((await reader.packets.get())[1])
                agreed = login.capabilities & CAPABILITIES & offered | CONNECT_WITH_DB | SECURE | PLUGIN
                proof = native_proof(address.password.encode(), nonce)
                reader.send(1, login_packet(agreed & ~LENGTHS, login.charset, address, proof))
                answer = (await reader.packets.get())[1]
        except (OSError, TimeoutError, Malformed) as error:
            log.info("proxy.server_unreachable", error=str(error))
            self._refuse(
                number, 1105, "HY000", "The database does not accept connections right now. Try again in a moment."
            )
            return
        self._send(number, answer)
        if answer[:1] != b"\0":
            log.info("proxy.server_refused", answer=answer[:100].decode(errors="replace"))
            reader.leave()
            if self.transport:
                self.transport.close()
            return
        _threads[self._number] = thread
        reader.spliced = True
        splice(self, reader)
        if self._buffer or not self._packets.empty():
            raise Malformed  # no client sends anything before it is logged in


class _Server(HalfDuplex):
    """The connection to the real server; its packets are buffered until it is spliced."""

    def __init__(self) -> None:
        self.packets: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self.spliced = False
        self._buffer = b""

    def received(self, data: bytes) -> None:
        if self.spliced:
            super().received(data)
            return
        self._buffer += data
        while len(self._buffer) >= 4 and len(self._buffer) >= (size := 4 + int.from_bytes(self._buffer[:3], "little")):
            self.packets.put_nowait((self._buffer[3], self._buffer[4:size]))
            self._buffer = self._buffer[size:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.packets.put_nowait((0, b""))  # wake the waiter, which finds no packet
        super().connection_lost(exc)

    def send(self, number: int, payload: bytes) -> None:
        """Send a packet."""
        if self.transport:
            self.transport.write(packet(number, payload))

    def leave(self) -> None:
        """Close the connection."""
        if self.transport:
            self.transport.close()


@dataclass(frozen=True, slots=True)
class ClientLogin:
    """The login of a client: capabilities, charset, user, database and password proof."""

    capabilities: int
    charset: int
    user: str
    proof: bytes = field(repr=False)
    database: str
    plugin: bytes

    @property
    def route(self) -> str:
        """The name of the database: given, or else in the user."""
        return self.database or self.user.partition("@")[2] or self.user


def packet(number: int, payload: bytes) -> bytes:
    """Return a packet with its header."""
    return len(payload).to_bytes(3, "little") + bytes([number % 256]) + payload


def greeting(nonce: bytes, number: int, more: int) -> bytes:
    """Return the first packet of a server."""
    offered = CAPABILITIES | more
    return (
        b"\x0a"
        + VERSION
        + b"\0"
        + struct.pack("<I", number)
        + nonce[:8]
        + b"\0"
        + struct.pack("<HBHHB", offered & 0xFFFF, UTF8MB4, AUTOCOMMIT, offered >> 16, len(nonce) + 1)
        + bytes(10)
        + nonce[8:]
        + b"\0"
        + NATIVE
        + b"\0"
    )


def parse_greeting(payload: bytes) -> tuple[bytes, int, int]:
    """Return nonce, connection number and capabilities of a server; raises Malformed if it is not a greeting."""
    _, zero, rest = payload[1:].partition(b"\0")
    if payload[:1] != b"\x0a" or not zero or len(rest) < 44:
        raise Malformed(payload[:100].decode(errors="replace"))
    thread, low = struct.unpack("<I", rest[:4])[0], struct.unpack("<H", rest[13:15])[0]
    high = struct.unpack("<H", rest[18:20])[0]
    return rest[4:12] + rest[31:43], thread, low | high << 16


def _asks_for_tls(payload: bytes) -> bool:
    return len(payload) == 32 and bool(int.from_bytes(payload[:4], "little") & TLS)


def parse_login(payload: bytes) -> ClientLogin:
    """Return the login of a client; raises Malformed."""
    if len(payload) < 34:
        raise Malformed
    capabilities = int.from_bytes(payload[:4], "little")
    if not capabilities & SECURE:
        raise Malformed  # a client older than 2003
    user, _, rest = payload[32:].partition(b"\0")
    if not rest:
        raise Malformed
    size, rest = rest[0], rest[1:]
    proof, rest = rest[:size], rest[size:]
    database = b""
    if capabilities & CONNECT_WITH_DB:
        database, _, rest = rest.partition(b"\0")
    plugin = rest.partition(b"\0")[0] if capabilities & PLUGIN else b""
    texts = [word.decode(errors="replace") for word in (user, database)]
    return ClientLogin(capabilities, payload[8], texts[0], proof, texts[1], plugin)


def login_packet(capabilities: int, charset: int, address: Address, proof: bytes) -> bytes:
    """Return the answer to a server's greeting."""
    return (
        struct.pack("<IIB", capabilities, 2**24 - 1, charset)
        + bytes(23)
        + address.user.encode()
        + b"\0"
        + bytes([len(proof)])
        + proof
        + address.database.encode()
        + b"\0"
        + NATIVE
        + b"\0"
    )


def error_packet(code: int, state: str, message: str) -> bytes:
    """Return an error that ends a login."""
    return b"\xff" + struct.pack("<H", code) + b"#" + state.encode() + message.replace("\0", "").encode()


def native_proof(password: bytes, nonce: bytes) -> bytes:
    """Return the password proof for `mysql_native_password`."""
    once = hashlib.sha1(password, usedforsecurity=False).digest()
    twice = hashlib.sha1(once, usedforsecurity=False).digest()
    return _xor(once, hashlib.sha1(nonce + twice, usedforsecurity=False).digest())


def sha2_proof(password: bytes, nonce: bytes) -> bytes:
    """Return the password proof for `caching_sha2_password`."""
    once = hashlib.sha256(password).digest()
    return _xor(once, hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest())


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(first, second, strict=True))


def translated(data: bytes) -> bytes:
    """Return a KILL with the server's connection number in place of ours; other packets unchanged."""
    if data[4:5] != b"\x03" or len(data) != 4 + int.from_bytes(data[:3], "little"):
        return data
    asked = _KILL.fullmatch(data[5:])
    thread = _threads.get(int(asked[2])) if asked else None
    if asked is None or thread is None:
        return data
    return packet(data[3], b"\x03" + asked[1] + str(thread).encode() + asked[3])


class MysqlProxy(ProxySupport):
    """The protocol of clients of the proxy."""

    server_speaks_first = True

    def recognizes(self, first: bytes) -> bool:
        """Return False: these clients wait for the server's first message, so they cannot be recognised."""
        return False

    def client_protocol(self, opener: UpstreamResolver, tls: ssl.SSLContext | None) -> HalfDuplex:
        """Return the protocol object of one client."""
        return _Client(opener, tls)

    def client_url(self, host_port: str, database: str, password: str) -> str:
        """Return the URL of the database for clients."""
        return f"mysql://{quote(database, safe='')}:{quote(password, safe='')}@{host_port}/{database}"
