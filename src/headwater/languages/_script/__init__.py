"""Converts TypeScript and JavaScript to facts with tree-sitter: one conversion for both, also with syntax errors.

`expressions.py` and `strings.py` convert values, `types.py` types, `statements.py` statements and definitions. Each
function takes a syntax node and the source; a table of node names selects it.
"""

from __future__ import annotations

import tree_sitter
import tree_sitter_typescript

from headwater.catalog.facts import Module
from headwater.languages._script.statements import statements

_PLAIN = tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_typescript()))
_JSX = tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_tsx()))


def facts(path: str, source: bytes, language: str, *, jsx: bool) -> Module:
    """Convert source to facts; places that the parser had to guess are counted, never raised."""
    root = (_JSX if jsx else _PLAIN).parse(source).root_node
    errors = _errors(root) if root.has_error else 0
    try:
        body = statements(root.named_children, source)
    except RecursionError:
        body, errors = (), errors + 1
    return Module(path, language, body, source.count(b"\n") + 1, errors)


def _errors(node: tree_sitter.Node) -> int:
    """Count the error and missing nodes, descending only into trees that have some."""
    if node.is_error or node.is_missing:
        return 1
    return sum(_errors(child) for child in node.children if child.has_error)
