"""The Go grammar, and small helpers on its nodes."""

from __future__ import annotations

import tree_sitter_go
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import LanguageGrammar

GRAMMAR = LanguageGrammar(tree_sitter_go.language())
SKIPPED = frozenset({"comment"})
COMMENT = GRAMMAR.kinds("comment")


def word(node: Node, source: bytes) -> str:
    """Return the text of a node."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def name(node: Node, source: bytes) -> f.Name:
    """Return a node as a name."""
    start, end = node.start_byte, node.end_byte
    return f.Name(start, end, source[start:end].decode("utf-8", "replace"))


def constant(node: Node, source: bytes) -> f.Expr:
    """Return a node as a constant."""
    start, end = node.start_byte, node.end_byte
    return f.Const(start, end, source[start:end].decode("utf-8", "replace"))


def grouped(items: tuple[f.Expr, ...], start: int, end: int) -> f.Expr:
    """Return one expression as it is, several as a sequence."""
    return items[0] if len(items) == 1 else f.SequenceExpr(start, end, items)
