"""Java string literals and text blocks to facts: escapes cut out, and the indentation of text blocks removed."""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog.facts import Chunk, Expr, Text
from headwater.languages.java.grammar import kinds

_FRAGMENT = kinds("string_fragment")
_BLOCK, _ESCAPE = kinds("multiline_string_fragment"), kinds("escape_sequence")
_SIMPLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "s": " ",
    "0": "\0",
    "\n": "",
    "\r\n": "",
}


def text(node: Node, source: bytes) -> Expr:
    """Lower a string literal; a text block loses the line break after its opening."""
    parts: list[Expr] = []
    for child in node.named_children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if kind in _FRAGMENT or kind in _BLOCK:
            literal = source[start:end].decode("utf-8", "replace")
            if kind in _BLOCK and not parts and literal.lstrip(" \t\r").startswith("\n"):
                cut = literal.index("\n") + 1
                start, literal = start + len(literal[:cut].encode()), literal[cut:]
            if literal:
                parts.append(Chunk(start, end, literal))
        elif kind in _ESCAPE:
            parts.append(Chunk(start, end, _unescaped(source[start + 1 : end].decode("utf-8", "replace"))))
    return Text(node.start_byte, node.end_byte, tuple(parts))


def _unescaped(body: str) -> str:
    if body in _SIMPLE:
        return _SIMPLE[body]
    if body.startswith("u"):
        digits = body.lstrip("u")
        code = int(digits, 16) if digits and all(c in "0123456789abcdefABCDEF" for c in digits) else 0xFFFD
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    if body.isdigit() and body.isascii() and all(c < "8" for c in body):
        return chr(int(body, 8))
    return body
