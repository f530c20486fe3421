"""The values of SQLite: as cells of a result, as SQL constants, and as parameters of an INSERT.

SQLite has types of values, not of columns. Copies and exports as SQL keep the storage class of each value, so they
read the driver's values, not cells: in a cell, the text `\\x00ff` and a blob of these bytes look the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from headwater.catalog.results import SAFE_INTEGER, Cell

# Steps of the exponent: powers of two that every version parses without rounding.
_STEP = 52
_DIGITS = 15
ODD_MARK = "[not UTF-8] "
_ESCAPE = re.compile(rb"\\(?:\\|x(?P<digits>[0-9a-f]{2}))")


class OddText(str):
    """Text that is not UTF-8, in a readable form: marked, invalid bytes and backslashes escaped.

    `stored` are its bytes. It can be inserted only as a blob that is cast to text.
    """

    __slots__ = ("stored",)
    stored: bytes

    def __new__(cls, stored: bytes) -> OddText:
        """Return the text for its bytes."""
        escaped = stored.replace(b"\\", b"\\\\").decode(errors="backslashreplace")
        text = super().__new__(cls, ODD_MARK + escaped)
        text.stored = stored
        return text


def text_of(stored: bytes) -> str:
    """Return stored text, also if it is not UTF-8; for `Connection.text_factory`."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return OddText(stored)


def value_given(cell: Cell) -> Cell:
    """Return a cell that a user gives back, such as a key of the grid, as the value that it stands for."""
    if not isinstance(cell, str) or not cell.startswith(ODD_MARK):
        return cell
    escaped = cell.removeprefix(ODD_MARK).encode()
    text = text_of(
        _ESCAPE.sub(lambda match: bytes.fromhex(match["digits"].decode()) if match["digits"] else b"\\", escaped)
    )
    return text if isinstance(text, OddText) and text == cell else cell


def cell_of(value: Any) -> Cell:
    """Return a value of SQLite as a cell of a result."""
    match value:
        case None:
            return None
        case str():
            return str(value)
        case int():
            return value if -SAFE_INTEGER <= value <= SAFE_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
        case _:
            return "\\x" + bytes(value).hex()


def placeholders(row: Sequence[Any]) -> str:
    """Return the placeholders for the values of a row."""
    return ", ".join("CAST(? AS TEXT)" if isinstance(value, OddText) else "?" for value in row)


def bindable(row: Iterable[Any]) -> list[Any]:
    """Return the values of a row as parameters for `placeholders`."""
    return [value.stored if isinstance(value, OddText) else value for value in row]


def literal(value: Any) -> bytes:
    """Return a value as a constant, or an expression of constants, with its storage class and exact bits."""
    match value:
        case None:
            return b"NULL"
        case float():
            return _real(value).encode()
        case int():
            # The smallest integer cannot be a literal: without its sign it is too large.
            return str(value).encode() if value > -(2**63) else b"(-9223372036854775807 - 1)"
        case OddText():
            return _text(value.stored, odd=True)
        case str():
            return _text(value.encode())
        case _:
            return b"x'" + bytes(value).hex().encode() + b"'"


def _text(text: bytes, *, odd: bool = False) -> bytes:
    # The program ends a text at a NUL, and removes a carriage return at the end of a line.
    if odd or b"\0" in text or b"\r" in text:
        return b"CAST(x'" + text.hex().encode() + b"' AS TEXT)"
    return b"'" + text.replace(b"'", b"''") + b"'"


def _real(value: float) -> str:
    """Return a real number; one with many digits as an integer times powers of two, which is never rounded."""
    if math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    digits = repr(value)
    front, _, ten = digits.partition("e")
    few = sum(character.isdigit() for character in front.strip("-0.")) <= _DIGITS
    if few and abs(int(ten or 0)) <= _DIGITS:
        return digits
    mantissa, exponent = math.frexp(value)
    whole, power = int(mantissa * 2**53), exponent - 53
    while whole % 2 == 0:
        whole, power = whole // 2, power + 1
    sign = "*" if power > 0 else "/"
    steps = [_STEP] * (abs(power) // _STEP) + [abs(power) % _STEP]
    return f"({whole}{''.join(f'{sign}{2**step}.0' for step in steps)})"
