"""What implements a method without a body: that of a class that inherits from its class, or has all its methods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.file_names import nested_classes
from headwater.core.lineage.symbols import Found, Symbols
from headwater.languages import scope_of

_MOST = 4  # more implementations say nothing of which one runs
_DEPTH = 5

Node = tuple[str, str]


class Implementations:
    """Finds implementations; the classes are listed when the first is asked for."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def of(self, path: str, name: str) -> tuple[Node, ...]:
        """Return the methods that run where the method of this name is called, if it has no body of its own."""
        owner, _, method = name.rpartition(".")
        symbol = self._symbols.lookup(path, owner) if owner and not name.startswith("@") else None
        if not isinstance(symbol, Found) or not isinstance(symbol.stmt, f.Class):
            return ()
        own = self._symbols.member(symbol, method)
        if own is None or not isinstance(own.stmt, f.Function) or own.stmt.body:
            return ()
        classes = self._below((symbol.path, symbol.name)) or self._with_methods(symbol)
        nodes = [node for known in classes if (node := self._method(known, method))]
        return tuple(nodes) if len(nodes) <= _MOST else ()

    def _method(self, owner: Node, name: str) -> Node | None:
        symbol = self._symbols.lookup(*owner)
        parts = [symbol] if isinstance(symbol, Found) else []
        for part in (*parts, *self._symbols.extensions(*owner)):
            member = self._symbols.member(part, name)
            if member is not None and isinstance(member.stmt, f.Function) and member.stmt.body:
                return member.path, member.name
        return None

    def _below(self, owner: Node) -> list[Node]:
        """Return the classes that inherit from a class, the nearest first."""
        below: dict[Node, None] = {}
        level = [owner]
        for _ in range(_DEPTH):
            level = [node for known in level for node in self._children.get(known, ()) if node not in below]
            below |= dict.fromkeys(level)
        return list(below)

    @cached_property
    def _children(self) -> dict[Node, list[Node]]:
        children: dict[Node, list[Node]] = defaultdict(list)
        for path, name, stmt in self._classes():
            for base in stmt.bases:
                dotted = dotted_name(base.value if isinstance(base, f.Subscript) else base)
                target = self._symbols.lookup(path, dotted) if dotted else None
                if isinstance(target, Found) and (target.path, target.name) != (path, name):
                    children[target.path, target.name].append((path, name))
        return children

    def _classes(self) -> Iterator[tuple[str, str, f.Class]]:
        for path, file in self._symbols.files.items():
            for name, stmt in nested_classes(file.names):
                yield path, name, stmt

    def _with_methods(self, interface: Found) -> list[Node]:
        """Return the classes that have all methods of an interface, in languages where that implements it."""
        file = self._symbols.files.get(interface.path)
        if file is None or scope_of(file.language) != "folder" or not isinstance(interface.stmt, f.Class):
            return []
        names = [inner.name for inner in interface.stmt.body if isinstance(inner, f.Function)]
        owners = [self._owners.get(name, set()) for name in names]
        return sorted(set.intersection(*owners)) if owners else []

    @cached_property
    def _owners(self) -> dict[str, set[Node]]:
        """The structs that have a method, by its name."""
        owners: dict[str, set[Node]] = defaultdict(set)
        for path, file in self._symbols.files.items():
            for owner, parts in file.extensions.items():
                symbol = self._symbols.lookup(path, owner)
                node = (symbol.path, symbol.name) if isinstance(symbol, Found) else (path, owner)
                for inner in (inner for part in parts for inner in part.body):
                    if isinstance(inner, f.Function):
                        owners[inner.name].add(node)
        return owners
