"""Reads one file for the graph of routers: variables, parameters and calls that make, mount or use routers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import (
    argument,
    children,
    dotted_name,
    items,
    keyword,
    last_name,
    literal_text,
)
from headwater.frameworks import METHODS
from headwater.frameworks._router_graph import Declared, RouterGraph, RouterKey
from headwater.frameworks._router_words import Mount, RouterWords
from headwater.frameworks._url_paths import path_text
from headwater.readers import CodeProject

_SELF = ("self", "this")


class RouterWalk:
    """One file while it is read. Bodies of functions are read after the statements around them."""

    def __init__(self, project: CodeProject, module: f.Module, words: RouterWords, graph: RouterGraph) -> None:
        self._project, self._module, self._words, self._graph = project, module, words, graph
        self._imports = {node.alias: node for node in module.body if isinstance(node, f.Import)}

    def run(self) -> None:
        """Read the file."""
        self._body(self._module.body, {}, "", "")

    def _body(self, body: Iterable[f.Stmt], env: dict[str, RouterKey], symbol: str, owner: str) -> None:
        later: list[Callable[[], None]] = []
        for stmt in body:
            self._stmt(stmt, env, symbol, owner, later)
        for function in later:
            function()

    def _stmt(
        self, stmt: f.Stmt, env: dict[str, RouterKey], symbol: str, owner: str, later: list[Callable[[], None]]
    ) -> None:
        if isinstance(stmt, f.Function):
            name = f"{symbol}.{stmt.name}" if symbol else stmt.name
            self._decorators(stmt, name, env)
            later.append(lambda: self._function(stmt.params, stmt.body, env, name, owner))
        elif isinstance(stmt, f.Class):
            name = f"{symbol}.{stmt.name}" if symbol else stmt.name
            self._decorators(stmt, name, env)
            later.append(lambda: self._body(stmt.body, dict(env), name, name))
        elif isinstance(stmt, f.Assign):
            self._assign(stmt, env, symbol, owner)
        elif isinstance(stmt, f.Return):
            key = self._value(stmt.value, env, symbol)
            if key is not None and symbol:
                self._graph.same.setdefault(("return", self._module.path, symbol), key)
        elif isinstance(stmt, (f.Branch, f.Loop, f.Scope)):
            self._block(stmt, env, symbol, owner, later)
        elif isinstance(stmt, f.Do):
            self._value(stmt.value, env, symbol)

    def _block(
        self,
        stmt: f.Branch | f.Loop | f.Scope,
        env: dict[str, RouterKey],
        symbol: str,
        owner: str,
        later: list[Callable[[], None]],
    ) -> None:
        heads = stmt.items if isinstance(stmt, f.Scope) else (stmt.test,) if isinstance(stmt, f.Branch) else ()
        for head in heads:
            self._value(head, env, symbol)
        for inner in (*stmt.body, *(stmt.otherwise if isinstance(stmt, f.Branch) else ())):
            self._stmt(inner, env, symbol, owner, later)

    def _function(
        self, params: tuple[f.Param, ...], body: tuple[f.Stmt, ...], env: dict[str, RouterKey], symbol: str, owner: str
    ) -> None:
        inner = dict(env)
        for param in params:
            key = ("param", self._module.path, symbol, param.name)
            inner[param.name] = key
            typed = {last_name(node) for node in _names(param.annotation)}
            if typed & self._words.types or (not typed and param.name in self._words.names):
                self._graph.roots.add(key)
        self._body(body, inner, symbol, owner)

    def _assign(self, stmt: f.Assign, env: dict[str, RouterKey], symbol: str, owner: str) -> None:
        if isinstance(stmt.value, f.Lambda):
            name = last_name(stmt.targets[0])
            inner = f"{symbol}.{name}" if symbol and name else name or symbol
            self._function(stmt.value.params, stmt.value.body, env, inner, owner)
            return
        key = self._value(stmt.value, env, symbol)
        for target in stmt.targets:
            name = dotted_name(target)
            if not name:
                continue
            if key is None:
                if name in env and stmt.op == "=":
                    del env[name]
                continue
            env[name] = key
            head, _, attribute = name.partition(".")
            if owner and (head in _SELF or symbol == owner):
                member = attribute or name
                self._graph.same.setdefault(("name", self._module.path, f"{owner}.{member}"), key)
            elif not symbol:
                self._graph.same.setdefault(("name", self._module.path, name), key)

    # ------------------------------------------------------------ expressions

    def _value(self, expr: f.Expr | None, env: dict[str, RouterKey], symbol: str) -> RouterKey | None:
        """Return the router that an expression stands for, and read the calls in it."""
        if isinstance(expr, (f.Name, f.Attr)):
            return self._named(expr, env, symbol)
        if isinstance(expr, f.Call):
            return self._call(expr, env, symbol)
        if isinstance(expr, f.Lambda):
            self._function(expr.params, expr.body, env, symbol, "")
            return None
        if isinstance(expr, (f.Cast, f.Spread)):
            return self._value(expr.value, env, symbol)
        for child in children(expr) if expr is not None else ():
            self._value(child, env, symbol)  # type: ignore[arg-type]
        return None

    def _named(self, expr: f.Name | f.Attr, env: dict[str, RouterKey], symbol: str) -> RouterKey | None:
        name = dotted_name(expr)
        if name in env:
            return env[name]
        if isinstance(expr, f.Attr) and not name:  # `new Users().router`
            key = self._value(expr.value, env, symbol)
            return (*key[:2], f"{key[2]}.{expr.name}") if key and key[0] == "name" else None
        head, _, attribute = name.partition(".")
        if attribute and head in _SELF and symbol:
            return ("name", self._module.path, f"{symbol.partition('.')[0]}.{attribute}")
        if head in env:
            return None
        target = self._project.resolve(self._module.path, name)
        if target is None:
            return None
        is_value = isinstance(target[1], f.Assign) and not isinstance(target[1].value, f.Lambda)
        return ("name", target[0], _defined_name(target[1], name)) if is_value else None

    def _call(self, call: f.Call, env: dict[str, RouterKey], symbol: str) -> RouterKey | None:
        func = call.func.value if isinstance(call.func, f.Subscript) else call.func  # `router.get<Params>("/")`
        name = dotted_name(func)
        last = last_name(func)
        if last in self._words.constructors and self._is_constructor(name):
            return self._constructed(call, last, env, symbol)
        if isinstance(func, f.Attr):
            base = self._value(func.value, env, symbol)
            if base is not None and (key := self._method(base, func, call, env, symbol)) is not None:
                return key
        if last == "require" and (module := literal_text(argument(call, 0))):
            return self._required(call, module)
        given = [self._value(arg, env, symbol) for arg in call.args]
        for item in call.keywords:
            self._value(item.value, env, symbol)
        return self._project_call(call, name, given)

    def _is_constructor(self, name: str) -> bool:
        """Return True if a function or class comes from the framework, or is a class of the code base."""
        if not self._words.packages:
            return True
        bound = self._imports.get(name.partition(".")[0])
        if bound is not None and bound.module.startswith(self._words.packages):
            return True
        target = self._project.resolve(self._module.path, name)
        return target is not None and isinstance(target[1], f.Class)

    def _constructed(self, call: f.Call, name: str, env: dict[str, RouterKey], symbol: str) -> RouterKey:
        key = ("new", self._module.path, str(call.start))
        path = keyword(call, self._words.constructors[name]) if self._words.constructors[name] else None
        self._graph.own[key] = self._text(path) or ""
        self._graph.roots.add(key)
        for arg in call.args:  # one that wraps another router
            if (parent := self._value(arg, env, symbol)) is not None:
                self._graph.mount(parent, "", key)
        return key

    def _required(self, call: f.Call, module: str) -> RouterKey | None:
        stmt = f.Import(call.start, call.end, module, "default", "default")
        target = self._project.resolve_import(self._module.path, stmt)
        return ("name", target[0], _defined_name(target[1], "default")) if target else None

    def _project_call(self, call: f.Call, name: str, given: list[RouterKey | None]) -> RouterKey | None:
        """Hand routers to the parameters of a function of the code base; its return value may be a router."""
        target = self._project.resolve(self._module.path, name) if name else None
        if target is None and isinstance(call.func, f.Call):  # `require("./routes")(app)`
            key = self._required(call.func, literal_text(argument(call.func, 0)) or "")
            target = self._project.resolve(key[1], key[2]) if key else None
        if target is None:
            return None
        path, stmt = target
        symbol = _defined_name(stmt, name)
        if isinstance(stmt, f.Class):
            return ("name", path, symbol)
        function = stmt.value if isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Lambda) else stmt
        if not isinstance(function, (f.Function, f.Lambda)):
            return None
        for param, key in zip(function.params, given, strict=False):
            if key is not None:
                self._graph.mount(key, "", ("param", path, symbol, param.name))
        return ("return", path, symbol)

    # ------------------------------------------------- methods of routers

    def _method(
        self, base: RouterKey, func: f.Attr, call: f.Call, env: dict[str, RouterKey], symbol: str
    ) -> RouterKey | None:
        words, name = self._words, func.name
        if name in words.mounts:
            self._mount(base, words.mounts[name], call, env, symbol)
            return base
        if name in words.blocks:
            return self._block_of(base, words.blocks[name], call, env, symbol)
        if name in words.groups or name in words.sections:
            key = ("new", self._module.path, str(func.start))
            self._graph.mount(base, self._text(argument(call, words.groups.get(name, 0))) or "", key)
            return ("section", *key[1:]) if name in words.sections and self._alias(key) else key
        if name in words.resources:
            self._resource(base, words.resources[name], call)
            return base
        if name in words.verbs:
            self._verb(base, func, call)
        for arg in (*call.args, *(item.value for item in call.keywords)):
            self._value(arg, env, symbol)
        return base

    def _alias(self, key: RouterKey) -> bool:
        self._graph.same[("section", *key[1:])] = key
        return True

    def _mount(self, base: RouterKey, mount: Mount, call: f.Call, env: dict[str, RouterKey], symbol: str) -> None:
        path = keyword(call, mount.keyword) if mount.keyword else None
        path = argument(call, mount.path) if path is None and mount.path is not None else path
        args = call.args if mount.child is None else (argument(call, mount.child),)
        texts = [self._text(item) for item in items(path)] if path is not None else [None]
        for arg in args:
            child = self._value(arg, env, symbol)
            for text in texts if child is not None else ():
                below, above = (base, child) if mount.inverse else (child, base)
                self._graph.mount(above or base, text or "", below or base)

    def _block_of(
        self, base: RouterKey, position: int, call: f.Call, env: dict[str, RouterKey], symbol: str
    ) -> RouterKey:
        """Read a function that gets the router below a path as its first parameter."""
        key = ("new", self._module.path, str(call.start))
        self._graph.mount(base, self._text(argument(call, position)) or "", key)
        for arg in call.args:
            if isinstance(arg, f.Lambda):
                inner = {**env, **{param.name: key for param in arg.params[:1]}}
                self._body(arg.body, inner, symbol, "")
        return key

    def _verb(self, base: RouterKey, func: f.Attr, call: f.Call) -> None:
        path = self._text(argument(call, 0))
        texts = [self._text(item) for item in items(argument(call, 0))]
        is_section = base[0] == "section"
        if not is_section and (path is None and not any(texts)):
            return
        if not is_section and len(call.args) < 2 and not call.keywords:
            return  # `app.get("setting")`
        given = [*call.args[0 if is_section else 1 :], *(item.value for item in call.keywords)]
        names = [name for expr in given if (name := _handler_name(expr))]
        owner = next((target for expr in given if (target := self._class_view(expr))), None)
        for text in [""] if is_section else [text for text in texts if text is not None]:
            if owner is not None:
                self._class_routes(base, *owner, text, (func.start, call.end))
            else:
                handler = names[-1] if names else ""
                self._declare(base, self._verbs(func.name, call), text, (func.start, call.end), handler, ())

    def _class_view(self, expr: f.Expr) -> tuple[str, f.Class] | None:
        """Return the class whose methods answer: `view_func=Users.as_view("users")`."""
        func = expr.func if isinstance(expr, f.Call) else None
        if not isinstance(func, f.Attr) or func.name != self._words.class_view:
            return None
        target = self._project.resolve(self._module.path, dotted_name(func.value))
        return (target[0], target[1]) if target and isinstance(target[1], f.Class) else None

    def _resource(self, base: RouterKey, position: int, call: f.Call) -> None:
        owner = argument(call, position)
        for expr in call.args[position + 1 :]:
            text = self._text(expr)
            if text is not None and text.startswith("/"):
                target = self._project.resolve(self._module.path, dotted_name(owner))
                if target and isinstance(target[1], f.Class):
                    self._class_routes(base, target[0], target[1], text, (call.start, call.end))

    def _decorators(self, stmt: f.Function | f.Class, name: str, env: dict[str, RouterKey]) -> None:
        for mark in stmt.decorators:
            if not isinstance(mark, f.Call) or not isinstance(mark.func, f.Attr):
                continue
            verb = mark.func.name
            base = self._named(mark.func.value, env, "") if isinstance(mark.func.value, (f.Name, f.Attr)) else None
            if base is None or verb not in self._words.verbs:
                continue
            given = argument(mark, 0) or keyword(mark, "path") or keyword(mark, "rule")
            for text in (self._text(item) for item in items(given)):
                if text is not None and isinstance(stmt, f.Class):
                    self._class_routes(base, self._module.path, stmt, text, (mark.start, mark.end))
                elif text is not None:
                    span = (mark.start, mark.end)
                    roots = ((self._module.path, name),)
                    self._declare(base, self._verbs(verb, mark), text, span, name, roots)

    def _class_routes(self, base: RouterKey, path: str, stmt: f.Class, text: str, span: tuple[int, int]) -> None:
        """Declare the methods of a class that are called like HTTP methods."""
        for inner in stmt.body:
            if isinstance(inner, f.Function) and inner.name.upper() in METHODS:
                handler = f"{stmt.name}.{inner.name}"
                self._declare(base, (inner.name.upper(),), text, span, handler, ((path, handler),))

    def _declare(
        self,
        base: RouterKey,
        methods: tuple[str, ...],
        path: str,
        span: tuple[int, int],
        handler: str,
        roots: tuple[tuple[str, str], ...],
    ) -> None:
        self._graph.declared.append(Declared(base, methods, path, self._module.path, *span, handler, roots))

    def _verbs(self, name: str, call: f.Call) -> tuple[str, ...]:
        verb = self._words.verbs[name]
        if verb:
            return (verb,)
        listed = keyword(call, self._words.method_key) if self._words.method_key else None
        named = [(literal_text(item) or last_name(item)).upper() for item in items(listed)]
        return tuple(method for method in named if method in METHODS) or self._words.default

    def _text(self, expr: f.Expr | None) -> str | None:
        return path_text(self._project, self._module.path, expr)


def _names(expr: f.Expr | None) -> Iterator[f.Expr]:
    """Yield the names in a type: of an optional or generic one, those inside, too."""
    if isinstance(expr, (f.Name, f.Attr)):
        yield expr
    elif expr is not None:
        for child in children(expr):
            yield from _names(child)  # type: ignore[arg-type]


def _defined_name(stmt: f.Stmt, name: str) -> str:
    """Return the name under which a file defines what another file calls `name`."""
    if isinstance(stmt, (f.Function, f.Class)):
        return stmt.name
    target = stmt.targets[0] if isinstance(stmt, f.Assign) else None
    return dotted_name(target) or name.rpartition(".")[2]


def _handler_name(expr: f.Expr | None) -> str:
    """Return the name of the function that answers, "" if it has none."""
    if isinstance(expr, f.Call):  # `catchErrors(list)`, `users.list(db)`
        inner = [name for arg in expr.args if (name := _handler_name(arg))]
        return inner[-1] if inner else dotted_name(expr.func)
    head, _, rest = dotted_name(expr).partition(".")
    return rest if head in _SELF and rest else head + (f".{rest}" if rest else "")
