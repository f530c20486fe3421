"""Next.js: files that are named like their URL, with a handler as default export, or one export for each method."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.frameworks import ANY, METHODS, Route
from headwater.frameworks._url_paths import from_file_name, joined
from headwater.readers import CodeProject, SourceFile

NAME = "Next.js"
LANGUAGES = frozenset({"typescript", "javascript"})

_PAGES = re.compile(r"(?:^|/)pages/(api(?:/.*)?)\.[cm]?[jt]sx?$")
_APP = re.compile(r"(?:^|/)app/(?:(.*)/)?route\.[cm]?[jt]sx?$")
_NOT_IN_URL = re.compile(r"\(.*\)|@.*")  # groups of routes, and slots


def detects(file: SourceFile) -> bool:
    """Return True if a file stands where the framework looks for routes."""
    return file.language in LANGUAGES and bool(_PAGES.search(file.path) or _APP.search(file.path))


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterator[Route]:
    """Return the routes of the files that stand where the framework looks for them."""
    for file in files:
        module = project.module(file.path)
        page = _PAGES.search(file.path)
        if module is not None and page:
            path = joined(from_file_name(page[1].removesuffix("/index").removesuffix("index")))
            yield from _page(file, module, path)
        elif module is not None and (app := _APP.search(file.path)):
            parts = [part for part in (app[1] or "").split("/") if not _NOT_IN_URL.fullmatch(part)]
            yield from _handlers(project, module, joined(from_file_name("/".join(parts))))


def _page(file: SourceFile, module: f.Module, path: str) -> Iterator[Route]:
    """Yield the route of a file whose default export answers every method: all of its code belongs to it."""
    default = next((s for s in module.body if isinstance(s, f.Export) and s.name == "default"), None)
    names = {s.name for s in module.body if isinstance(s, (f.Function, f.Class))}
    local = default.local or "" if default else ""
    if default or "default" in names:
        yield Route(ANY, path, file.path, 0, len(file.source), local if local != "default" else "")


def _handlers(project: CodeProject, module: f.Module, path: str) -> Iterator[Route]:
    for stmt in module.body:
        if isinstance(stmt, f.Function) and stmt.name in METHODS:
            yield Route(stmt.name, path, module.path, stmt.start, stmt.end, stmt.name, ((module.path, stmt.name),))
        elif isinstance(stmt, f.Assign):
            for name in (dotted_name(target) for target in stmt.targets):
                if name in METHODS:
                    yield Route(name, path, module.path, stmt.start, stmt.end, name, ((module.path, name),))
        elif isinstance(stmt, f.Export) and stmt.name in METHODS and stmt.local != stmt.name:
            target = project.resolve(module.path, stmt.name)
            roots = ((target[0], target[1].name),) if target and isinstance(target[1], f.Function) else ()
            yield Route(stmt.name, path, module.path, stmt.start, stmt.end, stmt.local or stmt.name, roots)
