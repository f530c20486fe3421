"""What a new password must be: long, not common in any spelling, and not made of what is known about its user."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from headwater.kit.errors import Invalid

MINIMUM, MAXIMUM = 10, 256
RULES = (
    f"At least {MINIMUM} characters; several words are good.",
    "No common or leaked password, also with capitals, digits and symbols in it (P@ssw0rd2024!).",
    "Not made of your name, address or organization.",
)
COMMENT = "#!"
FREQUENT = 1000
"""How many of the most common passwords are also refused in pairs."""
LONGEST_TAIL = 6
"""Digits and symbols around a common password do not make it a better one, up to this many."""
SHORTEST_KNOWN = 4
"""Shorter parts of a name or address may be in a password."""
FEWEST_OTHERS = 5
"""How many letters a password must have besides those of a name or address."""
_LEET = str.maketrans({"@": "a", "4": "a", "3": "e", "0": "o", "$": "s", "5": "s", "7": "t", "+": "t", "8": "b"})
_ONES = ("i", "l")
_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
)


@cache
def common_passwords() -> dict[str, int]:
    """Return the most common passwords with their ranks."""
    text = files("headwater.features.accounts").joinpath("common_passwords.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(COMMENT)]
    return {line: rank for rank, line in enumerate(lines)}


def check_rules(password: str, email: str, field: str = "password", names: Iterable[str] = ()) -> None:
    """Raise Invalid with the reason when a new password is too weak.

    Args:
        password: the new password.
        email: the address of its user.
        field: what the error is about.
        names: other names that are known about the user: the user's own, those of organizations.
    """
    if len(password) < MINIMUM:
        raise Invalid({field: f"Use at least {MINIMUM} characters."})
    if len(password) > MAXIMUM:
        raise Invalid({field: f"Use at most {MAXIMUM} characters."})
    folded = _folded(password)
    if folded in {_folded(email), _folded(email.split("@")[0])}:
        raise Invalid({field: "The password must not be your email address."})
    if _is_common(folded):
        raise Invalid({field: "This password is too common, or only a common one is changed a little."})
    if _is_known([email, *names], folded):
        raise Invalid({field: "The password is made of your name, your address or your organization."})


def _folded(text: str) -> str:
    """Return a text without differences of case, width and accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _spellings(folded: str) -> set[str]:
    """Return what a password may be a spelling of: with letters for the digits and symbols that look like them."""
    return {folded, *(folded.translate(_LEET).translate(dict.fromkeys(map(ord, "1!|"), one)) for one in _ONES)}


def _is_common(folded: str) -> bool:
    compact = re.sub(r"\s", "", folded)
    if len(set(compact)) < 4:
        return True
    for core in _cores(compact):
        if any(_is_listed(spelling) for spelling in _spellings(core)):
            return True
    return _is_walk(compact)


def _cores(compact: str) -> set[str]:
    """Return a password, and it without some digits and symbols before and after it."""
    match = re.fullmatch(r"([\W\d_]*)(.*?)([\W\d_]*)", compact, re.DOTALL)
    assert match
    before, core, after = match.groups()
    cores = {compact}
    for kept_before in {"", before}:
        for kept_after in {"", after, after[:1], after[:2]}:
            tail = len(compact) - len(kept_before) - len(core) - len(kept_after)
            if core and (tail <= LONGEST_TAIL or (_is_simple(before) and _is_simple(after))):
                cores.add(kept_before + core + kept_after)
    return cores


def _is_simple(tail: str) -> bool:
    """Return True for digits that are common themselves, such as 12345678."""
    return not tail or tail in common_passwords() or _is_walk(tail)


def _is_listed(text: str) -> bool:
    """Return True for a common password, the repetition of a text, and two very common passwords in a row."""
    known = common_passwords()
    if text in known:
        return True
    unit = _unit(text)
    if unit != text and (len(unit) <= SHORTEST_KNOWN or unit in known):
        return True
    pairs = ((text[:cut], text[cut:]) for cut in range(4, len(text) - 3))
    return any(known.get(first, FREQUENT) < FREQUENT and known.get(last, FREQUENT) < FREQUENT for first, last in pairs)


def _unit(text: str) -> str:
    """Return the shortest text of which this is a repetition."""
    position = (text + text).find(text, 1)
    return text[:position]


def _is_walk(text: str) -> bool:
    """Return True if a text only follows rows of a keyboard, or the alphabet, in few runs."""
    runs, position = 0, 0
    while position < len(text):
        length = _run(text[position:])
        if length < 3:
            return False
        runs, position = runs + 1, position + length
    return 0 < runs <= 4


def _run(text: str) -> int:
    """Return how long the start of a text follows a row, in either direction."""
    rows = [row for keys in _ROWS for row in (keys, keys[::-1])]
    return max((length for length in range(len(text), 0, -1) if any(text[:length] in row for row in rows)), default=0)


def _is_known(texts: Sequence[str], folded: str) -> bool:
    """Return True if little is left of a password without the names and the address of its user."""
    words = {word for text in texts for word in re.split(r"[\W_]+", _folded(text)) if len(word) >= SHORTEST_KNOWN}
    for spelling in _spellings(folded):
        rest = spelling
        for word in sorted(words | {"headwater"}, key=len, reverse=True):
            rest = rest.replace(word, " ")
        if rest != spelling and sum(char.isalpha() for char in rest) < FEWEST_OTHERS:
            return True
    return False
