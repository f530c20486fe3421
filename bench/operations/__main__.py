"""Operations measured.

make bench PART=operations ARGS="[part …]"    (all parts without ARGS)
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.operations import (
    api_fuzz,
    bodies,
    connections,
    guessing,
    kills_under_load,
    lineage_graph,
    load,
    newcomer,
    proxy_cost,
    requests,
    suites,
)
from bench.rows import Row, save

PARTS: dict[str, Callable[[], list[Row]]] = {
    "page": newcomer.page,
    "kills": newcomer.kills,
    "newcomer": newcomer.newcomer,
    "connections": connections.connections,
    "guessing": guessing.guessing,
    "bodies": bodies.bodies,
    "requests": requests.requests,
    "load": load.load,
    "graph": lineage_graph.graph,
    "fuzz": api_fuzz.api_fuzz,
    "proxy": proxy_cost.proxy,
    "suites": suites.suites,
    "faults": kills_under_load.faults,
}


def main() -> None:
    """Measure what is named on the command line, or everything."""
    for name in sys.argv[1:] or PARTS:
        save("operations", PARTS[name]())


if __name__ == "__main__":
    main()
