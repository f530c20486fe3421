"""Strings as ropes: the text of a string expression with constants inserted, and the source position of each part.

A rope is a sequence of pieces. A literal piece maps to bytes of the source; a hole stands for an unknown value, and is
filled in the text so that the SQL around it still parses: with a name, or with blanks where a whole clause may be
missing. After JSquash (Seipel et al., 2009): string values are traced back to their literals.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name

_PRINTF = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[sdifrx]")
_BRACES = re.compile(r"\{\{|\}\}|\{[^{}\n]*\}")
_RAW_SQL = {"text", "raw", "sql", "literal", "Raw", "SQL", "RawSQL", "literal_column", "dedent", "cleandoc", "fragment"}
_JOINS = frozenset({"join", "Join", "joinToString"})
_STRIPPING = {
    *("strip", "lstrip", "rstrip", "trim", "trimStart", "trimEnd", "as_string"),
    *("squish", "squeeze", "chomp", "strip_heredoc", "freeze", "html_safe"),
}
_COLUMN_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,2}")
_MAX_DEPTH = 12


class Piece(msgspec.Struct, frozen=True):
    """Text with its source bytes; a hole has no text of its own. `start` is -1 for text from elsewhere."""

    text: str
    start: int
    end: int
    hole: bool = False


Rope = tuple[Piece, ...]
Lookup = Callable[[str], f.Expr | f.Function | None]


def rope_of(expr: f.Expr, lookup: Lookup, depth: int = 0) -> Rope | None:
    """Return the rope of a string expression, or None if it is not a string.

    Args:
        expr: any expression.
        lookup: the one expression that a name stands for where `expr` is, or None.
        depth: how many names have been followed to get here.
    """
    if depth > _MAX_DEPTH:
        return None
    handler = _HANDLERS.get(type(expr))
    return handler(expr, lookup, depth) if handler else None


def _text(expr: f.Text, lookup: Lookup, depth: int) -> Rope:
    pieces: list[Piece] = []
    for part in expr.parts:
        if isinstance(part, f.Chunk):
            pieces.append(Piece(part.text, part.start, part.end))
        else:
            pieces.extend(_inner(part, lookup, depth))
    return tuple(pieces)


def _inner(part: f.Expr, lookup: Lookup, depth: int) -> Rope:
    return rope_of(part, lookup, depth + 1) or (Piece("", part.start, part.end, hole=True),)


def _name(expr: f.Name, lookup: Lookup, depth: int) -> Rope | None:
    value = lookup(expr.id)
    return None if value is None or isinstance(value, f.Function) else rope_of(value, lookup, depth + 1)


def _member(expr: f.Attr, lookup: Lookup, depth: int) -> Rope | None:
    """Return the text before a method that is called without parentheses (Ruby), or of a member of a constant object.

    `lookup` knows members by their dotted names.
    """
    if expr.name in _STRIPPING:
        return rope_of(expr.value, lookup, depth + 1)
    name = dotted_name(expr)
    value = lookup(name) if name else None
    return rope_of(value, lookup, depth + 1) if isinstance(value, f.Text) else None


def _binary(expr: f.Binary, lookup: Lookup, depth: int) -> Rope | None:
    if expr.op == "+":
        left, right = rope_of(expr.left, lookup, depth + 1), rope_of(expr.right, lookup, depth + 1)
        if left is None and right is None:
            return None
        hole_left = (Piece("", expr.left.start, expr.left.end, hole=True),)
        hole_right = (Piece("", expr.right.start, expr.right.end, hole=True),)
        return (*(left or hole_left), *(right or hole_right))
    if expr.op == "%":
        left = rope_of(expr.left, lookup, depth + 1)
        return _with_holes(left, _PRINTF) if left else None
    if expr.op in ("or", "||", "??"):
        return rope_of(expr.left, lookup, depth + 1)
    return None


def _call(expr: f.Call, lookup: Lookup, depth: int) -> Rope | None:
    func = expr.func
    name = func.name if isinstance(func, f.Attr) else func.id if isinstance(func, f.Name) else ""
    if isinstance(func, f.Attr) and name == "format" and isinstance(func.value, (f.Text, f.Name, f.Binary)):
        left = rope_of(func.value, lookup, depth + 1)
        return _with_holes(left, _BRACES) if left else None
    if isinstance(func, f.Attr) and name in _STRIPPING and not expr.args:
        return rope_of(func.value, lookup, depth + 1)
    if name in _JOINS and isinstance(func, f.Attr) and (parts := _joined(func.value, expr, lookup, depth)) is not None:
        return parts
    if name in _RAW_SQL and expr.args and isinstance(expr.args[0], (f.Text, f.Name, f.Binary)):
        return rope_of(expr.args[0], lookup, depth + 1)
    return _returned(func, lookup, depth) or _about_a_column(expr)


def _returned(func: f.Expr, lookup: Lookup, depth: int) -> Rope | None:
    """Return the return value of a function of this file, if it has exactly one return."""
    called = lookup(func.id) if isinstance(func, f.Name) else None
    if not isinstance(called, f.Function):
        return None
    returns = [stmt for stmt in called.body if isinstance(stmt, f.Return)]
    value = returns[0].value if len(returns) == 1 else None
    return rope_of(value, lookup, depth + 1) if value is not None else None


def _about_a_column(expr: f.Call) -> Rope | None:
    """Treat a helper that takes a column's name and makes SQL of it as some function of that column."""
    first = expr.args[0] if expr.args else None
    chunk = first.parts[0] if isinstance(first, f.Text) and len(first.parts) == 1 else None
    if not isinstance(chunk, f.Chunk) or not _COLUMN_NAME.fullmatch(chunk.text):
        return None
    return Piece("hole(", -1, -1), Piece(chunk.text, chunk.start, chunk.end), Piece(")", -1, -1)


