"""What the tests of commands share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.running import Commands, Running, free_port, running


@pytest.fixture(scope="module")
def headwater() -> Iterator[Running]:
    """A Headwater with one user, who is signed in."""
    home = Path(tempfile.mkdtemp(prefix="hw-cli-"))
    home.chmod(0o755)  # the servers of databases have users of their own
    with running(home, HEADWATER_LOG_LEVEL="warning", HEADWATER_MYSQL_PROXY_PORT=str(free_port())) as found:
        found.sign_up()
        yield found
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def commands(headwater: Running) -> Commands:
    return Commands(headwater)
