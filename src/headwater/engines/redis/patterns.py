"""Groups keys by common parts of their names: `user:17` and `user:42` become `user:*`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

SEPARATOR = ":"
ANY = "*"
# If one part of the name has more different words than this, they are values.
MANY_WORDS = 20
MANY_FIRST_WORDS = 100
FEW = 3
_VALUE = re.compile(
    r"\{?(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=\D*\d)[0-9a-f]{8,}|(?=\D*\d)[\w-]{16,}"
    r"|[^@\s]+@[^@\s]+|\d{4}-\d\d(?:-\d\d)?[\dTtZz.+-]*|\d+(?:\.\d+)+)\}?$",
    re.IGNORECASE,
)


def grouped(keys: Iterable[str]) -> Mapping[str, list[str]]:
    """Return keys by their pattern, patterns in order."""
    groups: dict[str, list[str]] = {}
    _group([(key.split(SEPARATOR), key) for key in keys], 0, (), groups)
    return dict(sorted(groups.items()))


def _group(
    keys: Sequence[tuple[list[str], str]], depth: int, before: tuple[str, ...], groups: dict[str, list[str]]
) -> None:
    ended = [key for parts, key in keys if len(parts) == depth]
    if ended:
        groups.setdefault(SEPARATOR.join(before), []).extend(ended)
    by_word: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
    for parts, key in keys:
        if len(parts) > depth:
            by_word[ANY if _VALUE.match(parts[depth]) else parts[depth]].append((parts, key))
    words = [word for word in by_word if word != ANY]
    if _are_values(words, by_word, depth):
        for word in words:
            by_word[ANY].extend(by_word.pop(word))
    for word, those in by_word.items():
        _group(those, depth + 1, (*before, word), groups)


def _are_values(words: Sequence[str], by_word: Mapping[str, Sequence[tuple[list[str], str]]], depth: int) -> bool:
    if len(words) > (MANY_WORDS if depth else MANY_FIRST_WORDS):
        return True
    # Single words beside values, or each followed by the same words, are values: alice, bob, carol.
    if not depth or len(words) < FEW:
        return bool(depth and words and ANY in by_word)
    return all(len(by_word[word]) == 1 for word in words)
