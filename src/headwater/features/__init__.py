"""What the product does, one noun per room; this tuple, in reading order, is its table of contents.

Entry points collect `endpoints`, `commands` and `tasks` of each room listed here; a room without one of these
files has nothing to say there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

FEATURES: tuple[str, ...] = (
    "accounts",
    "jobs",
    "databases",
    "query",
    "transfers",
    "documents",
    "dashboards",
    "snapshots",
    "extracts",
    "policies",
    "recovery",
    "codebases",
    "schemas",
    "migrations",
)

# The words that commands of a room begin with: a command that is typed loads the rooms that know it, not all of them.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("login", "projects", "keys"),
    "jobs": ("jobs",),
    "databases": ("db",),
    "query": ("sql",),
    "transfers": ("db",),
    "documents": ("entries",),
    "dashboards": ("dashboards",),
    "snapshots": ("snapshot", "vault"),
    "extracts": ("snapshot",),
    "policies": ("policy", "alerts"),
    "recovery": ("recovery",),
    "codebases": ("scan", "usages", "codebases"),
    "schemas": ("schema",),
    "migrations": ("migrations",),
}

# The first words of the kinds of a room's jobs: a worker loads the room of a job that it gets, not all of them.
JOBS: Mapping[str, tuple[str, ...]] = {
    "codebase": ("codebases",),
    "transfer": ("transfers",),
    "snapshot": ("snapshots", "extracts"),
    "recovery": ("recovery",),
}


def collect(role: str, features: Sequence[str] = FEATURES) -> dict[str, ModuleType]:
    """Return the module of one role (`endpoints`, `commands`, `tasks`, `models`) of each feature that has it."""
    paths = {name: f"{__name__}.{name}.{role}" for name in features}
    return {name: import_module(path) for name, path in paths.items() if find_spec(path)}
