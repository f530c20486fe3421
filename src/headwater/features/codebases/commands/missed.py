"""Prints what was not understood when code or SQL was read, for the commands `scan` and `schema`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from headwater.catalog.usages import NotUnderstood

MAX_LINES = 10
_WIDTH = 100


def print_missed(items: Sequence[NotUnderstood], console: Console, *, rest: str) -> None:
    """Print the number of items, and the place, the reason and the first line of each of the first ones.

    Args:
        items: what was not understood.
        console: where to print.
        rest: where the others are, such as `--json`.
    """
    if not items:
        return
    noun = "piece was" if len(items) == 1 else "pieces were"
    console.print(f"[yellow]{len(items):,} {noun} not understood:[/yellow]", highlight=False)
    for item in items[:MAX_LINES]:
        first = " ".join(item.text.partition("\n")[0].split())
        text = f"  {first[:_WIDTH]}" if first else ""
        line = f"  {item.file_path}:{item.line_number}  {item.reason}" if item.file_path else f"  {item.reason}"
        console.print(escape(line) + f"[dim]{escape(text)}[/dim]", highlight=False, soft_wrap=True)
    if len(items) > MAX_LINES:
        console.print(f"  and {len(items) - MAX_LINES:,} more: see {rest}", highlight=False)
