"""The wire protocol of MySQL and MariaDB, as far as the proxy needs it.

The server speaks first, with a nonce; the client answers with a proof of its password that is valid only for this
nonce. The proxy therefore acts as the server: it sends the greeting, learns the database, wakes it, checks the proof
with the stored password, and logs in to the real server with the same password. Then both connections are spliced. Only
KILL, by which clients end queries, gets its connection number translated (`kill_commands`), because the greeting
contained a number before the real one was known.

Many clients log in without a database (mysqldump, mysqladmin, a second connection that cancels a query), so the user
names the database, too: `shop`, or `owner@shop`.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import secrets
from urllib.parse import quote

import structlog

from headwater.engines import Address, ProxyContext, ProxySupport, Upstream
from headwater.engines._proxy_client import ProxyClient
from headwater.engines.mysql import handshake
from headwater.engines.mysql.handshake import ClientLogin, Malformed
from headwater.engines.mysql.kill_commands import KillTranslator
from headwater.kit.errors import HeadwaterError, NotFound, TooMany
from headwater.kit.network.splice import HalfDuplex, secure, splice

log = structlog.get_logger()
SERVER_SECONDS = 30.0
LONGEST_LOGIN = 20_000
ERRORS: tuple[tuple[type[HeadwaterError], int, str], ...] = (
    (NotFound, 1049, "42000"),
    (TooMany, 1040, "08004"),
    (HeadwaterError, 1105, "HY000"),
)
NOT_ENCRYPTED = 3159, "HY000"
WRONG_PASSWORD = 1045
CHANGED_OUTSIDE = (
    "The password of the database's owner was changed outside Headwater: reset it with `headwater db reset-password`."
)
UNNAMED = "A client that names no database uses the name of the database as its user: --user=NAME."
# Our connection numbers in greetings, far above those of servers.
_numbers = itertools.count(2**31)


class _Client(ProxyClient):
    """A client connection, from our greeting to its end."""

    LONGEST = LONGEST_LOGIN
    EXPECTED = (Malformed, TimeoutError, OSError)

    def __init__(self, context: ProxyContext) -> None:
        super().__init__(context)
        self._nonce = bytes(secrets.choice(range(1, 128)) for _ in range(20))
        self._number = next(_numbers) % 2**32
        self._kills: KillTranslator | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        offered = handshake.TLS if self._context.tls else 0
        self._send(0, handshake.greeting(self._nonce, self._number, offered))
        self._start(self._login())

    def received(self, data: bytes) -> None:
        if self._kills is not None and self._upstream is not None:
            data = self._kills.translate(data)
        super().received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._kills:
            self._kills.forget()
        super().connection_lost(exc)

    def _send(self, number: int, payload: bytes) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(handshake.packet(number, payload))

    def _refuse(self, number: int, code: int, state: str, message: str) -> None:
        self._send(number, handshake.error_packet(code, state, message))
        if self.transport:
            self.transport.close()

    async def _packet(self) -> tuple[int, bytes]:
        """Return the sequence number and the content of the client's next packet; raises Malformed."""
        while len(self._buffer) < 4 or len(self._buffer) < (size := 4 + int.from_bytes(self._buffer[:3], "little")):
            if int.from_bytes(self._buffer[:3], "little") > LONGEST_LOGIN:
                raise Malformed
            await self.more()
        number, payload = self._buffer[3], self._buffer[4:size]
        self._buffer = self._buffer[size:]
        return number, payload

    async def _login(self) -> None:
        number, payload = await self._packet()
        if handshake.asks_for_tls(payload) and self._context.tls and self.transport:
            first, self._buffer = self._buffer, b""
            self.transport = await secure(self.transport, self, self._context.tls, first)
            number, payload = await self._packet()
        login = handshake.parse_login(payload)
        try:
            if self._refuse_unencrypted(number):
                return
            upstream = await self.resolve(login.route)
            if self._refuse_unencrypted(number, upstream):
                return
            number = await self._check(number, login, upstream.address)
            if not number:
                return
            self.admit(upstream)
        except HeadwaterError as error:
            code, state = next((code, state) for kind, code, state in ERRORS if isinstance(error, kind))
            unnamed = isinstance(error, NotFound) and not login.database
            hint = UNNAMED if unnamed else error.hint or ""
            self._refuse(number + 1, code, state, f"{error.message} {hint}".strip())
            return
        await self._join(number, login, upstream.address)

    def _refuse_unencrypted(self, number: int, upstream: Upstream | None = None) -> bool:
        if not self.must_encrypt(upstream):
            return False
        hint = "Connect with --ssl-mode=REQUIRED." if self._context.tls else "Set HEADWATER_TLS_CERTIFICATE."
        self._refuse(number + 1, *NOT_ENCRYPTED, f"Connections without TLS are not allowed here. {hint}")
        return True

    async def _check(self, number: int, login: ClientLogin, address: Address) -> int:
        """Check the password proof, by another method if needed; return the last sequence number, 0 if refused."""
        proof, password = login.proof, address.password.encode()
        if login.plugin not in {b"", handshake.NATIVE, handshake.SHA2}:
            self._send(number + 1, b"\xfe" + handshake.NATIVE + b"\0" + self._nonce + b"\0")
            number, proof = await self._packet()
        is_sha2 = len(proof) == 32
        right = (handshake.sha2_proof if is_sha2 else handshake.native_proof)(password, self._nonce)
        named = login.user in {address.user, address.database, login.route, f"{address.user}@{login.route}"}
        if not hmac.compare_digest(right, proof) or not named:
            self._refuse(number + 1, WRONG_PASSWORD, "28000", f"Access denied for user '{login.user}'")
            return 0
        if is_sha2:
            number += 1
            self._send(number, b"\x01\x03")
        return number

    async def _join(self, number: int, login: ClientLogin, address: Address) -> None:
        """Log in to the real server as the client, and forward its answer."""
        server = _Server()
        try:
            thread, answer = await server.log_in(login, address)
        except (OSError, TimeoutError, Malformed) as error:
            log.info("proxy.server_unreachable", error=str(error))
            server.leave()
            self._refuse(
                number + 1, 1105, "HY000", "The database does not accept connections right now. Try again in a moment."
            )
            return
        except asyncio.CancelledError:  # the client has disconnected
            server.leave()
            raise
        if answer[:1] != b"\0":
            server.leave()
            self._forward_refusal(number + 1, answer)
            return
        self._send(number + 1, answer)
        if self._buffer:
            server.leave()
            raise Malformed  # no client sends anything before it is logged in
        self._kills = KillTranslator(str(address.socket), self._number, thread)
        server.kills = self._kills
        splice(self, server)

    def _forward_refusal(self, number: int, answer: bytes) -> None:
        """Forward the error with which the server refuses a client that the proxy has let in."""
        log.info("proxy.server_refused", answer=answer[:100].decode(errors="replace"))
        if answer[:3] == b"\xff" + WRONG_PASSWORD.to_bytes(2, "little"):
            self._refuse(number, WRONG_PASSWORD, "28000", CHANGED_OUTSIDE)
            return
        self._send(number, answer)
        if self.transport:
            self.transport.close()


