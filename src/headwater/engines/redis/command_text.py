"""Parses texts for Redis: one command per line, quoted as in redis-cli."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headwater.catalog.results import Cell, QueryError
from headwater.engines import Parameters
from headwater.kit.errors import BadInput

_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
_HEXADECIMAL = re.compile(r"x[0-9a-fA-F]{2}")
_PLACEHOLDER = re.compile(r"\$(?P<number>\d+)$|:(?P<name>[A-Za-z_]\w*)$")


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words for the server, and its position in the text."""

    words: tuple[bytes, ...]
    start: int
    end: int

    @property
    def verb(self) -> str:
        """The first word, in upper case."""
        return self.words[0].decode("latin-1").upper()

    @property
    def sub(self) -> str:
        """The second word, in upper case: the subcommand of CLIENT, OBJECT and the like."""
        return self.words[1].decode("latin-1").upper() if len(self.words) > 1 else ""


def commands(text: str, parameters: Parameters = None) -> list[Command]:
    """Return the commands of a text; empty lines and lines that begin with # are left out.

    Raises:
        QueryError: there is none, there are several with parameters, or quotes are not closed.
        BadInput: a placeholder without a value, or a value without a placeholder.
    """
    parsed: list[tuple[list[tuple[bytes, str | None]], int, int]] = []
    position = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            start = position + line.index(stripped[0])
            words = _words(stripped, start, len(parsed))
            parsed.append((words, start, start + len(stripped)))
        position += len(line) + 1
    if not parsed:
        raise QueryError("There is nothing to run.", hint="Type a command, such as GET key.")
    if parameters and len(parsed) > 1:
        raise QueryError("Parameters can be used only with a single command.")
    return [Command(_bound(words, parameters), start, end) for words, start, end in parsed]


def _words(line: str, start: int, number: int) -> list[tuple[bytes, str | None]]:
    """Return the words of a line, and for each its text if it was not quoted."""
    words: list[tuple[bytes, str | None]] = []
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        if line[position] in "\"'":
            word, position = _quoted(line, position, start, number)
            words.append((word, None))
            continue
        end = next((at for at in range(position, len(line)) if line[at].isspace()), len(line))
        plain = line[position:end]
        words.append((_encoded(plain, start + position, number), plain))
        position = end
    return words


def _quoted(line: str, position: int, start: int, number: int) -> tuple[bytes, int]:
    mark, begin, word = line[position], position, bytearray()
    position += 1
    while position < len(line) and line[position] != mark:
        follow = line[position + 1] if position + 1 < len(line) else ""
        if line[position] != "\\" or not follow or (mark == "'" and follow != "'"):
            word += _encoded(line[position], start + position, number)
            position += 1
        elif mark == '"' and _HEXADECIMAL.match(line, position + 1):
            word.append(int(line[position + 2 : position + 4], 16))
            position += 4
        else:
            word += _ESCAPES.get(follow) or _encoded(follow, start + position, number)
            position += 2
    if position >= len(line):
        raise QueryError(
            "The quotes are not closed.", hint=f"Close them with {mark}.", position=start + begin, statement=number
        )
    if position + 1 < len(line) and not line[position + 1].isspace():
        raise QueryError("A space is missing after the quotes.", position=start + position + 1, statement=number)
    return bytes(word), position + 1


def _encoded(text: str, position: int, number: int) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise QueryError("The text contains an incomplete character.", position=position, statement=number) from None


def _bound(words: list[tuple[bytes, str | None]], parameters: Parameters) -> tuple[bytes, ...]:
    """Return the words with `$1` and `:name` replaced by values; a placeholder must be a whole word."""
    if not parameters:
        return tuple(word for word, _ in words)
    used: set[str] = set()
    bound = tuple(_value(plain, parameters, used) if plain else word for word, plain in words)
    if not isinstance(parameters, Mapping) and len(used) < len(parameters):
        raise BadInput(f"{len(parameters)} values are given, {len(used)} are used.", hint="Placeholders are $1, $2 …")
    return bound


def _value(plain: str, parameters: Parameters, used: set[str]) -> bytes:
    match = _PLACEHOLDER.match(plain)
    if not match:
        return plain.encode()
    used.add(plain)
    if isinstance(parameters, Mapping):
        if (name := match["name"]) is None:
            return plain.encode()
        if name not in parameters:
            raise BadInput(f"There is no value for :{name}.", hint=f"Given: {', '.join(parameters)}.")
        return as_word(parameters[name])
    given = list(parameters or ())
    if match["number"] is None:
        return plain.encode()
    if not 1 <= int(match["number"]) <= len(given):
        raise BadInput(f"There is no value for {plain}.", hint=f"{len(given)} values are given, starting with $1.")
    return as_word(given[int(match["number"]) - 1])


def as_word(value: Cell) -> bytes:
    """Return a value as text, as Redis stores it."""
    if value is None:
        raise BadInput("Redis knows no NULL.", hint="Give a text or a number, or delete the key.")
    return str(int(value) if isinstance(value, bool) else value).encode()
