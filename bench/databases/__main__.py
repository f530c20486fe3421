"""Databases on demand, measured: how fast they are made and woken, what they cost, what the proxy adds.

make bench PART=databases ARGS="[part …]"    (all parts without ARGS)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.databases import exporting, faults, grid, instances, proxying
from bench.rows import Row, save
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

PARTS: dict[str, Callable[[ProxiedHeadwater], list[Row]]] = {
    "create": instances.create,
    "wake": instances.wake,
    "idle": instances.idle,
    "proxy": proxying.proxy,
    "crowd": instances.crowd,
    "escapes": faults.escapes,
    "kills": faults.kills,
    "inspection": faults.inspection,
    "network": faults.network,
    "exports": exporting.exports,
    "grid": grid.grid,
}


def main() -> None:
    """Measure what is named on the command line, or everything."""
    home = Path(tempfile.mkdtemp(prefix="hw-bench-"))
    try:
        with proxied_headwater(home) as stored:
            for name in sys.argv[1:] or PARTS:
                save("databases", PARTS[name](stored))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
