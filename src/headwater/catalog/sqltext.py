"""SQL as text: masks placeholders, and parses it in the dialect that fits.

Readers of migrations and the search for SQL in strings both use this. Every mask has the length of what it replaces, so
positions in a parsed tree are positions in the text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

# One warning for each statement that falls back to a Command; those are counted by the callers.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

DIALECTS: Final = ("postgres", "mysql", "sqlite", "tsql")

_PLACEHOLDER = re.compile(
    r"'(?:[^']|'')*'"  # a string is not changed
    r"|(?P<mustache>\{\{[^{}\n]*\}\}|\#\{[^{}\n]*\}|\$\{[^{}\n]*\}|<%=?.*?%>)"
    r"|(?P<named>%\(\w+\)s|(?<![\w:])@\w+|(?<![:\w]):(?:\.\.\.)?[A-Za-z_]\w*)"
    r"|(?P<short>%s|%d|\?\d*|\$\d+)"
)
_NAME_NEXT = re.compile(r"\b(?:from|join|into|update|table)\s+$", re.IGNORECASE)


def mask(text: str) -> str:
    """Return the text with driver and template placeholders replaced by values of the same length."""
    return _PLACEHOLDER.sub(_mask_one, text)


def _mask_one(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith("'"):
        return text
    if _NAME_NEXT.search(match.string, max(0, match.start() - 12), match.start()):
        return "x" * len(text)
    return "0" if len(text) == 1 else f"'{'x' * (len(text) - 2)}'"


def likely_dialects(text: str) -> Sequence[str]:
    """Return the dialects to try, likeliest first, by syntax that only one of them has."""
    if "`" in text or re.search(r"\bENGINE\s*=|\bAUTO_INCREMENT\b", text, re.IGNORECASE):
        return ("mysql", "sqlite", "postgres", "tsql")
    if re.search(r"\[\w+\]\s*[.,()\s]|\bNVARCHAR\b|\bIDENTITY\s*\(|\bdbo\.", text, re.IGNORECASE):
        return ("tsql", "postgres", "sqlite", "mysql")
    if re.search(r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b", text, re.IGNORECASE):
        return ("sqlite", "postgres", "mysql", "tsql")
    return DIALECTS


# What only one dialect has.
_TRAITS: Final = {
    "mysql": r"\bENGINE\s*=|\bAUTO_INCREMENT\b|\bUNSIGNED\b|\bCHARSET\b|/\*!\d"
    r"|^\s*(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?KEY\s",
    "sqlite": r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|\bPRAGMA\b|\bON\s+CONFLICT\s+(?:REPLACE|IGNORE|ABORT|FAIL)\b"
    r"|\bfts[345]\b|\bINTEGER\s+PRIMARY\s+KEY\b|\bdatetime\s*\(\s*'now'",
    "tsql": r"\[\w+\]\s*[.,()\s]|\bNVARCHAR\b|\bIDENTITY\s*\(|\bdbo\.|^\s*GO\s*$",
}


def count_traits(text: str) -> dict[str, int]:
    """Return how often a text has what only one dialect has, for each dialect but PostgreSQL's."""
    return {
        dialect: sum(1 for _ in re.finditer(traits, text, re.IGNORECASE | re.MULTILINE))
        for dialect, traits in _TRAITS.items()
    }


def dialect_of(text: str) -> str:
    """Return the dialect, other than PostgreSQL's, of which a text has most traits; empty if it has none."""
    counts = count_traits(text)
    best = max(counts, key=lambda dialect: counts[dialect])
    return best if counts[best] else ""


@lru_cache(maxsize=4096)
def parse(text: str, dialects: Sequence[str] | None = None) -> tuple[tuple[exp.Expr, ...], str]:
    """Return the trees of a text in the first dialect that can parse all of it, and that dialect.

    A tree of type Command means that the parser recognised only the first word of the statement; a text that no dialect
    can parse returns no trees and dialect "".
    """
    fallback: tuple[tuple[exp.Expr, ...], str] = ((), "")
    for dialect in dialects or likely_dialects(text):
        try:
            trees = tuple(tree for tree in sqlglot.parse(text, read=dialect) if tree is not None)
        except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError):
            continue
        if not any(isinstance(tree, exp.Command) for tree in trees):
            return trees, dialect
        fallback = fallback if fallback[0] else (trees, dialect)
    return fallback


_CLICKHOUSE = re.compile(
    r"\bENGINE\s*=\s*\w*MergeTree\b|\bLowCardinality\s*\(|\bU?Int(?:8|16|32|64)\b.*\bCODEC\b"
    r"|\b(?:argMin|argMax|uniq|sum|count|min|max|groupArrayArray)State\s*\(|\bto(?:DateTime|StartOf)\w*\(",
    re.IGNORECASE,
)


def is_foreign(text: str) -> bool:
    """Return True if SQL is written for a database whose dialect is not supported (ClickHouse)."""
    return _CLICKHOUSE.search(text) is not None
