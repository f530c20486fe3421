"""What answers an action: the method of the controller, the filters before and after it, and its view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import argument, calls, dotted_name, items, keyword, last_name, literal_text
from headwater.readers import CodeProject

_FILE = re.compile(r"(?:^|.*/)app/controllers/(.*)_controller\.rb$")
_VIEW = re.compile(r"(?:^|.*/)app/views/(.*)/([^/.]+)\.[\w.]+$")
_FILTERS = frozenset(
    f"{prefix}{moment}_{kind}"
    for prefix in ("", "prepend_", "append_")
    for moment in ("before", "after", "around")
    for kind in ("action", "filter")
)
_DEPTH = 5


class _Part(NamedTuple):
    """A class in the lineage of a controller, with the path of its file."""

    path: str
    name: str
    stmt: f.Class


class Controllers:
    """The controllers and views of a code base, by the names that routes use."""

    def __init__(self, project: CodeProject) -> None:
        self._project = project
        self._files: dict[str, str] = {}
        self._views: dict[tuple[str, str], list[str]] = {}
        for file in project.files():
            if match := _FILE.fullmatch(file.path):
                self._files[match[1]] = file.path
            elif match := _VIEW.fullmatch(file.path):
                self._views.setdefault((match[1], match[2]), []).append(file.path)

    def action(self, controller: str, action: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return the name of what answers an action, and all code that runs for it."""
        owner = self._controller(controller)
        if owner is None:
            return (f"{controller}#{action}" if controller else action), ()
        line = list(self._lineage(owner))
        views = self._rendered(controller, action, frozenset())
        method = _method(line, action)
        roots = [*([method] if method else []), *self._filters(line, action), *((view, "") for view in views)]
        return f"{owner.name}.{action}", tuple(dict.fromkeys(roots))

    def _controller(self, name: str) -> _Part | None:
        path = self._files.get(name)
        module = self._project.module(path) if path else None
        wanted = name.rpartition("/")[2].replace("_", "") + "controller"
        for dotted, stmt in _classes(module.body if module else ()):
            if dotted.rpartition(".")[2].casefold() == wanted:
                return _Part(path or "", dotted, stmt)
        return None

    def _lineage(self, owner: _Part, depth: int = _DEPTH) -> Iterator[_Part]:
        yield owner
        for base in owner.stmt.bases if depth else ():
            target = self._project.resolve(owner.path, dotted_name(base)) if dotted_name(base) else None
            module = self._project.module(target[0]) if target else None
            parts = (_Part(module.path, name, stmt) for name, stmt in _classes(module.body)) if module else ()
            part = next((part for part in parts if target and part.stmt is target[1]), None)
            if part is not None and part.stmt is not owner.stmt:
                yield from self._lineage(part, depth - 1)

    def _filters(self, line: list[_Part], action: str) -> Iterator[tuple[str, str]]:
        """Yield the methods that run before and after an action, wherever the lineage defines them."""
        for part in line:
            for call in calls(_own(part.stmt)):
                if last_name(call.func) in _FILTERS and _applies(call, action):
                    for name in (literal_text(arg) for arg in call.args):
                        method = _method(line, name) if name else None
                        if method:
                            yield method

    def _rendered(self, controller: str, action: str, seen: frozenset[str]) -> Iterator[str]:
        """Yield the view of an action, and those that it renders as parts."""
        for path in self._views.get((controller, action), ()):
            if path in seen or len(seen) > 2 * _DEPTH:
                continue
            yield path
            module = self._project.module(path)
            for call in calls(module.body if module else ()):
                name = literal_text(argument(call, 0)) or literal_text(keyword(call, "partial"))
                if last_name(call.func) in ("render", "partial!") and name:
                    folder, _, part = name.rpartition("/")
                    yield from self._rendered(folder or controller, f"_{part}", seen | {path})


def _own(stmt: f.Class) -> tuple[f.Stmt, ...]:
    """Return the statements of a class that are not in its methods."""
    return tuple(inner for inner in stmt.body if not isinstance(inner, (f.Function, f.Class)))


def _method(line: list[_Part], name: str) -> tuple[str, str] | None:
    for part in line:
        if any(isinstance(stmt, f.Function) and stmt.name == name for stmt in part.stmt.body):
            return part.path, f"{part.name}.{name}"
    return None


def _applies(call: f.Call, action: str) -> bool:
    only = {literal_text(item) for item in items(keyword(call, "only"))}
    without = {literal_text(item) for item in items(keyword(call, "except"))}
    return (not only or action in only) and action not in without


def _classes(body: tuple[f.Stmt, ...], prefix: str = "") -> Iterator[tuple[str, f.Class]]:
    for stmt in body:
        if isinstance(stmt, f.Class):
            yield prefix + stmt.name, stmt
            yield from _classes(stmt.body, f"{prefix}{stmt.name}.")
