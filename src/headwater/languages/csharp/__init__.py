"""C# source to facts, by tree-sitter: all versions up to primary constructors and collection expressions.

`expressions.py` lowers values and types, `patterns.py` tests by patterns, `linq.py` queries (to method calls),
`strings.py` literals, `statements.py` statements, `definitions.py` types and namespaces, `members.py` their members.
Constructors are functions named `__init__`, `base` is a call of `super`.
"""

from __future__ import annotations

from tree_sitter import Node

from headwater.catalog.facts import Module
from headwater.languages._grammar import Stmts, module
from headwater.languages.csharp.definitions import compilation_unit
from headwater.languages.csharp.grammar import GRAMMAR

NAME = "csharp"
SUFFIXES = (".cs",)
SCOPE = "package"
IMPLICIT_RECEIVER = True
IMPLICIT_TARGET = True


def facts(path: str, source: bytes) -> Module:
    """Convert C# source to facts; places that the parser had to guess are counted, never raised."""
    stem = path.rpartition("/")[2].removesuffix(".cs")

    def lower(root: Node, text: bytes) -> tuple[Stmts, str]:
        return compilation_unit(root, text, stem)

    return module(GRAMMAR, path, NAME, source, lower)
