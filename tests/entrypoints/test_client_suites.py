"""Client libraries' own tests: nothing fails through the proxy alone, except what is documented.

`HEADWATER_TEST_SUITES` names a folder with checkouts (`client_suites.py` says of what). Without it only our program on
pgjdbc's JAR file is run, where there are Java and the file.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.client_suites import KNOWN, SUITES, compare, is_available, prepared, ways
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater

FOLDER = Path(os.environ.get("HEADWATER_TEST_SUITES", "/nonexistent"))
AVAILABLE = [name for name in SUITES if is_available(name, FOLDER)]


@pytest.fixture(scope="module")
def proxied() -> Iterator[ProxiedHeadwater]:
    home = Path(tempfile.mkdtemp(prefix="hw-suites-"))
    home.chmod(0o755)
    with proxied_headwater(home) as running:
        yield running
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", AVAILABLE)
def test_nothing_fails_through_the_proxy_alone(proxied: ProxiedHeadwater, tmp_path: Path, name: str) -> None:
    checkout = prepared(name, FOLDER, tmp_path)
    with ways(proxied, name) as (relay, proxy):
        comparison = compare(name, checkout, relay, proxy)
    print(name, Counter(comparison.relay.values()), Counter(comparison.proxy.values()), comparison.only_proxy)
    assert set(comparison.only_proxy) <= KNOWN.get(name, {}).keys()
    # a suite that could not be run has shown nothing
    assert Counter(comparison.relay.values())["passed"] > 0.8 * len(comparison.relay)
