"""A session on Redis: one command at a time, its reply element by element.

Redis cannot stop a running command: to cancel, or to skip the rest of a reply, the connection is closed, and the next
run opens a new one. A read-only run allows only commands that the server itself flags as read-only in COMMAND INFO.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator

from headwater.catalog.results import (
    STANDARD,
    Finished,
    Frame,
    Limits,
    Meter,
    QueryCancelled,
    QueryError,
    QueryTimeout,
)
from headwater.engines import Address, Parameters, ServerFacts, Session
from headwater.engines.redis import errors, policy, rows
from headwater.engines.redis.command_text import Command, commands
from headwater.engines.redis.connection import open_connection
from headwater.engines.redis.reply import Reply
from headwater.engines.redis.resp import ErrorReply, RespConnection, Value
from headwater.kit.errors import HeadwaterError, Unavailable

RECONNECT_SECONDS = 10.0
_BROKEN = (OSError, EOFError)


class RedisSession:
    """One connection to one database of a Redis server."""

    def __init__(self, to: Address, channel: RespConnection) -> None:
        self._to = to
        self._channel: RespConnection | None = channel
        self._flags = policy.Flags()
        self._closed = self._running = self._cancelled = self._late = self._queuing = False

    @property
    def in_transaction(self) -> bool:
        """True after MULTI, until EXEC or DISCARD."""
        return self._queuing

    @property
    def number(self) -> str:
        """The number of the database."""
        return str(int(self._to.database or 0))

    async def channel(self) -> RespConnection:
        """Return the connection; if we have closed it, open it again."""
        if self._closed:
            raise Unavailable("The session is closed.", hint="Connect again.")
        if self._channel is None:
            self._channel = await open_connection(self._to, RECONNECT_SECONDS)
        return self._channel

    async def ask(self, *words: bytes | str | int, most: int | None = None) -> Value:
        """Return the reply to one of our own commands, its texts cut after `most` bytes.

        Raises:
            QueryError: the server refused it.
        """
        (reply,) = await self.asked([words], most)
        if isinstance(reply, ErrorReply):
            raise errors.refusal(reply, 0, 0)
        return reply

    async def asked(self, given: list[tuple[bytes | str | int, ...]], most: int | None = None) -> list[Value]:
        """Return the replies to several of our own commands, sent at once; errors are values."""
        channel = await self.channel()
        try:
            return await channel.asked(given, most)
        except _BROKEN as error:
            raise _gone() from error
        except asyncio.CancelledError:
            self._break()
            raise

    async def ping(self) -> ServerFacts:
        """Return version, size, rights and latency."""
        began = time.perf_counter()
        await self.ask("PING")
        latency = (time.perf_counter() - began) * 1000
        facts = await self.info()
        name = "Valkey" if "valkey_version" in facts else "Redis"
        version = facts.get("valkey_version") or facts.get("redis_version") or "0"
        warnings = () if self._to.password else ("The server does not require a password.",)
        size = int(facts["used_memory"]) if facts.get("used_memory", "").isdigit() else None
        return ServerFacts(
            name,
            version,
            latency,
            size,
            tls=(await self.channel()).cipher,
            read_only=facts.get("role") == "slave",
            warnings=warnings,
        )

    async def info(self) -> dict[str, str]:
        """Return the result of INFO by name; empty if the user may not run it."""
        reply, *_ = await self.asked([("INFO",)])
        return {str(name): str(value) for _, name, value in rows.info(reply)} if isinstance(reply, bytes) else {}

    async def run(
        self, text: str, parameters: Parameters = None, limits: Limits = STANDARD
    ) -> AsyncGenerator[Frame, None]:
        """Run the commands of a text, one per line."""
        given = commands(text, parameters)
        for number, command in enumerate(given):
            policy.check(command, number)
        async with self._in_time(limits.seconds):
            for number, command in enumerate(given):
                try:
                    async with contextlib.aclosing(self._command(number, command, limits)) as frames:
                        async for frame in frames:
                            yield frame
                except _BROKEN as error:
                    raise self._why(number, command, limits) from error

    async def check(self, text: str) -> QueryError | None:
        """Return an error if a command is invalid or not allowed; the server is not asked."""
        try:
            for number, command in enumerate(commands(text) if text.strip() else []):
                policy.check(command, number)
        except QueryError as error:
            return error
        return None

    async def cancel(self) -> None:
        """Stop the running command."""
        if self._running:
            self._cancelled = True
            self._break()

    async def reset(self) -> None:
        """Discard the commands after MULTI: close the connection; the next run opens a new one."""
        if self._queuing:
            self._break()

    def broken(self) -> bool:
        """True if the server has closed the connection."""
        return self._closed or (self._channel is not None and self._channel.gone())

    async def close(self) -> None:
        """Close the connection."""
        self._closed = True
        channel, self._channel = self._channel, None
        if channel:
            await channel.close()

    async def _command(self, number: int, command: Command, limits: Limits) -> AsyncGenerator[Frame, None]:
        if self._cancelled or self._late:
            raise ConnectionAbortedError
        channel = await self.channel()
        async with self._aside(channel) as asked:
            await policy.check_flags(asked, self._flags, command, number, read_only=limits.read_only)
        began, reply = time.perf_counter(), Reply(channel, number, command, Meter(limits), _longest(limits))
        try:
            async with contextlib.aclosing(reply.frames()) as frames:
                async for frame in frames:
                    yield frame
        finally:
            self._queuing = reply.queues(self._queuing)
            if not reply.whole:  # the rest of the reply would arrive unread
                self._break()
        seconds = time.perf_counter() - began
        yield Finished(number, command.verb, reply.meter.rows, None, reply.meter.full, seconds, reply.notices)

    @contextlib.asynccontextmanager
    async def _aside(self, channel: RespConnection) -> AsyncIterator[RespConnection]:
        """Yield a connection for our own queries: after MULTI ours would only queue them."""
        if not self._queuing:
            yield channel
            return
        aside = await open_connection(self._to, RECONNECT_SECONDS)
        try:
            yield aside
        finally:
            await aside.close()

    def _break(self) -> None:
        self._queuing = False
        channel, self._channel = self._channel, None
        if channel:
            channel.abort()

    @contextlib.asynccontextmanager
    async def _in_time(self, seconds: float | None) -> AsyncIterator[None]:
        self._running, self._cancelled, self._late = True, False, False

        def end() -> None:
            self._late = True
            self._break()

        timer = asyncio.get_running_loop().call_later(seconds, end) if seconds is not None else None
        try:
            yield
        finally:
            self._running = False
            if timer:
                timer.cancel()

    def _why(self, number: int, command: Command, limits: Limits) -> HeadwaterError:
        self._break()
        if self._cancelled:
            return QueryCancelled()
        if self._late:
            return QueryTimeout(
                f"The command took longer than {limits.seconds:g} s.", statement=number, position=command.start
            )
        return _gone()


def _gone() -> Unavailable:
    return Unavailable("The connection to the database was lost.", hint="Run it again.")


def _longest(limits: Limits) -> int | None:
    """Return how many bytes of one value are worth reading; a character has at most four."""
    limit = [most for most in (limits.bytes, limits.cell * 4 if limits.cell is not None else None) if most is not None]
    return min(limit, default=None)


async def connect(address: Address, *, seconds: float = 10.0) -> Session:
    """Open a connection."""
    return RedisSession(address, await open_connection(address, seconds))
