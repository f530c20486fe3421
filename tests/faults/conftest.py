"""Fixtures of the fault tests: files on a disk, and one Headwater for tests that only kill its parts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.headwater_process import HeadwaterProcess, start_signed_up
from suite import storage


@pytest.fixture(scope="session")
def headwater() -> Iterator[HeadwaterProcess]:
    with start_signed_up(storage.disk(), HEADWATER_ALLOW_LOOPBACK="true") as running:
        yield running


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder on the disk."""
    with tempfile.TemporaryDirectory(prefix="hw-fault-", dir=storage.disk()) as folder:
        yield Path(folder)
