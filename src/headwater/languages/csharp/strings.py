"""C# string literals to facts: regular, verbatim, raw and interpolated ones, escapes and doubled signs cut out."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog.facts import Chunk, Expr, Text
from headwater.languages._grammar import Lower
from headwater.languages.csharp.grammar import kinds

_CONTENT, _ESCAPE = kinds("string_literal_content", "string_content", "raw_string_content"), kinds("escape_sequence")
_HOLE, _START = kinds("interpolation"), kinds("interpolation_start")
_RAW = kinds("raw_string_content")
_NOT_VALUE = kinds("interpolation_brace", "interpolation_format_clause", "interpolation_alignment_clause", "comment")
_DOUBLED = {
    (True, False): re.compile(r'""'),
    (False, True): re.compile(r"\{\{|\}\}"),
    (True, True): re.compile(r'""|\{\{|\}\}'),
}
_SIMPLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "a": "\a",
    "0": "\0",
    "e": "\x1b",
}


def text(node: Node, source: bytes) -> Expr:
    """Lower a regular or raw string literal; a raw one loses the line break after its opening."""
    parts: list[Expr] = []
    for child in node.named_children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if kind in _CONTENT:
            literal = source[start:end].decode("utf-8", "replace")
            if kind in _RAW and literal.lstrip(" \t\r").startswith("\n"):
                cut = literal.index("\n") + 1
                start, literal = start + len(literal[:cut].encode()), literal[cut:]
            parts.extend([Chunk(start, end, literal)] if literal else ())
        elif kind in _ESCAPE:
            parts.append(Chunk(start, end, _unescaped(source[start + 1 : end].decode("utf-8", "replace"))))
    return Text(node.start_byte, node.end_byte, tuple(parts))


def verbatim(node: Node, source: bytes) -> Expr:
    """Lower `@"…"`, where a doubled quote is one."""
    start, end = node.start_byte, node.end_byte
    at = min(source.find(b'"', start, end) + 1 or start, end)
    return Text(start, end, tuple(_undoubled(source, at, max(at, end - 1), quotes=True, braces=False)))


def interpolated(node: Node, source: bytes, lower: Lower) -> Expr:
    """Lower `$"…{hole}…"` in all its forms; `lower` lowers the expression in a hole."""
    parts: list[Expr] = []
    opening = next((source[c.start_byte : c.end_byte] for c in node.children if c.kind_id in _START), b"")
    raw = source[node.start_byte : node.end_byte].lstrip(b"$@").startswith(b'"""')
    for child in node.named_children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if kind in _CONTENT:
            parts.extend(_undoubled(source, start, end, quotes=b"@" in opening, braces=not raw))
        elif kind in _ESCAPE:
            parts.append(Chunk(start, end, _unescaped(source[start + 1 : end].decode("utf-8", "replace"))))
        elif kind in _HOLE:
            inside = next((c for c in child.named_children if c.kind_id not in _NOT_VALUE), None)
            parts.extend([lower(inside, source)] if inside is not None else ())
    return Text(node.start_byte, node.end_byte, tuple(parts))


def _undoubled(source: bytes, start: int, end: int, *, quotes: bool, braces: bool) -> list[Expr]:
    """Cut text at its doubled signs, so that every other chunk is as long as its source."""
    if end <= start:
        return []
    literal = source[start:end].decode("utf-8", "replace")
    pattern = _DOUBLED.get((quotes, braces))
    if pattern is None or not pattern.search(literal):
        return [Chunk(start, end, literal)]
    parts: list[Expr] = []
    at = position = 0
    for match in pattern.finditer(literal):
        before = literal[at : match.start()]
        size = len(before.encode())
        if before:
            parts.append(Chunk(start + position, start + position + size, before))
        position += size
        parts.append(Chunk(start + position, start + position + 2, match[0][0]))
        position, at = position + 2, match.end()
    if at < len(literal):
        parts.append(Chunk(start + position, end, literal[at:]))
    return parts


def _unescaped(body: str) -> str:
    if body in _SIMPLE:
        return _SIMPLE[body]
    if body[:1] in ("u", "U", "x") and len(body) > 1:
        code = int(body[1:], 16) if all(c in "0123456789abcdefABCDEF" for c in body[1:]) else 0xFFFD
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return body
