"""Damages code as people and tools do while they write it: what is cut, doubled, renamed, swapped or nested."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
SPANS = (1, 1, 2, 4, 12, 60)
DEPTHS = (5, 50, 300)
TROUBLE = (
    *"(){}[],;:.='\"`\n\0\\#<>@&|$?*",
    *("é", "𝕏", "**", "...", "->", "=>", "::", "//", "/*", "''", "[]", "{}", "()", "[1:2]", "%s", "$1"),
    *("None", "null", "nil", "true", "0", "-1", "1.5", "99999999999999999999", "lambda x: x"),
    *("self", "this", "super", "await", "return"),
)
Change = Callable[[random.Random, list[str], int, int], list[str]]


def mutated(source: random.Random, text: str) -> str:
    """Return the text after one to six changes of its tokens."""
    tokens = TOKEN.findall(text)
    for _ in range(source.choice((1, 1, 1, 2, 3, 6))):
        if tokens:
            begin = source.randrange(len(tokens))
            end = min(len(tokens), begin + source.choice(SPANS))
            tokens = source.choice(CHANGES)(source, tokens, begin, end)
    return "".join(tokens)


def _delete(_: random.Random, tokens: list[str], begin: int, end: int) -> list[str]:
    return tokens[:begin] + tokens[end:]


def _cut(_: random.Random, tokens: list[str], begin: int, __: int) -> list[str]:
    return tokens[:begin]


def _repeat(source: random.Random, tokens: list[str], begin: int, end: int) -> list[str]:
    other = source.randrange(len(tokens))
    return tokens[:other] + tokens[begin:end] + tokens[other:]


def _trouble(source: random.Random, tokens: list[str], begin: int, end: int) -> list[str]:
    return [*tokens[:begin], source.choice(TROUBLE), *tokens[source.choice((begin, begin + 1, end)) :]]


def _swap(source: random.Random, tokens: list[str], begin: int, _: int) -> list[str]:
    other, changed = source.randrange(len(tokens)), list(tokens)
    changed[begin], changed[other] = changed[other], changed[begin]
    return changed


def _copy(source: random.Random, tokens: list[str], begin: int, _: int) -> list[str]:
    return [*tokens[:begin], source.choice(tokens), *tokens[begin + 1 :]]


def _rename(source: random.Random, tokens: list[str], _: int, __: int) -> list[str]:
    words = [token for token in tokens if token.isidentifier()]
    if not words:
        return tokens
    old, new = source.choice(words), source.choice(words)
    return [new if token == old else token for token in tokens]


def _nest(source: random.Random, tokens: list[str], begin: int, end: int) -> list[str]:
    left, right = source.choice(("()", "[]", "{}"))
    depth = source.choice(DEPTHS)
    return [*tokens[:begin], *left * depth, *tokens[begin:end], *right * depth, *tokens[end:]]


# Changes that leave much of the code as it was come up more often.
CHANGES: tuple[Change, ...] = (
    *(_delete, _repeat, _trouble, _swap, _copy, _rename) * 3,
    _cut,
    _nest,
)
