"""The features of the product, one package per noun, in reading order.

Entry points collect `endpoints`, `commands` and `tasks` of each feature listed here; a feature may lack any of
these modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

FEATURES: tuple[str, ...] = (
    "accounts",
    "jobs",
    "databases",
    "query",
    "extensions",
    "transfers",
    "documents",
    "dashboards",
    "snapshots",
    "extracts",
    "diffs",
    "merges",
    "branches",
    "policies",
    "recovery",
    "codebases",
    "schemas",
    "migrations",
    "personal_data",
)


def declared(name: str) -> dict[str, tuple[str, ...]]:
    """Return what each feature's package declares under a name, without loading the rest of the feature.

    Args:
        name: `COMMANDS`, the first words of its commands: a command that is typed loads only the features that
            declare its word. Or `JOBS`, the first words of the kinds of its jobs: a worker loads only those of its job.
    """
    return {feature: getattr(import_module(f"{__name__}.{feature}"), name, ()) for feature in FEATURES}


def collect(role: str, features: Sequence[str] = FEATURES) -> dict[str, ModuleType]:
    """Return the module of one role (`endpoints`, `commands`, `tasks`, `models`) of each feature that has it."""
    paths = {name: f"{__name__}.{name}.{role}" for name in features}
    return {name: import_module(path) for name, path in paths.items() if find_spec(path)}
