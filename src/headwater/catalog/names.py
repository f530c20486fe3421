"""Compares and converts names in snake_case, camelCase and PascalCase.

Names are compared as word lists, and only within a resolved model: there `userId`, `user_id` and `UserID` are the same
name; elsewhere they are unrelated.
"""

from __future__ import annotations

import re
from functools import lru_cache

# A run of capitals is one word (`URLPath` -> URL, Path; `userIDs` -> user, IDs); digits stay with the word before.
_LOW = "a-z\u0080-\U0010ffff"
_WORD = re.compile(rf"[A-Z]+s(?![{_LOW}])\d*|[A-Z]+(?![{_LOW}])\d*|[A-Z]?[{_LOW}]+\d*|\d+")


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """Split an identifier into its lower-case words, acronyms kept whole: `userID` -> ("user", "id")."""
    return tuple(word.lower() for word in _WORD.findall(name))


def same_name(left: str, right: str) -> bool:
    """Return True if two identifiers are spellings of the same words."""
    return left == right or words(left) == words(right) or "".join(words(left)) == "".join(words(right))


def snake(name: str) -> str:
    """Return an identifier in snake_case."""
    return "_".join(words(name))


def camel(name: str) -> str:
    """Return an identifier in camelCase."""
    first, *rest = words(name) or ("",)
    return first + "".join(word.capitalize() for word in rest)


def pascal(name: str) -> str:
    """Return an identifier in PascalCase."""
    return "".join(word.capitalize() for word in words(name))
