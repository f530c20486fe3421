"""What the product does, one noun per room; this tuple, in reading order, is its table of contents.

Entry points collect `endpoints`, `commands` and `tasks` of each room listed here; a room without one of these
files has nothing to say there.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

FEATURES: tuple[str, ...] = (
    "accounts", "jobs", "databases", "query", "transfers", "documents", "dashboards", "codebases", "schemas",
    "migrations",
)  # fmt: skip


def collect(role: str) -> dict[str, ModuleType]:
    """Return the module of one role (`endpoints`, `commands`, `tasks`, `models`) of each feature that has it."""
    paths = {name: f"{__name__}.{name}.{role}" for name in FEATURES}
    return {name: import_module(path) for name, path in paths.items() if find_spec(path)}
