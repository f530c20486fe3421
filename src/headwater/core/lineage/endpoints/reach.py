"""Follows the calls from each route to the code that uses columns, in the order of distance."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from headwater.catalog.fact_queries import line_of
from headwater.catalog.usages import Usage
from headwater.core.lineage.endpoints.call_graph import CallGraph, Node
from headwater.core.lineage.endpoints.model import ChainStep, HttpEndpoint, ReachedCode
from headwater.core.lineage.endpoints.routes import spans_by_file
from headwater.frameworks import Route
from headwater.readers import SourceFile

MAX_DEPTH = 16
MAX_NODES = 4000


def endpoints_of(
    routes: Sequence[tuple[str, Route]],
    graph: CallGraph,
    usages: Sequence[Usage],
    sources: Mapping[str, SourceFile],
) -> tuple[HttpEndpoint, ...]:
    """Return the endpoints of a code base with what they reach, by path and method.

    Args:
        routes: the routes, with the names of their frameworks.
        graph: what code refers to.
        usages: all usages.
        sources: the files by path.
    """
    nodes = {(usage.file_path, usage.symbol) for usage in usages}
    for node in sorted(nodes):
        graph.add(node)
    spans = spans_by_file(routes)
    lines: dict[str, set[int]] = {path: set() for path in spans}
    for usage in usages:
        if usage.file_path in lines:
            lines[usage.file_path].add(usage.line_number)
    endpoints: dict[tuple[str, str, str, int], HttpEndpoint] = {}
    for framework, route in routes:
        source = sources[route.file_path].source
        number = bisect_left(spans[route.file_path], (route.start, route.end))
        inline = (line_of(source, route.start), line_of(source, route.end))
        used = any(inline[0] <= line <= inline[1] for line in lines[route.file_path])
        reaches = _reaches(route, number, graph, nodes, inline if used else None)
        endpoint = HttpEndpoint(route.method, route.path, framework, route.handler, route.file_path, inline[0], reaches)
        endpoints.setdefault((route.path, route.method, route.file_path, inline[0]), endpoint)
    return tuple(sorted(endpoints.values(), key=lambda e: (e.path, e.method, e.file_path, e.line_number)))


def _reaches(
    route: Route, number: int, graph: CallGraph, used: set[Node], inline: tuple[int, int] | None
) -> tuple[ReachedCode, ...]:
    """Return the code with usages that a route reaches."""
    declaration = (route.file_path, f"@{number}")
    before = _walk((declaration, *route.roots), graph)
    reaches = []
    if inline is not None:
        reaches.append(
            ReachedCode(route.file_path, route.handler, (ChainStep(route.handler, route.file_path),), *inline)
        )
    reaches += [ReachedCode(*node, _chain(node, before, route)) for node in before if node in used]
    return tuple(reaches)


def _walk(roots: Iterable[Node], graph: CallGraph) -> dict[Node, Node | None]:
    """Return every node that is reached, with the one before it on the shortest way."""
    before: dict[Node, Node | None] = dict.fromkeys(roots)
    level = list(before)
    for _ in range(MAX_DEPTH):
        following: list[Node] = []
        for node in level:
            for target in graph.targets(node):
                if target not in before and len(before) < MAX_NODES:
                    before[target] = node
                    following.append(target)
        level = following
        if not level:
            break
    return before


def _chain(node: Node, before: Mapping[Node, Node | None], route: Route) -> tuple[ChainStep, ...]:
    """Return the way to a node: the handler, whatever leads to the node, and the node itself."""
    steps: list[ChainStep] = []
    current: Node | None = node
    while current is not None:
        path, symbol = current
        if not symbol.startswith("@"):
            steps.append(ChainStep(symbol, path))
        current = before[current]
    steps.reverse()
    if not steps or not _is_handler(route, steps[0]):
        home = next((path for path, symbol in route.roots if symbol == route.handler), route.file_path)
        steps.insert(0, ChainStep(route.handler, home))
    return tuple(steps)


def _is_handler(route: Route, step: ChainStep) -> bool:
    """Return True if a step is the handler that the route names, perhaps by the variable that holds its object."""
    last = route.handler.rpartition(".")[2]
    return bool(last) and last == step.symbol.rpartition(".")[2]
