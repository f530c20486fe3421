"""xorm's names: the mappers of package `names`."""

from __future__ import annotations


def snake(name: str) -> str:
    """Return the name by `SnakeMapper`: every capital is a word of its own."""
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def gonic(name: str) -> str:
    """Return the name by `GonicMapper` and `LintGonicMapper`: several capitals are one word."""
    result: list[str] = []
    for i, char in enumerate(name):
        if char.isupper() and i and not result[-1].isupper():
            result.append("_")
        if not char.isupper() and i > 1 and result[-1].isupper() and result[-2].isupper():
            result.append(result[-1])
            result[-2] = "_"
        result.append(char)
    return "".join(result).lower()


def same(name: str) -> str:
    """Return the name by `SameMapper`."""
    return name


MAPPERS = {"SnakeMapper": snake, "GonicMapper": gonic, "LintGonicMapper": gonic, "SameMapper": same}
