"""The C# grammar, and the table of what lowers each kind of expression; the modules around fill it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import tree_sitter_c_sharp
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import LanguageGrammar, Lower, Stmts, constant

GRAMMAR = LanguageGrammar(tree_sitter_c_sharp.language())
SKIPPED = ("comment",)
EXPRESSIONS: dict[int, Lower] = {}
# What lowers a block; filled by `statements.py`, because statements contain expressions and the other way round.
BLOCK: list[Callable[[Node, bytes], Stmts]] = []
kinds = GRAMMAR.kinds


def expression(node: Node, source: bytes) -> f.Expr:
    """Lower any expression or type."""
    return EXPRESSIONS.get(node.kind_id, constant)(node, source)


def expressions(nodes: Iterable[Node], source: bytes) -> tuple[f.Expr, ...]:
    """Lower nodes, passing over punctuation and comments."""
    return tuple([handler(n, source) for n in nodes if (handler := EXPRESSIONS.get(n.kind_id))])
