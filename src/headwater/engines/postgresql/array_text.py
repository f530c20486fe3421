"""Parses and writes PostgreSQL's array literals (`{1,NULL,"a b"}`)."""

from __future__ import annotations

from typing import Any

import msgspec


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


def from_json(text: str, *, of_json: bool = False) -> str | None:
    """Return the literal of an array that is written as JSON, or None if the text is no JSON array.

    Lists inside are further dimensions, or with `of_json` items as objects are. Numbers keep their digits.
    """
    try:
        items = msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        return None  # a literal, which may begin with its bounds: [0:1]={1,2}
    return "{" + ",".join(_written(bytes(item).decode(), of_json) for item in items) + "}"


def _written(item: str, of_json: bool) -> str:
    if item == "null":
        return "NULL"
    if item.startswith("[") and not of_json:
        return from_json(item) or ""
    text = msgspec.json.decode(item) if item.startswith('"') and not of_json else item
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
