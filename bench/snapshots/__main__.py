"""Snapshots, measured: every figure beside a named peer in the same run.

make bench PART=snapshots ARGS="[part …]"    (all parts without ARGS)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.rows import Row, save
from bench.snapshots import codecs, large, others, postgresql
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

PARTS: dict[str, Callable[[ProxiedHeadwater], list[Row]]] = {
    "table": postgresql.table,
    "changes": postgresql.changes,
    "pgbench": postgresql.pgbench,
    "restore": postgresql.restores,
    "one-of-many": postgresql.one_of_many,
    "codecs": codecs.codecs,
    "mysql": others.mysql,
    "sqlite": others.sqlite,
    "mongodb": others.mongodb,
    "large": large.large,
}


def main() -> None:
    """Measure what is named on the command line, or everything."""
    for name in sys.argv[1:] or PARTS:
        home = Path(tempfile.mkdtemp(prefix="hw-bench-"))
        try:
            with proxied_headwater(home, HEADWATER_ALLOW_LOOPBACK="true") as stored:
                save("snapshots", PARTS[name](stored))
        finally:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
