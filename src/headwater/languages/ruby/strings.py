"""Ruby strings, symbols and heredocs to facts; chunks keep their positions in the source."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.ruby.source import GRAMMAR, RubySource

Lower = Callable[[Node, RubySource], f.Expr]

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", "s": " ", "\n": ""}
_CODE = re.compile(r"(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}|([0-7]{1,3}))$")
_CONTENT, _HEREDOC_CONTENT = GRAMMAR.kinds("string_content"), GRAMMAR.kinds("heredoc_content")
_ESCAPE, _HOLE, _STRING = GRAMMAR.kinds("escape_sequence"), GRAMMAR.kinds("interpolation"), GRAMMAR.kinds("string")


def text(node: Node, source: RubySource, lower: Lower) -> f.Text:
    """Lower a string, a quoted symbol or a word of a word list; `lower` converts the expression in a hole."""
    return f.Text(node.start_byte, node.end_byte, tuple(parts(node, source, lower)))


def parts(node: Node, source: RubySource, lower: Lower) -> list[f.Expr]:
    """Return the chunks and holes of a literal."""
    result: list[f.Expr] = []
    for child in node.named_children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if kind in _CONTENT:
            result.append(f.Chunk(start, end, source[start:end].decode("utf-8", "replace")))
        elif kind in _HEREDOC_CONTENT:
            start += source[start : start + 1] == b"\n" and not result
            result.append(f.Chunk(start, end, source[start:end].decode("utf-8", "replace")))
        elif kind in _ESCAPE:
            body = source[start + 1 : end].decode("utf-8", "replace")
            result.append(f.Chunk(start, end, _unescape(body)))
        elif kind in _HOLE:
            result.extend(lower(inner, source) for inner in child.named_children[:1])
        elif kind in _STRING:
            result.extend(parts(child, source, lower))
    return result


def heredoc(node: Node, source: RubySource, lower: Lower) -> f.Text:
    """Lower the opening of a heredoc to the text of its body."""
    body = source.heredocs.get(node.start_byte)
    if body is None:
        return f.Text(node.start_byte, node.end_byte)
    return f.Text(node.start_byte, node.end_byte, tuple(parts(body, source, lower)))


def _unescape(body: str) -> str:
    if body in _SIMPLE:
        return _SIMPLE[body]
    code = _CODE.match(body)
    if code is None:
        return body
    value = int(code[1] or code[2] or code[3], 16) if not code[4] else int(code[4], 8)
    return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
