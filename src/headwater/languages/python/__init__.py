"""Python source to facts, by tree-sitter: any version of the language, files with syntax errors included.

The work is split by kind of syntax: `expressions.py` and `strings.py` lower values, `statements.py` lowers
statements and definitions. Each function takes a syntax node and the source; a table indexed by the grammar's
node kind picks it.
"""

from __future__ import annotations

import tree_sitter
import tree_sitter_python

from headwater.catalog.facts import Module
from headwater.languages.python.statements import statements

NAME = "python"
SUFFIXES = (".py", ".pyi", ".pyw")
INTERPRETERS = ("python", "python3", "python2")

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))


def facts(path: str, source: bytes) -> Module:
    """Convert Python source to facts; places that the parser had to guess are counted, never raised."""
    root = _PARSER.parse(source).root_node
    errors = _errors(root) if root.has_error else 0
    try:
        body = statements(root, source)
    except RecursionError:
        body, errors = (), errors + 1
    return Module(path, NAME, body, source.count(b"\n") + 1, errors)


def _errors(node: tree_sitter.Node) -> int:
    """Count the error and missing nodes, descending only into trees that have some."""
    if node.is_error or node.is_missing:
        return 1
    return sum(_errors(child) for child in node.children if child.has_error)
