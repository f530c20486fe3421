"""Lists of patterns: `path`, `re_path`, `include`, and the routers of Django REST framework."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import argument, called_name, dotted_name, keyword, last_name, literal_text
from headwater.catalog.fact_queries import nodes as all_nodes
from headwater.frameworks import Route
from headwater.frameworks._url_paths import joined, path_text, with_braces
from headwater.frameworks.django.views import DjangoViews
from headwater.readers import CodeProject, SourceFile

_PATTERNS = frozenset({"path", "re_path", "url"})
_REGULAR = frozenset({"re_path", "url"})
_ANCHORS = re.compile(r"^\^|\$$|\\Z$|\\A")
_DEPTH = 8


class Patterns:
    """The lists of patterns of a code base."""

    def __init__(self, project: CodeProject, files: Sequence[SourceFile]) -> None:
        self._project, self._views = project, DjangoViews(project)
        self._paths = [file.path for file in files]
        self._modules = {path: module for path in self._paths if (module := project.module(path))}
        self._by_stem = {file.path.removesuffix(".py").removesuffix("/__init__"): file.path for file in project.files()}
        self._included = set(self._inclusions())

    def routes(self) -> Iterator[Route]:
        """Yield the routes of the lists that no other list includes, with those that they include."""
        for path in self._paths:
            if path not in self._included:
                yield from self._of_list(path, "urlpatterns", "", frozenset())

    def _inclusions(self) -> Iterator[str]:
        for path, module in self._modules.items():
            for node in all_nodes(module.body):
                if isinstance(node, f.Call) and called_name(node) == "include":
                    target = self._module_of(path, argument(node, 0))
                    if target and target != path:
                        yield target

    def _of_list(self, path: str, name: str, prefix: str, seen: frozenset[tuple[str, str]]) -> Iterator[Route]:
        """Yield the routes of a list of patterns by its name in a file."""
        module = self._modules.get(path)
        if module is None or (path, name) in seen or len(seen) > _DEPTH:
            return
        inner = seen | {(path, name)}
        for stmt in module.body:
            named = isinstance(stmt, f.Assign) and any(dotted_name(target) == name for target in stmt.targets)
            if isinstance(stmt, f.Assign) and named:
                yield from self._of_value(path, stmt.value, prefix, inner)
            elif isinstance(stmt, f.Do) and dotted_name(getattr(stmt.value, "func", None)) in (
                f"{name}.append",
                f"{name}.extend",
            ):
                yield from self._of_value(path, argument(stmt.value, 0), prefix, inner)
            elif isinstance(stmt, f.Branch):
                for part in stmt.body:
                    if isinstance(part, f.Assign) and any(dotted_name(target) == name for target in part.targets):
                        yield from self._of_value(path, part.value, prefix, inner)

    def _of_value(
        self, path: str, expr: f.Expr | None, prefix: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Route]:
        if isinstance(expr, f.SequenceExpr):
            for item in expr.items:
                yield from self._of_value(path, item, prefix, seen)
        elif isinstance(expr, f.Binary):
            yield from self._of_value(path, expr.left, prefix, seen)
            yield from self._of_value(path, expr.right, prefix, seen)
        elif isinstance(expr, f.Spread):
            yield from self._of_value(path, expr.value, prefix, seen)
        elif isinstance(expr, f.Call) and called_name(expr) in _PATTERNS:
            yield from self._pattern(path, expr, prefix, seen)
        elif isinstance(expr, f.Call):  # `i18n_patterns(path(…), …)`, `static(…)`, `format_suffix_patterns(…)`
            for arg in expr.args:
                yield from self._of_value(path, arg, prefix, seen)
        elif isinstance(expr, f.Attr) and expr.name == "urls":
            yield from self._router(path, dotted_name(expr.value), prefix)
        elif isinstance(expr, f.Name):
            yield from self._of_list(path, expr.id, prefix, seen)

    def _pattern(self, path: str, call: f.Call, prefix: str, seen: frozenset[tuple[str, str]]) -> Iterator[Route]:
        text = path_text(self._project, path, argument(call, 0) or keyword(call, "route"))
        if text is None:
            return
        whole = joined(prefix, plain(text) if called_name(call) in _REGULAR else text)
        view = argument(call, 1) or keyword(call, "view")
        if isinstance(view, f.Call) and called_name(view) == "include":
            yield from self._include(path, argument(view, 0), whole, seen)
        elif isinstance(view, f.Attr) and view.name == "urls":
            yield from self._router(path, dotted_name(view.value), whole)
        else:
            for answer in self._views.answers(path, view):
                address = with_braces(whole)
                yield Route(answer.method, address, path, call.start, call.end, answer.handler, answer.roots)

    def _include(
        self, path: str, expr: f.Expr | None, prefix: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Route]:
        target = self._module_of(path, expr)
        if target is not None:
            yield from self._of_list(target, "urlpatterns", prefix, seen)
        elif isinstance(expr, f.SequenceExpr) and expr.items:  # `include((patterns, "app"))`
            yield from self._include(path, expr.items[0], prefix, seen)
        else:
            yield from self._of_value(path, expr, prefix, seen)

    # --------------------------------------------------------------- modules

    def _module_of(self, path: str, expr: f.Expr | None) -> str | None:
        """Return the file that an `include` names, by a text or by an imported module."""
        if isinstance(expr, f.SequenceExpr) and expr.items:
            return self._module_of(path, expr.items[0])
        name = literal_text(expr)
        if name is None and isinstance(expr, (f.Name, f.Attr)):
            name = self._imported_module(path, dotted_name(expr))
        return self._file_of(path, name) if name else None

    def _imported_module(self, path: str, name: str) -> str | None:
        module = self._modules.get(path)
        head, _, rest = name.partition(".")
        for stmt in module.body if module else ():
            if isinstance(stmt, f.Import) and stmt.alias == head:
                parts = (stmt.module.rstrip(".") if stmt.module.strip(".") else stmt.module, stmt.name or "", rest)
                dot = "" if parts[0].endswith(".") else "."
                return dot.join(part for part in parts[:2] if part) + (f".{rest}" if rest else "")
        return None

    def _file_of(self, importer: str, name: str) -> str | None:
        stem = name.lstrip(".").replace(".", "/")
        folder = posixpath.dirname(importer)
        if name.startswith("."):
            for _ in range(len(name) - len(name.lstrip(".")) - 1):
                folder = posixpath.dirname(folder)
            return self._by_stem.get(posixpath.join(folder, stem))
        while True:
            if known := self._by_stem.get(posixpath.join(folder, stem)):
                return known
            if not folder:
                return next((path for other, path in self._by_stem.items() if other.endswith(f"/{stem}")), None)
            folder = posixpath.dirname(folder)

    # --------------------------------------------------------------- routers

    def _router(self, path: str, name: str, prefix: str) -> Iterator[Route]:
        """Yield the routes of the view sets that are registered with a router."""
        target = self._project.resolve(path, name) if name else None
        module = self._project.module(target[0]) if target else None
        last = name.rpartition(".")[2]
        for node in reversed(list(all_nodes(module.body))) if module else ():
            is_call = isinstance(node, f.Call) and called_name(node) == "register" and isinstance(node.func, f.Attr)
            if not is_call or not isinstance(node, f.Call) or not isinstance(node.func, f.Attr) or module is None:
                continue
            if last_name(node.func.value) != last:
                continue
            text = path_text(self._project, module.path, argument(node, 0) or keyword(node, "prefix"))
            if text is not None:
                base = with_braces(joined(prefix, plain(text)))
                for answer in self._views.view_set(module.path, argument(node, 1) or keyword(node, "viewset")):
                    address = joined(base, answer.path) + "/"
                    yield Route(answer.method, address, module.path, node.start, node.end, answer.handler, answer.roots)


def plain(pattern: str) -> str:
    """Return a regular expression as a path, as far as it is one."""
    return _ANCHORS.sub("", pattern).replace("/?", "/").replace("\\.", ".").replace("\\-", "-")
