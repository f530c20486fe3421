"""Names for the Python grammar's node kinds, and the dispatch tables that are indexed by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import tree_sitter
import tree_sitter_python

Handler = TypeVar("Handler", bound=Callable[..., object])

LANGUAGE = tree_sitter.Language(tree_sitter_python.language())


def kinds(*names: str) -> frozenset[int]:
    """Return every kind id that has one of these node names (aliases share a name)."""
    ids = frozenset(k for k in range(LANGUAGE.node_kind_count) if LANGUAGE.node_kind_for_id(k) in names)
    missing = set(names) - {LANGUAGE.node_kind_for_id(k) for k in ids}
    if missing:
        raise LookupError(f"The Python grammar has no node called {', '.join(sorted(missing))}.")
    return ids


def table(handlers: Mapping[str, Handler], default: Handler) -> dict[int, Handler]:
    """Return the handler of each kind id; punctuation and comments have none, other named nodes the default."""
    rows: dict[int, Handler] = {}
    for kind in range(LANGUAGE.node_kind_count):
        name = LANGUAGE.node_kind_for_id(kind) or ""
        if LANGUAGE.node_kind_is_named(kind) and name not in ("comment", "line_continuation"):
            rows[kind] = handlers.get(name, default)
    return rows
