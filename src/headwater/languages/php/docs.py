"""Types that PHP code states in doc comments: `@var User $user`, `@param User[] $users`, `@return Collection<User>`."""

from __future__ import annotations

import re

from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages.php.source import PhpSource, kinds

_COMMENT = kinds("comment")
_TAG = re.compile(
    rb"@(?:phpstan-|psalm-)?(var|param|return|extends)\s+([\w\\|?<>,\[\] ]*?[\w\]>])(?:\s+\$(\w+)|\s*(?=[\r\n*]))"
)
_PLAIN = frozenset({"mixed", "void", "null", "array", "object", "self", "static", "this", "callable", "iterable"})
_SCALAR = frozenset({"string", "int", "float", "bool", "integer", "boolean", "resource", "scalar", "true", "false"})


def tags(node: Node | None, source: PhpSource) -> dict[tuple[str, str], f.Expr]:
    """Return the types in a doc comment by tag and variable; "" where no variable is named."""
    if node is None or node.kind_id not in _COMMENT or source.find(b"@", node.start_byte, node.end_byte) < 0:
        return {}
    result: dict[tuple[str, str], f.Expr] = {}
    for match in _TAG.finditer(source, node.start_byte, node.end_byte):
        kind = _type(match[2].decode("utf-8", "replace"), match.start(2))
        if kind is not None:
            result.setdefault((match[1].decode(), (match[3] or b"").decode("utf-8", "replace")), kind)
    return result


def _type(text: str, at: int) -> f.Expr | None:
    """Return the first alternative of a type that is a class, or a list of one."""
    for part in _alternatives(text.strip().lstrip("?")):
        name, _, inside = part.partition("<")
        if part.endswith("[]"):
            item = _type(part[:-2], at)
            return _list(item, at) if item is not None else None
        if inside:
            item = _type(inside.rstrip(">").split(",")[-1].strip(), at)
            return _list(item, at) if item is not None else None
        if name.lower() not in _PLAIN | _SCALAR and re.fullmatch(r"\\?[\w\\]+", name):
            return _named(name, at)
    return None


def _alternatives(text: str) -> list[str]:
    """Split a type at the bars outside of its brackets."""
    parts, depth = [""], 0
    for mark in text:
        depth += (mark == "<") - (mark == ">")
        if mark == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += mark
    return [part.strip() for part in parts if part.strip()]


def _named(name: str, at: int) -> f.Expr:
    first, *rest = name.strip("\\").split("\\")
    value: f.Expr = f.Name(at, at, first)
    for part in rest:
        value = f.Attr(at, at, value, part)
    return value


def _list(item: f.Expr, at: int) -> f.Expr:
    return f.Subscript(at, at, f.Name(at, at, "list"), item)
