"""The pytest plugin of this suite: distributes files, and measures how long each takes."""

from __future__ import annotations

import gc
import os
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from suite import durations, profiles

SHARED = "shared_seconds"
# Fixtures that start a server.
SERVERS = frozenset({"store", "cluster", "supervisor", "storage", "headwater"})


class Clock:
    """Measures the time of session fixtures, which no single file is to blame for."""

    def __init__(self) -> None:
        self.depth = 0
        self.seconds = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Measure the outermost session fixture."""
        if fixturedef.scope != "session" or self.depth:
            return (yield)
        started = time.monotonic()
        self.depth += 1
        try:
            return (yield)
        finally:
            self.depth -= 1
            self.seconds += time.monotonic() - started

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        """Put what was measured into the report of the phase."""
        report = yield
        report.user_properties.append((SHARED, self.seconds))
        self.seconds = 0.0
        return report


class Durations:
    """Adds up the seconds of each file, of all workers."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a phase of a test, without the session fixtures that it was the first to use."""
        shared = sum(value for name, value in report.user_properties if name == SHARED)
        self.seconds[report.nodeid.split("::", 1)[0]] += max(0.0, report.duration - float(shared))

    def pytest_sessionfinish(self) -> None:
        """Write what was measured."""
        durations.save(self.target, self.seconds)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this suite."""
    parser.addoption("--durations-to", type=Path, default=durations.LAST_RUN, help="file for the seconds of each file")
    parser.addoption("--pictures", action="store_true", help="save a screenshot of every page to test-artifacts/")


def pytest_configure(config: pytest.Config) -> None:
    """Measure, where tests are run; report, where their results arrive."""
    config.pluginmanager.register(Clock(), "suite-clock")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Durations(config.getoption("--durations-to")), "suite-durations")
    profiles.configure(durations.ROOT / ".pytest_cache", os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a server, which `make fast` leaves out."""
    for item in items:
        if not SERVERS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


def pytest_collection_finish() -> None:
    """Spare what was imported and collected from garbage collection: it stays, and would be visited each time."""
    gc.collect()
    gc.freeze()


class Scheduling:
    """Chooses the order of files, where pytest-xdist is active."""

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Give whole files to workers, the slowest first."""
        from suite.scheduling import SlowestFirst

        return SlowestFirst(config, log)


def pytest_plugin_registered(plugin: object, plugin_name: str, manager: pytest.PytestPluginManager) -> None:
    """Choose the order of files when pytest-xdist distributes them."""
    if plugin_name == "dsession" and not manager.has_plugin("suite-scheduling"):
        manager.register(Scheduling(), "suite-scheduling")
