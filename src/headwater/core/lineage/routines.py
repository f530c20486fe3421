"""Splits the body of a routine into statements: most parsers do not parse the bodies of procedures and functions.

T-SQL needs no semicolon between statements, so a body is read line by line: a statement begins where a line outside
parentheses begins with a verb, and ends before the next such line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headwater.catalog.statements import Statement

_LINE = re.compile(r"[^\n]*\n?")
_WORD = re.compile(r"\s*;?\s*([A-Za-z_]+)")
_NOISE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_VERBS = frozenset({"select", "insert", "update", "delete", "merge", "with"})
_OTHERS = frozenset(
    {
        "as",
        "begin",
        "close",
        "commit",
        "create",
        "deallocate",
        "declare",
        "drop",
        "else",
        "elsif",
        "elseif",
        "end",
        "exec",
        "execute",
        "exit",
        "fetch",
        "for",
        "go",
        "goto",
        "if",
        "loop",
        "open",
        "perform",
        "print",
        "raise",
        "raiserror",
        "return",
        "rollback",
        "save",
        "set",
        "throw",
        "truncate",
        "try",
        "waitfor",
        "while",
    }
)
_JOINS = re.compile(r"\b(?:union|all|except|intersect|as|then|and|or|on|,|\()\s*$", re.IGNORECASE)
_CLAUSE = re.compile(r"\s*with\s*\(|\s*with\s+(?:recompile|execute|schemabinding|nocheck|check)\b", re.IGNORECASE)
_NESTS = re.compile(
    r"[()]|\bcase\b|\bend\b(?=\s*(?:[,)=<>+*/-]|as\b|is\b|then\b|and\b|or\b|\[|$))",
    re.IGNORECASE,
)
_NESTING = {"(": 1, ")": -1, "case": 1, "end": -1}
_BODY_BEGINS = re.compile(r"\b(?:as|begin|is)\b|\$\w*\$", re.IGNORECASE)


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements in the body of a routine that use rows, each with its start (in characters)."""
    plain = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    body = _BODY_BEGINS.search(plain)
    start: int | None = None
    depth, at = 0, body.end() if body else 0
    while at < len(plain):
        line = _LINE.match(plain, at)
        assert line is not None
        word = (_WORD.match(line[0]) or [""])[0].strip(" ;\t\n").lower()
        so_far = plain[start:at] if start is not None else ""
        if depth <= 0 and _begins(word, line[0]) and not _goes_on(so_far, word):
            yield from _cut(text, plain, start, at)
            start = at if word in _VERBS else None
        depth = max(0, depth + sum(_NESTING[token.lower()] for token in _NESTS.findall(line[0])))
        at = line.end()
        if line[0].rstrip().endswith(";") and depth <= 0:
            yield from _cut(text, plain, start, at)
            start = None
    yield from _cut(text, plain, start, len(text))


def _begins(word: str, line: str) -> bool:
    """Return True if a line with this first word begins a statement; `WITH (` and `WITH RECOMPILE` are clauses."""
    return word in _VERBS | _OTHERS and not (word == "with" and _CLAUSE.match(line))


def _goes_on(so_far: str, word: str) -> bool:
    """Return True if a line that begins with `word` continues the statement before it."""
    if not so_far:
        return False
    verb = (_WORD.match(so_far) or ["", ""])[1].lower()
    items = {word.lower() for word in re.findall(r"[A-Za-z_]+", so_far)}
    if word == "as":
        return True
    if verb == "merge":
        return word in _VERBS | {"set"}
    if word == "set":
        return verb == "update" and "set" not in items
    if word in _VERBS and _JOINS.search(so_far.rstrip()):
        return True
    if verb == "with":
        return word in _VERBS and not _main_verb(so_far)
    return verb == "insert" and word in ("select", "with") and not items & {"select", "values", "exec", "execute"}


def _main_verb(text: str) -> bool:
    """Return True if a WITH has reached its statement: a verb outside parentheses."""
    depth = 0
    for token in re.findall(r"[()]|[A-Za-z_]+", text):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0 and token.lower() in _VERBS - {"with"}:
            return True
    return False


def _cut(text: str, plain: str, start: int | None, end: int) -> Iterator[Statement]:
    if start is None:
        return
    lead = len(plain[start:end]) - len(plain[start:end].lstrip(" ;\t\r\n"))
    body = text[start + lead : start + len(plain[start:end].rstrip(" ;\t\r\n"))]
    trimmed = re.sub(r"(?:\s*\b(?:end|go)\b;?)+\s*$", "", body, flags=re.IGNORECASE)
    if trimmed:
        yield Statement(trimmed, start + lead)
