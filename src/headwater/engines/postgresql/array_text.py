"""Parses PostgreSQL's array literals (`{1,NULL,"a b"}`) to lists."""

from __future__ import annotations

from typing import Any


def parse(text: str) -> list[Any]:
    """Return the items of an array literal as nested lists of texts or None.

    Raises:
        ValueError: this is no array literal.
    """
    start = text.find("{")  # lower bounds other than 1 come first
    if start < 0:
        raise ValueError("no array")
    items, at = _list(text, start + 1)
    if at != len(text):
        raise ValueError("more than an array")
    return items


def _list(text: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    if text[at : at + 1] == "}":
        return items, at + 1
    while at < len(text):
        item: Any
        if text[at] == "{":
            item, at = _list(text, at + 1)
        elif text[at] == '"':
            item, at = _quoted(text, at + 1)
        else:
            item, at = _bare(text, at)
        items.append(item)
        if text[at : at + 1] == "}":
            return items, at + 1
        at += 1
    raise ValueError("the array does not end")


def _quoted(text: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while text[at] != '"':
        at += text[at] == "\\"
        parts.append(text[at])
        at += 1
    return "".join(parts), at + 1


def _bare(text: str, at: int) -> tuple[str | None, int]:
    end = at
    while text[end] not in ",}":
        end += 1
    word = text[at:end]
    return (None if word.upper() == "NULL" else word), end
