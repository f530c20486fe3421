"""The routes that the web frameworks of a code base declare, outside of its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from headwater.catalog import facts as f
from headwater.catalog.usages import NotUnderstood
from headwater.core.lineage.cache import Cache
from headwater.core.lineage.path_kinds import is_test
from headwater.core.lineage.project import ScannedProject
from headwater.core.lineage.traces import remembered
from headwater.frameworks import Route, all_frameworks
from headwater.readers import CodeProject, SourceFile


class _WithoutTests:
    """A code base as frameworks see it: tests make applications of their own, which nobody can reach."""

    def __init__(self, project: CodeProject) -> None:
        self._project = project
        self._files = [file for file in project.files() if not is_test(file.path)]

    def files(self) -> Iterable[SourceFile]:
        """Return all source files that are no tests, by path."""
        return self._files

    def module(self, path: str) -> f.Module | None:
        """Return the facts of a file."""
        return self._project.module(path)

    def resolve(self, path: str, name: str) -> tuple[str, f.Stmt] | None:
        """Return where a dotted name used in a file is defined."""
        return self._project.resolve(path, name)

    def resolve_import(self, path: str, stmt: f.Import) -> tuple[str, f.Stmt] | None:
        """Return where a name that an import in a file names is defined."""
        return self._project.resolve_import(path, stmt)


def read_routes(
    project: ScannedProject, detected: Mapping[str, Sequence[SourceFile]], cache: Cache
) -> tuple[list[tuple[str, Route]], list[NotUnderstood]]:
    """Return the routes with the names of their frameworks, and the frameworks that failed.

    Args:
        project: the code base.
        detected: the files that use each framework.
        cache: the routes of earlier scans.
    """
    routes: dict[tuple[str, Route], None] = {}
    failed: list[NotUnderstood] = []
    for name, files in detected.items():
        own, label = [file for file in files if not is_test(file.path)], all_frameworks()[name].NAME
        try:
            known = remembered(f"routes {name}", project, own, cache, partial(_routes, name)) if own else []
            routes |= {(label, route): None for route in known}
        except Exception as error:  # one framework; the others go on
            reason = f"The routes of {label} could not be read: {type(error).__name__}. Please report it."
            failed.append(NotUnderstood(files[0].path, 1, "", reason))
    return list(routes), failed


def _routes(name: str, project: CodeProject, files: Sequence[SourceFile]) -> list[Route]:
    return list(all_frameworks()[name].routes(_WithoutTests(project), files))


def spans_by_file(routes: Iterable[tuple[str, Route]]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the bytes of each file that declare routes, each once, in order."""
    spans: dict[str, set[tuple[int, int]]] = {}
    for _, route in routes:
        spans.setdefault(route.file_path, set()).add((route.start, route.end))
    return {path: tuple(sorted(known)) for path, known in spans.items()}