def _joined(owner: f.Expr, call: f.Call, lookup: Lookup, depth: int) -> Rope | None:
    """Return the text of a list with glue between: `", ".join(a)`, `a.join(", ")`, `strings.Join(a, ", ")`."""
    given = (owner, *call.args)
    glue = next((part for part in given if isinstance(part, f.Text)), None)
    known = (lookup(part.id) if isinstance(part, f.Name) else part for part in given)
    listed = next((part for part in known if isinstance(part, f.SequenceExpr)), None)
    if glue is None or listed is None:
        return None
    between = tuple(Piece(part.text, -1, -1) for part in glue.parts if isinstance(part, f.Chunk))
    pieces: list[Piece] = []
    for index, item in enumerate(listed.items):
        pieces += (*(between if index else ()), *_inner(item, lookup, depth))
    return tuple(pieces)


def _choice(expr: f.Choice, lookup: Lookup, depth: int) -> Rope | None:
    """Take a text that may be empty as present: `cond ? "and x = 1" : ""`."""
    then, otherwise = rope_of(expr.then, lookup, depth + 1), rope_of(expr.otherwise, lookup, depth + 1)
    if then and not any(piece.text for piece in otherwise or ()):
        return then
    if otherwise and not any(piece.text for piece in then or ()):
        return otherwise
    return then  # one of two texts: the other is examined as a string of its own


def _with_holes(rope: Rope, pattern: re.Pattern[str]) -> Rope:
    pieces: list[Piece] = []
    for piece in rope:
        if piece.hole or piece.start < 0 or not _is_plain(piece):
            pieces.append(piece)
            continue
        position = 0
        for match in pattern.finditer(piece.text):
            pieces.append(cut(piece, position, match.start()))
            whole = cut(piece, match.start(), match.end())
            pieces.append(whole if match[0] in ("{{", "}}") else Piece("", whole.start, whole.end, hole=True))
            position = match.end()
        pieces.append(cut(piece, position, len(piece.text)))
    return tuple(piece for piece in pieces if piece.hole or piece.text)


def _is_plain(piece: Piece) -> bool:
    """Return True if the piece is spelled in the source as it reads (no escape sequence)."""
    return piece.end - piece.start == len(piece.text.encode())


