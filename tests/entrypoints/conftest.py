"""Fixtures of the command tests: one running Headwater, and a user for each file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from entrypoints.headwater_process import Commands, HeadwaterProcess, start_signed_up


@pytest.fixture(scope="session")
def headwater() -> Iterator[HeadwaterProcess]:
    with start_signed_up() as running:
        yield running


@pytest.fixture(scope="module")
def commands(headwater: HeadwaterProcess) -> Iterator[Commands]:
    commands = Commands(headwater)
    yield commands
    commands.close()
