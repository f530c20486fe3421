"""The endpoints of earlier scans: they are known again if routes, references and the code with usages are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headwater.catalog.usages import Usage
from headwater.core.lineage.cache import Cache, key_of, remembered
from headwater.core.lineage.endpoints.call_graph import CallGraph
from headwater.core.lineage.endpoints.model import HttpEndpoint
from headwater.core.lineage.endpoints.reach import endpoints_of
from headwater.core.lineage.orm import Reference
from headwater.core.lineage.project import ScannedProject
from headwater.frameworks import Route

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(tuple[HttpEndpoint, ...])


def known_endpoints(
    project: ScannedProject,
    frameworks: Iterable[str],
    references: Mapping[str, Sequence[Reference]],
    routes: Sequence[tuple[str, Route]],
    usages: Sequence[Usage],
    cache: Cache,
) -> tuple[HttpEndpoint, ...]:
    """Return the endpoints of a code base with what they reach, by path and method.

    Args:
        project: the code base.
        frameworks: the web frameworks in use.
        references: what the code of each file refers to, by path.
        routes: the routes, with the names of their frameworks.
        usages: all usages.
        cache: the endpoints of earlier scans.
    """
    if not routes:
        return ()
    declaring = {route.file_path for _, route in routes}

    def compute(_: list[str]) -> dict[str, bytes]:
        graph = CallGraph.build(project.outline, references, frameworks)
        sources = {file.path: file for file in project.files() if file.path in declaring}
        return {"": _encode(endpoints_of(routes, graph, usages, sources))}

    nodes = sorted({(usage.file_path, usage.symbol) for usage in usages})
    lines = [(usage.file_path, usage.line_number) for usage in usages if usage.file_path in declaring]
    texts = (project.digest_of("source", path) for path in sorted(declaring))
    looks = _encode((list(frameworks), routes, references, nodes, lines))
    key = key_of("endpoints", project.outline_key, looks, *texts)
    return _decoder.decode(remembered(cache, {"": key}, compute)[""])
