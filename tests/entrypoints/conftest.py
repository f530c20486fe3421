"""What the tests of commands share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from entrypoints.running import Commands, Running, signed_up


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    with signed_up() as found:
        yield found


@pytest.fixture(scope="module")
def commands(headwater: Running) -> Commands:
    return Commands(headwater)
