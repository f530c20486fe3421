"""Views: the methods that a function, a class or a view set answers, and the code that runs for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import (
    argument,
    called_name,
    dotted_name,
    items,
    keyword,
    literal_flag,
    literal_text,
    option_entries,
)
from headwater.frameworks import ANY, METHODS
from headwater.frameworks.django import vocabulary as words
from headwater.readers import CodeProject

_DEPTH = 6


class ViewAnswer(msgspec.Struct, frozen=True):
    """A method that a view answers; `path` is what a view set adds to its own."""

    method: str
    handler: str
    roots: tuple[tuple[str, str], ...] = ()
    path: str = ""


class _Part(msgspec.Struct, frozen=True):
    """A class in the lineage of a view, with the path of its file."""

    path: str
    stmt: f.Class


class DjangoViews:
    """The views of a code base."""

    def __init__(self, project: CodeProject) -> None:
        self._project = project

    def answers(self, path: str, expr: f.Expr | None) -> Iterator[ViewAnswer]:
        """Yield what a view in a pattern answers; a decorator around it is followed."""
        if isinstance(expr, f.Call) and called_name(expr) == "as_view" and isinstance(expr.func, f.Attr):
            yield from self._class_view(path, expr.func.value, expr)
            return
        if isinstance(expr, f.Call):
            inner = next((arg for arg in expr.args if isinstance(arg, (f.Call, f.Name, f.Attr))), None)
            yield from self.answers(path, inner) if inner is not None else (ViewAnswer(ANY, called_name(expr)),)
            return
        target = self._project.resolve(path, dotted_name(expr)) if dotted_name(expr) else None
        if target and isinstance(target[1], f.Assign) and isinstance(target[1].value, f.Call):
            yield from self.answers(target[0], target[1].value)  # `view = View.as_view()`
        elif target and isinstance(target[1], f.Function):
            roots = ((target[0], target[1].name),)
            for method in _accepted(target[1].decorators):
                yield ViewAnswer(method, target[1].name, roots)
        else:
            yield ViewAnswer(ANY, dotted_name(expr))

    def _class_view(self, path: str, expr: f.Expr, call: f.Call) -> Iterator[ViewAnswer]:
        target = self._project.resolve(path, dotted_name(expr)) if dotted_name(expr) else None
        if target is None or not isinstance(target[1], f.Class):
            yield ViewAnswer(ANY, dotted_name(expr))
            return
        line, outside = self._lineage(target[0], target[1])
        entries = option_entries(argument(call, 0))
        if entries:  # `as_view({"get": "list"})`
            for entry, method in entries:
                yield self._answer(line, method.upper(), literal_text(entry.value) or "")
            return
        names = {inner.name for part in line for inner in part.stmt.body if isinstance(inner, f.Function)}
        methods = [method for method in METHODS if method.lower() in names]
        generic = [method for base in outside for method in words.GENERIC_VIEWS.get(base, ())]
        for method in dict.fromkeys((*methods, *generic)) or (ANY,):
            yield self._answer(line, method, method.lower())

    def view_set(self, path: str, expr: f.Expr | None) -> Iterator[ViewAnswer]:
        """Yield what a view set answers that is registered with a router."""
        target = self._project.resolve(path, dotted_name(expr)) if dotted_name(expr) else None
        if target is None or not isinstance(target[1], f.Class):
            return
        line, outside = self._lineage(target[0], target[1])
        names = {inner.name for part in line for inner in part.stmt.body if isinstance(inner, f.Function)}
        names |= {action for base in outside for action in words.MIXINS.get(base, ())}
        key = next((text for part in line if (text := _assigned_text(part.stmt, "lookup_field"))), "pk")
        for action, (method, detail) in words.ACTIONS.items():
            if action in names:
                answer = self._answer(line, method, action)
                yield msgspec.structs.replace(answer, path=f"{{{key}}}" if detail else "")
        yield from self._extra_actions(line, key)

    def _extra_actions(self, line: list[_Part], key: str) -> Iterator[ViewAnswer]:
        for inner in (inner for part in line for inner in part.stmt.body if isinstance(inner, f.Function)):
            mark = next(
                (m for m in inner.decorators if called_name(m) in ("action", "detail_route", "list_route")), None
            )
            if mark is None:
                continue
            detail = called_name(mark) == "detail_route" or literal_flag(keyword(mark, "detail")) is True
            name = literal_text(keyword(mark, "url_path")) or inner.name
            given = [(literal_text(item) or "").upper() for item in items(keyword(mark, "methods"))]
            for method in given or ["GET"]:
                answer = self._answer(line, method, inner.name)
                yield msgspec.structs.replace(answer, path=f"{{{key}}}/{name}" if detail else name)

    def _answer(self, line: list[_Part], method: str, name: str) -> ViewAnswer:
        """Return the method with the code that runs: the method of the class, hooks of the framework, serializers."""
        roots: list[tuple[str, str]] = []
        verbs = {verb.lower() for verb in METHODS} | set(words.ACTIONS)
        for part in line:
            roots.append((part.path, part.stmt.name))
            for inner in part.stmt.body:
                if isinstance(inner, f.Function) and inner.name == name:
                    roots.append((part.path, f"{part.stmt.name}.{name}"))
                elif isinstance(inner, f.Function) and inner.name not in verbs and _runs(inner.name, method):
                    roots.append((part.path, f"{part.stmt.name}.{inner.name}"))
                elif isinstance(inner, f.Assign) and dotted_name(inner.targets[0]) in words.CLASS_ATTRIBUTES:
                    roots += self._helpers(part.path, inner.value, method)
        return ViewAnswer(method, f"{line[0].stmt.name}.{name}", tuple(dict.fromkeys(roots)))

    def _helpers(self, path: str, value: f.Expr | None, method: str) -> Iterator[tuple[str, str]]:
        """Yield the code of the serializers, forms and permissions that a class view names."""
        for expr in items(value):
            target = self._project.resolve(path, dotted_name(expr)) if dotted_name(expr) else None
            if target and isinstance(target[1], f.Class):
                for part in self._lineage(target[0], target[1])[0]:
                    yield part.path, part.stmt.name
                    for inner in part.stmt.body:
                        if isinstance(inner, f.Function) and _serves(inner.name, method):
                            yield part.path, f"{part.stmt.name}.{inner.name}"

    def _lineage(self, path: str, stmt: f.Class) -> tuple[list[_Part], list[str]]:
        """Return a class and those of the code base that it inherits from, and the names of the others."""
        line, outside = [_Part(path, stmt)], []
        queue = [(path, stmt, 0)]
        while queue:
            file, current, depth = queue.pop(0)
            for base in current.bases:
                target = self._project.resolve(file, dotted_name(base)) if dotted_name(base) else None
                if target and isinstance(target[1], f.Class) and depth < _DEPTH:
                    line.append(_Part(target[0], target[1]))
                    queue.append((target[0], target[1], depth + 1))
                else:
                    outside.append(dotted_name(base).rpartition(".")[2])
        return line, outside


def _accepted(decorators: Iterable[f.Expr]) -> list[str]:
    """Return the methods that the decorators of a function accept."""
    for mark in decorators:
        name = called_name(mark)
        if name in words.DECORATORS:
            return list(words.DECORATORS[name])
        if name in words.LISTING_DECORATORS:
            listed = [(literal_text(item) or "").upper() for item in items(argument(mark, 0))]
            return listed or ["GET"]
    return [ANY]


def _runs(name: str, method: str) -> bool:
    methods = words.HOOKS.get(name)
    return methods is not None and (not methods or method in methods or method == ANY)


def _serves(name: str, method: str) -> bool:
    methods = words.SERIALIZER_METHODS.get(name)
    return methods is None or method in methods or method == ANY


def _assigned_text(stmt: f.Class, name: str) -> str | None:
    values = (
        inner.value for inner in stmt.body if isinstance(inner, f.Assign) and dotted_name(inner.targets[0]) == name
    )
    return next((text for value in values if (text := literal_text(value))), None)
