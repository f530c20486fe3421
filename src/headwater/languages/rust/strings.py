"""Rust string literals to facts, and format strings, whose braces become holes."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.rust.grammar import GRAMMAR, Code

_ESCAPE = GRAMMAR.kinds("escape_sequence")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "'": "'"}
_HOLE = re.compile(r"\{\{|\}\}|\{([^{}:]*)(?::[^{}]*)?\}")
_NAME = re.compile(r"[A-Za-z_]\w*")


def text(node: Node, code: Code) -> f.Expr:
    """Lower a string literal; the escaped end of a line swallows the blanks that follow it."""
    start, end = node.start_byte, node.end_byte
    if code.source[start : start + 2].lower() in (b'b"', b"br"):
        return f.Const(start, end, code.word(node))
    parts: list[f.Expr] = []
    for child in node.named_children:
        first, last = child.start_byte, child.end_byte
        written = code.source[first:last].decode("utf-8", "replace")
        if child.kind_id in _ESCAPE:
            parts.append(f.Chunk(first, last, _unescaped(written)))
            continue
        if parts and isinstance(parts[-1], f.Chunk) and code.source[first - 1 : first] == b"\n" and not parts[-1].text:
            stripped = written.lstrip()
            first, written = last - len(stripped.encode()), stripped
        if written:
            parts.append(f.Chunk(first, last, written))
    return f.Text(start, end, tuple(parts))


def _unescaped(written: str) -> str:
    kind = written[1:2]
    if kind in "\r\n":
        return ""
    digits = written[3:-1] if kind == "u" else written[2:] if kind == "x" else ""
    if digits:
        try:
            value = int(digits.replace("_", ""), 16)
        except ValueError:
            return "\ufffd"
        return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
    return _SIMPLE.get(kind, kind)


def formatted(literal: f.Text, args: tuple[f.Expr, ...], named: dict[str, f.Expr]) -> f.Text:
    """Return the format string of `format!` and its like with its arguments in place of its braces."""
    parts: list[f.Expr] = []
    count = 0
    for part in literal.parts:
        if not isinstance(part, f.Chunk) or part.end - part.start != len(part.text.encode()) or "{" not in part.text:
            parts.append(part)
            continue
        position = 0
        for match in _HOLE.finditer(part.text):
            parts.extend(_cut(part, position, match.start()))
            position = match.end()
            start, end = _range(part, match.start(), position)
            if match[0] in ("{{", "}}"):
                parts.append(f.Chunk(start, end, match[0][0]))
                continue
            key = (match[1] or "").strip()
            number = int(key) if key.isdigit() else count
            count += not key
            parts.append(_argument(key, number, args, named, (start, end)))
        parts.extend(_cut(part, position, len(part.text)))
    return f.Text(literal.start, literal.end, tuple(parts))


def _argument(
    key: str, number: int, args: tuple[f.Expr, ...], named: dict[str, f.Expr], span: tuple[int, int]
) -> f.Expr:
    if key in named:
        return named[key]
    if _NAME.fullmatch(key):
        return f.Name(span[0], span[1], key)
    return args[number] if number < len(args) else f.Const(span[0], span[1], "{}")


def _range(chunk: f.Chunk, first: int, last: int) -> tuple[int, int]:
    start = chunk.start + len(chunk.text[:first].encode())
    return start, start + len(chunk.text[first:last].encode())


def _cut(chunk: f.Chunk, first: int, last: int) -> list[f.Expr]:
    return [f.Chunk(*_range(chunk, first, last), chunk.text[first:last])] if last > first else []
