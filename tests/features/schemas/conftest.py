"""The command line, run in a folder of its own with a cache of its own."""

from __future__ import annotations

import pytest

from entrypoints.command_line import invoke


@pytest.fixture
def headwater(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments):
        return invoke(*map(str, arguments), folder=tmp_path)

    return run
