"""Routes of classes: a path at the class, and a method and a path at each of its methods, as annotations.

What the annotations of a framework are called is data (`ControllerWords`) in the framework's own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import argument, called_name, dotted_name, items, keyword, last_name, options
from headwater.frameworks import ANY, METHODS, Route
from headwater.frameworks._url_paths import joined, path_text, with_braces, without_last_slash
from headwater.readers import CodeProject, SourceFile

_DEPTH = 5


class ControllerWords(msgspec.Struct, frozen=True):
    """The names of a framework's annotations.

    A class with one of `controllers` answers requests; `paths` set the path of a class, or of a method. `verbs` maps
    the annotations of methods to the HTTP method, or to "" if the argument `method_key` says it. A path that begins
    with one of `absolute` stands for itself. `suffix` is left out where a path names the controller by a `token`.
    """

    controllers: frozenset[str]
    paths: frozenset[str]
    verbs: dict[str, str]
    path_keys: tuple[str, ...] = ("value", "path")
    method_key: str = "method"
    absolute: tuple[str, ...] = ()
    tokens: tuple[str, str] | None = None
    suffix: str = ""


class _Controller(NamedTuple):
    """A class that answers requests, or one that it inherits from, with the path of its file."""

    path: str
    name: str
    stmt: f.Class


def controller_routes(
    project: CodeProject, files: Iterable[SourceFile], words: ControllerWords, prefix: str = ""
) -> Iterator[Route]:
    """Yield the routes of the controllers in these files.

    Args:
        project: the code base.
        files: the files to look for controllers in.
        words: the annotations of the framework.
        prefix: a path that is put before all others.
    """
    for file in files:
        module = project.module(file.path)
        for name, stmt in _classes(module.body if module else ()):
            if any(called_name(mark) in words.controllers for mark in stmt.decorators):
                yield from _of_class(project, _Controller(file.path, name, stmt), words, prefix)


def _classes(body: tuple[f.Stmt, ...], prefix: str = "") -> Iterator[tuple[str, f.Class]]:
    for stmt in body:
        if isinstance(stmt, f.Class) and stmt.kind != "extension":
            yield prefix + stmt.name, stmt
            yield from _classes(stmt.body, f"{prefix}{stmt.name}.")


def _of_class(project: CodeProject, owner: _Controller, words: ControllerWords, prefix: str) -> Iterator[Route]:
    line = list(_lineage(project, owner))
    bases = next((paths for part in line if (paths := _class_paths(project, part, words))), [""])
    seen: set[str] = set()
    for part in line:
        for method in part.stmt.body:
            if not isinstance(method, f.Function) or (part is not owner and method.name in seen):
                continue
            marks = [
                (mark, verb) for mark in method.decorators if (verb := words.verbs.get(called_name(mark))) is not None
            ]
            if not marks:
                continue
            seen.add(method.name)
            roots = _roots(line, method.name)
            for mark, verb in marks:
                for path in _paths_of(project, part, method, mark, words):
                    for base in bases:
                        full = without_last_slash(with_braces(_whole(prefix, base, path, owner, method.name, words)))
                        for http in _methods(mark, verb, words):
                            at = (method.decorators[0].start, method.end) if part.path == owner.path else owner.stmt
                            start, end = at if isinstance(at, tuple) else (at.start, at.end)
                            handler = f"{owner.name}.{method.name}"
                            yield Route(http, full, owner.path, start, end, handler, roots)


def _roots(line: list[_Controller], method: str) -> tuple[tuple[str, str], ...]:
    """Return the definition of a method that answers: the first in the lineage that has a body."""
    for part in line:
        for stmt in part.stmt.body:
            if isinstance(stmt, f.Function) and stmt.name == method and stmt.body:
                return ((part.path, f"{part.name}.{method}"),)
    return ()


def _lineage(project: CodeProject, owner: _Controller, depth: int = _DEPTH) -> Iterator[_Controller]:
    """Yield a class and those of the code base that it inherits from or implements."""
    yield owner
    for base in owner.stmt.bases if depth else ():
        name = dotted_name(base.value if isinstance(base, f.Subscript) else base)
        target = project.resolve(owner.path, name) if name else None
        if target and isinstance(target[1], f.Class) and target[1] is not owner.stmt:
            yield from _lineage(project, _Controller(target[0], target[1].name, target[1]), depth - 1)


def _class_paths(project: CodeProject, part: _Controller, words: ControllerWords) -> list[str]:
    marks = (mark for mark in part.stmt.decorators if called_name(mark) in words.paths)
    return [path for mark in marks for path in _texts(project, part, mark, words)]


def _paths_of(
    project: CodeProject, part: _Controller, method: f.Function, mark: f.Expr, words: ControllerWords
) -> list[str]:
    """Return the paths of a method: at the annotation with its verb, or else at another one."""
    own = _texts(project, part, mark, words)
    others = (m for m in method.decorators if m is not mark and called_name(m) in words.paths - set(words.verbs))
    return own or [path for other in others for path in _texts(project, part, other, words)] or [""]


def _texts(project: CodeProject, part: _Controller, mark: f.Expr, words: ControllerWords) -> list[str]:
    first = argument(mark, 0)
    named = (keyword(mark, key) or options(first).get(key) for key in words.path_keys)
    given = next((expr for expr in named if expr is not None), None)
    expr = given if given is not None else first
    texts = (path_text(project, part.path, item, part.name) for item in items(expr))
    return [text for text in texts if text is not None]


def _methods(mark: f.Expr, verb: str, words: ControllerWords) -> list[str]:
    if verb:
        return [verb]
    named = [last_name(item).upper() for item in items(keyword(mark, words.method_key))]
    return [name for name in named if name in METHODS] or [ANY]


def _whole(prefix: str, base: str, path: str, owner: _Controller, method: str, words: ControllerWords) -> str:
    if words.absolute and path.startswith(words.absolute):
        base, path = "", path.lstrip("~")
    whole = joined(prefix, base, path)
    if words.tokens:
        controller, action = words.tokens
        name = owner.stmt.name.removesuffix(words.suffix)
        whole = whole.replace(controller, name).replace(action, method.removesuffix("Async"))
    return whole
