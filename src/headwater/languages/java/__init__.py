"""Java source to facts, by tree-sitter: all versions up to records, sealed types, patterns and text blocks.

`expressions.py` lowers values, types and annotations, `strings.py` literals, `statements.py` statements, and
`definitions.py` classes and their members. Constructors are functions named `__init__`, `super` is a call.
"""

from __future__ import annotations

from headwater.catalog.facts import Module
from headwater.languages._grammar import module
from headwater.languages.java.definitions import compilation_unit
from headwater.languages.java.grammar import GRAMMAR

NAME = "java"
SUFFIXES = (".java",)
SCOPE = "package"
IMPLICIT_RECEIVER = True
IMPLICIT_TARGET = True


def facts(path: str, source: bytes) -> Module:
    """Convert Java source to facts; places that the parser had to guess are counted, never raised."""
    return module(GRAMMAR, path, NAME, source, compilation_unit)