class _Server(HalfDuplex):
    """The connection to the real server; its packets are buffered until it is spliced."""

    def __init__(self) -> None:
        self.kills: KillTranslator | None = None
        self._packets: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._buffer = b""

    def received(self, data: bytes) -> None:
        if self.kills is not None:
            if self.kills.awaits_number:
                self.kills.read_answer(data)
            super().received(data)
            return
        self._buffer += data
        while len(self._buffer) >= 4 and len(self._buffer) >= (size := 4 + int.from_bytes(self._buffer[:3], "little")):
            self._packets.put_nowait((self._buffer[3], self._buffer[4:size]))
            self._buffer = self._buffer[size:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._packets.put_nowait((0, b""))  # wake the waiter, which finds no packet
        super().connection_lost(exc)

    async def log_in(self, login: ClientLogin, address: Address) -> tuple[int, bytes]:
        """Log in with the client's capabilities; return the server's connection number and its last answer.

        Raises:
            OSError, TimeoutError, Malformed: the server does not answer, or not as a server does.
        """
        await asyncio.get_running_loop().create_unix_connection(lambda: self, str(address.socket))
        async with asyncio.timeout(SERVER_SECONDS):
            nonce, thread, offered = handshake.parse_greeting((await self._packets.get())[1])
            must = handshake.CONNECT_WITH_DB | handshake.SECURE | handshake.PLUGIN
            agreed = login.capabilities & handshake.CAPABILITIES & offered | must
            proof = handshake.native_proof(address.password.encode(), nonce)
            payload = handshake.login_packet(agreed & ~handshake.LENGTHS, login.charset, address, proof)
            if self.transport:
                self.transport.write(handshake.packet(1, payload))
            return thread, (await self._packets.get())[1]

    def leave(self) -> None:
        """Close the connection."""
        if self.transport:
            self.transport.close()


class MysqlProxy(ProxySupport):
    """The protocol of clients of the proxy."""

    server_speaks_first = True

    def recognizes(self, first: bytes) -> bool:
        """Return False: these clients wait for the server's first message, so they cannot be recognised."""
        return False

    def client_protocol(self, context: ProxyContext) -> HalfDuplex:
        """Return the protocol object of one client."""
        return _Client(context)

    def client_url(self, host_port: str, database: str, password: str, *, encrypted: bool = False) -> str:
        """Return the URL of the database for clients."""
        url = f"mysql://{quote(database, safe='')}:{quote(password, safe='')}@{host_port}/{database}"
        return f"{url}?ssl-mode=REQUIRED" if encrypted else url
