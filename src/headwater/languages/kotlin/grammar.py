"""The Kotlin grammar, and the tables of what lowers each kind of node; the modules around fill them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import tree_sitter_kotlin
from tree_sitter import Node

from headwater.catalog import facts as f
from headwater.languages._grammar import LanguageGrammar, Lower, Stmts, constant

GRAMMAR = LanguageGrammar(tree_sitter_kotlin.language())
SKIPPED = ("line_comment", "block_comment", "shebang", "label", "file_annotation")
EXPRESSIONS: dict[int, Lower] = {}
STATEMENTS: dict[int, Callable[[Node, bytes], Stmts]] = {}
kinds = GRAMMAR.kinds
COMMENTS = kinds(*SKIPPED)


def expression(node: Node, source: bytes) -> f.Expr:
    """Lower any expression or type."""
    return EXPRESSIONS.get(node.kind_id, constant)(node, source)


def expressions(nodes: Iterable[Node], source: bytes) -> tuple[f.Expr, ...]:
    """Lower nodes, passing over punctuation and comments."""
    return tuple([handler(n, source) for n in nodes if (handler := EXPRESSIONS.get(n.kind_id))])


def parts(node: Node) -> list[Node]:
    """Return the named children of a node without comments."""
    return [child for child in node.named_children if child.kind_id not in COMMENTS]


def statements(nodes: Iterable[Node], source: bytes) -> Stmts:
    """Lower statements in order; an expression alone is one, too."""
    result: list[f.Stmt] = []
    for node in nodes:
        handler = STATEMENTS.get(node.kind_id)
        if handler:
            result.extend(handler(node, source))
        elif lower := EXPRESSIONS.get(node.kind_id):
            value = lower(node, source)
            result.append(f.Do(value.start, value.end, value))
    return tuple(result)


def valued(body: Stmts) -> Stmts:
    """Return a body whose last expression is its value, as in lambdas and in branches."""
    if not body:
        return body
    last = body[-1]
    if isinstance(last, f.Do) and not last.word:
        return (*body[:-1], f.Return(last.start, last.end, last.value))
    if isinstance(last, f.Branch):
        branch = f.Branch(last.start, last.end, last.test, valued(last.body), valued(last.otherwise))
        return (*body[:-1], branch)
    return body
