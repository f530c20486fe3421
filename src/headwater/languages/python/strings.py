"""Python string literals to facts: prefixes, escapes, f-string holes, adjacent literals."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog.facts import Chunk, Const, Expr, Text
from headwater.languages.python.grammar import kinds

_OPEN = re.compile(rb"([A-Za-z]*)('''|\"\"\"|'|\")")
_ESCAPE = re.compile(
    rb"\\(?:(?P<oct>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    rb"|N\{[^}\n]*\}|(?P<newline>\r?\n)|(?P<char>.))",
    re.DOTALL,
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}
_CONTENT, _HOLE, _STRING = kinds("string_content"), kinds("interpolation"), kinds("string")

Lower = Callable[[Node, bytes], Expr]


def text(node: Node, source: bytes, lower: Lower) -> Text | Const:
    """Lower one literal; `lower` lowers the expression inside a hole."""
    start, end = node.start_byte, node.end_byte
    opening = _OPEN.match(source, start, end)
    if opening is None:
        return Text(start, end)
    prefix = opening[1].lower()
    if b"b" in prefix:
        return Const(start, end, source[start:end].decode("utf-8", "replace"))
    inner_start = opening.end()
    inner_end = max(inner_start, end - len(opening[2]))
    if b"f" in prefix or b"t" in prefix:
        return Text(start, end, tuple(_with_holes(node, source, b"r" in prefix, lower)))
    return Text(start, end, tuple(_chunks(source, inner_start, inner_end, b"r" in prefix, False)))


def joined(node: Node, source: bytes, lower: Lower) -> Text:
    """Lower adjacent literals, which are one string."""
    parts: list[Expr] = []
    for child in node.children:
        if child.kind_id in _STRING:
            literal = text(child, source, lower)
            parts.extend(literal.parts if isinstance(literal, Text) else (literal,))
    return Text(node.start_byte, node.end_byte, tuple(parts))


def _with_holes(node: Node, source: bytes, raw: bool, lower: Lower) -> list[Expr]:
    parts: list[Expr] = []
    for child in node.children:
        kind = child.kind_id
        if kind in _CONTENT:
            parts.extend(_chunks(source, child.start_byte, child.end_byte, raw, True))
        elif kind in _HOLE:
            inside = next((c for c in child.children if c.is_named), None)
            if inside is not None:
                parts.append(lower(inside, source))
    return parts


def _chunks(source: bytes, start: int, end: int, raw: bool, braces: bool) -> list[Expr]:
    """Cut literal text at its escapes, so that every other chunk is as long as its source."""
    if raw or source.find(b"\\", start, end) < 0:
        plain = [Chunk(start, end, source[start:end].decode("utf-8", "replace"))] if end > start else []
        return _unbraced(plain) if braces else list(plain)
    parts: list[Chunk] = []
    at = start
    for escape in _ESCAPE.finditer(source, start, end):
        if escape.start() > at:
            parts.append(Chunk(at, escape.start(), source[at : escape.start()].decode("utf-8", "replace")))
        parts.append(Chunk(escape.start(), escape.end(), _unescaped(escape)))
        at = escape.end()
    if end > at:
        parts.append(Chunk(at, end, source[at:end].decode("utf-8", "replace")))
    return _unbraced(parts) if braces else list(parts)


def _unescaped(escape: re.Match[bytes]) -> str:
    kind, digits = escape.lastgroup, escape[escape.lastgroup or 0].decode("utf-8", "replace")
    if kind == "newline":
        return ""
    if kind == "oct":
        return chr(int(digits, 8))
    if kind in ("x", "u", "U"):
        code = int(digits, 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    if kind == "char":
        return _SIMPLE.get(digits, digits if digits in "\\'\"" else "\\" + digits)
    return "\ufffd"


def _unbraced(chunks: list[Chunk]) -> list[Expr]:
    """Turn the doubled braces of an f-string's text into single ones."""
    parts: list[Expr] = []
    for chunk in chunks:
        at, text_ = chunk.start, chunk.text
        while (cut := _brace(text_)) >= 0:
            size = len(text_[:cut].encode())
            if cut:
                parts.append(Chunk(at, at + size, text_[:cut]))
            parts.append(Chunk(at + size, at + size + 2, text_[cut]))
            at, text_ = at + size + 2, text_[cut + 2 :]
        if text_:
            parts.append(Chunk(at, chunk.end, text_))
    return parts


def _brace(text_: str) -> int:
    matches = [at for at in (text_.find("{{"), text_.find("}}")) if at >= 0]
    return min(matches, default=-1)
