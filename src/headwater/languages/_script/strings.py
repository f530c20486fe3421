"""String literals and templates to facts."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog.facts import Chunk, Expr, Text

Lower = Callable[[Node, bytes], Expr]

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_CODE = re.compile(r"[xu]\{?([0-9a-fA-F]+)\}?$")


def text(node: Node, source: bytes, lower: Lower) -> Text:
    """Lower a string or template; `lower` converts the expression in a hole."""
    parts: list[Expr] = []
    for child in node.named_children:
        kind = child.type
        start, end = child.start_byte, child.end_byte
        if kind == "string_fragment":
            parts.append(Chunk(start, end, source[start:end].decode(errors="replace")))
        elif kind == "escape_sequence":
            parts.append(Chunk(start, end, _unescape(source[start + 1 : end].decode(errors="replace"))))
        elif kind == "template_substitution" and child.named_children:
            parts.append(lower(child.named_children[0], source))
    return Text(node.start_byte, node.end_byte, tuple(parts))


def _unescape(body: str) -> str:
    if body in _SIMPLE:
        return _SIMPLE[body]
    code = _CODE.match(body)
    if code is None:
        return body
    value = int(code[1], 16)
    return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
