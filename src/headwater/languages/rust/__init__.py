"""Rust source to facts, by tree-sitter.

`items.py` converts declarations, `blocks.py` statements and everything whose value is that of a block,
`expressions.py`, `patterns.py`, `types.py` and `strings.py` the rest, `macros.py` and `tokens.py` what the grammar has
only as tokens. `impl` blocks are extensions of a class, `table!` is a class of kind `table`. `?`, `.await`, `&`, `Box`,
`Option` and `Result` vanish; `let Some(x) = y` assigns `y` to `x`.
"""

from __future__ import annotations

from headwater.catalog.facts import Module
from headwater.languages import Scope
from headwater.languages._grammar import count_errors
from headwater.languages.rust.grammar import GRAMMAR, Code
from headwater.languages.rust.items import items

NAME = "rust"
SUFFIXES = (".rs",)
SCOPE: Scope = "path"


def facts(path: str, source: bytes) -> Module:
    """Convert Rust source to facts; places that the parser had to guess are counted, never raised."""
    root = GRAMMAR.parser.parse(source).root_node
    errors = count_errors(root) if root.has_error else 0
    try:
        body = items(root.named_children, Code(source))
    except RecursionError:
        body, errors = (), errors + 1
    return Module(path, NAME, body, source.count(b"\n") + 1, errors)
