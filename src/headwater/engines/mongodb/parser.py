"""Parses values in the syntax of the MongoDB shell: JSON with bare keys, single quotes, /regex/, ObjectId(…)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.errors import BSONError
from bson.json_util import loads

from headwater.catalog.results import Cell, QueryError
from headwater.engines import Parameters
from headwater.engines.mongodb.values import typed
from headwater.kit.errors import BadInput

DEEPEST = 100
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_REGEX = re.compile(r"/((?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)/([a-z]*)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "undefined": None, "NaN": float("nan")}
_FLAGS = frozenset("imsxu")


@dataclass(slots=True)
class MongoParser:
    """A text and the position up to which it was read."""

    text: str
    parameters: Parameters = None
    position: int = 0
    depth: int = 0

    def skip(self) -> None:
        """Skip spaces and comments."""
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def peek(self, token: str) -> bool:
        """Return True if this token comes next; the position is before it then."""
        self.skip()
        return self.text.startswith(token, self.position)

    def take(self, token: str) -> bool:
        """Read a token if it comes next."""
        if not self.peek(token):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        """Read a token that must come next."""
        if not self.take(token):
            raise self.wrong(f"{token} is missing here.")

    def word(self) -> str | None:
        """Read a bare word."""
        self.skip()
        match = _WORD.match(self.text, self.position)
        if match:
            self.position = match.end()
        return match[0] if match else None

    def wrong(self, why: str, position: int | None = None, hint: str | None = None) -> QueryError:
        """Return an error at the current position."""
        return QueryError(why, position=self.position if position is None else position, hint=hint)

    def value(self) -> Any:
        """Read one value.

        Raises:
            QueryError: the next token is not a value; the error has its position.
        """
        self.skip()
        begin = self.position
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                raise self.wrong("This is nested too deeply.")
            return self._value(begin)
        except BadInput as error:
            if isinstance(error, QueryError):
                raise
            raise self.wrong(error.message, begin, error.hint) from error
        finally:
            self.depth -= 1

    def _value(self, begin: int) -> Any:
        match self.text[begin : begin + 1]:
            case "":
                raise self.wrong("A value is missing at the end.")
            case "{":
                return typed(self._object())
            case "[":
                return self.listed("[", "]")
            case '"' | "'" | "`":
                return self._string()
            case "/":
                return self._regex()
            case ":" | "$" if match := re.compile(r":([A-Za-z_]\w*)|\$(\d+)").match(self.text, begin):
                self.position = match.end()
                return _given(match, self.parameters)
        if number := _NUMBER.match(self.text, begin):
            self.position = number.end()
            return _number(number[0])
        return self._called(begin)

    def listed(self, opening: str, closing: str) -> list[Any]:
        """Read values between brackets."""
        self.expect(opening)
        items: list[Any] = []
        while not self.take(closing):
            items.append(self.value())
            if not self.take(",") and not self.peek(closing):
                raise self.wrong(f"A comma or {closing} is missing here.")
        return items

    def _object(self) -> dict[str, Any]:
        self.expect("{")
        document: dict[str, Any] = {}
        while not self.take("}"):
            self.skip()
            quoted = self.text[self.position : self.position + 1] in {'"', "'"}
            number = re.compile(r"\d+").match(self.text, self.position)
            key = self._string() if quoted else self.word()
            if key is None and number:
                key, self.position = number[0], number.end()
            if key is None:
                raise self.wrong("A name is missing here.", hint='A document looks like {name: "value"}.')
            self.expect(":")
            document[key] = self.value()
            if not self.take(",") and not self.peek("}"):
                raise self.wrong("A comma or } is missing here.")
        return document

    def _string(self) -> str:
        begin, mark = self.position, self.text[self.position]
        position, parts = begin + 1, []
        while position < len(self.text) and self.text[position] != mark:
            if self.text[position] != "\\":
                parts.append(self.text[position])
                position += 1
                continue
            code = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))").match(self.text, position)
            if code:
                parts.append(chr(int(code[1] or code[2], 16)))
                position = code.end()
            else:
                follow = self.text[position + 1 : position + 2]
                parts.append(_ESCAPES.get(follow, follow))
                position += 2
        if position >= len(self.text):
            raise self.wrong("The quoted text is not closed.", begin, f"Close it with {mark}.")
        self.position = position + 1
        return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _regex(self) -> Regex[str]:
        match = _REGEX.match(self.text, self.position)
        if not match:
            raise self.wrong("The regular expression is not closed.", hint="It looks like /^a/i.")
        if not set(match[2]) <= _FLAGS | {"g"}:
            raise self.wrong(
                f"{match[2]} are not valid flags of a regular expression.", match.start(2), "There are i, m, s and x."
            )
        self.position = match.end()
        return Regex(match[1], match[2].replace("g", ""))

    def _called(self, begin: int) -> Any:
        """Read a word, or a constructor with arguments."""
        word = self.word()
        if word == "new":
            word = self.word()
        if word and word in _WORDS and not self.peek("("):
            return _WORDS[word]
        if word is None or word not in CONSTRUCTORS:
            known = ", ".join(sorted(CONSTRUCTORS))
            raise self.wrong(
                f"{word or self.text[begin]} is not a value.",
                begin,
                f"Put text in quotes. The known types are {known}.",
            )
        given = self.listed("(", ")") if self.peek("(") else []
        try:
            return CONSTRUCTORS[word](*given)
        except (ValueError, TypeError, ArithmeticError, AttributeError, BSONError) as error:
            raise self.wrong(
                f"The argument of {word} is not valid.", begin, str(error).split("\n")[0][:120] or None
            ) from error


def _number(text: str) -> int | float:
    plain = text.lstrip("+-")
    sign = -1 if text.startswith("-") else 1
    if plain[:2] in {"0x", "0X"}:
        return sign * int(plain, 16)
    if not plain.isdigit():
        return sign * float(plain)
    if len(plain) > len(str(2**63)) or int(plain) >= 2**63 + (sign < 0):
        raise BadInput("This number is too large for 64 bits.", hint='Write NumberDecimal("…").')
    return sign * int(plain)


def _given(mark: re.Match[str], parameters: Parameters) -> Cell:
    if isinstance(parameters, Mapping):
        if mark[1] in parameters:
            return parameters[mark[1]]
    elif mark[2] and 1 <= int(mark[2]) <= len(parameters or ()):
        return list(parameters or ())[int(mark[2]) - 1]
    raise BadInput(f"There is no value for {mark[0]}.", hint="Give it as a parameter.")


def _date(given: object = None) -> datetime:
    if given is None:
        return datetime.now(UTC)
    if isinstance(given, int | float):
        return datetime.fromtimestamp(given / 1000, UTC)
    moment = datetime.fromisoformat(str(given))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _binary(kind: int, text: str) -> Any:
    return loads(f'{{"$binary": {{"base64": "{text}", "subType": "{kind:02x}"}}}}') if text.isascii() else None


CONSTRUCTORS: Mapping[str, Callable[..., Any]] = {
    "ObjectId": lambda text=None: ObjectId(text),
    "ISODate": _date,
    "Date": _date,
    "NumberInt": int,
    "NumberLong": lambda text: Int64(int(text)),
    "Long": lambda text: Int64(int(text)),
    "NumberDecimal": lambda text: Decimal128(str(text)),
    "Decimal128": lambda text: Decimal128(str(text)),
    "Double": float,
    "Timestamp": lambda seconds, number: Timestamp(int(seconds), int(number)),
    "UUID": lambda text=None: Binary.from_uuid(uuid.UUID(text) if text else uuid.uuid4()),
    "BinData": _binary,
    "RegExp": lambda pattern, flags="": Regex(str(pattern), str(flags)),
    "MinKey": MinKey,
    "MaxKey": MaxKey,
    "NaN": lambda: float("nan"),
}
