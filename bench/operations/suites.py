"""Client libraries' own test suites through the proxy beside a plain relay, suite by suite."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from bench.rows import Row
from entrypoints.client_suites import KNOWN, SUITES, Comparison, compare, is_available, prepared, ways
from entrypoints.proxied_headwater import proxied_headwater

COMMAND = "HEADWATER_TEST_SUITES=FOLDER make bench PART=operations ARGS=suites"


def suites() -> list[Row]:
    """Run the suites whose checkouts are in `HEADWATER_TEST_SUITES`, and our program on pgjdbc's JAR file."""
    sources = Path(os.environ.get("HEADWATER_TEST_SUITES", "/nonexistent"))
    home, work = (Path(tempfile.mkdtemp(prefix=f"hw-bench-{name}-")) for name in ("home", "suites"))
    home.chmod(0o755)
    rows = []
    try:
        with proxied_headwater(home) as headwater:
            for name in SUITES:
                if is_available(name, sources):
                    checkout = prepared(name, sources, work)
                    with ways(headwater, name) as (relay, proxy):
                        rows.append(_row(name, compare(name, checkout, relay, proxy)))
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)
    return rows


def _row(name: str, comparison: Comparison) -> Row:
    unknown = [test for test in comparison.only_proxy if test not in KNOWN.get(name, {})]
    documented = len(comparison.only_proxy) - len(unknown)
    relay, proxy = (Counter(outcomes.values()) for outcomes in (comparison.relay, comparison.proxy))
    names = f" ({', '.join(unknown)})" if unknown else ""
    return Row(
        f"suite of {name} through the proxy: what fails through it alone",
        f"{len(unknown)}{names}, {documented} documented; {proxy['passed']} passed, {proxy['failed']} failed",
        f"{relay['passed']} passed, {relay['failed']} failed",
        "plain relay",
        None,
        "0 but what is documented",
        not unknown and relay["passed"] > 0,
        COMMAND,
    )
