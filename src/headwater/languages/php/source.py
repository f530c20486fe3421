"""The grammar of PHP, and short spellings of the nodes that its conversion makes most."""

from __future__ import annotations

from collections.abc import Callable

import tree_sitter_php
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import LanguageGrammar

GRAMMAR = LanguageGrammar(tree_sitter_php.language_php())
kinds = GRAMMAR.kinds
SKIPPED = ("comment", "php_tag", "php_end_tag", "text", "text_interpolation", "heredoc_start", "heredoc_end")


class PhpSource(bytes):
    """Source bytes, the name of the class that is converted (`self`), and anonymous classes of the statement."""

    stem: str = ""
    class_name: str = ""
    anonymous: list[f.Class]


Lower = Callable[[Node, PhpSource], f.Expr]
Stmts = tuple[f.Stmt, ...]


def word(node: Node, source: PhpSource) -> str:
    """Return the text of a node."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def dotted(node: Node, source: PhpSource) -> str:
    """Return a namespace or qualified name with dots for backslashes."""
    return word(node, source).strip("\\").replace("\\", ".").replace(" ", "")


def relative(node: Node, source: PhpSource) -> f.Name:
    """Return `self` and `static` as the name of their class, `parent` as `super`."""
    spelt = word(node, source).lower()
    name = "super" if spelt == "parent" else source.class_name or spelt
    return f.Name(node.start_byte, node.start_byte, name)


def plain(node: Node, source: PhpSource) -> f.Text:
    """Return a node as a text without quotes."""
    start, end = node.start_byte, node.end_byte
    return f.Text(start, end, (f.Chunk(start, end, word(node, source)),))


def several(node: Node, items: tuple[f.Expr, ...]) -> f.Expr:
    """Return one expression as it is, others as a sequence."""
    return items[0] if len(items) == 1 else f.SequenceExpr(node.start_byte, node.end_byte, items)
