"""Finds the function or class that encloses a position in a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from headwater.catalog import facts as f


class Spans:
    """The definitions of a file in source order, for finding the one that encloses an offset."""

    def __init__(self, module: f.Module) -> None:
        self._starts: list[int] = []
        self._names: list[tuple[str, int]] = []
        self._add(module.body, "")

    def symbol(self, offset: int) -> str:
        """Return the dotted name of the innermost function or class around an offset, or ""."""
        at = bisect_right(self._starts, offset) - 1
        while at >= 0:
            name, end = self._names[at]
            if offset < end:
                return name
            at -= 1
        return ""

    def _add(self, body: Iterable[f.Stmt], prefix: str) -> None:
        for stmt in body:
            if isinstance(stmt, (f.Function, f.Class)):
                name = f"{prefix}.{stmt.name}" if prefix else stmt.name
                first = stmt.decorators[0].start if stmt.decorators else stmt.start
                self._starts.append(first)
                self._names.append((name, last_offset(stmt)))
                self._add(stmt.body, name)
            elif isinstance(stmt, f.Branch):
                self._add(stmt.body, prefix)
                self._add(stmt.otherwise, prefix)
            elif isinstance(stmt, (f.Scope, f.Loop)):
                self._add(stmt.body, prefix)


def last_offset(stmt: f.Stmt | f.Expr) -> int:
    """Return the end of a definition, as far as facts show it: the end of its last statement."""
    if isinstance(stmt, (f.Function, f.Class)):
        return max([stmt.end, *(last_offset(inner) for inner in stmt.body[-1:])])
    if isinstance(stmt, f.Branch):
        return max([stmt.end, *(last_offset(inner) for inner in (*stmt.body[-1:], *stmt.otherwise[-1:]))])
    return stmt.end
