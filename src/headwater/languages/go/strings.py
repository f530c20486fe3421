"""Go string literals to facts, and the format strings of `fmt.Sprintf`, whose verbs become holes."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.go.grammar import GRAMMAR

_ESCAPE = GRAMMAR.kinds("escape_sequence")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}
# Formatting verbs of package fmt: flags, width, precision, the explicit index of an argument, the verb.
_VERB = re.compile(r"%(?:%|[-+# 0]*(?:\[(\d+)\])?(?:\d+|\*)?(?:\.(?:\d+|\*)?)?(?:\[(\d+)\])?[a-zA-Z])")


def interpreted(node: Node, source: bytes) -> f.Text:
    """Lower `"text"`: each escape sequence is a chunk of its own."""
    parts: list[f.Expr] = []
    for child in node.named_children:
        start, end = child.start_byte, child.end_byte
        written = source[start:end].decode("utf-8", "replace")
        parts.append(f.Chunk(start, end, _unescaped(written) if child.kind_id in _ESCAPE else written))
    return f.Text(node.start_byte, node.end_byte, tuple(parts))


def raw(node: Node, source: bytes) -> f.Text:
    """Lower a raw string between backquotes."""
    start, end = node.start_byte, node.end_byte
    first, last = start + 1, max(start + 1, end - 1)
    chunks = (f.Chunk(first, last, source[first:last].decode("utf-8", "replace")),) if last > first else ()
    return f.Text(start, end, chunks)


def _unescaped(written: str) -> str:
    kind, digits = written[1:2], written[1:]
    if kind in "xuU" and kind:
        digits, base = written[2:], 16
    elif kind.isdigit():
        base = 8
    else:
        return _SIMPLE.get(kind, kind)
    try:
        code = int(digits, base)
    except ValueError:
        return "\ufffd"
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def formatted(text: f.Text, args: tuple[f.Expr, ...]) -> f.Text:
    """Return a format string with its arguments in place of its verbs."""
    parts: list[f.Expr] = []
    count = 0
    for part in text.parts:
        if not isinstance(part, f.Chunk) or part.end - part.start != len(part.text.encode()):
            parts.append(part)
            continue
        position = 0
        for match in _VERB.finditer(part.text):
            parts.extend(_cut(part, position, match.start()))
            position = match.end()
            if match[0] == "%%":
                parts.append(f.Chunk(*_range(part, match.start(), position), "%"))
                continue
            number = int(match[1] or match[2] or count + 1)
            count = number
            start, end = _range(part, match.start(), position)
            parts.append(args[number - 1] if 0 < number <= len(args) else f.Const(start, end, match[0]))
        parts.extend(_cut(part, position, len(part.text)))
    return f.Text(text.start, text.end, tuple(parts))


def _range(chunk: f.Chunk, first: int, last: int) -> tuple[int, int]:
    start = chunk.start + len(chunk.text[:first].encode())
    return start, start + len(chunk.text[first:last].encode())


def _cut(chunk: f.Chunk, first: int, last: int) -> list[f.Expr]:
    return [f.Chunk(*_range(chunk, first, last), chunk.text[first:last])] if last > first else []
