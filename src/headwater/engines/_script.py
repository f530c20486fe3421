"""Combines rows into INSERT statements of a size that every client program accepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_BYTES, _ROWS = 256 * 1024, 500


def inserts(head: bytes, rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield statements that begin with `head`, each with many rows or one large row; rows are in parentheses."""
    held: list[bytes] = []
    size = 0
    for row in rows:
        if held and (size + len(row) > _BYTES or len(held) >= _ROWS):
            yield head + b",\n".join(held) + b";\n"
            held, size = [], 0
        held.append(row)
        size += len(row)
    if held:
        yield head + b",\n".join(held) + b";\n"
