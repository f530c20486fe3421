"""Durations as people type them: `30m`, `12h`, `7d`."""

from __future__ import annotations

from headwater.kit.errors import BadInput

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(text: str) -> int:
    """Return the seconds of a duration.

    Raises:
        BadInput: the text is not a duration.
    """
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdecimal()):
        raise BadInput(f"{text!r} is not a duration.", hint="Use a form such as 30m, 12h or 7d.")
    return int(number) * unit
