"""Replies as rows: values as lossless cells, and columns that fit the command."""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

from headwater.catalog.results import SAFE_INTEGER, Cell, Kind, ResultColumn, Row
from headwater.engines.redis.command_text import Command
from headwater.engines.redis.resp import Pairs, Value

Columns: TypeAlias = tuple[ResultColumn, ...]
SCANS = frozenset({"SCAN", "HSCAN", "SSCAN", "ZSCAN"})
_ESCAPED = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x08: "\\b", 0x07: "\\a"}
_STREAMS = frozenset({"XRANGE", "XREVRANGE", "XCLAIM"})
_PLAIN = range(0x20, 0x7F)


def text(value: bytes) -> str:
    """Return a value as text; bytes that are not UTF-8 are quoted and escaped as in redis-cli."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return quoted(value)


def quoted(value: bytes) -> str:
    """Return bytes in quotes, escaped as redis-cli does."""
    escaped = (_ESCAPED.get(byte) or (chr(byte) if byte in _PLAIN else f"\\x{byte:02x}") for byte in value)
    return f'"{"".join(escaped)}"'


def cell(value: Value) -> Cell:
    """Return a value as a cell; nested values are JSON."""
    if isinstance(value, bytes):
        return text(value)
    if isinstance(value, list | Pairs):
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE_INTEGER:
        return str(value)
    return str(value) if isinstance(value, str) else value


def plain(value: Value) -> Any:
    """Return a value in a form that JSON can represent."""
    if isinstance(value, Pairs):
        return {str(cell(key)): plain(of) for key, of in value.items}
    return [plain(item) for item in value] if isinstance(value, list) else cell(value)


def columns(command: Command, first: Value, *, pairs: bool = False) -> Columns:
    """Return the columns of a reply by its first element; `pairs` if it is a map."""
    if pairs:
        return _named(("field", "text"), ("value", _kind(first)))
    if command.verb == "INFO":
        return _named(("section", "text"), ("name", "text"), ("value", "text"))
    if command.verb in _STREAMS and _is_entry(first):
        return _named(("id", "text"), ("fields", "json"))
    if isinstance(first, list) and len(first) == 2 and command.verb.startswith("Z"):
        return _named(("member", "text"), ("score", "number"))
    name = "key" if command.verb in {"KEYS", "SCAN", "RANDOMKEY"} else "value"
    return _named((name, _kind(first)))


def row(columns: Columns, value: Value) -> Row:
    """Return one element of a reply as a row of these columns."""
    if len(columns) == 1:
        return (cell(value),)
    if columns[-1].name == "fields" and isinstance(value, list):
        return (cell(value[0]), fields_text(value[1]))
    if isinstance(value, list) and len(value) == len(columns):
        return tuple(cell(part) for part in value)
    return (cell(value), *(None for _ in columns[1:]))


def fields(value: Value) -> dict[str, Cell]:
    """Return the fields of a stream entry, which arrive as a flat list."""
    flat = value if isinstance(value, list) else []
    return {str(cell(name)): cell(of) for name, of in zip(flat[::2], flat[1::2], strict=False)}


def fields_text(value: Value) -> str:
    """Return the fields of a stream entry as JSON."""
    return json.dumps(fields(value), ensure_ascii=False)


def info(value: bytes) -> list[Row]:
    """Return the result of INFO as rows."""
    result: list[Row] = []
    section = ""
    for line in value.decode(errors="replace").splitlines():
        if line.startswith("#"):
            section = line.strip("# ").lower()
        elif ":" in line:
            name, _, rest = line.partition(":")
            result.append((section, name, rest))
    return result


def _is_entry(value: Value) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[1], list)


def _named(*given: tuple[str, Kind]) -> Columns:
    types = {"number": "number", "json": "json", "boolean": "boolean"}
    return tuple(ResultColumn(name, types.get(kind, "string"), kind) for name, kind in given)


def _kind(value: Value) -> Kind:
    if isinstance(value, bool):
        return "boolean"
    return "json" if isinstance(value, list | Pairs) else "number" if isinstance(value, int | float) else "text"
