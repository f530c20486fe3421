"""The console for results: as wide as the terminal, and never truncated when a program reads it."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 10_000


def terminal() -> Console:
    """Return the console for results."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
