"""Routes that are declared by calls on routers: their own paths, groups, and where routers are mounted.

Each file is read once, statement by statement. Every router becomes a key, every mount an edge between two keys;
when all files are read, the paths of a route are those of all ways from its router to the top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headwater.frameworks import Route
from headwater.frameworks._router_graph import Declared, RouterGraph
from headwater.frameworks._router_walk import RouterWalk
from headwater.frameworks._router_words import Mount, RouterWords
from headwater.frameworks._url_paths import joined, with_braces, without_last_slash
from headwater.readers import CodeProject, SourceFile

__all__ = ["Mount", "RouterWords", "router_routes"]


def router_routes(project: CodeProject, files: Iterable[SourceFile], words: RouterWords) -> Iterator[Route]:
    """Yield the routes that are declared on routers in these files.

    Args:
        project: the code base.
        files: every file that can make, mount or use a router.
        words: the functions of the framework.
    """
    graph = RouterGraph()
    for file in files:
        module = project.module(file.path)
        if module is not None:
            RouterWalk(project, module, words, graph).run()
    for declared in dict.fromkeys(graph.declared):
        yield from _routes(declared, graph, words)


def _routes(declared: Declared, graph: RouterGraph, words: RouterWords) -> Iterator[Route]:
    for prefix in graph.prefixes(declared.router, words.replaces):
        path = with_braces(joined(prefix, declared.path))
        path = without_last_slash(path) if words.strips_slash else path
        for method in declared.methods:
            yield Route(
                method, path, declared.file_path, declared.start, declared.end, declared.handler, declared.roots
            )
