"""TypeScript, with and without JSX, to facts."""

from __future__ import annotations

from headwater.catalog.facts import Module
from headwater.languages import _script

NAME = "typescript"
SUFFIXES = (".ts", ".tsx", ".mts", ".cts")


def facts(path: str, source: bytes) -> Module:
    """Lower TypeScript source to facts."""
    return _script.facts(path, source, NAME, jsx=path.lower().endswith("x"))
