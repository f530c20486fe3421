"""The Ruby inside ERB templates, every byte at its own position: all else becomes blanks."""

from __future__ import annotations

import re

_TAG = re.compile(rb"<%(?P<kind>[%=#-]*)(?P<code>.*?)(?P<end>[-=]?%>|\Z)", re.DOTALL)
_BLANK = re.compile(rb"[^\n]")


def ruby_of(source: bytes) -> bytes:
    """Return an ERB template of which only the Ruby is left; each tag ends with a semicolon."""
    parts: list[bytes] = []
    at = 0
    for tag in _TAG.finditer(source):
        parts.append(_BLANK.sub(b" ", source[at : tag.start("code")]))
        code = tag["code"]
        if tag["kind"].startswith((b"#", b"%")) or code.lstrip().startswith(b"#"):
            parts.append(_BLANK.sub(b" ", code + tag["end"]))
        else:
            parts.append(code)
            parts.append((b" " * len(tag["end"]))[:-1] + b";" if tag["end"] else b"")
        at = tag.end()
    parts.append(_BLANK.sub(b" ", source[at:]))
    return b"".join(parts)