def cut(piece: Piece, first: int, last: int) -> Piece:
    """Return the characters first..last (exclusive) of a piece that is spelled in the source as it reads."""
    start = piece.start + len(piece.text[:first].encode())
    return Piece(piece.text[first:last], start, start + len(piece.text[first:last].encode()))


_HANDLERS: dict[type[f.Node], Callable[..., Rope | None]] = {
    f.Text: _text,
    f.Name: _name,
    f.Attr: _member,
    f.Binary: _binary,
    f.Call: _call,
    f.Choice: _choice,
    f.Cast: lambda expr, lookup, depth: rope_of(expr.value, lookup, depth),
    f.Bind: lambda expr, lookup, depth: rope_of(expr.value, lookup, depth),
}

_WANTS_VALUE = re.compile(
    r"(?:[=<>,(+*/|-]|\b(?:in|like|ilike|between|and|or|on|not|where|select|distinct|by|limit|offset|values|set|from|join"
    r"|into|update|table|as|when|then|else|having|using|interval|is|all|any|union|cast|exists|top|index|if))\s*$",
    re.IGNORECASE,
)


class Flat(msgspec.Struct, frozen=True):
    """The text of a rope, and for each character position its source bytes."""

    text: str
    starts: tuple[int, ...]
    pieces: Rope

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Return the source bytes of the characters first..last (exclusive), or None if they are not in the source."""
        index = bisect_right(self.starts, first) - 1
        piece = self.pieces[index]
        inside = first - self.starts[index]
        if piece.hole or piece.start < 0 or inside + (last - first) > len(piece.text):
            return None
        if not _is_plain(piece):
            return piece.start, piece.end
        start = piece.start + len(piece.text[:inside].encode())
        return start, start + len(piece.text[inside : inside + last - first].encode())

    def slice(self, first: int, last: int) -> Rope:
        """Return the pieces of the characters first..last (exclusive)."""
        parts: list[Piece] = []
        index = bisect_right(self.starts, first) - 1
        while first < last and index < len(self.pieces):
            piece, begin = self.pieces[index], self.starts[index]
            low, high = first - begin, min(last - begin, len(piece.text))
            is_exact = piece.start >= 0 and not piece.hole and _is_plain(piece)
            parts.append(
                cut(piece, low, high) if is_exact else msgspec.structs.replace(piece, text=piece.text[low:high])
            )
            first, index = begin + high, index + 1
        return tuple(parts)

    def is_hole(self, first: int) -> bool:
        """Return True if the character at `first` is part of an unknown value."""
        return self.pieces[bisect_right(self.starts, first) - 1].hole


def flatten(rope: Rope, fill: Callable[[str, str], str] | None = None) -> Flat:
    """Return the text of a rope, with each hole filled depending on its context."""
    fill = fill or _fill
    text, starts, pieces = "", [], []
    for index, piece in enumerate(rope):
        following = next((after.text for after in rope[index + 1 :] if after.text or after.hole), "")
        written = fill(text, following) if piece.hole else piece.text
        if written:
            starts.append(len(text))
            pieces.append(Piece(written, piece.start, piece.end, piece.hole) if piece.hole else piece)
            text += written
    return Flat(text, tuple(starts), tuple(pieces))


def _fill(before: str, after: str) -> str:
    """Return a name where SQL needs a value or a name continues, else a blank: a clause may be missing there."""
    if (before[-1:] and (before[-1].isalnum() or before[-1] in "_.\"'`%")) or (
        after[:1] and (after[0].isalnum() or after[0] in "_.\"'`%(")
    ):
        return "hole"
    return " hole " if _WANTS_VALUE.search(before[-40:]) else " "


def blank_fill(before: str, after: str) -> str:
    """Fill every hole with a blank."""
    return " "


def name_fill(before: str, after: str) -> str:
    """Fill every hole with a name."""
    return "hole" if before[-1:].isalnum() or before[-1:] in "_.\"'`" else " hole "
