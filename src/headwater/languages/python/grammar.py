"""Names for the Python grammar's node kinds, and the dispatch tables that are indexed by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import tree_sitter
import tree_sitter_python
from tree_sitter import Node

Handler = TypeVar("Handler", bound=Callable[..., object])

LANGUAGE = tree_sitter.Language(tree_sitter_python.language())


def kinds(*names: str) -> frozenset[int]:
    """Return every kind id that bears one of these node names (aliases share a name)."""
    found = frozenset(k for k in range(LANGUAGE.node_kind_count) if LANGUAGE.node_kind_for_id(k) in names)
    missing = set(names) - {LANGUAGE.node_kind_for_id(k) for k in found}
    if missing:
        raise LookupError(f"The Python grammar has no node called {', '.join(sorted(missing))}.")
    return found


def table(handlers: Mapping[str, Handler], default: Handler | None) -> list[Handler | None]:
    """Return a list from kind id to handler; punctuation and comments have none, other named nodes the default."""
    rows: list[Handler | None] = []
    for kind in range(LANGUAGE.node_kind_count):
        name = LANGUAGE.node_kind_for_id(kind) or ""
        named = LANGUAGE.node_kind_is_named(kind) and name not in ("comment", "line_continuation")
        rows.append(handlers.get(name, default) if named else None)
    return rows


def word(node: Node, source: bytes) -> str:
    """Return the text of a node."""
    return source[node.start_byte : node.end_byte].decode(errors="replace")
