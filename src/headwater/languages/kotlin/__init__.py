"""Kotlin source to facts, by tree-sitter.

`expressions.py` lowers values, types and annotations, `lambdas.py` functions without a name and the scope functions
(`let`, `apply`), `strings.py` literals, `statements.py` statements, `definitions.py` classes and their members.
Constructors are functions named `__init__`; what a companion object declares are static members of its class.
"""

from __future__ import annotations

from msgspec.structs import replace

from headwater.catalog.facts import Module
from headwater.languages._grammar import module
from headwater.languages.kotlin.definitions import source_file
from headwater.languages.kotlin.grammar import GRAMMAR

NAME = "kotlin"
SUFFIXES = (".kt", ".kts")
SCOPE = "package"
IMPLICIT_RECEIVER = True
IMPLICIT_TARGET = True
# The scanner of tree-sitter-kotlin 1.1.0 never ends on some files whose last line is not closed: `@Column(`.
_END = b"\n"


def facts(path: str, source: bytes) -> Module:
    """Convert Kotlin source to facts; places that the parser had to guess are counted, never raised."""
    read = module(GRAMMAR, path, NAME, source + _END, source_file)
    return replace(read, lines=read.lines - _END.count(b"\n"))
