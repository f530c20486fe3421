"""JavaScript and JSX as facts; the parser treats it as TypeScript without types."""

from __future__ import annotations

from headwater.catalog.facts import Module
from headwater.languages import _script

NAME = "javascript"
SUFFIXES = (".js", ".jsx", ".mjs", ".cjs")
INTERPRETERS = ("node", "nodejs", "bun", "deno")


def facts(path: str, source: bytes) -> Module:
    """Lower JavaScript source to facts."""
    return _script.facts(path, source, NAME, jsx=True)
