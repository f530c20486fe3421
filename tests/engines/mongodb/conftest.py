"""What the tests of MongoDB need around them."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass what PyMongo leaves to the garbage collector: the socket of a connection attempt that was cancelled.

    Its `_async_create_connection` closes the socket after an OSError only, not when the attempt is cancelled.
    """
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))
