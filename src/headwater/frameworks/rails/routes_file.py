"""The language of `config/routes.rb`: resources, namespaces, scopes and single routes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import items, keyword, last_name, literal_text
from headwater.frameworks import ANY, Route
from headwater.frameworks._url_paths import joined, with_braces, without_last_slash
from headwater.frameworks.rails.controllers import Controllers

_VERBS = {verb.lower(): verb for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")}
# The actions of resources: the methods, and what follows the path of the resource.
_ACTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "index": (("GET",), ""),
    "create": (("POST",), ""),
    "new": (("GET",), "new"),
    "show": (("GET",), ":id"),
    "edit": (("GET",), ":id/edit"),
    "update": (("PATCH", "PUT"), ":id"),
    "destroy": (("DELETE",), ":id"),
}
_ELSEWHERE = "#"
_SKIPPED = frozenset({"concern", "direct", "resolve", "mount", "redirect"})


class _Context(Struct, frozen=True):
    """What the blocks around a line say: path, module and controller, and the parts of a resource's path.

    `member` is what names one row in the path of nested routes; `within` says whether a route is of one row.
    """

    path: str = ""
    module: str = ""
    controller: str = ""
    member: str = ""
    own_member: str = ""
    within: str = ""


class RoutesFile:
    """One file of routes."""

    def __init__(self, module: f.Module, controllers: Controllers) -> None:
        self._module, self._controllers = module, controllers
        self._concerns: dict[str, f.Lambda] = {}

    def routes(self) -> Iterator[Route]:
        """Yield its routes, in order."""
        yield from self._body(self._module.body, _Context())

    def _body(self, body: tuple[f.Stmt, ...], around: _Context) -> Iterator[Route]:
        for stmt in body:
            if isinstance(stmt, (f.Do, f.Return)) and isinstance(stmt.value, f.Call):
                yield from self._call(stmt.value, around)
            elif isinstance(stmt, f.Branch):
                yield from self._body(stmt.body, around)
                yield from self._body(stmt.otherwise, around)
            elif isinstance(stmt, (f.Loop, f.Scope)):
                yield from self._body(stmt.body, around)

    def _call(self, call: f.Call, around: _Context) -> Iterator[Route]:
        name = last_name(call.func)
        if name == "concern" and call.args and (block := _block(call)):
            self._concerns[literal_text(call.args[0]) or ""] = block
        elif name in _SKIPPED:
            return
        elif name == "concerns":
            for concern in (literal_text(item) for arg in call.args for item in items(arg)):
                if concern in self._concerns:
                    yield from self._body(self._concerns[concern].body, around)
        elif name in ("resources", "resource"):
            for arg in call.args:
                if (resource := literal_text(arg)) is not None:
                    yield from self._resource(resource, call, around, many=name == "resources")
        elif name in _VERBS or name in ("match", "root"):
            yield from self._single(call, name, around)
        else:
            block = _block(call)
            yield from self._body(block.body, _inside(name, call, around)) if block else ()

    # ------------------------------------------------------------- resources

    def _resource(self, name: str, call: f.Call, around: _Context, *, many: bool) -> Iterator[Route]:
        base = joined(_parent(around), _option(call, "path", name))
        key = _option(call, "param", "id")
        controller = _option(call, "controller", name if many else _plural(name))
        module = _option(call, "module", "")
        here = replace(
            around,
            path=base,
            module=_named(around.module, module),
            controller=controller,
            member=f":{_singular(name)}_{key}" if many else "",
            own_member=f":{key}" if many else "",
            within="resource",
        )
        for action, (methods, rest) in _ACTIONS.items():
            if action in _chosen(call, many):
                tail = rest.replace(":id", f":{key}") if many else rest.removeprefix(":id").lstrip("/")
                for method in methods:
                    yield self._route(method, joined(base, tail), call, here, controller, action)
        for concern in (literal_text(item) for item in items(keyword(call, "concerns"))):
            if concern in self._concerns:
                yield from self._body(self._concerns[concern].body, here)
        if block := _block(call):
            yield from self._body(block.body, here)

    # ---------------------------------------------------------- single routes

    def _single(self, call: f.Call, name: str, around: _Context) -> Iterator[Route]:
        methods = (_VERBS.get(name, "GET"),) if name != "match" else _via(call)
        for path, target in _targets(call, name):
            where = literal_text(keyword(call, "on")) or around.within
            base = joined(around.path, around.own_member) if where == "member" else around.path
            base = _parent(around) if where == "resource" else base
            base = around.path if where == "collection" else base
            controller, action = _controller_and_action(path, target, call, around)
            for method in methods:
                yield self._route(method, joined(base, path), call, around, controller, action)

    def _route(self, method: str, path: str, call: f.Call, around: _Context, controller: str, action: str) -> Route:
        name = controller.lstrip("/") if controller.startswith("/") else _named(around.module, controller)
        path = with_braces(path.replace("(.:format)", "").replace("(", "").replace(")", ""))
        handler, roots = self._controllers.action(name, action)
        end = call.func.end
        return Route(method, without_last_slash(path), self._module.path, call.start, end, handler, roots)


def _parent(around: _Context) -> str:
    """Return the path under which a route inside of a resource stands: that of one row of it."""
    return joined(around.path, around.member) if around.within == "resource" and around.member else around.path


def _inside(name: str, call: f.Call, around: _Context) -> _Context:
    """Return the context in the block of a call; calls that are not known change nothing."""
    first = literal_text(call.args[0]) if call.args else None
    if name == "member":
        return replace(around, within="member")
    if name == "collection":
        return replace(around, within="collection")
    if name == "namespace" and first:
        path = joined(_parent(around), _option(call, "path", first))
        return _Context(path, _named(around.module, _option(call, "module", first)))
    if name == "scope":
        path = joined(_parent(around), _option(call, "path", first or ""))
        controller = _option(call, "controller", around.controller)
        return _Context(path, _named(around.module, _option(call, "module", "")), controller)
    if name == "controller" and first:
        return replace(around, controller=first)
    return around


def _targets(call: f.Call, name: str) -> Iterator[tuple[str, str]]:
    """Yield the paths of a single route, each with its controller and action if they are given."""
    to = _target(keyword(call, "to"))
    if name == "root":
        first = literal_text(call.args[0]) if call.args else None
        yield "", to or first or _mapped_root(call)
        return
    for arg in call.args:
        if isinstance(arg, f.Mapping):
            for entry in arg.entries:
                path, target = literal_text(entry.key), literal_text(entry.value)
                if path is not None:
                    yield path, to or (target if target is not None else _ELSEWHERE)
        elif (path := literal_text(arg)) is not None:
            yield path, to


def _target(expr: f.Expr | None) -> str:
    """Return the controller and action of a route, or that it is answered elsewhere: by a redirect, an application."""
    text = literal_text(expr)
    return text if text is not None else _ELSEWHERE if expr is not None else ""


def _mapped_root(call: f.Call) -> str:
    entries = (entry for arg in call.args if isinstance(arg, f.Mapping) for entry in arg.entries)
    return next((text for entry in entries if (text := literal_text(entry.value))), "")


def _controller_and_action(path: str, target: str, call: f.Call, around: _Context) -> tuple[str, str]:
    if target == _ELSEWHERE:
        return "", ""
    controller, _, action = target.partition("#")
    if target and "#" not in target:  # `to: :show`
        controller, action = "", target
    controller = controller or _option(call, "controller", around.controller)
    action = action or _option(call, "action", "")
    if not controller and "/" in path.strip("/"):
        controller, _, last = path.strip("/").rpartition("/")
        return controller, action or last
    return controller, action or path.strip("/").split("/")[0].replace("-", "_")


def _via(call: f.Call) -> tuple[str, ...]:
    named = [(literal_text(item) or "").lower() for item in items(keyword(call, "via"))]
    return tuple(_VERBS[name] for name in named if name in _VERBS) or (ANY,)


def _chosen(call: f.Call, many: bool) -> list[str]:
    actions = [action for action in _ACTIONS if many or action != "index"]
    only, without = keyword(call, "only"), keyword(call, "except")
    if only is not None:
        chosen = {literal_text(item) for item in items(only)}
        return [action for action in actions if action in chosen]
    dropped = {literal_text(item) for item in items(without)}
    return [action for action in actions if action not in dropped]


def _option(call: f.Call, name: str, default: str) -> str:
    text = literal_text(keyword(call, name))
    return default if text is None else text


def _block(call: f.Call) -> f.Lambda | None:
    return next((arg for arg in call.args if isinstance(arg, f.Lambda)), None)


def _named(module: str, name: str) -> str:
    return "/".join(part for part in (module.strip("/"), name.strip("/")) if part)


def _singular(name: str) -> str:
    for ending, other in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if name.endswith(ending) and not name.endswith("ss"):
            return name.removesuffix(ending) + other
    return name


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")
