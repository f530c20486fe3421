"""The client side of Redis' wire protocol (RESP2 and RESP3): replies are read element by element.

The client library is not used because it reads a whole reply before it returns any of it: a list of ten million
elements would be in memory before the first row is shown.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from headwater.kit.errors import Unavailable

LONGEST_LINE = 2**20
SKIPPED_AT_ONCE = 2**16
AGGREGATES = {"*": 1, "~": 1, ">": 1, "%": 2}


@dataclass(frozen=True, slots=True)
class Pairs:
    """A map, in the server's order."""

    items: list[tuple[Value, Value]]


class Status(str):
    """A short word from the server, such as OK."""

    __slots__ = ()


class ErrorReply(str):
    """An error from the server: its code, a space, its sentence."""

    __slots__ = ()


class Cut(bytes):
    """The beginning of a value that is longer than wanted."""


Value: TypeAlias = "bytes | int | float | bool | Status | ErrorReply | list[Value] | Pairs | None"


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a reply: its type and its number, or the complete reply if it is short."""

    kind: str
    size: int = 0
    value: Value = None

    @property
    def aggregate(self) -> bool:
        """True if elements follow."""
        return self.kind in AGGREGATES and self.size >= 0


class RespConnection:
    """An open connection: commands are sent, replies are read, in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, *words: bytes | str | int) -> None:
        """Send one command."""
        self._writer.write(packed([word if isinstance(word, bytes) else str(word).encode() for word in words]))

    async def ask(self, *words: bytes | str | int) -> Value:
        """Send one of our own commands and return its complete reply; an error is a value."""
        self.send(*words)
        return await self.value(await self.head())

    async def asked(self, commands: Sequence[Sequence[bytes | str | int]], most: int | None = None) -> list[Value]:
        """Send several of our own commands at once and return their replies; texts are cut after `most` bytes."""
        for words in commands:
            self.send(*words)
        return [await self.value(await self.head(), most) for _ in commands]

    async def head(self) -> Head:
        """Read the beginning of the next reply or element."""
        line = await self._line()
        kind, rest = line[:1].decode("latin-1"), line[1:]
        if kind in {"$", "=", "!"} or kind in AGGREGATES:
            return Head(kind, int(rest))
        return Head(kind, 0, _short(kind, rest))

    async def value(self, head: Head, most: int | None = None) -> Value:
        """Read the rest of a reply; texts are cut after `most` bytes."""
        if head.kind in {"$", "=", "!"}:
            return await self._text(head, most)
        if head.kind not in AGGREGATES:
            return head.value
        if head.size < 0:
            return None
        if head.kind != "%":
            return [await self.element(most) for _ in range(head.size)]
        return Pairs([(await self.element(most), await self.element(most)) for _ in range(head.size)])

    async def element(self, most: int | None = None) -> Value:
        """Read one element with everything in it."""
        return await self.value(await self.head(), most)

    async def _text(self, head: Head, most: int | None) -> Value:
        if head.size < 0:
            return None
        wanted = head.size if most is None else min(head.size, most)
        data = (await self._reader.readexactly(wanted + 2))[:-2]  # after truncation these are two of the skipped bytes
        left = head.size - wanted
        while left:
            left -= len(await self._reader.readexactly(min(left, SKIPPED_AT_ONCE)))
        if head.kind == "=":
            data = data[4:]  # a verbatim text begins with its format
        if head.kind == "!":
            return ErrorReply(data.decode(errors="replace"))
        return Cut(data) if wanted < head.size else data

    async def _line(self) -> bytes:
        try:
            return (await self._reader.readuntil(b"\r\n"))[:-2]
        except asyncio.LimitOverrunError as error:
            raise Unavailable("The server does not speak the Redis protocol.", hint="Check the port.") from error

    @property
    def cipher(self) -> str | None:
        """The TLS version, or None."""
        secured = self._writer.get_extra_info("ssl_object")
        return secured.version() if secured else None

    def gone(self) -> bool:
        """True if the connection has ended: data on an idle connection can only mean that."""
        return self._writer.is_closing() or self._reader.at_eof()

    def abort(self) -> None:
        """Close the connection at once, so that readers of a reply get an error."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()


def packed(words: Sequence[bytes]) -> bytes:
    """Return a command in wire format."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _short(kind: str, rest: bytes) -> Value:
    """Return a one-line reply."""
    match kind:
        case "+":
            return Status(rest.decode(errors="replace"))
        case "-":
            return ErrorReply(rest.decode(errors="replace"))
        case ":":
            return int(rest)
        case ",":
            return {b"inf": math.inf, b"-inf": -math.inf, b"nan": math.nan}.get(rest) or float(rest)
        case "#":
            return rest == b"t"
        case "(":
            return rest
        case "_":
            return None
    raise Unavailable("The server does not speak the Redis protocol.", hint="Check host and port.")
