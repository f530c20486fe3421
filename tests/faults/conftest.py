"""What the tests of faults share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from entrypoints.running import Running, signed_up


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    with signed_up(HEADWATER_ALLOW_LOOPBACK="true") as found:
        yield found
