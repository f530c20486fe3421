"""The call graph: which functions and classes the code of a function refers to, over all files.

A node is a dotted name in a file. Where a method has no body, what implements it is called; a class that is named
means its constructor and what stands in its body.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import argument, called_name, dotted_name, items, last_name
from headwater.core.lineage.endpoints.implementations import Implementations
from headwater.core.lineage.file_names import nested_classes
from headwater.core.lineage.orm import Reference
from headwater.core.lineage.symbols import Found, Symbols
from headwater.frameworks import all_frameworks

Node: TypeAlias = tuple[str, str]

_CONSTRUCTORS = frozenset({"__init__", "constructor", "__construct", "initialize"})


class CallGraph:
    """Nodes and the nodes that they lead to; answers are cached, since routes share most of their way."""

    def __init__(
        self,
        symbols: Symbols,
        calls: Mapping[Node, tuple[Node, ...]],
        handlers: Mapping[Node, tuple[Node, ...]],
    ) -> None:
        self._symbols, self._calls, self._handlers = symbols, calls, handlers
        self._implementations = Implementations(symbols)
        self._inner: dict[Node, list[Node]] = defaultdict(list)
        self._known: dict[Node, tuple[Node, ...]] = {}
        for node in calls:
            self.add(node)

    @classmethod
    def build(
        cls,
        symbols: Symbols,
        references: Mapping[str, Sequence[Reference]],
        frameworks: Iterable[str],
    ) -> CallGraph:
        """Return the graph of all references, by the path of the file in which they stand.

        Args:
            symbols: the symbol table of the code base, with the bodies of functions.
            references: what each file refers to.
            frameworks: the web frameworks in use, which say how messages are handed to their handlers.
        """
        calls: dict[Node, list[Node]] = defaultdict(list)
        for path, known in references.items():
            for reference in known:
                calls[path, reference.caller].append((reference.path, reference.name))
        return cls(symbols, {node: tuple(targets) for node, targets in calls.items()}, _handlers(symbols, frameworks))

    def add(self, node: Node) -> None:
        """Make a function that is defined inside of another one known: whoever calls that one runs it, too."""
        path, name = node
        around = name.rpartition(".")[0]
        if around and node not in self._inner[path, around] and self._is_function(path, around):
            self._inner[path, around].append(node)

    def targets(self, node: Node) -> tuple[Node, ...]:
        """Return the nodes that code goes on to from a node."""
        known = self._known.get(node)
        if known is None:
            known = tuple(dict.fromkeys(target for target in self._targets(node) if target != node))
            self._known[node] = known
        return known

    def _targets(self, node: Node) -> Iterator[Node]:
        yield from self._calls.get(node, ())
        yield from self._inner.get(node, ())
        yield from self._handlers.get(node, ())
        path, name = node
        symbol = self._symbols.lookup(path, name) if name and not name.startswith("@") else None
        if isinstance(symbol, Found) and isinstance(symbol.stmt, f.Class) and symbol.path == path:
            for inner in symbol.stmt.body:
                is_run = isinstance(inner, f.Class) or (isinstance(inner, f.Function) and inner.name in _CONSTRUCTORS)
                if isinstance(inner, (f.Function, f.Class)) and is_run:
                    yield path, f"{name}.{inner.name}"
        else:
            yield from self._implementations.of(path, name)

    def _is_function(self, path: str, name: str) -> bool:
        symbol = self._symbols.lookup(path, name)
        return not (isinstance(symbol, Found) and isinstance(symbol.stmt, f.Class))


def _handlers(symbols: Symbols, frameworks: Iterable[str]) -> dict[Node, tuple[Node, ...]]:
    """Return the methods that run when an object of a class is sent: those of the class that says it handles it."""
    names: frozenset[str] = frozenset()
    for framework in frameworks:
        names |= getattr(all_frameworks()[framework], "MESSAGE_HANDLERS", frozenset())
    handlers: dict[Node, tuple[Node, ...]] = {}
    for path, file in symbols.files.items() if names else ():
        for owner, stmt in nested_classes(file.names):
            for message in _messages(stmt, names):
                around = owner.rpartition(".")[0]
                target = (symbols.lookup(path, f"{around}.{message}") if around else None) or symbols.lookup(
                    path, message
                )
                if isinstance(target, Found) and isinstance(target.stmt, f.Class):
                    methods = tuple((path, f"{owner}.{m.name}") for m in stmt.body if isinstance(m, f.Function))
                    node = (target.path, target.name)
                    handlers[node] = (*handlers.get(node, ()), *methods)
    return handlers


def _messages(stmt: f.Class, names: frozenset[str]) -> Iterator[str]:
    """Yield the classes whose objects a class handles, by its bases or annotations."""
    for base in stmt.bases:
        if isinstance(base, f.Subscript) and last_name(base.value) in names:
            first = next(iter(items(base.index)), None)
            if name := dotted_name(first):
                yield name
    for mark in stmt.decorators:
        if called_name(mark) in names and (name := dotted_name(argument(mark, 0))):
            yield name
