"""Spellings that mean the same: types and expressions in one form, so that they can be compared.

A dialect says which spellings of its own are the same (`Dialect.canonical_type`, `Dialect.canonical_expression`); what
holds for SQL in general stands here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

# A pattern of a whole type in lower case, and what it becomes.
TypeRules: TypeAlias = Sequence[tuple[re.Pattern[str], str]]
_TEXT = re.compile(r"(?:\b[en])?'(?:[^']|'')*'", re.IGNORECASE)
_NAME = re.compile(r'[`"\[]([A-Za-z_][\w$]*)[`"\]]')
_NOW = re.compile(r"\b(?:current_timestamp|now|localtimestamp|localtime)\b(?:\s*\(\s*(\d*)\s*\))?")
_AROUND = re.compile(r"\s*([(),=<>+*/|-])\s*")
_ARRAY = re.compile(r"(?P<item>.+?)(?:\s+array(?:\[\d*\])?|(?:\s*\[\d*\])+)")


def rules(*pairs: tuple[str, str]) -> TypeRules:
    """Return rules for types from patterns."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


def outside_texts(text: str, change: Callable[[str], str]) -> str:
    """Return SQL in which a function has changed all but the quoted texts."""
    pieces, at = [], 0
    for quoted in _TEXT.finditer(text):
        pieces += [change(text[at : quoted.start()]), quoted[0][quoted[0].index("'") :]]
        at = quoted.end()
    return "".join([*pieces, change(text[at:])])


@lru_cache(maxsize=65536)
def plain_type(written: str) -> str:
    """Return a type in lower case, without quotes and spaces that do not matter."""
    text = outside_texts(written, lambda part: _NAME.sub(r"\1", re.sub(r"\s+", " ", part)).lower())
    return outside_texts(text, lambda part: re.sub(r"\s*([(),])\s*", r"\1", part).replace(")", ") ")).strip()


def canonical_type(written: str, own: TypeRules) -> str:
    """Return the one spelling of a type, by rules that are applied in order; arrays have one dimension."""
    text = plain_type(written)
    if array := _ARRAY.fullmatch(text):
        return f"{canonical_type(array['item'], own)}[]"
    for pattern, replacement in own:
        if match := pattern.fullmatch(text):
            text = " ".join(match.expand(replacement).split())
    return text


@lru_cache(maxsize=65536)
def plain_expression(text: str) -> str:
    """Return an expression in lower case, with one spelling of the current time, without parentheses around it."""
    folded = outside_texts(text, lambda part: _NAME.sub(r"\1", re.sub(r"\s+", " ", part)).lower())
    spaced = outside_texts(folded, lambda part: _AROUND.sub(r"\1", part)).strip()
    return without_parentheses(outside_texts(spaced, lambda part: _NOW.sub(_now, part)))


def _now(match: re.Match[str]) -> str:
    return f"current_timestamp({match[1]})" if match[1] else "current_timestamp"


def without_parentheses(text: str) -> str:
    """Return an expression without the parentheses that enclose all of it."""
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    """Return the position of the parenthesis that closes the first one."""
    depth = 0
    bare = _TEXT.sub(lambda match: "'" + "_" * (len(match[0]) - 2) + "'", text)
    for position, character in enumerate(bare):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position
    return -1
