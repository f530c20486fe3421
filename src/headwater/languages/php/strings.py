"""PHP strings, heredocs and nowdocs to facts; chunks keep their positions in the source."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.php.source import SKIPPED, Lower, PhpSource, kinds

_CONTENT, _ESCAPE = kinds("string_content", "nowdoc_string"), kinds("escape_sequence")
_BODIES, _NOTHING = kinds("heredoc_body", "nowdoc_body"), kinds(*SKIPPED)
_SIMPLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "v": "\v",
    "f": "\f",
    "e": "\x1b",
    "0": "\0",
    "\\": "\\",
    "$": "$",
    '"': '"',
}
_CODE = re.compile(r"(?:x([0-9a-fA-F]{1,2})|u\{([0-9a-fA-F]+)\}|([0-7]{1,3}))$")


def text(node: Node, source: PhpSource, lower: Lower) -> f.Text:
    """Lower a string; `lower` converts the expression in a hole. Lines of a heredoc stay apart."""
    return f.Text(node.start_byte, node.end_byte, tuple(_parts(node, source, lower)))


def _parts(node: Node, source: PhpSource, lower: Lower) -> list[f.Expr]:
    result: list[f.Expr] = []
    end_of_last = -1
    for child in node.named_children:
        kind, start, end = child.kind_id, child.start_byte, child.end_byte
        if kind in _CONTENT:
            # The newlines between the lines of a heredoc belong to no node of the grammar.
            gap = source[end_of_last:start] if 0 <= end_of_last < start else b""
            if gap and not gap.strip(b"} \t\r\n"):
                start -= len(gap) - gap.startswith(b"}")
            result.append(f.Chunk(start, end, source[start:end].decode("utf-8", "replace")))
        elif kind in _ESCAPE:
            result.append(f.Chunk(start, end, _unescape(source[start + 1 : end].decode("utf-8", "replace"))))
        elif kind in _BODIES:
            result.extend(_parts(child, source, lower))
        elif kind not in _NOTHING:
            result.append(lower(child, source))
        end_of_last = end
    return result


def _unescape(body: str) -> str:
    if body in _SIMPLE:
        return _SIMPLE[body]
    code = _CODE.match(body)
    if code is None:
        return body if body == "'" else "\\" + body
    value = int(code[3], 8) if code[3] else int(code[1] or code[2], 16)
    return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
