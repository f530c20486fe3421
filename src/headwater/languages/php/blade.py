"""The PHP inside Blade templates: echoes and directives become statements, all other bytes blanks.

The result is `OPENING` and then every byte at its own distance from the start; `moved` takes the opening off the
positions again.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from headwater.catalog import facts as f

OPENING = b"<?php "
_COMMENT = re.compile(rb"\{\{--.*?--\}\}", re.DOTALL)
_PART = re.compile(
    rb"@?\{\{(?P<echo>(?!--).*?)\}\}|\{!!(?P<raw>.*?)!!\}|@php\b(?!\s*\()(?P<block>.*?)@endphp"
    rb"|<\?(?:php|=)(?P<tag>.*?)(?:\?>|\Z)|(?<![\w@])@(?P<word>[A-Za-z]+)(?P<open>[ \t]*\()?",
    re.DOTALL,
)
_BLANK = re.compile(rb"[^\n]")
_BLOCKS = {b"foreach": b"foreach", b"forelse": b"foreach", b"for": b"for", b"while": b"while", b"if": b"if"}
_ENDS = {b"endforeach": b"endforeach", b"endforelse": b"endforeach", b"endfor": b"endfor", b"endwhile": b"endwhile"}
Moved = TypeVar("Moved")


def php_of(source: bytes) -> bytes:
    """Return the PHP of a Blade template, `OPENING` before it."""
    text = _COMMENT.sub(lambda match: _BLANK.sub(b" ", match[0]), source)
    result = bytearray(_BLANK.sub(b" ", text))
    at = 0
    while (part := _PART.search(text, at)) is not None:
        at = part.end()
        group = part.lastgroup if part.lastgroup != "open" else "word"
        if group == "word":
            at = _directive(text, part, result)
        elif group is not None and not part[0].startswith(b"@{{"):
            start, end = part.span(group)
            result[start:end] = text[start:end]
            _put(result, end, b";")
    return OPENING + bytes(result)


def _directive(text: bytes, part: re.Match[bytes], result: bytearray) -> int:
    """Write what a directive means; return where the search goes on."""
    word, start, end = part["word"], part.start("word"), part.end("word")
    if part["open"] is None:
        if word in _ENDS:
            _put(result, start, _ENDS[word] + b";")
        elif word == b"endif":
            _put(result, start, b"endif;")
        elif word == b"else":
            _put(result, start, b"else:")
        return end
    close = _closing(text, part.end() - 1)
    inside = part.end() - 1
    result[inside:close] = text[inside:close]
    if word in _BLOCKS:
        keyword = _BLOCKS[word]
        _put(result, end - len(keyword), keyword)
        _put(result, close, b":")
    elif word == b"elseif":
        _put(result, start, word)
        _put(result, close, b":")
    else:
        _put(result, end - 1, b"f")
        _put(result, close, b";")
    return close


def _put(result: bytearray, at: int, word: bytes) -> None:
    result[at : at + len(word)] = word


def _closing(text: bytes, at: int) -> int:
    """Return the end of the parenthesis that opens here."""
    depth, quote = 0, 0
    end = min(len(text), at + 20_000)
    for index in range(at, end):
        byte = text[index]
        if quote:
            if byte == quote and text[index - 1] != 0x5C:
                quote = 0
        elif byte in b"\"'":
            quote = byte
        elif byte == 0x28:
            depth += 1
        elif byte == 0x29:
            depth -= 1
            if depth == 0:
                return index + 1
    return end


def moved(value: Moved, size: int) -> Moved:
    """Return facts of a template of this size, positions as much nearer to the start as `OPENING` is long."""
    if isinstance(value, tuple):
        return tuple(moved(item, size) for item in value)  # type: ignore[return-value]
    if not isinstance(value, f.Node):
        return value
    changes: dict[str, object] = {}
    for field in value.__struct_fields__:
        inner = getattr(value, field)
        if field in ("start", "end"):
            changes[field] = min(max(0, inner - len(OPENING)), size)
        elif isinstance(inner, (tuple, f.Node)):
            changes[field] = moved(inner, size)
    return msgspec.structs.replace(value, **changes)
