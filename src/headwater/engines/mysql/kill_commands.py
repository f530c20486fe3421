"""Translates the connection numbers in KILL commands of the proxy's clients.

A client learns the number of its connection from the greeting, which the proxy has to send before it knows the database
and so before there is a connection of a server. The server gives that a number of its own, which SQL shows
(`CONNECTION_ID()`, `SHOW PROCESSLIST`). Clients end queries by either. The two cannot be made equal: a server counts by
itself. Numbers of greetings are far above those that servers reach, so every command that ends a connection is
understood, and a number of a greeting in it is replaced by the server's: in COM_PROCESS_KILL, in a KILL statement with
any comments around, alone or among others, in a prepared one (also with its number as a parameter), and in PREPARE and
EXECUTE IMMEDIATE with a literal text.

The trade-off: a number that is hidden from the proxy is not translated, in a user variable (`KILL @id`), an expression,
or a stored procedure; the server then answers "Unknown thread id". With numbers that SQL shows, these work, too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from headwater.catalog.statements import split
from headwater.engines.mysql.dialect import GRAMMAR

QUERY, PREPARE, EXECUTE, CLOSE, PROCESS_KILL = 0x03, 0x16, 0x17, 0x19, 0x0C
# Longer commands are relayed unread: no client ends a query with so many words.
LONGEST = 4096
# The number by which clients execute the statement that they prepared last, before they know its own.
LAST_PREPARED = b"\xff\xff\xff\xff"
# White space, comments, and the marks around text that only some versions execute.
_SKIP = rb"(?>\s+|/\*M?!\d*|\*/|/\*(?!M?!)(?:[^*]|\*(?!/))*+\*/|--[ \t][^\n]*+\n|\#[^\n]*+\n)"
_KILL = re.compile(
    rb"%(skip)b*+(?:(?:PREPARE%(skip)b++\S++%(skip)b++FROM|EXECUTE%(skip)b++IMMEDIATE)%(skip)b*+['\"]%(skip)b*+)?KILL\b"
    % {b"skip": _SKIP},
    re.IGNORECASE,
)
_NUMBER = re.compile(rb"\b\d+\b")
# The formats of fixed-size parameters, by their type.
_FORMATS = {3: "<I", 5: "<d", 8: "<Q"}
_TEXTS = frozenset({15, 246, 253, 254})
# The server's connection number for each number of a greeting, and the server's socket.
_threads: dict[tuple[str, int], int] = {}


class KillTranslator:
    """The commands of one client, whose own connection has the number `greeted` for it and `thread` for the server."""

    def __init__(self, server: str, greeted: int, thread: int) -> None:
        self._server, self._greeted = server, greeted
        self._unread = 0
        self._partial = b""
        self._answer = b""
        self._parameter_types: dict[bytes, int] = {}
        self.awaits_number = False
        _threads[server, greeted] = thread

    def forget(self) -> None:
        """Forget the connection, because it has ended."""
        _threads.pop((self._server, self._greeted), None)

    def translate(self, data: bytes) -> bytes:
        """Return the bytes of a client with the numbers in its KILL commands translated.

        A short command whose end has not arrived is held back until it has.
        """
        if self._unread >= len(data):
            self._unread -= len(data)
            return data
        if not self._unread and not self._partial and self._is_plain_query(data):
            return data
        buffer, at, done = self._partial + data, self._unread, 0
        self._unread = 0
        parts: list[bytes] = []
        while len(buffer) - at >= 4:
            length = int.from_bytes(buffer[at : at + 3], "little")
            end = at + 4 + length
            if end > len(buffer):
                if length <= LONGEST:
                    break
                self._unread, end = end - len(buffer), len(buffer)
            elif buffer[at + 3] == 0 and length <= LONGEST:
                payload = buffer[at + 4 : end]
                if (changed := self._command(payload)) is not payload:
                    parts += [buffer[done:at], len(changed).to_bytes(3, "little"), b"\0", changed]
                    done = end
            at = end
        self._partial = buffer[at:]
        return b"".join([*parts, buffer[done:at]])

    def read_answer(self, data: bytes) -> None:
        """Read the number of a prepared KILL from the server's answer."""
        self._answer += data
        if len(self._answer) >= 9 or self._answer[4:5] == b"\xff":
            if self._answer[4:5] == b"\0":
                self._parameter_types[self._answer[5:9]] = 0
            self._answer, self.awaits_number = b"", False

    def _is_plain_query(self, data: bytes) -> bool:
        """Return True for what nearly all clients send nearly always: one short query, which is not a KILL."""
        if data[3:5] != b"\0\x03" or not 5 <= len(data) <= LONGEST or b"KILL" in data.upper():
            return False
        return len(data) == 4 + int.from_bytes(data[:3], "little")

    def _command(self, payload: bytes) -> bytes:
        kind = payload[0] if payload else None
        if kind == PREPARE:
            self._parameter_types.pop(LAST_PREPARED, None)
        if kind in {QUERY, PREPARE}:
            return self._statements(payload) if b"KILL" in payload.upper() else payload
        if kind == PROCESS_KILL and len(payload) == 5:
            return payload[:1] + struct.pack("<I", self._thread(struct.unpack("<I", payload[1:])[0]))
        if kind == EXECUTE and payload[1:5] in self._parameter_types:
            return self._execution(payload)
        if kind == CLOSE:
            self._parameter_types.pop(payload[1:5], None)
        return payload

    def _statements(self, payload: bytes) -> bytes:
        text, parts, done = payload[1:], [payload[:1]], 0
        for begin, end in _kills(text):
            statement = text[begin:end]
            parts += [text[done:begin], _NUMBER.sub(self._translated, statement)]
            done = end
            if payload[0] == PREPARE and b"?" in statement:
                self.awaits_number = True
                self._parameter_types[LAST_PREPARED] = 0
        return b"".join([*parts, text[done:]])

    def _execution(self, payload: bytes) -> bytes:
        """Translate the one parameter of a prepared KILL; its type is sent with the first execution only."""
        statement, begin = payload[1:5], 12
        if payload[11:12] == b"\1":
            self._parameter_types[statement], begin = payload[12], 14
        type_, value = self._parameter_types[statement], payload[begin:]
        if form := _FORMATS.get(type_):
            if len(value) == struct.calcsize(form):
                (number,) = struct.unpack(form, value)
                return payload[:begin] + struct.pack(form, self._thread(int(number)))
        elif type_ in _TEXTS and value[1:].isdigit() and value[0] == len(value) - 1:
            digits = str(self._thread(int(value[1:]))).encode()
            return payload[:begin] + bytes([len(digits)]) + digits
        return payload

    def _translated(self, match: re.Match[bytes]) -> bytes:
        return str(self._thread(int(match[0]))).encode()

    def _thread(self, number: int) -> int:
        return _threads.get((self._server, number), number)


def _kills(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each statement that is a KILL."""
    if b";" not in text:
        if _KILL.match(text):
            yield 0, len(text)
        return
    # Bytes as characters, so that positions stay the same in every character set.
    for statement in split(text.decode("latin-1"), GRAMMAR):
        begin, end = statement.start, statement.start + len(statement.text)
        if _KILL.match(text[begin:end]):
            yield begin, end
