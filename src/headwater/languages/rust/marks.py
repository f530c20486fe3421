"""Attributes of Rust items, which stand before the item that they belong to."""

from __future__ import annotations

from headwater.catalog import facts as f


class Marks:
    """The attributes that stand before the next item."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending: list[f.Expr] = []

    def add(self, mark: f.Expr | None) -> None:
        """Remember an attribute."""
        if mark is not None:
            self._pending.append(mark)

    def take(self) -> tuple[f.Expr, ...]:
        """Return the attributes of an item, and forget them."""
        taken = tuple(self._pending)
        self._pending.clear()
        return taken
