"""Where names are defined: the module graph of a code base."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headwater.catalog import facts


class Symbols(msgspec.Struct):
    """Top-level definitions by path and name."""

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined, or None."""
        return None


def build(modules: Mapping[str, facts.Module]) -> Symbols:
    """Link the modules."""
    return Symbols()
