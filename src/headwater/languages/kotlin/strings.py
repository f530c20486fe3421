"""Kotlin string literals to facts: escapes, `$name` and `${value}`, raw strings."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog.facts import Chunk, Expr, Name, Text
from headwater.languages._grammar import Lower
from headwater.languages.kotlin.grammar import kinds, parts

_CONTENT, _ESCAPE, _HOLE = kinds("string_content"), kinds("escape_sequence"), kinds("interpolation")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "$": "$", "'": "'", '"': '"', "\\": "\\"}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def text(node: Node, source: bytes, lower: Lower) -> Expr:
    """Lower a string literal; the grammar leaves the sign of some `$name` as text of its own."""
    result: list[Expr] = []
    dollar: Chunk | None = None
    for child in node.named_children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if kind in _CONTENT:
            literal = source[start:end].decode("utf-8", "replace")
            if dollar is not None and (name := _IDENTIFIER.match(literal)):
                result[-1] = Name(start, start + len(name[0].encode()), name[0])
                start, literal = start + len(name[0].encode()), literal[name.end() :]
            dollar = Chunk(start, end, literal) if literal == "$" else None
            result.extend([Chunk(start, end, literal)] if literal else ())
            continue
        dollar = None
        if kind in _ESCAPE:
            result.append(Chunk(start, end, _unescaped(source[start + 1 : end].decode("utf-8", "replace"))))
        elif kind in _HOLE and parts(child):
            result.append(lower(parts(child)[0], source))
    return Text(node.start_byte, node.end_byte, tuple(result))


def _unescaped(body: str) -> str:
    if body in _SIMPLE:
        return _SIMPLE[body]
    if body.startswith("u") and len(body) == 5 and all(c in "0123456789abcdefABCDEF" for c in body[1:]):
        code = int(body[1:], 16)
        return chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"
    return body
